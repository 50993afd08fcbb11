// SPDX-License-Identifier: GPL-2.0
/*
 * RNDIS: control messages and their answers, frames out of data messages, and
 * what happens to messages that are cut off, oversized, overlapping or hostile.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "generation.h"
#include "rndis.h"
#include "rndis_wire.h"
#include "vswitch.h"

#define HDR	sizeof(struct rndis_hdr)

static const uint8_t mac[6] = { 0x02, 0, 0, 0, 0, 0xa };

FIXTURE(rndis) {
	struct vswitch *vs;
	struct rndis rn;
	uint8_t msg[70000];
	size_t len;
	uint8_t reply[RNDIS_REPLY_MAX];
	size_t reply_len;
	/* What rndis_packets() gave. */
	unsigned int nr_frames;
	struct frame frames[16];
};

static void start(FIXTURE_DATA(rndis) *self)
{
	struct rndis_initialize init = { .request = 1, .major = 1 };
	struct rndis_hdr hdr = { RNDIS_INITIALIZE, HDR + sizeof(init) };

	memcpy(self->msg, &hdr, HDR);
	memcpy(self->msg + HDR, &init, sizeof(init));
	rndis_control(&self->rn, self->msg, hdr.len, self->reply,
		      &self->reply_len);
}

FIXTURE_SETUP(rndis)
{
	self->vs = vswitch_create();
	self->rn.nic = vswitch_nic_add(self->vs, 0, mac);
	ASSERT_NE(NULL, self->rn.nic);
	memcpy(self->rn.perm_mac, mac, 6);
	self->rn.link = true;
	self->rn.gen = generation_find("ws2022");
	self->rn.speed = 10000;
	self->rn.queues = 1;
	rndis_reset(&self->rn);
	self->rn.frame_size = 1514;
	self->rn.ndis = NDIS_VERSION(6, 30);
	start(self);
	ASSERT_TRUE(self->rn.ready);
}

FIXTURE_TEARDOWN(rndis)
{
	vswitch_destroy(self->vs);
}

/* On the heap, in its exact size, for the sanitizer to guard. */
static const char *control(FIXTURE_DATA(rndis) *self, const void *msg,
			   size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	const char *why;

	memcpy(copy, msg, len);
	why = rndis_control(&self->rn, copy, len, self->reply,
			    &self->reply_len);
	free(copy);
	return why;
}

