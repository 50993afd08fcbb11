#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A bond of two NICs, to both of which it gives the address of the first one to
# join; their VFs come with that, too.  One is found by its address before its NIC has
# been told of it, and belongs to the NIC that has the address by birth; if that has
# one, the host says whose it is.

. "$(dirname "$0")/lib.sh"

MAC1=00:15:5d:77:00:02

plan 5
need vf
# By itself it makes a bond0, of a mode that cannot be changed later.
modprobe -q bonding max_bonds=0 || skip_all "no module bonding"
setup
first=$NIC
trap 'ip link del bond0 2> /dev/null; control nic 1 remove > /dev/null
	NIC=$first cleanup' EXIT

# The second NIC joins first.
one_address()
{
	ip link add bond0 type bond mode active-backup miimon 100 || return 1
	for NIC in "$second" "$first"; do
		ip addr flush dev "$NIC" && ip link set dev "$NIC" down &&
			ip link set dev "$NIC" master bond0 || return 1
	done
	[ "$(cat "/sys/class/net/$first/address")" = "$MAC1" ] &&
		[ "$(cat "/sys/class/net/$second/address")" = "$MAC1" ]
}

second_path() { NIC_NR=1 host_path "$1"; }

bound() { NIC=$first vf_is_slave || NIC=$second vf_is_slave; }

# The host says whose the VF is when somebody has taken it already.
second_vf()
{
	local NIC=$second

	control hold 1 && control vf 1 add-early &&
		wait_for 90 "VF enslaved" bound || return 1
	control release 1 && wait_for 30 "VF enslaved to $NIC" vf_is_slave &&
		wait_for 30 "data path of $NIC" second_path vf
}

first_has_none() { local NIC=$first; ! vf_is_slave; }

first_vf()
{
	local NIC=$first

	control vf 0 add && wait_for 90 "VF enslaved to $NIC" vf_is_slave &&
		wait_for 30 "data path of $NIC" host_path vf
}

control nic 1 add "$MAC1"
wait_for 60 "second NIC" nic_of_mac "$MAC1" || bail "no second NIC"
second=$FOUND
check "the bond gives both NICs one address" one_address
check "the VF of the second NIC is enslaved to that, and used" second_vf
check "the first NIC has none" first_has_none
check "the VF of the first NIC is enslaved to that, and used" first_vf
check "and the second NIC keeps its own" \
	eval 'NIC=$second vf_is_slave && second_path vf'
NIC=$first
ip link set dev "$second" nomaster
ip link set dev "$first" nomaster
ip link del bond0
control vf 1 eject
finish
