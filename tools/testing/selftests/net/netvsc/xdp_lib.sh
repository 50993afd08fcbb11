#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Programs of XDP on the NIC.  To be sourced after lib.sh.

# shellcheck disable=SC2034
PROGS=$HERE/xdp.bpf.o

# Stock takes no program while the host may coalesce, which it does from the start.
allow_programs() { [ "$DRIVER" = ours ] || ethtool -K "$NIC" lro off; }

# attach PROGRAM: in the driver or not at all; the kernel could do it by itself.
attach()
{
	ip link set dev "$NIC" xdpdrv off 2> /dev/null
	ip link set dev "$NIC" xdpdrv object "$PROGS" program "$1" \
		2> "$TMP/attach" && return
	msg "$1 is not taken: $(tail -n 1 "$TMP/attach")"
	return 1
}

detach() { ip link set dev "$NIC" xdpdrv off; }

attached()
{
	[[ $(ip link show dev "$NIC") = *"prog/xdp"* ]]
}
