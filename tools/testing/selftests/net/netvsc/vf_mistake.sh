#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What people do to a VF by hand, and better left alone: an address on it, down
# and up, another name, another MTU, another master, another network namespace.
# The NIC's traffic goes on, on the synthetic path where the VF cannot carry it,
# and what was done can be undone.

. "$(dirname "$0")/lib.sh"

plan 19
need vf
setup
trap 'ip link del br0 2> /dev/null; ip netns del netvsc 2> /dev/null; cleanup' \
	EXIT
log_start

refused() { ! "$@" 2> /dev/null; }

path_is() { wait_for 30 "$1 path" host_path "$1" && traffic_only_on "$1"; }

renamed()
{
	ip link set dev "$VF" name byhand && find_vf && [ "$VF" = byhand ]
}

# A driver may fetch it back at once.
moved()
{
	ip netns add netvsc && ip link set dev "$VF" netns netvsc &&
		wait_for 30 "answer" answers "$HOST4"
}

moved_back()
{
	ip -n netvsc link set dev "$VF" netns $$ 2> /dev/null ||
		[ -e "/sys/class/net/$VF" ] || return 1
	ip netns del netvsc
	wait_for 30 "VF enslaved" vf_is_slave
}

vf_plug || msg "no VF"
ping_start || bail "no ping"
check "all traffic takes the VF" traffic_only_on vf

check "an address on the VF" ip addr add 192.168.77.99/24 dev "$VF"
check "does not touch the NIC's traffic" traffic_only_on vf
check "and goes again" ip addr del 192.168.77.99/24 dev "$VF"

check "VF down: traffic goes over to the synthetic path" \
	eval 'ip link set dev "$VF" down && path_is synthetic'
check "VF up: traffic comes back" \
	eval 'ip link set dev "$VF" up && path_is vf'

check "the VF's name can be changed while it is in use" renamed
check "traffic stays on it" traffic_only_on vf
check "nothing was lost up to here" ping_lossless

ping_start || bail "no ping"
# Stock goes on to use a VF that restarts for its MTU; one guest of several
# then span for ever.
if [ "$DRIVER" = stock ]; then
	ktap_test_skip "a VF with a smaller MTU is not used"
	ktap_test_skip "it is, once its MTU is large enough"
else
	check "a VF with a smaller MTU is not used" \
		eval 'ip link set dev "$VF" mtu 1400 && path_is synthetic'
	check "it is, once its MTU is large enough" \
		eval 'ip link set dev "$VF" mtu 1500 && path_is vf'
fi

ip link add br0 type bridge
check "another master cannot have it" refused ip link set dev "$VF" master br0
check "and it cannot be set free" refused ip link set dev "$VF" nomaster
check "it is where it was" eval 'vf_is_slave && traffic_only_on vf'

check "VF in another network namespace: the NIC works" moved
check "VF back: it is enslaved again" moved_back
check "all traffic takes it" path_is vf
ping_stop

ip addr add 192.168.77.99/24 dev "$VF"
check "a VF with an address goes when the host asks for it" vf_eject
check "the kernel had nothing to complain of" no_complaint
finish
