#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host plugs a VF while traffic runs: it is enslaved to the NIC, all traffic
# moves to it, nothing is lost, and the NIC's carrier and addresses stay.

. "$(dirname "$0")/lib.sh"

# Without the remaining lifetimes
nic_addresses()
{
	ip -4 -o addr show dev "$NIC" scope global | awk '{ print $4 }'
}

plan 10
need vf iperf3
setup
changes=$(attr carrier_changes)
addresses=$(nic_addresses)

# As users see it
shown_as_slave()
{
	[[ $(ip -d link show dev "$VF") = *[\<,]SLAVE[,\>]*" master $NIC "* ]]
}

vf_unconfigured() { [ -z "$(ip -o addr show dev "$VF")" ]; }

same_address() { [ "$(cat "/sys/class/net/$VF/address")" = "$(attr address)" ]; }

nic_unchanged()
{
	[ "$(attr carrier_changes)" = "$changes" ] &&
		[ "$(nic_addresses)" = "$addresses" ]
}

tcp_on_vf()
{
	local rx tx

	stats_read rx_bytes tx_bytes
	rx=$(counter vf rx_bytes) tx=$(counter vf tx_bytes)
	iperf_bytes 400K && iperf_bytes 400K -R && stats_read rx_bytes tx_bytes ||
		return 1
	# Far more than acknowledgements
	(($(counter vf rx_bytes) - rx > 100000 && $(counter vf tx_bytes) - tx > 100000))
}

ping_start || bail "no ping"
check "traffic is on the synthetic path before" traffic_only_on synthetic
check "the VF is enslaved and the data path switched" vf_plug
check "ip -d link shows master $NIC and SLAVE" shown_as_slave
check "the VF is up" wait_for 30 "VF up" vf_is_up
check "the VF has the NIC's MAC address" same_address
check "the VF has no addresses of its own" vf_unconfigured
check "all traffic takes the VF" traffic_only_on vf
check "nothing was lost while plugging" ping_lossless
check "the NIC kept carrier and address" nic_unchanged
check "TCP both ways takes the VF" tcp_on_vf
finish
