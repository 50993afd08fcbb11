#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host asks for the VF back (orderly eject) while traffic runs: traffic
# returns to the synthetic path before the VF goes, and nothing is lost.  Then
# once more, because what is left over from one VF shows with the next.

. "$(dirname "$0")/lib.sh"

plan 8
need vf iperf3
setup

for round in first second; do
	vf_plug || msg "no VF"
	ping_start || bail "no ping"
	check "$round VF: all traffic takes it" traffic_only_on vf
	check "$round VF: goes when the host asks for it" vf_eject
	check "$round VF: all traffic is back on the synthetic path" \
		traffic_only_on synthetic
	check "$round VF: nothing was lost on eject" ping_lossless
done
finish
