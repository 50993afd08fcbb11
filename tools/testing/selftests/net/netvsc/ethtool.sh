#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What ethtool says of the NIC that no other test asks: driver, version and place
# on the bus, time stamps; and that the level of messages holds for the log.

. "$(dirname "$0")/lib.sh"

plan 6
need control ethtool dmesg
setup
trap 'ethtool -s "$NIC" msglvl link on; control nic 0 link on; cleanup' EXIT

info() { ethtool -i "$NIC" | grep -qx "$1: $2"; }

# Of the device's name, a GUID, there is room for 31 characters.
bus_info()
{
	local name

	name=$(basename "$(readlink -f "/sys/class/net/$NIC/device")")
	info bus-info "${name:0:31}"
}

# The host's statistics have it as the protocol does: the minor one is 16 bits.
version()
{
	local nvsp

	nvsp=$(host_counter synthetic nvsp)
	info firmware-version "NVSP $((nvsp >> 16)).$((nvsp & 0xffff))"
}

flap()
{
	control nic 0 link off && wait_for 30 "carrier off" nic_carrier 0 &&
		control nic 0 link on && wait_for 30 "carrier on" nic_carrier 1
}

lines() { dmesg | grep -c "$NIC: .*link"; }

logged()
{
	local before

	before=$(lines)
	flap && (($(lines) > before))
}

not_logged()
{
	local before

	before=$(lines)
	flap && (($(lines) == before))
}

stamps()
{
	local kinds

	kinds=$(ethtool -T "$NIC")
	[[ $kinds = *software-transmit* && $kinds = *software-receive* ]]
}

check "the driver's name" info driver hv_netvsc
check "its place on VMBus" bus_info
check "the version that host and guest speak" version
check "time stamps by software, both ways" stamps
check "the link's changes are in the log" logged
check "and not with that level of messages off" eval '
	ethtool -s "$NIC" msglvl link off && not_logged'
finish
