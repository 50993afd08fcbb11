#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The VF is reset under its driver: by its host, and by an administrator through
# sysfs.  Its link stays, and it neither sends nor receives until it is opened
# anew.  Traffic falls back to the synthetic path, a TCP connection survives, and
# all traffic takes the VF again.  A driver that has given its VF up, because it did
# not answer for a moment, gets it back when it is bound anew.

. "$(dirname "$0")/lib.sh"

plan 13
need vf iperf3
setup
[ "$DRIVER" != stock ] || skip_all "stock does not notice that a VF was reset"

fallen_back()
{
	wait_for 30 "synthetic path" host_path synthetic &&
		traffic_only_on synthetic
}

# Frames both ways on the VF: that it is selected says nothing of whether it works.
on_vf_again()
{
	wait_for 120 "data path on the VF" host_path vf && traffic_only_on vf
}

# dmesg is asked only for what came after $1 lines.
given_up_since()
{
	dmesg | tail -n +$(($1 + 1)) | grep -q "ixgbevf $VF_PCI: Adapter removed"
}

host_resets() { control vf 0 reset && fallen_back; }

sysfs_resets()
{
	SEEN=$(dmesg | wc -l)
	echo 1 > "/sys/bus/pci/devices/$VF_PCI/reset" && fallen_back
}

# ixgbevf is not told of such a reset.  If it looks at the device in those 100 ms in
# which that does not answer, it takes it for gone and never looks again.
back_after_sysfs()
{
	if given_up_since "$SEEN"; then
		msg "ixgbevf has given it up"
		vf_unbind && vf_bind || return 1
	fi
	on_vf_again
}

# What a read of its registers then says is what it says of a device that is gone.
registers_off()
{
	local config=/sys/bus/pci/devices/$VF_PCI/config

	SEEN=$(dmesg | wc -l)
	printf '\0' | dd of="$config" bs=1 seek=4 conv=notrunc 2> /dev/null &&
		wait_for 30 "end of ixgbevf's patience" given_up_since "$SEEN"
}

another_vf()
{
	if find_vf; then
		vf_eject
	fi
	vf_plug || bail "no VF"
	vf_pci
}

another_vf
iperf_start || bail "no TCP connection"
ping_start || bail "no ping"

check "its host resets the VF: traffic takes the synthetic path" host_resets
check "the TCP connection moves data" iperf_more
check "all traffic takes the VF again" on_vf_again
check "the TCP connection moves data there" iperf_more
ping_stop

# One that has hung before is left alone for longer.
another_vf
ping_start || bail "no ping"
check "a reset through sysfs: traffic takes the synthetic path" sysfs_resets
check "the TCP connection moves data once more" iperf_more
check "all traffic takes the VF once more" back_after_sysfs
check "the TCP connection survives that" iperf_more
ping_stop

ping_start || bail "no ping"
check "its driver gives the VF up" registers_off
check "traffic takes the synthetic path" fallen_back
check "bound anew, it takes the VF" eval 'vf_unbind && vf_bind && on_vf_again'
check "the TCP connection survives that too" iperf_more
iperf_stop
ping_stop
check "the VF can be ejected" \
	eval 'vf_eject && wait_for 30 "answer" answers "$HOST4"'
finish
