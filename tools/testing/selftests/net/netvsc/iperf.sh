#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# iperf3 over the synthetic path: TCP both ways (segmentation and checksum
# offloads), UDP both ways at a rate at which nothing may be lost.

. "$(dirname "$0")/lib.sh"

plan 5
need iperf3
setup

# A socket's usual buffer has room for less than a second of it, and is not the NIC's.
udp_lossless() { iperf 2 -u -b 1M -l 1200 -w 200K "$@" && ((LOST == 0)); }

# Those of a test before may be there.
errors()
{
	local name value

	for name in rx_errors tx_errors rx_crc_errors rx_frame_errors; do
		value=$(attr "statistics/$name") || return 1
		printf '%s %s ' "$name" "$value"
	done
}

no_errors()
{
	local now

	now=$(errors) && [ "$now" = "$ERRORS" ] && return
	msg "before: $ERRORS; now: $now"
	return 1
}

ERRORS=$(errors) || bail "no counters"
check "TCP from the guest" iperf 3
check "TCP to the guest" iperf 3 -R
check "UDP from the guest, nothing lost" udp_lossless
check "UDP to the guest, nothing lost" udp_lossless -R
check "no errors counted" no_errors
finish
