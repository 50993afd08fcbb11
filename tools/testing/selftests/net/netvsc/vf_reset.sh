#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The VF is reset under its driver: by its host, and by an administrator through
# sysfs.  Its link stays, and it neither sends nor receives until it is opened
# anew.  Traffic falls back to the synthetic path, a TCP connection survives, and
# all traffic takes the VF again.  A driver that has given its VF up, because it did
# not answer for a moment, gets it back when it is bound anew.
#
# A VF that was reset is tried again after half a minute, and later the next time.  So
# two NICs have one each, and both wait at the same time.

. "$(dirname "$0")/lib.sh"

plan 14
need vf iperf3
setup
[ "$DRIVER" != stock ] || skip_all "stock does not notice that a VF was reset"
# The host counts its NICs from 0.
OTHER_NR=$(wc -w <<< "${MACS:-first}")
OTHER_MAC=00:15:5d:77:00:99
OTHER4=${HOST4%.*}.21
trap 'second_gone; cleanup' EXIT

# What the library knows of a NIC, and what it is for the one that is not its turn
TURNS=(NIC NIC_NR VF VF_PCI PING_FROM PING_PID PING_LOG IPERF_PID IPERF_LOG SEEN)
declare -A OTHER=()

swap()
{
	local name was

	for name in "${TURNS[@]}"; do
		was=${!name-}
		printf -v "$name" %s "${OTHER[$name]-}"
		OTHER[$name]=$was
	done
}

# of_second COMMAND...: with the second NIC, its VF and its traffic
of_second()
{
	local status

	swap
	"$@"
	status=$?
	swap
	return "$status"
}

second_nic()
{
	local status=0

	FOUND=
	nic_add "$OTHER_NR" "$OTHER_MAC" "$OTHER4" || status=1
	# One that does not answer has to go, too.
	[ -z "$FOUND" ] ||
		OTHER=([NIC]=$FOUND [NIC_NR]=$OTHER_NR [PING_FROM]=$FOUND)
	return "$status"
}

second_gone()
{
	local pid

	[ -n "${OTHER[NIC]-}" ] || return 0
	NIC_NR=0
	for pid in ${OTHER[PING_PID]-} ${OTHER[IPERF_PID]-}; do
		kill "$pid" 2> /dev/null
	done
	control nic "$OTHER_NR" remove > /dev/null
	wait_for 60 "end of the second NIC" eval '! nic_of_mac "$OTHER_MAC"'
	sysctl -q -w net.ipv4.conf.all.arp_ignore=0
	OTHER=()
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

host_resets()
{
	HANGS=$SECONDS
	control vf 0 reset && fallen_back
}

sysfs_resets()
{
	SEEN=$(dmesg | wc -l) HANGS=$SECONDS
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

# with_traffic [ARGUMENT...]: a VF, and both kinds of traffic on it
with_traffic()
{
	vf_plug || bail "no VF"
	vf_pci
	IPERF_OPTIONS=("$@")
	iperf_start || bail "no TCP connection"
	ping_start || bail "no ping"
}

check "a second NIC" second_nic
with_traffic -p 5202
of_second with_traffic -p 5201 -B "$OTHER4%${OTHER[NIC]}"

check_meanwhile "its host resets the VF: traffic takes the synthetic path" host_resets
check "the TCP connection moves data" iperf_more
check_meanwhile "a reset through sysfs: traffic takes the synthetic path" \
	of_second sysfs_resets
check "the TCP connection moves data once more" of_second iperf_more
check "all traffic takes the VF again" on_vf_again
check "the TCP connection moves data there" iperf_more
check "all traffic takes the VF once more" of_second back_after_sysfs
check "the TCP connection survives that" of_second iperf_more
of_second iperf_stop
of_second ping_stop
second_gone
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
