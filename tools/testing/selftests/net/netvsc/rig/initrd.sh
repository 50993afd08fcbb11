# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Puts together what a guest, and the outer machine, have in memory at boot: a
# root of image, the modules of a kernel, the driver under test, and scripts.
# Part of run, whose options it reads.

outer_modules=(8021q 9p 9pnet_virtio ccp kvm kvm-amd tun)
guest_modules=(
	hv_vmbus pci-hyperv ixgbevf hv_netvsc
	8021q bonding bridge dummy macvlan veth
)
# Tests are skipped without them.
optional_modules=(
	act_gact cls_bpf cls_flower netconsole nf_tables pktgen sch_ingress team
	team_mode_roundrobin
)

# has_module KERNEL NAME
has_module()
{
	modprobe -d "$1/modules" -S "$(<"$1/release")" --show-depends \
		--ignore-install "$2" >/dev/null 2>&1
}

# put_modules ROOT KERNEL NAME...: modules and what they depend on, with
# modules.dep.  They are unpacked and lose their signature's weight here, not in
# the guest.
put_modules()
{
	local kernel=$2 release dir kind name path

	release=$(<"$kernel/release")
	dir=$1/usr/lib/modules/$release
	shift 2
	mkdir -p "$dir"
	for name; do
		modprobe -d "$kernel/modules" -S "$release" --show-depends \
			--ignore-install "$name" >>"$work/depends" 2>>"$work/modprobe.err" ||
			die "kernel $release has no module $name"
	done
	sort -u "$work/depends" | while read -r kind path _; do
		[[ $kind == insmod ]] || continue
		name=${path#"$kernel/modules/lib/modules/$release/"}
		mkdir -p "$dir/${name%/*}"
		case $path in
		*.xz) xz -dc "$path" >"$dir/${name%.xz}" ;;
		*.zst) zstd -qdc "$path" >"$dir/${name%.zst}" ;;
		*) cp "$path" "$dir/$name" ;;
		esac
	done
	rm -f "$work/depends"
	cp "$kernel/modules/lib/modules/$release"/modules.{builtin*,order} "$dir/"
}

# index_modules ROOT KERNEL
index_modules()
{
	# Its root must hold /lib/modules; the guest has /lib as a link.
	ln -sfn usr/lib "$1/lib"
	depmod -b "$1" "$(<"$2/release")"
	rm "$1/lib"
}

quoted()
{
	printf '%s=%q\n' "$1" "$2"
}

make_cpio()
{
	(cd "$1" && find . -mindepth 1 -print0 | sort -z |
		cpio --quiet -0 -o -H newc -R 0:0)
}

put_driver()
{
	local dir=$1/usr/lib/modules/$release/kernel/drivers/net/hyperv

	case $driver in
	ours) [[ ! $modules ]] || cp "$modules/hv_netvsc.ko" "$dir/" ;;
	none) rm "$dir/hv_netvsc.ko" ;;
	esac
}

put_scripts()
{
	local dir=$1/netvsc n=10 script

	mkdir -p "$dir/scripts"
	for script in "${guest_scripts[@]}"; do
		install -m 755 "$script" "$dir/scripts/$n-${script##*/}"
		n=$((n + 1))
	done
	install -m 755 "$RIG/run-scripts" "$dir/run-scripts"
	if ((interactive)); then
		: >"$dir/interactive"
	fi
	{
		quoted DRIVER "$driver"
		quoted KERNEL "$release"
		quoted IMAGE "$image"
		quoted HOST4 192.168.77.1
		quoted HOST6 fd77::1
		quoted HOST_VLAN 78
		quoted HOST4_VLAN 192.168.78.1
		quoted MAC "${nics[0]-}"
		quoted MACS "${nics[*]-}"
		quoted MTU "$mtu"
		quoted HOST "$host"
	} >"$dir/env"
}

put_guest_modules()
{
	local name

	for name in "${optional_modules[@]}"; do
		if has_module "$kernel" "$name"; then
			guest_modules+=("$name")
		fi
	done
	# Of a kernel that is built with ours, its KUnit tests.
	while read -r name; do
		guest_modules+=("$name")
	done < <(find "$kernel/modules/" -path '*/net/hyperv/netvsc_*_kunit.ko' \
		-printf '%f\n' | sed 's/\.ko$//')
	put_modules "$1" "$kernel" "${guest_modules[@]}"
	put_driver "$1"
	index_modules "$1" "$kernel"
}

guest_initrd()
{
	local top=$work/guest dir

	mkdir "$top"
	[[ $root ]] || put_guest_modules "$top"
	put_scripts "$top"
	[[ $image == full ]] || install -m 755 "$RIG/guest-init" "$top/init"
	for dir in "${overlays[@]}"; do
		cp -a "$dir/." "$top/"
	done
	{
		cat "$base"
		make_cpio "$top"
	} >"$work/in/initrd"
}

outer_initrd()
{
	local top=$work/outer module

	mkdir "$top"
	put_modules "$top" "$outer_kernel" "${outer_modules[@]}"
	module=$("$RIG/outer-module")
	cp "$module" "$top/usr/lib/modules/$(<"$outer_kernel/release")/"
	index_modules "$top" "$outer_kernel"
	install -m 755 "$RIG/outer-init" "$top/init"
	{
		cat "$outer_base"
		make_cpio "$top"
	} >"$work/outer.initrd"
}
