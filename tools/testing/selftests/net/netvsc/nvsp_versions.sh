#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Hosts of every age: with each version of NVSP that there is the guest takes that
# one, sends and receives, with VLANs too, and the host has nothing to complain
# of.  Which versions have sub-channels, VFs and coalescing is theirs to say.

. "$(dirname "$0")/lib.sh"
. "$HERE/channel_lib.sh"

# As the statistics of the host have them
declare -A NUMBER=(
	[1]=0x2 [2]=0x30002 [4]=0x40000 [5]=0x50000 [6]=0x60000
	[6.1]=0x60001
)
VERSIONS=(1 2 4 5 6 6.1)

plan 16
need control ethtool iperf3
setup
HIGHEST=$(host_counter synthetic nvsp)
trap 'highest > /dev/null; ip link del dev vlan0 2> /dev/null; cleanup' EXIT

# new_session VERSION: one for which the host knows no later version
new_session()
{
	control nic 0 nvsp "$1" && ip link set dev "$NIC" mtu 1400 &&
		ip link set dev "$NIC" mtu 1500 &&
		wait_for 30 "carrier" nic_carrier 1
}

highest()
{
	local version

	for version in "${VERSIONS[@]}"; do
		[ "${NUMBER[$version]}" != "$HIGHEST" ] || new_session "$version"
	done
}

is_in_use() { host_counter_is synthetic nvsp "${NUMBER[$1]}"; }

# The first frame after a new session may still wait for an address of the host's.
traffic()
{
	wait_for 30 "answer" answers "$HOST4" && iperf_both 1
}

vlan()
{
	host_vlan_add &&
		wait_for 30 "answer on the VLAN" answers "$HOST4_VLAN"
	local up=$?
	ip link del dev vlan0
	return "$up"
}

content()
{
	local now

	now=$(host_complaints) && [ "$now" = "$COMPLAINTS" ]
}

# As many as at first; before version 5 there are no further ones to be had, and with
# stock those that such a version took away stay away.
channels()
{
	case $1 in
	[124]) wait_for 30 "one channel" channels_are 1 ;;
	*)
		[ "$DRIVER" != stock ] || channels_set "$CHANNELS" || return 1
		wait_for 30 "$CHANNELS channels" channels_are "$CHANNELS"
		;;
	esac
}

# Hosts of these versions have some for each processor, unless the guest speaks an
# NDIS that knows none.
several()
{
	channels_ethtool && channels_are "$CH_NOW" || return 1
	((HIGHEST < NUMBER[5] || CPUS == 1 || CH_NOW > 1))
}

version()
{
	new_session "$1" && is_in_use "$1" && channels "$1" && traffic && vlan
}

# A host of before version 5 hashes nothing, and the latest one does again.
spread_again()
{
	key_of "$SPREADING" && on_all RX connections -R
}

CPUS=$(nproc)
check "there are several channels" wait_for 30 "several channels" several
CHANNELS=$CH_NOW
COMPLAINTS=$(host_complaints) || bail "no counters"
for version in "${VERSIONS[@]}"; do
	if ((${NUMBER[$version]} > HIGHEST)); then
		ktap_test_skip "NVSP $version (this host has none)"
		ktap_test_skip "the host has nothing to complain of (likewise)"
		continue
	fi
	check "NVSP $version" version "$version"
	check "the host has nothing to complain of" content
done
check "and the latest again" eval 'highest && traffic'
check "which it was at first" host_counter_is synthetic nvsp "$HIGHEST"
channels_set "$CHANNELS" || msg "the NIC has not as many channels as before"
if ((CHANNELS == 1)); then
	ktap_test_skip "what comes in is spread again (there is one channel)"
else
	check "what comes in is spread again" spread_again
fi
finish
