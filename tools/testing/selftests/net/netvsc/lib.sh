#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the netvsc tests share: the environment, KTAP, the NIC and its VF as the
# guest sees them, ping and iperf3.
#
# A test file sources this and calls, in this order:
#
#	plan N		how many checks follow
#	need ...	what it cannot do without, else it is skipped, or fails where
#			the host was started for tests
#	setup		a NIC with addresses, link on, no VF
#	check TEXT COMMAND...	N times; need again before those that need more
#	finish
#
# Environment, from /netvsc/env where the rig put one:
#
#	HOST4 HOST6	addresses of the host side, where iperf3 servers
#			listen on 5201 and 5202
#	HOST		the generation of the host: ws2012r2, ws2016, ws2019,
#			ws2022 or azure; empty on a host that nobody started
#			for this
#	MTU		the largest that the host side takes
#	MACS		addresses of all NICs
#	HOST_VLAN HOST4_VLAN	a VLAN of the host, and its address there
#	DRIVER		ours or stock: with stock, what the file
#			stock-differences lists may fail
#	CONTROL_TTY PATIENCE	see control.sh
#	RESTORED	a file that holds something when the test before has left
#			the NIC as each starts from; who runs one test after the
#			other, and does nothing in between, names it

HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
TEST=${0##*/}

# A test's header comment is its help.
case ${1:-} in
'')
	;;
-h|--help)
	awk 'NR > 3 && !/^#/ { exit } NR > 3 { sub(/^# ?/, ""); print }' "$0"
	exit 0
	;;
*)
	echo "$TEST: unexpected argument '$1', see --help" >&2
	exit 2
	;;
esac

# shellcheck source=/dev/null
. "$HERE/../../kselftest/ktap_helpers.sh" || exit 1

# shellcheck source=tools/testing/selftests/net/netvsc/control.sh
. "$HERE/control.sh" || exit 1

# shellcheck source=/dev/null
[ ! -r /netvsc/env ] || . /netvsc/env

DRIVER=${DRIVER:-ours}
HOST4=${HOST4:-}
HOST6=${HOST6:-}
HOST=${HOST:-}
MTU=${MTU:-1500}
MACS=${MACS:-}
HOST_VLAN=${HOST_VLAN:-}
HOST4_VLAN=${HOST4_VLAN:-}
RESTORED=${RESTORED:-/dev/null}
NIC=
PING_PID=
# The device that ping is to send from, where routes do not say it
PING_FROM=
# More for iperf_start's
IPERF_OPTIONS=()
IPERF_PID=
TMP=$(mktemp -d "/tmp/${TEST%.sh}.XXXXXX") || exit 1
trap cleanup EXIT
trap 'exit 1' INT TERM

# --- KTAP -------------------------------------------------------------------

msg() { ktap_print_msg "$*"; }

plan()
{
	ktap_print_header
	ktap_set_plan "$1"
}

# Nothing that follows would mean anything.
bail()
{
	ktap_exit_fail_msg "$*"
}

# All checks that have not been run; the test ends, and counts as skipped if none
# was.
skip_all()
{
	local nothing=$((KTAP_TESTNO == 1))

	msg "SKIP: $*"
	while ((KTAP_TESTNO <= KSFT_NUM_TESTS)); do
		ktap_test_skip "not run: $*"
	done
	((nothing)) || finish
	exit "$KSFT_SKIP"
}

# Lines of stock-differences: file: check: reason.  A check may have a colon itself.
known_difference()
{
	local line this="$TEST: $1: "

	[ "$DRIVER" = stock ] || return 1
	while IFS= read -r line; do
		if [ "${line#"$this"}" != "$line" ]; then
			msg "stock differs: ${line#"$this"}"
			return 0
		fi
	done < "$HERE/stock-differences"
	return 1
}

