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

# The host answers with the request's type of service.  What is dropped on the way out
# is an error for ping, which then tries again.  Whether an answer comes at last the
# counters show.
unanswered()
{
	! ping -n -q -c 3 -i 0.2 -W 1 -Q "$1" "$HOST4" > /dev/null 2>&1
}

counted()
{
	OUT=$(($(dropped egress) - out)) IN=$(($(dropped ingress) - in))
	((OUT >= 3 && IN == 3))
}

rules_work()
{
	local out in other up=0

	out=$(dropped egress) in=$(dropped ingress)
	unanswered 0x10 &
	other=$!
	unanswered 0x20 || up=1
	wait "$other" || up=1
	((up == 0)) && wait_for 30 "answer" answers "$HOST4" || return 1
	wait_for 10 "all of them at the rules" counted && return
	msg "dropped going out: $OUT, coming in: $IN of 3"
	return 1
}

check "tc takes rules for $NIC" add_rules
check "they work on the synthetic path" rules_work
check "a VF is used" vf_plug
check "they work on the VF" rules_work
check "they work when it is gone" eval 'vf_eject && rules_work'
finish
