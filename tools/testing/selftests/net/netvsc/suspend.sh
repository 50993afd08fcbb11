#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Hibernation as far as drivers see it: the guest lets go of VMBus and comes
# back to the same devices.  What was set on the NIC holds, a TCP connection goes
# on, and a VF is used again.  No image is written: the kernel's own test mode
# goes all the way down, processors included, and up again from there.  The network
# is told, as the guest may be at another place of it, and on a host that takes less.

. "$(dirname "$0")/lib.sh"
. "$HERE/channel_lib.sh"

plan 17
[ -w /sys/power/pm_test ] || skip_all "a kernel that cannot test hibernation"
grep -q disk /sys/power/state || skip_all "a kernel without hibernation"
need control iperf3 tcpdump
need_channels
CAPTURE=
STREAM=
trap 'echo none > /sys/power/pm_test; control nic 0 mtu "$MTU"; plain 2> /dev/null; capture_stop; stream_stop; cleanup' EXIT

# Number of the first channel: another one after each connection to VMBus
relid()
{
	control stats nic=0 channel=0 relid && echo "${ANSWER[0]##*=}"
}

# Down and up again; VMBus was left meanwhile.
hibernate()
{
	local before

	before=$(relid)
	echo core > /sys/power/pm_test || return 1
	echo disk > /sys/power/state || return 1
	[ -n "$before" ] && [ "$before" != "$(relid)" ] && return
	msg "the channel is still number $before"
	return 1
}

# All that users set on the NIC, as they see it
settings()
{
	ip -o addr show dev "$NIC" | sed 's/ tentative//; s/ *valid_lft.*//'
	ip -d link show dev "$NIC" | grep -oE 'mtu [0-9]+|link/ether [^ ]*|promiscuity [0-9]+'
	ip route show dev "$NIC"
	ethtool -k "$NIC"
	ethtool -l "$NIC"
	ethtool -x "$NIC"
}

settings_hold()
{
	settings > "$TMP/after"
	diff "$TMP/before" "$TMP/after" > "$TMP/diff" && return
	grep '^[-+]' "$TMP/diff" | head -n 8 | while read -r line; do
		msg "$line"
	done
	return 1
}

# ARP requests for the address that they come from: nobody else sends such
capture_start()
{
	tcpdump -i "$NIC" -Z root -Q out -n -l 'arp and arp[14:4] = arp[24:4]' \
		> "$TMP/announced" 2> "$TMP/tcpdump" &
	CAPTURE=$!
	wait_for 30 "a capture" grep -q listening "$TMP/tcpdump"
}

capture_stop()
{
	[ -n "$CAPTURE" ] || return 0
	kill "$CAPTURE"
	wait "$CAPTURE" 2> /dev/null
	CAPTURE=
}

announced() { wait_for 10 "an announcement" [ -s "$TMP/announced" ]; }

# The address that router advertisements bring may not be there yet.
addresses()
{
	[ -z "$HOST6" ] || wait_for 60 "IPv6 address" nic_has_ipv6
}

special()
{
	addresses && ip link set dev "$NIC" mtu 1400 && ip link set dev "$NIC" promisc on &&
		ethtool -K "$NIC" tso off rx off > /dev/null &&
		all_to 1 && settings > "$TMP/before"
}

plain()
{
	ethtool -X "$NIC" default
	ethtool -K "$NIC" tso on rx on > /dev/null
	ip link set dev "$NIC" promisc off
	ip link set dev "$NIC" mtu 1500
}

elsewhere() { control nic 0 mtu 1300 && hibernate; }

less()
{
	wait_for 30 "answer" answers "$HOST4" && [ "$(attr mtu)" = 1300 ]
}

# The host has what the NIC shows: received checksums are not looked at, and
# flows come on the second channel.
host_has_it()
{
	host_counter_is synthetic rx_csum 0 || return 1
	measure iperf 1 -R -P 8 && mostly_on 1 50 "${GREW_RX[@]}"
}

counters()
{
	local name

	for name in rx_packets tx_packets rx_bytes tx_bytes; do
		attr statistics/$name
	done
}

no_counter_went_back()
{
	local i
	local -a now

	mapfile -t now < <(counters)
	for i in "${!was[@]}"; do
		((now[i] >= was[i])) || return 1
	done
}

# A stream that does not wait for the guest: what comes while it is on its way
# down comes all the same.  No more than a slow guest can take, though.
stream_start()
{
	iperf3 -c "$HOST4" -p 5201 -u -R -b 200K -l 250 -t 3600 --forceflush \
		> "$TMP/stream" 2>&1 &
	STREAM=$!
	wait_for 30 "a stream" grep -q bits/sec "$TMP/stream"
}

stream_stop()
{
	[ -n "$STREAM" ] || return 0
	kill -INT "$STREAM"
	wait "$STREAM" 2> /dev/null
	STREAM=
}

vf_rx_packets()
{
	ethtool -S "$NIC" | awk '$1 == "vf_rx_packets:" { print $2 }'
}

# What the host had for VFs and the NIC has not got, and what the host had to drop
vf_owes()
{
	stats_read rx_frames rx_dropped || return 1
	OWED=$(($(counter vf rx_frames) - $(vf_rx_packets)))
	DROPPED=$(counter vf rx_dropped)
}

# Both count on from one VF to the next, and only the NIC's end with its driver.
vf_gave_all()
{
	vf_owes || return 1
	((OWED -= OWED_BEFORE, DROPPED -= DROPPED_BEFORE))
	((OWED == 0 && DROPPED == 0))
}

vf_was_left_in_time()
{
	wait_for 10 "what the host gave the VF" vf_gave_all && return
	msg "frames lost in the VF: $OWED, before: $DROPPED"
	return 1
}

channels_back() { wait_for 30 "channels" channels_are "$CH_MAX"; }
vf_back() { wait_for 60 "data path on the VF" host_path vf; }

special || bail "cannot set what is to hold"
iperf_start || bail "no TCP connection"
capture_start || bail "no capture"
mapfile -t was < <(counters)
check "down and up again" hibernate
check "the address is announced to the network" announced
capture_stop
check "the TCP connection moves data" iperf_more
iperf_stop
check "all channels are there" channels_back
check "what was set holds" settings_hold
check "the host knows of it" host_has_it
check "no counter went back" no_counter_went_back
check "down, and up on a host that takes less" elsewhere
check "so does the NIC" less
control nic 0 mtu "$MTU"
plain

need vf
vf_owes || bail "no counters"
OWED_BEFORE=$OWED DROPPED_BEFORE=$DROPPED
vf_plug || msg "no VF"
iperf_start || bail "no TCP connection"
stream_start || bail "no stream"
mapfile -t was < <(counters)
check "down and up again with a VF" hibernate
stream_stop
check "the TCP connection moves data with a VF" iperf_more
check "the VF is used again" vf_back
iperf_stop
check "no counter went back with a VF" no_counter_went_back
check "the VF was left before it slept" vf_was_left_in_time
ping_start || bail "no ping"
check "all traffic takes the VF" traffic_only_on vf
check "nothing is lost any more" ping_lossless
check "the VF goes as ever" \
	eval 'vf_eject && wait_for 30 "answer" answers "$HOST4"'
finish
