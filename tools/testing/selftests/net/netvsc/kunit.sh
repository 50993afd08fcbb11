#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The driver's KUnit suites in a kernel that is built with them, whose sanitizers
# then look on: a parser that reads behind a message is what KASAN sees.

. "$(dirname "$0")/lib.sh"

SUITES=/sys/kernel/debug/kunit
GCOV=/sys/kernel/debug/gcov
mapfile -t MODULES < <(find "/lib/modules/$(uname -r)/" \
	-path '*/net/hyperv/netvsc_*_kunit.ko*' | sed 's|.*/||; s|\.ko.*||' | sort)

plan "$((${#MODULES[@]} ? ${#MODULES[@]} : 1))"
((${#MODULES[@]})) || skip_all "no KUnit tests of the driver in this kernel"
[ -d "$SUITES" ] || skip_all "no $SUITES"

# Which cases there are, and how each ended, comes as a comment.
suite_passed()
{
	sed 's/^/# /' "$1/results"
	! grep -qE '^ *not ok' "$1/results" &&
		grep -qE "^ok .*${1##*/}" "$1/results"
}

# What a module has run of its code, for rig/kunit, if the kernel counts that.  Counts
# are the source's, which is X_test.c of the module netvsc_X_kunit.
tell_counts()
{
	local source=${1#netvsc_} file

	source=${source%_kunit}_test
	file=$(find "$GCOV" -name "$source.gcda" 2> /dev/null)
	[ -z "$file" ] ||
		msg "gcda $source $(gzip -c "$file" | base64 | tr -d '\n')"
}

# The suites of a module that is being loaded run before it has come.
passes()
{
	local before suite n=0 bad=0

	before=" $(cd "$SUITES" && echo *) "
	modprobe "$1" || return 1
	for suite in "$SUITES"/*; do
		[[ $before != *" ${suite##*/} "* ]] || continue
		n=$((n + 1))
		suite_passed "$suite" || bad=1
	done
	tell_counts "$1"
	modprobe -r "$1" || return 1
	((n && !bad))
}

for module in "${MODULES[@]}"; do
	check "$module" passes "$module"
done
finish
