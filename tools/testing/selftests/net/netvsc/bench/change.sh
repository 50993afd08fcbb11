# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the benchmark measures that is no packet: how long a change takes, what
# is lost meanwhile, and the memory of an idle NIC.  Part of guest.

# Packets each millisecond, while something changes
RATE=10
FLOW_PORT=10

# ---------------------------------------------------------------- the module

# device_of MAC: its netvsc device here; in DEVICE
device_of()
{
	local dev

	for dev in /sys/bus/vmbus/devices/*/net/*; do
		[ "$(cat "$dev/address" 2>/dev/null)" = "$1" ] || continue
		DEVICE=${dev##*/}
		return 0
	done
	return 1
}

# The time that a module takes from insmod to the link.  No pause in between: it
# would be the figure.
load_time()
{
	local start end

	start=$(date +%s%N)
	insmod "/netvsc/bench/$driver/hv_netvsc.ko" || bail "no module of $driver"
	until device_of "$MAC"; do :; done
	NIC=$DEVICE
	ip link set "$NIC" up
	until has_carrier "$NIC"; do :; done
	end=$(date +%s%N)
	result module_load_to_link_ns $((end - start))
}

free_now()
{
	echo 3 >/proc/sys/vm/drop_caches
	# What each CPU has counted for itself is part of it from here on.
	cat /proc/sys/vm/stat_refresh >/dev/null
	# MemFree leaves out what waits in each CPU's lists for its next use.
	awk '
	$1 == "pages" && $2 == "free" { n += $3 }
	$1 == "count:" { n += $2 }
	END { printf "%.0f\n", n * 4096 }' /proc/zoneinfo
}

# Memory that has been let go of comes back after a while: wait for that.
free_is_settled()
{
	local last=$FREE

	FREE=$(free_now)
	[ "$FREE" = "$last" ]
}

free_bytes()
{
	FREE=''
	wait_for 10 "quiet memory" free_is_settled
}

load_module()
{
	local before

	# What the first of all loads takes for good is not the NIC's.
	insmod "/netvsc/bench/$driver/hv_netvsc.ko"
	wait_for 10 "the NIC" device_of "$MAC"
	ip link set "$DEVICE" up
	rmmod hv_netvsc
	free_bytes
	before=$FREE
	load_time
	device_of "$MAC1" || bail "no device of NIC 1"
	PEER=$DEVICE
	free_bytes
	# With one of two NICs: NIC 1 is as idle as NIC 0.
	result memory_per_nic_bytes $(((before - FREE) / 2))
}

# ---------------------------------------------------------------- the path

# Probes of functions that both drivers, or neither, call at these moments.
CHANGE="$TRACING/instances/change"

change_prepare()
{
	local nvsp_switch_data_path=129

	cat >>"$TRACING/kprobe_events" <<-EOF || return 1
	p:bench/registered register_netdevice
	p:bench/ejected pci_hyperv:hv_eject_device_work
	p:bench/sent hv_vmbus:vmbus_sendpacket type=+0(%si):u32 path=+4(%si):u32
	EOF
	mkdir -p "$CHANGE"
	echo x86-tsc >"$CHANGE/trace_clock"
	echo "type == $nvsp_switch_data_path" >"$CHANGE/events/bench/sent/filter"
}

change_start()
{
	echo >"$CHANGE/trace"
	echo 1 >"$CHANGE/events/bench/enable"
}

# change_ns EVENT PATH: from EVENT to the request to switch to PATH
change_ns()
{
	echo 0 >"$CHANGE/events/bench/enable"
	awk -v event="$1" -v path="path=$2" '
	match($0, /[0-9]+: (registered|ejected|sent):/) {
		split(substr($0, RSTART), w, ":")
		if (w[2] == " " event) { if (!start) start = w[1] }
		else if (start && !end && index($0, path)) end = w[1]
	}
	END { if (end) print end - start; else print "failed" }' "$CHANGE/trace"
}

path_is_synthetic() { host_path synthetic; }
path_is_vf() { host_path vf; }

change_cases()
{
	change_prepare || bail "no kprobes"
	change_start
	control vf 0 add
	wait_for 10 "the VF" path_is_vf
	result vf_registered_to_path_ns "$(change_ns registered 1)"
	change_start
	control vf 0 eject
	wait_for 10 "the end of the VF" vf_gone
	result vf_ejected_to_path_ns "$(change_ns ejected 0)"
	printf -- '-:bench/%s\n' registered ejected sent \
		>>"$TRACING/kprobe_events"
}

# ---------------------------------------------------------------- loss

change_plug() { control vf 0 add && wait_for 10 "the VF" path_is_vf; }

change_eject() { control vf 0 eject && wait_for 10 "the end of the VF" vf_gone; }

change_yank()
{
	control vf 0 yank && wait_for 10 "the synthetic path" path_is_synthetic &&
		wait_for 10 "the end of the VF" no_lower
}

# The guest is told, and has two seconds.  Stock stays on the VF.
change_link_off()
{
	control vf 0 link off notice &&
		wait_for 3 "the synthetic path" path_is_synthetic
}

# Nobody says so before.
change_cable_out()
{
	control vf 0 link off &&
		wait_for 2 "the synthetic path" path_is_synthetic
}

change_link_on() { control vf 0 link on && wait_for 10 "the VF" path_is_vf; }

no_lower() { ! compgen -G "/sys/class/net/$NIC/lower_*" >/dev/null; }

flow_exec()
{
	if [ "$1" = peer ]; then
		exec ip netns exec peer /netvsc/bench/load "${@:2}"
	fi
	exec /netvsc/bench/load "${@:2}"
}

flow_read()
{
	echo >&"${SINK[1]}"
	read -r -t 30 -u "${SINK[0]}" GOT GAP
}

flow_quiet()
{
	flow_read
	TOTAL=$((TOTAL + GOT))
	((GAP <= LONGEST)) || LONGEST=$GAP
	((GOT == 0))
}

# lost KEY FROM TO ADDRESS COMMAND...: a flow, and what the command costs it
lost()
{
	local key=$1 from=$2 to=$3 address=$4 sender sent ns

	shift 4
	coproc SINK { flow_exec "$to" flow-sink $FLOW_PORT; }
	read -r -u "${SINK[0]}" _
	flow_exec "$from" flow-send "$address" $FLOW_PORT $RATE >/tmp/sent &
	sender=$!
	sleep 0.2
	"$@" || result "$key" failed
	sleep 0.2
	kill "$sender"
	wait "$sender" 2>/dev/null
	read -r sent ns </tmp/sent
	TOTAL=0 LONGEST=0
	wait_for 10 "the last packet" flow_quiet
	result "${key}_lost" $((sent - TOTAL))
	result "${key}_gap_ns" "$LONGEST"
	msg "$key: $sent packets in $((ns / 1000000)) ms"
	kill "$SINK_PID"
	wait "$SINK_PID" 2>/dev/null
}

# loss_of DIRECTION FROM TO ADDRESS
loss_of()
{
	local way=$1

	shift
	lost "loss_${way}_none" "$@" sleep 0.5
	lost "loss_${way}_plug" "$@" change_plug
	lost "loss_${way}_link_off" "$@" change_link_off
	change_link_on
	lost "loss_${way}_cable_out" "$@" change_cable_out
	change_link_on
	lost "loss_${way}_eject" "$@" change_eject
	change_plug
	lost "loss_${way}_yank" "$@" change_yank
}

loss_cases()
{
	peer_out
	loss_of rx peer here "$HERE4"
	loss_of tx here peer "$THERE4"
	peer_back
}
