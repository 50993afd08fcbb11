#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The set-up of old, a bond of the NIC and its VF: gives a bond with the NIC for
# its only leg, which works.  Address and traffic are the bond's, the VF comes
# and goes below the NIC, and nothing is lost.

. "$(dirname "$0")/lib.sh"

plan 14
need vf ethtool
# By itself it makes a bond0, of a mode that cannot be changed later.
modprobe -q bonding max_bonds=0 || skip_all "no module bonding"
setup
trap 'ip link del bond0 2> /dev/null; cleanup' EXIT

# A leg has to be down when it joins, and has no addresses of its own.
bond_up()
{
	ip link add bond0 type bond mode active-backup miimon 100 &&
		ip addr flush dev "$NIC" && ip link set dev "$NIC" down &&
		ip link set dev "$NIC" master bond0 && NIC=bond0 dhcp
}

bond_down()
{
	ip link set dev "$NIC" nomaster && ip link del bond0 && dhcp
}

# Of 802.3ad and the like the choice of a leg goes by that.
knows_speed()
{
	local knows is

	is=$(ethtool "$NIC" | sed -n 's/^\tSpeed: \([0-9]*\)Mb.*/\1/p')
	knows=$(sed -n '/^Slave Interface/,$s/^Speed: \([0-9]*\) Mbps/\1/p' \
		/proc/net/bonding/bond0)
	SPEED="$NIC has $is Mbit/s, its bond knows of $knows"
	[ -n "$is" ] && [ "$is" = "$knows" ]
}

knows() { wait_for 10 "the same speed" knows_speed || { msg "$SPEED"; return 1; }; }

vf_refused() { vf_is_slave && ! ip link set dev "$VF" master bond0 2> /dev/null; }

legs()
{
	[ "$(cat /sys/class/net/bond0/bonding/slaves)" = "$NIC" ] &&
		[ "$(cat /sys/class/net/bond0/bonding/active_slave)" = "$NIC" ]
}

check "a bond with $NIC for its leg gets an address" bond_up
ping_start || bail "no ping"
check "all traffic of the bond is on the synthetic path" \
	traffic_only_on synthetic
check "a VF is enslaved to $NIC, and used" vf_plug
check "it cannot be put into the bond" vf_refused
check "all traffic of the bond takes the VF" traffic_only_on vf
check "it knows the speed of that" knows
check "the VF goes when the host asks for it" vf_eject
check "all traffic of the bond is back on the synthetic path" \
	traffic_only_on synthetic
check "and knows the speed of this" knows
check "nothing was lost" ping_lossless

vf_plug || msg "no VF"
check "the bond can be undone above a VF" \
	eval 'bond_down && wait_for 30 "data path on the VF" host_path vf'
check "and made anew" \
	eval 'bond_up && wait_for 30 "data path on the VF" host_path vf'
check "its only leg is $NIC" legs
ping_start || bail "no ping"
check "all traffic of the bond takes the VF again" traffic_only_on vf
ping_stop
bond_down
finish
