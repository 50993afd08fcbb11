#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is set on the NIC holds for its VF: MTU, promiscuous mode, all multicast,
# multicast groups, GRO and its ways, with a VF there and with one that comes later;
# and it is taken back from it.  A VF that cannot have the NIC's MAC address is
# not used, but belongs to the NIC by the address that both came with.

. "$(dirname "$0")/lib.sh"

GROUP=01:00:5e:01:02:03
MAC2=00:15:5d:77:00:99

plan 29
need vf ethtool
setup
mac=$(attr address)
trap 'back_here; unset_all 2> /dev/null; ways off; cleanup' EXIT

# flag DEVICE MODE: it is in that mode
flag() { [[ $(mode_count "$1" "$2") = [1-9]* ]]; }

vf_has_group()
{
	ip maddr show dev "$VF" | grep -q "link *$GROUP"
}

vf_mtu() { [ "$(cat "/sys/class/net/$VF/mtu")" = "$1" ]; }

# It has that one, too, and need not be promiscuous.
vf_has_both() { find_vf && vf_has_second_address && ! flag "$VF" promiscuity; }
vf_has_one() { find_vf && ! vf_has_second_address; }

set_all()
{
	ip link set dev "$NIC" mtu 1400 && ip link set dev "$NIC" promisc on &&
		ip link set dev "$NIC" allmulticast on &&
		ip maddr add "$GROUP" dev "$NIC"
}

unset_all()
{
	ip link set dev "$NIC" mtu 1500
	ip link set dev "$NIC" promisc off
	ip link set dev "$NIC" allmulticast off
	ip maddr del "$GROUP" dev "$NIC"
	[ "$(attr address)" = "$mac" ] || ip link set dev "$NIC" address "$mac"
	[ ! -e /sys/class/net/mv0 ] || ip link del dev mv0
}

vf_follows()
{
	find_vf && vf_mtu 1400 && flag "$VF" promiscuity &&
		flag "$VF" allmulti && vf_has_group && return
	ip -d link show dev "$VF" | head -n 2 | while read -r line; do
		msg "$line"
	done
	vf_has_group || msg "not in the group"
	return 1
}

vf_is_plain()
{
	find_vf && vf_mtu 1500 && ! flag "$VF" promiscuity &&
		! flag "$VF" allmulti && ! vf_has_group
}

# vf_feature NAME STATE [COMMAND...]: as the kernel names it, and what runs ethtool
vf_feature() { "${@:3}" ethtool -k "$VF" | grep -q "^$1: $2\$"; }
vf_gro() { vf_feature generic-receive-offload "$1"; }

# Which GRO goes, and only when somebody wants it.  It looks at the device that has
# received the packet, which is the VF.
ways()
{
	ethtool -K "$NIC" rx-gro-list "$1" rx-udp-gro-forwarding "$1" > /dev/null
}

vf_ways()
{
	vf_feature rx-gro-list "$@" && vf_feature rx-udp-gro-forwarding "$@"
}

# In another namespace it is nobody's, and has what its driver gave it.
let_go()
{
	ip netns add away && ip link set dev "$VF" netns away &&
		vf_ways off ip netns exec away
}

back_here()
{
	ip -n away link set dev "$VF" netns 1 2> /dev/null
	ip netns del away 2> /dev/null
}

speed_of() { ethtool "$1" | sed -n 's/.*Speed: //p'; }

same_speed()
{
	msg "$NIC: $(speed_of "$NIC"), VF: $(speed_of "$VF")"
	[ "$(speed_of "$NIC")" = "$(speed_of "$VF")" ]
}

# Bytes of the largest packet that a device can segment
tso_max()
{
	local text

	text=$(ip -d link show dev "$1")
	[[ $text =~ tso_max_size\ ([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

same_tso_max()
{
	msg "TSO up to: $NIC $(tso_max "$NIC"), VF $(tso_max "$VF"); without VF $TSO_MAX"
	[ "$(tso_max "$NIC")" = "$(tso_max "$VF")" ] &&
		(($(tso_max "$VF") > TSO_MAX))
}

in_use() { wait_for 30 "data path on the VF" host_path vf; }

# A VF may refuse an address, and a driver then too.  None is used that does not
# have the NIC's.
used_if_same_mac()
{
	local path=synthetic status=0

	[ "$(cat "/sys/class/net/$VF/address")" != "$(attr address)" ] ||
		path=vf
	msg "$NIC has $(attr address), the VF is to carry traffic: $path"
	wait_for 30 "answer" answers "$HOST4" && ping_start || return 1
	wait_for 30 "$path path" host_path "$path" &&
		traffic_only_on "$path" || status=1
	ping_stop && return "$status"
}

new_mac()
{
	ip link set dev "$NIC" address "$1" 2> /dev/null
	[ "$DRIVER" = stock ] || [ "$(attr address)" = "$1" ] || return 1
	used_if_same_mac
}

# Only the address that the NIC came with says whose it is.
comes_anew() { vf_pci && vf_unbind && vf_bind && used_if_same_mac; }

TSO_MAX=$(tso_max "$NIC")
vf_plug || msg "no VF"
check "a VF has nothing that the NIC has not" vf_is_plain
check "MTU, modes and a group are set with a VF" set_all
check "the VF has them at once" wait_for 10 "VF like the NIC" vf_follows
check "they are taken back" eval 'unset_all; wait_for 10 "plain VF" vf_is_plain'
check "it gets a second unicast address of the NIC's" \
	eval 'second_address && wait_for 10 "VF with both" vf_has_both'
check "that is taken back" \
	eval 'ip link del dev mv0 && wait_for 10 "VF with one" vf_has_one'
check "the VF is in use" in_use
check "the NIC's speed is the VF's" same_speed
check "the NIC takes packets for TSO as large as the VF's" \
	wait_for 10 "the VF's limit" same_tso_max
check "GRO off on the NIC" ethtool -K "$NIC" gro off
check "is off on the VF at once" vf_gro off
check "the ways of GRO on the NIC are those of the VF" eval 'ways on && vf_ways on'
check "what the VF cannot switch is as it was" \
	vf_feature receive-hashing "off \[fixed\]"

vf_eject
check "no larger ones without a VF" eval '[ "$(tso_max "$NIC")" = "$TSO_MAX" ]'
check "MTU, modes and a group are set without a VF" set_all
check "a VF that comes later is used" vf_plug
check "it has them all" wait_for 10 "VF like the NIC" vf_follows
check "GRO too" vf_gro off
check "GRO on on the NIC" ethtool -K "$NIC" gro on
check "is on on the VF" vf_gro on
check "the ways of GRO as well" vf_ways on
check "a VF that is let go has its own again" let_go
check "it is taken again, with those of the NIC" \
	eval 'back_here; in_use && find_vf && vf_ways on && ways off && vf_ways off'
ping_start || bail "no ping"
check "all traffic takes it" traffic_only_on vf
ping_stop
check "they are taken back from it" \
	eval 'unset_all; wait_for 10 "plain VF" vf_is_plain'

check "a VF without the NIC's new MAC address is not used" new_mac "$MAC2"
check "its driver is bound anew: it is the NIC's all the same" comes_anew
check "one that has it is" \
	eval 'ip link set dev "$NIC" address "$mac" && in_use'
ping_start || bail "no ping"
check "all traffic takes it again" traffic_only_on vf
ping_stop
finish
