#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module goes and comes back, idle and under traffic.

. "$(dirname "$0")/lib.sh"

plan 7
need control modprobe ethtool
setup

# The level of messages that a parameter of the module gives
debug_level()
{
	modprobe hv_netvsc debug=2 &&
		wait_for 60 "a device of hv_netvsc" find_nic &&
		ethtool "$NIC" | grep -q "message level: 0x00000003" &&
		unload_driver
}

works() { dhcp && wait_for 30 "answer" answers "$HOST4"; }

has_sent() { (($(attr statistics/tx_packets) >= $1)); }

reload_busy()
{
	local sent up

	sent=$(attr statistics/tx_packets)
	ping -n -q -f -c 1000000 "$HOST4" > /dev/null 2>&1 &
	PING_PID=$!
	wait_for 30 "traffic" has_sent $((sent + 20)) && unload_driver
	up=$?
	kill -INT "$PING_PID"
	wait "$PING_PID"
	PING_PID=
	return "$up"
}

errors() { host_counter synthetic protocol_errors; }
no_errors() { [ -n "$ERRORS" ] && [ "$(errors)" = "$ERRORS" ]; }

ERRORS=$(errors)
check "unload removes the device" unload_driver
check "messages are those of a parameter, and it goes again" debug_level
check "load brings it back" load_driver
check "DHCP and ping work again" works
check "unload under traffic" reload_busy
check "load again, DHCP and ping work" \
	eval 'load_driver && works'
check "the host found nothing wrong with it" no_errors
finish
