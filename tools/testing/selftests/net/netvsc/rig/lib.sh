# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the rig's scripts share: progress lines, failures, clean-up, the cache,
# and the two drivers side by side.

set -o errexit -o nounset -o pipefail
shopt -s inherit_errexit

RIG=$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")
NETVSC_TESTS=$(dirname -- "$RIG")
TOP=$(realpath -- "$RIG/../../../../../..")
CACHE=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/netvsc
OUTDIR=${NETVSC_OUT:-$TOP/out}
export LC_ALL=C

: "${NETVSC_START:=$(date +%s)}"
export NETVSC_START

me=${0##*/}

# ---------------------------------------------------------------- messages

stage()
{
	printf '[%4ds] %s: %s\n' "$(($(date +%s) - NETVSC_START))" \
		"$1" "${*:2}" >&2
}

die()
{
	printf 'netvsc: %s: %s\n' "$me" "$*" >&2
	exit 1
}

usage_error()
{
	printf 'netvsc: %s: %s (try --help)\n' "$me" "$*" >&2
	exit 2
}

# Prints the comment block at the top of a script as its --help.
show_help()
{
	sed -n '/^# Usage:/,/^[^#]/{/^#/{s/^# \{0,1\}//;p}}' "$0"
	exit 0
}

need_number()
{
	[[ $2 =~ ^[0-9]+$ ]] || usage_error "$1 wants a number, not '$2'"
}

# own_repository DIR: what a kernel tree that has the series does not have
own_repository()
{
	[[ -d $TOP/$1 ]] ||
		die "there is no $1/ in $TOP: this takes the project's own repository"
}

# A group of its own, and not waited for in the foreground: an interrupt ends it
# with all that it has started, and at once.
in_group()
{
	setsid "$@" &
	cleanup_group=$!
	wait "$cleanup_group" || return
	cleanup_group=
}

# run_logged LOG WHAT COMMAND...: quiet while it works.
run_logged()
{
	local log=$1 what=$2

	shift 2
	mkdir -p "$(dirname "$log")"
	in_group "$@" >"$log" 2>&1 </dev/null ||
		die "$what failed: $(failure_line "$log") (log: $log)"
}

# The line of a log that most likely names the cause.
failure_line()
{
	local line

	line=$(grep -m1 -iE '(^|[^a-z])(error|fatal|E:|no space left)|\*\*\* ' \
		"$1" || tail -n1 "$1")
	printf '%s' "${line:-no output}"
}

# ---------------------------------------------------------------- clean-up

cleanup_paths=()
cleanup_pids=()
cleanup_group=

cleanup()
{
	local status=$? pid path

	trap - EXIT INT TERM HUP
	set +e
	for pid in "${cleanup_pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null
	done
	if [[ $cleanup_group ]]; then
		kill -TERM -- "-$cleanup_group" 2>/dev/null
	fi
	for pid in "${cleanup_pids[@]}" $cleanup_group; do
		wait "$pid" 2>/dev/null
	done
	for path in "${cleanup_paths[@]}"; do
		rm -rf --one-file-system -- "$path"
	done
	if declare -F at_exit >/dev/null; then
		at_exit
	fi
	exit "$status"
}

trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# A new temporary directory in the variable named $1.  It lies in the cache when
# it will be renamed into it, else under TMPDIR.
temp_dir()
{
	local -n _dir=$1
	local base=${2:-${TMPDIR:-/tmp}}

	mkdir -p "$base" || die "cannot create $base"
	_dir=$(mktemp -d "$base/netvsc.XXXXXXXX") ||
		die "cannot create a temporary directory in $base"
	cleanup_paths+=("$_dir")
}

# ---------------------------------------------------------------- the cache

# Held until the script ends: two makes at once do each piece of work once.
lock()
{
	local fd

	mkdir -p "$CACHE/lock" || die "cannot create $CACHE/lock"
	exec {fd}>"$CACHE/lock/$1"
	flock --nonblock "$fd" && return
	stage "$1" "waiting for another make that is at it"
	flock "$fd"
}

# A hash of words and files: the name of what is made from them.
hash_of()
{
	local arg

	for arg; do
		if [[ -f $arg ]]; then
			sha256sum <"$arg"
		else
			printf '%s\n' "$arg"
		fi
	done | sha256sum | cut -c1-16
}

# Moves a finished file or directory into the cache; never over an older one's
# contents, never half of it.
publish()
{
	mkdir -p "$(dirname "$2")"
	rm -rf -- "$2"
	mv -T -- "$1" "$2"
}

# For CC="ccache ...", which the cache has a place for.  Debug information names the
# directory of the build, which is nobody's business here.
compiler_cache()
{
	export CCACHE_DIR=$CACHE/ccache CCACHE_MAXSIZE=1G CCACHE_NOHASHDIR=1
}

free_space()
{
	local dir=$1 megabytes=$2 have

	mkdir -p "$dir" || die "cannot create $dir"
	have=$(df --output=avail -m "$dir" | tail -n1)
	((have >= megabytes)) ||
		die "$dir has $have MiB free, $megabytes MiB are needed"
}

# ---------------------------------------------------------------- guests

# boot_again TRIES COMMAND...: which boots a guest, and so many times again if the
# emulated machine fails: nothing can be learned of that about the guest
boot_again()
{
	local tries=$1 try status

	shift
	for ((try = 1; ; try++)); do
		status=0
		"$@" || status=$?
		((status == 7 && try <= tries)) || return "$status"
		stage guest "the emulated machine has failed (not the guest);" \
			"booting again, $try of $tries"
	done
}

# one_more_failure COUNT: where something failed that is no case, such as a guest's end
one_more_failure()
{
	local n=${1#* passed, }

	n=${n%% *}
	echo "${1/, $n failed/, $((n + 1)) failed}"
}

# ---------------------------------------------------------------- modules

# put_both_drivers DIR: DIR/ours/hv_netvsc.ko and DIR/stock/hv_netvsc.ko, for a
# guest of 6.12 that loads them in turn.
put_both_drivers()
{
	local dir=$1 kernel stock

	kernel=$("$RIG/kernel" 6.12)
	stock=$(find "$kernel/modules" -name 'hv_netvsc.ko*')
	mkdir -p "$dir/ours" "$dir/stock"
	cp "$OUTDIR/modules/$(<"$kernel/release")/hv_netvsc.ko" "$dir/ours/"
	case $stock in
	*.xz) xz -dc "$stock" >"$dir/stock/hv_netvsc.ko" ;;
	*) cp "$stock" "$dir/stock/" ;;
	esac
}
