#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What nobody asks netvsc about: the VF's driver is taken off it under traffic,
# and the VF hangs.  Traffic falls back to the synthetic path, a TCP connection
# survives, and the VF is used again when it works.

. "$(dirname "$0")/lib.sh"

plan 13
need vf iperf3
setup
trap 'control vf 0 hang off > /dev/null; cleanup' EXIT

bound() { vf_bind && wait_for 30 "data path on the VF" host_path vf; }

vf_plug || msg "no VF"
vf_pci
iperf_start || bail "no TCP connection"
ping_start || bail "no ping"
check "all traffic takes the VF" traffic_only_on vf
check "the VF's driver is taken off" vf_unbind
check "all traffic is back on the synthetic path" fallen_back
check "nothing was lost" ping_lossless
check "the driver comes back, and the VF is used" bound
check "the TCP connection survives and moves data" iperf_more
iperf_stop

[ "$DRIVER" != stock ] || {
	for text in "is not used any more" "connection" "loss" "again" \
			"traffic on it" "eject" "next"; do
		ktap_test_skip "a VF that hangs: $text: stock does not notice"
	done
	finish
}

iperf_start || bail "no TCP connection"
ping_start || bail "no ping"

vf_hangs()
{
	HANGS=$SECONDS
	control vf 0 hang on && fallen_back
}

check_meanwhile "a VF that hangs is not used any more" vf_hangs
# How many are lost depends on when it is looked, and is no promise.
ping_stop
ping_start || bail "no ping"
check_meanwhile "nothing is lost once it is left" eval 'ping_more 10 && ping_lossless'
[ -z "$PING_PID" ] || ping_stop
# One that has still hung then is tried again much later.
control vf 0 hang off || msg "it goes on hanging"
check "the TCP connection survives and moves data" iperf_more
iperf_stop
check "a VF that works again is used again" \
	wait_for 120 "VF path" host_path vf
ping_start || bail "no ping"
check "all traffic takes it" traffic_only_on vf
ping_stop
check "a VF that hangs can be ejected" \
	eval 'control vf 0 hang on && vf_eject &&
		wait_for 30 "answer" answers "$HOST4"'
check "the next VF is used" vf_plug
finish
