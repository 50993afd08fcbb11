#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How much memory the guest's kernel has in use.  To be sourced after control.sh.

# KiB that only drivers and the stack can have grown by, without the stacks of tasks:
# how many workers a kernel has depends on how busy the machine is.
memory_now()
{
	echo 3 > /proc/sys/vm/drop_caches
	awk '/^Slab:|^VmallocUsed:|^Percpu:/ { sum += $2 }
	     /^KernelStack:/ { sum -= $2 }
	     END { print sum }' /proc/meminfo
}

# Slabs give back what CPUs keep of them, which is as much as chance will have it.
slabs_shrink()
{
	local file

	for file in /sys/kernel/slab/*/shrink; do
		echo 1 > "$file"
	done
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
	slabs_shrink
	memory_now
}
