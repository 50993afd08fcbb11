// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of how guest memory is named to the host.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "nvsp_ranges.h"

#define PAGE_AT(n)	((dma_addr_t)(n) << HV_HYP_PAGE_SHIFT)

static struct nvsp_ranges *make_ranges(struct kunit *test)
{
	struct nvsp_ranges *ranges;

	ranges = kunit_kmalloc(test, sizeof(*ranges), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ranges);
	nvsp_ranges_init(ranges);
	return ranges;
}

static u32 ranges_count(const struct nvsp_ranges *ranges)
{
	return ((const u32 *)ranges->words)[1];
}

static void expect_range(struct kunit *test, struct nvsp_ranges *ranges,
			 u32 word, u32 offset, u32 len)
{
	const struct hv_mpb_array *range = nvsp_ranges_at(ranges, word);

	KUNIT_EXPECT_EQ(test, range->offset, offset);
	KUNIT_EXPECT_EQ(test, range->len, len);
}

static void none_is_an_empty_list(struct kunit *test)
{
	struct nvsp_ranges *ranges = make_ranges(test);

	KUNIT_EXPECT_EQ(test, ranges_count(ranges), 0);
	KUNIT_EXPECT_EQ(test, nvsp_ranges_len(ranges), 8);
}

static void a_range_has_all_pages_it_touches(struct kunit *test)
{
	struct nvsp_ranges *ranges = make_ranges(test);

	KUNIT_ASSERT_TRUE(test, nvsp_ranges_add(ranges, PAGE_AT(7) + 4095, 2));
	KUNIT_EXPECT_EQ(test, ranges_count(ranges), 1);
	expect_range(test, ranges, 1, 4095, 2);
	KUNIT_EXPECT_EQ(test, ranges->words[2], 7);
	KUNIT_EXPECT_EQ(test, ranges->words[3], 8);
	KUNIT_EXPECT_EQ(test, nvsp_ranges_len(ranges), 4 * 8);
}

static void the_first_range_stands_alone(struct kunit *test)
{
	struct nvsp_ranges *ranges = make_ranges(test);

	nvsp_ranges_first(ranges, PAGE_AT(7) + 256, 100);
	KUNIT_EXPECT_EQ(test, nvsp_ranges_len(ranges), 3 * 8);
	KUNIT_ASSERT_TRUE(test, nvsp_ranges_add(ranges, PAGE_AT(8), 5));
	KUNIT_EXPECT_EQ(test, ranges_count(ranges), 2);
	expect_range(test, ranges, 1, 256, 100);
	KUNIT_EXPECT_EQ(test, ranges->words[2], 7);
	expect_range(test, ranges, 3, 0, 5);
	KUNIT_EXPECT_EQ(test, ranges->words[4], 8);
}

/* As sendfile() has them: from anywhere, and in no order. */
static void whole_pages_are_one_range(struct kunit *test)
{
	struct nvsp_ranges *ranges = make_ranges(test);

	KUNIT_ASSERT_TRUE(test, nvsp_ranges_add(ranges, PAGE_AT(9) + 96, 4000));
	KUNIT_ASSERT_TRUE(test, nvsp_ranges_add(ranges, PAGE_AT(3), 4096));
	KUNIT_ASSERT_TRUE(test, nvsp_ranges_add(ranges, PAGE_AT(5), 8192));
	KUNIT_ASSERT_TRUE(test, nvsp_ranges_add(ranges, PAGE_AT(1), 10));
	KUNIT_EXPECT_EQ(test, ranges_count(ranges), 1);
	expect_range(test, ranges, 1, 96, 4000 + 4096 + 8192 + 10);
	KUNIT_EXPECT_EQ(test, ranges->words[2], 9);
	KUNIT_EXPECT_EQ(test, ranges->words[3], 3);
	KUNIT_EXPECT_EQ(test, ranges->words[4], 5);
	KUNIT_EXPECT_EQ(test, ranges->words[5], 6);
	KUNIT_EXPECT_EQ(test, ranges->words[6], 1);
	KUNIT_EXPECT_EQ(test, nvsp_ranges_len(ranges), 7 * 8);
}

/* Neither after the middle of a page, nor with the middle of one. */
static void other_pages_are_ranges_of_their_own(struct kunit *test)
{
	struct nvsp_ranges *ranges = make_ranges(test);

	KUNIT_ASSERT_TRUE(test, nvsp_ranges_add(ranges, PAGE_AT(4), 4095));
	KUNIT_ASSERT_TRUE(test, nvsp_ranges_add(ranges, PAGE_AT(5), 4096));
	KUNIT_ASSERT_TRUE(test, nvsp_ranges_add(ranges, PAGE_AT(6) + 1, 4095));
	KUNIT_EXPECT_EQ(test, ranges_count(ranges), 3);
	expect_range(test, ranges, 1, 0, 4095);
	expect_range(test, ranges, 3, 0, 4096);
	expect_range(test, ranges, 5, 1, 4095);
}

static void one_range_too_many_is_refused(struct kunit *test)
{
	struct nvsp_ranges *ranges = make_ranges(test);
	u32 i, len;

	for (i = 0; i < MAX_PAGE_BUFFER_COUNT; i++)
		KUNIT_ASSERT_TRUE(test,
				  nvsp_ranges_add(ranges, PAGE_AT(i) + 1, 9));
	len = nvsp_ranges_len(ranges);
	KUNIT_EXPECT_FALSE(test, nvsp_ranges_add(ranges, PAGE_AT(i) + 1, 9));
	KUNIT_EXPECT_EQ(test, ranges_count(ranges), MAX_PAGE_BUFFER_COUNT);
	KUNIT_EXPECT_EQ(test, nvsp_ranges_len(ranges), len);
}

static void one_page_too_many_is_refused(struct kunit *test)
{
	struct nvsp_ranges *ranges = make_ranges(test);
	u32 pages = NVSP_RANGES_WORDS - 2;

	KUNIT_ASSERT_TRUE(test, nvsp_ranges_add(ranges, PAGE_AT(1),
						pages * HV_HYP_PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, nvsp_ranges_add(ranges, PAGE_AT(2), 1));
	expect_range(test, ranges, 1, 0, pages * HV_HYP_PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, nvsp_ranges_len(ranges), NVSP_RANGES_WORDS * 8);
}

static struct kunit_case nvsp_ranges_cases[] = {
	KUNIT_CASE(none_is_an_empty_list),
	KUNIT_CASE(a_range_has_all_pages_it_touches),
	KUNIT_CASE(the_first_range_stands_alone),
	KUNIT_CASE(whole_pages_are_one_range),
	KUNIT_CASE(other_pages_are_ranges_of_their_own),
	KUNIT_CASE(one_range_too_many_is_refused),
	KUNIT_CASE(one_page_too_many_is_refused),
	{}
};

static struct kunit_suite nvsp_ranges_suite = {
	.name = "netvsc_nvsp_ranges",
	.test_cases = nvsp_ranges_cases,
};

kunit_test_suite(nvsp_ranges_suite);

MODULE_DESCRIPTION("KUnit tests of the Hyper-V network driver's ranges of memory");
MODULE_LICENSE("GPL");
