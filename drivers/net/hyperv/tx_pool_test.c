// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of what the host may hold: slots and their transactions, and how
 * a section of the send buffer is filled.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "tx_batch.h"

/* The machine has no outside, so the tests bring their own. */
#include "tx_pool.c"

#define TEST_ID		BIT_ULL(40)

static struct tx_pool *make_pool(struct kunit *test, u32 total)
{
	struct tx_pool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_ASSERT_EQ(test, tx_pool_init(pool, TEST_ID, total), 0);
	return pool;
}

static void take_all(struct kunit *test, struct tx_pool *pool, u8 *seen)
{
	u32 i, index;

	for (i = 0; i < pool->total; i++) {
		KUNIT_ASSERT_TRUE(test, tx_pool_take(pool, &index));
		KUNIT_ASSERT_LT(test, index, pool->total);
		seen[index]++;
	}
	KUNIT_EXPECT_FALSE(test, tx_pool_take(pool, &index));
	KUNIT_EXPECT_EQ(test, tx_pool_avail(pool), 0);
	KUNIT_EXPECT_EQ(test, tx_pool_taken(pool), pool->total);
}

/* In any order they come back, each one is given out once again. */
static void each_slot_is_given_out_once(struct kunit *test)
{
	static const u32 totals[] = { 1, 2, 7, 64, 170 };
	struct tx_pool *pool;
	u8 seen[170];
	u32 i, n;

	for (n = 0; n < ARRAY_SIZE(totals); n++) {
		pool = make_pool(test, totals[n]);
		memset(seen, 0, sizeof(seen));
		take_all(test, pool, seen);
		for (i = 1; i <= pool->total; i++)
			tx_pool_give(pool, pool->total - i);
		KUNIT_EXPECT_EQ(test, tx_pool_taken(pool), 0);
		take_all(test, pool, seen);
		for (i = 0; i < pool->total; i++)
			KUNIT_EXPECT_EQ(test, seen[i], 2);
		tx_pool_exit(pool);
	}
}

static void empty_pool_gives_nothing(struct kunit *test)
{
	struct tx_pool *pool = make_pool(test, 0);
	u32 index;

	KUNIT_EXPECT_FALSE(test, tx_pool_take(pool, &index));
	KUNIT_EXPECT_EQ(test, tx_pool_taken(pool), 0);
	KUNIT_EXPECT_NULL(test, tx_pool_claim(pool, TEST_ID));
	tx_pool_exit(pool);
	KUNIT_EXPECT_NULL(test, tx_pool_claim(pool, TEST_ID));
}

static void last_take_can_be_undone(struct kunit *test)
{
	struct tx_pool *pool = make_pool(test, 3);
	u32 first, again;

	KUNIT_ASSERT_TRUE(test, tx_pool_take(pool, &first));
	tx_pool_untake(pool);
	KUNIT_EXPECT_EQ(test, tx_pool_avail(pool), 3);
	KUNIT_ASSERT_TRUE(test, tx_pool_take(pool, &again));
	KUNIT_EXPECT_EQ(test, first, again);
	tx_pool_exit(pool);
}

/* The counters of takes and gives are never reset: they go through 0. */
static void counters_wrap_around(struct kunit *test)
{
	struct tx_pool *pool = make_pool(test, 5);
	u32 i, index, gone;

	pool->tail = -(pool->mask + 1);
	pool->head = pool->tail + pool->total;
	KUNIT_EXPECT_EQ(test, tx_pool_avail(pool), 5);

	KUNIT_ASSERT_TRUE(test, tx_pool_take(pool, &gone));
	for (i = 0; i < 4 * pool->mask; i++) {
		KUNIT_ASSERT_TRUE(test, tx_pool_take(pool, &index));
		KUNIT_ASSERT_NE(test, index, gone);
		KUNIT_EXPECT_EQ(test, tx_pool_taken(pool), 2);
		tx_pool_give(pool, gone);
		gone = index;
	}
	KUNIT_EXPECT_LT(test, pool->head, pool->mask * 8);
	tx_pool_exit(pool);
}

static void transaction_ends_once(struct kunit *test)
{
	struct tx_pool *pool = make_pool(test, 4);
	struct tx_slot *slot;
	u32 index;
	u64 id;

	KUNIT_ASSERT_TRUE(test, tx_pool_take(pool, &index));
	id = tx_pool_publish(pool, index);
	KUNIT_EXPECT_EQ(test, id & ~GENMASK_ULL(31, 0), TEST_ID);

	slot = tx_pool_claim(pool, id);
	KUNIT_ASSERT_PTR_EQ(test, slot, &pool->slots[index]);
	KUNIT_EXPECT_EQ(test, tx_pool_index(pool, slot), index);
	KUNIT_EXPECT_NULL(test, tx_pool_claim(pool, id));
	tx_pool_exit(pool);
}

static void late_completion_finds_nothing(struct kunit *test)
{
	struct tx_pool *pool = make_pool(test, 1);
	u64 old, id;
	u32 index;

	KUNIT_ASSERT_TRUE(test, tx_pool_take(pool, &index));
	old = tx_pool_publish(pool, index);
	KUNIT_ASSERT_NOT_NULL(test, tx_pool_claim(pool, old));
	tx_pool_give(pool, index);

	KUNIT_ASSERT_TRUE(test, tx_pool_take(pool, &index));
	id = tx_pool_publish(pool, index);
	KUNIT_EXPECT_NE(test, old, id);
	KUNIT_EXPECT_NULL(test, tx_pool_claim(pool, old));
	KUNIT_EXPECT_NOT_NULL(test, tx_pool_claim(pool, id));
	tx_pool_exit(pool);
}

