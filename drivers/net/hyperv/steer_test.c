// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the tables that steer flows: what a host may say, right or
 * wrong, and what it is told.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/unaligned.h>

/* It has no outside, so the tests bring their own. */
#include "steer.c"

/* The message in its two layouts: with the table right behind, or padded. */
struct send_table_msg {
	__le32 type;
	__le32 count;
	__le32 offset;
	__le32 tail[64];
};

#define HEAD		12	/* of the message, in bytes */
#define PADDED		40	/* where the table is with padding */
#define TABLE		(STEER_SEND_ENTRIES * 4)

static void make_send_table(struct send_table_msg *msg, u32 offset, u32 at)
{
	u32 i;

	memset(msg, 0, sizeof(*msg));
	msg->type = cpu_to_le32(NVSP_SEND_TABLE);
	msg->count = cpu_to_le32(STEER_SEND_ENTRIES);
	msg->offset = cpu_to_le32(offset);
	for (i = 0; i < STEER_SEND_ENTRIES; i++)
		msg->tail[(at - HEAD) / 4 + i] = cpu_to_le32((i + 1) % 4);
}

static void expect_send_table(struct kunit *test, const u8 *table)
{
	u32 i;

	for (i = 0; i < STEER_SEND_ENTRIES; i++)
		KUNIT_EXPECT_EQ(test, table[i], (i + 1) % 4);
}

static void send_table_at_its_offset(struct kunit *test)
{
	u8 table[STEER_SEND_ENTRIES];
	struct send_table_msg msg;

	make_send_table(&msg, HEAD, HEAD);
	KUNIT_EXPECT_EQ(test, 0,
			steer_read_send_table(&msg, HEAD + TABLE,
					      NVSP_VERSION_6_1, 64, table));
	expect_send_table(test, table);

	/* 6.1 means what it says, wherever that is. */
	make_send_table(&msg, PADDED + 8, PADDED + 8);
	KUNIT_EXPECT_EQ(test, 0,
			steer_read_send_table(&msg, PADDED + 8 + TABLE,
					      NVSP_VERSION_6_1, 64, table));
	expect_send_table(test, table);
}

static void send_table_of_older_hosts(struct kunit *test)
{
	u8 table[STEER_SEND_ENTRIES];
	struct send_table_msg msg;

	/* Padded, but the offset does not know. */
	make_send_table(&msg, HEAD, PADDED);
	KUNIT_EXPECT_EQ(test, 0,
			steer_read_send_table(&msg, PADDED + TABLE,
					      NVSP_VERSION_6, 64, table));
	expect_send_table(test, table);

	/* Too short to be padded. */
	make_send_table(&msg, HEAD, HEAD);
	KUNIT_EXPECT_EQ(test, 0,
			steer_read_send_table(&msg, HEAD + TABLE,
					      NVSP_VERSION_5, 64, table));
	expect_send_table(test, table);
}

static void send_table_that_makes_no_sense(struct kunit *test)
{
	const u32 offsets[] = { 0, 4, 8, HEAD + 1, HEAD + 4, TABLE, U32_MAX,
				U32_MAX - TABLE + 1 };
	u8 table[STEER_SEND_ENTRIES];
	struct send_table_msg msg;
	u32 i, len;

	memset(table, 7, sizeof(table));
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		make_send_table(&msg, offsets[i], HEAD);
		KUNIT_EXPECT_EQ_MSG(test, -EPROTO,
				    steer_read_send_table(&msg, HEAD + TABLE,
							  NVSP_VERSION_6_1, 64,
							  table),
				    "offset %u", offsets[i]);
	}

	make_send_table(&msg, HEAD, HEAD);
	for (len = 4; len < HEAD + TABLE; len++)
		KUNIT_EXPECT_EQ(test, -EPROTO,
				steer_read_send_table(&msg, len,
						      NVSP_VERSION_5, 64,
						      table));
	msg.count = cpu_to_le32(STEER_SEND_ENTRIES + 1);
	KUNIT_EXPECT_EQ(test, -EPROTO,
			steer_read_send_table(&msg, sizeof(msg),
					      NVSP_VERSION_5, 64, table));
	make_send_table(&msg, HEAD, HEAD);
	msg.tail[STEER_SEND_ENTRIES - 1] = cpu_to_le32(64);
	KUNIT_EXPECT_EQ(test, -EPROTO,
			steer_read_send_table(&msg, HEAD + TABLE,
					      NVSP_VERSION_5, 64, table));
	for (i = 0; i < STEER_SEND_ENTRIES; i++)
		KUNIT_EXPECT_EQ(test, table[i], 7);
}

