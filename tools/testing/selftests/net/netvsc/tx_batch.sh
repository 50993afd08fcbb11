#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Transmit in bursts: while the stack says that it has more, several frames go
# to the host in one VMBus packet; of large ones, the last is read from where it
# is.  Each frame arrives, once and in order, and none is left behind in a batch.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/peer.sh"

COUNT=1000

plan 8
need control tcpdump iperf3 ethtool
modprobe -q pktgen || skip_all "no module pktgen"
setup
peer_up || bail "no second NIC"

# burst MANY SIZE: sends COUNT frames to the peer; sets FRAMES and MESSAGES
burst()
{
	local frames messages

	frames=$(channel_sum tx_frames)
	messages=$(channel_sum tx_messages)
	pktgen_capture "$2"
	pktgen_setup "count $COUNT" "pkt_size $2" "burst $1" && pktgen_run
	pktgen_captured $COUNT
	FRAMES=$(($(channel_sum tx_frames) - frames))
	MESSAGES=$(($(channel_sum tx_messages) - messages))
	msg "burst $1 of $2 B: $FRAMES frames in $MESSAGES VMBus packets"
}

# few MANY: frames came in a MANYth of VMBus packets, others' packets aside
few() { ((FRAMES >= COUNT && MESSAGES < COUNT / $1 + 50)); }

# TCP's bursts are cut in the stack, and handed over as a list.
segments()
{
	local frames messages moved=1

	ethtool -K "$NIC" tso off > /dev/null || return 1
	frames=$(channel_sum tx_frames)
	messages=$(channel_sum tx_messages)
	iperf_bytes 400K || moved=0
	frames=$(($(channel_sum tx_frames) - frames))
	messages=$(($(channel_sum tx_messages) - messages))
	ethtool -K "$NIC" tso on > /dev/null
	msg "TCP: $frames frames in $messages VMBus packets"
	((moved && frames > 100 && messages * 10 < frames * 8))
}

burst 1 64
check "frames on their own arrive in order" \
	pktgen_in_order "$PCAP" $COUNT
check "each goes out at once" eval '((MESSAGES >= COUNT))'
if [ "$DRIVER" = stock ]; then
	# pktgen's bursts are one packet, given to the driver again and again.
	reason="the stock driver writes into shared packets, and would crash"
	ktap_test_skip "frames in bursts arrive in order: $reason"
	ktap_test_skip "several go in one VMBus packet: $reason"
	ktap_test_skip "large frames in bursts arrive in order: $reason"
	ktap_test_skip "one more than there is room for goes in the same VMBus packet: $reason"
else
	burst 8 64
	check "frames in bursts arrive in order" \
		pktgen_in_order "$PCAP" $COUNT 8
	check "several go in one VMBus packet" few 4
	# Four of these are all that a section of the send buffer has room for.
	burst 5 1400
	check "large frames in bursts arrive in order" \
		pktgen_in_order "$PCAP" $COUNT 5
	check "one more than there is room for goes in the same VMBus packet" \
		few 4
fi
check "TCP segments do so too" segments
check "the NIC works" wait_for 30 "answer" answers "$HOST4"
finish
