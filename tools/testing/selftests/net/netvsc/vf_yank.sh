#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The VF vanishes without notice while traffic runs: a TCP connection survives,
# traffic returns to the synthetic path, and the next VF works.

. "$(dirname "$0")/lib.sh"

plan 7
need vf iperf3
setup

yank() { control vf 0 yank && wait_for 60 "end of the VF" vf_gone; }

vf_plug || msg "no VF"
ping_start || bail "no ping"
iperf_start || bail "no TCP connection"
check "all traffic takes the VF" traffic_only_on vf
check "the VF goes without notice" yank
check "data path on the synthetic path" \
	wait_for 30 "synthetic path" host_path synthetic
check "all traffic is back on the synthetic path" traffic_only_on synthetic
check "the TCP connection survives and moves data" iperf_more
iperf_stop
# How many are lost depends on how soon the host tells, and is no promise.
ping_stop
check "the next VF is used" vf_plug
ping_start || bail "no ping"
check "all traffic takes the next VF" traffic_only_on vf
finish
