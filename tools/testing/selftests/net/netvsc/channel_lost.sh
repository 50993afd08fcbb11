#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host takes one of the NIC's channels away.  What was sent there goes on over
# others, also when the queue was stopped because the host took nothing; those lose
# nothing; and there are as many channels as before when somebody asks for them.

. "$(dirname "$0")/lib.sh"
. "$HERE/channel_lib.sh"

plan 16
need dmesg
need_channels
trap 'end_of_flow; control release 0; byte_limits 0; channels_set "$CH_MAX"; cleanup' EXIT
last=$((CH_MAX - 1))
SOCKET=
# From 6.19 on, which has this, a flow that has nothing in flight chooses anew with each
# packet, so that there all flows have to be on the channel.
ANEW=0
[ ! -e /proc/sys/net/core/txq_reselection_ms ] || ANEW=1

end_of_flow()
{
	[ -z "$SOCKET" ] || exec {SOCKET}>&-
	SOCKET=
}

# A flow of datagrams on channel $1; new flows take the first one.
flow_on()
{
	end_of_flow
	flow_starts_on "$1" &&
		{ ((ANEW)) || control nic 0 send-on 0; } &&
		measure datagrams 20 && mostly_on "$1" 20 "${GREW_TX[@]}"
}

# What the host has open may be more.
channels_used() { channels_ethtool && ((CH_NOW == $1)); }

sent_and_used() { echo >&"$SOCKET" && channels_used "$1"; }

# The host takes channel $1, which leaves $2.  The driver finds out when it sends, or, if
# it has just sent what the host will not look at any more, by the watchdog.
taken()
{
	control nic 0 rescind-channel "$1" &&
		wait_for 60 "$2 channels" sent_and_used "$2"
}

# All of the flow's datagrams arrive, on one of the first $1 channels.
flow_goes_on()
{
	measure datagrams 50 && on_one 50 "${GREW_TX[@]:0:$1}"
}

# There are $1 queues of each direction, and the table has no others.
queues_are()
{
	local -a queues
	local highest

	highest=$(ethtool -x "$NIC" | awk '/^ *[0-9]+:/ {
		for (i = 2; i <= NF; i++)
			if ($i > max)
				max = $i
	} END { print max + 0 }')
	queues=("/sys/class/net/$NIC/queues"/[rt]x-*)
	channels_used "$1" && ((${#queues[@]} == 2 * $1 && highest == $1 - 1)) &&
		return
	msg "${#queues[@]} queues, the table has 0 to $highest"
	return 1
}

# A new session has them all, and the host is lent what it was lent before.  Stock has
# not noticed that there is one less.
all_again()
{
	[ "$DRIVER" = ours ] || channels_set 1 || return 1
	channels_set "$CH_MAX" &&
		wait_for 30 "a loan of $LOAN" lent_is "$LOAN"
}

# --- a queue that is stopped ------------------------------------------------

# stop_queue CHANNEL: a flow there, to a host that takes nothing
stop_queue() { flow_on "$1" && control hold 0 && until_stopped "$1"; }

# Nothing is sent on such a queue: it is the watchdog that finds out, which looks each
# ten seconds for what is older than that.
taken_while_stopped()
{
	control nic 0 rescind-channel "$1" && control release 0 &&
		wait_for 60 "$1 channels" channels_are "$1" && flow_goes_on "$1"
}

# The watchdog is free for others: it finds a queue that waits for the host, and has
# found none that nobody serves any more.
watchdog_goes_on()
{
	local lines found=1

	log_start
	stop_queue 0 && wait_for 40 "the watchdog" watchdog_found 0 || found=0
	lines=$(log_since | grep -c "$NIC: queue [1-9][0-9]*: host has")
	control release 0 && ((found && lines == 0)) && return
	msg "$lines lines about other queues"
	return 1
}

watchdog_found() { log_since | grep -q "$NIC: queue $1: host has"; }

both_ways() { on_all TX connections && on_all RX connections -R; }

# Channels count without a gap: those behind the first sub-channel go with it.
first_one()
{
	local status=0

	flow_on 1 && control nic 0 send-on "$last" && iperf_start || return 1
	taken 1 1 && iperf_more && queues_are 1 || status=1
	iperf_stop
	flow_goes_on 1 && return "$status"
}

# A connection whose packets were lost there may have no more to send.
idle_one()
{
	end_of_flow
	control nic 0 send-on 0 && control nic 0 rescind-channel "$last" &&
		wait_for 30 "$last channels" channels_used "$last"
}

# --- and the end ------------------------------------------------------------

unloaded()
{
	end_of_flow
	unload_driver && wait_for 30 "what was lent ($LENT)" lent_is "$LENT"
}

works()
{
	load_driver && wait_for 30 "channels in ethtool" channels_ethtool &&
		channels_set "$CH_MAX" && dhcp &&
		wait_for 30 "answer" answers "$HOST4"
}

unload_driver || bail "the module does not go"
LENT=$(lent)
works || bail "the NIC does not come"
LOAN=$(lent)
ERRORS=$(host_counter synthetic protocol_errors) || bail "no counters"

# All is received on the first channel, and all is sent there but for the flow.
ethtool -X "$NIC" equal 1
check "a flow on the last channel, all others on the first one" flow_on "$last"
((ANEW)) || ping_start || bail "no ping"
check "the host takes the last one" taken "$last" "$last"
if ((ANEW)); then
	ktap_test_skip "the others have lost nothing (there are none on this kernel)"
else
	check "the others have lost nothing" ping_lossless
fi
ethtool -X "$NIC" default
check "the flow goes on" flow_goes_on "$last"
check "there is one queue less" queues_are "$last"
check "what comes in is spread over those that there are" \
	on_first "$last" RX connections -R
check "all are there again when they are asked for" all_again

if [ "$DRIVER" = stock ]; then
	why="the stock driver waits without limit for what was sent on it"
	for what in "a queue that is stopped" \
			"the host takes its channel: the flow goes on" \
			"the watchdog has nothing to do with it any more" \
			"the first one is taken: a TCP connection goes on" \
			"one on which nothing is sent is missed, too"; do
		ktap_test_skip "$what ($why)"
	done
else
	byte_limits 1000000
	check "a queue that is stopped" stop_queue "$last"
	check "the host takes its channel: the flow goes on" \
		taken_while_stopped "$last"
	check "the watchdog has nothing to do with it any more" \
		watchdog_goes_on
	byte_limits 0
	all_again || msg "not all are there again"
	check "the first one is taken: a TCP connection goes on" first_one
	all_again || msg "not all are there again"
	check "one on which nothing is sent is missed, too" idle_one
fi
check "all are there again, and used both ways" eval 'all_again && both_ways'
check "the host has nothing to complain of" \
	host_counter_is synthetic protocol_errors "$ERRORS"
check "unload gives all back" unloaded
check "load again, DHCP and ping work" works
finish
