#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A second NIC of the guest in a network namespace of its own: what is sent to
# it goes through the host, and can be looked at where it arrives.  To be
# sourced after lib.sh; `need control` first.
#
#	peer_up		sets PEER, the NIC's name in there
#	peer COMMAND...	runs it in there
#	peer_start COMMAND...	starts it in there; peer_stop ends it
#	peer_down	end of it all; also at the test's exit
#
# The first NIC is then $HERE4 and $HERE6 too, and the peer $PEER4 and $PEER6.
#
# And pktgen, which sends from the first NIC to the peer:
#
#	pktgen_setup WORD...	what it sends; pktgen_end, also by peer_down
#	pktgen_run	sends all of it; pktgen_start in the background, of which
#			PKTGEN_PID is left, and pktgen_sent says how far it is
#	pktgen_until_stopped COUNT	until the driver takes no more; pktgen_ended
#	pktgen_capture SIZE	what arrives, to PCAP; pktgen_captured COUNT ends it
#	pktgen_in_order CAPTURE COUNT [BURST]	no gap, repetition or step back
#
# All of this is for tests that need a peer.

# shellcheck disable=SC2034
HERE4=10.77.0.1 PEER4=10.77.0.2 HERE6=fd78::1 PEER6=fd78::2
PEER_MAC=00:15:5d:77:00:99
# The host counts its NICs from 0.
PEER_NIC=$(wc -w <<< "${MACS:-first}")
PEER=
PEER_PID=
trap 'peer_down; cleanup' EXIT

peer() { ip netns exec peer "$@"; }

# Not by way of peer(): it is the command that is to be ended, and not a shell
# that waits for it.
peer_start()
{
	ip netns exec peer "$@" &
	PEER_PID=$!
}

peer_stop()
{
	[ -n "$PEER_PID" ] || return 0
	kill "$PEER_PID" 2> /dev/null
	wait "$PEER_PID" 2> /dev/null
	PEER_PID=
}

peer_up()
{
	ip netns add peer || return 1
	control nic "$PEER_NIC" add "$PEER_MAC" || return 1
	wait_for 60 "a second NIC" nic_of_mac "$PEER_MAC" || return 1
	PEER=$FOUND
	ip link set dev "$PEER" netns peer || return 1
	peer ip link set dev lo up
	peer ip addr add "$PEER4/24" dev "$PEER"
	peer ip addr add "$PEER6/64" dev "$PEER" nodad
	peer ip link set dev "$PEER" up || return 1
	ip addr add "$HERE4/24" dev "$NIC"
	ip addr add "$HERE6/64" dev "$NIC" nodad
	wait_for 60 "an answer of the second NIC" answers "$PEER4" &&
		wait_for 60 "one over IPv6" answers "$PEER6"
}

peer_gone() { ! peer ip link show dev "$PEER" > /dev/null 2>&1; }

peer_down()
{
	[ -e /run/netns/peer ] || return 0
	peer_stop
	pktgen_end
	ip addr del "$HERE4/24" dev "$NIC" 2> /dev/null
	ip addr del "$HERE6/64" dev "$NIC" 2> /dev/null
	control nic "$PEER_NIC" remove
	wait_for 60 "end of the second NIC" peer_gone
	ip netns del peer
	PEER=
}

# --- pktgen -----------------------------------------------------------------

# pktgen_setup WORD...: one device on one thread, sending to the peer, which has
# no use for what it gets; each argument is a command, "count 1000" for one
pktgen_setup()
{
	local word

	modprobe -q pktgen || return 1
	# Its thread removes the devices when it next runs.
	echo reset > /proc/net/pktgen/pgctrl
	wait_for 30 "pktgen's reset" pktgen_is_free || return 1
	echo "add_device $NIC" > /proc/net/pktgen/kpktgend_0 || return 1
	for word in "dst 10.77.0.9" "dst_mac $PEER_MAC" "udp_dst_min 9" \
			"udp_dst_max 9" "delay 0" "$@"; do
		echo "$word" > "/proc/net/pktgen/$NIC" || return 1
	done
}

