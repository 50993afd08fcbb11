#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The three ways of asking for statistics - of the device (ip -s link), of its
# queues (netlink, through ynltool) and by name (ethtool -S) - give the same
# numbers, which are those that the host counts too, and no number goes
# backwards: not across a change of the MTU, of the channels, or of the path.

. "$(dirname "$0")/lib.sh"

plan 12
need control ethtool ynltool
setup

declare -A FIRST LINK TOTAL QUEUE NAMED

link_read()
{
	local name

	for name in packets bytes; do
		LINK[rx.$name]=$(attr statistics/rx_$name)
		LINK[tx.$name]=$(attr statistics/tx_$name)
	done
}

# One line for each direction of ynltool's answer, or of a queue in it, as in
# "rx packets 12 bytes 3456" or "rx-0 packets 12 bytes 3456".
qstats()
{
	ynltool -j qstats show "$@" | tr '{' '\n' | awk -v nic="$NIC" '
	{
		gsub(/[][{}",:]+/, " ")
		sub(/^ /, "")
	}
	# An object, up to the direction that its numbers are of ...
	$1 == "ifname" {
		dev = $2
		id = /queue-id/ ? "-" $8 : ""
		dir = $NF
		next
	}
	# ... and the numbers, perhaps with the next direction.
	dir {
		line = ""
		for (i = 1; i < NF; i += 2)
			line = line " " $i " " $(i + 1)
		if (dev == nic)
			print dir id line
		dir = NF % 2 ? $NF : ""
	}'
}

# into ARRAY: from qstats' lines
into()
{
	local -n array=$1
	local what words i

	array=()
	while read -r what words; do
		# shellcheck disable=SC2206 # words they are
		words=($words)
		for ((i = 0; i < ${#words[@]}; i += 2)); do
			# shellcheck disable=SC2004,SC2034 # the caller's array
			array[$what.${words[i]}]=${words[i + 1]}
		done
	done
}

# ethtool -S, and in NAMED[rx.packets] and so on what the queues' and the
# VF's counters come to
named_read()
{
	local name value

	NAMED=([rx.packets]=0 [tx.packets]=0 [rx.bytes]=0 [tx.bytes]=0)
	while IFS=': ' read -r name value; do
		NAMED[$name]=$value
		if [[ $name =~ ^(rx|tx)_[0-9]+_(packets|bytes)$ ]] ||
		   [[ $name =~ ^vf_(rx|tx)_(packets|bytes)$ ]]; then
			((NAMED[${BASH_REMATCH[1]}.${BASH_REMATCH[2]}] += value))
		fi
	done < <(ethtool -S "$NIC" | tail -n +2)
}

# All of them, one after the other: what others than the test send may come while a
# slow guest reads them, so the device's are read first and last.
read_all()
{
	local key

	link_read
	for key in "${!LINK[@]}"; do FIRST[$key]=${LINK[$key]}; done
	into TOTAL < <(qstats)
	into QUEUE < <(qstats group-by queue)
	named_read
	link_read
}

# between KEY N: it was the device's counter at some time in between
between() { (($2 >= FIRST[$1] && $2 <= LINK[$1])); }

agree()
{
	local key

	read_all
	for key in rx.packets rx.bytes tx.packets tx.bytes; do
		between "$key" "${TOTAL[$key]:--1}" &&
			between "$key" "${NAMED[$key]}" && continue
		msg "$key: link ${FIRST[$key]}, qstats ${TOTAL[$key]:-none}," \
			"ethtool -S ${NAMED[$key]}, link ${LINK[$key]}"
		return 1
	done
}

# Each queue by itself; there is at least one of either direction.  The name was read
# later than the queue, and no more has come than to the device.
queues_agree()
{
	local key dir id name device more n=0

	for key in "${!QUEUE[@]}"; do
		[[ $key =~ ^(rx|tx)-([0-9]+)\.(packets|bytes)$ ]] || continue
		dir=${BASH_REMATCH[1]} id=${BASH_REMATCH[2]}
		name=${dir}_${id}_${BASH_REMATCH[3]}
		n=$((n + 1))
		device=$dir.${BASH_REMATCH[3]}
		more=$((${NAMED[$name]:--1} - ${QUEUE[$key]}))
		((more >= 0 && more <= LINK[$device] - FIRST[$device])) && continue
		msg "$key: qstats ${QUEUE[$key]}, ethtool -S ${NAMED[$name]:-none}"
		return 1
	done
	((n >= 4))
}

declare -A BEFORE

remember()
{
	local key

	BEFORE=()
	for key in "${!LINK[@]}"; do BEFORE[link.$key]=${LINK[$key]}; done
	for key in "${!TOTAL[@]}"; do BEFORE[qstats.$key]=${TOTAL[$key]}; done
	for key in "${!NAMED[@]}"; do BEFORE[named.$key]=${NAMED[$key]}; done
}

# Every counter of before is still there, and not smaller.
not_backwards()
{
	local key now

	for key in "${!BEFORE[@]}"; do
		case $key in
		link.*) now=${LINK[${key#link.}]:-} ;;
		qstats.*) now=${TOTAL[${key#qstats.}]:-} ;;
		named.*) now=${NAMED[${key#named.}]:-} ;;
		esac
		[ -n "$now" ] && ((now >= BEFORE[$key])) && continue
		msg "$key: ${BEFORE[$key]}, then ${now:-gone}"
		return 1
	done
}

# The traffic of before is in all of them: 20 replies, and what a slow guest has had of
# TCP in a second.
counted_everywhere()
{
	agree && not_backwards &&
		((${LINK[rx.packets]} - ${BEFORE[link.rx.packets]} > 40))
}

traffic()
{
	iperf_both 1 && echoes 20 "$HOST4"
}

host_frames()
{
	stats_read rx_frames tx_frames || return 1
	HOST_RX=$((${STATS[synthetic.rx_frames]} + ${STATS[vf.rx_frames]}))
	HOST_TX=$((${STATS[synthetic.tx_frames]} + ${STATS[vf.tx_frames]}))
}

# near A B: others' frames are few
near() { (($1 <= $2 + 5 && $1 >= $2 - 5)); }

# Packets that need no segmentation, which the host counts before.
host_agrees()
{
	local rx tx

	read_all
	remember
	host_frames || return 1
	rx=$HOST_RX tx=$HOST_TX
	echoes 100 "$HOST4" && agree && host_frames || return 1
	rx=$((HOST_RX - rx)) tx=$((HOST_TX - tx))
	near $((${LINK[rx.packets]} - ${BEFORE[link.rx.packets]})) "$rx" &&
		near $((${LINK[tx.packets]} - ${BEFORE[link.tx.packets]})) "$tx" &&
		((rx >= 100 && tx >= 100)) && return
	msg "host: rx $rx tx $tx; guest now ${LINK[*]}, before ${BEFORE[*]}"
	return 1
}

# Only our driver has statistics of queues.
if [ "$DRIVER" = stock ]; then
	skip_all "the stock driver has no netdev_stat_ops"
fi

max_channels()
{
	ethtool -l "$NIC" 2> /dev/null |
		awk '/^Combined:/ { print $2; exit }'
}

change_channels()
{
	ethtool -L "$NIC" combined 1 &&
		wait_for 30 "answer" answers "$HOST4" &&
		agree && not_backwards &&
		ethtool -L "$NIC" combined "$1" &&
		wait_for 30 "answer" answers "$HOST4" &&
		agree && not_backwards
}

change_mtu()
{
	ip link set dev "$NIC" mtu 1400 &&
		wait_for 30 "answer" answers "$HOST4" &&
		ip link set dev "$NIC" mtu 1500 &&
		wait_for 30 "answer" answers "$HOST4"
}

check "device, queues and names agree" agree
remember
check "traffic" traffic
check "they agree after it" eval 'agree && not_backwards'
check "each queue's numbers do" queues_agree
check "they grow as those of the host do" host_agrees
remember
check "a new MTU" change_mtu
check "no number went backwards" eval 'agree && not_backwards'
remember
channels=$(max_channels)
if ((${channels:-1} > 1)); then
	check "nor with other channels" change_channels "$channels"
else
	ktap_test_skip "nor with other channels (the NIC has one)"
fi
need vf
vf_plug || msg "no VF"
remember
check "traffic on the VF" traffic
check "it is counted in all three" counted_everywhere
check "after the VF's time, too" eval 'vf_eject && agree && not_backwards'
check "and with traffic after that" eval 'traffic && agree && not_backwards'
finish
