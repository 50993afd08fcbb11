#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Features are switched with traffic running, and what the host is left to do
# changes with them: checksums and segmentation of what is sent, checksums of
# what is received and its coalescing.  What the host refuses stays as it was,
# and what was chosen holds in the next session.

. "$(dirname "$0")/lib.sh"

# NDIS object about offloads, as hvhost names the step
SET_OFFLOADS=rndis-set:fc01020c

plan 16
need control ethtool iperf3
setup
trap 'control fault 0 off; all_on > /dev/null 2>&1; cleanup' EXIT

all_on()
{
	ethtool -K "$NIC" tx on sg on tso on rx on gso on
	! can_lro || ethtool -K "$NIC" lro on
}

feature()
{
	ethtool -k "$NIC" | grep -q "^[[:space:]]*$1: $2\( \[.*\)\?$"
}

can_lro() { ! feature large-receive-offload 'off \[fixed\]'; }

feature_is()
{
	feature "$1" "$2" && return
	msg "$(ethtool -k "$NIC" | grep "^[[:space:]]*$1:")"
	return 1
}

# asked: how much TCP leaves to the host, as CSUM and LSO
asked()
{
	stats_read tx_csum tx_lso || return 1
	CSUM=$(counter synthetic tx_csum) LSO=$(counter synthetic tx_lso)
	iperf 1 || return 1
	stats_read tx_csum tx_lso || return 1
	CSUM=$(($(counter synthetic tx_csum) - CSUM))
	LSO=$(($(counter synthetic tx_lso) - LSO))
	msg "left to the host: $CSUM checksums, $LSO segmentations"
}

host_does() { host_counter_is synthetic "$1" "$2"; }

host_is_told()
{
	wait_for 10 "$1=$2 at the host" host_does "$1" "$2"
}

switch() { ethtool -K "$NIC" "$@" > /dev/null; }

everything()
{
	all_on > /dev/null
	asked && ((CSUM > 0 && LSO > 0))
}

no_tso()
{
	switch tso off && asked && ((CSUM > 0 && LSO == 0))
}

no_csum()
{
	switch tx off && asked && ((CSUM == 0 && LSO == 0))
}

no_rxcsum()
{
	switch rx off && feature_is rx-checksumming off &&
		host_is_told rx_csum 0 && iperf 1 -R
}

rxcsum()
{
	switch rx on && host_is_told rx_csum 1 && iperf 1 -R
}

new_session()
{
	ip link set dev "$NIC" mtu 1400 && ip link set dev "$NIC" mtu 1500 &&
		wait_for 30 "answer" answers "$HOST4"
}

holds()
{
	switch rx off tso off && new_session &&
		feature_is rx-checksumming off &&
		feature_is tcp-segmentation-offload off &&
		host_is_told rx_csum 0 && switch rx on tso on
}

# Which is what the stack adds to those of a driver that segments.
still_switched()
{
	switch "$MANGLE" on && feature_is "$MANGLE" on && switch "$MANGLE" off
}

# It went with the checksums, and came back with them.
lro()
{
	feature_is large-receive-offload on && host_is_told rsc 1 && iperf 1 -R
}

no_lro()
{
	switch lro off && host_is_told rsc 0 && iperf 1 -R && new_session &&
		feature_is large-receive-offload off && host_is_told rsc 0
}

# Nobody could check what the host has coalesced.
lro_needs_rxcsum()
{
	switch lro on && host_is_told rsc 1 && switch rx off &&
		feature_is large-receive-offload off && host_is_told rsc 0 &&
		switch rx on && feature_is large-receive-offload on &&
		host_is_told rsc 1
}

under_traffic()
{
	ping_start && iperf_start || return 1
	for _ in 1 2 3; do
		switch rx off && switch tx off && switch rx on tx on tso on ||
			return 1
	done
	iperf_more || return 1
	iperf_stop
	ping_lossless
}

refused()
{
	switch "$1" "$4" || return 1
	control fault 0 step "$SET_OFFLOADS" refuse || return 1
	! switch "$1" "$2" 2> /dev/null || feature "$3" "$4"
	feature_is "$3" "$4" && wait_for 30 "answer" answers "$HOST4"
}

# With nothing in its way any more it can be switched.  What the host refused is
# wanted still.
not_refused()
{
	control fault 0 off && switch rx on && switch lro on && host_is_told rsc 1 &&
		switch lro off && host_is_told rsc 0
}

host_content()
{
	host_counter_is synthetic tx_bad_offload "$BAD"
}

MANGLE="tx-tcp-mangleid-segmentation"
FIXED=$(ethtool -k "$NIC" | grep -c "$MANGLE: .*fixed")
BAD=$(host_counter synthetic tx_bad_offload) || bail "no counters"
check "segmentation and checksums are left to the host" everything
check "without TSO, checksums only" no_tso
check "without checksums, nothing" no_csum
check "and again" everything
check "received checksums are not looked at" no_rxcsum
check "and looked at again" rxcsum
check "what was chosen holds in a new session" holds
if ((FIXED)); then
	ktap_test_skip "$MANGLE can still be switched (this host cannot)"
else
	check "$MANGLE can still be switched" still_switched
fi
if can_lro; then
	check "the host coalesces" lro
	check "it does not" no_lro
	check "not without checksums" lro_needs_rxcsum
else
	for what in "the host coalesces" "it does not" "not without checksums"; do
		ktap_test_skip "$what (this host cannot)"
	done
fi
check "switched under traffic, nothing lost" under_traffic
check "the host refuses to coalesce" refused lro on large-receive-offload off
check "the host refuses to leave checksums" \
	refused rx off rx-checksumming on
if can_lro; then
	check "and does not refuse any more" not_refused
else
	control fault 0 off
	ktap_test_skip "and does not refuse any more (this host cannot)"
fi
check "the host was asked for nothing wrong" host_content
finish
