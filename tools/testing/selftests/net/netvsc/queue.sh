#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which channel a packet is sent on: a flow has one and keeps its order, the
# host's table is followed, and XPS where somebody has set it.

. "$(dirname "$0")/lib.sh"
. "$HERE/channel_lib.sh"

plan 7
need_channels
last=$((CH_MAX - 1))

# One connection's frames are on one channel, whichever that is.
one_channel() { measure iperf 3 && on_one 100 "${GREW_TX[@]}"; }

connections() { iperf 3 -P 16; }
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

check "a flow has one channel" one_channel
check "many flows use all of them" all_channels
check "order is kept" in_order
check "the host's table is followed to the last channel" follows "$last"
check "and to the first one" follows 0
check "XPS goes before it" xps_rules
xps 0
check "without XPS it counts again" follows 0
finish
