// SPDX-License-Identifier: GPL-2.0
/*
 * Faults: the list, the messages as a guest would find them on the ring and in
 * its receive buffer, each wrong in its own way and in no other, and answers
 * that go wrong as often as was asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "fault.h"
#include "netvsp_rx.h"
#include "nvsp_wire.h"
#include "rndis_wire.h"
#include "vmbus.h"
#include "vmbus_wire.h"

#define BUF_COUNT	88
#define BUF_SIZE	(1728 * BUF_COUNT)
#define BUF_ID		0xcafe
#define LAST		0x0100000000050003ull

/* The channel and the receive buffer that are played. */

struct gpadl {
	uint64_t size;
};

static uint8_t buffer[BUF_SIZE];
static struct gpadl gpadl = { BUF_SIZE };
static unsigned int nr_sent, room;

static struct {
	uint16_t type, flags, set;
	uint64_t trans_id;
	uint32_t header, len, nr_ranges;
	struct pkt_range range;
	uint8_t data[256];
} sent;

static enum ring_status put(uint16_t type, uint64_t trans_id)
{
	if (!room)
		return RING_FULL;
	room--;
	nr_sent++;
	memset(&sent, 0, sizeof(sent));
	sent.type = type;
	sent.trans_id = trans_id;
	return RING_OK;
}

enum ring_status channel_write_raw(struct channel *chan, uint16_t type,
				   uint16_t flags, uint64_t trans_id,
				   const void *data, size_t len, size_t header)
{
	enum ring_status status = put(type, trans_id);

	(void)chan;
	sent.flags = flags;
	sent.len = len;
	sent.header = header;
	memcpy(sent.data, data, len);
	return status;
}

enum ring_status channel_write_xfer(struct channel *chan, uint64_t trans_id,
				    uint16_t xfer_set,
				    const struct pkt_range *ranges,
				    unsigned int nr_ranges,
				    const void *payload, size_t len)
{
	enum ring_status status = put(PKT_XFER_PAGES, trans_id);

	(void)chan;
	(void)payload;
	sent.set = xfer_set;
	sent.len = len;
	sent.range = ranges[0];
	sent.nr_ranges = nr_ranges;
	return status;
}

uint64_t gpadl_size(const struct gpadl *g)
{
	return g->size;
}

bool gpadl_write(struct gpadl *g, uint64_t offset, const void *buf, size_t len)
{
	if (offset > g->size || len > g->size - offset)
		return false;
	memcpy(buffer + offset, buf, len);
	return true;
}

FIXTURE(fault) {
	struct rx_pool rx;
};

FIXTURE_SETUP(fault)
{
	memset(buffer, 0, sizeof(buffer));
	nr_sent = 0;
	room = 1000;
	rx_init(&self->rx);
	ASSERT_TRUE(rx_setup(&self->rx, &gpadl, BUF_ID, 1728));
	self->rx.msg_len = NVSP_LEN_V61;
}

FIXTURE_TEARDOWN(fault)
{
	rx_reset(&self->rx);
}

static const char *send_fault(FIXTURE_DATA(fault) *self, enum fault_id id,
			      uint32_t number)
{
	return fault_send(id, number, NULL, &self->rx, LAST);
}

