#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A new MAC address, set while the NIC is up: the wire has it, the host delivers
# to it, it outlives a new session, and one that the host refuses leaves the
# old one working.

. "$(dirname "$0")/lib.sh"

MAC2=00:15:5d:77:00:42
# How hvhost calls the step in which an address is set
SET_ADDRESS=rndis-set:0001021b

plan 10
need control tcpdump
setup
mac=$(attr address)
trap 'control fault 0 off; set_mac "$mac" 2> /dev/null; cleanup' EXIT

set_mac()
{
	ip link set dev "$NIC" address "$1" && [ "$(attr address)" = "$1" ]
}

# The host knows us by this address: it answers ARP, and delivers to it.
works()
{
	ip neigh flush dev "$NIC"
	wait_for 30 "answer from the host" answers "$HOST4"
}

# What the host sends goes to this address.
on_the_wire()
{
	local out

	ping_start || return 1
	out=$(timeout $((30 * PATIENCE)) tcpdump -Z root -e -n -c 1 -i "$NIC" \
		icmp and src "$HOST4" 2> /dev/null)
	ping_stop
	[[ $out = *" > $1,"* ]] && return
	msg "on the wire: $out"
	return 1
}

refused()
{
	control fault 0 step "$SET_ADDRESS" refuse || return 1
	! ip link set dev "$NIC" address "$MAC2" 2> /dev/null &&
		[ "$(attr address)" = "$mac" ] && control fault 0 off
}

# The host takes it, and says nothing.
unanswered()
{
	control fault 0 rndis-no-answer 1 || return 1
	! ip link set dev "$NIC" address "$MAC2" 2> /dev/null &&
		[ "$(attr address)" = "$mac" ]
}

new_session()
{
	ip link set dev "$NIC" mtu 1400 && ip link set dev "$NIC" mtu 1500 &&
		[ "$(attr address)" = "$MAC2" ] && works
}

multicast_refused()
{
	! ip link set dev "$NIC" address 01:00:5e:00:00:01 2> /dev/null
}

old_one() { set_mac "$mac" && works; }

check "a new address" set_mac "$MAC2"
check "the host answers to it" works
check "it is on the wire" on_the_wire "$MAC2"
check "a new session keeps it" new_session
check "a multicast address is refused" multicast_refused
check "back to the old one" old_one
check "the host refuses" refused
check "the old one works" works
if [ "$DRIVER" = stock ]; then
	ktap_test_skip "the host does not answer (the stock driver waits for ever)"
	ktap_test_skip "the old one works all the same (see above)"
else
	check "the host does not answer" unanswered
	check "the old one works all the same" works
fi
finish
