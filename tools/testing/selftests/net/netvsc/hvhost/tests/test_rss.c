// SPDX-License-Identifier: GPL-2.0
/*
 * Receive side scaling: the published hashes of the RSS specification, and what
 * the guest may and may not ask for.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"

#include "frame.h"
#include "rndis_wire.h"
#include "rss.h"

#define ALL_TYPES	(NDIS_HASH_IP4 | NDIS_HASH_TCP4 | NDIS_HASH_UDP4 | \
			 NDIS_HASH_IP6 | NDIS_HASH_TCP6 | NDIS_HASH_UDP6)
#define PROTO_TCP	6
#define PROTO_UDP	17
#define PROTO_OTHER	47

static const uint8_t known_key[RSS_KEY_LEN] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct vector {
	const char *dst, *src;
	uint16_t dport, sport;
	uint32_t ip, ports;
} vectors[] = {
	{ "161.142.100.80", "66.9.149.187", 1766, 2794,
	  0x323e8fc2, 0x51ccc178 },
	{ "65.69.140.83", "199.92.111.2", 4739, 14230,
	  0xd718262a, 0xc626b0ea },
	{ "12.22.207.184", "24.19.198.95", 38024, 12898,
	  0xd2d0a5de, 0x5c2b394a },
	{ "209.142.163.6", "38.27.205.30", 2217, 48228,
	  0x82989176, 0xafc7327f },
	{ "202.188.127.2", "153.39.163.191", 1303, 44251,
	  0x5d1809c5, 0x10e828a2 },
	{ "3ffe:2501:200:3::1", "3ffe:2501:200:1fff::7", 1766, 2794,
	  0x2cc18cd5, 0x40207d3d },
	{ "ff02::1", "3ffe:501:8::260:97ff:fe40:efab", 4739, 14230,
	  0x0f0c461c, 0xdde51bbf },
	{ "fe80::200:f8ff:fe21:67cf", "3ffe:1900:4545:3:200:f8ff:fe21:67cf",
	  38024, 44251, 0x4b61e985, 0x02d1feef },
};

#define NR_VECTORS	(sizeof(vectors) / sizeof(vectors[0]))

static void put16(uint8_t *at, unsigned int v)
{
	at[0] = v >> 8;
	at[1] = v;
}

/* A whole frame with the addresses and ports of @vec. */
static struct frame make_frame(uint8_t *bytes, const struct vector *vec,
			       uint8_t proto)
{
	bool ip6 = strchr(vec->dst, ':');
	uint8_t *ip = bytes + 14, *l4 = ip + (ip6 ? 40 : 20);

	memset(bytes, 0, 128);
	put16(bytes + 12, ip6 ? 0x86dd : 0x0800);
	if (ip6) {
		ip[0] = 0x60;
		put16(ip + 4, 20);
		ip[6] = proto;
		inet_pton(AF_INET6, vec->src, ip + 8);
		inet_pton(AF_INET6, vec->dst, ip + 24);
	} else {
		ip[0] = 0x45;
		put16(ip + 2, 40);
		ip[9] = proto;
		inet_pton(AF_INET, vec->src, ip + 12);
		inet_pton(AF_INET, vec->dst, ip + 16);
	}
	put16(l4, vec->sport);
	put16(l4 + 2, vec->dport);
	if (proto == PROTO_TCP)
		l4[12] = 5 << 4;
	else
		put16(l4 + 4, 20);
	return (struct frame){ .data = bytes, .len = l4 + 20 - bytes };
}

/* What a guest sends: parameters, table, key. */
struct request {
	struct ndis_rss_params par;
	uint32_t table[RSS_TABLE];
	uint8_t key[RSS_KEY_LEN];
};

static struct request make_request(uint32_t types)
{
	struct request req = {
		.par = {
			.obj = { NDIS_OBJ_RSS_PARAMS, 2, sizeof(req.par) },
			.hash_info = NDIS_HASH_TOEPLITZ | types,
			.table_len = sizeof(req.table),
			.table_offset = offsetof(struct request, table),
			.key_len = RSS_KEY_LEN,
			.key_offset = offsetof(struct request, key),
		},
	};
	unsigned int i;

	for (i = 0; i < RSS_TABLE; i++)
		req.table[i] = i % 4;
	memcpy(req.key, known_key, sizeof(req.key));
	return req;
}

