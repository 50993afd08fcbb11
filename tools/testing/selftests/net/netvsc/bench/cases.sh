# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the benchmark measures, case by case.  NIC 0 is measured; frames for it
# come from NIC 1, whose device is in a network namespace of its own.  Part of
# guest.

HERE4=198.19.0.1 THERE4=198.19.0.2
# Beyond the uplink, where frames end: NIC 1 would be counted, too.
NOWHERE="02:00:00:00:00:02 198.19.0.3"
PORT=9

# ---------------------------------------------------------------- set-up

prepare()
{
	modprobe -q dummy || bail "no module dummy"
	softirq_prepare
	ip link add dummy0 type dummy 2>/dev/null
	ethtool -K dummy0 tso off gso off tx-udp-segmentation off >/dev/null
	ip link set dummy0 up
	ip netns add peer
	echo 0 >/proc/sys/net/ipv4/tcp_slow_start_after_idle
	ip netns exec peer sh -c 'echo 0 >/proc/sys/net/ipv4/tcp_slow_start_after_idle'
}

# device_of MAC: its netvsc device here; in DEVICE
device_of()
{
	local dev

	for dev in /sys/class/net/*; do
		[ "$(<"$dev/address")" = "$1" ] || continue
		[[ $(readlink -f "$dev/device/subsystem") = */vmbus ]] || continue
		DEVICE=${dev##*/}
		return 0
	done
	return 1
}

has_carrier() { [ "$(cat /sys/class/net/"$1"/carrier 2>/dev/null)" = 1 ]; }

# The time that a module takes from insmod to the link.
load_time()
{
	local start end

	start=$(date +%s%N)
	insmod "/netvsc/bench/$driver/hv_netvsc.ko" || bail "no module of $driver"
	wait_for 10 "eth0" device_of "$MAC"
	NIC=$DEVICE
	ip link set "$NIC" up
	until has_carrier "$NIC"; do :; done
	end=$(date +%s%N)
	result module_load_to_link_ns $((end - start))
}

free_bytes()
{
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^MemFree:/ { print $2 * 1024 }' /proc/meminfo
}

load()
{
	local before

	# What the first of all loads takes for good is not the NIC's.
	insmod "/netvsc/bench/$driver/hv_netvsc.ko" && rmmod hv_netvsc
	before=$(free_bytes)
	load_time
	# With one of two NICs: NIC 1 is as idle as NIC 0.
	result memory_per_nic_bytes $(((before - $(free_bytes)) / 2))
	device_of "$MAC1" || bail "no device of NIC 1"
	PEER=$DEVICE
	ip link set "$PEER" up
	wait_for 10 "link of NIC 1" has_carrier "$PEER"
	ip address add "$HERE4/24" dev "$NIC"
	ip neigh replace "$THERE4" lladdr "$MAC1" dev "$NIC"
	no_qdisc "$NIC"
	no_qdisc "$PEER"
	# Limits count from the next completion on.
	LOAD="$NOWHERE 60"
	burst "$NIC" 4
	burst "$PEER" 4
}

unload()
{
	control release 0
	rmmod hv_netvsc || bail "the module of $driver does not go"
}

# ---------------------------------------------------------------- transmit

# What is in the ring is taken and completed at once, and the completions count
# with the burst.
completed()
{
	softirq_start
	control release 0 || return 1
	wait_for 10 "completions" tx_idle "$1" || return 1
	COMPLETED=$(softirq_ns)
}

# Leaves nanoseconds of sending and of completing COUNT packets in TAKEN.
tx_burst()
{
	control hold 0 || return 1
	burst "$1" "$2" || return 1
	completed "$1" || return 1
	TAKEN=$((SENT + COMPLETED))
}

# The same to a device that does nothing: what the load itself takes.
load_burst()
{
	burst dummy0 "$1" || return 1
	TAKEN=$SENT
}

tx_loads()
{
	"$@" tx_udp64_ns 1 "$NOWHERE 60"
	"$@" tx_udp1400_ns 1 "$NOWHERE 1400"
	"$@" tx_udp64_more_ns "$BATCH" "$NOWHERE $((42 + 18 * BATCH)) udp 18"
	"$@" tx_udp1400_more_ns "$BATCH" \
		"$NOWHERE $((42 + 1358 * BATCH)) udp 1358"
	# As many segments as hosts take; in bytes of the wire, several bursts.
	SMALL=8 LARGE=40 "$@" tx_tso_ns 1 "$NOWHERE $((54 + 41 * 1448)) tcp 1448"
}

# KEY PIECES LOAD: of packets that are cut into PIECES, one piece is counted
tx_case()
{
	LOAD=$3
	slope "$1" "$2" tx_burst "$NIC"
}

load_case()
{
	LOAD=$3
	slope "$1" "$2" load_burst
}

# ---------------------------------------------------------------- receive

# Stock counts apart what a program of XDP drops.
rx_packets()
{
	local n

	n=$(<"/sys/class/net/$NIC/statistics/rx_packets")
	[ "$driver" = ours ] || n=$((n + $(ethtool -S "$NIC" |
		awk '/xdp_drop:/ { n += $2 } END { print n + 0 }')))
	echo "$n"
}

rx_reached() { (($(rx_packets) >= $1)); }

