#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What ethtool says of the NIC that no other test asks: driver, version and place
# on the bus, time stamps, the host's table, for which there are no registers to be
# shown; that the level of messages holds for the log; and what a user says of the link.

. "$(dirname "$0")/lib.sh"
. "$HERE/channel_lib.sh"

plan 14
need control ethtool dmesg
setup
SPEED=$(host_counter synthetic speed)
trap 'ethtool -s "$NIC" msglvl link on; control nic 0 link on
      control nic 0 speed "$SPEED"; cleanup' EXIT

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

# The channel in each entry of the host's table
table() { ethtool -d "$NIC" raw on | od -An -v -t u4 -w4 | tr -d ' '; }

table_has_16() { (($(table | wc -l) == 16)); }

# table_says CHANNEL...: the entries have these, one or several times, and no others
table_says()
{
	[ "$(table | sort -nu | xargs)" = "$*" ]
}

follows_host()
{
	control nic 0 send-on "$1" && wait_for 10 "the table" table_says "$1"
}

of_all()
{
	local all

	channels_set "$CH_MAX" && mapfile -t all < <(seq 0 $((CH_MAX - 1))) &&
		wait_for 10 "the table" table_says "${all[@]}"
}

shows() { ethtool "$NIC" | grep -qx "[[:space:]]*$1: $2"; }
shows_link() { shows Speed "$1Mb/s" && shows Duplex "$2"; }

# set_link SPEED full|half
set_link() { ethtool -s "$NIC" speed "$1" duplex "$2" > /dev/null 2>&1; }

host_says()
{
	control nic 0 speed "$1" && wait_for 30 "speed $1" shows Speed "$1Mb/s"
}

of_vf() { vf_plug && ! set_link 1000 full; }

check "the driver's name" info driver hv_netvsc
check "its place on VMBus" bus_info
check "the version that host and guest speak" version
check "time stamps by software, both ways" stamps
check "the link's changes are in the log" logged
check "and not with that level of messages off" eval '
	ethtool -s "$NIC" msglvl link off && not_logged'
check "the link has what the user says of it" eval '
	set_link 1000 full && shows_link 1000 Full'
check "that, too" eval 'set_link 100 half && shows_link 100 Half'
check "until the host says another speed" host_says 40000
check "the host's table has its 16 entries" table_has_16
need cpus=2
channels_ethtool || bail "no channels"
((CH_MAX > 1)) || skip_all "the host has one channel for this NIC"
check "they are those of all channels" of_all
check "another table of the host's" follows_host $((CH_MAX - 1))
check "in a new session it has all of them again" eval 'channels_set 1 && of_all'
need vf
check "the link of a VF is set, which has none to set" of_vf
finish