static uint32_t word(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Status of a request; @type is query or set. */
static uint32_t request(struct __test_metadata *_metadata,
			FIXTURE_DATA(rndis) *self, uint32_t type, uint32_t oid,
			const void *info, size_t len)
{
	struct rndis_info req = {
		.request = 77,
		.oid = oid,
		.info_len = len,
		.info_offset = sizeof(req),
	};
	struct rndis_hdr hdr = { type, HDR + sizeof(req) + len };

	memcpy(self->msg, &hdr, HDR);
	memcpy(self->msg + HDR, &req, sizeof(req));
	if (len)
		memcpy(self->msg + HDR + sizeof(req), info, len);
	EXPECT_EQ(NULL, control(self, self->msg, hdr.len));
	EXPECT_EQ(type | RNDIS_DONE, word(self->reply));
	EXPECT_EQ(self->reply_len, word(self->reply + 4));
	EXPECT_EQ(77, word(self->reply + HDR));
	return word(self->reply + HDR + 4);
}

#define QUERY(oid)	request(_metadata, self, RNDIS_QUERY, oid, NULL, 0)
#define SET(oid, info, len) \
	request(_metadata, self, RNDIS_SET, oid, info, len)

static const uint8_t *info(FIXTURE_DATA(rndis) *self)
{
	return self->reply + HDR + word(self->reply + HDR + 12);
}

static uint32_t info_len(FIXTURE_DATA(rndis) *self)
{
	return word(self->reply + HDR + 8);
}

TEST_F(rndis, initialize)
{
	struct rndis_initialize_done done;

	rndis_reset(&self->rn);
	EXPECT_FALSE(self->rn.ready);
	start(self);
	ASSERT_EQ(HDR + sizeof(done), self->reply_len);
	EXPECT_EQ(RNDIS_INITIALIZE | RNDIS_DONE, word(self->reply));
	memcpy(&done, self->reply + HDR, sizeof(done));
	EXPECT_EQ(1, done.request);
	EXPECT_EQ(RNDIS_OK, done.status);
	EXPECT_EQ(8, done.max_packets);
	EXPECT_EQ(3, done.align_shift);
	/* Twice is once too often. */
	EXPECT_NE(NULL, control(self, self->msg, HDR + 16));
}

TEST_F(rndis, halt_and_start_again)
{
	struct { struct rndis_hdr hdr; uint32_t request; } halt = {
		{ RNDIS_HALT, sizeof(halt) }, 5
	};
	uint32_t filter = FILTER_DIRECTED;

	EXPECT_EQ(RNDIS_OK, SET(OID_PACKET_FILTER, &filter, 4));
	EXPECT_EQ(NULL, control(self, &halt, sizeof(halt)));
	EXPECT_EQ(0, self->reply_len);
	EXPECT_FALSE(self->rn.ready);
	EXPECT_EQ(0, self->rn.filter);
	EXPECT_EQ(RNDIS_E_NOT_READY, QUERY(OID_LINK_SPEED));
	start(self);
	EXPECT_TRUE(self->rn.ready);
}

TEST_F(rndis, keepalive_and_reset)
{
	struct { struct rndis_hdr hdr; uint32_t request; } msg = {
		{ RNDIS_KEEPALIVE, sizeof(msg) }, 9
	};

	EXPECT_EQ(NULL, control(self, &msg, sizeof(msg)));
	EXPECT_EQ(RNDIS_KEEPALIVE | RNDIS_DONE, word(self->reply));
	EXPECT_EQ(9, word(self->reply + 8));
	EXPECT_EQ(RNDIS_OK, word(self->reply + 12));

	self->rn.filter = 1;
	msg.hdr.type = RNDIS_RESET;
	EXPECT_EQ(NULL, control(self, &msg, sizeof(msg)));
	EXPECT_EQ(RNDIS_RESET | RNDIS_DONE, word(self->reply));
	EXPECT_EQ(RNDIS_OK, word(self->reply + 8));
	EXPECT_EQ(1, word(self->reply + 12));
	EXPECT_EQ(0, self->rn.filter);
}

TEST_F(rndis, queries)
{
	EXPECT_EQ(RNDIS_OK, QUERY(OID_MAXIMUM_FRAME_SIZE));
	EXPECT_EQ(4, info_len(self));
	EXPECT_EQ(1500, word(info(self)));
	EXPECT_EQ(RNDIS_OK, QUERY(OID_PERMANENT_ADDRESS));
	EXPECT_EQ(6, info_len(self));
	EXPECT_EQ(0, memcmp(mac, info(self), 6));
	EXPECT_EQ(RNDIS_OK, QUERY(OID_MEDIA_CONNECT_STATUS));
	EXPECT_EQ(0, word(info(self)));
	self->rn.link = false;
	EXPECT_EQ(RNDIS_OK, QUERY(OID_MEDIA_CONNECT_STATUS));
	EXPECT_EQ(1, word(info(self)));
	EXPECT_EQ(RNDIS_OK, QUERY(OID_LINK_SPEED));
	EXPECT_EQ(100000000, word(info(self)));
	EXPECT_EQ(RNDIS_E_NOT_SUPPORTED, QUERY(0x12345678));
	EXPECT_EQ(0, info_len(self));
}

/* UTF-16 in a field that is always as long, with zeros behind. */
static bool is_named(FIXTURE_DATA(rndis) *self, const char *name)
{
	const uint8_t *wide = info(self);
	size_t i;

	for (i = 0; i < strlen(name); i++)
		if (wide[i * 2] != (uint8_t)name[i] || wide[i * 2 + 1])
			return false;
	for (i *= 2; i < info_len(self); i++)
		if (wide[i])
			return false;
	return info_len(self) == 512;
}

TEST_F(rndis, name)
{
	EXPECT_EQ(RNDIS_OK, QUERY(OID_FRIENDLY_NAME));
	EXPECT_TRUE(is_named(self, "Network Adapter"));
	strcpy(self->rn.name, "Blue network");
	EXPECT_EQ(RNDIS_OK, QUERY(OID_FRIENDLY_NAME));
	EXPECT_TRUE(is_named(self, "Blue network"));
	memset(self->rn.name, 'x', RNDIS_NAME_MAX);
	EXPECT_EQ(RNDIS_OK, QUERY(OID_FRIENDLY_NAME));
	EXPECT_TRUE(is_named(self, self->rn.name));
	/* It is the NIC's, whichever guest comes. */
	rndis_reset(&self->rn);
	start(self);
	EXPECT_EQ(RNDIS_OK, QUERY(OID_FRIENDLY_NAME));
	EXPECT_TRUE(is_named(self, self->rn.name));
}

/* What the list promises is there, and small enough. */
TEST_F(rndis, supported_list)
{
	uint32_t oids[128];
	uint32_t n, i;

	ASSERT_EQ(RNDIS_OK, QUERY(OID_SUPPORTED_LIST));
	n = info_len(self) / 4;
	ASSERT_LT(20, n);
	ASSERT_GE(128, n);
	memcpy(oids, info(self), n * 4);
	for (i = 0; i < n; i++) {
		if (oids[i] == OID_OFFLOAD_PARAMETERS ||
		    oids[i] == OID_RSS_PARAMETERS ||
		    oids[i] == OID_CONFIG_PARAMETER ||
		    oids[i] == OID_NETWORK_LAYER_ADDRESSES)
			continue;
		EXPECT_EQ(RNDIS_OK, QUERY(oids[i]))
			TH_LOG("OID %#x", oids[i]);
		EXPECT_GE(RNDIS_REPLY_MAX, self->reply_len);
	}
}

/* Guests of older versions of NDIS do without what came later. */
TEST_F(rndis, old_guest)
{
	static const struct {
		uint32_t ndis;
		uint32_t offloads, rss;
	} guests[] = {
		{ NDIS_VERSION(5, 1), RNDIS_E_NOT_SUPPORTED,
		  RNDIS_E_NOT_SUPPORTED },
		{ NDIS_VERSION(6, 1), RNDIS_OK, RNDIS_E_NOT_SUPPORTED },
		{ NDIS_VERSION(6, 30), RNDIS_OK, RNDIS_OK },
	};
	struct ndis_offload_params par = {
		.obj = { NDIS_OBJ_DEFAULT, 1, NDIS_PARAMS_LEN_1 },
	};
	uint32_t listed = 0;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		self->rn.ndis = guests[i].ndis;
		EXPECT_EQ(RNDIS_OK, QUERY(OID_MAXIMUM_FRAME_SIZE));
		EXPECT_EQ(guests[i].offloads, QUERY(OID_OFFLOAD_CAPABILITIES));
		EXPECT_EQ(guests[i].offloads,
			  SET(OID_OFFLOAD_PARAMETERS, &par, NDIS_PARAMS_LEN_1));
		EXPECT_EQ(guests[i].rss, QUERY(OID_RSS_CAPABILITIES));
		EXPECT_EQ(RNDIS_OK, QUERY(OID_SUPPORTED_LIST));
		EXPECT_LT(listed, info_len(self));
		listed = info_len(self);
	}
}

