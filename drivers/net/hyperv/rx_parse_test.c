// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the reader of received RNDIS messages: what a good host sends,
 * and every way that we know of not to be one.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/module.h>

/* The reader has no outside, so the tests bring their own. */
#include "rx_parse.c"

#define FRAME_LEN	60

/* A message in the making: fixed words, info, frame. */
struct message {
	struct rndis_packet pkt;
	u8 rest[512] __aligned(4);
};

struct builder {
	struct message *msg;
	u32 size;			/* of the body, so far */
};

static void begin(struct kunit *test, struct builder *b)
{
	b->msg = kunit_kzalloc(test, sizeof(*b->msg), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b->msg);
	b->size = sizeof(b->msg->pkt);
	b->msg->pkt.info_offset = cpu_to_le32(b->size);
}

static struct rndis_info *add_info(struct builder *b, u32 type, u32 value)
{
	struct rndis_info *info = (void *)b->msg + b->size;
	u32 size = sizeof(*info) + sizeof(__le32);

	info->size = cpu_to_le32(size);
	info->type = cpu_to_le32(type);
	info->offset = cpu_to_le32(sizeof(*info));
	*(__le32 *)(info + 1) = cpu_to_le32(value);
	le32_add_cpu(&b->msg->pkt.info_len, size);
	b->size += size;
	return info;
}

static void add_frame(struct builder *b, u32 len)
{
	b->msg->pkt.data_offset = cpu_to_le32(b->size);
	b->msg->pkt.data_len = cpu_to_le32(len);
	memset((void *)b->msg + b->size, 0x5a, len);
	b->size += len;
}

static u32 packet_id(u32 flags, u16 id)
{
	return FIELD_PREP(RNDIS_PACKET_ID_FLAGS, flags) |
	       FIELD_PREP(RNDIS_PACKET_ID_ID, id) | 1;
}

static int parse(struct builder *b, struct rx_frame *frame)
{
	return rx_parse_packet(frame, b->msg, b->size);
}

static void refused(struct kunit *test, struct builder *b)
{
	struct rx_frame frame;

	KUNIT_EXPECT_EQ(test, parse(b, &frame), -EPROTO);
}

/* The header of a message */

static void message_of_good_host(struct kunit *test)
{
	__le32 words[8] = { cpu_to_le32(RNDIS_MSG_PACKET), cpu_to_le32(20) };
	u32 type;

	KUNIT_EXPECT_EQ(test, rx_parse_message(words, 32, &type), 12);
	KUNIT_EXPECT_EQ(test, type, RNDIS_MSG_PACKET);
	/* To the end of its range, and no body at all. */
	KUNIT_EXPECT_EQ(test, rx_parse_message(words, 20, &type), 12);
	words[1] = cpu_to_le32(8);
	KUNIT_EXPECT_EQ(test, rx_parse_message(words, 8, &type), 0);
}

static void message_cut_off(struct kunit *test)
{
	__le32 words[8] = { cpu_to_le32(RNDIS_MSG_PACKET), cpu_to_le32(20) };
	u32 type, len;

	for (len = 0; len < 20; len++)
		KUNIT_EXPECT_EQ(test, rx_parse_message(words, len, &type),
				-EPROTO);
}

static void message_of_wrong_length(struct kunit *test)
{
	static const u32 lengths[] = { 0, 7, 33, INT_MAX, INT_MAX + 1U, ~0 };
	__le32 words[8] = {};
	u32 type, i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		words[1] = cpu_to_le32(lengths[i]);
		KUNIT_EXPECT_EQ(test, rx_parse_message(words, 32, &type),
				-EPROTO);
	}
}

static void message_not_aligned(struct kunit *test)
{
	__le32 words[8] = {};
	u32 type;

	KUNIT_EXPECT_EQ(test, rx_parse_message((u8 *)words + 1, 16, &type),
			-EPROTO);
	KUNIT_EXPECT_EQ(test, rx_parse_message((u8 *)words + 2, 16, &type),
			-EPROTO);
}

/* A packet */

