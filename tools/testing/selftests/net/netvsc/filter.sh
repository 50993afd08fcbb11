#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The packet filter that the host has is the one that the device's flags and
# address lists ask for: nothing while it is down, unicast, broadcast and multicast
# when it is up, and everything when promiscuous.

. "$(dirname "$0")/lib.sh"

# As RNDIS numbers them
DIRECTED=0x1 ALL_MULTICAST=0x4 BROADCAST=0x8 PROMISCUOUS=0x20

plan 10
need control
setup
trap 'unset_all 2> /dev/null; cleanup' EXIT

unset_all()
{
	ip link set dev "$NIC" promisc off
	ip link set dev "$NIC" allmulticast off
}

# filter_has ALL_OF NONE_OF
filter_has()
{
	local filter

	filter=$(host_counter synthetic filter) &&
		(((filter & $1) == $1 && (filter & $2) == 0))
}

filter_is_off() { (($(host_counter synthetic filter) == 0)); }

host_filter()
{
	wait_for 30 "filter with $1, without $2" filter_has "$1" "$2" && return
	msg "the filter is $(host_counter synthetic filter)"
	return 1
}

# A device that is up is in a group or more, as each with IPv4 is in 224.0.0.1: without
# multicast the filter never is.
USUAL=$((DIRECTED | BROADCAST | ALL_MULTICAST))

usual() { host_filter "$USUAL" "$PROMISCUOUS"; }

# That is not to be promiscuous, nor in a while.
all_multicast()
{
	ip link set dev "$NIC" allmulticast on && pause 0.5 && usual &&
		ip link set dev "$NIC" allmulticast off && usual
}

promiscuous()
{
	ip link set dev "$NIC" promisc on && host_filter "$PROMISCUOUS" 0 &&
		wait_for 30 answer answers "$HOST4"
}

not_promiscuous()
{
	ip link set dev "$NIC" promisc off && usual
}

down_and_up()
{
	ip link set dev "$NIC" down &&
		wait_for 30 "no filter" filter_is_off &&
		ip link set dev "$NIC" up && usual &&
		wait_for 30 "carrier" nic_carrier 1
}

# What was set while it was down holds from the moment on in which it is up.
set_while_down()
{
	ip link set dev "$NIC" down && ip link set dev "$NIC" promisc on &&
		filter_is_off && ip link set dev "$NIC" up &&
		host_filter "$PROMISCUOUS" 0 && not_promiscuous
}

# A second address is for the promiscuous only.
takes_second() { second_address && host_filter "$PROMISCUOUS" 0; }

check "unicast, broadcast and multicast" usual
check "promiscuous" promiscuous
check "and not any more" not_promiscuous
check "all multicast is no more than that" all_multicast
check "a second unicast address" takes_second
# Which would be the VF's, too
check "which is no promiscuous mode of the NIC" \
	eval '[ "$(mode_count "$NIC" promiscuity)" = 0 ]'
check "and without it as before" eval 'ip link del dev mv0 && usual'
check "down is nothing, up again is as before" down_and_up
check "set while down" set_while_down
check "traffic" wait_for 30 "answer" answers "$HOST4"
finish
