# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Watches a running machine, and finds out afterwards how it went.  Part of run;
# leaves status and verdict.

# Seconds without a sign of life, on a machine that has others to serve
MACHINE_LIFE=90

follow_file()
{
	local filter=$1 file=$2

	: >>"$file"
	# The sed ends when the last writer of its pipe, tail, has seen the
	# machine gone.
	tail -n +1 -s 0.2 --pid="$machine" -f "$file" 2>/dev/null |
		sed -u "$filter" &
	followers+=($!)
}

sizes()
{
	stat -c %s "$out"/{console,host,outer,hvhost,hostside}.log 2>/dev/null ||
		true
}

# An emulated machine that gives no sign of life any more.  The one cause that is
# known, an interrupt that qemu loses, is taken care of in outer-init.
machine_is_dead()
{
	local alive

	((icount == 0)) || return 1
	alive=$(stat -c %Y "$out/alive" 2>/dev/null) || return 1
	((EPOCHSECONDS - alive > MACHINE_LIFE))
}

# Its end is noticed at once; the rest is looked at now and then, for each look costs
# some processes, beside a guest that has to share the CPU with them.
watch()
{
	local start=$SECONDS said=$SECONDS last='' now end

	exec {end}< <(tail -s 0.2 --pid="$machine" -f /dev/null 2>/dev/null)
	while kill -0 "$machine" 2>/dev/null; do
		# Fails either way: after that time, or when tail and machine have ended.
		read -r -t 10 -u "$end" || true
		((interactive)) && continue
		now=$(sizes)
		if [[ $now != "$last" ]]; then
			last=$now said=$SECONDS
		fi
		if machine_is_dead; then
			dead=1
			verdict="the emulated machine has stopped executing"
		elif ((SECONDS - start > timeout)); then
			verdict="the run took more than $timeout s"
		elif ((SECONDS - said > stall)); then
			verdict="the guest said nothing for $stall s"
		else
			continue
		fi
		# Of unshare, only this reaches the other end; qemu has nothing
		# to lose.
		kill -KILL "$machine"
		break
	done
	exec {end}<&-
	wait "$machine" 2>/dev/null || true
	cleanup_pids=()
}

console_text()
{
	[[ -e $out/console.log ]] || return 0
	tr -d '\r\000' <"$out/console.log"
}

# Sets status and verdict from what hostside, guest and qemu left behind.
judge()
{
	local hvhost_status='' script='' setup='' key value failed

	if [[ $verdict ]]; then
		status=124
		((dead == 0)) || status=7
		return
	fi
	if [[ -e $out/status ]]; then
		while IFS='=' read -r key value; do
			case $key in
			hvhost) hvhost_status=$value ;;
			host_script) script=$value ;;
			setup) setup=$value ;;
			esac
		done <"$out/status"
	fi
	if [[ $setup ]]; then
		status=2 verdict=$setup
		return
	fi
	case $hvhost_status in
	0) ;;
	2) status=2 verdict="hvhost refused its set-up: $(last_line "$out/hvhost.log")" ;;
	3) status=3 verdict="the guest panicked: $(panic_reason)" ;;
	4) status=4 verdict='the guest reset itself (triple fault, or reboot)' ;;
	5) status=5 verdict='this KVM cannot run ordinary guests' ;;
	'') status=6 verdict="the host side ended early: $(early_end)" ;;
	*) status=6 verdict="hvhost failed with status $hvhost_status: $(last_line "$out/hvhost.log")" ;;
	esac
	((status == 0)) || return 0
	case $script in
	0 | none) ;;
	killed) status=1 verdict='the guest ended before the host script did' ;;
	*) status=1 verdict="the host script failed with status $script: $(last_line "$out/host.log")" ;;
	esac
	((status == 0 && ${#guest_scripts[@]})) || return 0
	failed=$(console_text | sed -n 's/^netvsc-guest: done, \([0-9]*\) failed$/\1/p' | tail -n1)
	case $failed in
	0) ;;
	'') status=1 verdict='the guest ended before its scripts did' ;;
	*)
		status=1
		verdict=$(console_text | sed -n \
			'/^netvsc-guest: script .* status 0$/d; s/^netvsc-guest: \(script .* status .*\)/\1/p' |
			head -n1)
		;;
	esac
}

# What killed the guest, and where: a console that is quiet shows none of it, but the
# guest has given the end of its log to hvhost.
panic_reason()
{
	local line

	line=$({ console_text; cat "$out/hvhost.log" 2>/dev/null; } | awk '
	match($0, /(BUG: |Oops: |general protection fault|RIP: 0010:|Kernel panic - ).*/) {
		text = substr($0, RSTART)
		kind = substr(text, 1, 4)
		if (seen[kind]++)
			next
		sub(/ Code: .*/, "", text)
		all = all sep text
		sep = "; "
	}
	END { print all }')
	printf '%s' "${line:-$(last_line "$out/hvhost.log")}"
}

# The last line that one of the files holds.
last_line()
{
	local file line

	for file; do
		line=$(tail -n1 "$file" 2>/dev/null || true)
		[[ ! $line ]] || break
	done
	printf '%s' "${line:-nothing was said}"
}

early_end()
{
	local line

	line=$(grep -ash '^outer:' "$out/outer.log" | tail -n1 || true)
	printf '%s' "${line:-$(last_line "$out/hostside.log" \
		"$out/qemu.log" "$out/outer.log")}"
}

report()
{
	((status)) || return 0
	printf 'netvsc: run: %s (log: %s)\n' "$verdict" "$out/console.log" >&2
	console_text | tail -n 20 | sed 's/^/    | /' >&2
	if ((status >= 2 && status <= 6)) && [[ -s $out/hvhost.log ]]; then
		tail -n 5 "$out/hvhost.log" | sed 's/^/    hvhost| /' >&2
	fi
}
