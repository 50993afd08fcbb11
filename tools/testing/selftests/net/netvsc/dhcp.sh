#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The NIC comes up by itself: driver and carrier, an IPv4 address over DHCP
# (broadcasts both ways), an IPv6 address from router advertisements
# (multicasts).

. "$(dirname "$0")/lib.sh"

plan 5
need ip ipv6 udhcpc ethtool
setup

driver_name() { [[ $(ethtool -i "$NIC") = *"driver: hv_netvsc"* ]]; }

lease()
{
	ip -4 addr flush dev "$NIC" && ! nic_has_ipv4 && dhcp && nic_has_ipv4
}

check "ethtool names the driver" driver_name
check "carrier is on" nic_carrier 1
check "DHCP gives an IPv4 address" lease
check "the host answers to ping" wait_for 30 "answer" answers "$HOST4"
check "router advertisements give an IPv6 address" \
	wait_for 60 "IPv6 address" nic_has_ipv6
finish