static void packet_without_info(struct kunit *test)
{
	struct rx_frame frame;
	struct builder b;

	begin(test, &b);
	/* Where there is no info it does not matter where it is. */
	b.msg->pkt.info_offset = cpu_to_le32(~0);
	add_frame(&b, FRAME_LEN);
	KUNIT_ASSERT_EQ(test, parse(&b, &frame), 0);
	KUNIT_EXPECT_PTR_EQ(test, frame.data,
			    (const void *)b.msg + sizeof(b.msg->pkt));
	KUNIT_EXPECT_EQ(test, frame.len, FRAME_LEN);
	KUNIT_EXPECT_EQ(test, frame.flags, 0);
	KUNIT_EXPECT_EQ(test, frame.csum, 0);
	KUNIT_EXPECT_EQ(test, frame.hash_info, 0);
}

static void packet_with_all_info(struct kunit *test)
{
	struct rx_frame frame;
	struct builder b;

	begin(test, &b);
	add_info(&b, RNDIS_INFO_HASH, 0xdeadbeef);
	add_info(&b, RNDIS_INFO_VLAN, 0x1234);
	add_info(&b, RNDIS_INFO_CSUM, RNDIS_CSUM_RX_TCP_GOOD);
	add_info(&b, RNDIS_INFO_HASH_INFO, BIT(9));
	add_info(&b, RNDIS_INFO_PACKET_ID,
		 packet_id(RNDIS_PACKET_ID_PART | RNDIS_PACKET_ID_LAST, 77));
	add_frame(&b, FRAME_LEN);
	KUNIT_ASSERT_EQ(test, parse(&b, &frame), 0);
	KUNIT_EXPECT_EQ(test, frame.flags, RX_HAS_HASH | RX_HAS_VLAN |
			RX_IS_PART | RX_IS_LAST);
	KUNIT_EXPECT_EQ(test, frame.hash, 0xdeadbeef);
	KUNIT_EXPECT_EQ(test, frame.vlan, 0x1234);
	KUNIT_EXPECT_EQ(test, frame.csum, RNDIS_CSUM_RX_TCP_GOOD);
	KUNIT_EXPECT_EQ(test, frame.hash_info, BIT(9));
	KUNIT_EXPECT_EQ(test, frame.id, 77);
}

static void packet_with_unknown_info(struct kunit *test)
{
	struct rndis_info *info;
	struct rx_frame frame;
	struct builder b;

	begin(test, &b);
	add_info(&b, 11, 1);
	add_info(&b, RNDIS_INFO_INTERNAL | RNDIS_INFO_HASH, 2);
	/* Too short for a value, and not looked at. */
	info = add_info(&b, RNDIS_INFO_HASH, 3);
	info->offset = info->size;
	add_info(&b, RNDIS_INFO_CSUM, 4);
	add_frame(&b, FRAME_LEN);
	KUNIT_ASSERT_EQ(test, parse(&b, &frame), 0);
	KUNIT_EXPECT_EQ(test, frame.flags, 0);
	KUNIT_EXPECT_EQ(test, frame.csum, 4);
}

static void packet_cut_off(struct kunit *test)
{
	struct builder b;
	u32 size;

	begin(test, &b);
	add_info(&b, RNDIS_INFO_CSUM, 0);
	add_frame(&b, FRAME_LEN);
	size = b.size;
	for (b.size = 0; b.size < size; b.size++)
		refused(test, &b);
}

static void packet_with_frame_outside(struct kunit *test)
{
	static const u32 offsets[] = { 0, 35, 37, 96, INT_MAX, ~0, ~0 - 59 };
	struct builder b;
	u32 i;

	begin(test, &b);
	add_frame(&b, FRAME_LEN);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		b.msg->pkt.data_offset = cpu_to_le32(offsets[i]);
		refused(test, &b);
	}
}

static void packet_with_frame_of_wrong_length(struct kunit *test)
{
	static const u32 lengths[] = { 0, 13, 61, RX_FRAME_MAX + 1, ~0 };
	struct rx_frame frame;
	struct builder b;
	u32 i;

	begin(test, &b);
	add_frame(&b, FRAME_LEN);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		b.msg->pkt.data_len = cpu_to_le32(lengths[i]);
		refused(test, &b);
	}
	b.msg->pkt.data_len = cpu_to_le32(ETH_HLEN);
	KUNIT_EXPECT_EQ(test, parse(&b, &frame), 0);
}

