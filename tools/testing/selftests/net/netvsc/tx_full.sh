#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host stops taking packets: the queue stops when there is no place left for
# them, be that in the send buffer or in the ring, the watchdog notices, and when the
# host takes them again, all that was given to the driver arrives, once and in order.

. "$(dirname "$0")/lib.sh"
. "$HERE/peer.sh"
. "$HERE/channel_lib.sh"

# More than a queue has places for: some hundreds of ours, and thousands of stock's
COUNT=2000
[ "$DRIVER" = ours ] || COUNT=10000

plan 11
need control tcpdump ethtool
modprobe -q pktgen || skip_all "no module pktgen"
setup
peer_up || bail "no second NIC"
# pktgen does not end before the last of its packets is back.
trap 'control release 0; control release "$PEER_NIC"; peer_down; unload_driver; cleanup' EXIT

start_frames()
{
	pktgen_capture "$1" || return 1
	pktgen_setup "count $COUNT" "pkt_size $1" || return 1
	control hold 0 || return 1
	FRAMES=$(channel_sum tx_frames)
	pktgen_until_stopped "$COUNT"
}

nothing_taken()
{
	msg "$PKTGEN_SENT of $COUNT packets given to the driver"
	(($(channel_sum tx_frames) == FRAMES))
}

timeouts()
{
	ethtool -S "$NIC" | awk '$1 == "tx_timeout:" { print $2 }'
}

more_timeouts() { (($(timeouts) > TIMEOUTS)); }

watchdog()
{
	TIMEOUTS=$(timeouts)
	wait_for 40 "the watchdog" more_timeouts
}

release()
{
	# A port of the host's switch has room for some hundred frames, as that
	# of any switch, unless it is held: it then keeps them all.
	control hold "$PEER_NIC" && control release 0 || return 1
	wait_for 60 "the end of pktgen" pktgen_ended
	control release "$PEER_NIC"
	pktgen_captured "$COUNT"
	pktgen_in_order "$PCAP" "$COUNT"
}

# A ring that has less room than the send buffer has sections
small_ring()
{
	peer_down
	unload_driver && modprobe hv_netvsc ring_size=8 &&
		wait_for 60 "a device of hv_netvsc" find_nic && restore &&
		channels_set 1 && ethtool -G "$NIC" tx 1500 && peer_up
}

ring_was_full()
{
	local full

	full=$(ethtool -S "$NIC" | awk '$1 == "tx_0_ring_full:" { print $2 }')
	msg "the ring was full $full times, with $PKTGEN_SENT packets"
	((full > 0))
}

check "the queue stops with small packets" start_frames 64
check "the host has none of them" nothing_taken
check "then all arrive once and in order" release
check "the queue stops with large packets" start_frames 1500
check "the host has none of these" nothing_taken
if [ "$DRIVER" = stock ]; then
	ktap_test_skip "the watchdog notices (the stock driver has none)"
else
	check "the watchdog notices" watchdog
fi
check "then all of these arrive once and in order" release
check "the NIC works" wait_for 30 "answer" answers "$HOST4"
[ "$DRIVER" = ours ] ||
	skip_all "the stock driver does not say whether it waits for ring or buffer"
small_ring || bail "no ring of another size"
check "the queue stops when the ring is full" eval 'start_frames 64 && ring_was_full'
check "the host has none of those" nothing_taken
check "then all of those arrive once and in order" release
finish