TEST_F(rndis, offload_capabilities)
{
	struct ndis_obj obj = { NDIS_OBJ_OFFLOAD, 3, NDIS_OFFLOAD_LEN_3 };
	struct ndis_offload off;
	unsigned int rev;

	static const size_t sizes[] = { 0, 112, 144, 156 };

	for (rev = 1; rev <= 3; rev++) {
		obj.revision = rev;
		ASSERT_EQ(RNDIS_OK,
			  request(_metadata, self, RNDIS_QUERY,
				  OID_OFFLOAD_CAPABILITIES, &obj,
				  sizeof(obj)));
		ASSERT_EQ(sizes[rev], info_len(self));
		memset(&off, 0, sizeof(off));
		memcpy(&off, info(self), info_len(self));
		EXPECT_EQ(NDIS_OBJ_OFFLOAD, off.obj.type);
		EXPECT_EQ(rev, off.obj.revision);
		EXPECT_EQ(sizes[rev], off.obj.size);
		EXPECT_EQ(0x155, off.ip4_tx_csum);
		EXPECT_EQ(0x55, off.ip6_tx_csum);
		EXPECT_EQ(2, off.lso4_encap);
		EXPECT_EQ(62780, off.lso4_max);
		EXPECT_EQ(5, off.lso6_options);
		EXPECT_EQ(0, off.rsc4);
	}
	self->rn.rsc_offered = true;
	ASSERT_EQ(RNDIS_OK, QUERY(OID_OFFLOAD_CAPABILITIES));
	memcpy(&off, info(self), sizeof(off));
	EXPECT_EQ(1, off.rsc4);
}

TEST_F(rndis, offload_parameters)
{
	struct ndis_offload_params par = {
		.obj = { NDIS_OBJ_DEFAULT, 3, 28 },
		.ip4 = 1, .tcp4 = 4, .udp4 = 2, .tcp6 = 3,
		.lso4 = 1, .rsc4 = 2, .rsc6 = 2,
	};

	EXPECT_EQ(RNDIS_OK, SET(OID_OFFLOAD_PARAMETERS, &par, 28));
	EXPECT_TRUE(self->rn.offload_changed);
	EXPECT_FALSE(self->rn.tx_csum4 & NDIS_CSUM_IP);
	EXPECT_TRUE(self->rn.tx_csum4 & NDIS_CSUM_TCP);
	EXPECT_TRUE(self->rn.tx_csum4 & NDIS_CSUM_UDP);
	EXPECT_FALSE(self->rn.rx_csum4 & NDIS_CSUM_UDP);
	EXPECT_FALSE(self->rn.tx_csum6 & NDIS_CSUM_TCP);
	EXPECT_TRUE(self->rn.rx_csum6 & NDIS_CSUM_TCP);
	EXPECT_TRUE(self->rn.rx_csum6 & NDIS_CSUM_UDP);
	EXPECT_FALSE(self->rn.lso4);
	EXPECT_TRUE(self->rn.lso6);
	EXPECT_FALSE(self->rn.rsc4);		/* not offered */

	self->rn.rsc_offered = true;
	EXPECT_EQ(RNDIS_OK, SET(OID_OFFLOAD_PARAMETERS, &par, 28));
	EXPECT_TRUE(self->rn.rsc4 && self->rn.rsc6);

	/* What a guest with NVSP 4 or older sends. */
	par.obj.size = 22;
	EXPECT_EQ(RNDIS_OK, SET(OID_OFFLOAD_PARAMETERS, &par, 22));

	par.obj.size = 28;
	EXPECT_EQ(RNDIS_E_DATA, SET(OID_OFFLOAD_PARAMETERS, &par, 22));
	EXPECT_EQ(RNDIS_E_LENGTH, SET(OID_OFFLOAD_PARAMETERS, &par, 19));
	par.udp6 = 5;
	EXPECT_EQ(RNDIS_E_DATA, SET(OID_OFFLOAD_PARAMETERS, &par, 28));
	par.udp6 = 0;
	par.lso_v1 = 2;
	EXPECT_EQ(RNDIS_E_NOT_SUPPORTED,
		  SET(OID_OFFLOAD_PARAMETERS, &par, 28));
	par.lso_v1 = 0;
	par.obj.type = 0;
	EXPECT_EQ(RNDIS_E_DATA, SET(OID_OFFLOAD_PARAMETERS, &par, 28));
}

static struct frame frame_to(const uint8_t *data)
{
	return (struct frame){ .data = data, .len = 60 };
}

TEST_F(rndis, packet_filter)
{
	static const uint8_t group[6] = { 1, 0, 0x5e, 0, 0, 1 };
	uint8_t uni[60] = { 2 }, multi[60] = { 1, 0, 0x5e, 0, 0, 1 };
	uint8_t all[60] = { 255, 255, 255, 255, 255, 255 };
	struct frame funi = frame_to(uni), fmulti = frame_to(multi);
	struct frame fall = frame_to(all);
	uint32_t filter = FILTER_DIRECTED | FILTER_MULTICAST;

	EXPECT_FALSE(rndis_wants(&self->rn, &funi));
	EXPECT_EQ(RNDIS_E_LENGTH, SET(OID_PACKET_FILTER, &filter, 3));
	EXPECT_EQ(RNDIS_OK, SET(OID_PACKET_FILTER, &filter, 4));
	EXPECT_TRUE(rndis_wants(&self->rn, &funi));
	EXPECT_FALSE(rndis_wants(&self->rn, &fmulti));
	EXPECT_FALSE(rndis_wants(&self->rn, &fall));
	EXPECT_EQ(RNDIS_OK, SET(OID_MULTICAST_LIST, group, 6));
	EXPECT_TRUE(rndis_wants(&self->rn, &fmulti));
	EXPECT_EQ(RNDIS_OK, SET(OID_MULTICAST_LIST, NULL, 0));
	EXPECT_FALSE(rndis_wants(&self->rn, &fmulti));
	EXPECT_EQ(RNDIS_E_LENGTH, SET(OID_MULTICAST_LIST, group, 5));
	memset(self->msg + 60000, 1, 6 * 65);
	EXPECT_EQ(RNDIS_E_MULTICAST_FULL,
		  SET(OID_MULTICAST_LIST, self->msg + 60000, 6 * 65));
	filter = FILTER_ALL_MULTICAST | FILTER_BROADCAST;
	EXPECT_EQ(RNDIS_OK, SET(OID_PACKET_FILTER, &filter, 4));
	EXPECT_FALSE(rndis_wants(&self->rn, &funi));
	EXPECT_TRUE(rndis_wants(&self->rn, &fmulti));
	EXPECT_TRUE(rndis_wants(&self->rn, &fall));
	filter = FILTER_PROMISCUOUS;
	EXPECT_EQ(RNDIS_OK, SET(OID_PACKET_FILTER, &filter, 4));
	EXPECT_TRUE(rndis_wants(&self->rn, &funi));
}

