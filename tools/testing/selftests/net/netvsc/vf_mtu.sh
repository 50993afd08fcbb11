#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An MTU that the VF refuses: the NIC has it all the same, and sends and receives
# on the synthetic path meanwhile, whether the VF was there before or comes later;
# with one that suits the VF, it is used again.

. "$(dirname "$0")/lib.sh"

LARGE=4000

plan 14
need vf iperf3 mtu=9000
setup

mtu() { ip link set dev "$NIC" mtu "$1" && [ "$(attr mtu)" = "$1" ]; }

# Without this the test would show nothing.
vf_refuses()
{
	! ip link set dev "$VF" mtu "$LARGE" 2> /dev/null
}

# dmesg is asked only for what came after $1 lines.
said() { dmesg | tail -n +$(($1 + 1)) | grep -q "$VF keeps an MTU.*not used"; }

only_synthetic()
{
	wait_for 30 "synthetic path" host_path synthetic &&
		wait_for 30 "an answer" fits "$LARGE" && ping_start &&
		traffic_only_on synthetic && ping_lossless
}

only_vf()
{
	wait_for 30 "data path on the VF" host_path vf && ping_start &&
		traffic_only_on vf && ping_lossless
}

# ours TEXT COMMAND...: a check that stock does not come to
ours()
{
	[ "$DRIVER" = stock ] || {
		check "$@"
		return
	}
	ktap_test_skip "$1: stock goes by the VF, or loses what the VF refuses"
}

bound_and_left()
{
	control vf 0 add && wait_for 90 "VF enslaved to $NIC" vf_is_slave
}

vf_plug || msg "no VF"
check "the VF refuses it" vf_refuses
iperf_start || bail "no TCP connection"
lines=$(dmesg | wc -l)
check "the NIC takes it" mtu "$LARGE"
ours "the log says that the VF is not used" wait_for 10 "a line" said "$lines"
ours "large packets pass, and all traffic is on the synthetic path" \
	only_synthetic
check "the TCP connection moves data" iperf_more
check "an MTU for the VF" mtu 1500
check "all traffic takes the VF again" only_vf
check "the TCP connection survives and moves data" iperf_more
iperf_stop

vf_eject
check "without a VF, the NIC takes it" mtu "$LARGE"
lines=$(dmesg | wc -l)
check "a VF that comes later is bound" bound_and_left
ours "the log says that it is not used" wait_for 10 "a line" said "$lines"
ours "large packets pass, and no traffic takes it" only_synthetic
check "again one for the VF" mtu 1500
check "then it is used" only_vf
finish
