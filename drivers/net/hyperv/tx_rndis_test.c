// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RNDIS header that goes in front of a packet: where things
 * are, and what the host is told to do to the packet.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/udp.h>

/* The machine has no outside, so the tests bring their own. */
#include "tx_rndis.c"

#define TEST_DATA	100

/* A header, and room to see that nothing is written behind it. */
struct message {
	struct rndis_hdr hdr;
	struct rndis_packet pkt;
	u8 infos[TX_RNDIS_MAX];
};

/* An Ethernet frame with IP and TCP or UDP headers and some data. */
static struct sk_buff *make_packet(struct kunit *test, bool ipv6, bool tcp)
{
	u32 l3 = ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	u32 l4 = tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr);
	struct sk_buff *skb;

	skb = alloc_skb(ETH_HLEN + l3 + l4 + TEST_DATA, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_zero(skb, ETH_HLEN + l3 + l4 + TEST_DATA);
	skb->protocol = ipv6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	skb_reset_mac_header(skb);
	eth_hdr(skb)->h_proto = skb->protocol;
	skb_set_network_header(skb, ETH_HLEN);
	skb_set_transport_header(skb, ETH_HLEN + l3);
	if (tcp)
		tcp_hdr(skb)->doff = 5;
	return skb;
}

static void want_csum(struct sk_buff *skb, bool tcp)
{
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = tcp ? offsetof(struct tcphdr, check) :
				 offsetof(struct udphdr, check);
}

static void want_lso(struct sk_buff *skb, bool ipv6)
{
	want_csum(skb, true);
	skb_shinfo(skb)->gso_type = ipv6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
	skb_shinfo(skb)->gso_size = 40;
	skb_shinfo(skb)->gso_segs = 3;
}

/* Looks for info of @type as the host would.  Return: whether it is there. */
static bool find_info(struct kunit *test, const struct message *msg, u32 type,
		      u32 *value)
{
	u32 len = le32_to_cpu(msg->pkt.info_len);
	const u8 *at = msg->infos;
	struct rndis_info info;
	bool found = false;
	__le32 word;

	KUNIT_ASSERT_EQ(test, le32_to_cpu(msg->pkt.info_offset),
			sizeof(msg->pkt));
	while (len) {
		KUNIT_ASSERT_GE(test, len, sizeof(info) + sizeof(word));
		memcpy(&info, at, sizeof(info));
		KUNIT_ASSERT_EQ(test, le32_to_cpu(info.size),
				sizeof(info) + sizeof(word));
		if (le32_to_cpu(info.type) == type) {
			KUNIT_EXPECT_FALSE(test, found);
			memcpy(&word, at + le32_to_cpu(info.offset),
			       sizeof(word));
			*value = le32_to_cpu(word);
			found = true;
		}
		at += le32_to_cpu(info.size);
		len -= le32_to_cpu(info.size);
	}
	return found;
}

/* What holds for every header of @nr_infos pieces. */
static void check_header(struct kunit *test, const struct message *msg,
			 u32 len, u32 data_len, u32 nr_infos, u32 align)
{
	u32 i, want = sizeof(msg->hdr) + sizeof(msg->pkt) + 16 * nr_infos;

	KUNIT_EXPECT_EQ(test, len, want);
	KUNIT_EXPECT_LE(test, len, TX_RNDIS_MAX);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->hdr.type), RNDIS_MSG_PACKET);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->hdr.len),
			ALIGN(len + data_len, align));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->pkt.data_offset),
			len - sizeof(msg->hdr));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->pkt.data_len), data_len);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->pkt.info_len), 16 * nr_infos);
	KUNIT_EXPECT_EQ(test, msg->pkt.oob_offset, 0);
	KUNIT_EXPECT_EQ(test, msg->pkt.oob_len, 0);
	KUNIT_EXPECT_EQ(test, msg->pkt.oob_count, 0);
	KUNIT_EXPECT_EQ(test, msg->pkt.vc, 0);
	KUNIT_EXPECT_EQ(test, msg->pkt.reserved, 0);
	for (i = 16 * nr_infos; i < sizeof(msg->infos); i++)
		KUNIT_EXPECT_EQ(test, msg->infos[i], 0xff);
}

static void put(struct kunit *test, struct message *msg,
		const struct sk_buff *skb, bool hash, u32 nr_infos)
{
	memset(msg, 0xff, sizeof(*msg));
	check_header(test, msg, tx_rndis_put(msg, skb, hash, 1), skb->len,
		     nr_infos, 1);
}

