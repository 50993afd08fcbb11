/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Address spaces of devices: which handler serves a port or a memory-mapped
 * register.  io.c
 */
#ifndef HVHOST_IO_H
#define HVHOST_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "vm.h"

#define IO_MAX_RANGES	64

struct io_space {
	unsigned int nr_ranges;
	struct io_range {
		uint64_t base;
		uint64_t size;
		const struct vm_io *io;
		void *ctx;
	} ranges[IO_MAX_RANGES];
};

/* False if it is empty, wraps around, overlaps another one, or is one too many. */
bool io_add(struct io_space *space, uint64_t base, uint64_t size,
	    const struct vm_io *io, void *ctx);
void io_del(struct io_space *space, uint64_t base);

/*
 * Reads of what no handler serves as a whole give all ones; such writes are
 * lost.  @size is 1, 2, 4 or 8.
 */
uint64_t io_read(const struct io_space *space, uint64_t addr,
		 unsigned int size);
void io_write(const struct io_space *space, uint64_t addr, unsigned int size,
	      uint64_t value);

#endif
