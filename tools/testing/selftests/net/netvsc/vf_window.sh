#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The rest of the system never takes a VF for a NIC of its own: all that the
# kernel tells of it, from the first message on, shows it as a slave, and it is
# given no address.  How long it can be seen without its master, and how long it
# takes until it is used, is said but not judged.

. "$(dirname "$0")/lib.sh"

plan 5
need vf
setup
trap 'kill "$MONITOR_PID" 2> /dev/null; cleanup' EXIT
MONITOR_PID=
LOG=$TMP/monitor

monitor_has() { grep -q "$1" "$LOG"; }

# The messages of a netlink socket are in order: what follows this one was sent
# when the monitor listened.
monitor_start()
{
	ip -ts -o monitor link address > "$LOG" 2>&1 &
	MONITOR_PID=$!
	wait_for 30 "first message" eval '
		ip link add mark0 type dummy && ip link del mark0
		monitor_has mark0'
}

monitor_stop()
{
	ip link add mark1 type dummy && ip link del mark1
	wait_for 30 "last message" monitor_has 'Deleted.*mark1'
	kill "$MONITOR_PID"
	wait "$MONITOR_PID" 2> /dev/null
	MONITOR_PID=
}

# What was told of the VF's device while there was one
vf_links()
{
	grep -E "(^|[] ])$INDEX: .* link/ether " "$LOG"
}

all_slave()
{
	local all free

	all=$(vf_links | wc -l)
	free=$(vf_links | grep -vc '[<,]SLAVE[,>]')
	msg "$all messages, $free of them without SLAVE"
	((all > 0 && free == 0)) && return
	vf_links | grep -v '[<,]SLAVE[,>]' | head -n 3 |
		while read -r line; do msg "$line"; done
	return 1
}

no_address() { ! grep -E "$INDEX: $VF +inet6? " "$LOG"; }

# Microseconds since midnight of the first message that matches
time_of()
{
	vf_links | grep -m 1 "$1" |
		sed 's/^\[[^T]*T\([0-9]*\):\([0-9]*\):\([0-9]*\)\.\([0-9]*\)\].*/\1 \2 \3 \4/' |
		awk '{ print (($1 * 60 + $2) * 60 + $3) * 1000000 + $4 }'
}

# Milliseconds between two lines of the kernel's log
log_time()
{
	log_since | grep -m 1 -iE "$1" | sed 's/^\[ *\([0-9]*\)\.\([0-9]*\)\].*/\1\2/'
}

measure()
{
	local seen master found used

	seen=$(time_of '') master=$(time_of " master $NIC ")
	msg "first seen to master: $((master - seen)) us"
	found=$(log_time 'VF (registering|[^ ]* bound)')
	used=$(log_time 'data path switched to')
	msg "registered to used: $((10#$used - 10#$found)) us"
}

log_start
check "the kernel's messages are heard" monitor_start
check "a VF is enslaved and used" vf_plug
INDEX=$(cat "/sys/class/net/$VF/ifindex")
ping_start || bail "no ping"
ping_more 40
ping_stop
monitor_stop
check "it was a slave in each message" all_slave
check "it had no address at any time" no_address
check "it is a slave in sysfs" \
	[ "$(($(cat "/sys/class/net/$VF/flags") & 0x800))" -ne 0 ]
measure
finish