/* The host may say anything. */
static void made_up_completion_finds_nothing(struct kunit *test)
{
	struct tx_pool *pool = make_pool(test, 4);
	u32 index;
	u64 id;

	/* Slots that are free, and slots that were taken but not sent */
	KUNIT_ASSERT_TRUE(test, tx_pool_take(pool, &index));
	for (id = 0; id < 8; id++) {
		KUNIT_EXPECT_NULL(test, tx_pool_claim(pool, id));
		KUNIT_EXPECT_NULL(test, tx_pool_claim(pool, TEST_ID | id));
	}

	id = tx_pool_publish(pool, index);
	KUNIT_EXPECT_NULL(test, tx_pool_claim(pool, id & ~TEST_ID));
	KUNIT_EXPECT_NULL(test, tx_pool_claim(pool, id | BIT_ULL(63)));
	KUNIT_EXPECT_NULL(test, tx_pool_claim(pool, id ^ BIT_ULL(16)));
	KUNIT_EXPECT_NULL(test, tx_pool_claim(pool, id | 4));
	KUNIT_EXPECT_NULL(test, tx_pool_claim(pool, id | U16_MAX));
	KUNIT_EXPECT_NOT_NULL(test, tx_pool_claim(pool, id));
	tx_pool_exit(pool);
}

/* Filling a section */

struct limits_case {
	const char *name;
	u32 messages, shift;
	struct tx_limits limits;
};

static const struct limits_case limits_cases[] = {
	{ "as Hyper-V says",	8, 3,		{ 8, 8 } },
	{ "nothing said",	0, 0,		{ 1, 8 } },
	{ "page by page",	8, 12,		{ 1, 256 } },
	{ "256 bytes",		8, 8,		{ 8, 256 } },
	{ "no limit",		U32_MAX, 3,	{ U16_MAX, 8 } },
	{ "nonsense",		U32_MAX, U32_MAX, { 1, 256 } },
};

KUNIT_ARRAY_PARAM_DESC(limits, limits_cases, name);

static void limits_are_usable(struct kunit *test)
{
	const struct limits_case *c = test->param_value;
	struct tx_limits limits;

	tx_limits_set(&limits, c->messages, c->shift);
	KUNIT_EXPECT_EQ(test, limits.messages, c->limits.messages);
	KUNIT_EXPECT_EQ(test, limits.align, c->limits.align);
}

static void batch_ends_by_count(struct kunit *test)
{
	struct tx_limits limits = { .messages = 8, .align = 8 };
	struct tx_batch batch;
	u32 i;

	tx_batch_open(&batch, 3);
	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_TRUE(test, tx_batch_fits(&batch, &limits, 6144,
						      128));
		tx_batch_add(&batch, 112, 1, 60);
	}
	KUNIT_EXPECT_FALSE(test, tx_batch_fits(&batch, &limits, 6144, 128));
	KUNIT_EXPECT_EQ(test, batch.index, 3);
	KUNIT_EXPECT_EQ(test, batch.messages, 8);
	KUNIT_EXPECT_EQ(test, batch.used, 8 * 112);
	KUNIT_EXPECT_EQ(test, batch.packets, 8);
	KUNIT_EXPECT_EQ(test, batch.bytes, 8 * 60);
}

static void batch_ends_by_size(struct kunit *test)
{
	struct tx_limits limits = { .messages = 100, .align = 8 };
	struct tx_batch batch;

	tx_batch_open(&batch, 0);
	KUNIT_EXPECT_TRUE(test, tx_batch_fits(&batch, &limits, 6144, 6144));
	KUNIT_EXPECT_FALSE(test, tx_batch_fits(&batch, &limits, 6144, 6145));
	tx_batch_add(&batch, 6136, 4, 6000);
	KUNIT_EXPECT_TRUE(test, tx_batch_fits(&batch, &limits, 6144, 8));
	KUNIT_EXPECT_FALSE(test, tx_batch_fits(&batch, &limits, 6144, 9));
	tx_batch_add(&batch, 8, 1, 4);
	KUNIT_EXPECT_FALSE(test, tx_batch_fits(&batch, &limits, 6144, 1));
	KUNIT_EXPECT_EQ(test, batch.packets, 5);

	tx_batch_open(&batch, 1);
	KUNIT_EXPECT_EQ(test, batch.messages, 0);
	KUNIT_EXPECT_TRUE(test, tx_batch_fits(&batch, &limits, 6144, 6144));
}

static struct kunit_case tx_pool_cases[] = {
	KUNIT_CASE(each_slot_is_given_out_once),
	KUNIT_CASE(empty_pool_gives_nothing),
	KUNIT_CASE(last_take_can_be_undone),
	KUNIT_CASE(counters_wrap_around),
	KUNIT_CASE(transaction_ends_once),
	KUNIT_CASE(late_completion_finds_nothing),
	KUNIT_CASE(made_up_completion_finds_nothing),
	KUNIT_CASE_PARAM(limits_are_usable, limits_gen_params),
	KUNIT_CASE(batch_ends_by_count),
	KUNIT_CASE(batch_ends_by_size),
	{}
};

static struct kunit_suite tx_pool_suite = {
	.name = "netvsc_tx_pool",
	.test_cases = tx_pool_cases,
};

kunit_test_suite(tx_pool_suite);

MODULE_DESCRIPTION("KUnit tests of the Hyper-V network driver's transmit slots");
MODULE_LICENSE("GPL");
