# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# How the benchmark takes a figure: bursts of two sizes, whose difference leaves
# out all that a burst costs whatever its size, and time in softirq by the trace
# clock.  Part of guest.

TRACING=/sys/kernel/tracing

# Packets of the small and of the large burst: fewer than any driver's slots,
# and whole batches of BATCH.
SMALL=32 LARGE=160 BATCH=32
# Each difference is taken so many times; the smallest counts, as whatever
# comes between (a timer, a thread of the kernel's) can only add.
TIMES=5 RANK=1

result()
{
	echo "bench $driver $pass $1 $2"
}

stage()
{
	read -r uptime _ </proc/uptime
	echo "bench: [$uptime s] $*"
}

# ---------------------------------------------------------------- softirq

# Time of NET_RX from here to softirq_ns, in nanoseconds.
softirq_start()
{
	echo 0 >$TRACING/tracing_on
	echo >$TRACING/trace
	echo 1 >$TRACING/tracing_on
}

softirq_ns()
{
	echo 0 >$TRACING/tracing_on
	awk '
	match($0, /[0-9]+: softirq_(entry|exit)/) {
		split(substr($0, RSTART), w, ":")
		if (w[2] ~ /entry/) start = w[1]
		else if (start) { sum += w[1] - start; start = 0 }
	}
	END { printf "%d\n", sum }' $TRACING/trace
}

softirq_prepare()
{
	echo x86-tsc >$TRACING/trace_clock
	echo 'vec == 3' >$TRACING/events/irq/softirq_entry/filter
	echo 'vec == 3' >$TRACING/events/irq/softirq_exit/filter
	echo 1 >$TRACING/events/irq/softirq_entry/enable
	echo 1 >$TRACING/events/irq/softirq_exit/enable
}

# ---------------------------------------------------------------- packets

sender_start()
{
	mkfifo /tmp/ask /tmp/told
	exec {ASK}<>/tmp/ask {TOLD}<>/tmp/told
	/netvsc/bench/load sender <&"$ASK" >&"$TOLD" &
}

# burst DEVICE COUNT: packets as LOAD says (MAC ADDRESS BYTES [udp|tcp SIZE]);
# leaves the nanoseconds of sending in SENT
burst()
{
	local mac address bytes cut

	read -r mac address bytes cut <<<"$LOAD"
	echo "$1 $mac $address $2 $bytes $cut" >&"$ASK"
	read -r -t 30 -u "$TOLD" SENT || bail "nobody sends"
}

# ---------------------------------------------------------------- the host

tx_idle()
{
	local file

	for file in /sys/class/net/"$1"/queues/tx-*/byte_queue_limits/inflight; do
		[ "$(<"$file")" = 0 ] || return 1
	done
}

# Straight to the driver, as to dummy0; and no limit of bytes in flight, or bursts
# would not fit.
no_qdisc()
{
	local file

	tc qdisc replace dev "$1" root noqueue
	for file in /sys/class/net/"$1"/queues/tx-*/byte_queue_limits/limit{_min,}; do
		echo 100000000 >"$file"
	done
}

# ranked COMMAND...: of TIMES tries the RANKth, counted from the smallest; in VALUE
ranked()
{
	local i

	SEEN=()
	for ((i = 0; i < TIMES; i++)); do
		if ! "$@"; then
			ethtool -S "$NIC" | grep -E '[1-9][0-9]*$' >&2
			control release 0
			return 1
		fi
		SEEN+=("$TAKEN")
	done
	VALUE=$(printf '%s\n' "${SEEN[@]}" | sort -n | sed -n "${RANK}p")
}

# slope KEY PIECES COMMAND...: COMMAND takes a number of packets, each of PIECES, and
# leaves its time in TAKEN; the result is for one piece, in nanoseconds with one
# decimal
slope()
{
	local key=$1 pieces=$2 small large

	shift 2
	ranked "$@" $((SMALL / pieces)) || { result "$key" failed; return; }
	small=$VALUE; msg "$key small ${SEEN[*]}"
	ranked "$@" $((LARGE / pieces)) || { result "$key" failed; return; }
	large=$VALUE; msg "$key large ${SEEN[*]}"
	result "$key" "$(awk -v s="$small" -v l="$large" \
		-v n=$((LARGE - SMALL)) 'BEGIN { printf "%.1f", (l - s) / n }')"
}
