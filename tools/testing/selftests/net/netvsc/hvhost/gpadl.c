// SPDX-License-Identifier: GPL-2.0
/*
 * Receiving the range lists of GPADLs, and reading and writing their memory.
 */
#include "gpadl.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "vmbus_wire.h"

struct gpadl *gpadl_new(uint32_t id, uint32_t list_len, uint16_t nr_ranges)
{
	struct gpadl *gpadl;

	if (!list_len || list_len % sizeof(uint64_t) || !nr_ranges)
		return NULL;

	gpadl = calloc(1, sizeof(*gpadl));
	if (!gpadl)
		return NULL;
	gpadl->id = id;
	gpadl->nr_ranges = nr_ranges;
	gpadl->nr_words = list_len / sizeof(uint64_t);
	gpadl->list = calloc(gpadl->nr_words, sizeof(uint64_t));
	if (!gpadl->list) {
		free(gpadl);
		return NULL;
	}
	return gpadl;
}

void gpadl_free(struct gpadl *gpadl)
{
	free(gpadl->list);
	free(gpadl->pages);
	free(gpadl->pieces);
	free(gpadl);
}

const char *gpadl_append(struct gpadl *gpadl, const void *data, size_t len)
{
	unsigned int words = len / sizeof(uint64_t);

	if (!gpadl->list)
		return "range list goes on after its end";
	if (len % sizeof(uint64_t))
		return "part of a page number";
	if (words > gpadl->nr_words - gpadl->got_words)
		return "range list longer than announced";

	memcpy(gpadl->list + gpadl->got_words, data, len);
	gpadl->got_words += words;
	return NULL;
}

bool gpadl_received(const struct gpadl *gpadl)
{
	return gpadl->got_words == gpadl->nr_words;
}

bool gpadl_is_complete(const struct gpadl *gpadl)
{
	return !gpadl->list;
}

/* Takes the range at @word; returns the word after it, 0 if it is no good. */
static unsigned int gpadl_range(struct gpadl *gpadl, unsigned int word,
				const struct guest_mem *mem, const char **why)
{
	struct gpa_range range;

	*why = "range list ends early";
	if (word == gpadl->nr_words)
		return 0;
	memcpy(&range, gpadl->list + word++, sizeof(range));
	*why = "range is empty or starts off its page";
	if (!range.len || range.offset >= GUEST_PAGE_SIZE)
		return 0;

	while (range.len) {
		uint32_t n = GUEST_PAGE_SIZE - range.offset;
		uint64_t pfn;
		uint8_t *page;

		*why = "range needs more pages than its list has";
		if (word == gpadl->nr_words)
			return 0;
		pfn = gpadl->list[word++];
		*why = "page is not RAM";
		if (pfn > UINT64_MAX >> GUEST_PAGE_SHIFT)
			return 0;
		page = mem_ptr(mem, pfn << GUEST_PAGE_SHIFT, GUEST_PAGE_SIZE);
		if (!page)
			return 0;

		if (n > range.len)
			n = range.len;
		gpadl->pages[gpadl->nr_pages] = page + range.offset;
		gpadl->pieces[gpadl->nr_pages++] = (struct gpadl_piece){
			.start = gpadl->size,
			.len = n,
		};
		gpadl->size += n;
		range.len -= n;
		range.offset = 0;
	}
	return word;
}

const char *gpadl_complete(struct gpadl *gpadl, const struct guest_mem *mem)
{
	const char *why = NULL;
	unsigned int word = 0, r;

	/* Each page takes a word of the list, each range one more. */
	gpadl->pages = calloc(gpadl->nr_words, sizeof(*gpadl->pages));
	gpadl->pieces = calloc(gpadl->nr_words, sizeof(*gpadl->pieces));
	if (!gpadl->pages || !gpadl->pieces)
		return "out of memory";

	for (r = 0; r < gpadl->nr_ranges; r++) {
		word = gpadl_range(gpadl, word, mem, &why);
		if (!word)
			return why;
	}
	if (word != gpadl->nr_words)
		return "range list goes on after the last range";

	free(gpadl->list);
	gpadl->list = NULL;
	return NULL;
}

uint8_t *const *gpadl_whole_pages(const struct gpadl *gpadl)
{
	unsigned int i;

	for (i = 0; i < gpadl->nr_pages; i++)
		if (gpadl->pieces[i].len != GUEST_PAGE_SIZE)
			return NULL;
	return gpadl->pages;
}

uint32_t gpadl_id(const struct gpadl *gpadl)
{
	return gpadl->id;
}

uint64_t gpadl_size(const struct gpadl *gpadl)
{
	return gpadl->size;
}

/* Index of the page that holds @offset, which is below the size. */
static unsigned int gpadl_find(const struct gpadl *gpadl, uint64_t offset)
{
	unsigned int low = 0, high = gpadl->nr_pages - 1;

	while (low < high) {
		unsigned int mid = low + (high - low + 1) / 2;

		if (gpadl->pieces[mid].start <= offset)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

static bool gpadl_copy(const struct gpadl *gpadl, uint64_t offset,
		       uint8_t *in, const uint8_t *out, size_t len)
{
	unsigned int i;

	if (offset > gpadl->size || len > gpadl->size - offset)
		return false;
	if (!len)
		return true;

	for (i = gpadl_find(gpadl, offset); len; i++) {
		uint32_t skip = offset - gpadl->pieces[i].start;
		size_t n = gpadl->pieces[i].len - skip;

		if (n > len)
			n = len;
		if (in) {
			memcpy(in, gpadl->pages[i] + skip, n);
			in += n;
		} else {
			memcpy(gpadl->pages[i] + skip, out, n);
			out += n;
		}
		offset += n;
		len -= n;
	}
	return true;
}

bool gpadl_read(const struct gpadl *gpadl, uint64_t offset, void *buf,
		size_t len)
{
	return gpadl_copy(gpadl, offset, buf, NULL, len);
}

bool gpadl_write(struct gpadl *gpadl, uint64_t offset, const void *buf,
		 size_t len)
{
	return gpadl_copy(gpadl, offset, NULL, buf, len);
}
