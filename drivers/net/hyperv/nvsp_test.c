// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of what the host says in NVSP: answers and messages that are
 * right, cut off, or would have the driver look outside of its buffers.
 */
#include <kunit/test.h>
#include <linux/module.h>

/* The machine has no outside, so the tests bring their own. */
#include "nvsp_parse.c"

#define TEST_BYTES	(1024 * 1024)

/* The receive buffer */

static struct nvsp_message rx_buffer_done(u32 size, u32 count)
{
	return (struct nvsp_message) {
		.type = cpu_to_le32(NVSP_RX_BUFFER_DONE),
		.rx_buffer_done.status = cpu_to_le32(NVSP_STATUS_SUCCESS),
		.rx_buffer_done.nr_groups = cpu_to_le32(1),
		.rx_buffer_done.section_size = cpu_to_le32(size),
		.rx_buffer_done.nr_sections = cpu_to_le32(count),
	};
}

static void rx_buffer_is_cut_up(struct kunit *test)
{
	struct nvsp_message msg = rx_buffer_done(1728, 606);
	struct nvsp_sections sections;

	KUNIT_EXPECT_EQ(test, 0,
			nvsp_parse_rx_buffer(&msg, TEST_BYTES, &sections));
	KUNIT_EXPECT_EQ(test, sections.size, 1728);
	KUNIT_EXPECT_EQ(test, sections.count, 606);

	/* To the last byte, and from the smallest frame on */
	msg = rx_buffer_done(2048, 512);
	KUNIT_EXPECT_EQ(test, 0,
			nvsp_parse_rx_buffer(&msg, TEST_BYTES, &sections));
	msg = rx_buffer_done(ETH_ZLEN, 1);
	KUNIT_EXPECT_EQ(test, 0,
			nvsp_parse_rx_buffer(&msg, TEST_BYTES, &sections));
	KUNIT_EXPECT_EQ(test, sections.size, ETH_ZLEN);
	KUNIT_EXPECT_EQ(test, sections.count, 1);
}

struct rx_case {
	const char *name;
	u32 size, count;
};

static const struct rx_case bad_rx_cases[] = {
	{ "nothing",			0, 0 },
	{ "no sections",		1728, 0 },
	{ "sections of no bytes",	0, 606 },
	{ "too small for a frame",	ETH_ZLEN - 1, 1 },
	{ "one section too many",	2048, 513 },
	{ "larger than the buffer",	TEST_BYTES + 1, 1 },
	{ "product wraps around",	0x10000, 0x10001 },
	{ "product wraps around to 0",	0x10000, 0x10000 },
	{ "as large as can be",		U32_MAX, U32_MAX },
};

KUNIT_ARRAY_PARAM_DESC(bad_rx, bad_rx_cases, name);

static void rx_buffer_in_no_such_pieces(struct kunit *test)
{
	const struct rx_case *c = test->param_value;
	struct nvsp_message msg = rx_buffer_done(c->size, c->count);
	struct nvsp_sections sections;

	KUNIT_EXPECT_EQ(test, -EPROTO,
			nvsp_parse_rx_buffer(&msg, TEST_BYTES, &sections));
}

static void rx_buffer_in_one_group(struct kunit *test)
{
	struct nvsp_sections sections;
	struct nvsp_message msg;

	msg = rx_buffer_done(1728, 10);
	msg.rx_buffer_done.nr_groups = 0;
	KUNIT_EXPECT_EQ(test, -EPROTO,
			nvsp_parse_rx_buffer(&msg, TEST_BYTES, &sections));
	msg.rx_buffer_done.nr_groups = cpu_to_le32(2);
	KUNIT_EXPECT_EQ(test, -EPROTO,
			nvsp_parse_rx_buffer(&msg, TEST_BYTES, &sections));

	msg = rx_buffer_done(1728, 10);
	msg.rx_buffer_done.offset = cpu_to_le32(1);
	KUNIT_EXPECT_EQ(test, -EPROTO,
			nvsp_parse_rx_buffer(&msg, TEST_BYTES, &sections));
}

