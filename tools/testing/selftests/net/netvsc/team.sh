#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A team device with the NIC for its only port does not notice the VF below the
# NIC, which it cannot have for a port itself.

. "$(dirname "$0")/lib.sh"

plan 8
need vf teamnl
modprobe -q -a team team_mode_roundrobin || skip_all "no module team"
setup
trap 'ip link del team0 2> /dev/null; cleanup' EXIT

# A port has to be down when it joins, and has no addresses of its own.
team_up()
{
	ip link add team0 type team && teamnl team0 setoption mode roundrobin &&
		ip addr flush dev "$NIC" && ip link set dev "$NIC" down &&
		ip link set dev "$NIC" master team0 && NIC=team0 dhcp
}

vf_refused() { vf_is_slave && ! ip link set dev "$VF" master team0 2> /dev/null; }

only_port()
{
	local ports

	ports=$(teamnl team0 ports)
	[[ $(wc -l <<< "$ports") = 1 && $ports = *" $NIC: "* ]]
}

check "a team with $NIC for its port gets an address" team_up
ping_start || bail "no ping"
check "all traffic of the team is on the synthetic path" \
	traffic_only_on synthetic
check "a VF is enslaved to the NIC, and used" vf_plug
check "it cannot be put into the team" vf_refused
check "all traffic of the team takes the VF" traffic_only_on vf
check "the only port is $NIC" only_port
check "the VF goes, and all traffic is back on the synthetic path" \
	eval 'vf_eject && traffic_only_on synthetic'
check "nothing was lost" ping_lossless
ip link set dev "$NIC" nomaster
ip link del team0
dhcp || msg "no address"
finish
