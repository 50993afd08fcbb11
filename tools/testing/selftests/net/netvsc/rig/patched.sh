# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# linux-source-7.3 with the series applied, for scripts that build it.  lib.sh
# comes first.
#
# The tree holds what `git am` of the series makes, file by file: what a patch
# does not bring is the package's.  What lies in tools/ may be older.  Files that
# have not changed are not touched, so that make builds only what has to be built.

# Sets patched to a directory with
#
#	tree/		the source
#	version		of the package
#	series		hash of what in the series counts for a build
#
# Until the script ends nobody changes it.
patched_tree()
{
	local source fd key

	own_repository series
	source=$("$RIG/source" 7.3)
	patched=$CACHE/patched/$(<"$source/version")
	mkdir -p "$CACHE/lock" "$CACHE/patched"
	exec {fd}>"$CACHE/lock/patched"
	key=$(series_key)
	flock --shared "$fd"
	[[ ! -e $patched/series || $key != "$(<"$patched/series")" ]] ||
		return 0
	flock --unlock "$fd"
	flock --nonblock "$fd" || {
		stage source "waiting for a build of another series"
		flock "$fd"
	}
	# Kept until the script ends: in a moment without it, somebody who has
	# waited as well would bring another series.
	[[ -e $patched/version ]] || copy_source "$source" "$patched"
	# It may be another one by now.
	key=$(series_key)
	[[ ! -e $patched/series || $key != "$(<"$patched/series")" ]] ||
		return 0
	rm -f "$patched/series"
	bring_series "$source/tree"
	[[ $key == "$(series_key)" ]] ||
		die "somebody has changed the driver meanwhile; once more, please"
	echo "$key" >"$patched/series"
}

# copy_source SOURCE DIR: a tree in DIR that files of a series can be brought to
copy_source()
{
	local new=''

	stage source "a tree for the series"
	temp_dir new "$CACHE/tmp"
	cp -a --link "$1/tree" "$new/tree"
	cp "$1/version" "$new/version"
	: >"$new/brought"
	publish "$new" "$2"
}

# What the kernel's build, its documentation and KUnit see of the series, with
# modes.  A change of the rig or of a test is no reason to build again.
series_key()
{
	(
		cd "$TOP" || exit
		git ls-files -z -co --exclude-standard --deduplicate -- \
			drivers include Documentation series |
			sort -z |
			while IFS= read -r -d '' path; do
				[[ -f $path ]] || continue
				stat -c '%a %n' "$path"
				cat "$path"
			done | sha256sum | cut -c1-16
	)
}

bring_series()
{
	local new=''

	temp_dir new "$CACHE/tmp"
	"$RIG/series" --out "$new/patches" --export "$new"
	bring_files "$new" "$1" "$patched"
}

# bring FROM TO: a file that differs.  Not a link, which would be the package's own, and
# older than what was built.
bring()
{
	! cmp -s "$1" "$2" || return 0
	mkdir -p "$(dirname "$2")"
	cp --remove-destination "$1" "$2"
}

# bring_files NEW STOCK DIR: DIR/tree becomes the tree STOCK with the files of
# NEW, as `series --export` has put them there.
bring_files()
{
	local new=$1 stock=$2 dir=$3 tree=$3/tree path

	(cd "$new/files" && find . -type f -printf '%P\n') >"$new/brought"
	# What was brought or taken away before, and is not now.
	while read -r path; do
		[[ ! -e $new/files/$path ]] || continue
		if [[ -e $stock/$path ]]; then
			bring "$stock/$path" "$tree/$path"
		else
			rm -f "$tree/$path"
		fi
	done <"$dir/brought"
	sort -u "$new/brought" "$new/removed" "$dir/brought" \
		>"$new/brought.all"
	cp "$new/brought.all" "$dir/brought"
	while read -r path; do
		bring "$new/files/$path" "$tree/$path"
	done <"$new/brought"
	while read -r path; do
		rm -f "$tree/$path"
	done <"$new/removed"
}

# prepare_kmake OBJ [TREE]: sets kmake to the make of a build in directory OBJ
prepare_kmake()
{
	local tree=${2:-$patched/tree}

	# Used by those that read this file.
	# shellcheck disable=SC2034
	kmake=(
		make -C "$tree" O="$1" -j"$(nproc)"
		KBUILD_KCONFIG="$1/Kconfig.rig" KBUILD_BUILD_USER=netvsc
		KBUILD_BUILD_HOST=rig
	)
	cat "$tree/Kconfig" "$RIG/7.3.Kconfig" >"$1/Kconfig.new"
	cmp -s "$1/Kconfig.new" "$1/Kconfig.rig" ||
		cp "$1/Kconfig.new" "$1/Kconfig.rig"
}
