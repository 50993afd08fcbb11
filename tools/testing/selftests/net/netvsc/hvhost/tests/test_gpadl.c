// SPDX-License-Identifier: GPL-2.0
/*
 * GPADLs: range lists in pieces, good and hostile, and bounds of what is read
 * and written through them.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "gpadl.h"
#include "mem.h"

#define PAGE		GUEST_PAGE_SIZE
#define RAM_PAGES	16
#define RANGE(offset, len)	((uint64_t)(offset) << 32 | (len))

static struct guest_mem mem;
static uint8_t *ram;

/* RAM at 0 and, after a hole, at 1 MiB. */
static void make_ram(void)
{
	ram = aligned_alloc(PAGE, 2 * RAM_PAGES * PAGE);
	memset(ram, 0, 2 * RAM_PAGES * PAGE);
	mem_add(&mem, 0, RAM_PAGES * PAGE, ram);
	mem_add(&mem, 0x100000, RAM_PAGES * PAGE, ram + RAM_PAGES * PAGE);
}

/* All of a list at once; *@why says how it ended. */
static struct gpadl *make(uint16_t ranges, const uint64_t *words,
			  unsigned int nr_words, const char **why)
{
	struct gpadl *gpadl = gpadl_new(1, nr_words * 8, ranges);

	*why = "not made";
	if (!gpadl)
		return NULL;
	*why = gpadl_append(gpadl, words, nr_words * 8);
	if (!*why)
		*why = gpadl_complete(gpadl, &mem);
	return gpadl;
}

TEST(one_range)
{
	const uint64_t words[] = { RANGE(0, 3 * PAGE), 5, 0x100, 2 };
	struct gpadl *gpadl;
	const char *why;
	uint8_t buf[16];

	make_ram();
	gpadl = make(1, words, 4, &why);
	ASSERT_EQ(NULL, why);
	EXPECT_EQ(3 * PAGE, gpadl_size(gpadl));
	EXPECT_TRUE(gpadl_is_complete(gpadl));
	EXPECT_NE(NULL, gpadl_whole_pages(gpadl));
	EXPECT_EQ(ram + 5 * PAGE, gpadl_whole_pages(gpadl)[0]);

	/* Across the border between the second page and the third. */
	EXPECT_TRUE(gpadl_write(gpadl, 2 * PAGE - 4, "abcdefgh", 8));
	EXPECT_EQ(0, memcmp(ram + (RAM_PAGES + 1) * PAGE - 4, "abcd", 4));
	EXPECT_EQ(0, memcmp(ram + 2 * PAGE, "efgh", 4));
	EXPECT_TRUE(gpadl_read(gpadl, 2 * PAGE - 4, buf, 8));
	EXPECT_EQ(0, memcmp(buf, "abcdefgh", 8));
	gpadl_free(gpadl);
}

TEST(bounds)
{
	const uint64_t words[] = { RANGE(0, 2 * PAGE), 5, 6 };
	static uint8_t buf[3 * PAGE];
	struct gpadl *gpadl;
	const char *why;

	make_ram();
	gpadl = make(1, words, 3, &why);
	ASSERT_EQ(NULL, why);
	EXPECT_TRUE(gpadl_read(gpadl, 0, buf, 2 * PAGE));
	EXPECT_TRUE(gpadl_read(gpadl, 2 * PAGE, buf, 0));
	EXPECT_FALSE(gpadl_read(gpadl, 0, buf, 2 * PAGE + 1));
	EXPECT_FALSE(gpadl_read(gpadl, 2 * PAGE, buf, 1));
	EXPECT_FALSE(gpadl_read(gpadl, 2 * PAGE + 1, buf, 0));
	EXPECT_FALSE(gpadl_read(gpadl, UINT64_MAX, buf, 8));
	EXPECT_FALSE(gpadl_write(gpadl, 8, buf, SIZE_MAX));
	EXPECT_FALSE(gpadl_write(gpadl, 2 * PAGE - 1, buf, 2));
}

/* Parts of pages, one page twice: allowed, and each byte has its place. */
TEST(many_ranges)
{
	const uint64_t words[] = {
		RANGE(0x10, 0x20), 1,
		RANGE(0xff8, 0x10), 2, 3,
		RANGE(0x10, 0x20), 1,
	};
	struct gpadl *gpadl;
	const char *why;
	uint8_t buf[0x50];
	unsigned int i;

	make_ram();
	gpadl = make(3, words, 7, &why);
	ASSERT_EQ(NULL, why);
	EXPECT_EQ(0x50, gpadl_size(gpadl));
	EXPECT_EQ(NULL, gpadl_whole_pages(gpadl));
	for (i = 0; i < 0x50; i++)
		buf[i] = i;
	EXPECT_TRUE(gpadl_write(gpadl, 0, buf, 0x50));
	EXPECT_EQ(0x20, ram[2 * PAGE + 0xff8]);
	EXPECT_EQ(0x28, ram[3 * PAGE]);
	EXPECT_EQ(0x30, ram[PAGE + 0x10]);
	for (i = 0x20; i < 0x50; i++) {
		EXPECT_TRUE(gpadl_read(gpadl, i, buf, 1));
		EXPECT_EQ(i, buf[0]);
	}
}

