#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tcpdump on the NIC sees all of its traffic, and each packet once, whichever
# path it takes.

. "$(dirname "$0")/lib.sh"

COUNT=20

plan 8
need vf tcpdump
setup
trap 'kill "$DUMP_PID" 2> /dev/null; cleanup' EXIT
DUMP_PID=

dump_ready() { grep -q 'listening on' "$TMP/dump.err"; }

# Answers are written after their requests.
dump_done() { (($(grep -c 'echo reply' "$TMP/dump") >= COUNT)); }

capture()
{
	local up

	# shellcheck disable=SC2094
	tcpdump -i "$NIC" -n -l -p -Z root "icmp and host $HOST4" \
		> "$TMP/dump" 2> "$TMP/dump.err" &
	DUMP_PID=$!
	wait_for 30 "tcpdump" dump_ready &&
		echoes "$COUNT" "$HOST4" &&
		wait_for 30 "all answers in tcpdump" dump_done
	up=$?
	kill -INT "$DUMP_PID" 2> /dev/null
	wait "$DUMP_PID" || msg "$(tail -n 1 "$TMP/dump.err")"
	DUMP_PID=
	return "$up"
}

# once KIND: each sequence number from 1 to COUNT once, in whatever order: a VF's queue
# is that of the CPU that a packet is sent on.
once()
{
	local seen

	seen=$(sed -n "s/.*ICMP echo $1, .* seq \([0-9]*\),.*/\1/p" "$TMP/dump" |
		sort -n)
	[ "$seen" = "$(seq "$COUNT")" ] && return
	# shellcheck disable=SC2086
	msg "$1: seen:" $seen
	return 1
}

captured_on()
{
	check "$1: traffic is seen" capture
	check "$1: each request is seen once" once request
	check "$1: each reply is seen once" once reply
}

# frames PATH: both ways, of the last snapshot
frames() { echo $(($(counter "$1" rx_frames) + $(counter "$1" tx_frames))); }

# used_start, used_only: each request and each reply has taken the VF since, and nothing
# the synthetic path.
used_start()
{
	wait_for 30 "answer" answers "$HOST4" && stats_read rx_frames tx_frames &&
		ON_VF=$(frames vf) ON_VMBUS=$(frames synthetic)
}

used_only()
{
	local vf synthetic

	stats_read rx_frames tx_frames || return 1
	vf=$(($(frames vf) - ON_VF)) synthetic=$(($(frames synthetic) - ON_VMBUS))
	((vf >= 2 * COUNT && synthetic == 0)) && return
	msg "$vf frames on the VF, $synthetic on the synthetic path"
	return 1
}

captured_on "synthetic path"
check "a VF is used" vf_plug
used_start || msg "no counters"
captured_on VF
check "it was used all the while" used_only
finish
