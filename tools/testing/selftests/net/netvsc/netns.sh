#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The NIC moves to another network namespace and back, alone and with a VF, which
# comes along; a VF that is plugged meanwhile comes after it.  And it takes
# another name while it is up.

. "$(dirname "$0")/lib.sh"

NS=blue

plan 15
need vf
setup
mac=$(attr address)
ip4=$(ip -4 -o addr show dev "$NIC" scope global | awk '{ print $4 }')
trap 'ns_gone; cleanup' EXIT
ip netns add $NS || skip_all "no network namespaces"

ns() { ip netns exec $NS "$@"; }
ns_gone() { ip netns del $NS 2> /dev/null; }

# The device that hv_netvsc drives, by its address: its name may change on the
# way.  Sets NIC.
find_nic_here()
{
	find_nic && [ "$(attr address)" = "$mac" ]
}

there()
{
	ip link set dev "$NIC" netns $NS && ns ip link set dev "$NIC" up &&
		ns ip addr add "$ip4" dev "$NIC"
}

back()
{
	ns ip link set dev "$NIC" netns 1 && find_nic_here && dhcp
}

# The VF is in the namespace, the NIC's slave; sets VF.
vf_there()
{
	local text

	text=$(ns ip -d -o link show master "$NIC" 2> /dev/null)
	[[ $text = *SLAVE* ]] || return 1
	VF=$(awk -F '[:@ ]+' '{ print $2 }' <<< "$text")
}

vf_not_here()
{
	local dev

	for dev in /sys/class/net/*; do
		[[ $(readlink "$dev/device/subsystem") != */pci ]] || return 1
	done
}

answers_there() { ns ping -n -q -c 1 -W 2 "$HOST4" > /dev/null; }

# 30 echoes, all answered, and on this path alone
echoes_on()
{
	local other=synthetic rx tx rx2 tx2

	[ "$1" = vf ] || other=vf
	wait_for 30 "answer" answers_there || return 1
	wait_for 30 "$1 path" host_path "$1" &&
		stats_read rx_frames tx_frames || return 1
	rx=$(counter "$1" rx_frames) tx=$(counter "$1" tx_frames)
	rx2=$(counter $other rx_frames) tx2=$(counter $other tx_frames)
	ns ping -n -q -c 30 -l 30 -S 212992 -W 10 "$HOST4" \
		> "$TMP/echoes" || return 1
	stats_read rx_frames tx_frames || return 1
	rx=$(($(counter "$1" rx_frames) - rx)) tx=$(($(counter "$1" tx_frames) - tx))
	rx2=$(($(counter $other rx_frames) - rx2))
	tx2=$(($(counter $other tx_frames) - tx2))
	grep -q " 30 received" "$TMP/echoes" &&
		((rx >= 30 && tx >= 30 && rx2 == 0 && tx2 == 0)) && return
	msg "$1: rx $rx tx $tx frames; $other: rx $rx2 tx $tx2;" \
		"$(grep received "$TMP/echoes")"
	return 1
}

vf_follows_there() { wait_for 60 "VF in the namespace" vf_there && vf_not_here; }
vf_follows_back() { wait_for 60 "VF" vf_is_slave && wait_for 30 "VF path" host_path vf; }

renamed()
{
	ip link set dev "$NIC" name "$1" && NIC=$1 && ping_more 10
}

renamed_twice()
{
	renamed lan0 && renamed "$1" && traffic_only_on vf
}

check "it moves to another namespace" there
check "all traffic from there is on the synthetic path" echoes_on synthetic
check "a VF that is plugged meanwhile comes after it" \
	eval 'control vf 0 add && vf_follows_there'
check "all traffic from there takes the VF" echoes_on vf
check "it moves back" back
check "its VF comes along" vf_follows_back
ping_start || bail "no ping"
check "all traffic takes the VF" traffic_only_on vf
ping_stop
check "it moves with its VF" eval 'there && vf_follows_there'
check "all traffic takes the VF in there" echoes_on vf
check "the VF goes" \
	eval 'control vf 0 eject && wait_for 60 "end of the VF" eval "! host_has_vf"'
check "all traffic is on the synthetic path" echoes_on synthetic
control vf 0 add && vf_follows_there
ns_gone
check "the namespace ends: the NIC is here again" \
	eval 'wait_for 60 "the NIC" find_nic_here && dhcp'
check "its VF too, and is used" vf_follows_back

ping_start || bail "no ping"
check "another name and back, with traffic and a VF" renamed_twice "$NIC"
check "nothing was lost" ping_lossless
finish
