#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host coalesces received TCP segments (LRO) from the start, until the user does
# not want it or the guest forwards.  What it has coalesced, of however many parts, is
# one packet to the stack, arrives as it was sent, and can be sent on.

. "$(dirname "$0")/lib.sh"

plan 20
need ethtool iperf3 nstat tcpdump
setup
trap 'unforward; lro on; feature gro on; cleanup' EXIT

feature() { ethtool -K "$NIC" "$1" "$2" > "$TMP/feature" 2>&1; }
lro() { feature lro "$1"; }
lro_is() { ethtool -k "$NIC" | grep -q "^large-receive-offload: $1"; }

! lro_is "off \[fixed\]" || skip_all "this host does not coalesce"

# broken FILE: lines of what is there besides the digits in their order.  A
# server begins anew with 0 when its socket has not taken all of a block.
broken()
{
	tr 9 '\n' < "$1" | sed '$d' | grep -vxF 012345678 |
		grep -vxE '(0(1(2(3(4(5(6(78?)?)?)?)?)?)?)?)*012345678'
}

# data ARGUMENT...: from the host, and all of it is what was sent
data()
{
	rm -f "$TMP/data"
	iperf_run "${BEHIND[@]}" timeout $((180 * PATIENCE)) iperf3 -R -n 1M \
		--repeating-payload -F "$TMP/data" "$@" || return 1
	broken "$TMP/data" > "$TMP/broken"
	msg "$(wc -c < "$TMP/data") bytes," \
		"$(wc -l < "$TMP/broken") times not as sent"
	# The server is done before the last of it has come.
	[ ! -s "$TMP/broken" ] && (($(wc -c < "$TMP/data") > 500000))
}

BEHIND=()
data4() { data -c "$HOST4"; }
data6() { [ -n "$HOST6" ] && data -6 -c "$HOST6"; }

# A part has 1.7 kB at most.  The sender gives eight of them at a time, but for what
# it sends again: more than three will do.
many_parts() { ((LONGEST > 5100)); }
one_segment() { ((LONGEST > 1000 && LONGEST <= 1514)); }

# Our driver's count of frames that came in parts, of all queues
coalesced()
{
	ethtool -S "$NIC" |
		awk '/rx_[0-9]+_coalesced:/ { n += $2 } END { print n + 0 }'
}

in_parts() { (($(coalesced) - BEFORE > 10)); }
not_in_parts() { (($(coalesced) == BEFORE)); }

# Only our driver has such a counter.
check_coalesced()
{
	if [ "$DRIVER" = stock ]; then
		ktap_test_skip "$1 (the stock driver has no such counter)"
	else
		check "$@"
	fi
}

tcp_errors()
{
	nstat -asz TcpInErrs TcpInCsumErrors 2> /dev/null |
		awk '/^Tcp/ { n += $2 } END { print n + 0 }'
}

no_errors() { [ "$(tcp_errors)" = "$ERRORS" ]; }

reload_driver || bail "the driver does not come back"
ERRORS=$(tcp_errors)
check "it is on by default" lro_is on
# What GRO merges is a matter of rx_offloads.sh.
feature gro off
BEFORE=$(coalesced)
check "data with it" longest "$NIC" data4
check "comes in frames of many parts" many_parts
check_coalesced "they are counted" in_parts
BEFORE=$(coalesced)
check "data over IPv6 with it" longest "$NIC" data6
check "comes in frames of many parts, too" many_parts
check_coalesced "they are counted, too" in_parts

check "it can be switched off" eval 'lro off && lro_is off'
BEFORE=$(coalesced)
check "data without it" longest "$NIC" data4
check "comes in segments" one_segment
check_coalesced "none of them is counted" not_in_parts

check "it can be switched on" eval 'lro on && lro_is on'
check "data with it again" longest "$NIC" data4
check "comes in frames of many parts again" many_parts
check "TCP finds nothing wrong" no_errors

# A namespace behind the guest, in the NIC's own network: the guest answers for
# it, and forwards.  The kernel switches LRO off for that; it is switched on
# again, to see that even then what comes coalesced goes on in segments.
ADDRESS=192.168.77.50
forward()
{
	local dev

	ip netns add behind &&
		ip link add front type veth peer name eth0 netns behind &&
		ip link set front up &&
		ip -n behind link set eth0 up &&
		ip -n behind addr add $ADDRESS/24 dev eth0 &&
		ip route add $ADDRESS/32 dev front || return 1
	for dev in "$NIC" front; do
		echo 1 > "/proc/sys/net/ipv4/conf/$dev/proxy_arp"
		echo 1 > "/proc/sys/net/ipv4/conf/$dev/forwarding"
	done
	# A veth takes bursts as they are, unless it is told not to.
	ethtool -K front tso off gso off > /dev/null
	wait_for 30 "an answer through the guest" answers_behind
}

answers_behind() { ip netns exec behind ping -n -q -c 1 -W 2 "$HOST4" > /dev/null; }

unforward()
{
	ip netns del behind 2> /dev/null || return 0
	echo 0 > "/proc/sys/net/ipv4/conf/$NIC/proxy_arp"
	echo 0 > "/proc/sys/net/ipv4/conf/$NIC/forwarding"
}

check "the guest forwards" forward
check "LRO is off for that" lro_is off
lro on
BEFORE=$(coalesced)
BEHIND=(ip netns exec behind)
check "data through the guest" longest front data4
check "goes on in segments" one_segment
check_coalesced "of frames that came in parts" in_parts
finish
