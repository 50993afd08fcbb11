#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Eight NICs at once: each one's traffic is on its own port of the host, at the
# same time as the others', and two VFs end at the NICs that they are for.

. "$(dirname "$0")/lib.sh"

NR=8

plan 9
need control
setup
first=$NIC
trap 'nics_gone; cleanup' EXIT
sysctl_was=$(sysctl -n net.ipv4.conf.all.arp_ignore)

mac_of() { printf '00:15:5d:77:01:%02x' "$1"; }
# Names of the devices, by the host's number
declare -A NAME

nics_add()
{
	local i

	NAME[0]=$first
	# Each answers for its own address only.
	sysctl -q -w net.ipv4.conf.all.arp_ignore=1
	for ((i = 1; i < NR; i++)); do
		control nic "$i" add "$(mac_of "$i")" || return 1
	done
	for ((i = 1; i < NR; i++)); do
		wait_for 60 "NIC $i" nic_of_mac "$(mac_of "$i")" || return 1
		NAME[$i]=$FOUND
		ip link set dev "${NAME[$i]}" up &&
			ip addr add "192.168.77.$((20 + i))/32" \
				dev "${NAME[$i]}" || return 1
	done
}

nics_gone()
{
	local i

	for ((i = 1; i < NR; i++)); do
		control nic "$i" remove > /dev/null
	done
	wait_for 60 "end of the other NICs" no_other_nic
	sysctl -q -w "net.ipv4.conf.all.arp_ignore=$sysctl_was"
}

no_other_nic()
{
	local i

	for ((i = 1; i < NR; i++)); do
		! nic_of_mac "$(mac_of "$i")" || return 1
	done
}

# field NIC PATH KEY: of the host's last answer
field()
{
	local line

	for line in "${ANSWER[@]}"; do
		[[ $line = "nic=$1 path=$2 "* ]] || continue
		[[ $line =~ \ $3=([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
		return
	done
	echo 0
}

selected() { control stats path= selected && [ "$(field "$1" "$2" selected)" = 1 ]; }

nic_answers()
{
	ping -n -q -c 1 -W 2 -I "${NAME[$1]}" "$HOST4" > /dev/null
}

# first_answers N FILE: to how many of the first N there was one
first_answers()
{
	awk -v n="$1" '/ bytes from / {
		sub(/.*icmp_seq=/, "")
		seen[$0 + 0]
	}
	END {
		for (seq in seen)
			got += seq + 0 <= n
		print got + 0
	}' "$2"
}

# All of them at once, 50 echoes each; PATHS says where each one's go.  ping does not
# wait for the last ones: of the first 30 there has to be an answer to each.
all_at_once()
{
	local i path other n bad=0
	local -a pids=() before=() wrong=()

	for ((i = 0; i < NR; i++)); do
		wait_for 30 "answer to NIC $i" nic_answers "$i" || return 1
	done
	control stats path= tx_frames || return 1
	for ((i = 0; i < NR; i++)); do
		path=${PATHS[$i]:-synthetic} other=vf
		[ "$path" = synthetic ] || other=synthetic
		before[i]=$(field "$i" "$path" tx_frames)
		wrong[i]=$(field "$i" "$other" tx_frames)
	done
	for ((i = 0; i < NR; i++)); do
		ping -n -c 50 -i 0.05 -I "${NAME[$i]}" "$HOST4" \
			> "$TMP/ping.$i" &
		pids+=($!)
	done
	wait "${pids[@]}"
	control stats path= tx_frames || return 1
	for ((i = 0; i < NR; i++)); do
		path=${PATHS[$i]:-synthetic} other=vf
		[ "$path" = synthetic ] || other=synthetic
		before[i]=$(($(field "$i" "$path" tx_frames) - before[i]))
		wrong[i]=$(($(field "$i" "$other" tx_frames) - wrong[i]))
		n=$(first_answers 30 "$TMP/ping.$i")
		((n == 30 && before[i] >= 50 && before[i] < 90 && wrong[i] == 0)) &&
			continue
		msg "NIC $i: ${before[i]} frames on $path, ${wrong[i]} on the other;" \
			"$n of 30 answers"
		bad=1
	done
	return "$bad"
}

# vf_of NIC: its VF's address is its own, and its VF is used
vf_of()
{
	local NIC=${NAME[$1]}

	wait_for 90 "VF of $NIC" vf_is_slave &&
		wait_for 30 "data path of $NIC" selected "$1" vf &&
		[ "$(cat "/sys/class/net/$VF/address")" = "$(attr address)" ]
}

no_vf_but()
{
	local i NIC

	for ((i = 0; i < NR; i++)); do
		NIC=${NAME[$i]}
		[[ " $* " != *" $i "* ]] || continue
		! find_vf || return 1
	done
}

declare -a PATHS=()
check "$NR NICs" nics_add
check "each has its own traffic, all at once" all_at_once
need vf
# In the other order than the NICs'
check "two of them get VFs at the same moment" \
	eval 'control vf 5 add && control vf 2 add'
check "each VF is at its own NIC, and used" eval 'vf_of 2 && vf_of 5'
check "no other NIC has one" no_vf_but 2 5
PATHS[2]=vf PATHS[5]=vf
check "each has its own traffic on its own path, all at once" all_at_once
check "one VF goes, the other one stays" eval '
	control vf 5 eject && wait_for 60 "synthetic path" selected 5 synthetic &&
	vf_of 2'
PATHS[5]=synthetic
check "each has its own traffic as before" all_at_once
check "all but the first one go" eval '
	nics_gone; no_other_nic && wait_for 30 "answer" answers "$HOST4"'
finish
