#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Ping over IPv4 and IPv6, with packets that fit the MTU exactly, exceed it by
# one byte, and need many fragments; none may be lost.

. "$(dirname "$0")/lib.sh"

plan 9
need ping ipv6
setup

for size in 56 1472 1473 9000; do
	check "IPv4, $size bytes" echoes 15 -s $size "$HOST4"
done
check "an IPv6 address" wait_for 60 "IPv6 address" nic_has_ipv6
for size in 56 1452 1453 9000; do
	check "IPv6, $size bytes" echoes 15 -s $size "$HOST6"
done
finish
