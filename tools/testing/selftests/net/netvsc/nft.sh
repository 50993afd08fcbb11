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

# How many packets each chain has dropped: out, in, and at the hook
dropped()
{
	nft list ruleset | awk '
		$1 == "chain" { chain = $2 }
		match($0, /counter packets [0-9]+/) {
			n[chain] = substr($0, RSTART + 16, RLENGTH - 16) + 0
		}
		END { print n["out"] + 0, n["in"] + 0, n["ingress"] + 0 }'
}

# The host answers with the request's type of service.  Whether an answer comes at last
# the counters show.
unanswered()
{
	! ping -n -q -c 3 -i 0.2 -W 1 -Q "$1" "$HOST4" > /dev/null 2>&1
}

# all_unanswered TYPE...: one beside the other
all_unanswered()
{
	local type pid bad=0
	local -a pids=()

	for type; do
		unanswered "$type" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || bad=1
	done
	return "$bad"
}

# All three of those that come in, and each of those that ping tries to send
counted()
{
	read -r OUT IN HOOK < <(dropped)
	((OUT -= out, IN -= in, HOOK -= ingress))
	((OUT >= 3 && IN == 3 && HOOK == 3))
}

rules_work()
{
	local out in ingress

	read -r out in ingress < <(dropped)
	all_unanswered 0x08 0x10 0x18 &&
		wait_for 30 "answer" answers "$HOST4" || return 1
	wait_for 10 "all of them at the rules" counted && return
	msg "dropped going out: $OUT, coming in: $IN, at the hook: $HOOK of 3"
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
