# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Debian's packages for the rig: what the machine's own apt sources name, and an
# apt that leaves the machine's alone.

debian_codename()
{
	local ID='' VERSION_CODENAME=''

	# shellcheck disable=SC1091
	[[ -r /etc/os-release ]] && . /etc/os-release
	case $ID:$VERSION_CODENAME in
	debian:bookworm | debian:trixie)
		echo "$VERSION_CODENAME"
		;;
	*)
		die "this machine is not Debian 12 or 13"
		;;
	esac
}

# from_mirror LOG WHAT COMMAND...: quiet while it works.  A mirror that is just being
# filled has other packages than its lists say: three tries.
from_mirror()
{
	local log=$1 what=$2 try

	shift 2
	mkdir -p "$(dirname "$log")"
	for try in 1 2 3; do
		! "$@" >"$log" 2>&1 </dev/null || return 0
		((try < 3)) || break
		grep -qiE "(failed|unable) to fetch|index files failed|mirror sync" \
			"$log" || break
		stage mirror "$(failure_line "$log"); again in 30 s, $try of 2"
		sleep 30
	done
	die "$what: $(failure_line "$log") (log: $log)"
}

# In front of mmdebstrap: what root has it mount is gone when it is, also if it is
# killed.  Anybody else gives it a namespace anyway.
# shellcheck disable=SC2034
own_mounts=()
((EUID)) || own_mounts=(unshare --mount --propagation private)

# The suite that holds kernel 6.12 and qemu 10, for each release of Debian.
newer_suite()
{
	case $(debian_codename) in
	bookworm) echo bookworm-backports ;;
	trixie) echo trixie ;;
	esac
}

# Prints 'URI SUITE KEYRING' for every suite that the machine's sources name
# with component main, one-line and deb822 formats alike.
machine_sources()
{
	local -a files=()
	local file

	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		    /etc/apt/sources.list.d/*.sources; do
		[[ -r $file ]] && files+=("$file")
	done
	((${#files[@]})) || die "no apt sources in /etc/apt"
	awk '
	function flush(   i, j, nu, ns, u, s)
	{
		if (types ~ /(^| )deb( |$)/ && enabled != "no" &&
		    comps ~ /(^| )main( |$)/) {
			nu = split(uris, u)
			ns = split(suites, s)
			for (i = 1; i <= nu; i++)
				for (j = 1; j <= ns; j++)
					print u[i], s[j], (key ? key : "-")
		}
		types = uris = suites = comps = key = enabled = field = ""
	}
	FNR == 1 { flush() }
	FILENAME ~ /\.sources$/ {
		if ($0 ~ /^#/) next
		if ($0 ~ /^[ \t]*$/) { flush(); next }
		value = $0
		if ($0 ~ /^[^ \t]/) {
			field = tolower($0); sub(/:.*/, "", field)
			sub(/^[^:]*:/, "", value)
		}
		gsub(/^[ \t]+|[ \t]+$/, "", value)
		if (field == "types") types = value
		else if (field == "uris") uris = uris " " value
		else if (field == "suites") suites = suites " " value
		else if (field == "components") comps = comps " " value
		else if (field == "enabled") enabled = tolower(value)
		else if (field == "signed-by" && value ~ /^\//) key = value
		next
	}
	/^[ \t]*deb[ \t]/ {
		line = $0; opts = ""
		sub(/#.*/, "", line)
		if (match(line, /\[[^]]*\]/)) {
			opts = substr(line, RSTART + 1, RLENGTH - 2)
			line = substr(line, 1, RSTART - 1) \
			       substr(line, RSTART + RLENGTH)
		}
		n = split(line, w)
		types = "deb"; uris = w[2]; suites = w[3]
		for (i = 4; i <= n; i++) comps = comps " " w[i]
		no = split(opts, o)
		for (i = 1; i <= no; i++)
			if (o[i] ~ /^signed-by=/) key = substr(o[i], 11)
		flush()
	}
	END { flush() }
	' "${files[@]}"
}

# The sources list of our own apt: $@ are suites of the Debian archive; those of
# the machine's release bring its security suite along.
sources_list()
{
	local release uri='' key='' suite u s k

	release=$(debian_codename)
	while read -r u s k; do
		if [[ $s == "$release" && ! $uri ]]; then
			uri=$u key=$k
		fi
	done < <(machine_sources)
	[[ $uri ]] || die "no apt source of this machine has suite $release"
	[[ $key != - ]] || key=/usr/share/keyrings/debian-archive-keyring.gpg
	for suite; do
		echo "deb [signed-by=$key] $uri $suite main"
		[[ $suite == "$release" ]] || continue
		while read -r u s k; do
			[[ $s == "$release-security" ]] || continue
			[[ $k != - ]] || k=$key
			echo "deb [signed-by=$k] $u $s main"
		done < <(machine_sources)
	done
}

# own_apt NAME SUITE...: makes apt_get and apt_cache use lists of their own.
# The machine's settings (a proxy, say) stay in force, its hooks do not.
own_apt()
{
	local dir=$CACHE/apt/$1 new

	shift
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" \
		"$dir/parts" || die "cannot create $dir"
	new=$(sources_list "$@")
	if [[ ! -e $dir/sources.list || $new != "$(<"$dir/sources.list")" ]]; then
		rm -f "$dir/updated"
		printf '%s\n' "$new" >"$dir/sources.list"
	fi
	: >"$dir/status"
	own_apt_dir=$dir
	cat >"$dir/apt.conf" <<-EOT
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "$dir/parts";
		Dir::Etc::preferencesparts "$dir/parts";
		Dir::Etc::preferences "/dev/null";
		Dir::State "$dir";
		Dir::State::lists "$dir/lists";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Acquire::Languages "none";
		Acquire::Retries "3";
		Acquire::http::Timeout "30";
		APT::Sandbox::User "";
		#clear APT::Update::Post-Invoke-Success;
		#clear APT::Update::Post-Invoke;
		#clear DPkg::Post-Invoke;
	EOT
}

apt_get()
{
	apt-get -q -y -c="$own_apt_dir/apt.conf" "$@"
}

apt_cache()
{
	apt-cache -q -c="$own_apt_dir/apt.conf" "$@"
}

# Lists that are older than an hour may name packages that the mirror has dropped.
own_apt_update()
{
	local stamp=$own_apt_dir/updated log=$own_apt_dir/update.log

	[[ -e $stamp && $(find "$stamp" -mmin -60) ]] && return
	from_mirror "$log" "no package lists (is there a network?)" \
		apt_get -o APT::Update::Error-Mode=any update
	touch "$stamp"
}

# own_apt_fetch DIR PACKAGE...: the packages' files, complete or not at all.
own_apt_fetch()
{
	from_mirror "$own_apt_dir/download.log" "cannot download ${*:2}" \
		download_to "$@"
}

download_to()
{
	(cd "$1" && apt_get download "${@:2}")
}

# unpack_packages DIR TO [OPTION...]: all that are in DIR; options are tar's
unpack_packages()
{
	local from=$1 to=$2 deb

	shift 2
	for deb in "$from"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$to" --no-same-owner "$@"
	done
}
