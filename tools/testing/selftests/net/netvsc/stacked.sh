#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is stacked on the NIC does not notice the VF below it: a bridge and a
# macvlan carry their traffic while one comes and goes.  They have the NIC's MAC
# address, as most hosts allow no other.

. "$(dirname "$0")/lib.sh"

plan 8
need vf
setup
trap 'remove_upper; cleanup' EXIT
NIC4=$(ip -4 -o addr show dev "$NIC" scope global | awk '{ print $4; exit }')
UPPER=

remove_upper()
{
	[ -z "$UPPER" ] || ip link del dev "$UPPER"
	UPPER=
}

# The NIC's address moves to the device on it.
move_address()
{
	ip addr flush dev "$NIC" && ip link set dev "$UPPER" up &&
		ip addr add "$NIC4" dev "$UPPER"
}

add_bridge()
{
	UPPER=br0
	ip link add br0 type bridge forward_delay 0 &&
		ip link set dev "$NIC" master br0 && move_address
}

# In this mode it has the NIC's MAC address.
add_macvlan()
{
	UPPER=macvlan0
	ip link add link "$NIC" name macvlan0 type macvlan mode passthru &&
		move_address
}

# stacked KIND: four checks
stacked()
{
	check "$1: traffic runs on the synthetic path" \
		eval "add_$1"' && ping_start && traffic_only_on synthetic'
	check "$1: it takes a VF" eval 'vf_plug && traffic_only_on vf'
	check "$1: it is back on the synthetic path" \
		eval 'vf_eject && traffic_only_on synthetic'
	check "nothing was lost, $1" ping_lossless
	remove_upper
	# Moved, and gone with the device that it was on
	nic_has_ipv4 || ip addr add "$NIC4" dev "$NIC"
}

stacked bridge
stacked macvlan
finish