# All frames wait at the host until it offers them, and come at once.
rx_turn_ns()
{
	local until=$1

	softirq_start
	control offer 0 || return 1
	wait_for 10 "frames" rx_reached "$until" || return 1
	softirq_ns
}

rx_burst()
{
	local count=$1 before

	control hold 0 || return 1
	before=$(rx_packets)
	burst "$PEER" "$count" || return 1
	wait_for 10 "all frames at the host" tx_idle "$PEER" || return 1
	TAKEN=$(rx_turn_ns $((before + count))) || return 1
	control release 0
}

# rx_case KEY SIZE
rx_case()
{
	LOAD="$MAC $HERE4 $2"
	slope "$1" 1 rx_burst
}

xdp() { ip link set dev "$NIC" xdp "$@"; }

# An object of two programs, drop and tx.
xdp_cases()
{
	# Stock asks for that first.
	ethtool -K "$NIC" lro off 2>/dev/null
	if ! xdp obj /netvsc/bench/xdp.o sec drop; then
		result rx_xdp_drop_ns failed
		result rx_xdp_tx_ns failed
		return
	fi
	rx_case rx_xdp_drop_ns 60
	xdp off
	xdp obj /netvsc/bench/xdp.o sec tx
	rx_case rx_xdp_tx_ns 60
	xdp off
}

udp_cases()
{
	coproc SINK { exec /netvsc/bench/load udp-sink $PORT; }
	read -r -u "${SINK[0]}" _
	rx_case rx_udp64_ns 60
	rx_case rx_udp1400_ns 1400
	kill "$SINK_PID"
	wait "$SINK_PID" 2>/dev/null
}

# Whole segments, of a connection whose windows are wide open.
MSS=1448

tcp_sent()
{
	echo $(($1 * MSS)) >&"${SENDER[1]}"
	read -r -t 30 -u "${SENDER[0]}" _
}

tcp_burst()
{
	local count=$1 before

	control hold 0 || return 1
	before=$(<"/sys/class/net/$NIC/statistics/rx_bytes")
	tcp_sent "$count" || return 1
	wait_for 10 "all segments at the host" peer_idle || return 1
	softirq_start
	control offer 0 || return 1
	wait_for 10 "$count segments" bytes_reached \
		$((before + count * MSS)) || return 1
	TAKEN=$(softirq_ns)
	control release 0
}

peer_idle()
{
	[ "$(ip netns exec peer cat \
		"/sys/class/net/$PEER/queues/tx-0/byte_queue_limits/inflight")" = 0 ]
}

bytes_reached() { (($(<"/sys/class/net/$NIC/statistics/rx_bytes") >= $1)); }

tcp_cases()
{
	ip link set "$PEER" netns peer
	ip netns exec peer ip address add "$THERE4/24" dev "$PEER"
	ip netns exec peer ip link set "$PEER" up
	coproc SINK { exec /netvsc/bench/load tcp-sink $PORT; }
	read -r -u "${SINK[0]}" _
	coproc SENDER {
		exec ip netns exec peer /netvsc/bench/load tcp-send "$HERE4" $PORT
	}
	read -r -u "${SENDER[0]}" _
	# Opens the windows.
	tcp_sent 4000
	slope rx_tcp_ns 1 tcp_burst
	if ethtool -K "$NIC" lro on 2>/dev/null; then
		slope rx_tcp_coalesced_ns 1 tcp_burst
		ethtool -K "$NIC" lro off
	else
		result rx_tcp_coalesced_ns failed
	fi
	kill "$SENDER_PID" "$SINK_PID"
	wait "$SENDER_PID" "$SINK_PID" 2>/dev/null
	ip netns exec peer ip link set "$PEER" netns 1
	ip link set "$PEER" up
}

rx_cases()
{
	udp_cases
	xdp_cases
}

# ---------------------------------------------------------------- VF

vf_there()
{
	local lower

	for lower in "/sys/class/net/$NIC"/lower_*; do
		[ -e "$lower" ] || return 1
		VF=${lower##*/lower_}
	done
	host_path vf
}

vf_gone()
{
	! host_has_vf
}

# Through the NIC and directly, at the same number of doorbells; the first less
# the second is what the NIC costs.
vf_cases()
{
	control vf 0 add || return
	wait_for 60 "the VF" vf_there || { result vf failed; return; }
	no_qdisc "$VF"
	LOAD="$NOWHERE 60"
	slope vf_tx_through_ns 1 vf_tx_burst "$NIC"
	slope vf_tx_direct_ns 1 vf_tx_burst "$VF"
	LOAD="$MAC $HERE4 60"
	slope vf_rx_through_ns 1 rx_burst
	stats_read
	(($(counter vf rx_frames) > LARGE * TIMES)) ||
		msg "frames did not come on the VF"
	control vf 0 eject
	wait_for 60 "the end of the VF" vf_gone
}

vf_tx_burst()
{
	control hold 0 || return 1
	burst "$1" "$2" || return 1
	control release 0
	TAKEN=$SENT
}

tx_cases() { tx_loads tx_case; }

run_cases()
{
	local what

	load
	for what in ${BENCH_ONLY:-tx_cases rx_cases tcp_cases vf_cases}; do
		"$what"
	done
	unload
}
