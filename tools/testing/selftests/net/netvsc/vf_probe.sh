#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A VF that was there before the driver: plugged while hv_netvsc is not loaded,
# up with its own driver, it is enslaved as soon as the NIC appears.

. "$(dirname "$0")/lib.sh"

plan 5
need vf modprobe
setup
mac=$(attr address)

plug_without_driver()
{
	modprobe -r hv_netvsc && control vf 0 add &&
		wait_for 60 "VF" find_free_vf "$mac"
}

enslaved_by_probe()
{
	load_driver && wait_for 60 "VF enslaved" vf_is_slave
}

check "a VF without hv_netvsc is a device like any other" plug_without_driver
check "probe of the NIC enslaves it" enslaved_by_probe
check "DHCP works" dhcp
check "data path on the VF" wait_for 30 "data path on the VF" host_path vf
ping_start || bail "no ping"
check "all traffic takes the VF" traffic_only_on vf
finish
