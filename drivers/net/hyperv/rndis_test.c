// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of what the host says in RNDIS control: answers and indications
 * that are right, cut off, too long or made up, and the objects about offloads
 * of each generation of hosts.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/netdevice.h>

/* The machine has no outside, so the tests bring their own. */
#include "offload.c"
#include "rndis_parse.c"

/* Longer than any answer here; exactly as long as said, so that KASAN sees. */
static void *body_copy(struct kunit *test, const void *from, u32 len)
{
	void *body = kunit_kzalloc(test, max(len, 1U), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, body);
	memcpy(body, from, len);
	return body;
}

/* A status, and what it comes to */

static void status_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, rndis_status_to_errno(RNDIS_STATUS_SUCCESS), 0);
	KUNIT_EXPECT_EQ(test,
			rndis_status_to_errno(RNDIS_STATUS_NOT_SUPPORTED),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, rndis_status_to_errno(RNDIS_STATUS_INVALID_OID),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, rndis_status_to_errno(RNDIS_STATUS_FAILURE),
			-EIO);
	KUNIT_EXPECT_EQ(test, rndis_status_to_errno(U32_MAX), -EIO);
}

/* RNDIS_MSG_INIT */

static struct rndis_initialize_done good_init(void)
{
	return (struct rndis_initialize_done) {
		.medium = cpu_to_le32(RNDIS_MEDIUM_802_3),
		.max_packets = cpu_to_le32(8),
		.alignment_shift = cpu_to_le32(3),
	};
}

static int parse_init(struct kunit *test,
		      const struct rndis_initialize_done *done, u32 len,
		      struct rndis_limits *limits)
{
	return rndis_parse_init(body_copy(test, done, len), len, limits);
}

static void init_good_test(struct kunit *test)
{
	struct rndis_initialize_done done = good_init();
	struct rndis_limits limits = {};

	KUNIT_EXPECT_EQ(test, parse_init(test, &done, sizeof(done), &limits),
			0);
	KUNIT_EXPECT_EQ(test, limits.max_packets, 8);
	KUNIT_EXPECT_EQ(test, limits.align_shift, 3);

	/* The list at the end may be missing, as it is of no use here. */
	KUNIT_EXPECT_EQ(test,
			parse_init(test, &done,
				   offsetof(typeof(done), af_offset), &limits),
			0);
}

static void init_short_test(struct kunit *test)
{
	struct rndis_initialize_done done = good_init();
	struct rndis_limits limits;
	u32 len;

	for (len = 0; len < offsetof(typeof(done), af_offset); len++)
		KUNIT_EXPECT_EQ(test, parse_init(test, &done, len, &limits),
				-EPROTO);
}

static void init_bad_test(struct kunit *test)
{
	struct rndis_initialize_done done = good_init();
	struct rndis_limits limits;

	done.status = cpu_to_le32(RNDIS_STATUS_FAILURE);
	KUNIT_EXPECT_EQ(test, parse_init(test, &done, sizeof(done), &limits),
			-EIO);

	done = good_init();
	done.medium = cpu_to_le32(1);
	KUNIT_EXPECT_EQ(test, parse_init(test, &done, sizeof(done), &limits),
			-EPROTONOSUPPORT);

	/* A shift that would be undefined, and one that would be silly. */
	done = good_init();
	done.alignment_shift = cpu_to_le32(64);
	KUNIT_EXPECT_EQ(test, parse_init(test, &done, sizeof(done), &limits),
			-EPROTO);
	done.alignment_shift = cpu_to_le32(RNDIS_MAX_ALIGN_SHIFT + 1);
	KUNIT_EXPECT_EQ(test, parse_init(test, &done, sizeof(done), &limits),
			-EPROTO);

	/* No packet at all in a message would be no NIC. */
	done = good_init();
	done.max_packets = 0;
	KUNIT_EXPECT_EQ(test, parse_init(test, &done, sizeof(done), &limits),
			0);
	KUNIT_EXPECT_EQ(test, limits.max_packets, 1);
}

/* RNDIS_MSG_SET */

static void set_test(struct kunit *test)
{
	struct rndis_set_done done = {};
	u32 len;

	KUNIT_EXPECT_EQ(test, rndis_parse_set(&done, sizeof(done)), 0);
	done.status = cpu_to_le32(RNDIS_STATUS_INVALID_DATA);
	KUNIT_EXPECT_EQ(test, rndis_parse_set(&done, sizeof(done)), -EIO);
	for (len = 0; len < sizeof(done); len++)
		KUNIT_EXPECT_EQ(test,
				rndis_parse_set(body_copy(test, &done, len),
						len),
				-EPROTO);
}

