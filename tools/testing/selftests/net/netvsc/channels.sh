#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Channels: there are several without anybody asking, their number is changed
# while a TCP connection moves data, counters never go back, and the host gets
# back what it was lent.

. "$(dirname "$0")/lib.sh"
. "$HERE/channel_lib.sh"

plan 16
need control ethtool cpus=2
[ -x "$HERE/netdev_nl" ] || skip_all "netdev_nl is not there"
setup
trap 'control fault 0 off; cleanup' EXIT

more_than_one()
{
	wait_for 30 "channels in ethtool" channels_ethtool || return 1
	((CH_NOW > 1)) && wait_for 30 "host's view" channels_are "$CH_NOW"
}

queues_are()
{
	local queues

	queues=("/sys/class/net/$NIC/queues"/rx-*)
	((${#queues[@]} == $1)) || return 1
	queues=("/sys/class/net/$NIC/queues"/tx-*)
	((${#queues[@]} == $1))
}

# Queues of one number have the same NAPI instance, which is nobody else's.
napi_for_each()
{
	"$HERE/netdev_nl" queues "$NIC" > "$TMP/queues" || return 1
	awk -v n="$1" '
	$3 == "-" { bad++ }
	{ count[$1]++; napi[$1, $2] = $3 }
	END {
		for (i = 0; i < n; i++) {
			bad += napi["rx", i] != napi["tx", i] || seen[napi["rx", i]]++
		}
		exit bad || count["rx"] != n || count["tx"] != n
	}' "$TMP/queues" && return
	msg "queues and their NAPI: $(tr '\n' ' ' < "$TMP/queues")"
	return 1
}

all_channels() { channels_set "$CH_MAX"; }
refused() { ! ethtool -L "$NIC" combined "$1" 2> /dev/null; }

totals()
{
	local name

	for name in rx_packets tx_packets rx_bytes tx_bytes; do
		attr "statistics/$name"
	done | tr '\n' ' '
}

# never_less BEFORE AFTER: lists of counters
never_less()
{
	local -a before after
	local i

	read -ra before <<< "$1"
	read -ra after <<< "$2"
	for i in "${!before[@]}"; do
		((after[i] >= before[i])) || {
			msg "counters: $1, later $2"
			return 1
		}
	done
}

# 1 and all of them in turn, while data moves on one connection
change_under_traffic()
{
	local n before

	for n in 1 "$CH_MAX" 1 "$CH_MAX"; do
		before=$(totals)
		channels_set "$n" && iperf_more || return 1
		never_less "$before" "$(totals)" || return 1
	done
}

same_loan()
{
	local before

	channels_set "$CH_MAX" || return 1
	before=$(lent)
	channels_set 1 && channels_set "$CH_MAX" || return 1
	wait_for 30 "a loan of $before" lent_is "$before"
}

no_channel() { channels_read && ((CH_OPEN == 0)); }

nothing_lent()
{
	msg "lent with the driver: $(lent)"
	unload_driver || return 1
	wait_for 30 "an end of all channels" no_channel || return 1
	msg "lent without: $(lent)"
	(($(lent_pages) <= 64))
}

# While the host takes its time with the others.  The next session has what was asked
# for last.
one_asked_for_early()
{
	control fault 0 step nvsp-subchannel late 3 && load_driver &&
		ethtool -L "$NIC" combined 1 && control fault 0 off &&
		ip link set dev "$NIC" mtu 1400 &&
		wait_for 30 "one channel" channels_are 1
}

works() { dhcp && wait_for 30 "answer" answers "$HOST4"; }

check "there are several without asking" more_than_one
check "as many as the NIC can have" all_channels
check "one queue of each direction for each" queues_are "$CH_MAX"
check "one NAPI instance for each" napi_for_each "$CH_MAX"
check "no channels at all are refused" refused 0
check "more than there are are refused" refused "$((CH_MAX + 1))"
check "one channel" channels_set 1
check "one queue of each direction" queues_are 1
check "one NAPI instance" napi_for_each 1
check "and back" channels_set "$CH_MAX"
check "a TCP connection" iperf_start
check "it lives through changes, no counter goes back" change_under_traffic
iperf_stop
check "the host is lent as much as before" same_loan
check "unload gives it all back" nothing_lent
check "load again, and ask for one at once" one_asked_for_early
check "DHCP and ping work" works
finish
