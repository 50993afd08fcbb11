// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of receive completions: what the host finds in the ring.  It has to
 * get back everything that it lent, once each, whenever the ring has room for it.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "rx.h"

/* The machine has no outside, so the tests bring their own. */
#include "rx_done.c"

#define TEST_SECTIONS	(4 * NETVSC_RX_DONE)
#define TEST_SECTION	1728
/* A completion in the ring: descriptor, two words of NVSP, trailer */
#define TEST_PACKET	32
#define TEST_ID(n)	(0x1234567800000000ULL + 3 * (n))

/*
 * struct test_host - the host's end of the ring
 * @ch: the guest's end
 * @pages: the ring's header, and its data
 * @ring: these, mapped; the data twice in a row, as the guest has it
 * @read: where it reads next
 * @seen: completions that were read
 */
struct test_host {
	struct netvsc_channel *ch;
	struct page *pages[2];
	struct hv_ring_buffer *ring;
	u32 read;
	u32 seen;
};

static u32 status_of(u32 n)
{
	return n % 5 ? NVSP_STATUS_SUCCESS : NVSP_STATUS_FAILURE;
}

static void add(struct test_host *host, u32 from, u32 to)
{
	u32 i;

	for (i = from; i < to; i++)
		rx_done_add(host->ch, TEST_ID(i), status_of(i));
}

/* Looks at one packet; they are expected in the order in which they were added. */
static void expect_completion(struct kunit *test, struct test_host *host)
{
	const struct vmpacket_descriptor *desc;
	const __le32 *msg;

	desc = (const void *)host->ring->buffer + host->read;
	msg = (const void *)(desc + 1);
	KUNIT_EXPECT_EQ(test, desc->type, VM_PKT_COMP);
	KUNIT_EXPECT_EQ(test, desc->offset8, sizeof(*desc) / 8);
	KUNIT_EXPECT_EQ(test, desc->len8, (TEST_PACKET - sizeof(u64)) / 8);
	KUNIT_EXPECT_EQ(test, desc->flags, 0);
	KUNIT_EXPECT_EQ(test, desc->trans_id, TEST_ID(host->seen));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg[0]), NVSP_RNDIS_DONE);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg[1]), status_of(host->seen));
}

/* Return: number of completions that were in the ring; it is empty then. */
static u32 host_reads(struct kunit *test, struct test_host *host)
{
	u32 before = host->seen;

	while (host->read != host->ring->write_index) {
		expect_completion(test, host);
		host->read = (host->read + TEST_PACKET) % PAGE_SIZE;
		host->seen++;
	}
	host->ring->read_index = host->read;
	return host->seen - before;
}

/* Adds completions until there is no place for one more, in list and ring. */
static u32 add_all_that_fit(struct test_host *host, u32 from)
{
	while (netvsc_rx_ready(host->ch)) {
		add(host, from, from + 1);
		from++;
	}
	return from;
}

static u64 times_stalled(struct test_host *host)
{
	return u64_stats_read(&host->ch->rx.stats.done_stalled);
}

/* A host that is not there, but never has to be told: it has masked its interrupt. */
static void make_ring(struct kunit *test, struct test_host *host,
		      struct vmbus_channel *channel)
{
	struct page *mapped[3];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(host->pages); i++) {
		host->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, host->pages[i]);
		mapped[i] = host->pages[i];
	}
	mapped[2] = host->pages[1];
	host->ring = vmap(mapped, ARRAY_SIZE(mapped), VM_MAP, PAGE_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, host->ring);

	host->ring->interrupt_mask = 1;
	channel->outbound.ring_buffer = host->ring;
	channel->outbound.ring_datasize = PAGE_SIZE;
	channel->outbound.ring_size = 2 * PAGE_SIZE;
	spin_lock_init(&channel->outbound.ring_lock);
}

static int rx_done_test_init(struct kunit *test)
{
	struct vmbus_channel *channel;
	struct test_host *host;
	struct netvsc *nv;

	host = kunit_kzalloc(test, sizeof(*host), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, host);
	test->priv = host;
	nv = kunit_kzalloc(test, sizeof(*nv), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, nv);
	nv->nvsp.rx_section = TEST_SECTION;
	nv->nvsp.rx.size = TEST_SECTIONS * TEST_SECTION;

	channel = kunit_kzalloc(test, sizeof(*channel), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, channel);
	make_ring(test, host, channel);

	host->ch = kunit_kzalloc(test, sizeof(*host->ch), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, host->ch);
	host->ch->nv = nv;
	host->ch->vmbus = channel;
	u64_stats_init(&host->ch->rx.stats.syncp);
	return rx_done_start(host->ch);
}

static void rx_done_test_exit(struct kunit *test)
{
	struct test_host *host = test->priv;
	u32 i;

	if (!host)
		return;
	if (host->ch)
		rx_done_stop(host->ch);
	vunmap(host->ring);
	for (i = 0; i < ARRAY_SIZE(host->pages); i++)
		if (host->pages[i])
			__free_page(host->pages[i]);
}