pktgen_is_free() { [ ! -e "/proc/net/pktgen/$NIC" ]; }

# It keeps a hold of the device.
pktgen_end() { modprobe -q -r pktgen; }

# It ends when all has been sent.
pktgen_start()
{
	echo start > /proc/net/pktgen/pgctrl &
	PKTGEN_PID=$!
}

# Returns when all has been sent.
pktgen_run() { pktgen_start && wait "$PKTGEN_PID"; }

# What it has got rid of so far
pktgen_sent()
{
	sed -n 's/.*pkts-sofar: \([0-9]*\).*/\1/p' "/proc/net/pktgen/$NIC"
}

# Twice the same, with packets left to send
pktgen_stopped()
{
	local before=${PKTGEN_SENT:-0}

	PKTGEN_SENT=$(pktgen_sent)
	((PKTGEN_SENT > 0 && PKTGEN_SENT < $1 && PKTGEN_SENT == before))
}

# pktgen_until_stopped COUNT: starts what was set up to be so many packets, of which a
# host that takes nothing leaves some with pktgen; PKTGEN_SENT are with the driver
# then.  Once the host takes them there is pktgen_ended to wait for.
pktgen_until_stopped()
{
	pktgen_start
	PKTGEN_SENT=
	wait_for 20 "a queue that stops" pktgen_stopped "$1"
}

pktgen_ended() { ! kill -0 "$PKTGEN_PID" 2> /dev/null; }

# pktgen_capture SIZE: writes what arrives in packets of SIZE to PCAP;
# pktgen_captured COUNT waits for so many, and ends it
pktgen_capture()
{
	PCAP=$TMP/pcap
	PCAP_RECORD=$((16 + ($1 < 96 ? $1 : 96)))
	rm -f "$PCAP"
	peer_start tcpdump -i "$PEER" -Z root -U -B 8192 -s 96 -w "$PCAP" \
		udp dst port 9 > "$TMP/tcpdump" 2>&1
	wait_for 30 "a capture" grep -q listening "$TMP/tcpdump"
}

captured() { (($(stat -c %s "$PCAP") >= 24 + $1 * PCAP_RECORD)); }

pktgen_captured()
{
	wait_for 60 "$1 frames" captured "$1"
	peer_stop
}

# Sequence numbers of pktgen's packets in a capture, one a line: they stand
# behind a magic number at the start of the UDP payload.
pktgen_sequence()
{
	tcpdump -nn -x -Z root -r "$1" udp dst port 9 2> /dev/null | awk '
	function flush()
	{
		if (match(hex, /be9be955/))
			print substr(hex, RSTART + 8, 8)
		hex = ""
	}
	/^[^ \t]/ { flush(); next }
	{
		sub(/^[^:]*:/, "")
		gsub(/[ \t]/, "")
		hex = hex $0
	}
	END { flush() }'
}

# pktgen_in_order CAPTURE COUNT [BURST]: so many arrived, and their numbers have
# no gap, no repetition and no step back; those of a burst are one packet's, and
# the next has the number that it would have had without bursts
pktgen_in_order()
{
	pktgen_sequence "$1" | awk '
	function value(hex,    i, v)
	{
		for (i = 1; i <= 8; i++)
			v = v * 16 + index("0123456789abcdef",
					   substr(hex, i, 1)) - 1
		return v
	}
	{
		v = value($1)
		if (NR == 1)
			first = v
		if (v == first + NR - 1)
			start = NR
		else if (v != last || NR - start >= burst)
			bad++
		last = v
	}
	END {
		printf "# %d frames arrived, %d out of order\n", NR, bad
		exit bad || NR != count
	}' count="$2" burst="${3:-1}"
}
