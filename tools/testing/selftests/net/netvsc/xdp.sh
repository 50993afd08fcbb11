#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# XDP in the driver: what each verdict of a program does to a ping's answers,
# the room that a program has, frames redirected to the NIC and away from
# it, and that programs may come and go under traffic.  What the MTU has to say:
# jumbo.sh.

. "$(dirname "$0")/lib.sh"
. "$HERE/xdp_lib.sh"

COUNT=10
# Of stock nothing is counted.
[ "$DRIVER" = ours ] && LAST=1 || LAST=2

plan 21
need control ethtool vlan
[ -e "$PROGS" ] || skip_all "xdp.bpf.o is not there"
[ -x "$HERE/netdev_nl" ] || skip_all "netdev_nl is not there"
setup
trap 'detach; ip link del dev vlan0 2> /dev/null; ip link del dev other 2> /dev/null; cleanup' EXIT
allow_programs

# pinged N: N of the answers come to ping, which is all or none.  For none it does not
# wait for long: what was done to them is counted, and that is waited for.
pinged()
{
	local got wait=$((10 * PATIENCE))

	(($1 > 0)) || wait=$LAST
	# Of a pattern's bytes the first is where the programs look for it.
	got=$(ping -n -q -c $COUNT -l $COUNT -S 212992 -W "$wait" -p 5a "$HOST4" 2>&1 |
		awk '/received/ { print $4 }')
	[ "$got" = "$1" ] && return
	msg "$got answers, not $1"
	return 1
}

# Our driver's counters, of all queues.
xdp_counter()
{
	ethtool -S "$NIC" | awk -F'[_: ]+' -v what="xdp_$1" '
		$0 ~ what ":" { sum += $NF } END { print sum + 0 }'
}

# counts WHAT BY COMMAND...: that, and its counter grows by so much
counts()
{
	local name=$1 by=$2 before now

	shift 2
	before=$(xdp_counter "$name")
	"$@" || return 1
	[ "$DRIVER" = ours ] || return 0
	wait_for 10 "$by in xdp_$name" counted "$name" &&
		((now - before == by)) && return
	msg "xdp_$name: $((now - before)), not $by"
	return 1
}

# In the caller's variables
counted() { now=$(xdp_counter "$1") && ((now - before >= by)); }

# with PROGRAM COMMAND...
with()
{
	attach "$1" && shift && "$@"
}

# Frames that the NIC has sent, as the host counts them
sent() { host_counter synthetic tx_frames; }

# sends N COMMAND...: that, and N frames at least go out
sends()
{
	local n=$1 before

	shift
	before=$(sent)
	"$@" || return 1
	(($(sent) - before >= n))
}

# As netlink has it, for programs that load programs
abilities()
{
	local words

	words=$("$HERE/netdev_nl" xdp "$NIC" | sort | tr '\n' ' ')
	[ "$words" = "basic ndo-xmit redirect " ] && return
	msg "XDP: $words"
	return 1
}

check "it says what it can do" abilities
check "PASS: nothing is lost" with xdp_pass pinged $COUNT
check "the program is seen" attached
check "DROP: no answer comes" with xdp_drop counts drop $COUNT pinged 0
check "ABORTED: no answer comes" with xdp_abort counts errors $COUNT pinged 0
check "an unknown verdict: no answer comes either" \
	with xdp_unknown counts errors $COUNT pinged 0
check "TX: each answer goes round twice" \
	with xdp_tx counts tx $COUNT sends $((2 * COUNT)) pinged $COUNT
check "REDIRECT to itself: the same" \
	with xdp_redirect_back counts redirect $COUNT \
	sends $((2 * COUNT)) pinged $COUNT
# The host takes no tag that is part of the frame, as programs have it.
tagged()
{
	local HOST4=$HOST4_VLAN

	"$@"
}

check "the host answers in a VLAN" eval \
	'host_vlan_add && wait_for 30 "answer in the VLAN" answers "$HOST4_VLAN"'
check "TX: the tag goes along" \
	with xdp_tx counts tx $COUNT sends $((2 * COUNT)) tagged pinged $COUNT
check "REDIRECT to itself: it does, too" \
	with xdp_redirect_back counts redirect $COUNT \
	sends $((2 * COUNT)) tagged pinged $COUNT
ip link del dev vlan0
check "there is room before and behind the frame" \
	with xdp_adjust pinged $COUNT

# Another device, whose far end counts what comes.
ip link add other index 777777 type veth peer name far
ip link set dev far up
ip link set dev other up
# A veth takes frames when its far end has a program, too.
ip link set dev far xdpdrv object "$PROGS" program xdp_pass
far_got()
{
	local before

	before=$(cat /sys/class/net/far/statistics/rx_packets)
	pinged 0 && wait_for 10 "$COUNT frames there" far_has $((before + COUNT))
}
far_has() { (($(cat /sys/class/net/far/statistics/rx_packets) >= $1)); }
check "REDIRECT to another device: all come there" \
	with xdp_redirect_away counts redirect $COUNT far_got

# Where a frame cannot go it is lost, and counted.
ip link del dev other
check "REDIRECT to no device: no answer comes" \
	with xdp_redirect_away counts errors $COUNT pinged 0

lro_is() { ethtool -k "$NIC" | grep -q "^large-receive-offload: $1"; }
lro() { ethtool -K "$NIC" lro "$1" > "$TMP/lro" 2>&1; }
# The host refuses to leave it.
goes_on()
{
	local status=0

	control fault 0 step rndis-set:fc01020c refuse || return 1
	attach xdp_pass 2> /dev/null && status=1
	control fault 0 off
	((status == 0)) && lro_is on && ! attached
}

detach
if lro_is "off \[fixed\]"; then
	ktap_test_skip "LRO gives way to a program (this host does not coalesce)"
	ktap_test_skip "and comes back (likewise)"
	ktap_test_skip "a host that goes on with it (likewise)"
else
	[ "$DRIVER" = ours ] || lro on
	check "LRO gives way to a program" \
		eval 'with xdp_pass pinged $COUNT && lro_is off'
	check "and comes back" eval 'detach && lro_is on'
	if [ "$DRIVER" = stock ]; then
		ktap_test_skip "a host that goes on with it (stock does not ask it)"
	else
		check "a host that goes on with it: no program" goes_on
	fi
	allow_programs
fi

check "without a program all is as before" pinged $COUNT
check "and none is seen" eval '! attached'

# Both ways, with the answers of the host in between
iperf_start
churn()
{
	for _ in {1..10}; do
		attach xdp_pass && ping_more 3 && detach || return 1
	done
	iperf_more
}
ping_start
check "programs come and go under traffic" churn
check "no packet is lost by that" ping_lossless
iperf_stop
finish
