#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nft rules on the NIC, by its name and as an ingress hook, judge each of its
# packets, whichever path it takes, and they stay when a VF comes and goes.

. "$(dirname "$0")/lib.sh"

plan 6
need vf nft
modprobe -q nf_tables || skip_all "no module nf_tables"
setup
trap 'nft delete table inet netvsc 2> /dev/null
	nft delete table netdev netvsc 2> /dev/null; cleanup' EXIT

# One type of service is dropped by each of the three chains.
add_rules()
{
	nft -f - << EOF
	table inet netvsc {
		chain in {
			type filter hook input priority 0
			iifname "$NIC" ip dscp 0x04 counter drop
		}
		chain out {
			type filter hook output priority 0
			oifname "$NIC" ip dscp 0x02 counter drop
		}
	}
	table netdev netvsc {
		chain ingress {
			type filter hook ingress device "$NIC" priority 0
			ip dscp 0x06 counter drop
		}
	}
EOF
}

# dropped FAMILY CHAIN
dropped()
{
	nft list chain "$1" netvsc "$2" |
		sed -n 's/.*counter packets \([0-9]*\).*/\1/p'
}

# The host answers with the request's type of service.
unanswered()
{
	! ping -n -q -c 3 -i 0.2 -W 1 -Q "$1" "$HOST4" > /dev/null 2>&1
}

rules_work()
{
	local out in ingress

	out=$(dropped inet out) in=$(dropped inet in)
	ingress=$(dropped netdev ingress)
	unanswered 0x08 && unanswered 0x10 && unanswered 0x18 &&
		answers "$HOST4" || return 1
	out=$(($(dropped inet out) - out)) in=$(($(dropped inet in) - in))
	ingress=$(($(dropped netdev ingress) - ingress))
	((out >= 3 && in == 3 && ingress == 3)) && return
	msg "dropped going out: $out, coming in: $in, at the hook: $ingress of 3"
	return 1
}

rules() { nft -s list ruleset; }

unchanged() { [ "$(rules)" = "$before" ]; }

check "nft takes rules for $NIC" add_rules
before=$(rules)
check "they work on the synthetic path" rules_work
check "a VF is used" vf_plug
check "they work on the VF" rules_work
check "they work when it is gone" eval 'vf_eject && rules_work'
check "they are what they were" unchanged
finish