static uint32_t word(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

TEST(names)
{
	enum fault_id id;

	for (id = 0; id < NR_FAULTS; id++) {
		ASSERT_NE(NULL, fault_list[id].name);
		EXPECT_EQ(id, fault_find(fault_list[id].name));
		EXPECT_NE(NULL, fault_list[id].number);
		EXPECT_NE(NULL, fault_list[id].help);
	}
	EXPECT_EQ(NR_FAULTS, fault_find("off"));
	EXPECT_EQ(NR_FAULTS, fault_find(""));
}

TEST(answers_go_wrong_as_often_as_asked)
{
	struct fault_answers answers = { 0 };
	unsigned int i;

	EXPECT_FALSE(fault_take(&answers, FAULT_INIT_REFUSE));
	EXPECT_EQ(NULL, fault_arm(&answers, FAULT_INIT_REFUSE, 3));
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(fault_take(&answers, FAULT_INIT_REFUSE));
	EXPECT_FALSE(fault_take(&answers, FAULT_INIT_REFUSE));
	EXPECT_FALSE(fault_take(&answers, FAULT_RXBUF_REFUSE));
}

TEST(late_is_once_and_so_many_seconds)
{
	static const enum fault_id ids[] = {
		FAULT_SWITCH_LATE, FAULT_SWITCH_PAUSED
	};
	struct fault_answers answers = { 0 };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		EXPECT_NE(NULL, fault_arm(&answers, ids[i], 3601));
		EXPECT_FALSE(fault_take(&answers, ids[i]));
		EXPECT_EQ(NULL, fault_arm(&answers, ids[i], 7 + i));
		EXPECT_EQ(7 + i, answers.seconds[ids[i]]);
		EXPECT_TRUE(fault_take(&answers, ids[i]));
		EXPECT_FALSE(fault_take(&answers, ids[i]));
	}
	EXPECT_EQ(7, answers.seconds[ids[0]]);
}

TEST(rndis_answers)
{
	struct {
		struct rndis_hdr hdr;
		struct rndis_query_done done;
		uint32_t info;
	} msg = {
		{ RNDIS_SET | RNDIS_DONE, sizeof(msg) },
		{ 5, RNDIS_OK, 4, sizeof(msg.done) }, 1500,
	}, copy = msg;
	struct fault_answers answers = { 0 };
	uint8_t *bytes = (uint8_t *)&msg;

	EXPECT_EQ(sizeof(msg), fault_rndis_answer(&answers, bytes,
						  sizeof(msg)));
	/* Garbage waits for a query, silence takes any answer. */
	fault_arm(&answers, FAULT_QUERY_GARBAGE, 1);
	fault_arm(&answers, FAULT_NO_ANSWER, 1);
	EXPECT_EQ(0, fault_rndis_answer(&answers, bytes, 0));
	EXPECT_EQ(0, fault_rndis_answer(&answers, bytes, 16));
	EXPECT_EQ(sizeof(msg), fault_rndis_answer(&answers, bytes,
						  sizeof(msg)));
	EXPECT_EQ(0, memcmp(&msg, &copy, sizeof(msg)));
	msg.hdr.type = RNDIS_QUERY | RNDIS_DONE;
	EXPECT_EQ(sizeof(msg), fault_rndis_answer(&answers, bytes,
						  sizeof(msg)));
	EXPECT_EQ(5, msg.done.request);
	EXPECT_LT(sizeof(msg), msg.done.info_offset);
	EXPECT_LT(sizeof(msg), msg.done.info_len);
	EXPECT_FALSE(fault_take(&answers, FAULT_QUERY_GARBAGE));
}

TEST_F(fault, inband)
{
	EXPECT_EQ(NULL, send_fault(self, FAULT_NVSP_SHORT, 1));
	EXPECT_EQ(PKT_INBAND, sent.type);
	EXPECT_EQ(0, sent.len);
	EXPECT_EQ(NULL, send_fault(self, FAULT_NVSP_UNKNOWN, 1));
	EXPECT_EQ(PKT_INBAND, sent.type);
	EXPECT_EQ(NVSP_LEN_V61, sent.len);
	EXPECT_LT(1000, word(sent.data));
	EXPECT_EQ(NULL, send_fault(self, FAULT_ASSOC_SHORT, 1));
	EXPECT_EQ(NVSP_VF_ASSOCIATION, word(sent.data));
	EXPECT_EQ(8, sent.len);
	EXPECT_EQ(3, nr_sent);
}

TEST_F(fault, random_is_the_same_again)
{
	uint8_t first[256] = { 0 };
	uint32_t seed, len = 0;

	for (seed = 0; seed < 500; seed++) {
		ASSERT_EQ(NULL, send_fault(self, FAULT_NVSP_RANDOM, seed));
		ASSERT_LE(8, sent.len);
		ASSERT_GE(128, sent.len);
		ASSERT_LT(1000, word(sent.data));
		EXPECT_FALSE(len == sent.len &&
			     !memcmp(first, sent.data, len));
		len = sent.len;
		memcpy(first, sent.data, sizeof(first));
		ASSERT_EQ(NULL, send_fault(self, FAULT_NVSP_RANDOM, seed));
		ASSERT_EQ(len, sent.len);
		ASSERT_EQ(0, memcmp(first, sent.data, len));
		room = 1000;
	}
	EXPECT_EQ(1000, nr_sent);
}