/* Ten times round the ring, in bursts of every size that it takes. */
static void each_is_sent_once_in_order(struct kunit *test)
{
	u32 most = PAGE_SIZE / TEST_PACKET - 1, burst = 1, n = 0;
	struct test_host *host = test->priv;

	while (n < 10 * PAGE_SIZE / TEST_PACKET) {
		add(host, n, n + burst);
		KUNIT_EXPECT_EQ(test, host_reads(test, host), 0);
		KUNIT_ASSERT_TRUE(test, rx_done_send(host->ch));
		KUNIT_ASSERT_EQ(test, host_reads(test, host), burst);
		n += burst;
		burst = burst % most + 1;
	}
	KUNIT_EXPECT_EQ(test, host->seen, n);
}

static void nothing_to_send_writes_nothing(struct kunit *test)
{
	struct test_host *host = test->priv;

	KUNIT_EXPECT_TRUE(test, rx_done_send(host->ch));
	KUNIT_EXPECT_EQ(test, host->ring->write_index, 0);
}

static void what_a_full_ring_does_not_take_is_kept(struct kunit *test)
{
	u32 most = PAGE_SIZE / TEST_PACKET - 1;
	struct test_host *host = test->priv;

	add(host, 0, most + 7);
	KUNIT_EXPECT_FALSE(test, rx_done_send(host->ch));
	/* As long as the host does not read, there is no more to be had. */
	KUNIT_EXPECT_FALSE(test, rx_done_send(host->ch));
	KUNIT_EXPECT_EQ(test, host_reads(test, host), most);
	KUNIT_EXPECT_TRUE(test, rx_done_send(host->ch));
	KUNIT_EXPECT_EQ(test, host_reads(test, host), 7);
}

/* With every section lent, there is a place for each completion, and no more. */
static void list_grows_to_what_can_be_lent(struct kunit *test)
{
	u32 ring = PAGE_SIZE / TEST_PACKET - 1, n;
	struct test_host *host = test->priv;

	n = add_all_that_fit(host, 0);
	KUNIT_EXPECT_EQ(test, n, TEST_SECTIONS + ring);
	KUNIT_EXPECT_EQ(test, times_stalled(host), 1);
	KUNIT_EXPECT_FALSE(test, netvsc_rx_ready(host->ch));
	KUNIT_EXPECT_EQ(test, times_stalled(host), 2);

	/* The host reads again. */
	do {
		host_reads(test, host);
	} while (!rx_done_send(host->ch));
	host_reads(test, host);
	KUNIT_EXPECT_EQ(test, host->seen, n);
	KUNIT_EXPECT_TRUE(test, netvsc_rx_ready(host->ch));
}

static void list_does_not_grow_without_a_buffer(struct kunit *test)
{
	u32 ring = PAGE_SIZE / TEST_PACKET - 1;
	struct test_host *host = test->priv;

	host->ch->nv->nvsp.rx_section = 0;
	KUNIT_EXPECT_EQ(test, add_all_that_fit(host, 0), NETVSC_RX_DONE + ring);
}

/* Places are numbered without end: the numbers wrap. */
static void numbers_wrap(struct kunit *test)
{
	struct test_host *host = test->priv;
	u32 n;

	host->ch->rx.done_head = U32_MAX - 100;
	host->ch->rx.done_tail = U32_MAX - 100;
	n = add_all_that_fit(host, 0);
	do {
		host_reads(test, host);
	} while (!rx_done_send(host->ch));
	host_reads(test, host);
	KUNIT_EXPECT_EQ(test, host->seen, n);
}

static void rescinded_channel_is_told_nothing(struct kunit *test)
{
	struct test_host *host = test->priv;

	add(host, 0, 10);
	host->ch->vmbus->rescind = true;
	KUNIT_EXPECT_TRUE(test, rx_done_send(host->ch));
	KUNIT_EXPECT_EQ(test, host->ring->write_index, 0);
	KUNIT_EXPECT_TRUE(test, netvsc_rx_ready(host->ch));
}

/* The indices are in memory that is the host's as well. */
static void bad_index_writes_nothing(struct kunit *test)
{
	struct test_host *host = test->priv;

	add(host, 0, 10);
	host->ring->read_index = PAGE_SIZE;
	KUNIT_EXPECT_TRUE(test, rx_done_send(host->ch));
	host->ring->read_index = 0;
	add(host, 10, 20);
	host->ring->write_index = U32_MAX;
	KUNIT_EXPECT_TRUE(test, rx_done_send(host->ch));
	KUNIT_EXPECT_EQ(test, host->ring->write_index, U32_MAX);
	KUNIT_EXPECT_NULL(test, memchr_inv(host->ring->buffer, 0, PAGE_SIZE));
}

static struct kunit_case rx_done_cases[] = {
	KUNIT_CASE(each_is_sent_once_in_order),
	KUNIT_CASE(nothing_to_send_writes_nothing),
	KUNIT_CASE(what_a_full_ring_does_not_take_is_kept),
	KUNIT_CASE(list_grows_to_what_can_be_lent),
	KUNIT_CASE(list_does_not_grow_without_a_buffer),
	KUNIT_CASE(numbers_wrap),
	KUNIT_CASE(rescinded_channel_is_told_nothing),
	KUNIT_CASE(bad_index_writes_nothing),
	{}
};

static struct kunit_suite rx_done_suite = {
	.name = "netvsc_rx_done",
	.init = rx_done_test_init,
	.exit = rx_done_test_exit,
	.test_cases = rx_done_cases,
};

kunit_test_suite(rx_done_suite);

MODULE_DESCRIPTION("KUnit tests of the Hyper-V network driver's completions");
MODULE_LICENSE("GPL");
