#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host refuses, or answers badly, while the driver sets a NIC up: there is
# no NIC then, the log says why, nothing is left behind, and the NIC works as
# soon as the host does.

. "$(dirname "$0")/lib.sh"

plan 14
need control modprobe dmesg
setup

works() { load_driver && dhcp && wait_for 30 "answer" answers "$HOST4"; }

failures() { dmesg | grep -c 'hv_netvsc failed with error'; }
reasons() { dmesg | grep -c 'hv_netvsc .*(uninitialized): '; }

# refused FAULT...: the module loads, its probe fails
refused()
{
	local before
	before=$(failures)
	REASONS=$(reasons)

	control fault 0 "$@" && modprobe hv_netvsc || return 1
	# The probe is over when modprobe is.
	control fault 0 off
	(($(failures) == before + 1)) && no_nic
}

reason_logged()
{
	local n=$(($(reasons) - REASONS))

	((n == 1)) && return
	msg "$n lines of log"
	dmesg | grep 'hv_netvsc' | tail -n 3 | while read -r line; do
		msg "$line"
	done
	return 1
}

nothing_left()
{
	modprobe -r hv_netvsc || return 1
	lent_is "$LENT" && return
	msg "before: $LENT; now: $(lent)"
	return 1
}

unload_driver || bail "the module does not go"
LENT=$(lent) || bail "no counters"

# probe_fails WHAT FAULT...
probe_fails()
{
	local what=$1

	shift
	check "$what: no NIC" refused "$@"
	if [ "$DRIVER" = stock ]; then
		ktap_test_skip "$what: one line says why (stock has its own)"
	else
		check "$what: one line says why" reason_logged
	fi
	check "$what: nothing is left" nothing_left
}

# A driver may ask for one version after the other.
probe_fails "no NVSP version" init-refuse 99
probe_fails "no receive buffer" rxbuf-refuse

# Stock waits for RNDIS answers without a limit.
if [ "$DRIVER" = stock ]; then
	for what in "answer makes no sense" "answer missing"; do
		for check in "no NIC" "one line says why" "nothing is left"; do
			ktap_test_skip "RNDIS $what: $check (not with stock)"
		done
	done
else
	probe_fails "RNDIS answer makes no sense" rndis-query-garbage
	probe_fails "no RNDIS answer" rndis-no-answer
fi
check "the NIC works when the host does" works

# The host interrupts for each channel while VMBus opens it.
signalled_early()
{
	local status=0

	modprobe -r hv_netvsc && control fault 0 step gpadl signal &&
		control fault 0 step open signal || return 1
	works || status=1
	control fault 0 off
	return "$status"
}

if [ "$DRIVER" = stock ]; then
	ktap_test_skip "interrupts before there is a ring (stock writes to it)"
else
	check "interrupts before there is a ring are nothing" signalled_early
fi
finish