# check TEXT COMMAND...: one line of KTAP
check()
{
	local what=$1

	shift
	if "$@"; then
		ktap_test_pass "$what"
	elif known_difference "$what"; then
		ktap_test_skip "$what"
	else
		ktap_test_fail "$what"
	fi
}

finish()
{
	ktap_finished
}

# --- the NIC ----------------------------------------------------------------

# The first network device that hv_netvsc drives; sets NIC.
find_nic()
{
	local dev

	for dev in /sys/class/net/*; do
		if [ "$dev/device/driver" -ef /sys/bus/vmbus/drivers/hv_netvsc ]; then
			NIC=${dev##*/}
			return 0
		fi
	done
	NIC=
	return 1
}

# nic_of_mac MAC: the device of hv_netvsc that has this address; sets FOUND.
# shellcheck disable=SC2034 # for tests
nic_of_mac()
{
	local dev

	for dev in /sys/class/net/*; do
		[ "$dev/device/driver" -ef /sys/bus/vmbus/drivers/hv_netvsc ] ||
			continue
		if [ "$(cat "$dev/address" 2> /dev/null)" = "$1" ]; then
			FOUND=${dev##*/}
			return 0
		fi
	done
	FOUND=
	return 1
}

# attr NAME: a file of the NIC's sysfs directory, with the error of one that
# cannot be read while the device is down kept quiet.  They are asked often, and
# another program would take a slow guest long.
attr()
{
	local value

	{ read -r value < "/sys/class/net/$NIC/$1"; } 2> /dev/null &&
		echo "$value"
}

nic_carrier() { [ "$(attr carrier)" = "$1" ]; }

