/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest memory that the host is to read a message from, as a VMBus packet names
 * it: ranges of bytes, each with the pages that hold it.  Nothing in here knows
 * a channel or a packet of the network.
 */
#ifndef _NETVSC_NVSP_RANGES_H
#define _NETVSC_NVSP_RANGES_H

#include <linux/array_size.h>
#include <linux/hyperv.h>
#include <linux/types.h>

/* 64 KiB that start and end anywhere in each of their ranges. */
#define NVSP_RANGES_WORDS	(1 + MAX_PAGE_BUFFER_COUNT * 3 + 16)

/**
 * struct nvsp_ranges - guest memory that an RNDIS message is read from
 * @used: words in use
 * @words: what the packet has between its descriptor and its payload: 32 bits
 *	that mean nothing and the number of ranges, then for each of them its
 *	length, its offset in the first page, and its pages
 */
struct nvsp_ranges {
	u32 used;
	u64 words[NVSP_RANGES_WORDS];
};

static inline void nvsp_ranges_init(struct nvsp_ranges *ranges)
{
	ranges->words[0] = 0;
	ranges->used = 1;
}

/* Bytes of @ranges->words in use. */
static inline u32 nvsp_ranges_len(const struct nvsp_ranges *ranges)
{
	return ranges->used * sizeof(*ranges->words);
}

/**
 * nvsp_ranges_add() - add a range
 * @ranges: begun with nvsp_ranges_init()
 * @dma: where it starts, in guest-physical bytes
 * @len: bytes, not 0
 *
 * Return: false if the packet cannot take another range of this length.
 */
static inline bool nvsp_ranges_add(struct nvsp_ranges *ranges, dma_addr_t dma,
				   u32 len)
{
	u32 *count = (u32 *)ranges->words + 1;
	u32 offset = dma & ~HV_HYP_PAGE_MASK;
	u64 *word = &ranges->words[ranges->used];
	u64 pfn = HVPFN_DOWN(dma);
	struct hv_mpb_array *range = (void *)word;
	u32 used = ranges->used + 1 + HVPFN_UP(offset + len);
	const u64 *end = &ranges->words[used];

	if (unlikely(*count >= MAX_PAGE_BUFFER_COUNT ||
		     used > ARRAY_SIZE(ranges->words)))
		return false;

	range->len = len;
	range->offset = offset;
	for (word++; word < end; word++)
		*word = pfn++;

	ranges->used = used;
	(*count)++;
	return true;
}

#endif /* _NETVSC_NVSP_RANGES_H */
