#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The name that the NIC has at the host is its alias, if it has one there; and the user's
# own one takes its place for good.

. "$(dirname "$0")/lib.sh"

plan 8
need control modprobe
setup
trap 'alias_end; cleanup' EXIT

# sysfs and netlink say the same, which is nothing for $1 empty.
alias_is()
{
	local text

	text=$(ip link show dev "$NIC" | sed -n 's/^ *alias //p')
	[ "$text" = "$1" ] && [ "$(attr ifalias)" = "$1" ]
}

# A driver that comes finds this name at the host.
named()
{
	control nic 0 name "$@" && unload_driver && load_driver
}

new_mtu() { ip link set dev "$NIC" mtu "$1" && [ "$(attr mtu)" = "$1" ]; }

longest()
{
	local name

	printf -v name 'x%.0s' {1..255}
	named "$name" && alias_is "$name"
}

# A host with none at all
refused()
{
	unload_driver && control fault 0 step rndis-query:00020216 refuse &&
		load_driver && alias_is '' && control fault 0 off
}

alias_end()
{
	control nic 0 name
	find_nic && ip link set dev "$NIC" alias ''
}

# The host has one for all of them then, which is no name.
check "a NIC that nobody has named has none" eval 'named && alias_is ""'
check "the host's name is the alias" eval '
	named Blue network && alias_is "Blue network"'
check "it is kept in a new session" eval '
	new_mtu 1400 && alias_is "Blue network"'
check "the user gives it another one" eval '
	ip link set dev "$NIC" alias mine && alias_is mine'
check "that is kept in a new session" eval '
	control nic 0 name Red network && new_mtu 1500 && alias_is mine'
check "the next driver finds the host's new name" eval '
	unload_driver && load_driver && alias_is "Red network"'
check "it may be as long as an alias can be" longest
check "a host that does not say it is as good" refused
alias_end
finish
