# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Starts the host side of a guest, here or one level down.  Part of run, whose
# options it reads; leaves the process in machine.

# What hostside gets, at the path where it will find it.
put_input()
{
	local here=$1 out_there=$2 nested=$3 console=$4 state=$5
	local -a args=(--kernel "$here/vmlinuz" --initrd "$here/initrd")
	local command='console=ttyS0 quiet panic=-1 mitigations=off' item

	[[ $image != full ]] || command+=' rdinit=/sbin/init'
	args+=(--append "$command${append:+ $append}" --memory "$memory"
	       --vcpus "$vcpus" --console - --tap uplink0 --mtu "$mtu"
	       --host "$host")
	for item in "${nics[@]}"; do
		args+=(--nic "$item")
	done
	for item in "${vfs[@]}"; do
		args+=(--vf "$item")
	done
	args+=("${hvhost_args[@]}")
	{
		quoted OUT "$out_there"
		quoted NESTED "$nested"
		quoted CONSOLE "$console"
		quoted STATE "$state"
		quoted DRIVER "$driver"
		quoted KERNEL "$release"
		quoted IMAGE "$image"
		quoted MACS "${nics[*]-}"
		quoted MTU "$mtu"
		quoted HOST "$host"
		echo "HVHOST_ARGS=($(printf '%q ' "${args[@]}"))"
	} >"$work/in/env"
}

kvm_is_usable()
{
	[[ ${NETVSC_NESTED:-0} != 1 ]] &&
		grep -qwE 'vmx|svm' /proc/cpuinfo &&
		[[ -r /dev/kvm && -w /dev/kvm && -c /dev/net/tun ]] &&
		"$hvhost" --check-kvm >"$out/check-kvm.log" 2>&1
}

# Namespaces of its own: nothing of it outlives this script, however that ends.
start_direct()
{
	local -a user=()
	local console=log

	((EUID == 0)) || user=(--user --map-root-user)
	((interactive == 0)) || console=/dev/tty
	put_input "$work/in" "$out" 0 "$console" "$work/state"
	unshare "${user[@]}" --net --pid --fork --kill-child --mount-proc \
		bash "$work/in/bin/hostside" "$work/in" >"$out/hostside.log" 2>&1 &
	machine=$!
	cleanup_pids+=("$machine")
}

# Sets qemu and cpu, the emulator and what it emulates.  Under the instruction clock
# qemu 10 takes several times as long: there it is the machine's own.  Otherwise
# without what only costs time, a fifth of it in all: the fifth level of page tables,
# string instructions that go byte by byte, and a switch at each access to user memory.
choose_emulator()
{
	qemu=qemu-system-x86_64 cpu=max
	((icount == 0)) || return 0
	qemu=$("$RIG/qemu")
	cpu+=,la57=off,smap=off,smep=off,erms=off,fsrm=off,fzrm=off,fsrs=off,fsrc=off
}

# Sets tsc_khz.  qemu's TSC is this machine's; a kernel that measures it while others
# have the CPU, or compares it with ticks that come late, does not trust it, and its
# guests' clocks leap.
measure_tsc()
{
	gcc -O2 -o "$work/tsc-khz" "$RIG/outer/tsc_khz.c" ||
		die "cannot build tsc_khz.c"
	tsc_khz=$("$work/tsc-khz")
}

start_nested()
{
	local -a serial=() share=() clock=()
	local memory_outer=$((memory + 1024)) console=log model=none
	local outer_append='' qemu cpu tsc_khz

	((interactive == 0)) || {
		console=/dev/ttyS1
		serial=(-chardev "stdio,id=tty,signal=off" -serial chardev:tty)
	}
	put_input /in /out 1 "$console" /tmp/state
	"$RIG/install-packages" nested
	choose_emulator
	outer_initrd
	share=(
		-virtfs "local,path=$work/in,mount_tag=in,security_model=$model,readonly=on"
		-virtfs "local,path=$out,mount_tag=out,security_model=$model"
	)
	((memory_outer >= 2048)) || memory_outer=2048
	# sleep=off: time that nothing is executed in passes at once.
	if ((icount)); then
		clock=(-icount "shift=1,sleep=off")
		outer_append=' sleep_is_no_time'
	else
		measure_tsc
		outer_append=" tsc_early_khz=$tsc_khz tsc=reliable"
	fi
	touch "$out/alive"
	# The check counts timer interrupts in a stretch of time that a loaded
	# machine may not give an emulated CPU: no_timer_check.
	# One CPU: with several, an outer kernel now and then died of an int3
	# that another CPU had just patched in.
	# No HPET: it would take the interval timer's interrupt, see outer-init.
	: >"$out/outer.log"
	setpriv --pdeathsig KILL "$qemu" \
		-machine q35,hpet=off -accel tcg,thread=single,tb-size=512 -cpu "$cpu" \
		"${clock[@]}" \
		-m "$memory_outer" -smp 1 -nodefaults -no-user-config \
		-display none -no-reboot -serial "file:$out/outer.log" \
		"${serial[@]}" "${share[@]}" -kernel "$outer_kernel/vmlinuz" \
		-initrd "$work/outer.initrd" -append \
		"console=ttyS0 quiet panic=-1 mitigations=off no_timer_check$outer_append" \
		<&"$stdin" >&"$stdout" 2>"$out/qemu.log" &
	machine=$!
	cleanup_pids+=("$machine")
}