static size_t make_address(uint8_t *buf, const char *name, const char *value)
{
	struct rndis_config_param par = {
		.name_offset = sizeof(par),
		.name_len = strlen(name) * 2,
		.type = CONFIG_PARAM_STRING,
		.value_offset = sizeof(par) + strlen(name) * 2,
		.value_len = strlen(value) * 2,
	};
	size_t at = sizeof(par);

	memcpy(buf, &par, sizeof(par));
	for (; *name; name++, at += 2)
		memcpy(buf + at, (uint8_t []){ *name, 0 }, 2);
	for (; *value; value++, at += 2)
		memcpy(buf + at, (uint8_t []){ *value, 0 }, 2);
	return at;
}

TEST_F(rndis, network_address)
{
	static const uint8_t want[6] = { 0x02, 0xab, 0xcd, 0xef, 0x01, 0x23 };
	uint8_t buf[256];
	uint32_t value;
	size_t len;

	len = make_address(buf, "NetworkAddress", "02abCDef0123");
	EXPECT_EQ(RNDIS_OK, SET(OID_CONFIG_PARAMETER, buf, len));
	EXPECT_EQ(0, memcmp(want, vnic_mac(self->rn.nic), 6));
	EXPECT_EQ(RNDIS_OK, QUERY(OID_CURRENT_ADDRESS));
	EXPECT_EQ(0, memcmp(want, info(self), 6));
	EXPECT_EQ(RNDIS_OK, QUERY(OID_PERMANENT_ADDRESS));
	EXPECT_EQ(0, memcmp(mac, info(self), 6));

	len = make_address(buf, "NetworkAddress", "03abCDef0123");
	EXPECT_EQ(RNDIS_E_DATA, SET(OID_CONFIG_PARAMETER, buf, len));
	len = make_address(buf, "NetworkAddress", "02abCDef012g");
	EXPECT_EQ(RNDIS_E_DATA, SET(OID_CONFIG_PARAMETER, buf, len));
	len = make_address(buf, "NetworkAddress", "000000000000");
	EXPECT_EQ(RNDIS_E_DATA, SET(OID_CONFIG_PARAMETER, buf, len));
	len = make_address(buf, "NetworkAddress", "02abCDef01");
	EXPECT_EQ(RNDIS_E_DATA, SET(OID_CONFIG_PARAMETER, buf, len));
	EXPECT_EQ(0, memcmp(want, vnic_mac(self->rn.nic), 6));

	/* It is that of the session. */
	self->rn.ready = false;
	start(self);
	EXPECT_EQ(0, memcmp(mac, vnic_mac(self->rn.nic), 6));

	len = make_address(buf, "SomethingElse", "1");
	EXPECT_EQ(RNDIS_OK, SET(OID_CONFIG_PARAMETER, buf, len));
	EXPECT_EQ(RNDIS_E_DATA, SET(OID_CONFIG_PARAMETER, buf, len - 1));
	EXPECT_EQ(RNDIS_E_LENGTH, SET(OID_CONFIG_PARAMETER, buf, 19));
	value = 0xfffffff0;			/* offset and length wrap */
	memcpy(buf + 12, &value, 4);
	value = 0x20;
	memcpy(buf + 16, &value, 4);
	EXPECT_EQ(RNDIS_E_DATA, SET(OID_CONFIG_PARAMETER, buf, len));
}

TEST_F(rndis, rss_parameters)
{
	struct {
		struct ndis_rss_params par;
		uint32_t table[16];
		uint8_t key[RSS_KEY_LEN];
	} rss = {
		.par = {
			.obj = { NDIS_OBJ_RSS_PARAMS, 2, 40 },
			.hash_info = 0x301,
			.table_len = sizeof(rss.table),
			.table_offset = sizeof(rss.par),
			.key_len = RSS_KEY_LEN,
			.key_offset = sizeof(rss.par) + sizeof(rss.table),
		},
	};

	EXPECT_EQ(RNDIS_OK, SET(OID_RSS_PARAMETERS, &rss, sizeof(rss)));
	rss.table[3] = 1;			/* no such queue */
	EXPECT_EQ(RNDIS_E_DATA, SET(OID_RSS_PARAMETERS, &rss, sizeof(rss)));
	rss.table[3] = 0;
	EXPECT_EQ(RNDIS_E_DATA, SET(OID_RSS_PARAMETERS, &rss, sizeof(rss) - 1));
	rss.par.table_offset = UINT32_MAX - 3;
	EXPECT_EQ(RNDIS_E_DATA, SET(OID_RSS_PARAMETERS, &rss, sizeof(rss)));
	rss.par.flags = NDIS_RSS_DISABLE;
	EXPECT_EQ(RNDIS_OK, SET(OID_RSS_PARAMETERS, &rss, sizeof(rss)));
	EXPECT_EQ(RNDIS_E_LENGTH, SET(OID_RSS_PARAMETERS, &rss, 20));
	EXPECT_EQ(RNDIS_E_NOT_SUPPORTED, SET(0x99, &rss, 4));
}

TEST_F(rndis, hostile_control)
{
	struct { struct rndis_hdr hdr; struct rndis_info req; } msg = {
		.hdr = { RNDIS_SET, sizeof(msg) },
		.req = { .request = 77, .oid = OID_PACKET_FILTER },
	};
	static const uint32_t offsets[] = { 0, 4, 19, 21, 1000, UINT32_MAX };
	unsigned int i;
	size_t len;

	/* Shorter than it says, down to nothing. */
	for (len = 0; len < sizeof(msg); len++)
		EXPECT_NE(NULL, control(self, &msg, len));
	/* Says less than it needs, or more than it has. */
	msg.hdr.len = HDR + sizeof(msg.req) - 1;
	EXPECT_NE(NULL, control(self, &msg, sizeof(msg)));
	msg.hdr.len = 7;
	EXPECT_NE(NULL, control(self, &msg, sizeof(msg)));
	msg.hdr.len = UINT32_MAX;
	EXPECT_NE(NULL, control(self, &msg, sizeof(msg)));

	/* Information that is not in the message. */
	msg.hdr.len = sizeof(msg);
	msg.req.info_len = 4;
	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		msg.req.info_offset = offsets[i];
		EXPECT_EQ(NULL, control(self, &msg, sizeof(msg)));
		EXPECT_EQ(RNDIS_E_LENGTH, word(self->reply + HDR + 4));
	}
	msg.req.info_offset = 20;
	msg.req.info_len = UINT32_MAX - 8;
	EXPECT_EQ(NULL, control(self, &msg, sizeof(msg)));
	EXPECT_EQ(RNDIS_E_LENGTH, word(self->reply + HDR + 4));

	msg.hdr.type = RNDIS_INDICATE;		/* for hosts only */
	EXPECT_NE(NULL, control(self, &msg, sizeof(msg)));
	msg.hdr.type = 0x12345;
	EXPECT_NE(NULL, control(self, &msg, sizeof(msg)));
}

