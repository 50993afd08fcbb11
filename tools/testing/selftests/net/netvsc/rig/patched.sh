# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# linux-source-7.3 with the series applied, for scripts that build it.  lib.sh
# comes first.
#
# The tree holds what `git am` of the series makes, file by file: what a patch
# does not bring is the package's.  Files that have not changed are not touched,
# so that make builds only what has to be built.

# Sets patched to a directory with
#
#	tree/		the source
#	version		of the package
#	series		hash of all that the series is made from
#
# Until the script ends nobody changes it; others may build from it, too.
patched_tree()
{
	local source fd key

	source=$("$RIG/source" 7.3)
	patched=$CACHE/patched/$(<"$source/version")
	mkdir -p "$CACHE/lock" "$CACHE/patched"
	exec {fd}>"$CACHE/lock/patched"
	key=$(series_key)
	while :; do
		flock --shared "$fd"
		[[ ! -e $patched/series || $key != "$(<"$patched/series")" ]] ||
			return 0
		flock --unlock "$fd"
		flock --nonblock "$fd" || {
			stage source "waiting for a build of another series"
			flock "$fd"
		}
		[[ -e $patched/version ]] || copy_source "$source"
		rm -f "$patched/series"
		bring_series "$source/tree"
		echo "$key" >"$patched/series"
		flock --unlock "$fd"
	done
}

copy_source()
{
	local new=''

	stage source "a tree for the series"
	temp_dir new "$CACHE/tmp"
	cp -a --link "$1/tree" "$new/tree"
	cp "$1/version" "$new/version"
	: >"$new/brought"
	publish "$new" "$patched"
}

# Every file that the series could take in, with its mode.
series_key()
{
	(
		cd "$TOP" || exit
		git ls-files -z -co --exclude-standard --deduplicate -- \
			drivers include Documentation tools MAINTAINERS series |
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
	local stock=$1 tree=$patched/tree new='' path

	temp_dir new "$CACHE/tmp"
	"$RIG/series" --out "$new/patches" --export "$new"
	(cd "$new/files" && find . -type f -printf '%P\n') >"$new/brought"
	# What the last series brought or took away, and this one does not.
	while read -r path; do
		[[ ! -e $new/files/$path ]] || continue
		if [[ -e $stock/$path ]]; then
			mkdir -p "$(dirname "$tree/$path")"
			ln -f "$stock/$path" "$tree/$path"
		else
			rm -f "$tree/$path"
		fi
	done <"$patched/brought"
	sort -u "$new/brought" "$new/removed" "$patched/brought" \
		>"$new/brought.all"
	cp "$new/brought.all" "$patched/brought"
	while read -r path; do
		cmp -s "$new/files/$path" "$tree/$path" && continue
		mkdir -p "$(dirname "$tree/$path")"
		# Never through the link to the package's own.
		cp --remove-destination "$new/files/$path" "$tree/$path"
	done <"$new/brought"
	while read -r path; do
		rm -f "$tree/$path"
	done <"$new/removed"
}

# Sets kmake to the make of a build in directory OBJ.
prepare_kmake()
{
	# Used by those that read this file.
	# shellcheck disable=SC2034
	kmake=(
		make -C "$patched/tree" O="$1" -j"$(nproc)"
		KBUILD_KCONFIG="$1/Kconfig.rig" KBUILD_BUILD_USER=netvsc
		KBUILD_BUILD_HOST=rig
	)
	cat "$patched/tree/Kconfig" "$RIG/7.3.Kconfig" >"$1/Kconfig.new"
	cmp -s "$1/Kconfig.new" "$1/Kconfig.rig" ||
		cp "$1/Kconfig.new" "$1/Kconfig.rig"
}
