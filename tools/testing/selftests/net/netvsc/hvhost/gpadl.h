/* SPDX-License-Identifier: GPL-2.0 */
/*
 * GPADLs: guest memory that the guest lends to the device behind a channel,
 * described by a list of ranges that arrives in several messages.  gpadl.c
 *
 * RAM never moves, so pages are looked up and checked once, when the list is
 * complete; what they hold may still change at any time.
 */
#ifndef HVHOST_GPADL_H
#define HVHOST_GPADL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmbus.h"

struct guest_mem;

/* Lists of a megabyte of pages in all; a NIC needs some ten thousand. */
#define GPADL_MAX		1024
#define GPADL_MAX_WORDS		(1u << 20)

/**
 * struct gpadl - one GPADL, being received or complete
 * @next: in the channel's list; free for the owner of the GPADL
 * @list: the range list as far as it has come; NULL when complete
 * @nr_words: length of the list, in units of 8 bytes
 * @got_words: of which have come
 * @pages: page by page, where they are mapped here
 * @pieces: bytes of each page that belong to the GPADL, and the sum of those
 *	before it
 */
struct gpadl {
	struct gpadl *next;
	uint32_t id;
	uint16_t nr_ranges;
	unsigned int nr_words;
	unsigned int got_words;
	uint64_t *list;

	unsigned int nr_pages;
	uint8_t **pages;
	struct gpadl_piece {
		uint64_t start;
		uint32_t len;
	} *pieces;
	uint64_t size;
};

/* NULL if the list is empty, or not made of 8-byte words. */
struct gpadl *gpadl_new(uint32_t id, uint32_t list_len, uint16_t nr_ranges);
void gpadl_free(struct gpadl *gpadl);

/* More of the list; NULL or what is wrong with it. */
const char *gpadl_append(struct gpadl *gpadl, const void *data, size_t len);
bool gpadl_received(const struct gpadl *gpadl);	/* all of the list is there */

/* Looks up the pages of a list that is all there; NULL or what is wrong. */
const char *gpadl_complete(struct gpadl *gpadl, const struct guest_mem *mem);
bool gpadl_is_complete(const struct gpadl *gpadl);

/* The pages, if each belongs to the GPADL from end to end; else NULL. */
uint8_t *const *gpadl_whole_pages(const struct gpadl *gpadl);

#endif
