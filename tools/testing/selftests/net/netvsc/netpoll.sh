#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# netconsole over the NIC: what the kernel logs arrives at another machine of the
# host, each line once and in order, whether a VF carries the traffic or not.

. "$(dirname "$0")/lib.sh"
. "$HERE/peer.sh"

# They are on the console, too: few enough for that.
COUNT=20
PORT=6666

plan 7
need control socat
modprobe -q -n netconsole || skip_all "no module netconsole"
setup
trap 'modprobe -q -r netconsole; peer_down; cleanup' EXIT
peer_up || bail "no second NIC"
peer_start socat -u "UDP-RECV:$PORT" "OPEN:$TMP/lines,creat,append"

listening() { peer ss -Hlnu | grep -q ":$PORT "; }

netconsole_up()
{
	wait_for 30 "a listener" listening && modprobe netconsole \
		"netconsole=$PORT@$HERE4/$NIC,$PORT@$PEER4/$PEER_MAC"
}

arrived() { grep -q "$1 end" "$TMP/lines" 2> /dev/null; }

# The kernel logs lines with the mark $1; they arrive, all of them, in order.
logged()
{
	local i

	for ((i = 1; i <= COUNT; i++)); do
		echo "<1>$1 $i"
	done | while IFS= read -r line; do
		echo "$line" > /dev/kmsg
	done
	echo "<1>$1 end" > /dev/kmsg
	wait_for 30 "the last line" arrived "$1"
	grep -o "$1 [0-9]*$" "$TMP/lines" | awk '{ print $NF }' > "$TMP/numbers"
	msg "$(wc -l < "$TMP/numbers") lines of $COUNT"
	seq $COUNT | cmp -s - "$TMP/numbers"
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
need vf
check "a VF is used all the same" vf_plug
ping_start || bail "no ping"
check "each line arrives once, in order, past the VF" past_the_vf
check "all other traffic takes the VF" traffic_only_on vf
check "nothing was lost" ping_lossless
check "the VF goes, and lines arrive as before" eval 'vf_eject && logged after'
finish
