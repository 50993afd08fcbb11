#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A VF that the host has before hv_netvsc is loaded.  Hosts that offer it at once: up
# with its own driver, it is enslaved as soon as the NIC appears.  Hosts that wait
# until the NIC has said that it takes VFs, as when a guest boots: there is none
# before that.

. "$(dirname "$0")/lib.sh"

plan 8
need vf modprobe
setup
mac=$(attr address)

plug_without_driver()
{
	modprobe -r hv_netvsc && control vf 0 add-early &&
		wait_for 60 "VF" find_free_vf "$mac"
}

host_waits()
{
	control path 0 && [[ ${ANSWER[0]} = *" vf=waiting" ]]
}

plug_and_wait()
{
	modprobe -r hv_netvsc && control vf 0 add && host_waits &&
		! find_free_vf "$mac"
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
ping_stop

vf_eject
check "a host that waits has no VF for a guest without hv_netvsc" plug_and_wait
check "it comes with the NIC, and is enslaved" enslaved_by_probe
check "DHCP and the data path on the VF, too" \
	eval 'dhcp && wait_for 30 "data path on the VF" host_path vf'
finish
