#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Jumbo frames, up to what the host's switch carries: they arrive whole, both
# ways, and the way back to small ones is open.  Programs of XDP want a frame in
# one page, which is checked whichever comes first.

. "$(dirname "$0")/lib.sh"
. "$HERE/xdp_lib.sh"

plan 17
need control ethtool iperf3 mtu=9000
[ -e "$PROGS" ] || skip_all "xdp.bpf.o is not there"
setup
trap 'detach; cleanup' EXIT

allow_programs > /dev/null 2>&1

mtu() { ip link set dev "$NIC" mtu "$1" && [ "$(attr mtu)" = "$1" ]; }

# intact SIZE [COUNT]: packets of this size pass, side by side, and all of their bytes
# come back
intact()
{
	ping -n -c "${2:-1}" -l "${2:-1}" -S 212992 -W 10 -M 'do' \
		-s $(($1 - 28)) "$HOST4" > "$TMP/ping" 2>&1 && ! grep -q "wrong data" "$TMP/ping" &&
		grep -q " 0% packet loss" "$TMP/ping"
}

# No more at once than a socket has room for
hundred_fit()
{
	for _ in {1..10}; do
		intact "$MTU" 10 || return 1
	done
}

# large COMMAND...: frames to the guest are large ones meanwhile
large()
{
	local frames bytes

	stats_read rx_frames rx_bytes || return 1
	frames=$(counter synthetic rx_frames) bytes=$(counter synthetic rx_bytes)
	"$@" || return 1
	stats_read rx_frames rx_bytes || return 1
	frames=$(($(counter synthetic rx_frames) - frames))
	bytes=$(($(counter synthetic rx_bytes) - bytes))
	msg "$bytes bytes in $frames frames"
	((bytes > 4000 * frames))
}

around_a_page()
{
	local size

	for size in 3500 3700 3760 3800 4096 4200; do
		intact "$size" 3 && continue
		msg "not $size"
		return 1
	done
}

check "an MTU of $MTU is taken" mtu "$MTU"
wait_for 30 "carrier" nic_carrier 1
check "packets of $MTU bytes pass" wait_for 30 "an answer" intact "$MTU"
check "a hundred of them, and none is lost" large hundred_fit
check "those of a page and around it, too" around_a_page
check "a byte more does not fit" eval '! intact $((MTU + 1))'
check "UDP to the guest in frames of that size" \
	large iperf 2 -R -u -b 5M -l $((MTU - 28))
check "TCP both ways" iperf_both 2

check "a program of XDP is refused" eval '! attach xdp_pass'
check "with a reason that names the MTU" grep -qi mtu "$TMP/attach"
check "packets of $MTU bytes pass still" intact "$MTU" 3

check "back to 1500" mtu 1500
check "and traffic goes on" wait_for 30 "an answer" intact 1500
check "a program is taken" attach xdp_pass
check "then a large MTU is refused" \
	eval '! mtu 4000 2> /dev/null && [ "$(attr mtu)" = 1500 ]'
check "traffic goes on" wait_for 30 "an answer" intact 1500
check "one of less than a page is taken, and the program stays" \
	eval 'mtu 3400 && attached'
check "packets of it pass the program" wait_for 30 "an answer" intact 3400
finish
