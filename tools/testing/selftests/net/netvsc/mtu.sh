#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A change of the MTU: takes effect, in both directions of change, leaves the
# NIC working, and is passed on to host and VF.  No packet is lost that was on its way.

. "$(dirname "$0")/lib.sh"
. "$HERE/peer.sh"

plan 11
need control
setup
trap 'pktgen_stop; cleanup' EXIT

set_mtu()
{
	ip link set dev "$NIC" mtu "$1" && [ "$(attr mtu)" = "$1" ] &&
		wait_for 30 "carrier" nic_carrier 1
}

# It sizes its pieces of the receive buffer by that.
host_mtu() { host_counter_is synthetic mtu_asked "$1"; }

vf_mtu() { [ "$(cat "/sys/class/net/$VF/mtu")" = "$1" ]; }

pktgen_stop()
{
	[ -e /proc/net/pktgen ] || return 0
	echo stop > /proc/net/pktgen/pgctrl
	wait "$PKTGEN_PID" 2> /dev/null
	pktgen_end
}

# Of each of these packets but the last of a burst the stack says that more are coming,
# which the driver waits for; a change comes in between.
in_bursts()
{
	local dropped i

	pktgen_setup "count 0" "pkt_size 64" "burst 16" \
		"dst_mac 02:00:00:00:00:01" || return 1
	dropped=$(attr statistics/tx_dropped)
	log_start
	pktgen_start
	wait_for 10 "packets" pktgen_sends || return 1
	for ((i = 0; i < 8; i++)); do
		set_mtu $((i % 2 ? 1500 : 1400)) || return 1
	done
	msg "$(pktgen_sent) packets, dropped:" \
		"$(($(attr statistics/tx_dropped) - dropped))"
	(($(attr statistics/tx_dropped) == dropped)) &&
		log_lacks 'not returned all packets'
}

pktgen_sends() { (($(pktgen_sent) > 0)); }

refused() { ! ip link set dev "$NIC" mtu "$1" 2> /dev/null; }

check "1400 is accepted" set_mtu 1400
check "the host is told" host_mtu 1400
check "1400 bytes fit" wait_for 30 "answer" fits 1400
check "1401 bytes do not" eval '! fits 1401'
check "60 is refused" refused 60
check "back to 1500, and 1500 bytes fit" \
	eval 'set_mtu 1500 && wait_for 30 answer fits 1500'
check "the host is told of that" host_mtu 1500
if [ "$DRIVER" = stock ]; then
	ktap_test_skip "it changes in the midst of bursts (the stock driver goes on with a batch that it has given back, and the guest panics)"
elif modprobe -q pktgen; then
	check "it changes in the midst of bursts, and nothing is lost" in_bursts
	pktgen_stop
else
	ktap_test_skip "it changes in the midst of bursts (no module pktgen)"
fi
need vf
vf_plug || msg "no VF"
check "with a VF, 1400 is accepted" set_mtu 1400
check "the VF has it too" vf_mtu 1400
check "the VF carries 1400 bytes" \
	eval 'wait_for 30 "VF path" host_path vf && wait_for 30 answer fits 1400'
finish
