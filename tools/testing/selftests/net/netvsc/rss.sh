#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Receive side scaling: what is set is read back, the host spreads flows by
# the table and the key, and both outlive a change of MTU and of channels.

. "$(dirname "$0")/lib.sh"
. "$HERE/channel_lib.sh"

plan 15
need modprobe
need_channels
# The driver's own key.  Stock, which had one channel for a while, goes on with zeros.
anew()
{
	reload_driver &&
		wait_for 30 "$CH_MAX channels" channels_are "$CH_MAX"
}

anew || bail "the driver does not come back with all channels"

# From the host
connections_in() { connections -R; }

lands_on()
{
	measure "${@:2}" && mostly_on "$1" 50 "${GREW_RX[@]}"
}

lands_everywhere() { on_all RX "$@"; }

key_is_random()
{
	[[ $(key) =~ ^([0-9a-f]{2}:){39}[0-9a-f]{2}$ ]] &&
		[[ $(key) != 00:00:00:00:* ]]
}

default_table()
{
	local i=0 entry

	ethtool -X "$NIC" default || return 1
	for entry in $(rss_table); do
		((entry == i++ % CH_MAX)) || return 1
	done
	((i >= 16))
}

refused() { ! "$@" 2> /dev/null; }
hash_fields() { ethtool -n "$NIC" rx-flow-hash "$1"; }

udp_ports()
{
	ethtool -N "$NIC" rx-flow-hash udp4 sdfn &&
		[[ $(hash_fields udp4) = *"L4 bytes 0 & 1"* ]]
}

# Frames from the host, each from another port
udp_flows() { iperf 1 -R -u -b 100k -l 200 -P 16; }

udp_lands_on_one() { measure udp_flows && on_one 100 "${GREW_RX[@]}"; }

udp_addresses()
{
	ethtool -N "$NIC" rx-flow-hash udp4 sd &&
		[[ $(hash_fields udp4) != *"L4 bytes"* ]]
}

another_mtu()
{
	ip link set dev "$NIC" mtu 1400 && table_all "$last" || return 1
	ip link set dev "$NIC" mtu 1500 && table_all "$last" || return 1
	lands_on "$last" connections_in
}

needed_channels()
{
	refused ethtool -L "$NIC" combined 1 && table_all "$last" && return
	# Nothing that follows depends on it.
	channels_set "$CH_MAX"
	return 1
}

another_number()
{
	key_of "$SPREADING" && channels_set 1 && key_is "$SPREADING" || return 1
	channels_set "$CH_MAX" && key_is "$SPREADING" &&
		lands_everywhere connections_in
}

last=$((CH_MAX - 1))

# The stock driver sets its key when it has asked for all channels, and counts them before.
check "the key is random" wait_for 10 "a random key" key_is_random
check "the default table uses all channels" default_table
check "many flows come on all channels" \
	eval 'key_of "$SPREADING" && lands_everywhere connections_in'
check "all to the last channel" all_to "$last"
check "flows come there" lands_on "$last" connections_in
# Addresses make the flow; ports have no part in it.
check "echoes too" lands_on "$last" echoes 100 "$HOST4"
check "it outlives a change of MTU" another_mtu
check "channels that the table needs cannot go" needed_channels
check "all to the first channel" \
	eval 'all_to 0 && lands_on 0 connections_in'
check "another key" key_of 6d
check "with a key of zeros there is one hash only" \
	eval 'default_table && key_of 00 && lands_on 0 connections_in'
check "another hash function is refused" \
	refused ethtool -X "$NIC" hfunc xor
check "key outlives fewer channels and more" \
	another_number
check "UDP over addresses is one flow" \
	eval 'udp_addresses && udp_lands_on_one'
check "UDP over ports comes on all channels" \
	eval 'udp_ports && lands_everywhere udp_flows'
# The NIC's own key and table, for whoever comes next
modprobe -r hv_netvsc && load_driver
finish