/* Whatever else a refusal says, it is one: the buffer must not be revoked. */
static void rx_buffer_refused(struct kunit *test)
{
	struct nvsp_message msg = rx_buffer_done(0, 0);
	struct nvsp_sections sections;

	msg.rx_buffer_done.status = cpu_to_le32(NVSP_STATUS_FAILURE);
	KUNIT_EXPECT_EQ(test, -EIO,
			nvsp_parse_rx_buffer(&msg, TEST_BYTES, &sections));
	msg.rx_buffer_done.status = 0;
	KUNIT_EXPECT_EQ(test, -EIO,
			nvsp_parse_rx_buffer(&msg, TEST_BYTES, &sections));
}

/* The send buffer */

static int parse_tx(u32 status, u32 size, u32 bytes,
		    struct nvsp_sections *sections)
{
	struct nvsp_message msg = {
		.type = cpu_to_le32(NVSP_TX_BUFFER_DONE),
		.tx_buffer_done.status = cpu_to_le32(status),
		.tx_buffer_done.section_size = cpu_to_le32(size),
	};

	return nvsp_parse_tx_buffer(&msg, bytes, sections);
}

static void tx_buffer_is_cut_up(struct kunit *test)
{
	struct nvsp_sections sections;

	KUNIT_EXPECT_EQ(test, 0, parse_tx(NVSP_STATUS_SUCCESS, 6144, TEST_BYTES,
					  &sections));
	KUNIT_EXPECT_EQ(test, sections.size, 6144);
	/* What is left at the end is no section. */
	KUNIT_EXPECT_EQ(test, sections.count, 170);

	KUNIT_EXPECT_EQ(test, 0, parse_tx(NVSP_STATUS_SUCCESS, TEST_BYTES,
					  TEST_BYTES, &sections));
	KUNIT_EXPECT_EQ(test, sections.count, 1);

	/* More than there are ids for are left alone. */
	KUNIT_EXPECT_EQ(test, 0, parse_tx(NVSP_STATUS_SUCCESS, 1, TEST_BYTES,
					  &sections));
	KUNIT_EXPECT_EQ(test, sections.count, U16_MAX);
}

static void tx_buffer_that_makes_no_sense(struct kunit *test)
{
	struct nvsp_sections sections;

	KUNIT_EXPECT_EQ(test, -EPROTO,
			parse_tx(NVSP_STATUS_SUCCESS, 0, TEST_BYTES,
				 &sections));
	KUNIT_EXPECT_EQ(test, -EPROTO,
			parse_tx(NVSP_STATUS_SUCCESS, TEST_BYTES + 1,
				 TEST_BYTES, &sections));
	KUNIT_EXPECT_EQ(test, -EIO,
			parse_tx(NVSP_STATUS_FAILURE, 6144, TEST_BYTES,
				 &sections));
}

/* Subchannels */

static int parse_subchannels(u32 status, u32 count, u32 asked, u32 *given)
{
	struct nvsp_message msg = {
		.type = cpu_to_le32(NVSP_SUBCHANNELS),
		.subchannels_done.status = cpu_to_le32(status),
		.subchannels_done.count = cpu_to_le32(count),
	};

	return nvsp_parse_subchannels(&msg, asked, given);
}

static void subchannels_up_to_what_was_asked(struct kunit *test)
{
	u32 given = 99;

	KUNIT_EXPECT_EQ(test, 0,
			parse_subchannels(NVSP_STATUS_SUCCESS, 3, 3, &given));
	KUNIT_EXPECT_EQ(test, given, 3);
	KUNIT_EXPECT_EQ(test, 0,
			parse_subchannels(NVSP_STATUS_SUCCESS, 0, 3, &given));
	KUNIT_EXPECT_EQ(test, given, 0);

	given = 99;
	KUNIT_EXPECT_EQ(test, -EPROTO,
			parse_subchannels(NVSP_STATUS_SUCCESS, 4, 3, &given));
	KUNIT_EXPECT_EQ(test, -EPROTO,
			parse_subchannels(NVSP_STATUS_SUCCESS, U32_MAX, 3,
					  &given));
	KUNIT_EXPECT_EQ(test, -EIO,
			parse_subchannels(NVSP_STATUS_FAILURE, 3, 3, &given));
	KUNIT_EXPECT_EQ(test, given, 99);
}

/* What the host says unasked, and completions */

