#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the host finishes for the guest: checksums of TCP and UDP over IPv4 and
# IPv6, large sends, VLAN tags, and frames larger than a section of the send
# buffer.  The host refuses a frame whose headers are not what they have to be,
# and what arrives at a second NIC is what was sent.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/peer.sh"

plan 20
need control socat ethtool nstat ss tcpdump
setup
peer_up || bail "no second NIC"
# The host counts from the start of the guest, and may have refused frames of stock in
# another test.
REFUSED=0
[ "$DRIVER" = ours ] || REFUSED=$(host_counter synthetic tx_bad_offload)
head -c 600000 /dev/urandom > "$TMP/data"
head -c 100000 "$TMP/data" > "$TMP/some"

feature() { [[ $(ethtool -k "$NIC") = *"$1: on"* ]]; }

# The state of the host's counters; rose KEY MANY compares.
declare -A BEFORE
before()
{
	local key

	for key in tx_csum tx_lso tx_vlan tx_frames; do
		BEFORE[$key]=$(channel_sum "$key")
	done
}

rose()
{
	local now

	now=$(channel_sum "$1")
	msg "$1: $((now - BEFORE[$1])) more"
	((now - BEFORE[$1] >= $2))
}

listening() { peer ss -Hlntu | grep -q ':5555 '; }

# transfer FILE TO LISTENER OPTION...: the file through socat, whole at the peer
transfer()
{
	local file=$1 to=$2 listener=$3 status

	shift 3
	before
	rm -f "$TMP/got"
	peer_start socat -u "$listener" "CREATE:$TMP/got" 2> "$TMP/socat"
	wait_for 30 "a listener" listening &&
		socat -u "$@" "FILE:$file" "$to" 2>> "$TMP/socat" &&
		wait_for 30 "the data" cmp -s "$file" "$TMP/got"
	status=$?
	peer_stop
	((status == 0)) || msg "socat: $(tail -n 1 "$TMP/socat")"
	return $status
}

tcp4()
{
	transfer "$TMP/data" "TCP4:$PEER4:5555" "TCP4-LISTEN:5555,reuseaddr" "$@"
}

tcp6()
{
	transfer "$TMP/data" "TCP6:[$PEER6]:5555" "TCP6-LISTEN:5555,reuseaddr"
}

# 100 datagrams of 1,000 bytes, all of which arrive.  A socket's usual buffer has no
# room for all of them.
udp4()
{
	transfer "$TMP/some" "UDP4:$PEER4:5555" \
		UDP4-RECV:5555,rcvbuf=212992 -b 1000
}

udp6()
{
	transfer "$TMP/some" "UDP6:[$PEER6]:5555" \
		UDP6-RECV:5555,rcvbuf=212992 -b 1000
}

# 2012 R2 has no checksums of UDP: the driver computes them.
udp_checksums()
{
	[ "$HOST" = ws2012r2 ] || { rose tx_csum 100; return; }
	! rose tx_csum 1
}