static void packet_with_oversized_frame(struct kunit *test)
{
	u32 size = sizeof(struct rndis_packet) + RX_FRAME_MAX + 1;
	struct rndis_packet *pkt = kunit_kzalloc(test, size, GFP_KERNEL);
	struct rx_frame frame;

	KUNIT_ASSERT_NOT_NULL(test, pkt);
	pkt->data_offset = cpu_to_le32(sizeof(*pkt));
	pkt->data_len = cpu_to_le32(RX_FRAME_MAX);
	KUNIT_EXPECT_EQ(test, rx_parse_packet(&frame, pkt, size), 0);
	pkt->data_len = cpu_to_le32(RX_FRAME_MAX + 1);
	KUNIT_EXPECT_EQ(test, rx_parse_packet(&frame, pkt, size), -EPROTO);
}

static void packet_with_info_outside(struct kunit *test)
{
	static const u32 offsets[] = { 0, 4, 32, 37, 104, 108, ~0, ~0 - 15 };
	struct builder b;
	u32 i;

	begin(test, &b);
	add_frame(&b, FRAME_LEN);
	add_info(&b, RNDIS_INFO_CSUM, 0);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		b.msg->pkt.info_offset = cpu_to_le32(offsets[i]);
		refused(test, &b);
	}
}

static void packet_with_info_in_its_frame(struct kunit *test)
{
	struct rndis_info *info;
	struct rx_frame frame;
	struct builder b;

	begin(test, &b);
	info = add_info(&b, RNDIS_INFO_CSUM, 0);
	add_frame(&b, FRAME_LEN);
	/* A good record, but from the frame's own bytes. */
	memcpy(info + 2, info, sizeof(*info));
	b.msg->pkt.info_offset = cpu_to_le32((void *)(info + 2) -
					     (void *)b.msg);
	refused(test, &b);

	/* Around it there is room for one. */
	b.msg->pkt.info_offset = cpu_to_le32(sizeof(b.msg->pkt));
	KUNIT_EXPECT_EQ(test, parse(&b, &frame), 0);
	b.msg->pkt.info_offset = cpu_to_le32(b.size);
	add_info(&b, RNDIS_INFO_CSUM, 0);
	b.msg->pkt.info_len = cpu_to_le32(16);
	KUNIT_EXPECT_EQ(test, parse(&b, &frame), 0);
}

static void packet_with_broken_record(struct kunit *test)
{
	static const u32 sizes[] = { 0, 11, 13, 17, 20, INT_MAX, ~0, ~0 - 3 };
	static const u32 offsets[] = { 13, 17, 20, INT_MAX, ~0, ~0 - 3 };
	struct rndis_info *info;
	struct builder b;
	u32 i;

	begin(test, &b);
	info = add_info(&b, RNDIS_INFO_CSUM, 0);
	add_frame(&b, FRAME_LEN);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		info->size = cpu_to_le32(sizes[i]);
		refused(test, &b);
	}
	/* With nothing in it, and no way on. */
	info->offset = 0;
	info->size = 0;
	refused(test, &b);
	info->size = cpu_to_le32(8);
	refused(test, &b);

	info->size = cpu_to_le32(16);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		info->offset = cpu_to_le32(offsets[i]);
		refused(test, &b);
	}
	/* A list that ends in the middle of a record. */
	info->offset = cpu_to_le32(12);
	for (i = 1; i < 16; i++) {
		b.msg->pkt.info_len = cpu_to_le32(i);
		refused(test, &b);
	}
}

/* Whatever the bytes are: an answer, and nothing outside of the message. */
static void packet_of_any_bytes(struct kunit *test)
{
	u32 *words = kunit_kzalloc(test, 128, GFP_KERNEL);
	const u32 size = 128;
	struct rx_frame frame;
	u32 seed = 1, i, n;

	KUNIT_ASSERT_NOT_NULL(test, words);
	for (n = 0; n < 100000; n++) {
		for (i = 0; i < size / sizeof(*words); i++) {
			seed = seed * 1664525 + 1013904223;
			/* Mostly small, so that some of it makes sense. */
			words[i] = seed & BIT(31) ? seed >> 24 & 124 : seed;
		}
		if (rx_parse_packet(&frame, words, size))
			continue;
		KUNIT_ASSERT_GE(test, (ulong)frame.data, (ulong)words);
		KUNIT_ASSERT_LE(test, (ulong)frame.data + frame.len,
				(ulong)words + size);
		KUNIT_ASSERT_GT(test, frame.len, 0);
	}
}

/* Coalesced frames */

