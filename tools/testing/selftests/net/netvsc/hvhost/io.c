// SPDX-License-Identifier: GPL-2.0
/*
 * Dispatch of port and memory-mapped I/O.  There are a dozen ranges at most, so
 * a walk over all of them is as quick as anything.
 */
#include <stddef.h>

#include "io.h"

bool io_add(struct io_space *space, uint64_t base, uint64_t size,
	    const struct vm_io *io, void *ctx)
{
	struct io_range *range;
	unsigned int i;

	if (!size || base + size - 1 < base)
		return false;
	for (i = 0; i < space->nr_ranges; i++) {
		range = &space->ranges[i];
		if (base <= range->base + (range->size - 1) &&
		    range->base <= base + (size - 1))
			return false;
	}
	if (space->nr_ranges == IO_MAX_RANGES)
		return false;
	range = &space->ranges[space->nr_ranges++];
	range->base = base;
	range->size = size;
	range->io = io;
	range->ctx = ctx;
	return true;
}

void io_del(struct io_space *space, uint64_t base)
{
	unsigned int i;

	for (i = 0; i < space->nr_ranges; i++) {
		if (space->ranges[i].base != base)
			continue;
		space->ranges[i] = space->ranges[--space->nr_ranges];
		return;
	}
}

static const struct io_range *find(const struct io_space *space, uint64_t addr,
				   unsigned int size)
{
	const struct io_range *range;
	unsigned int i;

	for (i = 0; i < space->nr_ranges; i++) {
		range = &space->ranges[i];
		if (addr < range->base || addr - range->base >= range->size)
			continue;
		if (size > range->size - (addr - range->base))
			return NULL;
		return range;
	}
	return NULL;
}

static uint64_t all_ones(unsigned int size)
{
	return ~0ull >> (64 - 8 * size);
}

static bool size_ok(unsigned int size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

uint64_t io_read(const struct io_space *space, uint64_t addr, unsigned int size)
{
	const struct io_range *range;

	if (!size_ok(size))
		return ~0ull;
	range = find(space, addr, size);
	if (!range || !range->io->read)
		return all_ones(size);
	return range->io->read(range->ctx, addr - range->base, size) &
		all_ones(size);
}

void io_write(const struct io_space *space, uint64_t addr, unsigned int size,
	      uint64_t value)
{
	const struct io_range *range;

	if (!size_ok(size))
		return;
	range = find(space, addr, size);
	if (range && range->io->write)
		range->io->write(range->ctx, addr - range->base, size,
				 value & all_ones(size));
}