# What arrived had checksums that the receiver could check.
no_bad_checksums()
{
	local bad

	bad=$(peer nstat -asz 2> /dev/null | awk '/InCsumErrors/ { n += $2 }
		END { print n + 0 }')
	((bad == 0))
}

nothing_refused() { host_counter_is synthetic tx_bad_offload "$REFUSED"; }

check "checksum offload for IPv4" feature tx-checksum-ipv4
check "checksum offload for IPv6" feature tx-checksum-ipv6
check "large send for IPv4" feature tx-tcp-segmentation
check "large send for IPv6" feature tx-tcp6-segmentation
check "TCP over IPv4 arrives whole" tcp4
check "the host cut it into segments" rose tx_lso 8
check "TCP over IPv6 arrives whole" tcp6
check "the host cut that too" rose tx_lso 8

ethtool -K "$NIC" tso off > /dev/null
check "without large send TCP over IPv4 arrives whole" tcp4
check "the host only computes checksums" \
	eval 'rose tx_csum 380 && ! rose tx_lso 1'
ethtool -K "$NIC" tso on > /dev/null

check "UDP over IPv4 arrives whole" udp4
check "checksums are computed by the host, if it can" udp_checksums
check "UDP over IPv6 arrives whole" udp6
check "over IPv6 as well" udp_checksums

# The peer takes the tag off again.
vlan()
{
	ip link add link "$NIC" name tag5 type vlan id 5 &&
		ip addr add 10.78.0.1/24 dev tag5 && ip link set dev tag5 up &&
		peer ip link add link "$PEER" name tag5 type vlan id 5 &&
		peer ip addr add 10.78.0.2/24 dev tag5 &&
		peer ip link set dev tag5 up || return 1
	before
	wait_for 30 "an answer in the VLAN" answers 10.78.0.2 &&
		transfer "$TMP/data" TCP4:10.78.0.2:5555 \
			"TCP4-LISTEN:5555,reuseaddr" &&
		rose tx_vlan 8 && rose tx_lso 8
}

check "in a VLAN, tag and segments are the host's work" vlan
ip link del dev tag5 2> /dev/null

# A packet socket, or pktgen, has the tag among the frame's bytes.
tag_inside()
{
	modprobe -q pktgen || return 4
	before
	pktgen_setup "count 50" "pkt_size 100" "vlan_id 7" && pktgen_run &&
		wait_for 10 "tags taken out" rose tx_vlan 50
}

tag_inside
case $? in
0) ktap_test_pass "a tag inside of the frame is taken out" ;;
4) ktap_test_skip "a tag inside of the frame is taken out: no pktgen" ;;
*) ktap_test_fail "a tag inside of the frame is taken out" ;;
esac

# escaped MAC: its bytes, for printf
escaped() { echo "\\x${1//:/\\x}"; }

# A packet socket may call any frame one of 802.1Q.
only_called_tagged()
{
	local index to status

	# struct sockaddr_ll behind the family: protocol, interface, address
	index=$(printf '%02x000000' "$(attr ifindex)")
	to=x8100${index}00000006${PEER_MAC//:/}0000
	peer_start tcpdump -i "$PEER" -Z root -n -l -c 1 -A 'ether proto 0x88b5' \
		> "$TMP/frame" 2> "$TMP/tcpdump"
	wait_for 30 "a capture" grep -q listening "$TMP/tcpdump" &&
		printf '%b%b\x88\xb5%60s' "$(escaped "$PEER_MAC")" \
			"$(escaped "$(attr address)")" "whatever it is called" |
		socat -u STDIN "SOCKET-SENDTO:17:3:129:$to" 2> "$TMP/socat" &&
		wait_for 10 "the frame" \
			grep -q "whatever it is called" "$TMP/frame"
	status=$?
	peer_stop
	((status == 0)) || msg "socat: $(tail -n 1 "$TMP/socat")"
	return "$status"
}

check "a frame without one is sent as it is, whatever its socket calls it" \
	only_called_tagged

jumbo()
{
	# Stock takes an MTU that its host does not carry.
	((${MTU:-1500} >= 9000)) || return 4
	ip link set dev "$NIC" mtu 9000 || return 1
	peer ip link set dev "$PEER" mtu 9000 || return 1
	wait_for 30 "carrier" nic_carrier 1
	wait_for 30 "a large answer" answers -M 'do' -s 8900 "$PEER4" ||
		return 1
	# Written in pieces of more than one segment
	tcp4 -b 60000 && rose tx_lso 5
}

jumbo
case $? in
0) ktap_test_pass "9000 bytes of MTU" ;;
4) ktap_test_skip "9000 bytes of MTU: not with this host's MTU" ;;
*) ktap_test_fail "9000 bytes of MTU" ;;
esac
ip link set dev "$NIC" mtu 1500 2> /dev/null

check "no checksum was wrong" no_bad_checksums
check "the host found nothing wrong" nothing_refused
finish
