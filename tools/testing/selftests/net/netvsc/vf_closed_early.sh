#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Somebody takes a VF down when the host has been asked to deliver to it, and has
# not answered yet.  The host will do it: the driver waits for its word, and then
# has the data path back before the VF closes.

. "$(dirname "$0")/lib.sh"

EVENTS=/sys/kernel/tracing/events/netvsc
# Of the two seconds that the driver waits
LATE=1

plan 5
[ "$DRIVER" = ours ] || skip_all "the stock driver asks and waits in one, with RTNL held"
need vf
setup
[ -d "$EVENTS" ] || bail "no events at $EVENTS"
trap 'echo 0 > "$EVENTS/enable"; cleanup' EXIT

asked()
{
	grep -q "netvsc_vf_switch: $NIC to=vf" /sys/kernel/tracing/trace
}

plug_slow()
{
	echo > /sys/kernel/tracing/trace
	echo 1 > "$EVENTS/netvsc_vf_switch/enable"
	control fault 0 switch-late $LATE && control vf 0 add &&
		wait_for 90 "VF enslaved to $NIC" vf_is_slave &&
		wait_for 90 "the host to be asked" asked
}

# Lines of the driver about its data path that are new
lines() { dmesg | grep -c "$NIC: $1"; }

in_order()
{
	local late there back

	late=$(lines "VF not ready any more")
	there=$(lines "data path switched to VF")
	back=$(lines "data path switched to VMBus")
	ip link set dev "$VF" down || return 1
	(($(lines "data path switched to VF") == there + 1 &&
	  $(lines "data path switched to VMBus") == back + 1 &&
	  $(lines "VF not ready any more") == late))
}

ping_start || bail "no ping"
check "the host takes its time to deliver to a VF" plug_slow
check "the VF is taken down: there and back in order" in_order
check "all traffic is on the synthetic path" traffic_only_on synthetic
check "nothing was lost" ping_lossless
check "up again, the VF is used" \
	eval 'ip link set dev "$VF" up && wait_for 30 "data path" host_path vf'
finish
