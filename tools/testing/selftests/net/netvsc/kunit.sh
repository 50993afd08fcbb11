#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The driver's KUnit suites in a kernel that is built with them, whose sanitizers
# then look on: a parser that reads behind a message is what KASAN sees.

. "$(dirname "$0")/lib.sh"

SUITES=/sys/kernel/debug/kunit
mapfile -t MODULES < <(find "/lib/modules/$(uname -r)/" \
	-path '*/net/hyperv/*_test.ko*' | sed 's|.*/||; s|\.ko.*||' | sort)

plan "$((${#MODULES[@]} ? ${#MODULES[@]} : 1))"
((${#MODULES[@]})) || skip_all "no KUnit tests of the driver in this kernel"
[ -d "$SUITES" ] || skip_all "no $SUITES"

# The suites of a module that is being loaded run before it has come.
passes()
{
	local before suite n=0 bad=0

	before=" $(cd "$SUITES" && echo *) "
	modprobe "$1" || return 1
	for suite in "$SUITES"/*; do
		[[ $before != *" ${suite##*/} "* ]] || continue
		n=$((n + 1))
		! grep -E '^ *not ok' "$suite/results" | sed 's/^/# /' |
			grep . || bad=1
		grep -qE "^ok .*${suite##*/}" "$suite/results" || bad=1
	done
	modprobe -r "$1" || return 1
	((n && !bad))
}

for module in "${MODULES[@]}"; do
	check "$module" passes "$module"
done
finish
