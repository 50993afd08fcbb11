#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Probes in the kernel: each call of a function leaves a line in the trace.  To be
# sourced.
#
#	probes_on LINE...	as for kprobe_events, in the group netvsc_test; fails where
#				the kernel has none
#	probes_off		end of them; also for the test's exit

TRACEFS=/sys/kernel/tracing
PROBES=$TRACEFS/kprobe_events

probes_on()
{
	[ -e "$PROBES" ] || return 1
	printf '%s\n' "$@" 2> /dev/null >> "$PROBES" || return 1
	echo > $TRACEFS/trace
	echo 1 > $TRACEFS/events/netvsc_test/enable
	echo 1 > $TRACEFS/tracing_on
}

probes_off()
{
	local probe probes

	[ -e $TRACEFS/events/netvsc_test ] || return 0
	echo 0 > $TRACEFS/events/netvsc_test/enable
	# Once they have been read: each line changes what there is to read.
	probes=$(grep -o 'netvsc_test/[a-z]*' "$PROBES")
	while read -r probe; do
		echo "-:$probe" >> "$PROBES"
	done <<< "$probes"
}
