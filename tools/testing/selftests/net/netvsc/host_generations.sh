#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What this generation of hosts offers is what the guest uses: the newest
# versions of VMBus and NVSP, the speed, coalescing where the host can do it;
# and nothing that it does not offer.

. "$(dirname "$0")/lib.sh"

plan 7
need control ethtool iperf3
[ -n "$HOST" ] || skip_all "HOST is not set"
setup

# Generation: VMBus, NVSP, whether it coalesces
declare -A OFFERS=(
	[ws2012r2]="3.0 0x50000 no"
	[ws2016]="4.0 0x60000 no"
	[ws2019]="5.2 0x60001 yes"
	[ws2022]="5.3 0x60001 yes"
	[azure]="5.3 0x60001 yes"
)
read -r VMBUS NVSP RSC <<< "${OFFERS[$HOST]:-}"
[ -n "$RSC" ] || bail "'$HOST' is no generation of hosts"

vmbus_is()
{
	control stats bus=vmbus version || return 1
	msg "${ANSWER[0]}"
	[ "${ANSWER[0]}" = "bus=vmbus version=$1" ]
}

speed_is()
{
	local text

	text=$(ethtool "$NIC" 2> /dev/null)
	[[ $text = *"Speed: $1Mb/s"* ]] && return
	msg "host: $1; guest: $(grep Speed <<< "$text")"
	return 1
}

# A feature that the host does not have is off, and cannot be switched on.
lro_is()
{
	local state

	state=$(ethtool -k "$NIC" | sed -n 's/^large-receive-offload: //p')
	[ "$state" = 'off [fixed]' ] && state=no || state=yes
	[ "$state" = "$1" ]
}

traffic()
{
	iperf_both 1 && iperf 1 -u -b 1M -l 1200
}

# That is also when the NIC was set up first.
no_complaints()
{
	local now

	now=$(host_complaints) || return 1
	msg "$now"
	[ "$now" = "$MAY_BE" ]
}

# Of ours no test gives it a reason; of stock it may have had something to complain of
# in another one.
MAY_BE="protocol errors 0, bad offloads 0"
[ "$DRIVER" = ours ] || MAY_BE=$(host_complaints) || bail "no counters"
stats_read nvsp speed
check "VMBus $VMBUS" vmbus_is "$VMBUS"
check "NVSP $NVSP" [ "$(counter synthetic nvsp)" = "$NVSP" ]
check "the host's speed" speed_is "$(counter synthetic speed)"
check "coalescing: $RSC" lro_is "$RSC"
check "TCP both ways, and UDP" traffic
check "nothing that the host complains of" no_complaints
check "link off and on" eval '
	control nic 0 link off && wait_for 30 "no carrier" nic_carrier 0 &&
	control nic 0 link on && wait_for 30 "carrier" nic_carrier 1'
finish
