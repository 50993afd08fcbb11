#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The VF follows the NIC: down with it, up with it, and a VF that is plugged
# while the NIC is down waits for it.

. "$(dirname "$0")/lib.sh"

plan 8
need vf
setup

vf_is_down() { find_vf && ! vf_is_up; }

nic_up()
{
	ip link set dev "$NIC" up && wait_for 30 "carrier" nic_carrier 1 &&
		wait_for 30 "data path on the VF" host_path vf
}

vf_plug || msg "no VF"
check "NIC down" ip link set dev "$NIC" down
check "the VF follows" wait_for 30 "VF down" vf_is_down
check "the data path leaves the VF" \
	wait_for 30 "synthetic path" host_path synthetic
check "NIC up brings the data path back" nic_up
ping_start || bail "no ping"
check "all traffic takes the VF" traffic_only_on vf
ping_stop

vf_eject
ip link set dev "$NIC" down
check "a VF for a NIC that is down is enslaved" \
	eval 'control vf 0 add && wait_for 60 "VF enslaved" vf_is_slave'
check "NIC up starts it" nic_up
ping_start || bail "no ping"
check "all traffic takes that VF" traffic_only_on vf
finish