static void plain_frame_has_no_info(struct kunit *test)
{
	struct message msg;
	struct sk_buff *skb;
	u32 align, len;

	for (align = 1; align <= 256; align *= 2) {
		memset(&msg, 0xff, sizeof(msg));
		len = tx_rndis_put_plain(&msg, 61, -1, align);
		check_header(test, &msg, len, 61, 0, align);
	}
	skb = make_packet(test, false, true);
	put(test, &msg, skb, true, 0);
	kfree_skb(skb);
}

struct csum_case {
	const char *name;
	bool ipv6, tcp;
	u32 info;
};

static const struct csum_case csum_cases[] = {
	{ "TCP over IPv4", false, true,	 0x5 | 34 << 16 },
	{ "UDP over IPv4", false, false, 0x9 | 34 << 16 },
	{ "TCP over IPv6", true, true,	 0x6 | 54 << 16 },
	{ "UDP over IPv6", true, false,	 0xa | 54 << 16 },
};

KUNIT_ARRAY_PARAM_DESC(csum, csum_cases, name);

static void checksum_is_asked_for(struct kunit *test)
{
	const struct csum_case *c = test->param_value;
	struct message msg;
	struct sk_buff *skb;
	u32 value;

	skb = make_packet(test, c->ipv6, c->tcp);
	want_csum(skb, c->tcp);
	put(test, &msg, skb, false, 1);
	KUNIT_ASSERT_TRUE(test, find_info(test, &msg, RNDIS_INFO_CSUM, &value));
	KUNIT_EXPECT_EQ(test, value, c->info);

	/* The same behind a tag among the frame's bytes */
	__vlan_insert_tag(skb, htons(ETH_P_8021Q), 5);
	skb->protocol = htons(ETH_P_8021Q);
	skb_reset_mac_header(skb);
	put(test, &msg, skb, false, 1);
	KUNIT_ASSERT_TRUE(test, find_info(test, &msg, RNDIS_INFO_CSUM, &value));
	KUNIT_EXPECT_EQ(test, value, c->info + (VLAN_HLEN << 16));
	kfree_skb(skb);
}

static void large_send_is_asked_for(struct kunit *test)
{
	struct message msg;
	struct sk_buff *skb;
	u32 value;

	skb = make_packet(test, false, true);
	want_lso(skb, false);
	put(test, &msg, skb, false, 1);
	KUNIT_ASSERT_TRUE(test, find_info(test, &msg, RNDIS_INFO_LSO, &value));
	KUNIT_EXPECT_EQ(test, value, BIT(30) | 34 << 20 | 40);
	kfree_skb(skb);

	skb = make_packet(test, true, true);
	want_lso(skb, true);
	put(test, &msg, skb, false, 1);
	KUNIT_ASSERT_TRUE(test, find_info(test, &msg, RNDIS_INFO_LSO, &value));
	KUNIT_EXPECT_EQ(test, value, BIT(31) | BIT(30) | 54 << 20 | 40);
	kfree_skb(skb);
}

/* Priority, then DEI, then VLAN, from the lowest bit on; likewise for a frame of XDP */
static void vlan_is_turned_round(struct kunit *test)
{
	struct sk_buff *skb = make_packet(test, false, true);
	struct message msg;
	u32 value, len;

	__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), 5 << 13 | 0x123);
	put(test, &msg, skb, false, 1);
	KUNIT_ASSERT_TRUE(test, find_info(test, &msg, RNDIS_INFO_VLAN, &value));
	KUNIT_EXPECT_EQ(test, value, 5 | 0x123 << 4);

	__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), BIT(12) | 0xffe);
	put(test, &msg, skb, false, 1);
	KUNIT_ASSERT_TRUE(test, find_info(test, &msg, RNDIS_INFO_VLAN, &value));
	KUNIT_EXPECT_EQ(test, value, BIT(3) | 0xffe << 4);

	len = skb->len;
	memset(&msg, 0xff, sizeof(msg));
	check_header(test, &msg,
		     tx_rndis_put_plain(&msg, len, BIT(12) | 0xffe, 1), len, 1, 1);
	KUNIT_ASSERT_TRUE(test, find_info(test, &msg, RNDIS_INFO_VLAN, &value));
	KUNIT_EXPECT_EQ(test, value, BIT(3) | 0xffe << 4);
	kfree_skb(skb);
}

static void hash_goes_along_if_wanted(struct kunit *test)
{
	struct sk_buff *skb = make_packet(test, false, true);
	struct message msg;
	u32 value;

	put(test, &msg, skb, true, 0);
	skb_set_hash(skb, 0xdecafbad, PKT_HASH_TYPE_L4);
	put(test, &msg, skb, false, 0);
	put(test, &msg, skb, true, 1);
	KUNIT_ASSERT_TRUE(test, find_info(test, &msg, RNDIS_INFO_HASH, &value));
	KUNIT_EXPECT_EQ(test, value, 0xdecafbad);
	kfree_skb(skb);
}

