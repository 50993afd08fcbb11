#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The NIC's counters, against those that the host keeps for the same port: on
# either path each frame is counted once, and bytes are those of the frames.

. "$(dirname "$0")/lib.sh"

plan 8
need control dmesg
setup

COUNTERS="rx_packets tx_packets rx_bytes tx_bytes"

# Guest's and host's counters, as GUEST[...] and HOST[...], at a moment at which
# nothing was on its way: two readings give the same.
snapshot()
{
	local before now name
	declare -gA GUEST HOST

	for _ in {1..20}; do
		before=${now:-}
		for name in $COUNTERS; do
			GUEST[$name]=$(attr statistics/"$name")
		done
		stats_read {rx,tx}_{frames,bytes} || return 1
		for name in rx tx; do
			HOST[${name}_packets]=$((${STATS[synthetic.${name}_frames]} \
				+ ${STATS[vf.${name}_frames]}))
			HOST[${name}_bytes]=$((${STATS[synthetic.${name}_bytes]} \
				+ ${STATS[vf.${name}_bytes]}))
		done
		now="${GUEST[*]} ${HOST[*]}"
		[ "$before" != "$now" ] || return 0
	done
	msg "the counters do not come to rest"
	return 1
}

# 200 pings of 1,000 bytes, as many at once as a socket has room for, and what they
# added to the counters; others' frames (ARP, neighbour discovery) are few.
measure()
{
	local name
	declare -gA G H

	snapshot || return 1
	for name in $COUNTERS; do
		G[$name]=${GUEST[$name]} H[$name]=${HOST[$name]}
	done
	for _ in {1..8}; do
		echoes 25 -s 1000 "$HOST4" || return 1
	done
	snapshot || return 1
	for name in $COUNTERS; do
		G[$name]=$((GUEST[$name] - G[$name]))
		H[$name]=$((HOST[$name] - H[$name]))
	done
	msg "guest: rx ${G[rx_packets]}/${G[rx_bytes]}" \
		"tx ${G[tx_packets]}/${G[tx_bytes]};" \
		"host: rx ${H[rx_packets]}/${H[rx_bytes]}" \
		"tx ${H[tx_packets]}/${H[tx_bytes]}"
}

# What the host lends for a received packet it cannot use again until it has been
# told that the packet was taken.
all_back() { host_counter_is synthetic rx_held 0; }

# The same the other way: a driver that goes down waits for what it has lent the host.
goes_down()
{
	log_start
	ip link set dev "$NIC" down && ip link set dev "$NIC" up &&
		log_lacks 'not returned all packets' &&
		wait_for 30 "answer" answers "$HOST4"
}

# within A B SLACK
within() { (($1 <= $2 + $3 && $1 >= $2 - $3)); }

packets_once()
{
	within "${G[rx_packets]}" "${H[rx_packets]}" 3 &&
		within "${G[tx_packets]}" "${H[tx_packets]}" 3 &&
		within "${G[rx_packets]}" 200 40 &&
		within "${G[tx_packets]}" 200 40
}

# Drivers differ on whether the Ethernet header or the FCS counts.
bytes_once()
{
	within "${G[rx_bytes]}" "${H[rx_bytes]}" $((18 * G[rx_packets] + 500)) &&
		within "${G[tx_bytes]}" "${H[tx_bytes]}" \
			$((18 * G[tx_packets] + 500)) &&
		((G[rx_bytes] >= 200 * 1028 && G[tx_bytes] >= 200 * 1028))
}

check "traffic on the synthetic path" measure
check "each packet is counted once" packets_once
check "its bytes too" bytes_once
check "the host has all that it lent back" wait_for 10 "the rest" all_back
check "and the NIC, as it says when it goes down" goes_down
need vf
vf_plug || msg "no VF"
check "traffic on the VF" eval 'host_path vf && measure'
check "each packet is counted once with a VF" packets_once
check "its bytes too with a VF" bytes_once
finish
