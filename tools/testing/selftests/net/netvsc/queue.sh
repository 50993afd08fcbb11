#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which channel a packet is sent on: a flow has one and keeps its order, the
# host's table is followed, and XPS where somebody has set it.  The host is told
# the flow's hash.  How much waits at the host is limited.

. "$(dirname "$0")/lib.sh"
. "$HERE/channel_lib.sh"

plan 9
need_channels
last=$((CH_MAX - 1))

# One connection's frames are on one channel, whichever that is.
one_channel() { measure iperf 3 && on_one 100 "${GREW_TX[@]}"; }

all_channels() { measure connections && spread 20 "${GREW_TX[@]}"; }

# follows CHANNEL: new flows go where the host's table sends them
follows()
{
	control nic 0 send-on "$1" && measure connections &&
		mostly_on "$1" 100 "${GREW_TX[@]}"
}

# Datagrams are numbered; the server says when one comes before another.
in_order()
{
	iperf 5 -u -b 5M -l 300 --get-server-output || return 1
	! grep -i "out of order" "$TMP/iperf" || return 1
	((LOST == 0)) || msg "$LOST lost"
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
	measure connections && mostly_on "$last" 100 "${GREW_TX[@]}"
}

# Frames on all channels that came with a hash, and frames
hashed()
{
	control stats || return 1
	printf '%s\n' "${ANSWER[@]}" | awk '/^nic=0 channel=/ {
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
check "order is kept" in_order
check "the host's table is followed to the last channel" follows "$last"
check "and to the first one" follows 0
check "XPS goes before it" xps_rules
xps 0
check "without XPS it counts again" follows 0
check "the host is told the flow's hash" host_knows_hash
check "byte queue limits count what is at the host" bql
finish
