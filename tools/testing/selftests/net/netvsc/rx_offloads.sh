#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the host says of received frames reaches the stack: that a checksum is
# good, the flow's hash, the queue; and GRO can merge segments by that.
# Programs at the NIC's ingress drop TCP segments of which it is not so.

. "$(dirname "$0")/lib.sh"

PROGS=$HERE/rx_state.bpf.o

plan 11
need ethtool iperf3 tc tcpdump
[ -e "$PROGS" ] || skip_all "rx_state.bpf.o is not there"
{ modprobe -q sch_ingress && modprobe -q cls_bpf; } ||
	skip_all "no modules sch_ingress and cls_bpf"
setup
trap 'all_pass; feature rx on; feature rxhash on; feature gro on; feature lro on; cleanup' EXIT

feature() { ethtool -K "$NIC" "$1" "$2" > "$TMP/feature" 2>&1; }

feature_is()
{
	ethtool -k "$NIC" | grep -q "^$1: $2"
}

# only PROGRAM: no other segments get through
only()
{
	all_pass
	tc qdisc add dev "$NIC" clsact 2> "$TMP/tc" &&
		tc filter add dev "$NIC" ingress bpf direct-action \
			object-file "$PROGS" program "$1" 2> "$TMP/tc" && return
	msg "$1: $(tail -n 1 "$TMP/tc")"
	return 1
}

all_pass() { tc qdisc del dev "$NIC" clsact 2> /dev/null; }

# Connections of its own
connects() { iperf_both 1; }

# None comes about: not one SYN of the host's gets through.  A server that turns a
# client away has been heard.
connects_not()
{
	for _ in 1 2 3; do
		! timeout 20 iperf3 -c "$HOST4" --connect-timeout 2000 -n 4K \
			> "$TMP/iperf" 2>&1 || return 1
		turned_away "$TMP/iperf" || return 0
		pause 1
	done
	msg "$(tail -n 1 "$TMP/iperf")"
	return 1
}

# What the host coalesces is a matter of rsc.sh.
feature lro off

# GRO checks for itself what it merges, before the programs look.
check "GRO can be switched off" feature gro off
check "TCP's checksums are said to be good" \
	eval 'only rx_verified && connects'
check "not when receive checksumming is off" \
	eval 'feature rx off && feature_is rx-checksumming off && connects_not'
check "TCP works without" eval 'all_pass; connects'
feature rx on
check "and they are again when it is on" \
	eval 'only rx_verified && connects'
check "segments have the queue that they came from" \
	eval 'only rx_queued && connects'

# Without receive side scaling a host does not hash.
if ethtool -x "$NIC" > /dev/null 2>&1; then
	check "segments have a hash" eval 'only rx_hashed && connects'
	check "not when receive hashing is off" eval \
		'feature rxhash off && feature_is receive-hashing off &&
		connects_not'
	check "and they have again when it is on" \
		eval 'feature rxhash on && connects'
else
	ktap_test_skip "segments have a hash (no receive side scaling)"
	ktap_test_skip "not when receive hashing is off (likewise)"
	ktap_test_skip "and they have again when it is on (likewise)"
fi
all_pass

check "nothing is merged without GRO" \
	eval 'longest "$NIC" iperf 2 -R && ((LONGEST > 1000 && LONGEST <= 1514))'
feature gro on
check "GRO merges segments" eval 'longest "$NIC" iperf 2 -R && ((LONGEST > 1514))'
finish