static struct ndis_rss_caps good_caps(void)
{
	return (struct ndis_rss_caps){
		.object.type = NDIS_OBJECT_RSS_CAPS,
		.object.revision = 2,
		.object.size = cpu_to_le16(NDIS_RSS_CAPS_SIZE),
		.flags = cpu_to_le32(NDIS_HASH_TOEPLITZ | NDIS_RSS_CAP_TCP4 |
				     NDIS_RSS_CAP_UDP6),
		.nr_queues = cpu_to_le32(8),
		.nr_entries = cpu_to_le16(128),
	};
}

static void caps_of_a_host(struct kunit *test)
{
	struct ndis_rss_caps host = good_caps();
	struct steer_rss_caps caps;

	KUNIT_EXPECT_EQ(test, 0,
			steer_read_caps(&host, NDIS_RSS_CAPS_SIZE, &caps));
	KUNIT_EXPECT_EQ(test, caps.queues, 8);
	KUNIT_EXPECT_EQ(test, caps.entries, 128);
	KUNIT_EXPECT_EQ(test, caps.hashes,
			NDIS_HASH_IPV4 | NDIS_HASH_IPV6 | NDIS_HASH_TCP4 |
			NDIS_HASH_UDP6);

	host.nr_entries = cpu_to_le16(U16_MAX);
	KUNIT_EXPECT_EQ(test, 0, steer_read_caps(&host, sizeof(host), &caps));
	KUNIT_EXPECT_EQ(test, caps.entries, STEER_RSS_MAX_ENTRIES);

	/* Without the one hash that we speak there is no table. */
	host.flags = cpu_to_le32(NDIS_RSS_CAP_TCP4);
	KUNIT_EXPECT_EQ(test, 0, steer_read_caps(&host, sizeof(host), &caps));
	KUNIT_EXPECT_EQ(test, caps.entries, 0);
	KUNIT_EXPECT_EQ(test, caps.hashes, 0);
}

static void caps_that_make_no_sense(struct kunit *test)
{
	struct ndis_rss_caps host = good_caps();
	struct steer_rss_caps caps;
	u32 len;

	for (len = 0; len < NDIS_RSS_CAPS_SIZE; len++)
		KUNIT_EXPECT_EQ(test, -EPROTO,
				steer_read_caps(&host, len, &caps));
	host.object.size = cpu_to_le16(NDIS_RSS_CAPS_SIZE - 1);
	KUNIT_EXPECT_EQ(test, -EPROTO,
			steer_read_caps(&host, sizeof(host), &caps));
	host = good_caps();
	host.object.type++;
	KUNIT_EXPECT_EQ(test, -EPROTO,
			steer_read_caps(&host, sizeof(host), &caps));
	host = good_caps();
	host.nr_queues = 0;
	KUNIT_EXPECT_EQ(test, -EPROTO,
			steer_read_caps(&host, sizeof(host), &caps));
}

static void rss_on_the_wire(struct kunit *test)
{
	struct steer_rss *rss = kunit_kzalloc(test, sizeof(*rss), GFP_KERNEL);
	u8 *wire = kunit_kzalloc(test, STEER_RSS_WIRE_BYTES, GFP_KERNEL);
	u32 i, len;

	KUNIT_ASSERT_NOT_NULL(test, rss);
	KUNIT_ASSERT_NOT_NULL(test, wire);
	rss->hashes = NDIS_HASH_IPV4 | NDIS_HASH_TCP4;
	rss->entries = 128;
	for (i = 0; i < STEER_RSS_KEY_BYTES; i++)
		rss->key[i] = i;
	steer_spread(rss->table, rss->entries, 3);

	len = steer_write_rss(rss, wire);
	KUNIT_EXPECT_EQ(test, len, 40 + 128 * 4 + 40);
	/* Type, revision and size; flags and base CPU; hashes */
	KUNIT_EXPECT_EQ(test, wire[0], 0x89);
	KUNIT_EXPECT_EQ(test, wire[1], 2);
	KUNIT_EXPECT_EQ(test, wire[2], 40);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(wire + 4), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(wire + 8), 0x301);
	/* Size and offset of the table, and of the key */
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(wire + 12), 512);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(wire + 16), 40);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(wire + 20), 40);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(wire + 24), 552);
	for (i = 0; i < 128; i++)
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(wire + 40 + 4 * i),
				i % 3);
	for (i = 0; i < STEER_RSS_KEY_BYTES; i++)
		KUNIT_EXPECT_EQ(test, wire[552 + i], i);

	KUNIT_EXPECT_EQ(test, steer_write_rss_off(wire), 40);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(wire + 4), 0x10);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(wire + 12), 0);

	rss->entries = STEER_RSS_MAX_ENTRIES;
	KUNIT_EXPECT_EQ(test, steer_write_rss(rss, wire),
			STEER_RSS_WIRE_BYTES);
}

