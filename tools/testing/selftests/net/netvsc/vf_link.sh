#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The VF's link fails while traffic runs: the VF stays where it is, traffic
# falls back to the synthetic path, and returns with the link.

. "$(dirname "$0")/lib.sh"

plan 8
need vf
setup

vf_plug || msg "no VF"
ping_start || bail "no ping"
changes=$(attr carrier_changes)
check "all traffic takes the VF" traffic_only_on vf
check "the VF's link goes off" control vf 0 link off
check "data path falls back" wait_for 30 "synthetic path" host_path synthetic
check "all traffic is on the synthetic path" traffic_only_on synthetic
check "the VF is still enslaved" vf_is_slave
check "link on brings the data path back" \
	eval 'control vf 0 link on && wait_for 30 "VF path" host_path vf'
check "all traffic takes the VF again" traffic_only_on vf
ping_stop
check "the NIC kept its carrier" [ "$(attr carrier_changes)" = "$changes" ]
finish