TEST_F(rndis, indications)
{
	struct rndis_indicate ind;
	uint8_t buf[RNDIS_REPLY_MAX];
	size_t len;

	len = rndis_indicate(&self->rn, buf, RNDIS_I_DISCONNECT, NULL, 0);
	EXPECT_EQ(20, len);
	EXPECT_EQ(RNDIS_INDICATE, word(buf));
	EXPECT_EQ(20, word(buf + 4));
	EXPECT_EQ(RNDIS_I_DISCONNECT, word(buf + 8));
	len = rndis_indicate_offload(&self->rn, buf);
	EXPECT_EQ(20 + 156, len);
	memcpy(&ind, buf + HDR, sizeof(ind));
	EXPECT_EQ(156, ind.buf_len);
	EXPECT_EQ(12, ind.buf_offset);

	/* Older hosts do not count what follows. */
	self->rn.gen = generation_find("ws2019");
	len = rndis_indicate(&self->rn, buf, RNDIS_I_LINK_SPEED, &len, 4);
	EXPECT_EQ(24, len);
	EXPECT_EQ(20, word(buf + 4));
	EXPECT_EQ(4, word(buf + 12));
}

TEST_F(rndis, old_host)
{
	struct ndis_offload_params par = {
		.obj = { NDIS_OBJ_DEFAULT, 3, 28 }, .tcp4 = 4, .udp4 = 4,
		.tcp6 = 4, .udp6 = 4,
	};
	struct ndis_offload off;

	self->rn.gen = generation_find("ws2012r2");
	rndis_reset(&self->rn);
	self->rn.ndis = NDIS_VERSION(6, 30);
	start(self);
	EXPECT_EQ(0, self->rn.tx_csum4 & NDIS_CSUM_UDP);
	ASSERT_EQ(RNDIS_OK, QUERY(OID_OFFLOAD_CAPABILITIES));
	memcpy(&off, info(self), sizeof(off));
	EXPECT_EQ(NDIS_CSUM_TCP, off.ip4_tx_csum &
		  (NDIS_CSUM_TCP | NDIS_CSUM_UDP));
	EXPECT_EQ(NDIS_CSUM_TCP, off.ip6_rx_csum &
		  (NDIS_CSUM_TCP | NDIS_CSUM_UDP));
	/* Asking does not help. */
	EXPECT_EQ(RNDIS_OK, SET(OID_OFFLOAD_PARAMETERS, &par, 28));
	EXPECT_EQ(NDIS_CSUM_TCP, self->rn.tx_csum6 &
		  (NDIS_CSUM_TCP | NDIS_CSUM_UDP));
}

/* Data messages */

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

/* A TCP over IPv4 frame. */
static void make_tcp(uint8_t *data, uint32_t len)
{
	memset(data, 0, len);
	memcpy(data, mac, 6);
	put16(data + 12, 0x0800);
	data[14] = 0x45;
	put16(data + 16, len - 14);
	data[23] = 6;
	data[34 + 12] = 5 << 4;
	put16(data + 34 + 16, 6 + len - 34);	/* the addresses are 0 */
}

/* The same, left to the host to be cut. */
static void make_burst(uint8_t *data, uint32_t len)
{
	make_tcp(data, len);
	put16(data + 16, 0);
	put16(data + 34 + 16, 6);
}

/* Appends a message with up to three values and a frame of @len bytes. */
static uint8_t *add_packet(FIXTURE_DATA(rndis) *self, uint32_t len,
			   const uint32_t (*ppis)[2], unsigned int nr_ppis)
{
	uint8_t *at = self->msg + self->len + HDR;
	struct rndis_packet pkt = {
		.data_offset = sizeof(pkt) + nr_ppis * 16,
		.data_len = len,
		.ppi_offset = sizeof(pkt),
		.ppi_len = nr_ppis * 16,
	};
	struct rndis_hdr hdr = { RNDIS_PACKET, HDR + pkt.data_offset + len };
	struct rndis_ppi ppi = { .size = 16, .offset = 12 };
	unsigned int i;

	hdr.len = (hdr.len + 7) & ~7u;
	memcpy(self->msg + self->len, &hdr, HDR);
	memcpy(at, &pkt, sizeof(pkt));
	for (i = 0; i < nr_ppis; i++) {
		ppi.type = ppis[i][0];
		memcpy(at + sizeof(pkt) + i * 16, &ppi, sizeof(ppi));
		memcpy(at + sizeof(pkt) + i * 16 + 12, &ppis[i][1], 4);
	}
	if (nr_ppis && ppis[0][0] == PPI_LSO)
		make_burst(at + pkt.data_offset, len);
	else
		make_tcp(at + pkt.data_offset, len);
	self->len += hdr.len;
	return at + pkt.data_offset;
}

static void collect(void *ctx, const struct frame *frame)
{
	FIXTURE_DATA(rndis) *self = ctx;

	self->frames[self->nr_frames++] = *frame;
}

static const char *data(FIXTURE_DATA(rndis) *self, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	const char *why;
	unsigned int i;
	size_t offset;

	self->nr_frames = 0;
	memcpy(copy, self->msg, len);
	why = rndis_packets(&self->rn, copy, len, collect, self);
	/* The frames outlive the copy in self->msg. */
	for (i = 0; i < self->nr_frames; i++) {
		offset = self->frames[i].data - copy;
		self->frames[i].data = self->msg + offset;
	}
	free(copy);
	return why;
}