static void table_and_channels(struct kunit *test)
{
	struct steer_rss *rss = kunit_kzalloc(test, sizeof(*rss), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rss);
	rss->entries = 128;
	steer_spread(rss->table, rss->entries, 5);
	KUNIT_EXPECT_TRUE(test, steer_within(rss, 5));
	KUNIT_EXPECT_FALSE(test, steer_within(rss, 4));
	/* What is not in use does not count. */
	rss->table[128] = 63;
	KUNIT_EXPECT_TRUE(test, steer_within(rss, 5));
	steer_spread(rss->table, rss->entries, 1);
	KUNIT_EXPECT_TRUE(test, steer_within(rss, 1));
}

static void fields_of_a_flow(struct kunit *test)
{
	const u64 two = RXH_IP_SRC | RXH_IP_DST;
	const u64 four = two | RXH_L4_B_0_1 | RXH_L4_B_2_3;
	u32 hashes = NDIS_HASH_IPV4 | NDIS_HASH_IPV6 | NDIS_HASH_TCP4;

	KUNIT_EXPECT_EQ(test, steer_hashes_to_fields(TCP_V4_FLOW, hashes), four);
	KUNIT_EXPECT_EQ(test, steer_hashes_to_fields(TCP_V6_FLOW, hashes), two);
	KUNIT_EXPECT_EQ(test, steer_hashes_to_fields(UDP_V4_FLOW, hashes), two);
	KUNIT_EXPECT_EQ(test, steer_hashes_to_fields(IPV6_FLOW, hashes), two);
	KUNIT_EXPECT_EQ(test, steer_hashes_to_fields(SCTP_V4_FLOW, hashes), 0);
	KUNIT_EXPECT_EQ(test, steer_hashes_to_fields(IPV4_FLOW, 0), 0);

	KUNIT_EXPECT_TRUE(test,
			  steer_fields_to_hashes(UDP_V4_FLOW, four, &hashes));
	KUNIT_EXPECT_EQ(test, steer_hashes_to_fields(UDP_V4_FLOW, hashes),
			four);
	KUNIT_EXPECT_TRUE(test,
			  steer_fields_to_hashes(UDP_V4_FLOW, two, &hashes));
	KUNIT_EXPECT_EQ(test, steer_hashes_to_fields(UDP_V4_FLOW, hashes), two);
	KUNIT_EXPECT_FALSE(test, steer_fields_to_hashes(UDP_V4_FLOW, RXH_IP_SRC,
							&hashes));
	KUNIT_EXPECT_FALSE(test,
			   steer_fields_to_hashes(IPV4_FLOW, four, &hashes));
	KUNIT_EXPECT_FALSE(test,
			   steer_fields_to_hashes(SCTP_V4_FLOW, two, &hashes));
}

static struct kunit_case steer_cases[] = {
	KUNIT_CASE(send_table_at_its_offset),
	KUNIT_CASE(send_table_of_older_hosts),
	KUNIT_CASE(send_table_that_makes_no_sense),
	KUNIT_CASE(caps_of_a_host),
	KUNIT_CASE(caps_that_make_no_sense),
	KUNIT_CASE(rss_on_the_wire),
	KUNIT_CASE(table_and_channels),
	KUNIT_CASE(fields_of_a_flow),
	{}
};

static struct kunit_suite steer_suite = {
	.name = "netvsc_steer",
	.test_cases = steer_cases,
};

kunit_test_suite(steer_suite);

MODULE_DESCRIPTION("KUnit tests of the tables that steer flows");
MODULE_LICENSE("GPL");