/* RNDIS_MSG_QUERY */

struct query_case {
	const char *name;
	u32 status;
	u32 offset;
	u32 len;
	u32 body;	/* bytes of the body, its header included */
	int err;
};

#define QUERY_HDR	sizeof(struct rndis_query_done)

static const struct query_case query_cases[] = {
	{ "right", 0, QUERY_HDR, 8, QUERY_HDR + 8, 0 },
	{ "empty", 0, QUERY_HDR, 0, QUERY_HDR, 0 },
	{ "with a gap", 0, QUERY_HDR + 4, 4, QUERY_HDR + 8, 0 },
	{ "with something behind", 0, QUERY_HDR, 4, QUERY_HDR + 8, 0 },
	{ "no body", 0, QUERY_HDR, 0, 0, -EPROTO },
	{ "header cut off", 0, QUERY_HDR, 0, QUERY_HDR - 1, -EPROTO },
	{ "cut off", 0, QUERY_HDR, 8, QUERY_HDR + 7, -EPROTO },
	{ "in the header", 0, 0, 8, QUERY_HDR + 8, -EPROTO },
	{ "half in the header", 0, QUERY_HDR - 1, 8, QUERY_HDR + 8, -EPROTO },
	{ "behind the end", 0, QUERY_HDR + 9, 0, QUERY_HDR + 8, -EPROTO },
	{ "offset wraps", 0, U32_MAX, 8, QUERY_HDR + 8, -EPROTO },
	{ "length wraps", 0, QUERY_HDR, U32_MAX, QUERY_HDR + 8, -EPROTO },
	{ "sum wraps", 0, QUERY_HDR + 8, U32_MAX - QUERY_HDR - 7,
	  QUERY_HDR + 8, -EPROTO },
	{ "refused", RNDIS_STATUS_FAILURE, QUERY_HDR, 8, QUERY_HDR + 8, -EIO },
	{ "refused, with nonsense", RNDIS_STATUS_NOT_SUPPORTED, U32_MAX,
	  U32_MAX, QUERY_HDR, -EOPNOTSUPP },
};