TEST_F(rndis, one_packet)
{
	add_packet(self, 60, NULL, 0);
	EXPECT_EQ(NULL, data(self, self->len));
	ASSERT_EQ(1, self->nr_frames);
	EXPECT_EQ(60, self->frames[0].len);
	EXPECT_EQ(0, memcmp(self->frames[0].data, mac, 6));
	EXPECT_FALSE(self->frames[0].needs_csum);
	EXPECT_FALSE(self->frames[0].vlan);
}

TEST_F(rndis, packets_in_a_row)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		add_packet(self, 60 + i, NULL, 0);
	EXPECT_EQ(NULL, data(self, self->len));
	EXPECT_EQ(8, self->nr_frames);
	EXPECT_EQ(67, self->frames[7].len);
	/* One more than the host allows: none gets through. */
	add_packet(self, 60, NULL, 0);
	EXPECT_NE(NULL, data(self, self->len));
	EXPECT_EQ(0, self->nr_frames);
}

TEST_F(rndis, checksum_request)
{
	uint32_t ppi[1][2] = {
		{ PPI_CHECKSUM, TXCSUM_IP4 | TXCSUM_TCP | 34 << 16 }
	};

	add_packet(self, 80, ppi, 1);
	EXPECT_EQ(NULL, data(self, self->len));
	ASSERT_EQ(1, self->nr_frames);
	EXPECT_TRUE(self->frames[0].needs_csum);
	EXPECT_FALSE(self->frames[0].needs_ipcsum);
	EXPECT_EQ(34, self->frames[0].csum_start);
	EXPECT_EQ(16, self->frames[0].csum_offset);
}

TEST_F(rndis, what_is_left_to_the_host_is_counted)
{
	uint32_t csum[1][2] = {
		{ PPI_CHECKSUM, TXCSUM_IP4 | TXCSUM_TCP | 34 << 16 }
	};
	uint32_t lso[1][2] = { { PPI_LSO, 1460 | 34 << 20 | LSO_V2 } };

	add_packet(self, 60, NULL, 0);
	add_packet(self, 80, csum, 1);
	add_packet(self, 90, csum, 1);
	add_packet(self, 30000, lso, 1);
	EXPECT_EQ(NULL, data(self, self->len));
	EXPECT_EQ(2, self->rn.tx_csum);
	EXPECT_EQ(1, self->rn.tx_lso);
	/* None of a message that is refused. */
	csum[0][1] |= TXCSUM_UDP;
	add_packet(self, 80, csum, 1);
	EXPECT_NE(NULL, data(self, self->len));
	EXPECT_EQ(2, self->rn.tx_csum);
	EXPECT_EQ(1, self->rn.tx_lso);
	EXPECT_EQ(1, self->rn.tx_bad_offload);
}

TEST_F(rndis, checksum_requests_that_make_no_sense)
{
	static const uint32_t values[] = {
		TXCSUM_IP4 | TXCSUM_TCP | 35 << 16,
		TXCSUM_IP4 | TXCSUM_UDP | 34 << 16,
		TXCSUM_IP6 | TXCSUM_TCP | 34 << 16,
		TXCSUM_IP4 | TXCSUM_IP6 | TXCSUM_TCP | 34 << 16,
		TXCSUM_IP4 | TXCSUM_TCP | TXCSUM_UDP | 34 << 16,
		TXCSUM_TCP | 34 << 16,
	};
	unsigned int i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint32_t ppi[1][2] = { { PPI_CHECKSUM, values[i] } };

		self->len = 0;
		add_packet(self, 80, ppi, 1);
		EXPECT_NE(NULL, data(self, self->len));
		EXPECT_EQ(0, self->nr_frames);
		EXPECT_EQ(i + 1, self->rn.tx_bad_offload);
	}
}

/* The request is all right, what the guest left in the frame is not. */
TEST_F(rndis, checksums_not_prepared)
{
	uint32_t csum[1][2] = {
		{ PPI_CHECKSUM, TXCSUM_IP4 | TXCSUM_TCP | 34 << 16 }
	};
	uint32_t lso[1][2] = { { PPI_LSO, 1460 | 34 << 20 | LSO_V2 } };
	uint8_t *frame;

	frame = add_packet(self, 80, csum, 1);
	frame[34 + 17] ^= 1;
	EXPECT_STREQ("not the sum of the pseudo header",
		     data(self, self->len));
	self->len = 0;
	frame = add_packet(self, 30000, lso, 1);
	put16(frame + 16, 30000 - 14);
	EXPECT_STREQ("length of IP not left open", data(self, self->len));
	self->len = 0;
	frame = add_packet(self, 30000, lso, 1);
	frame[25] = 1;
	EXPECT_STREQ("checksum of IP not left open", data(self, self->len));
	self->len = 0;
	frame = add_packet(self, 30000, lso, 1);
	put16(frame + 34 + 16, 6 + 30000 - 34);
	EXPECT_STREQ("not the sum of the pseudo header",
		     data(self, self->len));
	EXPECT_EQ(4, self->rn.tx_bad_offload);
	EXPECT_EQ(0, self->nr_frames);
}

TEST_F(rndis, offloads_not_agreed_on)
{
	uint32_t csum[1][2] = {
		{ PPI_CHECKSUM, TXCSUM_IP4 | TXCSUM_TCP | 34 << 16 }
	};
	uint32_t lso[1][2] = { { PPI_LSO, 1460 | 34 << 20 | LSO_V2 } };
	uint32_t vlan[1][2] = { { PPI_VLAN, 0x10010 } };

	self->rn.tx_csum4 = 0;
	add_packet(self, 80, csum, 1);
	EXPECT_STREQ("checksum that was not agreed on", data(self, self->len));
	self->rn.lso4 = false;
	self->len = 0;
	add_packet(self, 30000, lso, 1);
	EXPECT_STREQ("large send that was not agreed on",
		     data(self, self->len));
	self->rn.lso4 = true;
	self->len = 0;
	add_packet(self, 1514, lso, 1);
	EXPECT_STREQ("large send of a single segment", data(self, self->len));
	self->len = 0;
	add_packet(self, 54 + NDIS_LSO_MAX + 1, lso, 1);
	EXPECT_STREQ("large send of more than is offered",
		     data(self, self->len));
	self->len = 0;
	add_packet(self, 60, vlan, 1);
	EXPECT_STREQ("VLAN tag of more than 16 bits", data(self, self->len));
	EXPECT_EQ(5, self->rn.tx_bad_offload);
}

