#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How much memory the guest's kernel has in use.  To be sourced after control.sh.

# KiB that only drivers and the stack can have grown by
memory_now()
{
	echo 3 > /proc/sys/vm/drop_caches
	awk '/^Slab:|^VmallocUsed:|^Percpu:/ { sum += $2 }
	     END { print sum }' /proc/meminfo
}

# The same when it has stopped to fall: tasks that have just ended, and what drivers
# have let go, are freed after some moments of RCU.
memory()
{
	local now least same

	sync
	least=$(memory_now)
	for ((same = 0; same < 5; same++)); do
		pause 0.1
		now=$(memory_now)
		((now >= least)) || least=$now same=-1
	done
	echo "$least"
}
