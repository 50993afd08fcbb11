#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A VF comes and goes many times under ping and a TCP connection: no packet of
# ping is lost, the connection lives, and nothing is left behind: no memory, no
# devices, no channels, and a few lines of log each time.
#
# CYCLES in the environment is how often, 4 at least (10).

. "$(dirname "$0")/lib.sh"
. "$HERE/memory_lib.sh"

# The soak has more of them, and is stricter.
CYCLES=${CYCLES:-10}
WARM=3
if [[ ! $CYCLES =~ ^[0-9]+$ ]] || ((CYCLES <= WARM)); then
	echo "$TEST: CYCLES is 4 or more, see --help" >&2
	exit 2
fi
# KiB for each cycle.  A network device with its queues is far more.
GROWTH=32
# Most of them are of the PCI bus and the VF's driver.
LOG_LINES=40

plan 7
need vf iperf3
setup

# What a cycle could leave behind, counted
leftovers()
{
	local -a net=(/sys/class/net/*) pci=(/sys/bus/pci/devices/*)
	local -a bus=(/sys/bus/vmbus/devices/*)

	echo "netdevs ${#net[@]} pci ${#pci[@]} vmbus ${#bus[@]}" \
		"irqs $(grep -c . /proc/interrupts)"
}

cycle() { vf_plug && ping_more 3 && vf_eject; }

cycles()
{
	local n

	for ((n = 1; n <= $1; n++)); do
		cycle || return 1
	done
}

lines_bounded()
{
	local log lines

	log=$(log_since) || { msg "$log"; return 1; }
	lines=$(grep -c . <<< "$log")
	msg "$((lines / (CYCLES - WARM))) lines of log for each cycle"
	((lines <= LOG_LINES * (CYCLES - WARM)))
}

memory_bounded()
{
	local now grown

	now=$(memory)
	grown=$((now - before))
	msg "memory: $before KiB before, $now KiB after:" \
		"$grown KiB in $((CYCLES - WARM)) cycles"
	((grown <= GROWTH * (CYCLES - WARM)))
}

nothing_left()
{
	local now

	now=$(leftovers)
	[ "$now" = "$left" ] && return
	msg "before: $left; after: $now"
	return 1
}

ping_start || bail "no ping"
iperf_start || bail "no TCP connection"
# The first ones fill caches and make what stays for good.
check "$WARM cycles" cycles "$WARM"
before=$(memory) left=$(leftovers)
log_start
start=$SECONDS
check "$((CYCLES - WARM)) more cycles" cycles $((CYCLES - WARM))
msg "$(((SECONDS - start) * 1000 / (CYCLES - WARM))) ms for each cycle"
check "nothing is left behind" nothing_left
if [ -e /sys/kernel/debug/kmemleak ]; then
	# It looks for what is lost; what it notes itself does grow, as does
	# what KASAN keeps of freed memory.
	ktap_test_skip "memory does not grow: left to kmemleak"
else
	check "memory does not grow" memory_bounded
fi
check "the log stays short" lines_bounded
check "the TCP connection is still there" iperf_more
iperf_stop
check "no packet was lost" ping_lossless
finish
