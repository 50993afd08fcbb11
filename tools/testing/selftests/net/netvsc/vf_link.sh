#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The VF's link fails while traffic runs: the VF stays where it is, traffic
# falls back to the synthetic path, and returns with the link.  Where the host
# says so first and carries on until the guest has left, nothing is lost.

. "$(dirname "$0")/lib.sh"

plan 11
need vf
setup

falls_back() { wait_for 30 "synthetic path" host_path synthetic; }

link_on() { control vf 0 link on && wait_for 30 "VF path" host_path vf; }

# Longer than anything here takes: whoever leaves in time loses nothing.
notice() { control vf 0 link off notice 120 && falls_back && ping_more 20; }

with_notice()
{
	local why="it stays on the VF, see above"

	if [ "$DRIVER" = stock ]; then
		ktap_test_skip "with notice, the data path falls back ($why)"
		ktap_test_skip "and returns with the link ($why)"
		ktap_test_skip "nothing was lost with notice ($why)"
		return
	fi
	ping_start || bail "no ping"
	check "with notice, the data path falls back" notice
	check "and returns with the link" link_on
	check "nothing was lost with notice" ping_lossless
}

vf_plug || msg "no VF"
ping_start || bail "no ping"
changes=$(attr carrier_changes)
check "all traffic takes the VF" traffic_only_on vf
check "the VF's link goes off" control vf 0 link off
check "data path falls back" falls_back
check "all traffic is on the synthetic path" traffic_only_on synthetic
check "the VF is still enslaved" vf_is_slave
check "link on brings the data path back" link_on
check "all traffic takes the VF again" traffic_only_on vf
ping_stop
with_notice
check "the NIC kept its carrier" [ "$(attr carrier_changes)" = "$changes" ]
finish
