#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Everything that can be set is set, over and over, while a TCP connection moves
# data: MTU, channels, sizes of the buffers, features, the RSS table, XDP programs,
# down and up.  The connection lives, and when the driver is unloaded the host has
# nothing of the guest's any more, and the guest all of its memory.
#
# LOOP is how many seconds that takes (20).

. "$(dirname "$0")/lib.sh"
. "$HERE/channel_lib.sh"
. "$HERE/xdp_lib.sh"

LOOP=${LOOP:-20}

plan 8
[ -e "$PROGS" ] || skip_all "xdp.bpf.o is not there"
need modprobe
need_channels
trap 'detach 2> /dev/null; cleanup' EXIT

# What a leak of one session would exceed many times.  Small ones add up.
SPARE_KB=1024

# KASAN keeps objects that have been freed, of everybody, in a quarantine that grows
# for minutes, and for good the stack of each place that allocates or frees, in pools
# of 16 kB.  Where it does, objects that are lost are for kmemleak to find, which is
# asked when all tests have ended.
STACKS=/sys/kernel/debug/stackdepot/stats
[ -e /sys/kernel/debug/kmemleak ] && DEBUGGED=("$STACKS") || DEBUGGED=()

# Kilobytes that are in use and could not be had by asking; pages on the lists of
# CPUs (pagesets) are free, but not counted so
memory_in_use()
{
	echo 3 > /proc/sys/vm/drop_caches
	awk 'FILENAME ~ /zoneinfo/ {
		if ($1 == "count:")
			cpus += $2 * 4
		next
	}
	FILENAME ~ /stackdepot/ {
		if ($1 == "pools:")
			debug += $2 * 16
		next
	}
	{
		kb[$1] = $2
	}
	END {
		if (debug)
			debug += kb["SUnreclaim:"]
		print kb["MemTotal:"] - kb["MemFree:"] - kb["Cached:"] -
		      kb["Buffers:"] - kb["SReclaimable:"] - cpus - debug
	}' "${DEBUGGED[@]}" /proc/zoneinfo /proc/meminfo
}

# What the driver has left behind is freed after some moments of RCU and of work
# queues: the same, more or less, five times in a row.
memory_settles()
{
	local now

	now=$(memory_in_use)
	if ((now > IN_USE - 128 && now < IN_USE + 128)); then
		SAME=$((SAME + 1))
	else
		SAME=0
	fi
	IN_USE=$now
	((SAME >= 5))
}

settled()
{
	IN_USE=0 SAME=0
	wait_for 90 "memory to settle" memory_settles
}

memory_is_back() { (($(memory_in_use) <= IN_USE + SPARE_KB)); }

# What the kernel makes room for once, and keeps, is there before anything is counted:
# 2 MiB for the code of the first program, for one.
settle()
{
	reload_driver && channels_set "$CH_MAX" &&
		LOAN=$(lent) && allow_programs && sizes && a_round &&
		unload_driver && settled && LENT=$(lent) && load_driver &&
		allow_programs && dhcp && channels_set "$CH_MAX"
}

sizes()
{
	read -r RX TX < <(ethtool -g "$NIC" | awk '
		/^Current/ { now = 1 }
		now && ($1 == "RX:" || $1 == "TX:") { printf "%s ", $2 }
		END { print "" }')
}

mtu() { ip link set dev "$NIC" mtu "$1"; }
channels() { ethtool -L "$NIC" combined "$1"; }
rings() { ethtool -G "$NIC" rx "$1" tx "$2"; }
features() { ethtool -K "$NIC" tso "$1" tx "$1" rx "$1" > /dev/null; }
table() { ethtool -X "$NIC" "$@"; }
down_up() { ip link set dev "$NIC" down && ip link set dev "$NIC" up; }

# do_it COMMAND...: an operation, which has to succeed
do_it()
{
	"$@" && return
	msg "$*: refused"
	return 1
}

a_round()
{
	do_it mtu 1400 &&
		do_it channels 1 &&
		do_it features off &&
		do_it attach xdp_pass &&
		do_it rings 500 100 &&
		do_it down_up &&
		do_it channels "$CH_MAX" &&
		do_it table weight 1 0 &&
		do_it features on &&
		do_it mtu 1500 &&
		do_it detach &&
		do_it table default &&
		do_it rings "$RX" "$TX"
}

loop()
{
	local rounds=0 end=$((SECONDS + LOOP)) bad=0

	while ((rounds == 0 || SECONDS < end)); do
		if ! a_round || ! iperf_more; then
			bad=1
			break
		fi
		rounds=$((rounds + 1))
	done
	msg "$rounds rounds, $((rounds * 13)) operations in $((SECONDS - end + LOOP)) s"
	return "$bad"
}

content()
{
	stats_read protocol_errors tx_bad_offload &&
		[ "$(counter synthetic protocol_errors)" = "$ERRORS" ] &&
		[ "$(counter synthetic tx_bad_offload)" = "$BAD" ]
}

as_before()
{
	channels_are "$CH_MAX" && wait_for 30 "a loan of $LOAN" lent_is "$LOAN"
}

gives_back()
{
	unload_driver && wait_for 30 "all that was lent ($LENT)" lent_is "$LENT"
}

memory()
{
	local before=$IN_USE

	wait_for 20 "all memory" memory_is_back
	msg "in use before $before kB, now $(memory_in_use) kB"
	memory_is_back
}

works() { load_driver && dhcp && wait_for 30 "answer" answers "$HOST4"; }

settle || bail "the driver does not go and come"
stats_read protocol_errors tx_bad_offload
ERRORS=$(counter synthetic protocol_errors) BAD=$(counter synthetic tx_bad_offload)
check "a TCP connection" iperf_start
check "it lives through all that can be set" loop
check "and moves data" iperf_more
iperf_stop
check "the host has nothing to complain of" content
check "the host is lent as much as before" as_before
check "unload gives it all back" gives_back
check "and the guest has its memory" memory
check "the NIC works again" works
finish
