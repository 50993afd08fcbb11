/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's memory as the host sees it.  mem.c
 *
 * The guest can change any byte at any time: copy once, then check the copy.
 */
#ifndef HVHOST_MEM_H
#define HVHOST_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_PAGE_SIZE		4096u
#define GUEST_PAGE_SHIFT	12

#define MEM_MAX_REGIONS		4

/**
 * struct guest_mem - guest RAM
 * @regions: ranges of guest-physical addresses and where they are mapped here;
 *	set up once by mem_add(), before anything runs
 */
struct guest_mem {
	unsigned int nr_regions;
	struct mem_region {
		uint64_t gpa;
		uint64_t size;
		uint8_t *host;
	} regions[MEM_MAX_REGIONS];
};

void mem_add(struct guest_mem *mem, uint64_t gpa, uint64_t size, void *host);

/* NULL unless all @len bytes at @gpa are RAM and in one region; len 0: NULL. */
void *mem_ptr(const struct guest_mem *mem, uint64_t gpa, uint64_t len);

/* Copies; false (and nothing copied) if any byte of it is not RAM. */
bool mem_read(const struct guest_mem *mem, uint64_t gpa, void *buf, size_t len);
bool mem_write(const struct guest_mem *mem, uint64_t gpa, const void *buf,
	       size_t len);

#endif