static bool add_part(struct rx_run *run, u32 flags, u16 id, u32 len)
{
	struct rx_frame frame = { .flags = flags, .id = id, .len = len };

	return rx_run_add(run, &frame);
}

#define FIRST	(RX_IS_PART | RX_IS_FIRST)
#define MIDDLE	RX_IS_PART
#define LAST	(RX_IS_PART | RX_IS_LAST)

static void parts_in_order(struct kunit *test)
{
	struct rx_run run = {};

	KUNIT_EXPECT_TRUE(test, add_part(&run, FIRST, 5, 1000));
	KUNIT_EXPECT_TRUE(test, run.open);
	KUNIT_EXPECT_TRUE(test, add_part(&run, MIDDLE, 5, 1));
	KUNIT_EXPECT_TRUE(test, run.open);
	KUNIT_EXPECT_TRUE(test, add_part(&run, LAST, 5, 500));
	KUNIT_EXPECT_FALSE(test, run.open);
	KUNIT_EXPECT_EQ(test, run.len, 1501);
	/* And one in a single part. */
	KUNIT_EXPECT_TRUE(test, add_part(&run, FIRST | LAST, 6, 700));
	KUNIT_EXPECT_FALSE(test, run.open);
	KUNIT_EXPECT_EQ(test, run.len, 700);
}

static void parts_without_first(struct kunit *test)
{
	struct rx_run run = {};

	KUNIT_EXPECT_FALSE(test, add_part(&run, MIDDLE, 0, 100));
	KUNIT_EXPECT_FALSE(test, run.open);
	KUNIT_EXPECT_FALSE(test, add_part(&run, LAST, 0, 100));
	KUNIT_EXPECT_FALSE(test, run.open);
}

static void parts_after_last(struct kunit *test)
{
	struct rx_run run = {};

	KUNIT_EXPECT_TRUE(test, add_part(&run, FIRST, 1, 100));
	KUNIT_EXPECT_TRUE(test, add_part(&run, LAST, 1, 100));
	KUNIT_EXPECT_FALSE(test, add_part(&run, LAST, 1, 100));
}

static void parts_of_another_frame(struct kunit *test)
{
	struct rx_run run = {};

	KUNIT_EXPECT_TRUE(test, add_part(&run, FIRST, 1, 100));
	KUNIT_EXPECT_FALSE(test, add_part(&run, MIDDLE, 2, 100));
	KUNIT_EXPECT_FALSE(test, run.open);
	/* The right one comes too late. */
	KUNIT_EXPECT_FALSE(test, add_part(&run, MIDDLE, 1, 100));
}

static void parts_broken_by_a_frame(struct kunit *test)
{
	struct rx_run run = {};

	KUNIT_EXPECT_TRUE(test, add_part(&run, FIRST, 1, 100));
	KUNIT_EXPECT_TRUE(test, add_part(&run, 0, 0, 60));
	KUNIT_EXPECT_FALSE(test, run.open);
	KUNIT_EXPECT_FALSE(test, add_part(&run, LAST, 1, 100));
}

static void parts_begun_anew(struct kunit *test)
{
	struct rx_run run = {};

	KUNIT_EXPECT_TRUE(test, add_part(&run, FIRST, 1, 100));
	KUNIT_EXPECT_TRUE(test, add_part(&run, FIRST, 2, 200));
	KUNIT_EXPECT_TRUE(test, run.open);
	KUNIT_EXPECT_EQ(test, run.len, 200);
	KUNIT_EXPECT_TRUE(test, add_part(&run, LAST, 2, 100));
}

static void parts_too_long(struct kunit *test)
{
	struct rx_run run = {};

	KUNIT_EXPECT_TRUE(test, add_part(&run, FIRST, 1, RX_FRAME_MAX - 1));
	KUNIT_EXPECT_TRUE(test, add_part(&run, MIDDLE, 1, 1));
	KUNIT_EXPECT_EQ(test, run.len, RX_FRAME_MAX);
	KUNIT_EXPECT_FALSE(test, add_part(&run, LAST, 1, 1));
	KUNIT_EXPECT_FALSE(test, run.open);
}

static void parts_without_header(struct kunit *test)
{
	struct rx_run run = {};

	KUNIT_EXPECT_FALSE(test, add_part(&run, FIRST, 1, ETH_HLEN - 1));
	KUNIT_EXPECT_FALSE(test, run.open);
}