TEST_F(rndis, vlan_and_hints)
{
	uint32_t ppi[3][2] = {
		{ PPI_HASH, 0x12345678 },
		{ PPI_VLAN, 5 | 1 << 3 | 0x123 << 4 },
		{ PPI_PACKET_ID, 0 },
	};

	add_packet(self, 60, ppi, 3);
	EXPECT_EQ(NULL, data(self, self->len));
	ASSERT_EQ(1, self->nr_frames);
	EXPECT_TRUE(self->frames[0].vlan);
	EXPECT_EQ(5 << 13 | 1 << 12 | 0x123, self->frames[0].tci);
}

/* As a host wants it from a guest that has said that it knows tags outside of it */
TEST_F(rndis, tag_in_the_frame)
{
	uint32_t vlan[1][2] = { { PPI_VLAN, 0x1230 } };
	uint8_t *type;

	add_packet(self, 60, NULL, 0);
	EXPECT_EQ(NULL, data(self, self->len));
	ASSERT_EQ(1, self->nr_frames);
	type = self->msg + (self->frames[0].data - self->msg) + 12;
	put16(type, 0x8100);
	EXPECT_STREQ("VLAN tag in the frame and not beside it",
		     data(self, self->len));
	EXPECT_EQ(1, self->rn.tx_bad_offload);
	self->rn.vlan_inline = true;
	EXPECT_EQ(NULL, data(self, self->len));
	self->rn.vlan_inline = false;
	put16(type, 0x88a8);
	EXPECT_EQ(NULL, data(self, self->len));

	/* One of two */
	self->len = 0;
	add_packet(self, 60, vlan, 1);
	EXPECT_EQ(NULL, data(self, self->len));
	ASSERT_EQ(1, self->nr_frames);
	type = self->msg + (self->frames[0].data - self->msg) + 12;
	put16(type, 0x8100);
	EXPECT_EQ(NULL, data(self, self->len));
}

TEST_F(rndis, large_send)
{
	uint32_t ppi[1][2] = {
		{ PPI_LSO, 1460 | 34 << 20 | LSO_V2 }
	};

	add_packet(self, 62000, ppi, 1);
	EXPECT_EQ(NULL, data(self, self->len));
	ASSERT_EQ(1, self->nr_frames);
	EXPECT_EQ(GSO_TCP4, self->frames[0].gso);
	EXPECT_EQ(1460, self->frames[0].gso_size);
	EXPECT_EQ(54, self->frames[0].hdr_len);
	EXPECT_TRUE(self->frames[0].needs_csum);
	EXPECT_TRUE(self->frames[0].needs_ipcsum);
}

TEST_F(rndis, large_sends_that_make_no_sense)
{
	static const uint32_t values[] = {
		1460 | 34 << 20,			/* version 1 */
		0 | 34 << 20 | LSO_V2,			/* no segment size */
		1 | 34 << 20 | LSO_V2,			/* too many segments */
		31 | 34 << 20 | LSO_V2,
		1461 | 34 << 20 | LSO_V2,		/* above the MTU */
		0xfffff | 34 << 20 | LSO_V2,
		1460 | 54 << 20 | LSO_V2,		/* wrong offset */
		1460 | 34 << 20 | LSO_V2 | LSO_IP6,	/* wrong protocol */
	};
	unsigned int i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint32_t ppi[1][2] = { { PPI_LSO, values[i] } };

		self->len = 0;
		add_packet(self, 30000, ppi, 1);
		EXPECT_NE(NULL, data(self, self->len))
			TH_LOG("large send %u", i);
		EXPECT_EQ(0, self->nr_frames);
	}
}

TEST_F(rndis, frame_sizes)
{
	add_packet(self, 1514, NULL, 0);
	EXPECT_EQ(NULL, data(self, self->len));
	self->len = 0;
	add_packet(self, 1515, NULL, 0);
	EXPECT_NE(NULL, data(self, self->len));
	self->len = 0;
	add_packet(self, 1518, NULL, 0);
	put16(self->msg + HDR + sizeof(struct rndis_packet) + 12, 0x88a8);
	EXPECT_EQ(NULL, data(self, self->len));
	self->len = 0;
	add_packet(self, 1519, NULL, 0);
	put16(self->msg + HDR + sizeof(struct rndis_packet) + 12, 0x88a8);
	EXPECT_NE(NULL, data(self, self->len));
	self->len = 0;
	add_packet(self, 60, NULL, 0);
	self->msg[HDR + 4] = 13;		/* data_len */
	EXPECT_NE(NULL, data(self, self->len));
	self->msg[HDR + 4] = 0;
	EXPECT_NE(NULL, data(self, self->len));
}

TEST_F(rndis, truncated_data)
{
	uint32_t ppi[1][2] = { { PPI_VLAN, 16 } };
	size_t first, len;

	add_packet(self, 60, ppi, 1);
	first = self->len;
	add_packet(self, 61, ppi, 1);
	for (len = 0; len < self->len; len++) {
		const char *why = data(self, len);

		/* Cut off between the two, it is whole. */
		if (len == first) {
			EXPECT_EQ(NULL, why);
			continue;
		}
		EXPECT_NE(NULL, why);
		EXPECT_EQ(0, self->nr_frames);
	}
}

