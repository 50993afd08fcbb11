#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tracepoints show what goes between guest and host: messages of the
# session, control requests with their answers, what the host indicates, each
# packet both ways, and the switch to the VF and back.

. "$(dirname "$0")/lib.sh"

TRACEFS=/sys/kernel/tracing
EVENTS=$TRACEFS/events/netvsc

plan 7
need control
[ "$DRIVER" = ours ] || skip_all "the stock driver has other tracepoints"
setup
[ -d "$EVENTS" ] || bail "no events at $EVENTS"
trap 'trace_off; cleanup' EXIT

trace_on()
{
	local event

	echo > "$TRACEFS/trace"
	for event; do
		echo 1 > "$EVENTS/$event/enable" || return 1
	done
	echo 1 > "$TRACEFS/tracing_on"
}

trace_off()
{
	echo 0 > "$EVENTS/enable"
}

# lines PATTERN: of the trace that match
lines() { grep -c -E "$1" "$TRACEFS/trace"; }

seen()
{
	[ "$(lines "$1")" -ge "${2:-1}" ] && return
	msg "not seen: $1"
	grep -v '^#' "$TRACEFS/trace" | tail -n 5 | while read -r line; do
		msg "$line"
	done
	return 1
}

# A new session, with all that goes with it
session()
{
	trace_on nvsp_sent nvsp_received rndis_request rndis_answer &&
		ip link set dev "$NIC" mtu 1400 &&
		ip link set dev "$NIC" mtu 1500 || return 1
	trace_off
	wait_for 30 "answer" answers "$HOST4"
}

messages()
{
	seen "nvsp_sent: $NIC init " && seen "nvsp_received: $NIC init-done " &&
		seen "nvsp_sent: $NIC rx-buffer "
}

# The id of the request for an object, found again in its answer
answered()
{
	local line

	line=$(grep -m 1 -E "rndis_request: $NIC $1 " "$TRACEFS/trace")
	[[ $line =~ id=([0-9]+) ]] &&
		seen "rndis_answer: $NIC $1-done id=${BASH_REMATCH[1]} "
}

SENT="netvsc_tx_done: $NIC queue=[0-9]+ transaction=.* sent"
all_sent() { [ "$(lines "$SENT")" -ge "$1" ]; }

# One by one: packets that go together are completed together.  An answer may be here
# before the completion, which is another channel's.
packets()
{
	trace_on netvsc_tx netvsc_tx_done netvsc_rx || return 1
	for _ in {1..10}; do
		echoes 1 -s 1000 "$HOST4" || break
	done
	wait_for 30 "completions" all_sent 10
	trace_off
	seen "netvsc_tx: $NIC queue=[0-9]+ len=1042 gso_size=0" 10 &&
		seen "netvsc_rx: $NIC queue=[0-9]+ len=1042" 10 &&
		seen "$SENT" 10
}

indication()
{
	trace_on rndis_indication && control nic 0 link off &&
		wait_for 30 "carrier off" nic_carrier 0 &&
		control nic 0 link on &&
		wait_for 30 "carrier on" nic_carrier 1 || return 1
	trace_off
	seen "rndis_indication: $NIC status=0x4001000c" &&
		seen "rndis_indication: $NIC status=0x4001000b"
}

switches()
{
	trace_on netvsc_vf_switch nvsp_received && vf_plug && vf_eject ||
		return 1
	trace_off
	seen "netvsc_vf_switch: $NIC to=vf err=0" &&
		seen "netvsc_vf_switch: $NIC to=synthetic err=0" &&
		seen "nvsp_received: $NIC vf-association"
}

check "a new session" session
check "its messages" messages
check "a question and its answer" answered query
check "a setting and its answer" answered 'set'
check "packets both ways" packets
check "what the host indicates" indication
need vf
check "the switch to a VF and back" switches
finish