/* Headers of TCP */

#define PAYLOAD	100

/* The IP header is aligned, as not all machines can read it otherwise. */
struct segment {
	u8 pad[2] __aligned(4);
	u8 data[ETH_HLEN + sizeof(struct ipv6hdr) + 60 + PAYLOAD];
	u32 len;
};

static void *ip_of(struct segment *seg)
{
	return seg->data + ETH_HLEN;
}

static struct tcphdr *begin_tcp(struct segment *seg, u16 proto, u32 l4,
				u32 options)
{
	struct ethhdr *eth = (void *)seg->data;
	struct tcphdr *th = (void *)seg->data + l4;

	eth->h_proto = cpu_to_be16(proto);
	th->doff = 5 + options;
	seg->len = l4 + th->doff * 4 + PAYLOAD;
	return th;
}

static struct tcphdr *make_tcp4(struct segment *seg, u32 ip_options,
				u32 tcp_options)
{
	struct iphdr *iph = ip_of(seg);
	struct tcphdr *th;

	memset(seg, 0, sizeof(*seg));
	iph->version = 4;
	iph->ihl = 5 + ip_options;
	iph->protocol = IPPROTO_TCP;
	iph->frag_off = cpu_to_be16(0x4000);
	th = begin_tcp(seg, ETH_P_IP, ETH_HLEN + iph->ihl * 4, tcp_options);
	iph->tot_len = cpu_to_be16(seg->len - ETH_HLEN);
	return th;
}

static struct tcphdr *make_tcp6(struct segment *seg)
{
	struct ipv6hdr *ip6h = ip_of(seg);
	struct tcphdr *th;

	memset(seg, 0, sizeof(*seg));
	ip6h->version = 6;
	ip6h->nexthdr = IPPROTO_TCP;
	th = begin_tcp(seg, ETH_P_IPV6, ETH_HLEN + sizeof(*ip6h), 3);
	ip6h->payload_len = cpu_to_be16(seg->len - ETH_HLEN - sizeof(*ip6h));
	return th;
}

static bool find(const struct segment *seg, u32 head, struct rx_tcp *tcp)
{
	return rx_find_tcp(tcp, seg->data, head, seg->len);
}

static bool is_tcp(const struct segment *seg)
{
	struct rx_tcp tcp;

	return find(seg, seg->len, &tcp);
}

static void tcp_is_found(struct kunit *test)
{
	struct segment seg;
	struct rx_tcp tcp;

	make_tcp4(&seg, 0, 0);
	KUNIT_ASSERT_TRUE(test, find(&seg, seg.len, &tcp));
	KUNIT_EXPECT_EQ(test, tcp.l3, ETH_HLEN);
	KUNIT_EXPECT_EQ(test, tcp.l4, ETH_HLEN + 20);
	KUNIT_EXPECT_EQ(test, tcp.payload, ETH_HLEN + 40);
	KUNIT_EXPECT_FALSE(test, tcp.v6);

	make_tcp4(&seg, 2, 10);
	KUNIT_ASSERT_TRUE(test, find(&seg, seg.len, &tcp));
	KUNIT_EXPECT_EQ(test, tcp.l4, ETH_HLEN + 28);
	KUNIT_EXPECT_EQ(test, tcp.payload, ETH_HLEN + 28 + 60);

	make_tcp6(&seg);
	KUNIT_ASSERT_TRUE(test, find(&seg, seg.len, &tcp));
	KUNIT_EXPECT_EQ(test, tcp.l4, ETH_HLEN + 40);
	KUNIT_EXPECT_EQ(test, tcp.payload, ETH_HLEN + 72);
	KUNIT_EXPECT_TRUE(test, tcp.v6);
}

/* Headers have to be there; of the payload nothing need be. */
static void tcp_cut_off(struct kunit *test)
{
	struct segment seg;
	struct rx_tcp tcp;
	u32 head;

	make_tcp4(&seg, 1, 3);
	for (head = 0; head < ETH_HLEN + 24 + 32; head++)
		KUNIT_EXPECT_FALSE(test, find(&seg, head, &tcp));
	KUNIT_EXPECT_TRUE(test, find(&seg, head, &tcp));

	make_tcp6(&seg);
	for (head = 0; head < ETH_HLEN + 72; head++)
		KUNIT_EXPECT_FALSE(test, find(&seg, head, &tcp));
	KUNIT_EXPECT_TRUE(test, find(&seg, head, &tcp));
}

