#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The NIC's channels, as ethtool shows them in the guest and as the host counts
# on each.  To be sourced after lib.sh.

# The host's counters by channel: CH_RX[...] and CH_TX[...], from the guest's
# side; CH_OPEN, how many are open
channels_read()
{
	local line word channel
	local -A is

	control stats nic=0 channel= open rx_frames tx_frames || return 1
	CH_RX=() CH_TX=() CH_OPEN=0
	for line in "${ANSWER[@]}"; do
		is=()
		for word in $line; do
			is[${word%%=*}]=${word#*=}
		done
		channel=${is[channel]}
		CH_RX[channel]=${is[rx_frames]}
		CH_TX[channel]=${is[tx_frames]}
		CH_OPEN=$((CH_OPEN + is[open]))
	done
}

# Pages that the host has been lent
lent_pages()
{
	local text

	text=$(lent) && echo "${text##*=}"
}

# channels_ethtool: sets CH_MAX and CH_NOW
channels_ethtool()
{
	read -r CH_MAX CH_NOW < <(ethtool -l "$NIC" 2>/dev/null |
		awk '/^Combined:/ { printf "%s ", $2 } END { print "" }')
	((${CH_NOW:-0} > 0))
}

# channels_are N: the guest uses so many, and has opened them at the host
channels_are()
{
	channels_ethtool && ((CH_NOW == $1)) && channels_read &&
		((CH_OPEN == $1))
}

# channels_set N: and wait until they are there
channels_set()
{
	channels_ethtool || return 1
	((CH_NOW == $1)) || ethtool -L "$NIC" combined "$1" || return 1
	wait_for 30 "$1 channels" channels_are "$1"
}

# Needs several channels; leaves the NIC with all that it can have.
need_channels()
{
	need control ethtool cpus=2
	setup
	wait_for 30 "channels in ethtool" channels_ethtool || bail "no channels"
	((CH_MAX > 1)) || skip_all "the host has one channel for this NIC"
	channels_set "$CH_MAX" || bail "not all channels are to be had"
}

# measure COMMAND...: runs it; what it added to the host's counters is then in
# GREW_RX[...] and GREW_TX[...], for each channel
measure()
{
	local -a rx tx
	local i

	channels_read || return 1
	rx=("${CH_RX[@]}") tx=("${CH_TX[@]}")
	"$@" || return 1
	channels_read || return 1
	GREW_RX=() GREW_TX=()
	for i in "${!CH_RX[@]}"; do
		GREW_RX[i]=$((CH_RX[i] - ${rx[i]:-0}))
		GREW_TX[i]=$((CH_TX[i] - ${tx[i]:-0}))
	done
	msg "frames on each channel: rx ${GREW_RX[*]}, tx ${GREW_TX[*]}"
}

# Datagrams go to an address that nobody has, so that nothing comes back.
NOBODY=${HOST4%.*}.99

nobody() { ip neigh replace "$NOBODY" lladdr 02:00:00:00:00:01 dev "$NIC"; }

frames_reach() { (($(channel_sum tx_frames) >= $1)); }

# datagrams COUNT: from the socket SOCKET, until the host has had them
datagrams()
{
	local i until

	until=$(($(channel_sum tx_frames) + $1))
	for ((i = 0; i < $1; i++)); do
		echo "$i" >&"$SOCKET" || return 1
	done
	wait_for 10 "$1 frames at the host" frames_reach "$until"
}

# The first datagram of a new socket is sent on channel $1.  The socket is kept, as
# SOCKET.
starts_on()
{
	exec {SOCKET}> "/dev/udp/$NOBODY/9" && measure datagrams 1 &&
		((GREW_TX[$1] > 0)) && return
	exec {SOCKET}>&-
	return 1
}

# flow_starts_on CHANNEL: new flows go there, and one of them is SOCKET
flow_starts_on()
{
	nobody && control nic 0 send-on "$1" &&
		wait_for 10 "flow on channel $1" starts_on "$1"
}

# tx_counter CHANNEL NAME: as ethtool has it
tx_counter()
{
	ethtool -S "$NIC" | awk -v name="tx_${1}_$2:" '$1 == name { print $2 }'
}

# byte_limits BYTES: that each queue may have at the host, at least.  With many it is
# the driver that stops it, when it has no place left for another packet.
byte_limits()
{
	local queue

	for queue in "/sys/class/net/$NIC/queues"/tx-*; do
		echo "$1" > "$queue/byte_queue_limits/limit_min"
	done
}

# until_stopped CHANNEL: datagrams from SOCKET, which has room for all of these, until
# the driver has stopped the channel's queue
until_stopped()
{
	local stopped i j

	stopped=$(tx_counter "$1" stopped)
	for ((i = 1; i <= 25; i++)); do
		for ((j = 0; j < 10; j++)); do
			echo "$i" >&"$SOCKET"
		done
		if (($(tx_counter "$1" stopped) > stopped)); then
			msg "stopped by $((i * 10)) datagrams"
			return 0
		fi
	done
	msg "not stopped"
	return 1
}

# connections [ARGUMENT...]: many TCP connections, each at a pace that a slow guest
# keeps up with.  A guest that has hardly begun when they end has sent some 150 frames.
connections() { iperf 1 -P 16 -b 500k -l 4k "$@"; }

# A key of such bytes puts ports that follow each other on different channels.  Of
# random keys one in thirty does not: the hash is linear in the bits of the port,
# and connections made in a row differ in four or five of them.
# shellcheck disable=SC2034 # of tests
SPREADING=a5

key() { ethtool -x "$NIC" | awk '/^RSS hash key/ { getline; print }'; }

# The indirection table, entry by entry
rss_table() { ethtool -x "$NIC" | awk '/^ *[0-9]+:/ { $1 = ""; print }'; }

# table_all CHANNEL: the table is that channel over and over
table_all()
{
	local entry

	for entry in $(rss_table); do
		[ "$entry" = "$1" ] || return 1
	done
}

# all_to CHANNEL: packets of all flows come there
all_to()
{
	local weight=() i

	for ((i = 0; i < CH_MAX; i++)); do
		weight+=($((i == $1)))
	done
	ethtool -X "$NIC" weight "${weight[@]}" && table_all "$1"
}

# A key is 40 times the same BYTE.
key_text()
{
	local text

	printf -v text ":$1%.0s" {1..40}
	echo "${text:1}"
}

key_is() { [ "$(key)" = "$(key_text "$1")" ]; }
key_of() { ethtool -X "$NIC" hkey "$(key_text "$1")" && key_is "$1"; }

# mostly_on CHANNEL MINIMUM N...: of the frames by channel, that one has at least
# the minimum, and the others little: ARP, multicast, iperf3's own talk
mostly_on()
{
	local channel=$1 minimum=$2 i
	local -a frames=("${@:3}")

	((${frames[channel]:-0} >= minimum)) || return 1
	for i in "${!frames[@]}"; do
		((i == channel || frames[i] <= frames[channel] / 5)) || return 1
	done
}

# on_one MINIMUM N...: the same, whichever channel it is
on_one()
{
	local i

	for ((i = 0; i < $# - 1; i++)); do
		! mostly_on "$i" "$@" || return 0
	done
	return 1
}

# on_first N RX|TX COMMAND...: a command of 16 flows, and each of the first N channels
# gets some of it; of all there are if N is empty.
# With random hashes 16 flows miss one of four channels in four of a hundred runs, all
# three times in one of 15,000; one of two channels in one of 30,000.
on_first()
{
	local -n grew=GREW_$2
	local i

	for i in 1 2 3; do
		measure "${@:3}" || return 1
		! spread 10 "${grew[@]:0:${1:-${#grew[@]}}}" || return 0
	done
	return 1
}

on_all() { on_first '' "$@"; }

# spread MINIMUM N...: each channel has at least so many
spread()
{
	local minimum=$1 n

	shift
	for n in "$@"; do
		((n >= minimum)) || return 1
	done
}
