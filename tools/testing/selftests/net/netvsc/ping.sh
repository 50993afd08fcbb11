#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Ping over IPv4 and IPv6, with packets that fit the MTU exactly, exceed it by
# one byte, and need many fragments; none may be lost.

. "$(dirname "$0")/lib.sh"

plan 9
need ping ipv6
setup

# all_answered ADDRESS SIZE
all_answered()
{
	local text

	text=$(ping -n -q -c 15 -i 0.05 -W 10 -s "$2" "$1" 2>&1)
	[[ $text = *" 15 received, 0% packet loss"* ]] && return
	msg "$(grep -m 1 transmitted <<< "$text")"
	return 1
}

for size in 56 1472 1473 9000; do
	check "IPv4, $size bytes" all_answered "$HOST4" $size
done
check "an IPv6 address" wait_for 60 "IPv6 address" nic_has_ipv6
for size in 56 1452 1453 9000; do
	check "IPv6, $size bytes" all_answered "$HOST6" $size
done
finish
