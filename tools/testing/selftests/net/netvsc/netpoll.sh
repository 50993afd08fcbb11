#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# netconsole over the NIC: what the kernel logs arrives at another machine of the
# host, each line once and in order, whether a VF carries the traffic or not, and
# however full the queue is.

. "$(dirname "$0")/lib.sh"
. "$HERE/peer.sh"
. "$HERE/channel_lib.sh"
. "$HERE/probe_lib.sh"

# They are on the console, too: few enough for that.
COUNT=20
PORT=6666
# More than a queue has places for: some hundreds of ours, and thousands of stock's
PACKETS=2000
[ "$DRIVER" = ours ] || PACKETS=10000

plan 9
need control socat ethtool
modprobe -q -n netconsole || skip_all "no module netconsole"
modprobe -q pktgen || skip_all "no module pktgen"
setup
trap 'control release 0; modprobe -q -r netconsole; probes_off; peer_down; cleanup' EXIT
peer_up || bail "no second NIC"
peer_start socat -u "UDP-RECV:$PORT" "OPEN:$TMP/lines,creat,append"

listening() { peer ss -Hlnu | grep -q ":$PORT "; }

netconsole_up()
{
	wait_for 30 "a listener" listening && modprobe netconsole \
		"netconsole=$PORT@$HERE4/$NIC,$PORT@$PEER4/$PEER_MAC"
}

arrived() { grep -q "$1 end" "$TMP/lines" 2> /dev/null; }

# The kernel logs lines with the mark $1.
log_lines()
{
	local i

	for ((i = 1; i <= COUNT; i++)); do
		echo "<1>$1 $i" > /dev/kmsg
	done
	echo "<1>$1 end" > /dev/kmsg
}

# They arrive, all of them, in order.
lines_arrive()
{
	wait_for 30 "the last line" arrived "$1"
	grep -o "$1 [0-9]*$" "$TMP/lines" | awk '{ print $NF }' > "$TMP/numbers"
	msg "$(wc -l < "$TMP/numbers") lines of $COUNT"
	seq $COUNT | cmp -s - "$TMP/numbers"
}

logged() { log_lines "$1" && lines_arrive "$1"; }

# From here on each poll that has a budget of 0 leaves a line.
polls_on()
{
	# shellcheck disable=SC2016 # the kernel's words
	probes_on 'r:netvsc_test/poll hv_netvsc:netvsc_poll budget=$arg2:s32 did=$retval:s32' &&
		echo 'budget == 0' > $TRACEFS/events/netvsc_test/poll/filter
}

# With one channel all that is sent has to wait for the same.  The frames are for a
# host that there is not, so that the port of the second NIC has room for lines.
queue_full()
{
	channels_set 1 &&
		pktgen_setup "count $PACKETS" "pkt_size 64" \
			"dst_mac 02:00:00:00:00:01" &&
		control hold 0 && pktgen_until_stopped "$PACKETS"
}

# A poll for room to send has no right to what was received, and no work to tell of.
polled()
{
	local polls did

	polls=$(grep -c ' budget=0 ' $TRACEFS/trace)
	did=$(grep ' budget=0 ' $TRACEFS/trace | grep -vc ' did=0$')
	msg "$polls polls without a budget, $did of them with work"
	((polls > 0 && did == 0))
}

full_logged()
{
	queue_full && log_lines full
}

full_released()
{
	control release 0 && wait_for 60 "the end of pktgen" pktgen_ended &&
		lines_arrive full
}

# A VF has a queueing discipline, which netpoll may not enter.
past_the_vf()
{
	local frames

	frames=$(host_counter synthetic tx_frames) || return 1
	logged with-vf || return 1
	frames=$(($(host_counter synthetic tx_frames) - frames))
	msg "$frames frames on the synthetic path"
	((frames > COUNT))
}

check "netconsole starts on $NIC" netconsole_up
check "each line arrives once, in order" logged synthetic
channels_ethtool || bail "no channels"
channels=$CH_NOW
probes=1
polls_on || probes=0
full_logged || bail "no queue that is full"
if ((probes)); then
	check "the queue is full: netpoll looks for room, and is told of no work" polled
	probes_off
else
	ktap_test_skip "netpoll looks for room (this kernel has no probes)"
fi
check "each line arrives, in order, when there is room" full_released
channels_set "$channels" || bail "the channels do not come back"
need vf
check "a VF is used all the same" vf_plug
ping_start || bail "no ping"
check "each line arrives once, in order, past the VF" past_the_vf
check "all other traffic takes the VF" traffic_only_on vf
check "nothing was lost" ping_lossless
check "the VF goes, and lines arrive as before" eval 'vf_eject && logged after'
finish
