#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The packet filter that the host has is the one that the device's flags and
# address lists ask for: nothing while it is down, unicast and broadcast, with a
# multicast group or all of them multicast, and everything when promiscuous.

. "$(dirname "$0")/lib.sh"

GROUP=01:00:5e:7f:00:63

# As RNDIS numbers them
DIRECTED=0x1 ALL_MULTICAST=0x4 BROADCAST=0x8 PROMISCUOUS=0x20

plan 9
need control
setup
trap 'unset_all 2> /dev/null; cleanup' EXIT

unset_all()
{
	ip link set dev "$NIC" promisc off
	ip link set dev "$NIC" allmulticast off
	ip maddr del "$GROUP" dev "$NIC"
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

all_multicast()
{
	ip link set dev "$NIC" allmulticast on && host_filter \
		$((DIRECTED | ALL_MULTICAST)) "$PROMISCUOUS" &&
		ip link set dev "$NIC" allmulticast off
}

group()
{
	ip maddr add "$GROUP" dev "$NIC" && host_filter \
		$((DIRECTED | ALL_MULTICAST)) "$PROMISCUOUS" &&
		ip maddr del "$GROUP" dev "$NIC"
}

# Without IPv6 and the groups of IPv4 the list is empty.
list_empty()
{
	sysctl -q -w "net.ipv6.conf.$NIC.disable_ipv6=1" 2> /dev/null
	ip maddr show dev "$NIC" | awk '$1 == "link" { print $2 }' |
		while read -r group; do
			ip maddr del "$group" dev "$NIC" 2> /dev/null
		done
	host_filter $((DIRECTED | BROADCAST)) "$PROMISCUOUS"
}

promiscuous()
{
	ip link set dev "$NIC" promisc on && host_filter "$PROMISCUOUS" 0 &&
		wait_for 30 answer answers "$HOST4"
}

not_promiscuous()
{
	ip link set dev "$NIC" promisc off &&
		host_filter "$DIRECTED" "$PROMISCUOUS"
}

down_and_up()
{
	ip link set dev "$NIC" down &&
		wait_for 30 "no filter" filter_is_off &&
		ip link set dev "$NIC" up && host_filter "$DIRECTED" 0 &&
		wait_for 30 "carrier" nic_carrier 1
}

# What was set while it was down holds from the moment on in which it is up.
set_while_down()
{
	ip link set dev "$NIC" down && ip link set dev "$NIC" promisc on &&
		filter_is_off && ip link set dev "$NIC" up &&
		host_filter "$PROMISCUOUS" 0 && not_promiscuous
}

# A second unicast address is for the promiscuous only.
second_address()
{
	ip link add link "$NIC" name mv0 address 00:15:5d:77:00:aa \
		type macvlan mode bridge && ip link set dev mv0 up &&
		host_filter "$PROMISCUOUS" 0 || return 1
	ip link del dev mv0 && host_filter "$DIRECTED" "$PROMISCUOUS"
}

check "unicast and broadcast" list_empty
check "promiscuous" promiscuous
check "and not any more" not_promiscuous
check "all multicast" all_multicast
check "a group" group
check "a second unicast address" second_address
check "down is nothing, up again is as before" down_and_up
check "set while down" set_while_down
sysctl -q -w "net.ipv6.conf.$NIC.disable_ipv6=0" 2> /dev/null
nic_has_ipv4 || dhcp
check "traffic" wait_for 30 "answer" answers "$HOST4"
finish