static void everything_fits_at_once(struct kunit *test)
{
	struct sk_buff *skb = make_packet(test, true, true);
	struct message msg;
	u32 value;

	want_lso(skb, true);
	skb_set_hash(skb, 1, PKT_HASH_TYPE_L4);
	__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), 1);
	put(test, &msg, skb, true, 3);
	KUNIT_EXPECT_TRUE(test, find_info(test, &msg, RNDIS_INFO_LSO, &value));
	KUNIT_EXPECT_TRUE(test, find_info(test, &msg, RNDIS_INFO_VLAN, &value));
	KUNIT_EXPECT_TRUE(test, find_info(test, &msg, RNDIS_INFO_HASH, &value));
	KUNIT_EXPECT_FALSE(test, find_info(test, &msg, RNDIS_INFO_CSUM,
					   &value));
	kfree_skb(skb);
}

/* The pseudo header's sum as the host is to find it: without a length. */
static u16 pseudo_sum(const u8 *addrs, u32 len)
{
	u32 i, sum = IPPROTO_TCP;

	for (i = 0; i < len; i += 2)
		sum += addrs[i] << 8 | addrs[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void lso_headers_lose_their_lengths(struct kunit *test)
{
	u8 copy[ETH_HLEN + sizeof(struct ipv6hdr) + sizeof(struct tcphdr)];
	struct sk_buff *skb = make_packet(test, false, true);
	u32 len = skb_tcp_all_headers(skb);
	struct tcphdr *tcp;
	struct iphdr *ip;

	want_lso(skb, false);
	ip_hdr(skb)->tot_len = htons(140);
	ip_hdr(skb)->check = htons(0xabcd);
	ip_hdr(skb)->saddr = htonl(0xc0a84d01);
	ip_hdr(skb)->daddr = htonl(0xfffefdfc);
	memcpy(copy, skb->data, len);

	tx_rndis_fix_lso(copy, skb);
	ip = (void *)copy + ETH_HLEN;
	tcp = (void *)(ip + 1);
	KUNIT_EXPECT_EQ(test, ip->tot_len, 0);
	KUNIT_EXPECT_EQ(test, ip->check, 0);
	KUNIT_EXPECT_EQ(test, ntohs((__force __be16)tcp->check),
			pseudo_sum((u8 *)&ip->saddr, 8));

	/* The packet is the stack's, and others may be looking at it. */
	KUNIT_EXPECT_EQ(test, ntohs(ip_hdr(skb)->tot_len), 140);
	KUNIT_EXPECT_EQ(test, tcp_hdr(skb)->check, 0);
	kfree_skb(skb);
}

static void lso_headers_of_ipv6_too(struct kunit *test)
{
	u8 copy[ETH_HLEN + sizeof(struct ipv6hdr) + sizeof(struct tcphdr)];
	struct sk_buff *skb = make_packet(test, true, true);
	struct ipv6hdr *ip;
	struct tcphdr *tcp;

	want_lso(skb, true);
	ipv6_hdr(skb)->payload_len = htons(120);
	memset(&ipv6_hdr(skb)->saddr, 0xfd, 16);
	memset(&ipv6_hdr(skb)->daddr, 0x77, 16);
	memcpy(copy, skb->data, sizeof(copy));

	tx_rndis_fix_lso(copy, skb);
	ip = (void *)copy + ETH_HLEN;
	tcp = (void *)(ip + 1);
	KUNIT_EXPECT_EQ(test, ip->payload_len, 0);
	KUNIT_EXPECT_EQ(test, ntohs((__force __be16)tcp->check),
			pseudo_sum((u8 *)&ip->saddr, 32));
	KUNIT_EXPECT_EQ(test, ntohs(ipv6_hdr(skb)->payload_len), 120);
	kfree_skb(skb);
}

static struct kunit_case tx_rndis_cases[] = {
	KUNIT_CASE(plain_frame_has_no_info),
	KUNIT_CASE_PARAM(checksum_is_asked_for, csum_gen_params),
	KUNIT_CASE(large_send_is_asked_for),
	KUNIT_CASE(vlan_is_turned_round),
	KUNIT_CASE(hash_goes_along_if_wanted),
	KUNIT_CASE(everything_fits_at_once),
	KUNIT_CASE(lso_headers_lose_their_lengths),
	KUNIT_CASE(lso_headers_of_ipv6_too),
	{}
};

static struct kunit_suite tx_rndis_suite = {
	.name = "netvsc_tx_rndis",
	.test_cases = tx_rndis_cases,
};

kunit_test_suite(tx_rndis_suite);

MODULE_DESCRIPTION("KUnit tests of the Hyper-V network driver's RNDIS messages");
MODULE_LICENSE("GPL");
