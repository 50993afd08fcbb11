#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host takes the NIC's link away and gives it back: the carrier follows,
# and traffic with it.

. "$(dirname "$0")/lib.sh"

plan 4
need control
setup

link_off()
{
	control nic 0 link off && wait_for 30 "carrier off" nic_carrier 0
}

link_on()
{
	control nic 0 link on && wait_for 30 "carrier on" nic_carrier 1
}

check "link off takes the carrier away" link_off
check "link on brings it back" link_on
check "traffic is back" wait_for 30 "answer from the host" answers "$HOST4"
check "off and on again" eval "link_off && link_on"
finish
