#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# VLANs that a VF receives for its NIC: it has those of the NIC, whether they were
# made before it or after; they are taken back from it, each once; and what somebody
# else has put on the VF stays there, also when the NIC's driver goes.
#
# The tags are those of 802.1ad: for others this VF would have to ask its host, and has
# no way to do so.

. "$(dirname "$0")/lib.sh"
. "$HERE/probe_lib.sh"

plan 14
need vf modprobe
modprobe -q 8021q || skip_all "no module 8021q"
modprobe -q macvlan || skip_all "no module macvlan"
setup
trap 'ip link del mac0 2> /dev/null; probes_off; cleanup' EXIT
mac=$(attr address)
log_start

# vlan DEVICE ID: a device for it
vlan()
{
	ip link add link "$1" name "$1.$2" type vlan proto 802.1ad id "$2"
}

# --- what is given, and taken back ------------------------------------------

# From here on each call of the kernel's functions for that leaves a line: for which
# device, the kind of tag, the VLAN, and whether it was given.
calls_on()
{
	# shellcheck disable=SC2016 # the kernel's words
	probes_on 'r:netvsc_test/give vlan_vid_add dev=$arg1 proto=$arg2:x16 vid=$arg3:u16 err=$retval:s32' \
		'p:netvsc_test/take vlan_vid_del dev=$arg1 proto=$arg2:x16 vid=$arg3:u16'
}

# The VF as the lines name it, which is in no other place
vf_pointer()
{
	((LEDGER)) || return 0
	vlan "$VF" 100 && ip link del "$VF.100" || return 1
	VF_DEV=$(sed -n 's/.* give: .*dev=\(0x[0-9a-f]*\) .* vid=100 .*/\1/p' \
		$TRACEFS/trace | tail -n 1)
	[ -n "$VF_DEV" ]
}

# given "ID TIMES..." : so many times more has the VF been given these VLANs than they
# were taken back, and no others.  A way to see that no kernel needs to have.
given()
{
	local now

	((LEDGER)) || return 0
	now=$(awk -v vf="dev=$VF_DEV" '
	/ (give|take): / && index($0, vf " ") && / proto=0xa888 / {
		match($0, / vid=[0-9]+/)
		vid = substr($0, RSTART + 5, RLENGTH - 5) + 0
		n[vid] += / take: / ? -1 : / err=0$/
	}
	END {
		for (vid = 0; vid < 4096; vid++)
			if (n[vid])
				printf "%s%d %d", sep++ ? " " : "", vid, n[vid]
	}' $TRACEFS/trace)
	[ "$now" = "$*" ] && return
	msg "VLANs, and how often they were given: '$now', and not '$*'"
	return 1
}

# ----------------------------------------------------------------------------

# The VF stays, as a device of its own.
driver_goes()
{
	modprobe -r hv_netvsc && wait_for 30 "free VF" find_free_vf "$mac" &&
		given 5 1 7 1
}

vlans_go() { ip link del "$VF.7" && ip link del "$VF.5" && given; }

back_in_use()
{
	load_driver && wait_for 60 "VF enslaved" vf_is_slave &&
		ip link set dev "$NIC" up &&
		wait_for 30 "data path on the VF" host_path vf
}

# A VLAN of what is stacked on the NIC has no device on that.
stacked()
{
	ip link add link "$NIC" name mac0 type macvlan mode bridge &&
		vlan mac0 8 && given 8 1
}

another_vf() { vf_plug && vf_pointer && given 5 1 8 1; }

# It goes with the VLAN that is on it.
stacked_goes() { ip link del mac0 && given 5 1; }

LEDGER=1
calls_on || LEDGER=0

# check_given TEXT COMMAND...: for what only such a kernel tells
check_given()
{
	if ((LEDGER)); then
		check "$@"
	elif "${@:2}"; then
		ktap_test_skip "$1: this kernel does not tell who has which VLAN"
	else
		ktap_test_fail "$1"
	fi
}

vlan "$NIC" 5 || skip_all "no VLANs of 802.1ad"
{ vf_plug && vf_pointer; } || bail "no VF"
check_given "a VF has the VLAN that was there before it" given 5 1
check_given "and one that comes after it" eval 'vlan "$NIC" 6 && given 5 1 6 1'
check_given "somebody puts VLANs on the VF" \
	eval 'vlan "$VF" 5 && vlan "$VF" 7 && given 5 2 6 1 7 1'
check_given "the NIC gets one that the VF has" \
	eval 'vlan "$NIC" 7 && given 5 2 6 1 7 2'
check_given "the VF keeps its own when that of the NIC goes" \
	eval 'ip link del "$NIC.5" && given 5 1 6 1 7 2'
check "all traffic takes the VF" eval 'ping_start && traffic_only_on vf'
ping_stop
check "the NIC's driver goes: those of the VF stay" driver_goes
check "they can be removed" vlans_go
check "the driver is back, and the VF in use" back_in_use
check_given "a VLAN of what is stacked on the NIC" stacked
vlan "$NIC" 5
check_given "all are taken back from a VF that goes" eval 'vf_eject && given'
check_given "another VF has them" another_vf
check_given "with what is stacked, its VLAN goes" stacked_goes
check "the kernel had nothing to complain of" no_complaint
ip link del "$NIC.5"
finish
