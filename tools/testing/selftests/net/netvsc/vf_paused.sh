#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host does not run the guest for some seconds, as when it is serviced, in the
# midst of an eject: when it has asked for its data path back, and half a second
# before the host answers.  The guest finds its clock ahead.  It waits for the host's
# word all the same before it lets the VF go, and nothing is lost.

. "$(dirname "$0")/lib.sh"

# Longer than the guest waits for that word
PAUSE=4

plan 5
need vf
setup

unanswered() { dmesg | grep -c "$NIC: data path switched to VMBus, unanswered"; }

eject_in_a_pause()
{
	local start=$SECONDS

	ALONE=$(unanswered)
	control fault 0 switch-paused $PAUSE && vf_eject || return 1
	msg "it took $((SECONDS - start)) s"
	# SECONDS counts whole ones
	((SECONDS - start >= PAUSE - 1))
}

waited() { [ "$(unanswered)" = "$ALONE" ]; }

vf_plug || msg "no VF"
ping_start || bail "no ping"
check "all traffic takes the VF" traffic_only_on vf
check "the guest stands still in the midst of an eject" eject_in_a_pause
check "it waits for the host's word" waited
check "all traffic is back on the synthetic path" traffic_only_on synthetic
check "nothing was lost" ping_lossless
finish
