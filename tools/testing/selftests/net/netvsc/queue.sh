#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which channel a packet is sent on: a flow has one and stays there, which keeps
# its order; the host's table is followed, XPS where somebody has set it, and the queue
# that a forwarded packet came in on.  The host is told the flow's hash.  How much waits
# at the host is limited.

. "$(dirname "$0")/lib.sh"
. "$HERE/channel_lib.sh"
. "$HERE/peer.sh"

plan 10
need_channels
# A connection that waits for an acknowledgement for long, as it may on a slow machine,
# would choose another hash, and with that another channel.
rehash=$(sysctl -n net.core.txrehash)
trap 'sysctl -q -w "net.core.txrehash=$rehash"; forwarded_end 2> /dev/null; cleanup' EXIT
sysctl -q -w net.core.txrehash=0
last=$((CH_MAX - 1))

# One connection's frames are on one channel, whichever that is.
one_channel() { measure iperf 3 && on_one 100 "${GREW_TX[@]}"; }

all_channels() { on_all TX connections; }

# follows CHANNEL: new flows go where the host's table sends them
follows()
{
	control nic 0 send-on "$1" && measure connections &&
		mostly_on "$1" 50 "${GREW_TX[@]}"
}

# A flow that began on the last channel stays there, and so in order, while others
# begin on the first one.
stays()
{
	local flow

	flow_starts_on "$last" || return 1
	flow=$SOCKET
	flow_starts_on 0 || return 1
	exec {SOCKET}>&-
	SOCKET=$flow
	measure datagrams 50 && mostly_on "$last" 50 "${GREW_TX[@]}"
}

# xps MASK: of the last queue; no other has one
xps()
{
	echo "$1" > "/sys/class/net/$NIC/queues/tx-$last/xps_cpus"
}

xps_rules()
{
	control nic 0 send-on 0 || return 1
	xps "$(printf %x $(((1 << $(nproc)) - 1)))" || return 1
	measure connections && mostly_on "$last" 50 "${GREW_TX[@]}"
}

# From the second NIC, to nobody: it comes on the last channel, and goes on there.
forwarded()
{
	peer_up && nobody || return 1
	forwarding 1
	peer ip route add "$NOBODY" via "$HERE4"
	control nic 0 send-on 0 && all_to "$last" || return 1
	measure eval 'peer ping -n -q -c 60 -i 0.02 "$NOBODY" > /dev/null; true' &&
		mostly_on "$last" 50 "${GREW_TX[@]}"
}

# forwarding 1|0: and nobody is told of a better way
forwarding()
{
	local dir=/proc/sys/net/ipv4/conf

	echo "$1" > "$dir/$NIC/forwarding"
	echo $((!$1)) | tee "$dir/all/send_redirects" > "$dir/$NIC/send_redirects"
}

forwarded_end()
{
	forwarding 0
	ethtool -X "$NIC" default
	peer_down
}

# Frames on all channels that came with a hash, and frames
hashed()
{
	control stats nic=0 channel= tx_hash tx_frames || return 1
	printf '%s\n' "${ANSWER[@]}" | awk '{
		for (i = 1; i <= NF; i++) {
			split($i, word, "=")
			sum[word[1]] += word[2]
		}
	} END { print sum["tx_hash"] + 0, sum["tx_frames"] + 0 }'
}

# Some have none: ARP, for one
host_knows_hash()
{
	local hash frames hash2 frames2

	read -r hash frames < <(hashed)
	iperf 2 || return 1
	read -r hash2 frames2 < <(hashed)
	msg "$((hash2 - hash)) of $((frames2 - frames)) frames with a hash"
	((frames2 > frames && hash2 - hash >= (frames2 - frames) * 9 / 10))
}

# Bytes at the host, by the byte queue limits (BQL) of all queues
inflight()
{
	cat "/sys/class/net/$NIC/queues/"tx-*/byte_queue_limits/inflight |
		awk '{ sum += $1 } END { print sum }'
}

inflight_is() { (($(inflight) == $1)); }

bql()
{
	local bytes

	wait_for 10 "nothing at the host" inflight_is 0 || return 1
	control hold 0 || return 1
	ping -n -q -c 1 -W 1 -s 1000 "$HOST4" > /dev/null 2>&1
	bytes=$(inflight)
	control release 0 && msg "$bytes bytes at the host" &&
		((bytes >= 1042)) &&
		wait_for 10 "nothing at the host" inflight_is 0
}

check "a flow has one channel" one_channel
check "many flows use all of them" all_channels
check "the host's table is followed to the last channel" follows "$last"
check "and to the first one" follows 0
# From 6.19 on, which has this, a flow that has nothing in flight may choose anew.
if [ -e /proc/sys/net/core/txq_reselection_ms ]; then
	ktap_test_skip "a flow that there is stays on its channel (this kernel has it choose anew)"
else
	check "a flow that there is stays on its channel" stays
fi
check "XPS goes before it" xps_rules
xps 0
check "without XPS it counts again" follows 0
check "what the guest forwards keeps its queue" forwarded
forwarded_end
check "the host is told the flow's hash" host_knows_hash
check "byte queue limits count what is at the host" bql
finish
