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
 * @last: word in which the last range starts, if there is one
 * @end: where in its page that range ends; 0: with it, so that it can go on
 * @words: what the packet has between its descriptor and its payload: 32 bits
 *	that mean nothing and the number of ranges, then for each of them its
 *	length, its offset in the first page, and its pages
 */
struct nvsp_ranges {
	u32 used;
	u32 last;
	u32 end;
	u64 words[NVSP_RANGES_WORDS];
};

static inline void nvsp_ranges_init(struct nvsp_ranges *ranges)
{
	ranges->words[0] = 0;
	ranges->end = 1;
	ranges->used = 1;
}

static inline struct hv_mpb_array *nvsp_ranges_at(struct nvsp_ranges *ranges,
						  u32 word)
{
	return (void *)&ranges->words[word];
}

/* Begins with a range that does not leave its page. */
static inline void nvsp_ranges_first(struct nvsp_ranges *ranges, dma_addr_t dma,
				     u32 len)
{
	struct hv_mpb_array *range = nvsp_ranges_at(ranges, 1);
	u32 *count = (u32 *)ranges->words + 1;
	u32 offset = dma & ~HV_HYP_PAGE_MASK;

	ranges->words[0] = 0;
	*count = 1;
	range->len = len;
	range->offset = offset;
	ranges->words[2] = HVPFN_DOWN(dma);
	ranges->last = 1;
	ranges->end = (offset + len) & ~HV_HYP_PAGE_MASK;
	ranges->used = 3;
}

/* Bytes of @ranges->words in use. */
static inline u32 nvsp_ranges_len(const struct nvsp_ranges *ranges)
{
	return ranges->used * sizeof(*ranges->words);
}

/**
 * nvsp_ranges_add() - add memory
 * @ranges: begun with nvsp_ranges_init() or nvsp_ranges_first()
 * @dma: where it starts, in guest-physical bytes
 * @len: bytes, not 0
 *
 * The pages of a range need not lie one behind the other, so that whole pages
 * that follow each other in a packet are one range.
 *
 * Return: false if the packet cannot take that much more; it is as it was then.
 */
static inline bool nvsp_ranges_add(struct nvsp_ranges *ranges, dma_addr_t dma,
				   u32 len)
{
	u32 *count = (u32 *)ranges->words + 1;
	u32 offset = dma & ~HV_HYP_PAGE_MASK;
	u64 pages = HVPFN_UP(offset + len);
	struct hv_mpb_array *range;
	u64 pfn = HVPFN_DOWN(dma);
	u64 at = ranges->used;
	u64 *word, i;

	/* One word more than it takes, if the last range goes on. */
	if (unlikely(at + 1 + pages > ARRAY_SIZE(ranges->words)))
		return false;

	if (!(offset | ranges->end)) {
		nvsp_ranges_at(ranges, ranges->last)->len += len;
	} else {
		if (unlikely(*count >= MAX_PAGE_BUFFER_COUNT))
			return false;
		range = nvsp_ranges_at(ranges, at);
		range->len = len;
		range->offset = offset;
		ranges->last = at++;
		(*count)++;
	}
	ranges->end = (offset + len) & ~HV_HYP_PAGE_MASK;
	word = &ranges->words[at];
	for (i = 0; i < pages; i++)
		word[i] = pfn + i;
	ranges->used = at + pages;
	return true;
}

#endif /* _NETVSC_NVSP_RANGES_H */