static uint32_t set(struct rss *rss, const struct request *req)
{
	return rss_set(rss, 4, (const uint8_t *)req, sizeof(*req));
}

TEST(published_hashes)
{
	struct request req = make_request(ALL_TYPES);
	struct rss rss = { 0 };
	struct rss_hash hash;
	struct frame frame;
	uint8_t bytes[128];
	unsigned int i;

	ASSERT_EQ(RNDIS_OK, set(&rss, &req));
	for (i = 0; i < NR_VECTORS; i++) {
		bool ip6 = i >= 5;

		frame = make_frame(bytes, &vectors[i], PROTO_TCP);
		hash = rss_hash(&rss, &frame);
		EXPECT_EQ(vectors[i].ports, hash.value);
		EXPECT_EQ(1 | (ip6 ? NDIS_HASH_TCP6 : NDIS_HASH_TCP4),
			  hash.info);
		EXPECT_EQ(vectors[i].ports % 4, rss_queue(&rss, &hash));
		frame = make_frame(bytes, &vectors[i], PROTO_UDP);
		hash = rss_hash(&rss, &frame);
		EXPECT_EQ(vectors[i].ports, hash.value);
		EXPECT_EQ(1 | (ip6 ? NDIS_HASH_UDP6 : NDIS_HASH_UDP4),
			  hash.info);
		frame = make_frame(bytes, &vectors[i], PROTO_OTHER);
		hash = rss_hash(&rss, &frame);
		EXPECT_EQ(vectors[i].ip, hash.value);
		EXPECT_EQ(1 | (ip6 ? NDIS_HASH_IP6 : NDIS_HASH_IP4),
			  hash.info);
	}
}

TEST(only_what_is_wanted)
{
	struct request req = make_request(NDIS_HASH_TCP4 | NDIS_HASH_IP6);
	struct rss rss = { 0 };
	struct rss_hash hash;
	struct frame frame;
	uint8_t bytes[128];

	frame = make_frame(bytes, &vectors[0], PROTO_TCP);
	hash = rss_hash(&rss, &frame);		/* nothing set yet */
	EXPECT_EQ(0, hash.info);
	ASSERT_EQ(RNDIS_OK, set(&rss, &req));
	EXPECT_EQ(vectors[0].ports, rss_hash(&rss, &frame).value);
	put16(bytes + 20, 0x2000);		/* a fragment */
	EXPECT_EQ(0, rss_hash(&rss, &frame).info);
	frame = make_frame(bytes, &vectors[0], PROTO_UDP);
	hash = rss_hash(&rss, &frame);
	EXPECT_EQ(0, hash.info);
	EXPECT_EQ(0, rss_queue(&rss, &hash));
	frame = make_frame(bytes, &vectors[6], PROTO_TCP);
	EXPECT_EQ(vectors[6].ip, rss_hash(&rss, &frame).value);
	put16(bytes + 12, 0x0806);		/* ARP */
	EXPECT_EQ(0, rss_hash(&rss, &frame).info);

	req.par.flags = NDIS_RSS_DISABLE;
	ASSERT_EQ(RNDIS_OK, set(&rss, &req));
	EXPECT_FALSE(rss.on);
	req.par.flags = 0;
	ASSERT_EQ(RNDIS_OK, set(&rss, &req));
	EXPECT_TRUE(rss.on);
	req.par.hash_info = NDIS_HASH_TCP4;	/* no function: off */
	ASSERT_EQ(RNDIS_OK, set(&rss, &req));
	frame = make_frame(bytes, &vectors[0], PROTO_TCP);
	EXPECT_EQ(0, rss_hash(&rss, &frame).info);
}

TEST(short_tables_go_round)
{
	struct request req = make_request(NDIS_HASH_TCP4);
	struct rss rss = { 0 };
	unsigned int i;

	req.par.table_len = 3 * sizeof(uint32_t);
	ASSERT_EQ(RNDIS_OK, set(&rss, &req));
	for (i = 0; i < RSS_TABLE; i++)
		EXPECT_EQ(i % 3, rss.table[i]);
}