TEST_F(fault, transfer_pages)
{
	static const enum fault_id ids[] = {
		FAULT_XFER_SET, FAULT_XFER_COUNT, FAULT_XFER_RANGE
	};
	struct pkt_range range;
	struct pkt_xfer_hdr hdr;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(NULL, send_fault(self, ids[i], 1));
		EXPECT_EQ(PKT_XFER_PAGES, sent.type);
		EXPECT_EQ(FAULT_TRANS, sent.trans_id);
		ASSERT_EQ(sizeof(hdr) + sizeof(range), sent.header);
		EXPECT_EQ(sent.header + NVSP_LEN_V61, sent.len);
		EXPECT_EQ(NVSP_RNDIS, word(sent.data + sent.header));
		memcpy(&hdr, sent.data, sizeof(hdr));
		memcpy(&range, sent.data + sizeof(hdr), sizeof(range));
		EXPECT_EQ(ids[i] != FAULT_XFER_SET, hdr.set == BUF_ID);
		EXPECT_EQ(ids[i] != FAULT_XFER_COUNT, hdr.nr_ranges == 1);
		EXPECT_EQ(ids[i] == FAULT_XFER_RANGE ? BUF_SIZE + 1 : 100,
			  range.offset + range.len);
	}
	/* They have no place in the buffer, and are to be given back. */
	EXPECT_EQ(BUF_COUNT, self->rx.free);
	EXPECT_EQ(3, self->rx.malformed);
	rx_reset(&self->rx);
	EXPECT_EQ(0, self->rx.malformed);
}

/* Of a guest that has no buffer yet */
TEST_F(fault, transfer_pages_too_early)
{
	struct pkt_range range;
	struct pkt_xfer_hdr hdr;

	rx_reset(&self->rx);
	self->rx.msg_len = NVSP_LEN_V61;
	EXPECT_EQ(NULL, fault_send_early(NULL, &self->rx));
	EXPECT_EQ(PKT_XFER_PAGES, sent.type);
	EXPECT_EQ(FAULT_TRANS, sent.trans_id);
	memcpy(&hdr, sent.data, sizeof(hdr));
	memcpy(&range, sent.data + sizeof(hdr), sizeof(range));
	EXPECT_EQ(BUF_ID, hdr.set);
	EXPECT_EQ(1, hdr.nr_ranges);
	EXPECT_NE(0, range.offset);
	EXPECT_EQ(1, self->rx.malformed);
	room = 0;
	EXPECT_NE(NULL, fault_send_early(NULL, &self->rx));
	EXPECT_EQ(1, self->rx.malformed);
}

TEST_F(fault, rndis_messages)
{
	const uint32_t len = 8 + 36 + 16 + 60;
	enum fault_id id;

	for (id = FAULT_RNDIS_SHORT; id <= FAULT_RNDIS_UNKNOWN; id++) {
		struct rndis_packet packet;
		struct rndis_hdr hdr;
		struct rndis_ppi ppi;
		const uint8_t *msg;

		EXPECT_EQ(NULL, send_fault(self, id, 1));
		EXPECT_EQ(PKT_XFER_PAGES, sent.type);
		EXPECT_EQ(BUF_ID, sent.set);
		EXPECT_EQ(id == FAULT_RNDIS_SHORT ? 4 : len, sent.range.len);
		msg = buffer + sent.range.offset;
		memcpy(&hdr, msg, sizeof(hdr));
		memcpy(&packet, msg + sizeof(hdr), sizeof(packet));
		memcpy(&ppi, msg + sizeof(hdr) + sizeof(packet), sizeof(ppi));
		EXPECT_TRUE(rx_complete(&self->rx, NULL, sent.trans_id));
		EXPECT_EQ(BUF_COUNT, self->rx.free);
		if (id == FAULT_RNDIS_SHORT)
			continue;
		EXPECT_EQ(id == FAULT_RNDIS_UNKNOWN ? 0x55 : RNDIS_PACKET,
			  hdr.type);
		EXPECT_EQ(id != FAULT_RNDIS_LENGTH, hdr.len == len);
		EXPECT_EQ(id != FAULT_RNDIS_DATA, packet.data_offset == 52);
		EXPECT_EQ(60, packet.data_len);
		EXPECT_EQ(id != FAULT_RNDIS_INFO, ppi.size == packet.ppi_len);
	}
	EXPECT_EQ(5, nr_sent);
}