# mode_count DEVICE promiscuity|allmulti: how many have asked for it, those inside the
# kernel, too
mode_count()
{
	[[ $(ip -d link show dev "$1") =~ $2\ ([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

# The NIC gets a second unicast address, that of the macvlan mv0.
SECOND_MAC=00:15:5d:77:00:aa
second_address()
{
	ip link add link "$NIC" name mv0 address "$SECOND_MAC" \
		type macvlan mode bridge && ip link set dev mv0 up
}
vf_has_second_address() { bridge fdb show dev "$VF" | grep -q "^$SECOND_MAC "; }

# nic_add NR MAC ADDRESS: a NIC more, which answers for that address; sets FOUND.
nic_add()
{
	control nic "$1" add "$2" && wait_for 60 "NIC $1" nic_of_mac "$2" ||
		return 1
	# Each answers for its own address only.
	sysctl -q -w net.ipv4.conf.all.arp_ignore=1 &&
		ip link set dev "$FOUND" up &&
		ip addr add "$3/32" dev "$FOUND" &&
		wait_for 30 "answer to $FOUND" answers -I "$FOUND" "$HOST4"
}

nic_has_ipv4() { [[ $(ip -4 addr show dev "$NIC" scope global) = *inet* ]]; }

# An IPv6 address is of use when duplicate address detection is through.
nic_has_ipv6()
{
	local text

	text=$(ip -6 addr show dev "$NIC" scope global)
	[[ $text = *inet6* && $text != *tentative* ]]
}

dhcp()
{
	ip link set dev "$NIC" up || return 1
	wait_for 30 "carrier of $NIC" nic_carrier 1 || return 1
	udhcpc -i "$NIC" -n -q -f -t 10 -T 3 -s "$HERE/udhcpc.sh" \
		> "$TMP/udhcpc" 2>&1 && return 0
	msg "udhcpc: $(tail -n 1 "$TMP/udhcpc")"
	return 1
}

load_driver()
{
	modprobe hv_netvsc || return 1
	wait_for 60 "a device of hv_netvsc" find_nic
}

no_nic() { ! find_nic; }

unload_driver()
{
	modprobe -r hv_netvsc && wait_for 30 "end of the device" no_nic
}

# As it is when nobody has set anything
reload_driver() { unload_driver && load_driver && dhcp; }

# fits SIZE: a packet of this size on the wire is sent whole, and answered.  A quiet ping
# would wait for the answer to one that it could not send.
fits()
{
	ping -n -c 1 -W 10 -M 'do' -s $(($1 - 28)) "$HOST4" \
		> /dev/null 2>&1
}

answers() { ping -n -q -c 1 -W 2 "$@" > /dev/null 2>&1; }

# echoes COUNT ARGUMENT...: all of so many requests of ping's are answered; sets ECHOED.
# They go out side by side: once it has had an answer, ping gives the last of them
# twice the time of the slowest before, whatever -W says, and that is nothing.  The
# socket has room for all of them, or the rest would go out one each second.
echoes()
{
	local count=$1

	shift
	ECHOED=$(ping -n -q -c "$count" -l "$count" -S 212992 \
		-W $((10 * PATIENCE)) "$@" 2> /dev/null | awk '/ received/ { print $4 }')
	((${ECHOED:-0} == count)) && return
	msg "${ECHOED:-0} of $count requests answered (ping $*)"
	return 1
}

# A device vlan0 on the NIC, in the host's VLAN.  What comes from its address without a
# tag, the host does not answer.
host_vlan_add()
{
	ip link add link "$NIC" name vlan0 type vlan id "$HOST_VLAN" &&
		ip addr add "${HOST4_VLAN%.*}.10/24" dev vlan0 &&
		ip link set dev vlan0 up
}

# What the kernel logs from log_start on, for log_since.  The log is not cleared: who
# runs the tests looks there for what the kernel reports about itself.
log_start()
{
	LOG_START="$TEST looks from here on, $EPOCHREALTIME"
	echo "<7>$LOG_START" > /dev/kmsg
}

# Fails, with a line that complains, if the log has had so many lines since then that it
# begins later now.
log_since()
{
	dmesg | awk -v start="$LOG_START" '
		on { print }
		index($0, start) { on = 1 }
		END {
			if (!on)
				print "WARNING: the log was overrun"
			exit !on
		}'
}

# log_lacks REGEX: there is all of it, and no line matches
log_lacks()
{
	local log

	log=$(log_since) || { msg "$log"; return 1; }
	! grep -E "$1" <<< "$log"
}

# The kernel has found nothing wrong with itself since then.
no_complaint()
{
	log_lacks 'WARNING|BUG:|Oops|refcount|waiting for .* free'
}

# --- the VF -----------------------------------------------------------------

# Name of the VF that is enslaved to the NIC; sets VF.
find_vf()
{
	local lower

	for lower in "/sys/class/net/$NIC"/lower_*; do
		[ -e "$lower" ] || continue
		VF=${lower##*/lower_}
		return 0
	done
	VF=
	return 1
}

# A device on PCI with the address MAC and no master; sets VF.
find_free_vf()
{
	local dev

	for dev in /sys/class/net/*; do
		[[ $(readlink "$dev/device/subsystem") = */pci ]] || continue
		[ ! -e "$dev/master" ] || continue
		[ "$(cat "$dev/address")" = "$1" ] || continue
		VF=${dev##*/}
		return 0
	done
	VF=
	return 1
}

# No trace of a VF in the guest: neither network device nor PCI device.
vf_gone()
{
	local dev

	! find_vf || return 1
	for dev in /sys/bus/pci/devices/*; do
		# It may go between two looks.
		[ "$(cat "$dev/device" 2>/dev/null)" != 0x152e ] || return 1
	done
	! host_has_vf
}

# IFF_SLAVE, and the NIC for its master
vf_is_slave()
{
	local dev flags

	find_vf || return 1
	dev=/sys/class/net/$VF
	{ read -r flags < "$dev/flags"; } 2> /dev/null && ((flags & 0x800)) &&
		[ "$dev/master" -ef "/sys/class/net/$NIC" ]
}

vf_is_up()
{
	[[ $(ip link show dev "$VF" 2>/dev/null) = *[\<,]UP[,\>]* ]]
}

# The host has a VF for the NIC, the guest has enslaved it and uses it.
vf_in_use()
{
	vf_is_slave && host_path vf
}

vf_plug()
{
	control vf "$NIC_NR" add || return 1
	wait_for 90 "VF enslaved to $NIC" vf_is_slave || return 1
	wait_for 30 "data path on the VF" host_path vf
}

vf_eject()
{
	control vf "$NIC_NR" eject || return 1
	wait_for 60 "end of the VF" vf_gone
}

# The VF's driver is taken off it, and comes back.  Both go by VF_PCI, the address of
# the VF on PCI, which vf_pci sets.
VF_DRIVER=/sys/bus/pci/drivers/ixgbevf

vf_pci()
{
	VF_PCI=$(basename "$(readlink -f "/sys/class/net/$VF/device")")
}

vf_unbind() { echo "$VF_PCI" > $VF_DRIVER/unbind && ! find_vf; }

vf_bind()
{
	echo "$VF_PCI" > $VF_DRIVER/bind && wait_for 60 "VF enslaved" vf_is_slave
}

# --- traffic ----------------------------------------------------------------

# Pings the host all the while, for ping_stop to say what was lost.
ping_start()
{
	PING_LOG=$(mktemp "$TMP/ping.XXXXXX")
	ping -D -n -i 0.05 ${PING_FROM:+-I "$PING_FROM"} "$HOST4" \
		> "$PING_LOG" 2>&1 &
	PING_PID=$!
	wait_for 30 "first answers to ping" ping_reached 3
}

# Sequence number of the last answer
ping_last()
{
	local line

	line=$(grep ' bytes from ' "$PING_LOG" | tail -n 1)
	[[ $line =~ icmp_seq=([0-9]+) ]] && echo "${BASH_REMATCH[1]}" || echo 0
}

ping_reached() { (($(ping_last) >= $1)); }

# ping_more N: N more answers than now
ping_more()
{
	wait_for 30 "answers to ping" ping_reached $(($(ping_last) + $1))
}

# What ping said of packets that it could not send, or that nobody answered, and who
# has dropped any since the NIC or the host was started
ping_errors()
{
	local line path

	grep -E 'sendmsg:| Unreachable' "$PING_LOG" | head -n 3 |
		while read -r line; do msg "$line"; done
	msg "dropped by $NIC: $(attr statistics/tx_dropped) sending," \
		"$(attr statistics/rx_dropped) receiving"
	stats_read rx_dropped tx_dropped tx_unselected || return
	for path in synthetic vf; do
		msg "at the host, $path: $(counter $path rx_dropped) dropped for" \
			"the guest, $(counter $path tx_dropped) from it," \
			"$(counter $path tx_unselected) sent unselected"
	done
	path_log
}

# Counts by sequence numbers, which what could not even be sent has too, up to one after
# which more answers have come, so that what is on its way is not taken for lost.  Sets
# PING_SENT, PING_LOST, PING_DUP and PING_GAP (ms, the longest time without an answer).
ping_stop()
{
	local last up=0

	last=$(ping_last)
	ping_more 10 || up=1
	kill -INT "$PING_PID"
	wait "$PING_PID"
	PING_PID=
	if ((up)); then
		msg "traffic has stopped after packet $last"
		last=$(awk '/packets transmitted/ { print $1 }' "$PING_LOG")
	fi
	read -r PING_SENT PING_LOST PING_DUP PING_GAP < <(
		awk -v last="${last:-0}" '
		/ bytes from / {
			seq = $0
			sub(/.*icmp_seq=/, "", seq)
			seq += 0
			time = substr($1, 2) + 0
			if (seq > last)
				next
			if (seq in seen)
				dup++
			seen[seq] = 1
			if (before && time - before > gap)
				gap = time - before
			before = time
		}
		END {
			for (seq = 1; seq <= last; seq++)
				lost += !(seq in seen)
			print last, lost + 0, dup + 0, int(gap * 1000)
		}' "$PING_LOG")
	msg "ping: $PING_SENT sent, $PING_LOST lost, $PING_DUP doubled," \
		"longest gap $PING_GAP ms"
	((PING_LOST == 0)) || ping_errors
	return "$up"
}

# ping_lossless: stops it; nothing was lost or came twice
ping_lossless()
{
	ping_stop && ((PING_LOST == 0 && PING_DUP == 0))
}

# traffic_only_on PATH: with ping running, 20 packets more each way take this path
# and none takes the other one
traffic_only_on()
{
	local other=synthetic rx tx rx2 tx2

	[ "$1" = vf ] || other=vf
	ping_more 3 || return 1
	stats_read rx_frames tx_frames || return 1
	rx=$(counter "$1" rx_frames) tx=$(counter "$1" tx_frames)
	rx2=$(counter "$other" rx_frames) tx2=$(counter "$other" tx_frames)
	echoes 20 ${PING_FROM:+-I "$PING_FROM"} "$HOST4" || return 1
	stats_read rx_frames tx_frames || return 1
	rx=$(($(counter "$1" rx_frames) - rx)) tx=$(($(counter "$1" tx_frames) - tx))
	rx2=$(($(counter "$other" rx_frames) - rx2))
	tx2=$(($(counter "$other" tx_frames) - tx2))
	((rx >= 20 && tx >= 20 && rx2 == 0 && tx2 == 0)) && return 0
	msg "$1: rx $rx tx $tx frames; $other: rx $rx2 tx $tx2"
	path_log
	return 1
}

# What the driver said last of the VF
path_log()
{
	local line

	dmesg | grep -E "$NIC: (.*data path|VF )" | tail -n 4 |
		sed 's/hv_netvsc [^ ]* //' | while read -r line; do msg "$line"; done
}

# A VF that does not work any more, since HANGS at the earliest, is left.
fallen_back()
{
	if ! wait_for 30 "synthetic path" host_path synthetic; then
		# That long it may not take, and for what comes next it does not count.
		HANGS=$SECONDS
		return 1
	fi
	traffic_only_on synthetic
}

# check_meanwhile TEXT COMMAND...: such a VF is tried again half a minute after it was
# left: of what fails later than that nothing follows.
check_meanwhile()
{
	if "${@:2}"; then
		ktap_test_pass "$1"
	elif ((SECONDS - HANGS > 30)); then
		ktap_test_skip "$1: too slow to say"
	else
		ktap_test_fail "$1"
	fi
}

# turned_away FILE: iperf3 says in there that the server was not ready for a client.
# Between two of them it does not listen for a moment, and before it has taken leave
# of the first it has no time for the second.  Now and then it loses its own sockets
# then ("select failed: Bad file descriptor") and hangs up, which no network does.
turned_away() { grep -qE 'refused|busy|reset by peer|closed unexpectedly' "$1"; }

# iperf_run COMMAND...: runs an iperf3, until the server takes it; what it has said is
# then in TMP/iperf
iperf_run()
{
	for _ in 1 2 3; do
		"$@" > "$TMP/iperf" 2>&1 && return
		turned_away "$TMP/iperf" || break
		pause 1
	done
	msg "$(grep -m 1 error "$TMP/iperf" || tail -n 1 "$TMP/iperf")"
	return 1
}

# iperf_verdict WAYS: sets KBITS (all receivers'), LOST (UDP), and IDLE if data arrived in
# fewer than WAYS directions, unless UDP was sent and lost
iperf_verdict()
{
	read -r KBITS LOST IDLE < <(awk -v ways="$1" '
	# That of many streams is the same once more.
	/SUM/ || !/(sender|receiver)$/ { next }
	{
		way = match($0, /[RT]X-C/) ? substr($0, RSTART, RLENGTH) : ""
		for (i = 2; i <= NF; i++) {
			if (/receiver$/ && $i == "Kbits/sec")
				kbits[way] += $(i - 1)
			if (/receiver$/ && $i ~ /^[0-9]+\/[0-9]+$/)
				lost += $i
			if (/sender$/ && $i ~ /^[0-9]+\/[1-9][0-9]*$/)
				sent = 1
		}
	}
	END {
		for (way in kbits) {
			all += kbits[way]
			moved += kbits[way] > 0
		}
		print int(all), lost + 0, (moved < ways && !sent)
	}' "$TMP/iperf")
}

# iperf SECONDS ARGUMENT...: sets KBITS and LOST.  A slow guest may have no time for any
# of it in a second: it then gets more.
iperf()
{
	local seconds=$1 ways=1

	shift
	[[ " $* " != *" --bidir "* ]] || ways=2
	for _ in 1 2 3; do
		iperf_run timeout $(((seconds + 90) * PATIENCE)) iperf3 -f k \
			-c "$HOST4" -t "$seconds" "$@" || return 1
		iperf_verdict "$ways"
		msg "iperf3 $*: $KBITS kbit/s, $LOST lost"
		((IDLE)) || break
		msg "no data in $seconds s, or one way only"
		seconds=$((seconds * 2))
	done
	((!IDLE && KBITS > 0))
}

# iperf_bytes AMOUNT ARGUMENT...: TCP, at least so much
iperf_bytes()
{
	iperf_run timeout $((180 * PATIENCE)) iperf3 -c "$HOST4" -n "$@"
}

# iperf_both SECONDS: TCP from the guest and to it at the same time, and both move data,
# at a pace at which a slow guest has time for both
iperf_both() { iperf "$1" --bidir -b 10M -l 16k; }

# A TCP connection from the guest that lives until iperf_stop.  Its socket has room for
# the data of an interval, more or less.
iperf_start()
{
	for _ in 1 2 3; do
		IPERF_LOG=$(mktemp "$TMP/iperf.XXXXXX")
		iperf3 -c "$HOST4" -p 5202 -f k -i 0.2 -t 3600 -b 4M -l 16k -w 64k \
			--forceflush "${IPERF_OPTIONS[@]}" > "$IPERF_LOG" 2>&1 &
		IPERF_PID=$!
		wait_for 30 "data on the TCP connection" iperf_begun
		! iperf_reached 1 || return 0
		turned_away "$IPERF_LOG" || break
		iperf_stop
		pause 1
	done
	msg "$(tail -n 1 "$IPERF_LOG")"
	return 1
}

iperf_begun() { iperf_reached 1 || ! kill -0 "$IPERF_PID" 2> /dev/null; }

# Fifths of a second in which it moved data
iperf_intervals()
{
	awk '/Kbits\/sec/ && !/sender|receiver/ {
		for (i = 2; i <= NF; i++)
			if ($i == "Kbits/sec" && $(i - 1) > 0)
				n++
	} END { print n + 0 }' "$IPERF_LOG"
}

iperf_reached() { (($(iperf_intervals) >= $1)); }

# Data moves in more intervals, on the same connection.  The one that is under way may
# have had its data already, and of a connection that is dead the next two may show
# what the socket has taken.
iperf_more()
{
	wait_for 60 "data on the TCP connection" \
		iperf_reached $(($(iperf_intervals) + 5)) &&
		kill -0 "$IPERF_PID" 2>/dev/null
}

iperf_stop()
{
	kill -INT "$IPERF_PID" 2>/dev/null
	wait "$IPERF_PID"
	IPERF_PID=
}

# longest DEVICE COMMAND...: that, and the longest frame of iperf's data that
# passes there meanwhile is then in LONGEST (bytes).  Needs tcpdump.
longest()
{
	local dev=$1 dump status=0

	shift
	tcpdump -n -e -l -p -Z root -i "$dev" -s 100 'tcp src port 5201' \
		> "$TMP/dump" 2> "$TMP/tcpdump" &
	dump=$!
	wait_for 30 "tcpdump" grep -q listening "$TMP/tcpdump" || status=1
	"$@" || status=1
	kill -INT "$dump"
	wait "$dump"
	LONGEST=$(awk 'match($0, /, length [0-9]+:/) {
		len = substr($0, RSTART + 9, RLENGTH - 10) + 0
		if (len > max)
			max = len
	} END { print max + 0 }' "$TMP/dump")
	msg "longest frame on $dev: $LONGEST"
	return "$status"
}

# --- before and after -------------------------------------------------------

# without TEXT: a test cannot do without this.  Where the host was started for tests all
# of it has to be there, and that it is not is a failure.
without()
{
	[ -z "$HOST" ] || bail "$*"
	skip_all "$*"
}

# need WHAT...: control (hvhost's port), vf (that, and drivers for a VF), ipv6,
# mtu=N (so large an MTU: selftest MTU=), cpus=N, vlan, or a program
need()
{
	local what

	for what in "$@"; do
		case $what in
		control)
			control_open || without "no hvhost at $CONTROL_TTY"
			;;
		vf)
			[ "$HOST" != ws2012r2 ] ||
				skip_all "Linux does not speak the vPCI of $HOST"
			need control
			modprobe -q pci-hyperv || without "no module pci-hyperv"
			modprobe -q ixgbevf || without "no module ixgbevf"
			;;
		mtu=*)
			((MTU >= ${what#*=})) ||
				skip_all "the host side's MTU is $MTU"
			;;
		cpus=*)
			(($(nproc) >= ${what#*=})) ||
				skip_all "fewer processors than ${what#*=}"
			;;
		vlan)
			[ -n "$HOST_VLAN" ] || without "HOST_VLAN is not set"
			;;
		ipv6)
			[ -n "$HOST6" ] || without "HOST6 is not set"
			;;
		*)
			command -v "$what" > /dev/null ||
				without "$what is not installed"
			;;
		esac
	done
}

# The state that every test starts from, from whatever one left behind.
restore()
{
	local up=0

	find_nic || load_driver || return 1
	if [ -n "$CONTROL" ]; then
		if host_has_vf; then
			control vf 0 eject
			wait_for 30 "end of the VF" vf_gone || {
				control vf 0 yank
				wait_for 30 "end of the VF" vf_gone
			} || return 1
		fi
		host_counter_is synthetic link 1 || control nic 0 link on
	fi
	[ "$(attr mtu)" = 1500 ] || ip link set dev "$NIC" mtu 1500
	ip link set dev "$NIC" up || return 1
	wait_for 30 "carrier of $NIC" nic_carrier 1 || return 1
	# Without udhcpc something else looks after addresses.
	if ! nic_has_ipv4 && command -v udhcpc > /dev/null; then
		dhcp || up=1
	fi
	return "$up"
}

setup()
{
	((EUID == 0)) || skip_all "not root"
	[ -d /sys/bus/vmbus ] || skip_all "not a guest of Hyper-V"
	[ -n "$HOST4" ] || skip_all "HOST4 is not set"
	need ping ip
	if [ -s "$RESTORED" ] && find_nic; then
		: > "$RESTORED"
	else
		restore || bail "no working NIC to start from"
	fi
	wait_for 30 "answer from $HOST4" answers "$HOST4" ||
		bail "the host does not answer"
}

cleanup()
{
	local pid

	trap - EXIT
	trap '' INT TERM
	for pid in $PING_PID $IPERF_PID; do
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	if [ -n "$NIC$CONTROL" ]; then
		if restore; then
			echo 1 > "$RESTORED"
		else
			msg "the NIC is not as it was"
		fi
	fi
	rm -rf "$TMP"
}
