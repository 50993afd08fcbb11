#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Rules that tc puts on the NIC judge each of its packets, whichever path it
# takes.

. "$(dirname "$0")/lib.sh"

plan 5
need vf tc
modprobe -q -a sch_ingress cls_flower act_gact ||
	skip_all "no modules sch_ingress, cls_flower, act_gact"
setup
trap 'tc qdisc del dev "$NIC" clsact 2> /dev/null; cleanup' EXIT

# One type of service is dropped on the way out, another one on the way in.
add_rules()
{
	tc qdisc add dev "$NIC" clsact &&
		tc filter add dev "$NIC" egress protocol ip flower \
			ip_proto icmp ip_tos 0x10/0xff action drop &&
		tc filter add dev "$NIC" ingress protocol ip flower \
			ip_proto icmp ip_tos 0x20/0xff action drop
}

# dropped DIRECTION: how many packets the rule for it has dropped
dropped()
{
	tc -s filter show dev "$NIC" "$1" | sed -n 's/.*(dropped \([0-9]*\),.*/\1/p'
}

# The host answers with the request's type of service.  What is dropped on the
# way out is an error for ping, which then tries again.
rules_work()
{
	local out in

	out=$(dropped egress) in=$(dropped ingress)
	! ping -n -q -c 3 -i 0.2 -W 1 -Q 0x10 "$HOST4" > /dev/null 2>&1 &&
		! ping -n -q -c 3 -i 0.2 -W 1 -Q 0x20 "$HOST4" > /dev/null 2>&1 &&
		answers "$HOST4" || return 1
	out=$(($(dropped egress) - out)) in=$(($(dropped ingress) - in))
	((out >= 3 && in == 3)) && return
	msg "dropped going out: $out, coming in: $in of 3"
	return 1
}

check "tc takes rules for $NIC" add_rules
check "they work on the synthetic path" rules_work
check "a VF is used" vf_plug
check "they work on the VF" rules_work
check "they work when it is gone" eval 'vf_eject && rules_work'
finish
