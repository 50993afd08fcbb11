// SPDX-License-Identifier: GPL-2.0
/*
 * Checksums and segmentation in software: right on good frames, harmless on
 * broken ones.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "frame.h"

#define ETH	14
#define TCP_AT4	(ETH + 20)
#define TCP_AT6	(ETH + 40)

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* The sum that a sender leaves in the checksum field, by the book. */
static uint16_t pseudo(const uint8_t *pkt, bool ip6, uint8_t proto,
		       uint32_t len)
{
	uint32_t s = proto + len;
	unsigned int i;

	for (i = 0; i < (ip6 ? 32 : 8); i += 2)
		s += get16(pkt + ETH + (ip6 ? 8 : 12) + i);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* A frame with @payload bytes, its checksum left to do. */
static uint32_t make(uint8_t *pkt, bool ip6, uint8_t proto, uint32_t payload)
{
	uint32_t l4 = ip6 ? TCP_AT6 : TCP_AT4;
	uint32_t l4_hdr = proto == 6 ? 20 : 8;
	uint32_t len = l4 + l4_hdr + payload;
	uint32_t i;

	memset(pkt, 0, len);
	for (i = 0; i < 12; i++)
		pkt[i] = i * 2;
	put16(pkt + 12, ip6 ? 0x86dd : 0x0800);
	if (ip6) {
		pkt[ETH] = 0x60;
		put16(pkt + ETH + 4, len - TCP_AT6);
		pkt[ETH + 6] = proto;
		pkt[ETH + 7] = 64;
		for (i = 0; i < 32; i++)
			pkt[ETH + 8 + i] = 0x11 + i;
	} else {
		pkt[ETH] = 0x45;
		put16(pkt + ETH + 2, len - ETH);
		put16(pkt + ETH + 4, 0x1234);
		pkt[ETH + 8] = 64;
		pkt[ETH + 9] = proto;
		for (i = 0; i < 8; i++)
			pkt[ETH + 12 + i] = 0x21 + i;
	}
	put16(pkt + l4, 1000);
	put16(pkt + l4 + 2, 2000);
	if (proto == 6) {
		put16(pkt + l4 + 6, 0x5678);
		pkt[l4 + 12] = 5 << 4;
		pkt[l4 + 13] = 0x99;	/* CWR, ACK, PSH, FIN */
	} else {
		put16(pkt + l4 + 4, l4_hdr + payload);
	}
	for (i = 0; i < payload; i++)
		pkt[l4 + l4_hdr + i] = i * 7 + (i >> 8);
	put16(pkt + l4 + (proto == 6 ? 16 : 6),
	      pseudo(pkt, ip6, proto, l4_hdr + payload));
	return len;
}

static struct frame to_do(const uint8_t *pkt, uint32_t len, bool ip6,
			  uint8_t proto)
{
	return (struct frame){
		.data = pkt,
		.len = len,
		.needs_csum = true,
		.needs_ipcsum = !ip6,
		.csum_start = ip6 ? TCP_AT6 : TCP_AT4,
		.csum_offset = proto == 6 ? 16 : 6,
	};
}

FIXTURE(csum) {
	uint8_t pkt[2048];
};

FIXTURE_SETUP(csum) { }
FIXTURE_TEARDOWN(csum) { }

FIXTURE_VARIANT(csum) {
	bool ip6;
	uint8_t proto;
};

FIXTURE_VARIANT_ADD(csum, tcp4) { .ip6 = false, .proto = 6 };
FIXTURE_VARIANT_ADD(csum, udp4) { .ip6 = false, .proto = 17 };
FIXTURE_VARIANT_ADD(csum, tcp6) { .ip6 = true, .proto = 6 };
FIXTURE_VARIANT_ADD(csum, udp6) { .ip6 = true, .proto = 17 };

TEST_F(csum, finish)
{
	uint32_t payload;

	for (payload = 0; payload < 70; payload++) {
		uint32_t len = make(self->pkt, variant->ip6, variant->proto,
				    payload);
		struct frame frame = to_do(self->pkt, len, variant->ip6,
					   variant->proto);

		EXPECT_FALSE(frame_csum_ok(&frame));
		frame_finish_csum(&frame, self->pkt);
		EXPECT_TRUE(frame_csum_ok(&frame));
		EXPECT_TRUE(frame.csum_good);
		EXPECT_FALSE(frame.needs_csum);
		EXPECT_FALSE(frame.needs_ipcsum);
		self->pkt[len - 1] ^= 0x40;
		EXPECT_FALSE(frame_csum_ok(&frame));
	}
}

/* A short frame is padded; what follows the IP packet is not summed. */
TEST_F(csum, padding)
{
	uint32_t len = make(self->pkt, variant->ip6, variant->proto, 3);
	struct frame frame = to_do(self->pkt, len + 9, variant->ip6,
				   variant->proto);

	memset(self->pkt + len, 0xaa, 9);
	frame_finish_csum(&frame, self->pkt);
	EXPECT_TRUE(frame_csum_ok(&frame));
}

TEST_F(csum, locate)
{
	uint32_t len = make(self->pkt, variant->ip6, variant->proto, 10);
	struct frame frame = { .data = self->pkt, .len = len };
	struct frame_proto proto;

	ASSERT_TRUE(frame_locate_l4(&frame));
	EXPECT_EQ(variant->ip6 ? TCP_AT6 : TCP_AT4, frame.csum_start);
	EXPECT_EQ(variant->proto == 6 ? 16 : 6, frame.csum_offset);
	EXPECT_EQ(len - 10, frame.hdr_len);
	frame_classify(&frame, &proto);
	EXPECT_EQ(variant->ip6, proto.ip6);
	EXPECT_EQ(!variant->ip6, proto.ip4);
	EXPECT_EQ(variant->proto == 6, proto.tcp);
	EXPECT_EQ(variant->proto == 17, proto.udp);
}

/* On the heap, so that the sanitizer sees one byte too many. */
TEST_F(csum, truncated)
{
	uint32_t whole = make(self->pkt, variant->ip6, variant->proto, 10);
	uint32_t len;

	for (len = 1; len < whole; len++) {
		uint8_t *copy = malloc(len);
		struct frame frame = { .data = copy, .len = len };
		struct frame_proto proto;

		ASSERT_NE(NULL, copy);
		memcpy(copy, self->pkt, len);
		EXPECT_FALSE(frame_locate_l4(&frame));
		frame_classify(&frame, &proto);
		EXPECT_FALSE(proto.tcp || proto.udp);
		frame_csum_ok(&frame);
		free(copy);
	}
}

TEST(udp_sum_of_zero_is_sent_as_ones)
{
	uint8_t pkt[256];
	uint32_t len = make(pkt, false, 17, 2);
	struct frame frame = to_do(pkt, len, false, 17);

	/* Choose the payload so that the sum comes out as all ones. */
	put16(pkt + len - 2, 0);
	frame_finish_csum(&frame, pkt);
	put16(pkt + len - 2, get16(pkt + TCP_AT4 + 6));
	put16(pkt + TCP_AT4 + 6, pseudo(pkt, false, 17, 10));
	frame = to_do(pkt, len, false, 17);
	frame_finish_csum(&frame, pkt);
	EXPECT_EQ(0xffff, get16(pkt + TCP_AT4 + 6));
	EXPECT_TRUE(frame_csum_ok(&frame));
}

TEST(udp_without_sum)
{
	uint8_t pkt[256];
	uint32_t len = make(pkt, false, 17, 5);
	struct frame frame = to_do(pkt, len, false, 17);

	frame_finish_csum(&frame, pkt);
	put16(pkt + TCP_AT4 + 6, 0);
	EXPECT_TRUE(frame_csum_ok(&frame));

	len = make(pkt, true, 17, 5);
	frame = (struct frame){ .data = pkt, .len = len };
	put16(pkt + TCP_AT6 + 6, 0);
	EXPECT_FALSE(frame_csum_ok(&frame));
}

TEST(fragments_have_no_l4)
{
	uint8_t pkt[256];
	uint32_t len = make(pkt, false, 6, 20);
	struct frame frame = { .data = pkt, .len = len };
	struct frame_proto proto;

	put16(pkt + ETH + 6, 0x2000);		/* more to come */
	EXPECT_FALSE(frame_locate_l4(&frame));
	put16(pkt + ETH + 6, 0x0003);		/* not the first */
	EXPECT_FALSE(frame_locate_l4(&frame));
	frame_classify(&frame, &proto);
	EXPECT_TRUE(proto.ip4);
	EXPECT_FALSE(proto.tcp);
}

TEST(ipv6_extension_headers)
{
	uint8_t pkt[256], inner[256];
	uint32_t len = make(inner, true, 6, 4);
	struct frame frame = { .data = pkt, .len = len + 8 };

	memcpy(pkt, inner, TCP_AT6);
	memset(pkt + TCP_AT6, 0, 8);
	memcpy(pkt + TCP_AT6 + 8, inner + TCP_AT6, len - TCP_AT6);
	pkt[ETH + 6] = 0;			/* hop by hop */
	pkt[TCP_AT6] = 6;			/* then TCP */
	put16(pkt + ETH + 4, len - TCP_AT6 + 8);
	ASSERT_TRUE(frame_locate_l4(&frame));
	EXPECT_EQ(TCP_AT6 + 8, frame.csum_start);

	pkt[TCP_AT6 + 1] = 200;			/* longer than the packet */
	EXPECT_FALSE(frame_locate_l4(&frame));
	pkt[TCP_AT6 + 1] = 0;
	pkt[TCP_AT6] = 44;			/* then a fragment */
	EXPECT_FALSE(frame_locate_l4(&frame));
}

TEST(broken_headers)
{
	uint8_t pkt[256];
	uint32_t len = make(pkt, false, 6, 20);
	struct frame frame = { .data = pkt, .len = len };

	pkt[TCP_AT4 + 12] = 4 << 4;		/* TCP header too short */
	EXPECT_FALSE(frame_locate_l4(&frame));
	pkt[TCP_AT4 + 12] = 15 << 4;		/* beyond the packet */
	EXPECT_FALSE(frame_locate_l4(&frame));
	pkt[TCP_AT4 + 12] = 5 << 4;
	pkt[ETH] = 0x44;			/* IP header too short */
	EXPECT_FALSE(frame_locate_l4(&frame));
	pkt[ETH] = 0x65;			/* not version 4 */
	EXPECT_FALSE(frame_locate_l4(&frame));
	pkt[ETH] = 0x45;
	put16(pkt + ETH + 2, len);		/* longer than the frame */
	EXPECT_FALSE(frame_locate_l4(&frame));
	put16(pkt + ETH + 2, 10);		/* shorter than its header */
	EXPECT_FALSE(frame_locate_l4(&frame));
	put16(pkt + ETH + 2, len - ETH);
	EXPECT_TRUE(frame_locate_l4(&frame));
}

/* The checksum's place comes from the sender: outside, nothing happens. */
TEST(checksum_outside_of_the_frame)
{
	uint8_t *pkt = malloc(64);
	struct frame frame = {
		.data = pkt, .len = 64, .needs_csum = true,
		.csum_start = 60, .csum_offset = 3,
	};

	ASSERT_NE(NULL, pkt);
	memset(pkt, 0, 64);
	frame_finish_csum(&frame, pkt);
	frame.needs_csum = true;
	frame.csum_start = 65535;
	frame.csum_offset = 65535;
	frame_finish_csum(&frame, pkt);
	EXPECT_EQ(0, pkt[63]);
	free(pkt);
}

struct collector {
	struct __test_metadata *_metadata;
	bool ip6;
	uint32_t seq;
	unsigned int count;
	uint32_t bytes;
	uint32_t last_flags;
	uint16_t tci;
	uint8_t payload[70000];
};

static bool collect(void *ctx, const struct frame *frame)
{
	struct collector *col = ctx;
	struct __test_metadata *_metadata = col->_metadata;
	uint32_t l4 = col->ip6 ? TCP_AT6 : TCP_AT4;
	uint32_t hdr = l4 + 20;

	EXPECT_EQ(GSO_NONE, frame->gso);
	EXPECT_FALSE(frame->needs_csum);
	EXPECT_TRUE(frame->csum_good);
	EXPECT_TRUE(frame_csum_ok(frame));
	EXPECT_EQ(col->seq + col->bytes, get32(frame->data + l4 + 4));
	if (!col->ip6) {
		EXPECT_EQ(0x1234 + col->count, get16(frame->data + ETH + 4));
		EXPECT_EQ(frame->len - ETH, get16(frame->data + ETH + 2));
	} else {
		EXPECT_EQ(frame->len - TCP_AT6, get16(frame->data + ETH + 4));
	}
	/* CWR in the first only. */
	EXPECT_EQ(col->count == 0, !!(frame->data[l4 + 13] & 0x80));
	EXPECT_FALSE(col->last_flags & 0x09);
	col->last_flags = frame->data[l4 + 13];
	col->tci = frame->vlan ? frame->tci : 0;
	memcpy(col->payload + col->bytes, frame->data + hdr, frame->len - hdr);
	col->bytes += frame->len - hdr;
	col->count++;
	return true;
}

FIXTURE(segment) {
	uint8_t pkt[66000];
	struct collector col;
};

FIXTURE_SETUP(segment)
{
	memset(&self->col, 0, sizeof(self->col));
	self->col._metadata = _metadata;
}

FIXTURE_TEARDOWN(segment) { }

FIXTURE_VARIANT(segment) {
	bool ip6;
	bool windows;			/* lengths left out, as guests do */
	uint32_t payload;
	uint16_t mss;
};

FIXTURE_VARIANT_ADD(segment, v4) { false, false, 10000, 1460 };
FIXTURE_VARIANT_ADD(segment, v4_even) { false, false, 14600, 1460 };
FIXTURE_VARIANT_ADD(segment, v4_guest) { false, true, 10000, 1460 };
FIXTURE_VARIANT_ADD(segment, v4_small) { false, false, 100, 1460 };
FIXTURE_VARIANT_ADD(segment, v4_none) { false, false, 0, 1460 };
FIXTURE_VARIANT_ADD(segment, v4_largest) { false, true, 65000, 1448 };
FIXTURE_VARIANT_ADD(segment, v6) { true, false, 10000, 1440 };
FIXTURE_VARIANT_ADD(segment, v6_guest) { true, true, 62000, 1440 };
FIXTURE_VARIANT_ADD(segment, v6_odd) { true, false, 1001, 7 };

TEST_F(segment, whole)
{
	uint32_t len = make(self->pkt, variant->ip6, 6, variant->payload);
	uint32_t l4 = variant->ip6 ? TCP_AT6 : TCP_AT4;
	struct frame frame = {
		.data = self->pkt,
		.len = len,
		.needs_csum = true,
		.gso = variant->ip6 ? GSO_TCP6 : GSO_TCP4,
		.gso_size = variant->mss,
		.vlan = true,
		.tci = 0x2005,
	};
	uint32_t want = variant->payload ?
		(variant->payload + variant->mss - 1) / variant->mss : 1;

	if (variant->windows) {
		put16(self->pkt + ETH + (variant->ip6 ? 4 : 2), 0);
		put16(self->pkt + l4 + 16,
		      pseudo(self->pkt, variant->ip6, 6, 0));
	}
	self->col.ip6 = variant->ip6;
	self->col.seq = get32(self->pkt + l4 + 4);
	ASSERT_TRUE(frame_segment(&frame, collect, &self->col));
	EXPECT_EQ(want, self->col.count);
	EXPECT_EQ(variant->payload, self->col.bytes);
	EXPECT_EQ(0x2005, self->col.tci);
	EXPECT_EQ(0x09, self->col.last_flags & 0x09);
	EXPECT_EQ(0, memcmp(self->col.payload, self->pkt + l4 + 20,
			    variant->payload));
}

TEST_F(segment, headers_for_a_kernel)
{
	uint32_t len = make(self->pkt, variant->ip6, 6, variant->payload);
	uint32_t l4 = variant->ip6 ? TCP_AT6 : TCP_AT4;
	uint16_t want_len = get16(self->pkt + ETH + (variant->ip6 ? 4 : 2));
	uint16_t want_sum = get16(self->pkt + l4 + 16);
	struct frame frame = {
		.data = self->pkt,
		.len = len,
		.gso = variant->ip6 ? GSO_TCP6 : GSO_TCP4,
		.gso_size = variant->mss,
	};
	uint8_t hdr[FRAME_GSO_HDR];

	put16(self->pkt + ETH + (variant->ip6 ? 4 : 2), 0);
	put16(self->pkt + l4 + 16, 0);
	ASSERT_TRUE(frame_gso_headers(&frame, hdr));
	EXPECT_EQ(want_len, get16(hdr + ETH + (variant->ip6 ? 4 : 2)));
	EXPECT_EQ(want_sum, get16(hdr + l4 + 16));
	EXPECT_EQ(l4, frame.csum_start);
	EXPECT_EQ(l4 + 20, frame.hdr_len);
}

static bool none(void *ctx, const struct frame *frame)
{
	(void)frame;
	*(bool *)ctx = true;
	return true;
}

TEST(segment_refuses_nonsense)
{
	bool called = false;
	uint8_t pkt[4096];
	struct frame frame = {
		.data = pkt, .gso = GSO_TCP4, .gso_size = 1000,
	};

	frame.len = make(pkt, false, 17, 2000);	/* UDP */
	EXPECT_FALSE(frame_segment(&frame, none, &called));
	frame.len = make(pkt, true, 6, 2000);	/* IPv6 called IPv4 */
	EXPECT_FALSE(frame_segment(&frame, none, &called));
	frame.len = make(pkt, false, 6, 2000);
	frame.gso_size = 0;
	EXPECT_FALSE(frame_segment(&frame, none, &called));
	frame.gso_size = 1000;
	frame.len = 30;
	EXPECT_FALSE(frame_segment(&frame, none, &called));
	frame.gso = GSO_NONE;
	frame.len = 13;
	EXPECT_FALSE(frame_segment(&frame, none, &called));
	frame.len = FRAME_MAX + 1;
	EXPECT_FALSE(frame_segment(&frame, none, &called));
	EXPECT_FALSE(called);
}

static bool two(void *ctx, const struct frame *frame)
{
	unsigned int *count = ctx;

	(void)frame;
	return ++*count < 2;
}

TEST(segments_end_when_nobody_wants_more)
{
	unsigned int count = 0;
	uint8_t pkt[4096];
	struct frame frame = {
		.data = pkt, .gso = GSO_TCP4, .gso_size = 500,
	};

	frame.len = make(pkt, false, 6, 3000);
	EXPECT_TRUE(frame_segment(&frame, two, &count));
	EXPECT_EQ(2, count);
}

TEST(plain_frame_is_not_copied)
{
	uint8_t pkt[128];
	struct frame frame = { .data = pkt, .len = make(pkt, false, 6, 10) };
	bool called = false;

	EXPECT_TRUE(frame_segment(&frame, none, &called));
	EXPECT_TRUE(called);
}

/* Random bytes after a valid Ethernet type must not hurt. */
TEST(random_frames)
{
	unsigned int i, j;

	srand(1);
	for (i = 0; i < 20000; i++) {
		uint32_t len = 14 + rand() % 120;
		uint8_t *pkt = malloc(len);
		struct frame frame = { .data = pkt, .len = len };
		struct frame_proto proto;
		uint8_t hdr[FRAME_GSO_HDR];
		bool called;

		ASSERT_NE(NULL, pkt);
		for (j = 0; j < len; j++)
			pkt[j] = rand();
		put16(pkt + 12, i & 1 ? 0x0800 : 0x86dd);
		if (len > 15)
			pkt[14] = i & 1 ? 0x45 + rand() % 3 : 0x60;
		if (len > 24 && i & 1) {
			put16(pkt + 16, rand() % len);
			put16(pkt + 20, 0);
			pkt[23] = rand() & 1 ? 6 : 17;
		} else if (len > 24) {
			put16(pkt + 18, rand() % len);
			pkt[20] = rand() % 64;
		}
		frame_locate_l4(&frame);
		frame_classify(&frame, &proto);
		frame_csum_ok(&frame);
		frame.gso = i & 1 ? GSO_TCP4 : GSO_TCP6;
		frame.gso_size = 1 + rand() % 50;
		frame_gso_headers(&frame, hdr);
		frame_segment(&frame, none, &called);
		free(pkt);
	}
}

TEST_HARNESS_MAIN
