#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host takes neither a new MTU nor, after that, the old one: the NIC is out
# of service then, which its link says, and back by itself as soon as the host lets
# it, with all that was set, and with a VF if there is one.  If the host takes less by
# then, the MTU is lower.

. "$(dirname "$0")/lib.sh"

plan 18
need bridge control dmesg ethtool
[ "$DRIVER" = ours ] ||
	skip_all "the stock driver does not come back before it is reloaded"
setup
PROMISCUOUS=0x20
trap 'control fault 0 off; control nic 0 mtu "$MTU"; watch_end; bridge fdb del "$SECOND_MAC" dev "$NIC" 2> /dev/null; cleanup' EXIT
mac=$(attr address)

# No version of NVSP suits the host, so there is no session.
lost()
{
	log_start
	control fault 0 step nvsp-init refuse || return 1
	! ip link set dev "$NIC" mtu 1400 2> /dev/null &&
		log_since | grep -q "$NIC: no session with the host any more" &&
		! answers "$HOST4"
}

back()
{
	control fault 0 off && wait_for 150 "answer" answers "$HOST4"
}

# Neither of these is what a NIC starts with, and the host has to know of both.
set_something()
{
	ethtool -K "$NIC" rx off > /dev/null && ip link set dev "$NIC" promisc on &&
		wait_for 10 "a promiscuous host" host_is_told
}

host_is_told()
{
	local filter

	filter=$(host_counter synthetic filter) && ((filter & PROMISCUOUS)) &&
		host_counter_is synthetic rx_csum 0
}

as_before()
{
	[ "$(attr mtu)" = 1500 ] && [ "$(attr address)" = "$mac" ] &&
		nic_has_ipv4 && wait_for 10 "a host that knows" host_is_told
}

no_link() { [[ $(ip link show dev "$NIC") != *LOWER_UP* ]]; }

reload()
{
	lost && modprobe -r hv_netvsc && control fault 0 off && load_driver &&
		dhcp && wait_for 30 "answer" answers "$HOST4"
}

# As another host may
takes_less() { control nic 0 mtu 1300; }

WATCH=
watch()
{
	ip -o monitor link dev "$NIC" > "$TMP/watch" &
	WATCH=$!
}

watch_end()
{
	[ -n "$WATCH" ] || return 0
	kill "$WATCH"
	wait "$WATCH" 2> /dev/null
	WATCH=
}

told() { wait_for 10 "a message" grep -q "$NIC: .* mtu 1300 " "$TMP/watch"; }

less()
{
	[ "$(attr mtu)" = 1300 ] && wait_for 30 "an answer" fits 1300 && ! fits 1301
}

# On this host it was no mistake to have more.
more_is_refused()
{
	! ip link set dev "$NIC" mtu 1400 2> /dev/null && [ "$(attr mtu)" = 1300 ] &&
		wait_for 30 "an answer" fits 1300
}

more_again()
{
	control nic 0 mtu "$MTU" && ip link set dev "$NIC" mtu 1500 &&
		wait_for 30 "an answer" fits 1500
}

# The old MTU is too large by then, and the one that was asked for as well.
taken_back()
{
	takes_less && ! ip link set dev "$NIC" mtu 1400 2> /dev/null && less &&
		more_again
}

vf_has_less() { find_vf && [ "$(cat "/sys/class/net/$VF/mtu")" = 1300 ]; }

# An address that nobody but this one change tells of: what is on top of the NIC would
# have more to say as soon as there is a link again.
given_meanwhile() { bridge fdb add "$SECOND_MAC" dev "$NIC" self; }

set_something || bail "cannot set what is to hold"
check "the host takes nothing any more" lost
check "there is no link then" no_link
check "the NIC is back when it does" back
check "with what was set before" as_before
check "the driver can go while there is no session" reload
watch
check "the host takes nothing, and less after that" eval 'lost && takes_less'
check "the NIC is back with less" eval 'back && less'
check "which the log says" \
	eval 'log_since | grep -q "$NIC: .* MTU of 1300 at most: it is that now, not 1500"'
check "and whoever watches is told" told
watch_end
check "more than that is refused" more_is_refused
check "but not by a host that takes more" more_again
check "it is less as well when a change is taken back" taken_back
need vf
vf_plug || msg "no VF"
check "with a VF, too: nothing any more" lost
given_meanwhile || msg "no second address"
check "and back" back
check "on the VF" wait_for 60 "data path on the VF" vf_in_use
check "which has an address that the NIC was given meanwhile" vf_has_second_address
check "it comes back with less again" eval 'lost && takes_less && back && less'
check "and so does the VF" eval \
	'wait_for 60 "data path on the VF" vf_in_use && vf_has_less'
finish