static void tcp_of_wrong_length(struct kunit *test)
{
	struct segment seg;
	struct iphdr *iph = ip_of(&seg);

	make_tcp4(&seg, 0, 0)->doff = 4;
	KUNIT_EXPECT_FALSE(test, is_tcp(&seg));
	make_tcp4(&seg, 0, 0);
	iph->ihl = 4;
	KUNIT_EXPECT_FALSE(test, is_tcp(&seg));
	make_tcp4(&seg, 0, 0);
	iph->tot_len = cpu_to_be16(39);
	KUNIT_EXPECT_FALSE(test, is_tcp(&seg));
	be16_add_cpu(&iph->tot_len, 1 + PAYLOAD + 1);
	KUNIT_EXPECT_FALSE(test, is_tcp(&seg));
	be16_add_cpu(&iph->tot_len, -1);
	KUNIT_EXPECT_TRUE(test, is_tcp(&seg));
}

static void tcp_it_is_not(struct kunit *test)
{
	struct segment seg;
	struct iphdr *iph = ip_of(&seg);
	struct ipv6hdr *ip6h = ip_of(&seg);
	struct ethhdr *eth = (void *)seg.data;

	make_tcp4(&seg, 0, 0);
	iph->protocol = IPPROTO_UDP;
	KUNIT_EXPECT_FALSE(test, is_tcp(&seg));
	make_tcp4(&seg, 0, 0);
	iph->frag_off = cpu_to_be16(0x2000);
	KUNIT_EXPECT_FALSE(test, is_tcp(&seg));
	iph->frag_off = cpu_to_be16(1);
	KUNIT_EXPECT_FALSE(test, is_tcp(&seg));
	make_tcp4(&seg, 0, 0);
	iph->version = 6;
	KUNIT_EXPECT_FALSE(test, is_tcp(&seg));
	make_tcp4(&seg, 0, 0);
	eth->h_proto = cpu_to_be16(ETH_P_8021Q);
	KUNIT_EXPECT_FALSE(test, is_tcp(&seg));
	make_tcp6(&seg);
	ip6h->nexthdr = IPPROTO_ROUTING;
	KUNIT_EXPECT_FALSE(test, is_tcp(&seg));
	make_tcp6(&seg);
	ip6h->version = 4;
	KUNIT_EXPECT_FALSE(test, is_tcp(&seg));
}

static struct kunit_case rx_parse_cases[] = {
	KUNIT_CASE(message_of_good_host),
	KUNIT_CASE(message_cut_off),
	KUNIT_CASE(message_of_wrong_length),
	KUNIT_CASE(message_not_aligned),
	KUNIT_CASE(packet_without_info),
	KUNIT_CASE(packet_with_all_info),
	KUNIT_CASE(packet_with_unknown_info),
	KUNIT_CASE(packet_cut_off),
	KUNIT_CASE(packet_with_frame_outside),
	KUNIT_CASE(packet_with_frame_of_wrong_length),
	KUNIT_CASE(packet_with_oversized_frame),
	KUNIT_CASE(packet_with_info_outside),
	KUNIT_CASE(packet_with_info_in_its_frame),
	KUNIT_CASE(packet_with_broken_record),
	KUNIT_CASE(packet_of_any_bytes),
	KUNIT_CASE(parts_in_order),
	KUNIT_CASE(parts_without_first),
	KUNIT_CASE(parts_after_last),
	KUNIT_CASE(parts_of_another_frame),
	KUNIT_CASE(parts_broken_by_a_frame),
	KUNIT_CASE(parts_begun_anew),
	KUNIT_CASE(parts_too_long),
	KUNIT_CASE(parts_without_header),
	KUNIT_CASE(tcp_is_found),
	KUNIT_CASE(tcp_cut_off),
	KUNIT_CASE(tcp_of_wrong_length),
	KUNIT_CASE(tcp_it_is_not),
	{}
};

static struct kunit_suite rx_parse_suite = {
	.name = "netvsc_rx_parse",
	.test_cases = rx_parse_cases,
};

kunit_test_suite(rx_parse_suite);

MODULE_DESCRIPTION("KUnit tests of the Hyper-V network driver's reader of received messages");
MODULE_LICENSE("GPL");
