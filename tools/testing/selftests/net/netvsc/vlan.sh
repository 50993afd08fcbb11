#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A VLAN on the NIC keeps its traffic, both ways, while a VF comes and goes below
# it, whether it was made before the VF or with the VF in use.

. "$(dirname "$0")/lib.sh"

plan 11
need vf vlan
setup
trap 'ip link del vlan0 2> /dev/null; cleanup' EXIT

check "a VLAN on the NIC" host_vlan_add
check "the host answers in it" \
	wait_for 30 "answer in the VLAN" answers "$HOST4_VLAN"
# shellcheck disable=SC2034
HOST4=$HOST4_VLAN
ping_start || bail "no ping"
check "its traffic is on the synthetic path" traffic_only_on synthetic
check "a VF is enslaved to $NIC, and used" vf_plug
check "all traffic of the VLAN takes the VF" traffic_only_on vf
check "the VF goes when the host asks for it" vf_eject
check "the VLAN's traffic is back on the synthetic path" \
	traffic_only_on synthetic
check "nothing was lost" ping_lossless

ip link del vlan0
# It may work or not: on what that depends is not known.
[ "$DRIVER" != stock ] || skip_all "the stock driver does not tell the VF about VLANs"
vf_plug || msg "no VF"
check "a VLAN that comes after the VF" host_vlan_add
check "its packets come through" ping_start
check "has all its traffic on the VF" traffic_only_on vf
ping_stop
finish
