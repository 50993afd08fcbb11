#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The sizes of the two buffers that are shared with the host, in sections: set
# while a TCP connection moves data, kept over a change of the MTU, and as before
# when the host refuses.  The host is lent as much memory as that takes.  Nobody has
# to set them: they go by channels and MTU.

. "$(dirname "$0")/lib.sh"
. "$HERE/channel_lib.sh"

plan 11
need control ethtool
setup
# Sizes that were set stay, until the driver goes.
trap 'control fault 0 off; unload_driver; cleanup' EXIT

# rings_read: sets RX_MAX, RX and TX
rings_read()
{
	read -r RX_MAX _ RX TX < <(ethtool -g "$NIC" 2> /dev/null |
		awk '$1 == "RX:" || $1 == "TX:" { printf "%s ", $2 }
		     END { print "" }')
	((${TX:-0} > 0))
}

rings_set() { ethtool -G "$NIC" "$@" 2> /dev/null; }

# About WANTED: the host makes what it can of whole pages.
about() { (($1 >= $2 && $1 <= $2 + 4)); }

# set_to NAME N: and the other one stays
set_to()
{
	local RX TX rx tx

	rings_read && rx=$RX tx=$TX && rings_set "$1" "$2" && rings_read ||
		return 1
	if [ "$1" = rx ]; then
		about "$RX" "$2" && ((TX == tx))
	else
		about "$TX" "$2" && ((RX == rx))
	fi && return
	msg "$1 $2: rx $rx, then $RX; tx $tx, then $TX"
	return 1
}

more_channels()
{
	local rx tx

	channels_set 1 && rings_read || return 1
	rx=$RX tx=$TX
	channels_set "$CH_MAX" && rings_read || return 1
	msg "sections for 1 channel: $rx, $tx; for $CH_MAX: $RX, $TX"
	((RX > rx && TX > tx))
}

larger_mtu()
{
	local small

	ip link set dev "$NIC" mtu 700 && small=$(lent_pages) &&
		ip link set dev "$NIC" mtu 1500 || return 1
	msg "lent with an MTU of 700: $small pages, of 1500: $(lent_pages)"
	(($(lent_pages) - small > 200))
}

# Sections of a megabyte and more are seen in what the host is lent.
memory_follows()
{
	local before after

	set_to rx 500 && before=$(lent_pages) || return 1
	set_to rx 2000 && after=$(lent_pages) || return 1
	msg "lent: $before pages, then $after"
	((after - before > 1500 * 1500 / 4096))
}

under_traffic()
{
	local n

	for n in 100 1000; do
		set_to rx "$n" && set_to tx "$n" && iperf_more || return 1
	done
}

too_many() { rings_read && ! rings_set rx $((RX_MAX + 1)); }

# Fewer than a session can work with are rounded up.
too_few()
{
	local RX TX

	rings_set rx 1 && rings_read && about "$RX" 10 &&
		wait_for 30 "answer" answers "$HOST4"
}

kept()
{
	local RX TX rx tx

	set_to rx 700 && set_to tx 300 && rings_read || return 1
	rx=$RX tx=$TX
	ip link set dev "$NIC" mtu 1400 && ip link set dev "$NIC" mtu 1500 &&
		rings_read && ((RX == rx && TX == tx))
}

refused()
{
	local RX TX rx tx

	rings_read || return 1
	rx=$RX tx=$TX
	control fault 0 step nvsp-recv-buf#1 refuse || return 1
	! rings_set rx 900 && control fault 0 off && rings_read &&
		((RX == rx && TX == tx)) &&
		wait_for 30 "answer" answers "$HOST4"
}

unload_driver || bail "the driver stays"
restore || bail "no driver"
{ channels_ethtool && rings_read; } || bail "no sizes"
if ((CH_MAX > 1)); then
	check "more channels have larger ones" more_channels
else
	ktap_test_skip "more channels have larger ones (the host has one for this NIC)"
fi
check "a larger MTU has larger ones" larger_mtu
check "a TCP connection" iperf_start
check "it lives through changes of both" under_traffic
iperf_stop
check "the host is lent what that takes" memory_follows
check "they are kept with another MTU" kept
check "the host refuses: as before" refused
check "more than the host takes are refused" too_many
check "too few become enough" too_few
check "as many as can be" eval 'rings_read && set_to rx "$RX_MAX"'
check "the NIC works" wait_for 30 "answer" answers "$HOST4"
finish
