#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host refuses to switch the data path to a VF, or takes its time: traffic
# stays on the synthetic path until the host has acknowledged, nothing is lost,
# and a refusal is not for ever.

. "$(dirname "$0")/lib.sh"

LATE=4

plan 17
# Stock waits for the acknowledgement without a limit, RTNL held, and takes
# nothing for a refusal.
[ "$DRIVER" != stock ] || skip_all "the stock driver cannot be refused"
need vf dmesg
setup

no_vf_lines() { dmesg | grep -c "$NIC: data path stays on VMBus"; }

said() { (($(no_vf_lines) > LINES)); }

# One line for each request; the driver asks again at every good sign of the VF,
# of which there are a few while it comes up.
said_briefly()
{
	local n

	n=$(($(no_vf_lines) - LINES))
	((n >= 1 && n <= 4)) && return
	msg "$n lines of log"
	return 1
}

# plug_refused FAULT: until the driver has said so
plug_refused()
{
	LINES=$(no_vf_lines)
	control fault 0 "$1" 99 && control vf 0 add || return 1
	wait_for 90 "VF enslaved to $NIC" vf_is_slave &&
		wait_for 60 "the driver to say that it stays" said
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

	stats_read || return 1
	n=$(($(counter vf tx_unselected) - UNSELECTED))
	((n == 0)) && return
	msg "$n frames too early"
	return 1
}

plug_late()
{
	local start=$SECONDS

	# The host counts for all VFs that the NIC has had.
	stats_read || return 1
	UNSELECTED=$(counter vf tx_unselected)
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
check "no answer: the VF is enslaved" plug_refused switch-never
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
check "a late answer: the NIC is as before" answers "$HOST4"
finish
