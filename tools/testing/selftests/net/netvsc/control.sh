#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# hvhost's control port as seen from inside the guest, and waiting for what was
# asked of it.  To be sourced; the caller has msg, which says a line, and bail,
# which ends everything.
#
#	CONTROL_TTY	the serial port
#	PATIENCE	factor on limits of time, for slow emulation

CONTROL_TTY=${CONTROL_TTY:-/dev/ttyS1}
PATIENCE=${PATIENCE:-1}
CONTROL=
# Which of the host's NICs is meant
NIC_NR=0

# pause SECONDS: nothing ever comes from here, and no process is needed, which would
# take a slow guest longer than the pause
exec {NEVER}<> <(:)
pause() { ! read -r -t "$1" -u "$NEVER"; }

# wait_for SECONDS TEXT COMMAND...: until the command succeeds.  The pause is
# only how often it is asked.
wait_for()
{
	local limit=$(($1 * PATIENCE)) what=$2 deadline

	shift 2
	deadline=$((SECONDS + limit))
	until "$@"; do
		if ((SECONDS >= deadline)); then
			msg "waited $limit s in vain for: $what"
			return 1
		fi
		pause 0.1
	done
}

# control WORD...: the data lines of the answer are then in ANSWER
control()
{
	local line

	ANSWER=()
	printf '%s\n' "$*" >&"$CONTROL" || return 1
	while IFS= read -r -t $((30 * PATIENCE)) -u "$CONTROL" line; do
		line=${line%$'\r'}
		case $line in
		ok*)
			return 0
			;;
		error:*)
			# Whoever reads a value from the caller does not want this.
			msg "hvhost answers '$*' with '$line'" >&2
			return 1
			;;
		esac
		ANSWER+=("$line")
	done
	bail "hvhost does not answer '$*'"
}

control_open()
{
	[ -z "$CONTROL" ] || return 0
	stty -F "$CONTROL_TTY" raw -echo clocal 2>/dev/null || return 1
	{ exec {CONTROL}<>"$CONTROL_TTY"; } 2>/dev/null || return 1
	# Of any other machine's serial port nothing comes back.  This answer is short,
	# as each character costs a guest time, and like no other's that is still to come.
	printf 'mark %s\n' "${0##*/}" >&"$CONTROL"
	while IFS= read -r -t $((30 * PATIENCE)) -u "$CONTROL" line; do
		[[ $line != "ok "* ]] || return 0
	done
	exec {CONTROL}>&-
	CONTROL=
	return 1
}

# stats_read KEY...: one snapshot of these counters of the host's, as
# STATS[vf.rx_frames] and so on.  Each character of an answer costs the guest time.
stats_read()
{
	local line word path

	control stats "nic=$NIC_NR" path= "$@" || return 1
	declare -gA STATS=()
	for line in "${ANSWER[@]}"; do
		path=${line#* path=} path=${path%% *}
		for word in $line; do
			STATS[$path.${word%%=*}]=${word#*=}
		done
	done
}

# counter PATH KEY: from the last snapshot, which has to have it
counter()
{
	if [ -z "${STATS[$1.$2]-}" ]; then
		msg "the host was not asked for $2, or has none for $1" >&2
		return 1
	fi
	echo "${STATS[$1.$2]}"
}

# host_counter PATH KEY: as it is now
host_counter() { stats_read "$2" && counter "$1" "$2"; }

host_counter_is()
{
	local value

	value=$(host_counter "$1" "$2") && [ "$value" = "$3" ]
}

# channel_sum KEY: what the host has counted of the first NIC's channels, added up
channel_sum()
{
	local line total=0

	control stats nic=0 channel= "$1" || return 1
	for line in "${ANSWER[@]}"; do
		total=$((total + ${line##*=}))
	done
	echo "$total"
}

# What the host has had to complain of since the guest started
host_complaints()
{
	local errors offloads

	stats_read protocol_errors tx_bad_offload &&
		errors=$(counter synthetic protocol_errors) &&
		offloads=$(counter synthetic tx_bad_offload) &&
		echo "protocol errors $errors, bad offloads $offloads"
}

# What the guest has lent to the host, as "open=CHANNELS gpadls=N gpadl_pages=N"
lent()
{
	control stats bus=vmbus open gpadls gpadl_pages &&
		echo "${ANSWER[0]#bus=vmbus }"
}

lent_is()
{
	local now

	now=$(lent) && [ -n "$now" ] && [ "$now" = "$1" ]
}

# These are asked often: a shorter answer yet.

# host_path PATH: the guest has selected PATH
host_path()
{
	control path "$NIC_NR" && [[ ${ANSWER[0]} = "selected=$1 "* ]]
}

# The guest has asked for its data path since the NIC's faults ended.
host_is_asked()
{
	control steps "$NIC_NR" && [[ " ${ANSWER[*]} " = *" nvsp-switch "* ]]
}

host_has_vf()
{
	control path "$NIC_NR" && [[ ${ANSWER[0]} != *" vf=absent" ]]
}