TEST(unchanged_parts)
{
	struct request req = make_request(NDIS_HASH_TCP4);
	struct rss rss = { 0 };

	req.par.flags = NDIS_RSS_SAME_TABLE;	/* as what? */
	EXPECT_EQ(RNDIS_E_DATA, set(&rss, &req));
	req.par.flags = 0;
	ASSERT_EQ(RNDIS_OK, set(&rss, &req));
	req.par.flags = NDIS_RSS_SAME_TABLE | NDIS_RSS_SAME_HASH;
	req.par.hash_info = 0;
	req.par.table_len = 0;
	req.key[0] = 0;
	req.table[1] = 3;
	ASSERT_EQ(RNDIS_OK, set(&rss, &req));
	EXPECT_TRUE(rss.on);
	EXPECT_EQ(1, rss.table[1]);
	EXPECT_EQ(0, rss.key[0]);
	EXPECT_EQ(NDIS_HASH_TCP4, rss.types);
	req.par.flags = NDIS_RSS_SAME_KEY;
	req.par.hash_info = NDIS_HASH_TOEPLITZ | NDIS_HASH_IP4;
	req.par.key_len = 0;
	req.par.table_len = sizeof(req.table);
	req.key[0] = 0x55;
	ASSERT_EQ(RNDIS_OK, set(&rss, &req));
	EXPECT_EQ(3, rss.table[1]);
	EXPECT_EQ(0, rss.key[0]);
}

static bool same(const struct rss *a, const struct rss *b)
{
	return a->on == b->on && a->known == b->known && a->types == b->types &&
	       !memcmp(a->key, b->key, sizeof(a->key)) &&
	       !memcmp(a->table, b->table, sizeof(a->table));
}

static uint32_t refused(struct rss *rss, struct request req)
{
	struct rss before = *rss;
	uint32_t status;

	status = set(rss, &req);
	/* All or nothing. */
	return same(&before, rss) ? status : RNDIS_OK;
}

TEST(nonsense)
{
	const struct request good = make_request(ALL_TYPES);
	struct rss rss = { 0 };
	struct request req;
	size_t len;

	ASSERT_EQ(RNDIS_OK, set(&rss, &good));
	for (len = 0; len < sizeof(good.par); len++)
		EXPECT_EQ(RNDIS_E_LENGTH,
			  rss_set(&rss, 4, (const uint8_t *)&good, len));
	for (; len < sizeof(good); len++)
		EXPECT_EQ(RNDIS_E_DATA,
			  rss_set(&rss, 4, (const uint8_t *)&good, len));

	req = good;
	req.par.obj.type = NDIS_OBJ_RSS_CAPS;
	EXPECT_EQ(RNDIS_E_DATA, refused(&rss, req));
	req = good;
	req.par.hash_info = ALL_TYPES | 2;	/* an unknown one */
	EXPECT_EQ(RNDIS_E_DATA, refused(&rss, req));
	req = good;
	req.par.key_len = 39;
	EXPECT_EQ(RNDIS_E_DATA, refused(&rss, req));
	req = good;
	req.par.key_offset = UINT32_MAX;
	EXPECT_EQ(RNDIS_E_DATA, refused(&rss, req));
	req.par.key_offset = sizeof(req) - RSS_KEY_LEN + 1;
	EXPECT_EQ(RNDIS_E_DATA, refused(&rss, req));
	req = good;
	req.par.table_len = 0;
	EXPECT_EQ(RNDIS_E_DATA, refused(&rss, req));
	req.par.table_len = 6;
	EXPECT_EQ(RNDIS_E_DATA, refused(&rss, req));
	req.par.table_len = (RSS_TABLE + 1) * 4;
	EXPECT_EQ(RNDIS_E_DATA, refused(&rss, req));
	req = good;
	req.par.table_offset = UINT32_MAX - 3;
	EXPECT_EQ(RNDIS_E_DATA, refused(&rss, req));
	req.par.table_offset = sizeof(req) - 4;
	EXPECT_EQ(RNDIS_E_DATA, refused(&rss, req));
	req = good;
	req.table[127] = 4;			/* channels 0 to 3 */
	EXPECT_EQ(RNDIS_E_DATA, refused(&rss, req));
	req.table[127] = UINT32_MAX;
	EXPECT_EQ(RNDIS_E_DATA, refused(&rss, req));
}

TEST_HARNESS_MAIN