/* Each word of the headers gets each of some nasty values. */
TEST_F(rndis, hostile_data)
{
	static const uint32_t values[] = {
		0, 1, 7, 8, 11, 12, 13, 16, 17, 35, 36, 37, 44, 52, 53, 80,
		112, 0x7fffffff, 0x80000000, UINT32_MAX - 35, UINT32_MAX - 7,
		UINT32_MAX,
	};
	uint32_t ppi[2][2] = {
		{ PPI_CHECKSUM, TXCSUM_IP4 | TXCSUM_TCP | 34 << 16 },
		{ PPI_VLAN, 16 },
	};
	const uint32_t words = (HDR + sizeof(struct rndis_packet) + 32) / 4;
	uint32_t keep;
	unsigned int i, j;

	add_packet(self, 80, ppi, 2);
	ASSERT_EQ(NULL, data(self, self->len));
	for (i = 0; i < words; i++) {
		memcpy(&keep, self->msg + i * 4, 4);
		for (j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
			memcpy(self->msg + i * 4, &values[j], 4);
			if (data(self, self->len)) {
				EXPECT_EQ(0, self->nr_frames);
			} else {
				EXPECT_LE(self->frames[0].len, 160);
			}
		}
		memcpy(self->msg + i * 4, &keep, 4);
	}
	EXPECT_EQ(NULL, data(self, self->len));
}

TEST_F(rndis, overlapping_and_strange)
{
	uint32_t twice[2][2] = { { PPI_VLAN, 16 }, { PPI_VLAN, 32 } };
	struct rndis_packet pkt;

	add_packet(self, 80, twice, 2);
	EXPECT_NE(NULL, data(self, self->len));

	self->len = 0;
	add_packet(self, 80, twice, 1);
	memcpy(&pkt, self->msg + HDR, sizeof(pkt));
	pkt.data_offset -= 4;			/* into the information */
	memcpy(self->msg + HDR, &pkt, sizeof(pkt));
	EXPECT_NE(NULL, data(self, self->len));
	pkt.data_offset += 4;
	pkt.oob_count = 1;
	memcpy(self->msg + HDR, &pkt, sizeof(pkt));
	EXPECT_NE(NULL, data(self, self->len));
	pkt.oob_count = 0;
	memcpy(self->msg + HDR, &pkt, sizeof(pkt));
	EXPECT_EQ(NULL, data(self, self->len));
	self->msg[0] = RNDIS_QUERY;		/* not on this channel */
	EXPECT_NE(NULL, data(self, self->len));
}

/* Frames for the guest */

static uint32_t find_ppi(const uint8_t *msg, uint32_t type, bool *found)
{
	struct rndis_packet pkt;
	struct rndis_ppi ppi;
	uint32_t at;

	memcpy(&pkt, msg + HDR, sizeof(pkt));
	*found = false;
	for (at = 0; at < pkt.ppi_len; at += ppi.size) {
		memcpy(&ppi, msg + HDR + pkt.ppi_offset + at, sizeof(ppi));
		if (ppi.type != type)
			continue;
		*found = true;
		return word(msg + HDR + pkt.ppi_offset + at + ppi.offset);
	}
	return 0;
}

TEST_F(rndis, header_for_the_guest)
{
	struct rndis_part part = { .len = 80 };
	uint8_t bytes[80], hdr[RNDIS_RX_HDR_MAX];
	struct frame frame = {
		.data = bytes, .len = 80, .csum_good = true,
		.vlan = true, .tci = 5 << 13 | 0x123,
	};
	struct rndis_packet pkt;
	uint32_t len, value;
	bool found;

	make_tcp(bytes, 80);
	len = rndis_rx_header(&self->rn, &frame, &part, hdr);
	ASSERT_LE(len, sizeof(hdr));
	EXPECT_EQ(RNDIS_PACKET, word(hdr));
	EXPECT_EQ(len + 80, word(hdr + 4));
	memcpy(&pkt, hdr + HDR, sizeof(pkt));
	EXPECT_EQ(len - HDR, pkt.data_offset);
	EXPECT_EQ(80, pkt.data_len);
	value = find_ppi(hdr, PPI_CHECKSUM, &found);
	EXPECT_TRUE(found);
	EXPECT_EQ(RXCSUM_IP_GOOD | RXCSUM_TCP_GOOD, value);
	value = find_ppi(hdr, PPI_VLAN, &found);
	EXPECT_TRUE(found);
	EXPECT_EQ(5 | 0x123 << 4, value);
	find_ppi(hdr, PPI_PACKET_ID, &found);
	EXPECT_FALSE(found);

	/* Checked here if nobody else did, and these sums are wrong. */
	frame.csum_good = false;
	rndis_rx_header(&self->rn, &frame, &part, hdr);
	EXPECT_EQ(RXCSUM_IP_BAD | RXCSUM_TCP_BAD,
		  find_ppi(hdr, PPI_CHECKSUM, &found));
	/* Not said to a guest that does not want to know. */
	self->rn.rx_csum4 = 0;
	rndis_rx_header(&self->rn, &frame, &part, hdr);
	EXPECT_EQ(0, find_ppi(hdr, PPI_CHECKSUM, &found));
	self->rn.vlan_inline = true;
	rndis_rx_header(&self->rn, &frame, &part, hdr);
	find_ppi(hdr, PPI_VLAN, &found);
	EXPECT_FALSE(found);
}

TEST_F(rndis, parts_for_the_guest)
{
	struct rndis_part part = { .part = true, .first = true, .len = 40 };
	uint8_t bytes[80], hdr[RNDIS_RX_HDR_MAX];
	struct frame frame = { .data = bytes, .len = 80, .csum_good = true };
	bool found;

	make_tcp(bytes, 80);
	self->rn.packet_id = 0x55;
	rndis_rx_header(&self->rn, &frame, &part, hdr);
	EXPECT_EQ(0x00550301, find_ppi(hdr, PPI_PACKET_ID, &found));
	EXPECT_TRUE(found);
	find_ppi(hdr, PPI_CHECKSUM, &found);
	EXPECT_TRUE(found);
	part.first = false;
	part.last = true;
	rndis_rx_header(&self->rn, &frame, &part, hdr);
	EXPECT_EQ(0x00550501, find_ppi(hdr, PPI_PACKET_ID, &found));
	find_ppi(hdr, PPI_CHECKSUM, &found);
	EXPECT_FALSE(found);
}

TEST_HARNESS_MAIN
