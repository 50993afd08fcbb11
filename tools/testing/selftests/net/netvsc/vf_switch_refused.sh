#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host refuses to switch the data path to a VF, or takes its time: traffic
# stays on the synthetic path until the host has acknowledged, nothing is lost,
# a refusal is not for ever, and nobody else has to wait for the host.

. "$(dirname "$0")/lib.sh"

LATE=4
# Milliseconds that a change of the configuration may wait, and take on a slow guest.
# The driver waits for 10 s for an answer that keeps nobody waiting, and for 2 s for one
# that does.
WAIT=9000

plan 25
# Stock waits for the acknowledgement without a limit, RTNL held, and takes
# nothing for a refusal.
[ "$DRIVER" != stock ] || skip_all "the stock driver cannot be refused"
need vf dmesg
setup
trap 'control fault 0 off > /dev/null; cleanup' EXIT

no_vf_lines() { dmesg | grep -c "$NIC: data path stays on VMBus"; }

said() { (($(no_vf_lines) > SEEN)); }

# One line for each request; the driver asks again at every good sign of the VF,
# of which there are a few while it comes up.
said_briefly()
{
	local n

	n=$(($(no_vf_lines) - SEEN))
	((n >= 1 && n <= 4)) && return
	msg "$n lines of log"
	return 1
}

# plug_refused FAULT: until the driver has said so
plug_refused()
{
	SEEN=$(no_vf_lines)
	control fault 0 "$1" 99 && control vf 0 add || return 1
	wait_for 90 "VF enslaved to $NIC" vf_is_slave &&
		wait_for 60 "the driver to say that it stays" said
}

# timed COMMAND...: sets MS
timed()
{
	local start=${EPOCHREALTIME/./} up

	"$@"
	up=$?
	MS=$(((${EPOCHREALTIME/./} - start) / 1000))
	return "$up"
}

# Until the driver has said that the host does not answer
nobody_waits()
{
	local worst=0 end=$((SECONDS + 60 * PATIENCE))

	until said; do
		((SECONDS < end)) || return 1
		timed ip link set dev "$NIC" txqueuelen 1000 || return 1
		((MS <= worst)) || worst=$MS
	done
	msg "a change of the configuration took up to $worst ms"
	((worst < WAIT))
}

plug_unanswered()
{
	SEEN=$(no_vf_lines)
	control fault 0 switch-never 99 && control vf 0 add || return 1
	wait_for 90 "VF enslaved to $NIC" vf_is_slave
}

down_unanswered()
{
	control fault 0 switch-never 99 &&
		timed ip link set dev "$NIC" down || return 1
	msg "$NIC went down in $MS ms"
	((MS < WAIT)) && ! vf_is_up
}

# guest_sends_on_vf: an echo request goes out on the VF
guest_sends_on_vf()
{
	local tx

	tx=$(host_counter vf tx_frames) && answers "$HOST4" &&
		(($(host_counter vf tx_frames) > tx))
}

# The host has been on the VF all the while; the guest has to ask anew.
up_again()
{
	control fault 0 off && ip link set dev "$NIC" up &&
		wait_for 30 "carrier" nic_carrier 1 &&
		wait_for 30 "answer" answers "$HOST4" &&
		wait_for 30 "data path on the VF" guest_sends_on_vf &&
		host_path vf
}

# plug_slow: the host is asked, and makes up its mind until its faults end.  The driver
# waits for 10 s.
plug_slow()
{
	control fault 0 off && control fault 0 switch-late 600 &&
		control vf 0 add || return 1
	wait_for 90 "VF enslaved to $NIC" vf_is_slave &&
		wait_for 30 "the host to be asked" host_is_asked
}

taken_back() { log_since | grep -q "$NIC: VF not ready any more"; }

lose_link()
{
	log_start
	plug_slow && control vf 0 link off &&
		wait_for 30 "VF without carrier" vf_carrier 0 &&
		control fault 0 off &&
		wait_for 30 "the driver to take the data path back" taken_back &&
		wait_for 30 "synthetic path" host_path synthetic
}

# The driver does not wait for a test that is slower than its 10 s.
link_lost_meanwhile()
{
	lose_link && return
	log_since | grep -q "$NIC: data path stays on VMBus: no answer" || return 1
	msg "too slow, once more"
	control fault 0 off && vf_eject && lose_link
}

flap_meanwhile()
{
	plug_slow && ip link set dev "$NIC" down && ip link set dev "$NIC" up &&
		control fault 0 off &&
		wait_for 30 "data path on the VF" host_path vf
}

host_relents()
{
	control fault 0 off && control vf 0 link off &&
		wait_for 30 "VF without carrier" vf_carrier 0 &&
		control vf 0 link on &&
		wait_for 30 "data path on the VF" host_path vf
}

vf_carrier()
{
	[ "$(cat "/sys/class/net/$VF/carrier" 2>/dev/null)" = "$1" ]
}

replug()
{
	control fault 0 off && vf_eject && vf_plug
}

# What the guest has sent on the VF before it was told that it may
none_too_early()
{
	local n

	n=$(($(host_counter vf tx_unselected) - UNSELECTED))
	((n == 0)) && return
	msg "$n frames too early"
	return 1
}

plug_late()
{
	local start=$SECONDS

	# The host counts for all VFs that the NIC has had.
	UNSELECTED=$(host_counter vf tx_unselected) || return 1
	control fault 0 switch-late $LATE && vf_plug || return 1
	# SECONDS counts whole ones
	((SECONDS - start >= LATE - 1))
}

ping_start || bail "no ping"
check "a refusal: the VF is enslaved" plug_refused switch-refuse
check "a refusal: a line of log each time" said_briefly
check "a refusal: all traffic stays on the synthetic path" \
	traffic_only_on synthetic
check "the VF is used after link off and on" host_relents
check "all traffic takes it" traffic_only_on vf
check "nothing was lost" ping_lossless
vf_eject

ping_start || bail "no ping"
check "no answer: the VF is enslaved" plug_unanswered
check "no answer: nobody else waits for it" nobody_waits
check "no answer: a line of log each time" said_briefly
check "no answer: all traffic stays on the synthetic path" \
	traffic_only_on synthetic
check "the next VF is used" replug
check "all traffic takes the next VF" traffic_only_on vf
check "nothing was lost" ping_lossless
vf_eject

ping_start || bail "no ping"
check "a late answer: the VF is used after it" plug_late
check "a late answer: nothing took the VF before" none_too_early
check "a late answer: all traffic takes the VF" traffic_only_on vf
check "a late answer: nothing was lost" ping_lossless
check "a late answer: the NIC is as before" \
	wait_for 30 "answer" answers "$HOST4"
vf_eject

check "link lost before the answer: the data path comes back" \
	link_lost_meanwhile
ping_start || bail "no ping"
check "all traffic is on the synthetic path" traffic_only_on synthetic
ping_stop
control fault 0 off
vf_eject
check "NIC down and up before the answer: the VF is used" flap_meanwhile
ping_start || bail "no ping"
check "all traffic takes the VF" traffic_only_on vf
ping_stop

check "no answer on the way back: the NIC goes down, and the VF" down_unanswered
check "NIC up brings the data path to the VF" up_again
ping_start || bail "no ping"
check "all traffic takes the VF after that" traffic_only_on vf
ping_stop
finish