static void query_case_name(const struct query_case *from, char *to)
{
	strscpy(to, from->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(query, query_cases, query_case_name);

static void query_test(struct kunit *test)
{
	const struct query_case *c = test->param_value;
	struct {
		struct rndis_query_done done;
		u8 room[16];
	} full = {
		.done.status = cpu_to_le32(c->status),
		.done.offset = cpu_to_le32(c->offset),
		.done.len = cpu_to_le32(c->len),
	};
	struct rndis_view info = {};
	const void *body = body_copy(test, &full, c->body);

	KUNIT_EXPECT_EQ(test, rndis_parse_query(body, c->body, &info), c->err);
	if (c->err) {
		KUNIT_EXPECT_NULL(test, info.data);
		return;
	}
	KUNIT_EXPECT_PTR_EQ(test, info.data, body + c->offset);
	KUNIT_EXPECT_EQ(test, info.len, c->len);
}

/* Messages in shared memory */

static void reply_id_test(struct kunit *test)
{
	__le32 body = cpu_to_le32(0x12345678);
	u32 len, id = 0;

	KUNIT_EXPECT_TRUE(test, rndis_parse_reply_id(&body, 4, &id));
	KUNIT_EXPECT_EQ(test, id, 0x12345678);
	for (len = 0; len < sizeof(body); len++)
		KUNIT_EXPECT_FALSE(test,
				   rndis_parse_reply_id(body_copy(test, &body,
								  len),
							len, &id));
}

static void indication_test(struct kunit *test)
{
	struct rndis_indication ind = {
		.status = cpu_to_le32(RNDIS_STATUS_MEDIA_CONNECT),
		/* Not looked at, so it does not matter that it is wrong. */
		.len = cpu_to_le32(U32_MAX),
		.offset = cpu_to_le32(U32_MAX),
	};
	u32 len, status = 0;

	KUNIT_EXPECT_TRUE(test,
			  rndis_parse_indication(&ind, sizeof(ind), &status));
	KUNIT_EXPECT_EQ(test, status, RNDIS_STATUS_MEDIA_CONNECT);
	for (len = 0; len < sizeof(ind); len++)
		KUNIT_EXPECT_FALSE(test,
				   rndis_parse_indication(body_copy(test, &ind,
								    len),
							  len, &status));
}

/* The link's speed */

static void link_speed_test(struct kunit *test)
{
	struct ndis_link_state state = {
		.object.type = NDIS_OBJECT_DEFAULT,
		.object.revision = 1,
		.object.size = cpu_to_le16(sizeof(state)),
		.tx_speed = cpu_to_le64(800000000000ULL),
	};
	u32 len, mbit = 0;

	KUNIT_EXPECT_EQ(test,
			rndis_parse_link_speed(&state, sizeof(state), &mbit),
			0);
	KUNIT_EXPECT_EQ(test, mbit, 800000);

	for (len = 0; len < sizeof(state); len++)
		KUNIT_EXPECT_EQ(test,
				rndis_parse_link_speed(body_copy(test, &state,
								 len),
						       len, &mbit),
				-EPROTO);

	state.tx_speed = cpu_to_le64(U64_MAX);
	KUNIT_EXPECT_EQ(test,
			rndis_parse_link_speed(&state, sizeof(state), &mbit),
			-ENODATA);
	state.tx_speed = cpu_to_le64(U64_MAX - 1);
	KUNIT_EXPECT_EQ(test,
			rndis_parse_link_speed(&state, sizeof(state), &mbit),
			-ENODATA);
	state.tx_speed = 0;
	KUNIT_EXPECT_EQ(test,
			rndis_parse_link_speed(&state, sizeof(state), &mbit),
			-ENODATA);
	state.object.size = 0;
	KUNIT_EXPECT_EQ(test,
			rndis_parse_link_speed(&state, sizeof(state), &mbit),
			-EPROTO);
	state.object.size = cpu_to_le16(sizeof(state));
	state.object.type++;
	KUNIT_EXPECT_EQ(test,
			rndis_parse_link_speed(&state, sizeof(state), &mbit),
			-EPROTO);
}

/* The host's name for the NIC */

struct name_case {
	const char *desc;
	u16 wide[8];
	u32 len;
	const char *name;
};

static const struct name_case name_cases[] = {
	{ "with zeros behind", { 'L', 'A', 'N' }, 16, "LAN" },
	{ "without an end", { 'L', 'A', 'N' }, 6, "LAN" },
	{ "with half a character", { 'L', 'A', 'N' }, 5, "LA" },
	{ "one byte", { 'L' }, 1, "" },
	{ "nothing", {}, 0, "" },
	{ "zeros", {}, 16, "" },
	{ "a zero in it", { 'L', 0, 'N' }, 6, "L" },
	{ "two bytes each", { 0xe4, 0x3b1 }, 4, "\u00e4\u03b1" },
	{ "three bytes", { 0x20ac }, 2, "\u20ac" },
	{ "a pair", { 0xd83d, 0xde00, '!' }, 6, "\U0001f600!" },
	{ "the first of a pair", { 'a', 0xd83d, 'b' }, 6, "ab" },
	{ "the second of a pair", { 'a', 0xde00, 'b' }, 6, "ab" },
	{ "half a pair at the end", { 'a', 0xd83d }, 4, "a" },
	{ "as much as there is room for",
	  { 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h' }, 16, "abcdefg" },
	{ "what would control a terminal", { 'a', '\n', 0x1b, 'b', 0x7f }, 10, "a  b " },
	{ "a character that does not fit",
	  { 'a', 'b', 'c', 'd', 'e', 'f', 0x20ac }, 14, "abcdef" },
};

static void name_desc(const struct name_case *c, char *desc)
{
	strscpy(desc, c->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(name, name_cases, name_desc);

static void to_wire(const u16 *from, __le16 *to, u32 n)
{
	while (n--)
		*to++ = cpu_to_le16(*from++);
}

static void name_test(struct kunit *test)
{
	const struct name_case *c = test->param_value;
	__le16 wire[ARRAY_SIZE(c->wide)];
	char name[8] = "before";
	u32 len;

	to_wire(c->wide, wire, ARRAY_SIZE(wire));
	len = rndis_parse_name(body_copy(test, wire, c->len), c->len, name,
			       sizeof(name));
	KUNIT_EXPECT_EQ(test, len, strlen(c->name));
	KUNIT_EXPECT_STREQ(test, name, c->name);
}

/* What it is called when nobody has named it is no name; more than that is one. */
static void name_default_test(struct kunit *test)
{
	static const char text[] = "Network Adapter 2";
	__le16 wire[ARRAY_SIZE(text)];
	char name[32];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(text); i++)
		wire[i] = cpu_to_le16(text[i]);
	KUNIT_EXPECT_EQ(test, rndis_parse_name(wire, 2 * 15, name, 32), 0);
	KUNIT_EXPECT_EQ(test, rndis_parse_name(wire, sizeof(wire), name, 32),
			strlen(text));
	KUNIT_EXPECT_STREQ(test, name, text);
}

/* What the host can do */

/* A host that can do all of it, its object as long as generation 3's. */
static struct ndis_offload_caps full_caps(void)
{
	__le32 encap = cpu_to_le32(NDIS_ENCAP_8023);
	__le32 all = cpu_to_le32(0x3ff);

	return (struct ndis_offload_caps) {
		.object.type = NDIS_OBJECT_OFFLOAD,
		.object.revision = 3,
		.object.size = cpu_to_le16(NDIS_OFFLOAD_CAPS_SIZE_3),
		.tx4 = { encap, all },
		.rx4 = { encap, all },
		.tx6 = { encap, all },
		.rx6 = { encap, all },
		.lso = {
			.encap4 = encap,
			.max4 = cpu_to_le32(0x20000),
			.min_segs4 = cpu_to_le32(2),
			.encap6 = encap,
			.max6 = cpu_to_le32(62000),
			.min_segs6 = cpu_to_le32(3),
			.flags6 = cpu_to_le32(0xf),
		},
		.rsc4 = 1,
		.rsc6 = 1,
	};
}

static void caps_full_test(struct kunit *test)
{
	struct ndis_offload_caps host = full_caps();
	struct netvsc_caps caps;

	KUNIT_ASSERT_EQ(test,
			offload_parse_caps(&host, sizeof(host), OFFLOAD_GEN_3,
					   &caps),
			0);
	KUNIT_EXPECT_EQ(test, caps.features,
			NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | NETIF_F_TSO |
			NETIF_F_TSO6 | NETIF_F_LRO);
	KUNIT_EXPECT_EQ(test, caps.tx_csum,
			NETVSC_CSUM_TCP4 | NETVSC_CSUM_UDP4 |
			NETVSC_CSUM_TCP6 | NETVSC_CSUM_UDP6);
	/* The smaller of the two, and the larger: they hold for both. */
	KUNIT_EXPECT_EQ(test, caps.tso_max, 62000);
	KUNIT_EXPECT_EQ(test, caps.tso_min_segs, 3);
	KUNIT_EXPECT_TRUE(test, caps.rsc);
}

/* Whatever an old host says, it cannot be told to do what is newer. */
static void caps_old_test(struct kunit *test)
{
	struct ndis_offload_caps host = full_caps();
	struct netvsc_caps caps;

	KUNIT_ASSERT_EQ(test,
			offload_parse_caps(&host, sizeof(host), OFFLOAD_GEN_2,
					   &caps),
			0);
	KUNIT_EXPECT_EQ(test, caps.tx_csum,
			NETVSC_CSUM_TCP4 | NETVSC_CSUM_TCP6);
	KUNIT_EXPECT_FALSE(test, caps.rsc);
	KUNIT_EXPECT_FALSE(test, caps.features & NETIF_F_LRO);

	host.object.size = cpu_to_le16(NDIS_OFFLOAD_CAPS_SIZE_1);
	KUNIT_EXPECT_EQ(test,
			offload_parse_caps(body_copy(test, &host,
						     NDIS_OFFLOAD_CAPS_SIZE_1),
					   NDIS_OFFLOAD_CAPS_SIZE_1,
					   OFFLOAD_GEN_3, &caps),
			0);
	/* The object ends before it comes to this. */
	KUNIT_EXPECT_FALSE(test, caps.rsc);
	KUNIT_EXPECT_TRUE(test, caps.features & NETIF_F_TSO6);
}

static void caps_partial_test(struct kunit *test)
{
	struct ndis_offload_caps host = full_caps();
	struct netvsc_caps caps;

	/* Segmentation without checksums is of no use. */
	host.tx4.flags = 0;
	/* Too little to be worth it. */
	host.lso.max6 = cpu_to_le32(5999);
	/* One of the two only. */
	host.rsc6 = 0;
	KUNIT_ASSERT_EQ(test,
			offload_parse_caps(&host, sizeof(host), OFFLOAD_GEN_3,
					   &caps),
			0);
	KUNIT_EXPECT_EQ(test, caps.features, NETIF_F_IPV6_CSUM);
	KUNIT_EXPECT_EQ(test, caps.tso_max, 0);

	/* TCP options that it cannot skip. */
	host.tx6.flags = cpu_to_le32(NDIS_CSUM6_TCP | NDIS_CSUM6_EXT_HEADERS);
	KUNIT_ASSERT_EQ(test,
			offload_parse_caps(&host, sizeof(host), OFFLOAD_GEN_3,
					   &caps),
			0);
	KUNIT_EXPECT_EQ(test, caps.features, 0);
}

/* What is asked for in twos and threes, with one of them missing. */
static void caps_lacking_one_test(struct kunit *test)
{
	struct ndis_offload_caps host = full_caps();
	struct netvsc_caps caps;

	/* TCP, but not UDP */
	host.tx4.flags = cpu_to_le32(NDIS_CSUM4_TCP | NDIS_CSUM4_TCP_OPTIONS);
	host.tx6.flags = cpu_to_le32(NDIS_CSUM6_TCP | NDIS_CSUM6_TCP_OPTIONS |
				     NDIS_CSUM6_EXT_HEADERS);
	/* Segments of something else than Ethernet frames */
	host.lso.encap4 = cpu_to_le32(~NDIS_ENCAP_8023);
	/* Segments of IPv6, but none with TCP options */
	host.lso.flags6 = cpu_to_le32(NDIS_LSO6_EXT_HEADERS);
	KUNIT_ASSERT_EQ(test,
			offload_parse_caps(&host, sizeof(host), OFFLOAD_GEN_3,
					   &caps),
			0);
	KUNIT_EXPECT_EQ(test, caps.features,
			NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | NETIF_F_LRO);
	KUNIT_EXPECT_EQ(test, caps.tx_csum, NETVSC_CSUM_TCP4 | NETVSC_CSUM_TCP6);
	KUNIT_EXPECT_EQ(test, caps.tso_max, 0);

	host = full_caps();
	host.lso.encap6 = cpu_to_le32(~NDIS_ENCAP_8023);
	KUNIT_ASSERT_EQ(test,
			offload_parse_caps(&host, sizeof(host), OFFLOAD_GEN_3,
					   &caps),
			0);
	KUNIT_EXPECT_TRUE(test, caps.features & NETIF_F_TSO);
	KUNIT_EXPECT_FALSE(test, caps.features & NETIF_F_TSO6);
}

static void caps_bad_test(struct kunit *test)
{
	struct ndis_offload_caps host = full_caps();
	struct netvsc_caps caps;
	u32 len;

	for (len = 0; len < NDIS_OFFLOAD_CAPS_SIZE_3; len++) {
		KUNIT_EXPECT_EQ(test,
				offload_parse_caps(body_copy(test, &host, len),
						   len, OFFLOAD_GEN_3, &caps),
				-EPROTO);
		KUNIT_EXPECT_EQ(test, caps.features, 0);
	}

	host.object.size = cpu_to_le16(NDIS_OFFLOAD_CAPS_SIZE_1 - 1);
	KUNIT_EXPECT_EQ(test,
			offload_parse_caps(&host, sizeof(host), OFFLOAD_GEN_3,
					   &caps),
			-EPROTO);
	host = full_caps();
	host.object.type = NDIS_OBJECT_DEFAULT;
	KUNIT_EXPECT_EQ(test,
			offload_parse_caps(&host, sizeof(host), OFFLOAD_GEN_3,
					   &caps),
			-EPROTO);
}

/* A newer host's object is longer, and the end is not for us. */
static void caps_longer_test(struct kunit *test)
{
	struct {
		struct ndis_offload_caps caps;
		u8 more[32];
	} host = { .caps = full_caps() };
	struct netvsc_caps caps;

	host.caps.object.size = cpu_to_le16(sizeof(host));
	KUNIT_EXPECT_EQ(test,
			offload_parse_caps(&host, sizeof(host), OFFLOAD_GEN_3,
					   &caps),
			0);
	KUNIT_EXPECT_TRUE(test, caps.rsc);
}

/* What the host is asked, and what it is told */

static void offload_query_test(struct kunit *test)
{
	struct ndis_offload_caps query;

	KUNIT_EXPECT_EQ(test, offload_query_init(&query, OFFLOAD_GEN_1), 112);
	KUNIT_EXPECT_EQ(test, query.object.revision, 1);
	KUNIT_EXPECT_EQ(test, offload_query_init(&query, OFFLOAD_GEN_2), 144);
	KUNIT_EXPECT_EQ(test, query.object.revision, 2);
	KUNIT_EXPECT_EQ(test, offload_query_init(&query, OFFLOAD_GEN_3), 156);
	KUNIT_EXPECT_EQ(test, query.object.revision, 3);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(query.object.size), 156);
}

static const struct netvsc_caps all_caps = {
	.tx_csum = NETVSC_CSUM_TCP4 | NETVSC_CSUM_UDP4 |
		   NETVSC_CSUM_TCP6 | NETVSC_CSUM_UDP6,
	.rsc = true,
	.features = NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_LRO,
};

static void offload_set_test(struct kunit *test)
{
	struct ndis_offload_set set;
	u32 len;

	len = offload_set_init(&set, OFFLOAD_GEN_3, &all_caps,
			       NETIF_F_RXCSUM | NETIF_F_LRO);
	KUNIT_EXPECT_EQ(test, len, 28);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(set.object.size), len);
	KUNIT_EXPECT_EQ(test, set.ip4_csum, NDIS_SET_CSUM_OFF);
	KUNIT_EXPECT_EQ(test, set.tcp4_csum, NDIS_SET_CSUM_TX_RX);
	KUNIT_EXPECT_EQ(test, set.udp6_csum, NDIS_SET_CSUM_TX_RX);
	KUNIT_EXPECT_EQ(test, set.lso4, NDIS_SET_ON);
	KUNIT_EXPECT_EQ(test, set.rsc4, NDIS_SET_ON);
	KUNIT_EXPECT_EQ(test, set.rsc6, NDIS_SET_ON);

	offload_set_init(&set, OFFLOAD_GEN_3, &all_caps, 0);
	KUNIT_EXPECT_EQ(test, set.tcp4_csum, NDIS_SET_CSUM_TX);
	KUNIT_EXPECT_EQ(test, set.udp6_csum, NDIS_SET_CSUM_TX);
	KUNIT_EXPECT_EQ(test, set.lso6, NDIS_SET_ON);
	KUNIT_EXPECT_EQ(test, set.rsc4, NDIS_SET_OFF);
}

/* A host is not told of what it cannot do. */
static void offload_set_none_test(struct kunit *test)
{
	const struct netvsc_caps none = {};
	struct ndis_offload_set set;
	u32 len;

	len = offload_set_init(&set, OFFLOAD_GEN_2, &none,
			       NETIF_F_RXCSUM | NETIF_F_LRO);
	KUNIT_EXPECT_EQ(test, len, 22);
	KUNIT_EXPECT_EQ(test, set.tcp4_csum, 0);
	KUNIT_EXPECT_EQ(test, set.lso4, 0);
	KUNIT_EXPECT_EQ(test, set.rsc4, 0);
}

static struct kunit_case rndis_cases[] = {
	KUNIT_CASE(status_test),
	KUNIT_CASE(init_good_test),
	KUNIT_CASE(init_short_test),
	KUNIT_CASE(init_bad_test),
	KUNIT_CASE(set_test),
	KUNIT_CASE_PARAM(query_test, query_gen_params),
	KUNIT_CASE(reply_id_test),
	KUNIT_CASE(indication_test),
	KUNIT_CASE(link_speed_test),
	KUNIT_CASE_PARAM(name_test, name_gen_params),
	KUNIT_CASE(name_default_test),
	{}
};

static struct kunit_suite rndis_suite = {
	.name = "netvsc_rndis",
	.test_cases = rndis_cases,
};

static struct kunit_case offload_cases[] = {
	KUNIT_CASE(caps_full_test),
	KUNIT_CASE(caps_old_test),
	KUNIT_CASE(caps_partial_test),
	KUNIT_CASE(caps_lacking_one_test),
	KUNIT_CASE(caps_bad_test),
	KUNIT_CASE(caps_longer_test),
	KUNIT_CASE(offload_query_test),
	KUNIT_CASE(offload_set_test),
	KUNIT_CASE(offload_set_none_test),
	{}
};

static struct kunit_suite offload_suite = {
	.name = "netvsc_offload",
	.test_cases = offload_cases,
};

kunit_test_suites(&rndis_suite, &offload_suite);

MODULE_DESCRIPTION("KUnit tests of RNDIS control of hv_netvsc");
MODULE_LICENSE("GPL");