static void association_of_a_vf(struct kunit *test)
{
	struct nvsp_message msg = {
		.type = cpu_to_le32(NVSP_VF_ASSOCIATION),
		.vf_association.allocated = cpu_to_le32(1),
		.vf_association.serial = cpu_to_le32(0x12345678),
	};
	bool present = false;
	u32 len, serial = 0;

	for (len = 0; len < 12; len++)
		KUNIT_EXPECT_FALSE(test, nvsp_parse_association(&msg, len,
								&present,
								&serial));
	KUNIT_EXPECT_FALSE(test, present);

	KUNIT_EXPECT_TRUE(test, nvsp_parse_association(&msg, 12, &present,
						       &serial));
	KUNIT_EXPECT_TRUE(test, present);
	KUNIT_EXPECT_EQ(test, serial, 0x12345678);

	/* There is one or there is none; what else it may mean nobody knows. */
	msg.vf_association.allocated = cpu_to_le32(2);
	KUNIT_EXPECT_TRUE(test, nvsp_parse_association(&msg, sizeof(msg),
						       &present, &serial));
	KUNIT_EXPECT_FALSE(test, present);
}

static void done_with_status(struct nvsp_message *msg, u32 status)
{
	*msg = (struct nvsp_message) {
		.type = cpu_to_le32(NVSP_RNDIS_DONE),
		.rndis_done.status = cpu_to_le32(status),
	};
}

static void completion_of_a_switch(struct kunit *test)
{
	struct nvsp_message msg;
	u32 len;

	done_with_status(&msg, NVSP_STATUS_FAILURE);
	/* Nothing that could be a status is in there. */
	for (len = 0; len < 8; len++)
		KUNIT_EXPECT_TRUE(test, nvsp_parse_switched(&msg, len));
	KUNIT_EXPECT_FALSE(test, nvsp_parse_switched(&msg, 8));
	KUNIT_EXPECT_FALSE(test, nvsp_parse_switched(&msg, sizeof(msg)));

	done_with_status(&msg, NVSP_STATUS_SUCCESS);
	KUNIT_EXPECT_TRUE(test, nvsp_parse_switched(&msg, 8));
}

static void completion_of_an_rndis_message(struct kunit *test)
{
	struct nvsp_message msg;
	u32 len;

	done_with_status(&msg, NVSP_STATUS_SUCCESS);
	for (len = 0; len < 8; len++)
		KUNIT_EXPECT_FALSE(test, nvsp_rndis_ok(&msg, len));
	KUNIT_EXPECT_TRUE(test, nvsp_rndis_ok(&msg, 8));
	KUNIT_EXPECT_TRUE(test, nvsp_rndis_ok(&msg, sizeof(msg)));

	msg.type = cpu_to_le32(NVSP_RNDIS);
	KUNIT_EXPECT_FALSE(test, nvsp_rndis_ok(&msg, sizeof(msg)));
	done_with_status(&msg, NVSP_STATUS_BAD_RNDIS);
	KUNIT_EXPECT_FALSE(test, nvsp_rndis_ok(&msg, sizeof(msg)));
	done_with_status(&msg, 0);
	KUNIT_EXPECT_FALSE(test, nvsp_rndis_ok(&msg, sizeof(msg)));
}

static struct kunit_case nvsp_cases[] = {
	KUNIT_CASE(rx_buffer_is_cut_up),
	KUNIT_CASE_PARAM(rx_buffer_in_no_such_pieces, bad_rx_gen_params),
	KUNIT_CASE(rx_buffer_in_one_group),
	KUNIT_CASE(rx_buffer_refused),
	KUNIT_CASE(tx_buffer_is_cut_up),
	KUNIT_CASE(tx_buffer_that_makes_no_sense),
	KUNIT_CASE(subchannels_up_to_what_was_asked),
	KUNIT_CASE(association_of_a_vf),
	KUNIT_CASE(completion_of_a_switch),
	KUNIT_CASE(completion_of_an_rndis_message),
	{}
};

static struct kunit_suite nvsp_suite = {
	.name = "netvsc_nvsp",
	.test_cases = nvsp_cases,
};

kunit_test_suite(nvsp_suite);

MODULE_DESCRIPTION("KUnit tests of the Hyper-V network driver's NVSP");
MODULE_LICENSE("GPL");
