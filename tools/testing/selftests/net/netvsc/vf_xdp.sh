#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An XDP program on the NIC runs on whichever path the traffic takes: attached
# with a VF in use, before the VF comes, and after it has gone.  What it lets
# pass is not lost while it comes, goes and changes paths.

. "$(dirname "$0")/lib.sh"
. "$HERE/xdp_lib.sh"

COUNT=10

plan 16
need vf ethtool
[ -e "$PROGS" ] || skip_all "xdp.bpf.o is not there"
setup
trap 'detach; cleanup' EXIT
allow_programs

# answered N PATH: N pings are answered, and the host sees all of them go on
# PATH
answered()
{
	local got before wait=2

	wait_for 30 "$2 path" host_path "$2" &&
		before=$(host_counter "$2" rx_frames) || return 1
	(($1 == 0)) || wait=$((10 * PATIENCE))
	got=$(ping -n -q -c $COUNT -l $COUNT -S 212992 -W $wait "$HOST4" 2>&1 |
		awk '/received/ { print $4 }')
	stats_read rx_frames
	((got == $1 && $(counter "$2" rx_frames) - before >= COUNT)) && return
	msg "$got answers, not $1; $2: $(($(counter "$2" rx_frames) - before)) frames"
	return 1
}

vf_plug || msg "no VF"
check "without a program the VF is used" answered $COUNT vf
check "a program is attached with a VF in use" attach xdp_drop
check "what comes over the VF is dropped" answered 0 vf
vf_eject
check "after the VF what comes over VMBus is" answered 0 synthetic
check "a VF that comes later is used" vf_plug
check "and what comes over it is dropped" answered 0 vf
check "without the program nothing is" eval 'detach && answered $COUNT vf'

ping_start || bail "no ping"
check "a program that passes all is attached to the VF" \
	eval 'attach xdp_pass && wait_for 30 "VF path" host_path vf'
check "all traffic takes the VF" traffic_only_on vf
check "the VF goes" vf_eject
check "the next one comes" vf_plug
check "all traffic takes it" traffic_only_on vf
check "the program goes" eval 'detach && wait_for 30 "VF path" host_path vf'
check "nothing was lost" ping_lossless

# The VF's driver takes no other MTU while it has a program.
mtu_with_program()
{
	ip link set dev "$NIC" mtu 1400 && wait_for 30 "VF path" host_path vf &&
		attach xdp_pass && ip link set dev "$NIC" mtu 1500 &&
		wait_for 30 "answer" answers "$HOST4" && host_path synthetic
}

check "a VF that does not take the MTU with a program is not used" mtu_with_program
check "it is when the program goes" \
	eval 'detach && wait_for 30 "VF path" host_path vf'
finish
