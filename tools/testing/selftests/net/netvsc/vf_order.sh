#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Orders in which a VF, its NIC and the driver can come and go.  In each of them
# the VF ends where it belongs: with several NICs, always at its own.

. "$(dirname "$0")/lib.sh"

MAC1=00:15:5d:77:00:02
NIC1_4=192.168.77.21

plan 20
need vf modprobe
setup
trap 'control nic 1 remove > /dev/null; sysctl -q -w net.ipv4.conf.all.arp_ignore=0; cleanup' EXIT
mac=$(attr address)

nic1_path() { NIC_NR=1 host_path "$1"; }

nic1_frames()
{
	control stats nic=1 path="$1" tx_frames && echo "${ANSWER[0]##*=}"
}

in_use()
{
	wait_for 90 "VF enslaved" vf_is_slave &&
		wait_for 30 "data path on the VF" host_path vf
}

# --- one NIC ---

up_before_driver()
{
	modprobe -r hv_netvsc && control vf 0 add-early &&
		wait_for 60 "VF" find_free_vf "$mac" &&
		ip link set dev "$VF" up &&
		wait_for 30 "link-local address" vf_link_local && load_driver &&
		ip link set dev "$NIC" up && in_use
}

vf_link_local() { [[ $(ip -6 addr show dev "$VF") = *inet6* ]]; }

no_address() { find_vf && [ -z "$(ip -o addr show dev "$VF")" ]; }

plug_and_down()
{
	local i

	control vf 0 add || return 1
	for ((i = 0; i < 10; i++)); do
		ip link set dev "$NIC" down && ip link set dev "$NIC" up ||
			return 1
	done
	in_use
}

eject_while_down()
{
	ip link set dev "$NIC" down && vf_eject && ip link set dev "$NIC" up &&
		wait_for 30 "carrier" nic_carrier 1 &&
		wait_for 30 "answer" answers "$HOST4"
}

# The VF is there before its NIC has been told of it.
offered_early() { control vf 0 add-early && in_use; }

second_thoughts()
{
	control vf 0 add && control vf 0 eject &&
		wait_for 60 "end of the VF" vf_gone
}

check "VF up before the driver is loaded: enslaved and used" up_before_driver
check "it has lost the link-local address it had" no_address
check "DHCP works" dhcp
vf_eject
check "plugged while the NIC goes down and up: enslaved and used" plug_and_down
check "ejected while the NIC is down: the NIC works" eject_while_down
check "ejected before it was found: nothing is left" second_thoughts
check "offered before the NIC is told: enslaved and used" offered_early
vf_eject

# --- two NICs ---

# Its name may be another one by now.
first=$NIC

second_nic()
{
	nic_add 1 "$MAC1" "$NIC1_4" && second=$FOUND
}

# The VF plugged for one must not end at the other one.
second_vf()
{
	control vf 1 add && NIC=$second wait_for 90 "VF enslaved to $second" \
		vf_is_slave && wait_for 30 "data path of $second" nic1_path vf
}

not_crossed()
{
	local NIC address

	for NIC in "$first" "$second"; do
		address=$(attr address)
		find_vf && [ "$(cat "/sys/class/net/$VF/address")" = "$address" ] ||
			return 1
	done
}

both_in_use()
{
	in_use && NIC=$second wait_for 90 "VF enslaved to $second" vf_is_slave &&
		wait_for 30 "data path of $second" nic1_path vf && not_crossed
}

second_traffic()
{
	local before

	before=$(nic1_frames vf)
	echoes 20 -I "$second" "$HOST4" && (($(nic1_frames vf) - before >= 20))
}

reload_both()
{
	modprobe -r hv_netvsc && modprobe hv_netvsc &&
		wait_for 60 "second NIC" nic_of_mac "$MAC1" || return 1
	second=$FOUND
	wait_for 60 "first NIC" nic_of_mac "$mac" || return 1
	first=$FOUND NIC=$FOUND
	ip link set dev "$first" up && ip link set dev "$second" up &&
		both_in_use
}

# Its VF stays behind, a device like any other.
remove_second()
{
	local NIC=$second

	control nic 1 remove &&
		wait_for 60 "end of $second" eval '! nic_of_mac "$MAC1"'
}

# With all that it had of the kernel
second_is_gone()
{
	[ ! -e "$SECOND_DEVICE" ] && ! nic_of_mac "$MAC1"
}

rescind_second()
{
	local NIC=$second

	SECOND_DEVICE=$(readlink -f "/sys/class/net/$second/device")
	control nic 1 rescind && wait_for 60 "end of $second" second_is_gone
}

second_vf_is_free()
{
	local text

	find_free_vf "$MAC1" || return 1
	text=$(ip link show dev "$VF")
	[[ $text != *SLAVE* && $text != *[\<,]UP[,\>]* ]]
}

second_removed()
{
	control nic 1 remove && wait_for 60 "end of its VF" no_second_vf
}

no_second_vf()
{
	! find_free_vf "$MAC1" && control stats nic=1 path=vf state &&
		((${#ANSWER[@]} == 0))
}

check "a second NIC at run time" second_nic
check "its VF is enslaved to it, and used" second_vf
check "the first NIC has none" eval '! find_vf && host_path synthetic'
check "the VF of the first NIC is enslaved to that" vf_plug
check "each NIC has its own" not_crossed
check "the second one's traffic takes its own VF" second_traffic
check "the driver is loaded anew: each NIC has its own" reload_both
dhcp
ping_start || bail "no ping"
check "the second NIC goes with its VF" remove_second
check "the first one did not notice" eval 'traffic_only_on vf && ping_lossless'

second_nic && second_vf || msg "no second NIC with a VF"
ping_start || bail "no ping"
check "the host takes a NIC back, and leaves its VF" rescind_second
check "the VF is down and free" second_vf_is_free
check "the NIC and a VF come anew, and are used" \
	eval 'second_removed && second_nic && second_vf'
check "the first one did not notice that either" \
	eval 'traffic_only_on vf && ping_lossless'
finish
