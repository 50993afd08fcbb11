#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host refuses one of the steps of setting a NIC up, each of them in turn, or
# answers it with garbage or too little: while the driver probes, changes its MTU
# and its channels, and closes and opens the device.  The driver gives up cleanly
# or does without, says so in one line, leaves nothing with the host, and the NIC
# works as soon as the host does.
#
# Which steps there are the host says, after each has been done once as it should.
# An answer that never comes takes 10 s, and is tried once only; more of that is
# in probe_refused.sh.

. "$(dirname "$0")/lib.sh"
. "$HERE/channel_lib.sh"

plan 17
need control modprobe dmesg ethtool
setup
trap 'control fault 0 off > /dev/null; driver_away; cleanup' EXIT

# Warnings and errors of the driver about a NIC, under whichever name; that its
# probe has failed says the core
complaints() { dmesg -r | grep -c '^<[34]>.*hv_netvsc [^ :]* [^:]*: '; }

# Channels that the host has open, of all devices
channels_open()
{
	local text

	text=$(lent) && text=${text#open=} && echo "${text%% *}"
}

# The NIC has all its channels open, as the host sees it: the stock driver shows
# one that it has yet to open.
all_open() { (($(channels_open) == OPEN_WITHOUT + CHANNELS)); }

# steps_taken: sets STEPS, to "name#n" for the nth of that name since the last
# "fault off"
steps_taken()
{
	local name
	local -A n=()

	STEPS=()
	control steps 0 || return 1
	for name in "${ANSWER[@]}"; do
		n[$name]=$((${n[$name]:-0} + 1))
		# Memory that is not given back cannot be refused.
		[[ $name = teardown* ]] || STEPS+=("$name#${n[$name]}")
	done
}

step_is_taken()
{
	steps_taken && [[ " ${STEPS[*]} " = *" $1 "* ]]
}

# with_fault STEP COMMAND...: where the step goes wrong, as FAULT says, a list
with_fault()
{
	local step=$1

	shift
	control fault 0 off && control fault 0 step "$step" "${FAULT[@]}" || return 1
	"$@" > /dev/null 2>&1
}

# said_once FAILED STEP: since BEFORE, in so many words
said_once()
{
	local lines=$(($(complaints) - BEFORE))

	[ "$DRIVER" = ours ] || return 0
	((lines == 1 || (lines == 0 && !$1))) && return
	msg "$2 ${FAULT[*]}: $lines lines of log"
	dmesg | grep 'hv_netvsc' | tail -n "$((lines > 4 ? 4 : lines))" |
		while read -r line; do msg "$line"; done
	return 1
}

# each_step COMMAND...: with each of STEPS in turn
each_step()
{
	local step failed=0 start=$SECONDS
	local -a steps=("${STEPS[@]}")

	((${#steps[@]} > 0)) || { msg "no steps"; return 1; }
	TOLERATED=
	for step in "${steps[@]}"; do
		"$@" "$step" || failed=1
	done
	control fault 0 off
	msg "${#steps[@]} steps in $((SECONDS - start)) s; done without:" \
		"${TOLERATED:- none}"
	return "$failed"
}

# --- probe ------------------------------------------------------------------

BUS=/sys/bus/vmbus
DEVICE=$(basename "$(readlink -f "/sys/class/net/$NIC/device")")

# To bind the device to a driver that is there, and to take it away, is what a module
# does with it that comes and goes, in far less time.
driver_alone()
{
	echo 0 > $BUS/drivers_autoprobe && modprobe hv_netvsc && no_nic
}

driver_away()
{
	[ "$(cat $BUS/drivers_autoprobe)" = 0 ] || return 0
	echo 1 > $BUS/drivers_autoprobe
	unload_driver
}

# The write fails if the probe does, as it is to do here: whether there is a NIC then is
# looked at apart.
nic_bind() { echo "$DEVICE" > $BUS/drivers/hv_netvsc/bind || true; }

nic_unbind()
{
	echo "$DEVICE" > $BUS/drivers/hv_netvsc/unbind &&
		wait_for 30 "end of the device" no_nic
}

probe_once()
{
	local step=$1 bad=0

	BEFORE=$(complaints)
	with_fault "$step" nic_bind || bad=1
	# Sub-channels come in the background.
	wait_for 10 "$step to be taken" step_is_taken "$step" || bad=1
	if find_nic; then
		TOLERATED+=" $step"
		said_once 0 "$step" || bad=1
	else
		said_once 1 "$step" || bad=1
	fi
	# In any case, or the next one would find the device bound.
	if find_nic && ! nic_unbind ||
		! wait_for 10 "what was lent ($LENT)" lent_is "$LENT"; then
		msg "$step ${FAULT[*]}: not all came back"
		bad=1
	fi
	return "$bad"
}

# probe_all: with each of STEPS in turn
probe_all()
{
	local bad=0

	driver_alone || return 1
	each_step probe_once || bad=1
	driver_away || bad=1
	return "$bad"
}

# Answers of VMBus have nothing in them that could be wrong.  A driver that cannot
# read whether a version is agreed on may ask for another, and a host that has
# agreed to it ends the session then.
keep_answers()
{
	local step
	local -a steps=("${STEPS[@]}")

	STEPS=()
	for step in "${steps[@]}"; do
		[[ $step =~ ^(open|gpadl|nvsp-init) ]] || STEPS+=("$step")
	done
}

# probe_each FAULT...
probe_each()
{
	FAULT=("$@")
	STEPS=("${PROBE_STEPS[@]}")
	[ "$1" = refuse ] || keep_answers
	probe_all
}

# What the host has promised comes after it has promised it.
split_steps()
{
	local step

	SUB_STEPS=() PROBE_STEPS=()
	for step in "${STEPS[@]}"; do
		if [[ " ${PROBE_STEPS[*]} " = *" nvsp-subchannel#1 "* ]]; then
			SUB_STEPS+=("$step")
		else
			PROBE_STEPS+=("$step")
		fi
	done
}

subchannels_each()
{
	FAULT=(refuse)
	STEPS=("${SUB_STEPS[@]}")
	probe_all
}

# unless_stock REASON TEXT COMMAND...: what the stock driver cannot be tried with
unless_stock()
{
	if [ "$DRIVER" = stock ]; then
		ktap_test_skip "$2 ($1)"
	else
		check "${@:2}"
	fi
}

TRUSTS="the stock driver takes the host at its word"
WAITS="the stock driver waits without limit for promised sub-channels and answers"

# All channels that the NIC can have
all_there()
{
	channels_ethtool && channels_are "$CHANNELS"
}

comes() { load_driver && wait_for 30 "$CHANNELS channels" all_there; }
works() { comes && dhcp && wait_for 30 "answer" answers "$HOST4"; }

channels_ethtool || bail "no channels"
CHANNELS=$CH_NOW
unload_driver || bail "the module does not go"
LENT=$(lent)
OPEN_WITHOUT=$(channels_open)
control fault 0 off
comes || bail "the NIC does not come"
wait_for 30 "open channels" all_open || bail "the channels do not open"
steps_taken
split_steps
((${#PROBE_STEPS[@]} > 0)) || bail "no step was taken"
LOAN=$(lent)
unload_driver || bail "the module does not go"
check "probe: each step refused" probe_each refuse
if ((CHANNELS > 1)); then
	unless_stock "$WAITS" "sub-channels: each step refused" subchannels_each
else
	ktap_test_skip "sub-channels: each step refused (there are none)"
fi
unless_stock "$TRUSTS" "probe: garbage for an answer" probe_each garbage 77
unless_stock "$TRUSTS" "probe: answers that are too short" probe_each short
# A host that has not said how many channels it has gives them when it is asked.
channels_later()
{
	FAULT=(refuse)
	with_fault "rndis-query:00010203" modprobe hv_netvsc &&
		wait_for 30 "a NIC" find_nic &&
		step_is_taken "rndis-query:00010203#1" &&
		control fault 0 off && channels_set "$CHANNELS"
}

check "channels that the host did not tell of" channels_later
unload_driver || bail "the module does not go"
check "the NIC works when the host does" works
# Whoever is answered with garbage may well do what the host does not expect.
ERRORS=$(host_counter synthetic protocol_errors) || bail "no counters"

# --- a NIC that works -------------------------------------------------------

# As before, on the same channels, with as much lent as before
alive()
{
	ip link set dev "$NIC" up &&
		wait_for 30 "carrier" nic_carrier 1 &&
		wait_for 30 "$CHANNELS channels" all_there &&
		wait_for 30 "a loan of $LOAN" lent_is "$LOAN" &&
		wait_for 30 "answer from the host" answers "$HOST4"
}

# change_once UNDO COMMAND... STEP: it may fail
change_once()
{
	local undo=$1 step=${*: -1} failed=1

	BEFORE=$(complaints)
	if with_fault "$step" "${@:2:$#-2}"; then
		failed=0
		TOLERATED+=" $step"
	fi
	said_once "$failed" "$step" || failed=2
	control fault 0 off
	if ! $undo || ! alive; then
		msg "$step ${FAULT[*]}: not as before"
		return 1
	fi
	((failed < 2))
}

# change_each FAULT UNDO COMMAND...: the words of FAULT at each of its steps
change_each()
{
	read -ra FAULT <<< "$1"
	control fault 0 off && "${@:3}" && steps_taken && $2 && alive ||
		return 1
	[ "$1" = refuse ] || keep_answers
	each_step change_once "${@:2}"
}

# change_at STEP FAULT UNDO COMMAND...
change_at()
{
	STEPS=("$1") FAULT=("$2")
	each_step change_once "${@:3}"
}

mtu() { ip link set dev "$NIC" mtu "$1"; }
mtu_back() { mtu 1500 && [ "$(attr mtu)" = 1500 ]; }
down_up() { ip link set dev "$NIC" down && ip link set dev "$NIC" up; }
channels() { ethtool -L "$NIC" combined "$1"; }
channels_back() { channels_set "$CHANNELS"; }

unless_stock "$WAITS" "MTU change: each step refused" \
	change_each refuse mtu_back mtu 1400
unless_stock "$WAITS" "MTU change: no answer" \
	change_at nvsp-recv-buf#1 never mtu_back mtu 1400
# The steps are those of the MTU.
if ((CHANNELS > 1)); then
	unless_stock "$WAITS" "fewer channels: one step refused" \
		change_at nvsp-send-buf#1 refuse channels_back channels 1
else
	ktap_test_skip "fewer channels: one step refused (there is one)"
fi
check "down and up: each step refused" change_each refuse true down_up

no_protocol_errors()
{
	host_counter_is synthetic protocol_errors "$ERRORS"
}

more_channels()
{
	local many=$CHANNELS
	local CHANNELS=1 LOAN

	channels_set 1 && LOAN=$(lent) &&
		change_each refuse "channels_set 1" channels "$many"
}

if ((CHANNELS > 1)); then
	unless_stock "$WAITS" "more channels: each step refused" more_channels
else
	ktap_test_skip "more channels: each step refused (there is one)"
fi
check "the host has nothing to complain of" no_protocol_errors
channels_back || bail "not all channels are back"
unless_stock "$TRUSTS" "MTU change: garbage for an answer" \
	change_each "garbage 77" mtu_back mtu 1400
unless_stock "$TRUSTS" "MTU change: answers that are too short" \
	change_each short mtu_back mtu 1400
unless_stock "$TRUSTS" "down and up: garbage for an answer" \
	change_each "garbage 77" true down_up
unless_stock "$TRUSTS" "down and up: answers that are too short" \
	change_each short true down_up
unload_driver
check "nothing is left" wait_for 10 "what was lent" lent_is "$LENT"
finish