TEST(list_in_pieces)
{
	uint64_t words[9] = { RANGE(0, 8 * PAGE), 0, 1, 2, 3, 4, 5, 6, 7 };
	struct gpadl *gpadl;
	unsigned int i;

	make_ram();
	gpadl = gpadl_new(1, sizeof(words), 1);
	ASSERT_NE(NULL, gpadl);
	EXPECT_EQ(NULL, gpadl_append(gpadl, words, 0));
	for (i = 0; i < 9; i++) {
		EXPECT_FALSE(gpadl_received(gpadl));
		EXPECT_EQ(NULL, gpadl_append(gpadl, &words[i], 8));
	}
	EXPECT_TRUE(gpadl_received(gpadl));
	EXPECT_FALSE(gpadl_is_complete(gpadl));
	EXPECT_NE(NULL, gpadl_append(gpadl, words, 8));
	EXPECT_EQ(NULL, gpadl_complete(gpadl, &mem));
	EXPECT_NE(NULL, gpadl_append(gpadl, words, 8));
	EXPECT_EQ(8 * PAGE, gpadl_size(gpadl));
}

TEST(odd_lengths)
{
	uint64_t words[2] = { RANGE(0, 8), 0 };
	struct gpadl *gpadl;

	EXPECT_EQ(NULL, gpadl_new(1, 0, 1));
	EXPECT_EQ(NULL, gpadl_new(1, 12, 1));
	EXPECT_EQ(NULL, gpadl_new(1, 16, 0));
	gpadl = gpadl_new(1, 16, 1);
	EXPECT_NE(NULL, gpadl_append(gpadl, words, 12));
	EXPECT_NE(NULL, gpadl_append(gpadl, words, 24));
	EXPECT_EQ(NULL, gpadl_append(gpadl, words, 16));
}

TEST(hostile_lists)
{
	static const struct {
		uint16_t ranges;
		unsigned int nr_words;
		uint64_t words[5];
	} bad[] = {
		{ 1, 1, { RANGE(0, 8) } },			/* no page */
		{ 1, 2, { RANGE(0, 0), 1 } },			/* empty */
		{ 1, 2, { RANGE(PAGE, 8), 1 } },		/* off its page */
		{ 1, 2, { RANGE(0xffffffff, 8), 1 } },
		{ 1, 2, { RANGE(0xfff, 2), 1 } },		/* one short */
		{ 1, 2, { RANGE(0, 0xffffffff), 1 } },
		{ 1, 3, { RANGE(0, 8), 1, 2 } },		/* one over */
		{ 2, 2, { RANGE(0, 8), 1 } },			/* a range short */
		{ 0xffff, 2, { RANGE(0, 8), 1 } },
		{ 1, 2, { RANGE(0, 8), RAM_PAGES } },		/* the hole */
		{ 1, 2, { RANGE(0, 8), 0x110 } },		/* after RAM */
		{ 1, 2, { RANGE(0, 8), UINT64_MAX } },
		{ 1, 2, { RANGE(0, 8), 1ull << 52 } },
		{ 1, 3, { RANGE(0, 2 * PAGE), 1, 0xf0000 } },	/* MMIO */
	};
	const char *why;
	unsigned int i;

	make_ram();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct gpadl *gpadl = make(bad[i].ranges, bad[i].words,
					   bad[i].nr_words, &why);

		EXPECT_NE(NULL, why) {
			TH_LOG("case %u", i);
		}
		if (gpadl) {
			EXPECT_FALSE(gpadl_is_complete(gpadl));
			gpadl_free(gpadl);
		}
	}
}

TEST(garbage)
{
	uint64_t words[64];
	unsigned int round, i;

	make_ram();
	srandom(1);
	for (round = 0; round < 20000; round++) {
		struct gpadl *gpadl;
		const char *why;

		for (i = 0; i < 64; i++) {
			words[i] = random() % 24;
			if (random() % 4 == 0)
				words[i] = RANGE(random() % 5000,
						 random() % 20000);
		}
		gpadl = make(1 + random() % 4, words, 1 + random() % 64, &why);
		ASSERT_NE(NULL, gpadl);
		gpadl_free(gpadl);
	}
}

TEST_HARNESS_MAIN
