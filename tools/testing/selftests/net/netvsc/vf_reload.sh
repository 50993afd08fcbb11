#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module goes and comes back while a VF is in use: the VF is left as a
# device like any other, and is enslaved again.

. "$(dirname "$0")/lib.sh"

plan 7
need vf modprobe
setup
mac=$(attr address)

not_slave() { [[ $(ip link show dev "$VF") != *SLAVE* ]]; }

back_in_use()
{
	load_driver && wait_for 60 "VF enslaved" vf_is_slave &&
		ip link set dev "$NIC" up &&
		wait_for 30 "data path on the VF" host_path vf
}

check "a VF is in use" vf_plug
check "unload with a VF" modprobe -r hv_netvsc
check "the VF is left without a master" \
	wait_for 30 "free VF" find_free_vf "$mac"
check "the VF is left without SLAVE" not_slave
check "load enslaves it again" back_in_use
check "DHCP works over the VF" dhcp
ping_start || bail "no ping"
check "all traffic takes the VF" traffic_only_on vf
finish