TEST_F(fault, coalesced_frames)
{
	const uint32_t id = 8 + 36 + 12;	/* in a message */

	EXPECT_EQ(NULL, send_fault(self, FAULT_RSC_NO_FIRST, 1));
	EXPECT_EQ(1, sent.nr_ranges);
	EXPECT_EQ(RNDIS_PACKET, word(buffer + sent.range.offset));
	EXPECT_EQ(0x00770501, word(buffer + sent.range.offset + id));
	EXPECT_EQ(NULL, send_fault(self, FAULT_RSC_NO_LAST, 1));
	EXPECT_EQ(1, sent.nr_ranges);
	EXPECT_EQ(0x00770301, word(buffer + sent.range.offset + id));
	EXPECT_EQ(NULL, send_fault(self, FAULT_RSC_TOO_LONG, 1));
	EXPECT_EQ(80, sent.nr_ranges);
	EXPECT_EQ(6, self->rx.free);
	/* All in one packet, or nothing. */
	EXPECT_NE(NULL, send_fault(self, FAULT_RSC_TOO_LONG, 1));
	EXPECT_EQ(6, self->rx.free);
}

TEST_F(fault, completions)
{
	EXPECT_EQ(NULL, send_fault(self, FAULT_COMPLETION_TWICE, 1));
	EXPECT_EQ(PKT_COMPLETION, sent.type);
	EXPECT_EQ(LAST, sent.trans_id);
	EXPECT_EQ(NVSP_RNDIS_DONE, word(sent.data));
	EXPECT_EQ(NULL, send_fault(self, FAULT_COMPLETION_UNKNOWN, 1));
	EXPECT_EQ(PKT_COMPLETION, sent.type);
	EXPECT_NE(LAST, sent.trans_id);
	EXPECT_NE(NULL, fault_send(FAULT_COMPLETION_TWICE, 1, NULL, &self->rx,
				   0));
}

TEST_F(fault, many_at_once)
{
	EXPECT_EQ(NULL, send_fault(self, FAULT_NVSP_UNKNOWN, FAULT_MAX_SEND));
	EXPECT_EQ(FAULT_MAX_SEND, nr_sent);
	EXPECT_NE(NULL, send_fault(self, FAULT_NVSP_UNKNOWN,
				   FAULT_MAX_SEND + 1));
	EXPECT_EQ(FAULT_MAX_SEND, nr_sent);
	/* A buffer whose pieces this guest does not give back. */
	EXPECT_NE(NULL, send_fault(self, FAULT_RNDIS_UNKNOWN,
				   BUF_COUNT + 1));
	EXPECT_EQ(FAULT_MAX_SEND + BUF_COUNT, nr_sent);
}

TEST_F(fault, no_room_and_no_buffer)
{
	room = 1;
	EXPECT_NE(NULL, send_fault(self, FAULT_XFER_SET, 2));
	EXPECT_EQ(1, nr_sent);
	EXPECT_NE(NULL, send_fault(self, FAULT_RNDIS_INFO, 1));
	EXPECT_EQ(BUF_COUNT, self->rx.free);
	room = 5;
	rx_revoke(&self->rx);
	EXPECT_NE(NULL, send_fault(self, FAULT_RNDIS_INFO, 1));
	EXPECT_NE(NULL, send_fault(self, FAULT_XFER_RANGE, 1));
	EXPECT_EQ(1, nr_sent);
}

TEST_HARNESS_MAIN
