#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host takes the NIC's link away and gives it back: the carrier follows,
# and traffic with it.  Another speed is seen, and who listens is told; after a
# change of the network the carrier is gone for a moment, so that DHCP clients
# look where they are.

. "$(dirname "$0")/lib.sh"

plan 8
need control ethtool
setup

link_off()
{
	control nic 0 link off && wait_for 30 "carrier off" nic_carrier 0
}

link_on()
{
	control nic 0 link on && wait_for 30 "carrier on" nic_carrier 1
}

speed_is() { ethtool "$NIC" | grep -q "Speed: $1Mb/s"; }

speed()
{
	control nic 0 speed "$1" && wait_for 30 "speed $1" speed_is "$1"
}

changes() { attr carrier_changes; }
changed_twice() { (($(changes) >= CHANGES + 2)); }

network_change()
{
	CHANGES=$(changes)
	# A slow guest may not look while it is off.
	control nic 0 network-change &&
		wait_for 30 "carrier off and on" changed_twice && nic_carrier 1
}

# The link goes for good while the carrier is off for a moment of 2 s, which begins with
# the first of these; sets LATE if the second may have come after it.
both()
{
	local start=${EPOCHREALTIME/./}

	CHANGES=$(changes)
	control nic 0 network-change && control nic 0 link off || return 1
	LATE=$((${EPOCHREALTIME/./} - start > 1000000))
	wait_for 30 "carrier off" nic_carrier 0
}

# Of a speed the driver hears when that moment is over, and a ping waits for 2 s.
change_and_off()
{
	both || return 1
	for _ in 1 2 3; do
		((LATE)) || break
		msg "link off has come too late, once more"
		link_on && both || return 1
	done
	speed 2500 && ! answers "$HOST4" && nic_carrier 0 &&
		(($(changes) == CHANGES + 1)) && link_on
}

SPEED=$(host_counter synthetic speed)
trap 'control nic 0 speed "$SPEED"; cleanup' EXIT

check "link off takes the carrier away" link_off
check "link on brings it back" link_on
check "traffic is back" wait_for 30 "answer from the host" answers "$HOST4"
check "off and on again" eval "link_off && link_on"
check "another speed" speed 40000
check "and another one" speed 1000
check "a change of the network" network_change
check "one that ends without a link" change_and_off
finish
