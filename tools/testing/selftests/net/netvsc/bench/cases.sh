# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the benchmark measures, case by case.  NIC 0 is measured; frames for it
# come from NIC 1, whose device is in a network namespace of its own.  Part of
# guest.

# The VF without a NIC, if there is one
ALONE=
HERE4=198.19.0.1 THERE4=198.19.0.2
# Beyond the uplink, where frames end: NIC 1 would be counted, too.
NOWHERE="02:00:00:00:00:02 198.19.0.3"
PORT=9

# ---------------------------------------------------------------- set-up

prepare()
{
	modprobe -q dummy || bail "no module dummy"
	softirq_prepare
	sender_start
	ip link add dummy0 type dummy 2>/dev/null
	ethtool -K dummy0 tso off gso off tx-udp-segmentation off >/dev/null
	ip link set dummy0 mtu 9000 up
	# This one cuts nothing up.
	ip link add dummy1 type dummy
	ip link set dummy1 up
	ip netns add peer
	echo 0 >/proc/sys/net/ipv4/tcp_slow_start_after_idle
	ip netns exec peer sh -c 'echo 0 >/proc/sys/net/ipv4/tcp_slow_start_after_idle'
	ip netns exec peer sh -c 'echo 0 >/proc/sys/net/ipv4/tcp_early_retrans'
	# Nor is it congested.
	echo 0 >/sys/module/tcp_cubic/parameters/hystart
}

has_carrier() { [ "$(cat /sys/class/net/"$1"/carrier 2>/dev/null)" = 1 ]; }

load()
{
	load_module
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
	burst "$(load_device)" "$1" || return 1
	TAKEN=$SENT
}

load_device()
{
	case $LOAD in
	*' tcp '*) echo dummy1 ;;
	*) echo dummy0 ;;
	esac
}

tx_loads()
{
	"$@" tx_udp64_ns 1 "$NOWHERE 60"
	"$@" tx_udp1400_ns 1 "$NOWHERE 1400"
	"$@" tx_udp64_more_ns "$BATCH" "$NOWHERE $((42 + 18 * BATCH)) udp 18"
	"$@" tx_udp1400_more_ns "$BATCH" \
		"$NOWHERE $((42 + 1358 * BATCH)) udp 1358"
	# As many segments as hosts take.  No more pages than the page allocator
	# keeps for a CPU's next use (of 63, a burst takes 45): those of longer
	# bursts go on to its zones and come back from there, at a price that is
	# many times a driver's and never quite the same, and which a device that
	# does nothing does not pay.
	SMALL=1 LARGE=3 TIMES=15 \
		"$@" tx_tso_ns 1 "$NOWHERE $((54 + 41 * 1448)) tcp 1448"
}

