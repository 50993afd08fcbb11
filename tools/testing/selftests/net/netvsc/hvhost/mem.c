// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory: finding the bytes behind a guest-physical address.
 */
#include <string.h>

#include "log.h"
#include "mem.h"

void mem_add(struct guest_mem *mem, uint64_t gpa, uint64_t size, void *host)
{
	struct mem_region *region;

	if (mem->nr_regions == MEM_MAX_REGIONS)
		die("more than %d regions of guest memory", MEM_MAX_REGIONS);
	region = &mem->regions[mem->nr_regions++];
	region->gpa = gpa;
	region->size = size;
	region->host = host;
}

void *mem_ptr(const struct guest_mem *mem, uint64_t gpa, uint64_t len)
{
	const struct mem_region *region;
	unsigned int i;

	if (!len)
		return NULL;
	for (i = 0; i < mem->nr_regions; i++) {
		region = &mem->regions[i];
		if (gpa < region->gpa || gpa - region->gpa >= region->size)
			continue;
		if (len > region->size - (gpa - region->gpa))
			return NULL;
		return region->host + (gpa - region->gpa);
	}
	return NULL;
}

bool mem_read(const struct guest_mem *mem, uint64_t gpa, void *buf, size_t len)
{
	const void *from = mem_ptr(mem, gpa, len);

	if (!from)
		return !len;
	memcpy(buf, from, len);
	return true;
}

bool mem_write(const struct guest_mem *mem, uint64_t gpa, const void *buf,
	       size_t len)
{
	void *to = mem_ptr(mem, gpa, len);

	if (!to)
		return !len;
	memcpy(to, buf, len);
	return true;
}
