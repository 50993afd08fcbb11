#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host sends what no good host sends.  Each such message is dropped and
# counted, once and where it belongs, with one line of log at most; the guest
# goes on, and so does its traffic.

. "$(dirname "$0")/lib.sh"
. "$HERE/channel_lib.sh"

# What hvhost can do wrong, and the counter that shows it.
FAULTS="
	nvsp-short		host_bad_packet
	nvsp-unknown		host_bad_nvsp
	nvsp-random		host_bad_nvsp
	assoc-short		host_bad_nvsp
	xfer-range-outside	rx_0_malformed
	xfer-bad-set		rx_0_malformed
	xfer-count		rx_0_malformed
	rndis-short		rx_0_malformed
	rndis-length		rx_0_malformed
	rndis-data-offset	rx_0_malformed
	rndis-info		rx_0_malformed
	rndis-unknown		rx_0_malformed
	rsc-no-first		rx_0_malformed
	rsc-no-last		rx_0_malformed
	rsc-too-long		rx_0_malformed
	completion-unknown	host_bad_transaction
	completion-twice	host_bad_transaction
"
FLOOD=200

plan 40
need control ethtool dmesg
setup

# counters_read INTO: counters of messages that were not taken
counters_read()
{
	local name value
	local -n into=$1

	into=()
	while IFS=': ' read -r name value; do
		case $name in
		host_*|rx_*_malformed)
			# shellcheck disable=SC2004,SC2034 # the caller's array
			into[$name]=$value
			;;
		esac
	done < <(ethtool -S "$NIC")
}

declare -A BEFORE NOW

# counted NAME BY: NAME has grown by this
counted()
{
	counters_read NOW
	((NOW[$1] - BEFORE[$1] >= $2))
}

# counted_only NAME BY: and not by more, and no other one has at all
counted_only()
{
	local name grown=

	wait_for 10 "$1 to count $2" counted "$1" "$2"
	for name in "${!NOW[@]}"; do
		((NOW[$name] == BEFORE[$name])) ||
			grown+="$name+$((NOW[$name] - BEFORE[$name])) "
	done
	[ "$grown" = "$1+$2 " ] && return
	msg "counted: $grown"
	return 1
}

log_lines() { dmesg | grep -c "$NIC: "; }

lines_at_most()
{
	local n=$(($(log_lines) - LINES_BEFORE))

	((n <= $1)) && return
	msg "$n lines of log"
	return 1
}

# The host does all this on the first channel, and where all pings of a boot hash to
# another one, nothing was sent there.
send_on_first()
{
	[ -e "/sys/class/net/$NIC/queues/tx-1" ] || return 0
	flow_starts_on 0 && exec {SOCKET}>&-
}

# inject NAME [COUNT]: and traffic goes on
inject()
{
	# A completion is of something that was sent.
	[ "$1" != completion-twice ] || send_on_first || return 1
	counters_read BEFORE
	LINES_BEFORE=$(log_lines)
	control fault 0 "$@" && wait_for 30 "answer to ping" answers "$HOST4"
}

# Only our driver has such counters.
check_counted()
{
	if [ "$DRIVER" = stock ]; then
		ktap_test_skip "$1 (the stock driver has no such counter)"
	else
		check "$@"
	fi
}

dropped()
{
	counted_only "$1" "$2" && lines_at_most "$3"
}

COMPLAINTS=$(host_counter synthetic protocol_errors) || bail "no counters"
no_more_complaints() { host_counter_is synthetic protocol_errors "$COMPLAINTS"; }

while read -r name counter; do
	[ -n "$name" ] || continue
	if [ "$DRIVER" = stock ] && [ "$name" = rndis-info ]; then
		why="the stock driver loops over it for ever"
		ktap_test_skip "$name: traffic goes on ($why)"
		ktap_test_skip "$name: counted ($why)"
		continue
	fi
	check "$name: traffic goes on" inject "$name"
	check_counted "$name: counted once, one line of log at most" \
		dropped "$counter" 1 1
done <<< "$FAULTS"

# The kernel lets 10 lines pass in 5 s.
check "$FLOOD at once: traffic goes on" inject nvsp-unknown $FLOOD
check_counted "$FLOOD at once: all counted, few lines of log" \
	dropped host_bad_nvsp $FLOOD 40

# As long as the guest makes its receive buffer, and until it knows that the host has
# it.  It takes long at a large one.
early()
{
	local rx max

	read -r max rx < <(ethtool -g "$NIC" |
		awk '/^RX:/ { printf "%s ", $2 } END { print "" }')
	inject xfer-early 100 && ethtool -G "$NIC" rx "$max" &&
		control fault 0 off && ethtool -G "$NIC" rx "$rx" &&
		wait_for 30 "answer to ping" answers "$HOST4"
}

early_dropped()
{
	counters_read NOW
	dropped rx_0_malformed $((NOW[rx_0_malformed] - BEFORE[rx_0_malformed])) 20
}

if [ "$DRIVER" = stock ]; then
	why="the stock driver writes to memory that it has not got yet"
	ktap_test_skip "before there is a receive buffer: traffic goes on ($why)"
	ktap_test_skip "before there is a receive buffer: all counted ($why)"
else
	check "before there is a receive buffer: traffic goes on" early
	check "before there is a receive buffer: all counted, few lines of log" \
		early_dropped
fi
# A host that does not get its memory back has none in the end.
gives_back() { wait_for 10 "the rest" host_counter_is synthetic rx_held 0; }
check "the host has back what it sent, malformed or not" gives_back
check "the guest did nothing that the host complains of" \
	no_more_complaints
# With a new session comes the host's own table of channels.
ip link set dev "$NIC" mtu 1400
ip link set dev "$NIC" mtu 1500
finish