jumbo_loads()
{
	# Likewise; each is a piece of four pages.
	SMALL=3 LARGE=11 TIMES=15 "$@" tx_udp8900_ns 1 "$NOWHERE 8900"
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
	[ "$driver" = ours ] || [ "$NIC" = "$ALONE" ] || n=$((n + $(ethtool -S "$NIC" |
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
	TAKEN=$(rx_turn_ns $((before + count))) || { msg "$TAKEN"; return 1; }
	sink_read
	control release 0
}

# rx_case KEY SIZE [ADDRESS]
rx_case()
{
	LOAD="$MAC ${3:-$HERE4} $2"
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

sink_start()
{
	coproc SINK { exec /netvsc/bench/load udp-sink $PORT; }
	read -r -u "${SINK[0]}" _
}

sink_end()
{
	kill "$SINK_PID"
	wait "$SINK_PID" 2>/dev/null
	SINK_PID=
}

# A socket that nobody reads is not the usual case: packets' memory comes back.
sink_read()
{
	[ -n "$SINK_PID" ] || return 0
	echo >&"${SINK[1]}"
	read -r -t 30 -u "${SINK[0]}" _
}

udp_cases()
{
	sink_start
	rx_case rx_udp64_ns 60
	rx_case rx_udp1400_ns 1400
	sink_end
}

both_mtu()
{
	local dev

	for dev in "$NIC" "$PEER"; do
		ip link set "$dev" mtu "$1"
		wait_for 10 "link of $dev" has_carrier "$dev"
		no_qdisc "$dev"
	done
	ip neigh replace "$THERE4" lladdr "$MAC1" dev "$NIC"
}

jumbo_cases()
{
	both_mtu 9000
	jumbo_loads tx_case
	sink_start
	SMALL=16 LARGE=48 rx_case rx_udp8900_ns 8900
	sink_end
	both_mtu 1500
}

# Whole segments, of a connection whose windows take all of them.
MSS=1448 WINDOW=400

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

# NIC 1 as another machine
peer_out()
{
	ip link set "$PEER" netns peer
	ip -n peer address add "$THERE4/24" dev "$PEER"
	ip -n peer link set "$PEER" up
	ip -n peer neigh replace "$HERE4" lladdr "$MAC" dev "$PEER"
	# A host that holds segments has not lost them: nothing is sent twice.
	# Windows are open from the beginning: who would open them is held.
	ip -n peer route replace "${HERE4%.*}.0/24" dev "$PEER" rto_min 20s \
		initcwnd $WINDOW
	ip route replace "${HERE4%.*}.0/24" dev "$NIC" initrwnd $WINDOW
}

peer_back()
{
	ip -n peer link set "$PEER" netns 1
	ip link set "$PEER" up
}

listening() { ss -Hltn "sport = :$PORT" | grep -q .; }

# One coprocess at a time is all that bash keeps apart.
tcp_cases()
{
	local sink

	peer_out
	/netvsc/bench/load tcp-sink $PORT >/dev/null &
	sink=$!
	wait_for 10 "the sink" listening || { result rx_tcp_ns failed; return; }
	coproc SENDER {
		exec ip netns exec peer /netvsc/bench/load tcp-send "$HERE4" $PORT
	}
	read -r -t 30 -u "${SENDER[0]}" _
	# It is on from the beginning.
	ethtool -K "$NIC" lro off 2>/dev/null
	tcp_sent $WINDOW
	slope rx_tcp_ns 1 tcp_burst
	if ethtool -K "$NIC" lro on 2>/dev/null; then
		tcp_sent $WINDOW
		slope rx_tcp_coalesced_ns 1 tcp_burst
		ethtool -K "$NIC" lro off
	else
		result rx_tcp_coalesced_ns failed
	fi
	# The sink ends by itself when the sender has.
	kill "$SENDER_PID"
	wait "$SENDER_PID" "$sink" 2>/dev/null
	peer_back
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

vf_tx_burst()
{
	control hold 0 || return 1
	burst "$1" "$2" || return 1
	control release 0
	TAKEN=$SENT
}

# Through the NIC and directly, at the same number of doorbells; the first less
# the second is what the NIC costs.  Each doorbell is an exit, so that bursts
# are long, and few of them pass between two ticks: short ones, and more of them.
vf_tx_cases()
{
	local SMALL=16 LARGE=64 TIMES=15

	LOAD="$NOWHERE 60"
	slope vf_tx_through_ns 1 vf_tx_burst "$NIC"
	slope vf_tx_direct_ns 1 vf_tx_burst "$VF"
}

# Whatever is behind the NIC costs the same, many times as much as the NIC, and not
# always the same: frames that nobody takes have nothing behind it.
vf_rx_case()
{
	local TIMES=15 RANK=8

	rx_case "$1" 60 -
}

vf_cases()
{
	control vf 0 add || return
	wait_for 10 "the VF" vf_there || { result vf failed; return; }
	no_qdisc "$VF"
	vf_tx_cases
	vf_rx_case vf_rx_through_ns
	(($(host_counter vf rx_frames) > LARGE * TIMES)) ||
		msg "frames did not come on the VF"
	control vf 0 eject
	wait_for 10 "the end of the VF" vf_gone
	vf_alone_cases
}

# The device that no NIC has taken: there is no netvsc that could.
alone()
{
	local dev

	for dev in /sys/class/net/*; do
		[ "$(<"$dev/address")" = "$MAC" ] || continue
		ALONE=${dev##*/}
		return 0
	done
	return 1
}

alone_rx_case()
{
	local NIC=$ALONE

	ip link set "$NIC" up
	wait_for 60 "its link" has_carrier "$NIC"
	control vf 0 select on
	vf_rx_case vf_rx_direct_ns
	control vf 0 select off
}

# Reception on the VF alone.  The NIC's own driver lets go of NIC 0, so that the
# host has to be told where frames are to go, and not to wait for that driver.
vf_alone_cases()
{
	local unbind=/sys/bus/vmbus/drivers/hv_netvsc id

	id=$(basename "$(readlink -f "/sys/class/net/$NIC/device")")
	echo "$id" >$unbind/unbind
	control vf 0 add-early || return
	if wait_for 10 "the VF alone" alone; then
		alone_rx_case
	else
		result vf_rx_direct_ns failed
	fi
	control vf 0 eject
	wait_for 10 "the end of the VF" vf_gone
	# The next pass's NIC may have that name.
	ALONE=
	echo "$id" >$unbind/bind
}

tx_cases() { tx_loads tx_case; }

# run_cases CASES...: with the driver loaded
run_cases()
{
	local what

	load
	for what; do
		"$what"
	done
	unload
}
