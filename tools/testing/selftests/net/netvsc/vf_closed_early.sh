#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Somebody takes a VF down when the host has been asked to deliver to it, and has
# not answered yet.  The host will do it: the driver waits for its word, and then
# has the data path back before the VF closes.

. "$(dirname "$0")/lib.sh"

# Of the two seconds that the driver waits
LATE=1

plan 5
[ "$DRIVER" = ours ] || skip_all "the stock driver asks and waits in one, with RTNL held"
need vf dmesg
setup
trap 'control fault 0 off > /dev/null; cleanup' EXIT

plug_slow()
{
	log_start
	control fault 0 off && control fault 0 switch-late $LATE &&
		control vf 0 add || return 1
	wait_for 90 "VF enslaved to $NIC" vf_is_slave &&
		wait_for 90 "the host to be asked" host_is_asked
}

# lines TEXT: of the driver, that end with it
lines() { log_since | grep -cE "$NIC: .*$1\$"; }

# Also if the host has been quicker than this test.  On the way back it takes its time
# again, which a slow guest may not wait for.
in_order()
{
	ip link set dev "$VF" down || return 1
	(($(lines "data path switched to VF .*") == 1 &&
	  $(lines "data path switched to VMBus(, unanswered)?") == 1 &&
	  $(lines "data path taken back") == 0))
}

ping_start || bail "no ping"
check "the host takes its time to deliver to a VF" plug_slow
check "the VF is taken down: there and back in order" in_order
check "all traffic is on the synthetic path" traffic_only_on synthetic
check "nothing was lost" ping_lossless
check "up again, the VF is used" \
	eval 'ip link set dev "$VF" up && wait_for 30 "data path" host_path vf'
finish
