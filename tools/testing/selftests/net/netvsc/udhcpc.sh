#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What udhcpc calls with a lease: sets the address and the default route, and
# leaves name servers alone.

case ${1:-} in
bound|renew)
	ip addr replace "${ip:?}/${mask:?}" dev "${interface:?}" || exit 1
	for gateway in ${router:-}; do
		ip route replace default via "$gateway" dev "$interface"
	done
	;;
deconfig)
	ip -4 addr flush dev "${interface:?}"
	;;
leasefail|nak)
	;;
*)
	echo "udhcpc.sh: to be called by udhcpc" >&2
	exit 2
	;;
esac
