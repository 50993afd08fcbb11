// SPDX-License-Identifier: GPL-2.0
/*
 * A NIC's channel with a guest at the other end that is played here: sessions
 * of all versions, frames both ways, buffers that run out, the data path, and
 * guests that break the protocol.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "generation.h"
#include "loop.h"
#include "mem.h"
#include "netvsp.h"
#include "netvsp_rx.h"
#include "nvsp_wire.h"
#include "rndis_wire.h"
#include "rss.h"
#include "vm.h"
#include "vmbus.h"
#include "vmbus_wire.h"
#include "vswitch.h"

#define RAM_SIZE	(256 * 1024)
#define RECV_SIZE	(1728 * 16 + 100)
#define SEND_SIZE	(6144 * 4)
#define RECV_ID		0xcafe
#define NR_OUT		128
#define TURN		512	/* packets that are read at a time */
#define UNREAD_MAX	256	/* answers beyond which nothing is read */

/* The parts of the host that are played: memory, GPADLs, one channel. */

struct gpadl {
	uint32_t id;
	uint64_t size;
	uint8_t *mem;
};

struct sent {				/* to the guest */
	uint16_t type, flags;
	uint64_t trans_id;
	uint16_t set;
	unsigned int nr_ranges;
	struct pkt_range ranges[400];
	uint8_t data[256];
	size_t len;
};

struct from_guest {
	struct from_guest *next;
	struct packet pkt;
};

struct channel {
	struct channel_offer offer;
	bool failed, rescinded, open, broken, silent;
	unsigned int room;		/* packets that still fit */
	unsigned int nr_sent, nr_seen;
	struct sent sent[NR_OUT];
	struct from_guest *first;	/* what the guest has put */
};

static struct channel chan, subs[4];
static struct gpadl gpadls[3];
static struct guest_mem ram;
static uint8_t ram_bytes[RAM_SIZE];

struct guest_mem *vm_mem(struct vm *vm)
{
	(void)vm;
	return &ram;
}

/* How often the guest was paused, and for how long the last time */
static unsigned int pauses;
static uint64_t paused_ns;

void vm_pause(struct vm *vm, uint64_t ns)
{
	(void)vm;
	pauses++;
	paused_ns = ns;
}

struct vm *vmbus_vm(const struct vmbus *vmbus)
{
	(void)vmbus;
	return NULL;
}

struct channel *vmbus_offer(struct vmbus *vmbus,
			    const struct channel_offer *offer)
{
	(void)vmbus;
	if (offer->sub_index) {
		memset(&subs[offer->sub_index], 0, sizeof(subs[0]));
		subs[offer->sub_index].offer = *offer;
		subs[offer->sub_index].room = 1000;
		return &subs[offer->sub_index];
	}
	chan.offer = *offer;
	return &chan;
}

void vmbus_rescind(struct channel *c)
{
	if (c->rescinded)
		return;
	c->rescinded = true;
	if (c->open)
		c->offer.ops->close(c->offer.ctx, c);
	c->open = false;
}

/* Why a channel was failed last */
static char why_failed[128];

void channel_fail(struct channel *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why_failed, sizeof(why_failed), fmt, args);
	va_end(args);
	c->failed = true;
	vmbus_rescind(c);
}

uint32_t channel_relid(const struct channel *c)
{
	return c->rescinded ? 0 : 10 + c->offer.sub_index;
}

unsigned int channel_vp(const struct channel *c)
{
	return c->offer.sub_index + 1;
}

/* Of VMBus */
static uint32_t version;

uint32_t vmbus_version(const struct vmbus *vmbus)
{
	(void)vmbus;
	return version;
}

bool channel_is_rescinded(const struct channel *c)
{
	return c->rescinded;
}

void channel_silence(struct channel *c)
{
	c->silent = true;
}

enum ring_status channel_read(struct channel *c, struct packet *pkt)
{
	struct from_guest *first = c->first;

	if (!first)
		return RING_EMPTY;
	*pkt = first->pkt;
	pkt->payload = pkt->buf;
	c->first = first->next;
	free(first);
	return RING_OK;
}

static enum ring_status put(struct channel *c, uint16_t type, uint16_t flags,
			    uint64_t trans_id, const void *payload, size_t len)
{
	struct sent *sent = &c->sent[c->nr_sent % NR_OUT];

	if (!c->open || c->broken) {
		channel_fail(c, "a broken ring");
		return RING_BAD;
	}
	if (!c->room)
		return RING_FULL;
	c->room--;
	c->nr_sent++;
	memset(sent, 0, sizeof(*sent));
	sent->type = type;
	sent->flags = flags;
	sent->trans_id = trans_id;
	sent->len = len;
	if (len)
		memcpy(sent->data, payload, len);
	return RING_OK;
}

enum ring_status channel_write(struct channel *c, uint16_t type,
			       uint16_t flags, uint64_t trans_id,
			       const void *payload, size_t len)
{
	return put(c, type, flags, trans_id, payload, len);
}

enum ring_status channel_write_xfer(struct channel *c, uint64_t trans_id,
				    uint16_t xfer_set,
				    const struct pkt_range *ranges,
				    unsigned int nr_ranges,
				    const void *payload, size_t len)
{
	struct sent *sent = &c->sent[c->nr_sent % NR_OUT];
	enum ring_status status;

	status = put(c, PKT_XFER_PAGES, PKT_FLAG_COMPLETE, trans_id, payload,
		     len);
	if (status != RING_OK)
		return status;
	sent->set = xfer_set;
	sent->nr_ranges = nr_ranges;
	memcpy(sent->ranges, ranges, nr_ranges * sizeof(*ranges));
	return RING_OK;
}

enum ring_status channel_write_raw(struct channel *c, uint16_t type,
				   uint16_t flags, uint64_t trans_id,
				   const void *data, size_t len, size_t header)
{
	(void)header;
	return put(c, type, flags, trans_id, data, len);
}

struct gpadl *channel_gpadl(struct channel *c, uint32_t id)
{
	unsigned int i;

	(void)c;
	for (i = 0; i < 3; i++)
		if (gpadls[i].id == id)
			return &gpadls[i];
	return NULL;
}

uint64_t gpadl_size(const struct gpadl *gpadl)
{
	return gpadl->size;
}

bool gpadl_read(const struct gpadl *gpadl, uint64_t offset, void *buf,
		size_t len)
{
	if (offset > gpadl->size || len > gpadl->size - offset)
		return false;
	memcpy(buf, gpadl->mem + offset, len);
	return true;
}

bool gpadl_write(struct gpadl *gpadl, uint64_t offset, const void *buf,
		 size_t len)
{
	if (offset > gpadl->size || len > gpadl->size - offset)
		return false;
	memcpy(gpadl->mem + offset, buf, len);
	return true;
}

/* The guest */

static const uint8_t mac[6] = { 0x02, 0, 0, 0, 0, 0xa };
static const uint8_t mac_peer[6] = { 0x02, 0, 0, 0, 0, 0xb };

FIXTURE(netvsp) {
	struct vswitch *vs;
	struct vnic *nic, *peer;
	struct netvsp *nv;
	uint64_t trans_id;
	/* How often the guest was told of a VF. */
	unsigned int announced;
	/* What the NIC next to it got. */
	unsigned int peer_got;
	uint32_t peer_len;
	struct frame peer_frame;
	uint8_t peer_data[70000];
};

static bool peer_deliver(void *ctx, const struct frame *frame)
{
	FIXTURE_DATA(netvsp) *self = ctx;

	self->peer_got++;
	self->peer_frame = *frame;
	memcpy(self->peer_data, frame->data, frame->len);
	return true;
}

static void count_announced(void *ctx)
{
	FIXTURE_DATA(netvsp) *self = ctx;

	self->announced++;
}

static const struct vpath_ops peer_ops = { .deliver = peer_deliver };

FIXTURE_SETUP(netvsp)
{
	struct netvsp_config config = {
		.instance_seed = 1, .max_nvsp = NVSP_V61, .mtu = 9000,
		.gen = generation_find("azure"), .queues = 4,
		.vf_announced = count_announced, .ctx = self,
	};
	static const uint32_t sizes[] = { RECV_SIZE, SEND_SIZE, 100 };
	unsigned int i;

	version = VMBUS_V5_3;
	pauses = 0;
	memset(&chan, 0, sizeof(chan));
	memset(subs, 0, sizeof(subs));
	memset(&ram, 0, sizeof(ram));
	mem_add(&ram, 0, RAM_SIZE, ram_bytes);
	for (i = 0; i < 3; i++) {
		gpadls[i].id = 0xe1e10 + i;
		gpadls[i].size = sizes[i];
		gpadls[i].mem = malloc(sizes[i]);
	}
	chan.room = 1000;
	self->vs = vswitch_create();
	self->nic = vswitch_nic_add(self->vs, 1, mac);
	self->peer = vswitch_nic_add(self->vs, 2, mac_peer);
	vnic_set_path(self->peer, PATH_SYNTHETIC, &peer_ops, self);
	self->nv = netvsp_create(NULL, self->nic, &config);
	ASSERT_NE(NULL, self->nv);
	self->trans_id = 0x1000;
}

static void forget_packets(struct channel *c)
{
	struct from_guest *first;

	while ((first = c->first)) {
		c->first = first->next;
		free(first);
	}
}

FIXTURE_TEARDOWN(netvsp)
{
	unsigned int i;

	if (self->nv)
		netvsp_remove(self->nv);
	if (self->nv)
		chan.offer.ops->released(chan.offer.ctx, &chan);
	for (i = 1; i < 4; i++)
		if (subs[i].rescinded && subs[i].offer.ctx)
			subs[i].offer.ops->released(subs[i].offer.ctx,
						    &subs[i]);
	forget_packets(&chan);
	for (i = 1; i < 4; i++)
		forget_packets(&subs[i]);
	vswitch_destroy(self->vs);
	for (i = 0; i < 3; i++)
		free(gpadls[i].mem);
}

static void guest_open(void)
{
	chan.open = chan.offer.ops->open(chan.offer.ctx, &chan);
}

/* A sub-channel is opened, the guest lets go of it. */
static void sub_open(unsigned int i)
{
	subs[i].open = subs[i].offer.ops->open(subs[i].offer.ctx, &subs[i]);
}

static void sub_released(unsigned int i)
{
	subs[i].offer.ops->released(subs[i].offer.ctx, &subs[i]);
	subs[i].offer.ctx = NULL;
}

static void guest_close(void)
{
	chan.offer.ops->close(chan.offer.ctx, &chan);
	chan.open = false;
}

static void kick_on(struct channel *c)
{
	c->offer.ops->readable(c->offer.ctx, c);
}

static void kick(void)
{
	kick_on(&chan);
}

static struct packet *guest_put_on(struct channel *c, uint16_t type,
				   uint16_t flags, uint64_t trans_id,
				   const void *msg, size_t len)
{
	struct from_guest **end, *last = calloc(1, sizeof(*last));

	for (end = &c->first; *end; end = &(*end)->next)
		;
	*end = last;
	last->pkt.type = type;
	last->pkt.flags = flags;
	last->pkt.trans_id = trans_id;
	last->pkt.len = len;
	memcpy(last->pkt.buf, msg, len);
	return &last->pkt;
}

static struct packet *guest_put(uint16_t type, uint16_t flags,
				uint64_t trans_id, const void *msg, size_t len)
{
	return guest_put_on(&chan, type, flags, trans_id, msg, len);
}

/* A message that wants a completion. */
static void ask(FIXTURE_DATA(netvsp) *self, const void *msg, size_t len)
{
	uint8_t buf[NVSP_LEN_V61] = { 0 };

	memcpy(buf, msg, len);
	guest_put(PKT_INBAND, PKT_FLAG_COMPLETE, ++self->trans_id, buf,
		  sizeof(buf));
	kick();
}

/* The next packet from the host; NULL if there is none. */
static struct sent *next_on(struct channel *c)
{
	if (c->nr_seen == c->nr_sent)
		return NULL;
	return &c->sent[c->nr_seen++ % NR_OUT];
}

static struct sent *next(void)
{
	return next_on(&chan);
}

static uint32_t word(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The completion of what was asked last. */
static const uint8_t *answer(struct __test_metadata *_metadata,
			     FIXTURE_DATA(netvsp) *self, size_t len)
{
	struct sent *sent = next();

	ASSERT_NE(NULL, sent);
	ASSERT_EQ(PKT_COMPLETION, sent->type);
	ASSERT_EQ(self->trans_id, sent->trans_id);
	ASSERT_EQ(len, sent->len);
	return sent->data;
}

static void init(struct __test_metadata *_metadata,
		 FIXTURE_DATA(netvsp) *self, uint32_t version, uint32_t caps)
{
	struct nvsp_init msg = { NVSP_INIT, version, version };
	struct nvsp_ndis_config config = {
		.type = NVSP_NDIS_CONFIG, .frame_size = 1514, .caps = caps,
	};
	struct nvsp_ndis_version ndis = { NVSP_NDIS_VERSION, 6, 30 };
	const uint8_t *done;

	ask(self, &msg, sizeof(msg));
	done = answer(_metadata, self, version == NVSP_V61 ? 40 : 28);
	ASSERT_EQ(NVSP_INIT_DONE, word(done));
	ASSERT_EQ(NVSP_SUCCESS, word(done + 12));
	if (version >= NVSP_V2) {
		guest_put(PKT_INBAND, 0, 0, &config, sizeof(config));
		kick();
	}
	guest_put(PKT_INBAND, 0, 0, &ndis, sizeof(ndis));
	kick();
	ASSERT_EQ(NULL, next());
}

static void buffers(struct __test_metadata *_metadata,
		    FIXTURE_DATA(netvsp) *self, size_t len)
{
	struct nvsp_buffer recv = { NVSP_RECV_BUF, gpadls[0].id, RECV_ID, 0 };
	struct nvsp_buffer send = { NVSP_SEND_BUF, gpadls[1].id, 0, 0 };
	struct nvsp_recv_buf_done done;

	ask(self, &recv, sizeof(recv));
	memcpy(&done, answer(_metadata, self, len), sizeof(done));
	ASSERT_EQ(NVSP_RECV_BUF_DONE, done.type);
	ASSERT_EQ(NVSP_SUCCESS, done.status);
	ASSERT_EQ(1, done.sections);
	ASSERT_EQ(0, done.offset);
	ASSERT_EQ(1728, done.sub_size);
	ASSERT_EQ(16, done.sub_count);
	ASSERT_EQ(1728 * 16, done.end);
	ask(self, &send, sizeof(send));
	ASSERT_EQ(6144, word(answer(_metadata, self, len) + 8));
}

/* Puts an RNDIS message into memory, from @gpa on, as pages. */
static void send_rndis(FIXTURE_DATA(netvsp) *self, uint32_t chan_type,
		       uint32_t section, uint32_t section_len, const void *msg,
		       size_t len)
{
	struct nvsp_rndis rndis = {
		NVSP_RNDIS, chan_type, section, section_len
	};
	uint64_t gpa = 4096 - 64;
	struct packet *pkt;

	pkt = guest_put(len ? PKT_GPA_DIRECT : PKT_INBAND, PKT_FLAG_COMPLETE,
			++self->trans_id, &rndis, sizeof(rndis));
	if (len)
		memcpy(ram_bytes + gpa, msg, len);
	while (len) {
		struct pkt_gpa *at = &pkt->gpas[pkt->nr_gpas++];
		uint64_t part = 4096 - gpa % 4096;

		at->gpa = gpa;
		at->len = part < len ? part : len;
		gpa += at->len;
		len -= at->len;
	}
	kick();
}

static void guest_complete(uint64_t trans_id)
{
	struct nvsp_rndis_done done = { NVSP_RNDIS_DONE, NVSP_SUCCESS };

	guest_put(PKT_COMPLETION, 0, trans_id, &done, sizeof(done));
	kick();
}

/* The RNDIS message of a range that the host has sent. */
static const uint8_t *range(const struct sent *sent, unsigned int i)
{
	return gpadls[0].mem + sent->ranges[i].offset;
}

/* A control message, its completion and its answer, which is given back. */
static const uint8_t *control(struct __test_metadata *_metadata,
			      FIXTURE_DATA(netvsp) *self, const void *msg,
			      size_t len, size_t nvsp_len)
{
	struct sent *sent;

	send_rndis(self, NVSP_CHAN_CONTROL, NVSP_NO_SECTION, 0, msg, len);
	ASSERT_EQ(NVSP_SUCCESS, word(answer(_metadata, self, nvsp_len) + 4));
	sent = next();
	ASSERT_NE(NULL, sent);
	ASSERT_EQ(PKT_XFER_PAGES, sent->type);
	ASSERT_EQ(RECV_ID, sent->set);
	ASSERT_EQ(1, sent->nr_ranges);
	ASSERT_EQ(NVSP_RNDIS, word(sent->data));
	ASSERT_EQ(NVSP_CHAN_CONTROL, word(sent->data + 4));
	guest_complete(sent->trans_id);
	return range(sent, 0);
}

static void rndis_up(struct __test_metadata *_metadata,
		     FIXTURE_DATA(netvsp) *self, size_t len)
{
	struct {
		struct rndis_hdr hdr;
		struct rndis_initialize init;
	} msg = { { RNDIS_INITIALIZE, sizeof(msg) }, { 1, 1, 0, 0x4000 } };

	ASSERT_EQ(RNDIS_INITIALIZE | RNDIS_DONE,
		  word(control(_metadata, self, &msg, sizeof(msg), len)));
}

static void set_oid(struct __test_metadata *_metadata,
		    FIXTURE_DATA(netvsp) *self, uint32_t oid, const void *info,
		    size_t info_len, size_t len)
{
	struct {
		struct rndis_hdr hdr;
		struct rndis_info info;
		uint8_t data[640];
	} msg = {
		{ RNDIS_SET, 28 + info_len },
		{ .oid = oid, .info_len = info_len, .info_offset = 20 },
		{ 0 },
	};

	memcpy(msg.data, info, info_len);
	ASSERT_EQ(RNDIS_OK, word(control(_metadata, self, &msg, 28 + info_len,
					 len) + 12));
}

/* All the way to a NIC that receives. */
static void up(struct __test_metadata *_metadata, FIXTURE_DATA(netvsp) *self)
{
	uint32_t filter = FILTER_DIRECTED | FILTER_BROADCAST;

	guest_open();
	init(_metadata, self, NVSP_V61,
	     NVSP_CAP_SRIOV | NVSP_CAP_8021Q | NVSP_CAP_RSC);
	buffers(_metadata, self, 40);
	rndis_up(_metadata, self, 40);
	set_oid(_metadata, self, OID_PACKET_FILTER, &filter, 4, 40);
	ASSERT_EQ(NULL, next());
}

/* And is told of a VF. */
static void up_with_vf(struct __test_metadata *_metadata,
		       FIXTURE_DATA(netvsp) *self)
{
	struct sent *sent;

	up(_metadata, self);
	netvsp_vf_association(self->nv, true, 7);
	sent = next();
	ASSERT_NE(NULL, sent);
	ASSERT_EQ(NVSP_VF_ASSOCIATION, word(sent->data));
}

static uint32_t make_packet(uint8_t *msg, const uint8_t *dst, uint32_t len)
{
	struct rndis_packet pkt = { .data_offset = 36, .data_len = len };
	struct rndis_hdr hdr = { RNDIS_PACKET, 44 + len };

	memcpy(msg, &hdr, sizeof(hdr));
	memcpy(msg + 8, &pkt, sizeof(pkt));
	memset(msg + 44, 0x11, len);
	memcpy(msg + 44, dst, 6);
	memcpy(msg + 50, mac, 6);
	return hdr.len;
}

static bool state_open(FIXTURE_DATA(netvsp) *self)
{
	struct netvsp_state state;

	netvsp_get_state(self->nv, &state);
	return state.open;
}

/* Sessions */

TEST_F(netvsp, all_versions)
{
	static const uint32_t versions[] = {
		NVSP_V1, NVSP_V2, NVSP_V4, NVSP_V5, NVSP_V6, NVSP_V61
	};
	struct netvsp_state state;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		size_t len = versions[i] == NVSP_V61 ? 40 : 28;

		guest_open();
		init(_metadata, self, versions[i], NVSP_CAP_8021Q);
		buffers(_metadata, self, len);
		rndis_up(_metadata, self, len);
		EXPECT_EQ(NULL, next());
		netvsp_get_state(self->nv, &state);
		EXPECT_EQ(versions[i], state.nvsp_version);
		EXPECT_EQ(1500, state.mtu);
		EXPECT_EQ(versions[i] == NVSP_V1 ? 0 : 1500, state.mtu_asked);
		EXPECT_TRUE(state.rndis_ready);
		EXPECT_EQ(0, state.protocol_errors);
		guest_close();
	}
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, versions_go_down_the_list)
{
	struct netvsp_config config = {
		.instance_seed = 1, .max_nvsp = NVSP_V5, .mtu = 1500,
		.gen = generation_find("ws2012r2"),
	};
	struct nvsp_init msg = { NVSP_INIT, NVSP_V61, NVSP_V61 };

	netvsp_remove(self->nv);
	chan.offer.ops->released(chan.offer.ctx, &chan);
	memset(&chan, 0, sizeof(chan));
	chan.room = 1000;
	self->nv = netvsp_create(NULL, self->nic, &config);
	guest_open();
	ask(self, &msg, sizeof(msg));
	EXPECT_NE(NVSP_SUCCESS, word(answer(_metadata, self, 28) + 12));
	msg.min_version = 0x50001;
	msg.max_version = 0x50001;
	ask(self, &msg, sizeof(msg));
	EXPECT_NE(NVSP_SUCCESS, word(answer(_metadata, self, 28) + 12));
	init(_metadata, self, NVSP_V5, 0);
	EXPECT_FALSE(chan.failed);
	ask(self, &msg, sizeof(msg));		/* again */
	EXPECT_TRUE(chan.failed);
}

TEST_F(netvsp, no_later_version_than_told)
{
	struct nvsp_init msg = { NVSP_INIT, NVSP_V4, NVSP_V4 };

	netvsp_set_max_nvsp(self->nv, NVSP_V2);
	guest_open();
	ask(self, &msg, sizeof(msg));
	EXPECT_NE(NVSP_SUCCESS, word(answer(_metadata, self, 28) + 12));
	init(_metadata, self, NVSP_V2, 0);
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, no_larger_mtu_than_told)
{
	struct netvsp_state state;

	netvsp_set_mtu(self->nv, 1400);
	guest_open();
	init(_metadata, self, NVSP_V61, NVSP_CAP_8021Q);
	buffers(_metadata, self, 40);
	rndis_up(_metadata, self, 40);
	netvsp_get_state(self->nv, &state);
	EXPECT_EQ(1400, state.mtu);
	EXPECT_EQ(1500, state.mtu_asked);
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, messages_of_later_versions)
{
	struct nvsp_switch_path sw = { NVSP_SWITCH_PATH, 0 };

	guest_open();
	init(_metadata, self, NVSP_V2, 0);
	ask(self, &sw, sizeof(sw));
	EXPECT_TRUE(chan.failed);
	EXPECT_FALSE(state_open(self));
}

/* What the guest has to say of itself before it gets anything. */
TEST_F(netvsp, ndis_version)
{
	struct nvsp_ndis_version ndis = { NVSP_NDIS_VERSION, 6, 30 };

	guest_open();
	init(_metadata, self, NVSP_V61, 0);
	ask(self, &ndis, sizeof(ndis));		/* again */
	EXPECT_TRUE(chan.failed);
}

TEST_F(netvsp, unknown_ndis_version)
{
	struct nvsp_init init = { NVSP_INIT, NVSP_V61, NVSP_V61 };
	struct nvsp_ndis_version ndis = { NVSP_NDIS_VERSION, 7, 0 };

	guest_open();
	ask(self, &init, sizeof(init));
	answer(_metadata, self, 40);
	ask(self, &ndis, sizeof(ndis));
	EXPECT_TRUE(chan.failed);
}

TEST_F(netvsp, rndis_before_ndis_version)
{
	struct nvsp_init init = { NVSP_INIT, NVSP_V1, NVSP_V1 };

	guest_open();
	ask(self, &init, sizeof(init));
	answer(_metadata, self, 28);
	buffers(_metadata, self, 28);
	send_rndis(self, NVSP_CHAN_CONTROL, NVSP_NO_SECTION, 0, "", 1);
	EXPECT_TRUE(chan.failed);
}

TEST_F(netvsp, buffer_before_ndis_config)
{
	struct nvsp_buffer recv = { NVSP_RECV_BUF, gpadls[0].id, RECV_ID, 0 };
	struct nvsp_init init = { NVSP_INIT, NVSP_V2, NVSP_V2 };

	guest_open();
	ask(self, &init, sizeof(init));
	answer(_metadata, self, 28);
	ask(self, &recv, sizeof(recv));
	EXPECT_TRUE(chan.failed);
}

TEST_F(netvsp, nothing_before_init)
{
	struct nvsp_buffer recv = { NVSP_RECV_BUF, gpadls[0].id, RECV_ID, 0 };

	guest_open();
	ask(self, &recv, sizeof(recv));
	EXPECT_TRUE(chan.failed);
}

/* A new one: the other has lost its channel. */
static void new_nic(FIXTURE_DATA(netvsp) *self)
{
	netvsp_remove(self->nv);
	chan.offer.ops->released(chan.offer.ctx, &chan);
	chan.rescinded = false;
	chan.failed = false;
	self->nv = netvsp_create(NULL, self->nic, &(struct netvsp_config){
		.instance_seed = 1, .max_nvsp = NVSP_V61, .mtu = 1500,
		.gen = generation_find("ws2022"),
	});
	guest_open();
}

/* @len bytes of a message; why the channel was closed, or "" */
static const char *of_length(uint32_t type, size_t len)
{
	uint8_t msg[64] = { 0 };

	memcpy(msg, &type, sizeof(type));
	why_failed[0] = '\0';
	guest_put(PKT_INBAND, 0, 0, msg, len);
	kick();
	return why_failed;
}

TEST_F(netvsp, short_messages)
{
	static const struct {
		uint32_t type, least;
	} msgs[] = {
		{ NVSP_INIT, 12 }, { NVSP_NDIS_VERSION, 12 },
		{ NVSP_NDIS_CONFIG, 20 }, { NVSP_RECV_BUF, 12 },
		{ NVSP_RECV_BUF_REVOKE, 8 }, { NVSP_SEND_BUF, 12 },
		{ NVSP_SEND_BUF_REVOKE, 8 }, { NVSP_RNDIS, 16 },
		{ NVSP_SWITCH_PATH, 8 }, { NVSP_SUBCHANNEL, 12 },
	};
	static const char short_one[] = "nic 1: NVSP message too short";
	unsigned int i;
	uint32_t len;

	for (i = 0; i < sizeof(msgs) / sizeof(msgs[0]); i++) {
		for (len = 4; len <= msgs[i].least; len++) {
			new_nic(self);
			/* Which cannot be said twice, short or not. */
			if (msgs[i].type != NVSP_INIT)
				init(_metadata, self, NVSP_V61, 0);
			EXPECT_EQ(len == msgs[i].least,
				  !!strcmp(short_one,
					   of_length(msgs[i].type, len))) {
				TH_LOG("type %u, %u bytes", msgs[i].type, len);
			}
		}
	}
	for (len = 0; len < 4; len++) {
		new_nic(self);
		EXPECT_STREQ("nic 1: NVSP message without a type",
			     of_length(NVSP_INIT, len));
	}
}

TEST_F(netvsp, unknown_messages)
{
	static const uint32_t types[] = { 0, 3, 99, 110, 200, UINT32_MAX };
	unsigned int i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		new_nic(self);
		init(_metadata, self, NVSP_V61, 0);
		EXPECT_STREQ("nic 1: NVSP message that is not known or not allowed here",
			     of_length(types[i], 40));
		EXPECT_TRUE(chan.failed);
		EXPECT_EQ(NULL, next());
	}
}

TEST_F(netvsp, buffers_that_will_not_do)
{
	struct nvsp_buffer recv = { NVSP_RECV_BUF, 12345, RECV_ID, 0 };

	guest_open();
	init(_metadata, self, NVSP_V61, 0);
	ask(self, &recv, sizeof(recv));		/* no such GPADL */
	EXPECT_EQ(NVSP_FAILURE, word(answer(_metadata, self, 40) + 4));
	recv.gpadl = gpadls[2].id;		/* too small */
	ask(self, &recv, sizeof(recv));
	EXPECT_EQ(NVSP_FAILURE, word(answer(_metadata, self, 40) + 4));
	recv.type = NVSP_SEND_BUF;
	ask(self, &recv, sizeof(recv));
	EXPECT_EQ(NVSP_FAILURE, word(answer(_metadata, self, 40) + 4));
	buffers(_metadata, self, 40);
	recv.gpadl = gpadls[0].id;		/* in use by the other */
	ask(self, &recv, sizeof(recv));
	EXPECT_EQ(NVSP_FAILURE, word(answer(_metadata, self, 40) + 4));
	EXPECT_FALSE(chan.failed);
}

/* Answers have to fit in its pieces, too: the longest is the NIC's name. */
TEST_F(netvsp, buffer_for_small_frames)
{
	struct {
		struct rndis_hdr hdr;
		struct rndis_info info;
	} msg = {
		{ RNDIS_QUERY, sizeof(msg) },
		{ 9, OID_FRIENDLY_NAME, 0, 20, 0 }
	};
	struct netvsp_config config = {
		.instance_seed = 1, .max_nvsp = NVSP_V61, .mtu = 68,
		.gen = generation_find("ws2022"),
	};

	netvsp_remove(self->nv);
	chan.offer.ops->released(chan.offer.ctx, &chan);
	chan.rescinded = false;
	self->nv = netvsp_create(NULL, self->nic, &config);
	guest_open();
	init(_metadata, self, NVSP_V61, 0);
	buffers(_metadata, self, 40);
	rndis_up(_metadata, self, 40);
	EXPECT_EQ(8 + 16 + 512, word(control(_metadata, self, &msg, sizeof(msg),
					     40) + 4));
}

TEST_F(netvsp, revoked_buffers)
{
	struct nvsp_revoke revoke = { NVSP_RECV_BUF_REVOKE, RECV_ID, 0 };
	uint8_t bytes[60] = { 0x02, 0, 0, 0, 0, 0xa };
	struct frame frame = { .data = bytes, .len = 60, .csum_good = true };
	struct sent *sent;

	up(_metadata, self);
	vswitch_from_uplink(self->vs, &frame);
	sent = next();
	ASSERT_NE(NULL, sent);
	ask(self, &revoke, sizeof(revoke));
	answer(_metadata, self, 0);
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_EQ(NULL, next());
	EXPECT_EQ(1, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_dropped);
	/* What was under way may still be completed. */
	guest_complete(sent->trans_id);
	EXPECT_FALSE(chan.failed);
	ask(self, &revoke, sizeof(revoke));
	EXPECT_TRUE(chan.failed);
}

/* What was under way in another channel's ring comes after the revocation. */
TEST_F(netvsp, sent_from_a_revoked_buffer)
{
	struct nvsp_revoke revoke = { NVSP_SEND_BUF_REVOKE, 0, 0 };
	struct nvsp_buffer buf = { NVSP_SEND_BUF, gpadls[1].id, 0, 0 };
	struct netvsp_state state;
	uint32_t len, errors;
	uint8_t msg[256];

	len = make_packet(msg, mac_peer, 60);
	up(_metadata, self);
	netvsp_get_state(self->nv, &state);
	errors = state.protocol_errors;
	memcpy(gpadls[1].mem, msg, len);
	ask(self, &revoke, sizeof(revoke));
	answer(_metadata, self, 0);
	send_rndis(self, NVSP_CHAN_DATA, 0, len, NULL, 0);
	EXPECT_EQ(NVSP_FAILURE, word(answer(_metadata, self, 40) + 4));
	EXPECT_EQ(0, self->peer_got);
	netvsp_get_state(self->nv, &state);
	EXPECT_EQ(errors + 1, state.protocol_errors);
	EXPECT_FALSE(chan.failed);

	ask(self, &buf, sizeof(buf));
	answer(_metadata, self, 40);
	send_rndis(self, NVSP_CHAN_DATA, 0, len, NULL, 0);
	EXPECT_EQ(NVSP_SUCCESS, word(answer(_metadata, self, 40) + 4));
	EXPECT_EQ(1, self->peer_got);
}

TEST_F(netvsp, gpadl_taken_away)
{
	uint8_t msg[256];
	uint32_t len = make_packet(msg, mac_peer, 60);

	up(_metadata, self);
	memcpy(gpadls[1].mem, msg, len);
	send_rndis(self, NVSP_CHAN_DATA, 0, len, NULL, 0);
	EXPECT_EQ(1, self->peer_got);
	answer(_metadata, self, 40);
	chan.offer.ops->gpadl_gone(chan.offer.ctx, &chan, &gpadls[1]);
	send_rndis(self, NVSP_CHAN_DATA, 0, len, NULL, 0);
	EXPECT_EQ(1, self->peer_got);
	EXPECT_TRUE(chan.failed);
}

static uint64_t complaints(FIXTURE_DATA(netvsp) *self)
{
	struct netvsp_state state;

	netvsp_get_state(self->nv, &state);
	return state.protocol_errors;
}

static void take_buffers(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		chan.offer.ops->gpadl_gone(chan.offer.ctx, &chan, &gpadls[i]);
}

static void revoke_buffers(struct __test_metadata *_metadata,
			   FIXTURE_DATA(netvsp) *self)
{
	struct nvsp_revoke revoke = { NVSP_RECV_BUF_REVOKE, RECV_ID, 0 };

	ask(self, &revoke, sizeof(revoke));
	answer(_metadata, self, 0);
	revoke.type = NVSP_SEND_BUF_REVOKE;
	revoke.id = 0;
	ask(self, &revoke, sizeof(revoke));
	answer(_metadata, self, 0);
}

/* Before VMBus 4.0 the channel is to go last, and from then on first. */
TEST_F(netvsp, memory_before_channel)
{
	version = VMBUS_V3_0;
	up(_metadata, self);
	revoke_buffers(_metadata, self);
	take_buffers();
	guest_close();
	EXPECT_EQ(0, complaints(self));

	up(_metadata, self);
	revoke_buffers(_metadata, self);
	guest_close();
	EXPECT_EQ(1, complaints(self));
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, channel_before_memory)
{
	version = VMBUS_V4_0;
	up(_metadata, self);
	revoke_buffers(_metadata, self);
	take_buffers();
	EXPECT_EQ(2, complaints(self));
	EXPECT_FALSE(chan.failed);
	guest_close();
	EXPECT_EQ(2, complaints(self));
}

/* It takes all back at once. */
TEST_F(netvsp, guest_disconnects)
{
	version = VMBUS_V3_0;
	up(_metadata, self);
	version = 0;
	guest_close();
	EXPECT_EQ(0, complaints(self));
}

/* Sub-channels */

static uint32_t request(struct __test_metadata *_metadata,
			FIXTURE_DATA(netvsp) *self, uint32_t op,
			uint32_t count)
{
	struct nvsp_subchannel sub = { NVSP_SUBCHANNEL, op, count };
	const uint8_t *done;

	ask(self, &sub, sizeof(sub));
	done = answer(_metadata, self, 40);
	EXPECT_EQ(NVSP_SUBCHANNEL, word(done));
	EXPECT_EQ(word(done + 4) == NVSP_SUCCESS ? count : 0, word(done + 8));
	return word(done + 4);
}

/* A NIC with four channels, open. */
static void up_4(struct __test_metadata *_metadata,
		 FIXTURE_DATA(netvsp) *self)
{
	struct sent *sent;

	up(_metadata, self);
	ASSERT_EQ(NVSP_SUCCESS,
		  request(_metadata, self, NVSP_SUBCHANNEL_ALLOCATE, 3));
	sub_open(2);
	sub_open(3);
	ASSERT_EQ(NULL, next());
	sub_open(1);
	sent = next();
	ASSERT_NE(NULL, sent);
	ASSERT_EQ(NVSP_SEND_TABLE, word(sent->data));
}

TEST_F(netvsp, subchannels_refused)
{
	up(_metadata, self);
	EXPECT_EQ(NVSP_FAILURE,
		  request(_metadata, self, NVSP_SUBCHANNEL_ALLOCATE, 4));
	EXPECT_EQ(NVSP_FAILURE, request(_metadata, self,
					NVSP_SUBCHANNEL_ALLOCATE, UINT32_MAX));
	EXPECT_EQ(NVSP_FAILURE, request(_metadata, self, 0, 1));
	EXPECT_EQ(NVSP_SUCCESS,
		  request(_metadata, self, NVSP_SUBCHANNEL_ALLOCATE, 0));
	EXPECT_EQ(NULL, subs[1].offer.ctx);
	EXPECT_EQ(NVSP_SUCCESS,
		  request(_metadata, self, NVSP_SUBCHANNEL_ALLOCATE, 2));
	EXPECT_NE(NULL, subs[2].offer.ctx);
	EXPECT_EQ(NULL, subs[3].offer.ctx);
	EXPECT_EQ(NVSP_FAILURE,
		  request(_metadata, self, NVSP_SUBCHANNEL_ALLOCATE, 1));
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, subchannels_come_and_go)
{
	uint8_t msg[256];
	uint32_t len = make_packet(msg, mac_peer, 60), i;
	struct nvsp_rndis rndis = { NVSP_RNDIS, NVSP_CHAN_DATA, 0, len };
	struct netvsp_channel state;
	struct sent *sent;

	up_4(_metadata, self);
	sent = &chan.sent[(chan.nr_sent - 1) % NR_OUT];
	EXPECT_EQ(104, sent->len);
	EXPECT_EQ(16, word(sent->data + 4));
	EXPECT_EQ(40, word(sent->data + 8));
	for (i = 0; i < 16; i++)
		EXPECT_EQ(i % 4, word(sent->data + 40 + i * 4));
	for (i = 1; i < 4; i++) {
		EXPECT_EQ(i, subs[i].offer.sub_index);
		EXPECT_EQ(0, memcmp(&subs[i].offer.instance,
				    &chan.offer.instance, 16));
		EXPECT_EQ(0, memcmp(&subs[i].offer.type, &chan.offer.type, 16));
	}

	/* What comes on one is completed on that one. */
	memcpy(gpadls[1].mem, msg, len);
	guest_put_on(&subs[2], PKT_INBAND, PKT_FLAG_COMPLETE, 77, &rndis,
		     sizeof(rndis));
	kick_on(&subs[2]);
	EXPECT_EQ(1, self->peer_got);
	sent = next_on(&subs[2]);
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(PKT_COMPLETION, sent->type);
	EXPECT_EQ(77, sent->trans_id);
	EXPECT_EQ(NULL, next());
	ASSERT_TRUE(netvsp_get_channel(self->nv, 2, &state));
	EXPECT_TRUE(state.open);
	EXPECT_EQ(1, state.counts.tx_frames);
	EXPECT_EQ(12, state.relid);
	EXPECT_EQ(3, state.vp);
	EXPECT_FALSE(netvsp_get_channel(self->nv, 4, &state));

	/* With the session they go; the next one has new ones. */
	guest_close();
	for (i = 1; i < 4; i++) {
		EXPECT_TRUE(subs[i].rescinded);
		EXPECT_FALSE(subs[i].open);
		sub_released(i);
	}
	ASSERT_TRUE(netvsp_get_channel(self->nv, 2, &state));
	EXPECT_EQ(0, state.relid);
	EXPECT_EQ(1, state.counts.tx_frames);
	up_4(_metadata, self);
	EXPECT_FALSE(chan.failed);
}

/* Where the table is and where the host says that it is are two things. */
TEST_F(netvsp, old_send_table)
{
	struct nvsp_subchannel sub = {
		NVSP_SUBCHANNEL, NVSP_SUBCHANNEL_ALLOCATE, 1
	};
	struct sent *sent;

	guest_open();
	init(_metadata, self, NVSP_V6, 0);
	buffers(_metadata, self, 28);
	rndis_up(_metadata, self, 28);
	ask(self, &sub, sizeof(sub));
	EXPECT_EQ(NVSP_SUCCESS, word(answer(_metadata, self, 28) + 4));
	sub_open(1);
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(104, sent->len);
	EXPECT_EQ(28, word(sent->data + 8));
	EXPECT_EQ(0, word(sent->data + 40));
	EXPECT_EQ(1, word(sent->data + 44));
}

struct rss_request {
	struct ndis_rss_params par;
	uint32_t table[16];
	uint8_t key[RSS_KEY_LEN];
};

/* The key is of ones: the hash of two bits that are set is that of none. */
static void set_rss(struct __test_metadata *_metadata,
		    FIXTURE_DATA(netvsp) *self, const uint32_t table[4])
{
	struct rss_request rss = {
		.par = {
			.obj = { NDIS_OBJ_RSS_PARAMS, 2, 40 },
			.hash_info = NDIS_HASH_TOEPLITZ | NDIS_HASH_TCP4,
			.table_len = 16,
			.table_offset = offsetof(struct rss_request, table),
			.key_len = RSS_KEY_LEN,
			.key_offset = offsetof(struct rss_request, key),
		},
	};

	memcpy(rss.table, table, 16);
	memset(rss.key, 0xff, sizeof(rss.key));
	set_oid(_metadata, self, OID_RSS_PARAMETERS, &rss, sizeof(rss), 40);
}

static struct frame tcp_frame(uint8_t *bytes, uint32_t len)
{
	memset(bytes, 0, len);
	memcpy(bytes, mac, 6);
	bytes[12] = 8;
	bytes[14] = 0x45;
	bytes[16] = (len - 14) >> 8;
	bytes[17] = len - 14;
	bytes[23] = 6;
	bytes[46] = 5 << 4;
	return (struct frame){ .data = bytes, .len = len, .csum_good = true };
}

static void complete_on(struct channel *c, uint64_t trans_id)
{
	struct nvsp_rndis_done done = { NVSP_RNDIS_DONE, NVSP_SUCCESS };

	guest_put_on(c, PKT_COMPLETION, 0, trans_id, &done, sizeof(done));
	kick_on(c);
}

/* Information of @type in the message of a range; NULL if it is not there. */
static const uint8_t *find_ppi(const uint8_t *msg, uint32_t type)
{
	uint32_t at = 8 + word(msg + 28), end = at + word(msg + 32);

	for (; at < end; at += word(msg + at))
		if (word(msg + at + 4) == type)
			return msg + at + word(msg + at + 8);
	return NULL;
}

TEST_F(netvsp, frames_are_spread)
{
	static const uint32_t table[4] = { 2, 0, 0, 3 };
	struct netvsp_channel state;
	struct sent *sent;
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);

	up_4(_metadata, self);
	vswitch_from_uplink(self->vs, &frame);	/* not asked for yet */
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(NULL, find_ppi(range(sent, 0), PPI_HASH));
	guest_complete(sent->trans_id);

	set_rss(_metadata, self, table);
	vswitch_from_uplink(self->vs, &frame);	/* hash of 0 */
	EXPECT_EQ(NULL, next());
	sent = next_on(&subs[2]);
	ASSERT_NE(NULL, sent);
	ASSERT_NE(NULL, find_ppi(range(sent, 0), PPI_HASH));
	EXPECT_EQ(0, word(find_ppi(range(sent, 0), PPI_HASH)));
	EXPECT_EQ(NDIS_HASH_TOEPLITZ | NDIS_HASH_TCP4,
		  word(find_ppi(range(sent, 0), PPI_HASH_INFO)));
	complete_on(&subs[2], sent->trans_id);

	bytes[30] = 1;				/* hash of UINT32_MAX */
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_EQ(NULL, next_on(&subs[2]));
	sent = next_on(&subs[3]);
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(UINT32_MAX, word(find_ppi(range(sent, 0), PPI_HASH)));
	ASSERT_TRUE(netvsp_get_channel(self->nv, 3, &state));
	EXPECT_EQ(1, state.counts.rx_frames);
	EXPECT_FALSE(chan.failed);
	/* Another channel has nothing to do with it. */
	complete_on(&subs[2], sent->trans_id);
	EXPECT_TRUE(chan.failed);
}

TEST_F(netvsp, table_beyond_the_channels)
{
	static const uint32_t table[4] = { 2, 1, 1, 1 };
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	struct sent *sent;

	up(_metadata, self);
	set_rss(_metadata, self, table);
	vswitch_from_uplink(self->vs, &frame);
	ASSERT_NE(NULL, next());		/* there are no others */
	ASSERT_EQ(NVSP_SUCCESS,
		  request(_metadata, self, NVSP_SUBCHANNEL_ALLOCATE, 2));
	vswitch_from_uplink(self->vs, &frame);
	ASSERT_NE(NULL, next());		/* it is not open */
	sub_open(2);
	vswitch_from_uplink(self->vs, &frame);
	ASSERT_EQ(NULL, next());
	sent = next_on(&subs[2]);
	ASSERT_NE(NULL, sent);
	/* Closed with a frame under way, opened again. */
	subs[2].offer.ops->close(subs[2].offer.ctx, &subs[2]);
	subs[2].open = false;
	vswitch_from_uplink(self->vs, &frame);
	ASSERT_NE(NULL, next());
	sub_open(2);
	vswitch_from_uplink(self->vs, &frame);
	ASSERT_NE(NULL, next_on(&subs[2]));
	EXPECT_FALSE(chan.failed);
	complete_on(&subs[2], sent->trans_id);	/* of before */
	EXPECT_TRUE(chan.failed);
}

/* Each ring has frames waiting of its own, all have one receive buffer. */
TEST_F(netvsp, one_ring_full)
{
	static const uint32_t table[4] = { 1, 2, 2, 2 };
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	uint64_t trans_id = 0;
	struct sent *sent;
	unsigned int i;

	up_4(_metadata, self);
	set_rss(_metadata, self, table);
	subs[1].room = 0;
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_EQ(NULL, next_on(&subs[1]));
	bytes[30] = 1;
	for (i = 0; i < 16; i++)
		vswitch_from_uplink(self->vs, &frame);
	for (i = 0; (sent = next_on(&subs[2])); i++)
		trans_id = sent->trans_id;
	EXPECT_EQ(16, i);			/* the whole buffer */
	subs[1].room = 10;
	kick_on(&subs[1]);
	EXPECT_EQ(NULL, next_on(&subs[1]));
	complete_on(&subs[2], trans_id);	/* room for another channel */
	EXPECT_NE(NULL, next_on(&subs[1]));
	EXPECT_EQ(0, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_dropped);
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, only_frames_on_subchannels)
{
	struct nvsp_switch_path sw = { NVSP_SWITCH_PATH, 0 };

	up_4(_metadata, self);
	guest_put_on(&subs[1], PKT_INBAND, PKT_FLAG_COMPLETE, 1, &sw,
		     sizeof(sw));
	kick_on(&subs[1]);
	EXPECT_TRUE(chan.failed);
	EXPECT_TRUE(subs[3].rescinded);
}

TEST_F(netvsp, no_rndis_control_on_subchannels)
{
	struct nvsp_rndis rndis = { NVSP_RNDIS, NVSP_CHAN_CONTROL, 0, 16 };

	up_4(_metadata, self);
	guest_put_on(&subs[3], PKT_INBAND, PKT_FLAG_COMPLETE, 1, &rndis,
		     sizeof(rndis));
	kick_on(&subs[3]);
	EXPECT_TRUE(chan.failed);
}

/* The whole NIC goes when a ring of it is broken. */
TEST_F(netvsp, broken_ring_of_a_subchannel)
{
	static const uint32_t table[4] = { 1, 1, 1, 1 };
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	unsigned int i;

	up_4(_metadata, self);
	set_rss(_metadata, self, table);
	subs[2].room = 0;
	vswitch_from_uplink(self->vs, &frame);
	ASSERT_NE(NULL, next_on(&subs[1]));
	subs[1].broken = true;
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_TRUE(subs[1].failed);
	EXPECT_TRUE(chan.rescinded);
	for (i = 1; i < 4; i++)
		EXPECT_TRUE(subs[i].rescinded);
	EXPECT_FALSE(state_open(self));
}

/* What waits for the first one is tried while the other is being closed. */
TEST_F(netvsp, two_broken_rings)
{
	uint32_t len = make_packet(gpadls[1].mem, mac_peer, 60);
	struct nvsp_rndis rndis = { NVSP_RNDIS, NVSP_CHAN_DATA, 0, len };
	uint32_t query = NVSP_OID_QUERY_EX;

	up_4(_metadata, self);
	chan.room = 0;
	ask(self, &query, sizeof(query));
	chan.broken = true;
	subs[1].broken = true;
	guest_put_on(&subs[1], PKT_INBAND, PKT_FLAG_COMPLETE, 1, &rndis,
		     sizeof(rndis));
	kick_on(&subs[1]);
	EXPECT_TRUE(chan.failed);
	EXPECT_TRUE(subs[1].failed);
	EXPECT_TRUE(subs[3].rescinded);
	EXPECT_FALSE(state_open(self));
}

/* Completions of a message that may be completed or not: nothing comes of them. */
static void put_harmless(struct channel *c, unsigned int count)
{
	while (count--)
		guest_put_on(c, PKT_COMPLETION, 0, 1ull << 63, "", 0);
}

/* More than one turn reads, and all of it is read. */
TEST_F(netvsp, many_packets_at_a_time)
{
	up_4(_metadata, self);
	put_harmless(&subs[1], TURN + 1);
	kick_on(&subs[1]);
	EXPECT_NE(NULL, subs[1].first);
	loop_run_pending();
	EXPECT_EQ(NULL, subs[1].first);
	EXPECT_FALSE(chan.failed);
}

/* The last one of a turn takes the NIC's channels. */
TEST_F(netvsp, last_packet_of_a_turn_is_bad)
{
	up_4(_metadata, self);
	put_harmless(&subs[1], TURN - 1);
	guest_put_on(&subs[1], 99, 0, 1, "", 0);
	kick_on(&subs[1]);
	EXPECT_EQ(NULL, subs[1].first);
	EXPECT_TRUE(chan.failed);
	loop_run_pending();
	EXPECT_FALSE(state_open(self));
}

/* No answers are taken, so nothing is read; another channel's turn makes room. */
TEST_F(netvsp, reading_goes_on_when_answers_are_taken)
{
	uint32_t query = NVSP_OID_QUERY_EX;
	unsigned int i;

	up_4(_metadata, self);
	chan.room = 0;
	for (i = 0; i < UNREAD_MAX + 10; i++)
		guest_put(PKT_INBAND, PKT_FLAG_COMPLETE, i, &query,
			  sizeof(query));
	kick();
	EXPECT_NE(NULL, chan.first);
	chan.room = UNREAD_MAX;
	kick_on(&subs[1]);
	loop_run_pending();
	EXPECT_EQ(NULL, chan.first);
	EXPECT_EQ(0, chan.room);
	EXPECT_FALSE(chan.failed);
}

/* Whoever writes next to a ring takes along what has waited for room. */
TEST_F(netvsp, what_waits_goes_first)
{
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	uint32_t query = NVSP_OID_QUERY_EX;
	struct sent *sent;

	up(_metadata, self);
	chan.room = 0;
	ask(self, &query, sizeof(query));
	chan.room = 1;
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_EQ(NULL, next());		/* behind the answer */
	kick();
	EXPECT_EQ(NVSP_OID_QUERY_EX_DONE, word(answer(_metadata, self, 40)));
	EXPECT_EQ(NULL, next());

	chan.room = 2;
	netvsp_vf_association(self->nv, true, 7);
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(NVSP_VF_ASSOCIATION, word(sent->data));
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(PKT_XFER_PAGES, sent->type);

	ask(self, &query, sizeof(query));
	chan.room = 2;
	ASSERT_EQ(NULL, netvsp_fault(self->nv, FAULT_NVSP_UNKNOWN, 1));
	EXPECT_NE(NULL, next());
	EXPECT_EQ(NVSP_OID_QUERY_EX_DONE, word(answer(_metadata, self, 40)));
}

/* A guest that is killed gives its channels back without being asked. */
TEST_F(netvsp, subchannel_given_back)
{
	static const uint32_t table[4] = { 1, 1, 1, 1 };
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);

	up_4(_metadata, self);
	set_rss(_metadata, self, table);
	subs[1].offer.ops->close(subs[1].offer.ctx, &subs[1]);
	subs[1].open = false;
	subs[1].offer.ops->released(subs[1].offer.ctx, &subs[1]);
	ASSERT_TRUE(subs[1].rescinded);		/* which releases it again */
	sub_released(1);
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_NE(NULL, next());
	EXPECT_FALSE(chan.failed);
}

/* One is taken away; the session goes on without it. */
TEST_F(netvsp, subchannel_rescinded)
{
	static const uint32_t table[4] = { 1, 2, 2, 2 };
	struct netvsp_channel state;
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	struct sent *sent;
	unsigned int i;

	up_4(_metadata, self);
	set_rss(_metadata, self, table);
	vswitch_from_uplink(self->vs, &frame);
	ASSERT_NE(NULL, next_on(&subs[1]));	/* and not completed */
	subs[1].room = 0;
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_FALSE(netvsp_rescind_channel(self->nv, 0));
	EXPECT_FALSE(netvsp_rescind_channel(self->nv, 4));
	EXPECT_FALSE(netvsp_rescind_channel(self->nv, UINT32_MAX));
	EXPECT_TRUE(netvsp_rescind_channel(self->nv, 1));
	EXPECT_FALSE(netvsp_rescind_channel(self->nv, 1));
	EXPECT_TRUE(subs[1].rescinded);
	EXPECT_EQ(1, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_dropped);
	ASSERT_TRUE(netvsp_get_channel(self->nv, 1, &state));
	EXPECT_FALSE(state.open);
	EXPECT_FALSE(netvsp_send_on(self->nv, 1));
	EXPECT_TRUE(netvsp_send_on(self->nv, 2));
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(NVSP_SEND_TABLE, word(sent->data));

	/* Its frames take the first one, others theirs; the buffer is whole. */
	vswitch_from_uplink(self->vs, &frame);
	sent = next();
	ASSERT_NE(NULL, sent);
	guest_complete(sent->trans_id);
	bytes[30] = 1;
	for (i = 0; i < 16; i++)
		vswitch_from_uplink(self->vs, &frame);
	for (i = 0; next_on(&subs[2]); i++)
		;
	EXPECT_EQ(16, i);
	EXPECT_FALSE(chan.failed);

	sub_released(1);
	EXPECT_FALSE(netvsp_rescind_channel(self->nv, 1));
	guest_close();
	EXPECT_TRUE(subs[2].rescinded);
	EXPECT_TRUE(subs[3].rescinded);
}

/* The guest holds on to it for longer than the session lasts. */
TEST_F(netvsp, subchannel_rescinded_and_kept)
{
	up_4(_metadata, self);
	EXPECT_TRUE(netvsp_rescind_channel(self->nv, 3));
	guest_close();
	sub_released(1);
	sub_released(2);
	sub_released(3);
	up_4(_metadata, self);
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, removed_with_subchannels)
{
	up_4(_metadata, self);
	netvsp_remove(self->nv);
	EXPECT_TRUE(subs[1].rescinded);
	EXPECT_TRUE(subs[2].rescinded);
	EXPECT_TRUE(subs[3].rescinded);
	EXPECT_TRUE(chan.rescinded);
	/* They may be released after the NIC. */
	chan.offer.ops->released(chan.offer.ctx, &chan);
	self->nv = NULL;
}

/* Receive */

TEST_F(netvsp, receive)
{
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	struct rndis_packet pkt;
	struct sent *sent;

	up(_metadata, self);
	vswitch_from_uplink(self->vs, &frame);
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(PKT_XFER_PAGES, sent->type);
	EXPECT_EQ(40, sent->len);
	EXPECT_EQ(RECV_ID, sent->set);
	EXPECT_EQ(1, sent->nr_ranges);
	EXPECT_EQ(NVSP_CHAN_DATA, word(sent->data + 4));
	EXPECT_EQ(NVSP_NO_SECTION, word(sent->data + 8));
	EXPECT_EQ(sent->ranges[0].len, word(range(sent, 0) + 4));
	memcpy(&pkt, range(sent, 0) + 8, sizeof(pkt));
	EXPECT_EQ(60, pkt.data_len);
	EXPECT_EQ(0, memcmp(bytes, range(sent, 0) + 8 + pkt.data_offset, 60));
	EXPECT_EQ(1, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_frames);
	guest_complete(sent->trans_id);
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, receive_needs_a_filter_and_a_link)
{
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	uint32_t filter = 0;
	struct sent *sent;

	up(_metadata, self);
	netvsp_set_link(self->nv, false);
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(RNDIS_INDICATE, word(range(sent, 0)));
	EXPECT_EQ(RNDIS_I_DISCONNECT, word(range(sent, 0) + 8));
	guest_complete(sent->trans_id);
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_EQ(NULL, next());
	EXPECT_EQ(1, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_dropped);
	netvsp_set_link(self->nv, true);
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(RNDIS_I_CONNECT, word(range(sent, 0) + 8));
	guest_complete(sent->trans_id);

	set_oid(_metadata, self, OID_PACKET_FILTER, &filter, 4, 40);
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_EQ(NULL, next());
	EXPECT_EQ(2, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_dropped);
	/* What the filter is not for is no loss. */
	filter = FILTER_BROADCAST;
	set_oid(_metadata, self, OID_PACKET_FILTER, &filter, 4, 40);
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_EQ(NULL, next());
	EXPECT_EQ(2, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_dropped);
}

TEST_F(netvsp, bad_completions)
{
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	struct sent *sent;

	up(_metadata, self);
	vswitch_from_uplink(self->vs, &frame);
	sent = next();
	ASSERT_NE(NULL, sent);
	guest_complete(sent->trans_id);
	EXPECT_FALSE(chan.failed);
	guest_complete(sent->trans_id);		/* twice */
	EXPECT_TRUE(chan.failed);
}

TEST_F(netvsp, late_second_completion)
{
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	uint64_t first = 0;
	unsigned int i;

	up(_metadata, self);
	/* Once round the buffer, and the same piece is in use again. */
	for (i = 0; i < 17; i++) {
		struct sent *sent;

		vswitch_from_uplink(self->vs, &frame);
		sent = next();
		ASSERT_NE(NULL, sent);
		if (i == 0)
			first = sent->trans_id;
		if (i < 16)
			guest_complete(sent->trans_id);
	}
	EXPECT_FALSE(chan.failed);
	guest_complete(first);
	EXPECT_TRUE(chan.failed);
}

TEST_F(netvsp, invented_completions)
{
	up(_metadata, self);
	guest_complete(0);
	EXPECT_TRUE(chan.failed);
}

TEST_F(netvsp, buffers_run_out)
{
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	const struct vpath_stats *stats;
	uint64_t trans[16];
	unsigned int i;

	stats = vnic_stats(self->nic, PATH_SYNTHETIC);
	up(_metadata, self);
	for (i = 0; i < 16; i++) {
		struct sent *sent;

		vswitch_from_uplink(self->vs, &frame);
		sent = next();
		ASSERT_NE(NULL, sent);
		trans[i] = sent->trans_id;
	}
	EXPECT_TRUE(vswitch_room(self->vs));
	/* These wait, up to a bound, and in order. */
	for (i = 0; i < 512; i++) {
		bytes[59] = i;
		vswitch_from_uplink(self->vs, &frame);
		EXPECT_EQ(NULL, next());
	}
	EXPECT_FALSE(vswitch_room(self->vs));
	EXPECT_EQ(0, stats->rx_dropped);
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_EQ(1, stats->rx_dropped);
	EXPECT_EQ(528, stats->rx_frames);

	for (i = 0; i < 528; i++) {
		struct sent *sent;

		guest_complete(trans[i % 16]);
		sent = next();
		if (i >= 512) {
			EXPECT_EQ(NULL, sent);
			continue;
		}
		ASSERT_NE(NULL, sent);
		EXPECT_EQ(i % 256, range(sent, 0)[sent->ranges[0].len - 1]);
		trans[i % 16] = sent->trans_id;
	}
	EXPECT_TRUE(vswitch_room(self->vs));
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, ring_runs_full)
{
	uint8_t bytes[60], msg[256];
	struct frame frame = tcp_frame(bytes, 60);
	uint32_t len = make_packet(msg, mac_peer, 60);
	struct sent *sent;

	up(_metadata, self);
	chan.room = 0;
	send_rndis(self, NVSP_CHAN_DATA, NVSP_NO_SECTION, 0, msg, len);
	EXPECT_EQ(1, self->peer_got);
	vswitch_from_uplink(self->vs, &frame);
	netvsp_set_link(self->nv, false);
	netvsp_set_link(self->nv, true);
	EXPECT_EQ(NULL, next());
	chan.room = 100;
	kick();
	/* First the completion, then control, then the frame. */
	EXPECT_EQ(NVSP_SUCCESS, word(answer(_metadata, self, 40) + 4));
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(RNDIS_I_DISCONNECT, word(range(sent, 0) + 8));
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(RNDIS_I_CONNECT, word(range(sent, 0) + 8));
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(RNDIS_PACKET, word(range(sent, 0)));
	EXPECT_EQ(NULL, next());
}

TEST_F(netvsp, held)
{
	static const uint32_t table[4] = { 1, 0, 0, 0 };
	uint8_t bytes[60], msg[256];
	struct frame frame = tcp_frame(bytes, 60);
	uint32_t len = make_packet(msg, mac_peer, 60);
	struct netvsp_channel state;
	struct sent *sent;
	unsigned int i;

	up_4(_metadata, self);
	set_rss(_metadata, self, table);
	netvsp_hold(self->nv, true);
	for (i = 0; i < 4; i++)
		EXPECT_TRUE((i ? &subs[i] : &chan)->silent);
	for (i = 0; i < RX_MAX_WAITING + 4; i++)
		vswitch_from_uplink(self->vs, &frame);
	EXPECT_TRUE(vswitch_room(self->vs));
	bytes[30] = 1;
	vswitch_from_uplink(self->vs, &frame);
	netvsp_vf_association(self->nv, true, 3);
	netvsp_set_link(self->nv, false);
	netvsp_set_link(self->nv, true);
	memcpy(gpadls[1].mem, msg, len);
	send_rndis(self, NVSP_CHAN_DATA, 0, len, NULL, 0);
	EXPECT_EQ(NULL, next());
	EXPECT_EQ(NULL, next_on(&subs[1]));
	EXPECT_EQ(0, self->peer_got);
	ASSERT_TRUE(netvsp_get_channel(self->nv, 1, &state));
	EXPECT_EQ(RX_MAX_WAITING + 4, state.waiting);

	/* Everything goes on, in order, and nothing is lost. */
	netvsp_hold(self->nv, false);
	EXPECT_EQ(1, self->peer_got);
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(NVSP_VF_ASSOCIATION, word(sent->data));
	for (i = 0; i < 2; i++) {
		sent = next();
		ASSERT_NE(NULL, sent);
		EXPECT_EQ(RNDIS_INDICATE, word(range(sent, 0)));
		complete_on(&chan, sent->trans_id);
	}
	for (i = 0; (sent = next_on(&subs[1])); i++)
		complete_on(&subs[1], sent->trans_id);
	EXPECT_EQ(RX_MAX_WAITING + 4, i);
	EXPECT_EQ(0, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_dropped);
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, offered_while_held)
{
	uint8_t bytes[60], msg[256];
	struct frame frame = tcp_frame(bytes, 60);
	uint32_t len = make_packet(msg, mac_peer, 60);
	struct sent *sent;
	unsigned int i;

	up(_metadata, self);
	netvsp_hold(self->nv, true);
	for (i = 0; i < 20; i++)
		vswitch_from_uplink(self->vs, &frame);
	memcpy(gpadls[1].mem, msg, len);
	send_rndis(self, NVSP_CHAN_DATA, 0, len, NULL, 0);
	netvsp_offer_held(self->nv);
	EXPECT_EQ(0, self->peer_got);
	for (i = 0; (sent = next()); i++)
		EXPECT_EQ(PKT_XFER_PAGES, sent->type);
	EXPECT_EQ(16, i);			/* the whole buffer */
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_EQ(NULL, next());
	netvsp_hold(self->nv, false);
	EXPECT_EQ(1, self->peer_got);
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, large_frames)
{
	static uint8_t bytes[9100];
	struct frame frame = tcp_frame(bytes, 1515);

	up(_metadata, self);
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_EQ(NULL, next());
	EXPECT_EQ(1, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_dropped);
	frame = tcp_frame(bytes, 1514);
	frame.vlan = true;
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_NE(NULL, next());
}

TEST_F(netvsp, burst_in_segments)
{
	static uint8_t bytes[54 + 10 * 1460];
	struct frame frame = tcp_frame(bytes, sizeof(bytes));
	struct sent *sent;
	unsigned int i;

	up(_metadata, self);
	frame.gso = GSO_TCP4;
	frame.gso_size = 1460;
	frame.needs_csum = true;
	vswitch_from_uplink(self->vs, &frame);
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(10, sent->nr_ranges);
	EXPECT_EQ(NULL, next());
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(sent->ranges[i].len, word(range(sent, i) + 4));
		EXPECT_EQ(1514, word(range(sent, i) + 12));
	}
	/* Six pieces are left, not enough for the next one. */
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_EQ(NULL, next());
	guest_complete(sent->trans_id);
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(10, sent->nr_ranges);
	/* More than the buffer will ever hold. */
	frame.gso_size = 500;
	vswitch_from_uplink(self->vs, &frame);
	guest_complete(sent->trans_id);
	EXPECT_EQ(NULL, next());
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, burst_coalesced)
{
	struct ndis_offload_params par = {
		.obj = { NDIS_OBJ_DEFAULT, 3, 28 }, .rsc4 = 2, .rsc6 = 2,
	};
	static uint8_t bytes[54 + 10 * 1460], got[sizeof(bytes)];
	struct frame frame = tcp_frame(bytes, sizeof(bytes));
	struct rndis_packet pkt;
	struct sent *sent;
	uint32_t at = 0;
	unsigned int i;

	up(_metadata, self);
	set_oid(_metadata, self, OID_OFFLOAD_PARAMETERS, &par, sizeof(par),
		40);
	sent = next();				/* the new configuration */
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(RNDIS_I_OFFLOAD, word(range(sent, 0) + 8));
	guest_complete(sent->trans_id);

	frame.gso = GSO_TCP4;
	frame.gso_size = 1460;
	vswitch_from_uplink(self->vs, &frame);
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(NULL, next());
	for (i = 0; i < sent->nr_ranges; i++) {
		memcpy(&pkt, range(sent, i) + 8, sizeof(pkt));
		ASSERT_GE(1728, sent->ranges[i].len);
		ASSERT_GE(sizeof(got), at + pkt.data_len);
		memcpy(got + at, range(sent, i) + 8 + pkt.data_offset,
		       pkt.data_len);
		at += pkt.data_len;
	}
	EXPECT_EQ(sizeof(bytes), at);
	EXPECT_EQ(0, memcmp(got + 54, bytes + 54, sizeof(bytes) - 54));
}

TEST_F(netvsp, tag_for_a_guest_without_tags)
{
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	uint32_t filter = FILTER_DIRECTED;
	struct rndis_packet pkt;
	const uint8_t *data;
	struct sent *sent;

	guest_open();
	init(_metadata, self, NVSP_V1, 0);
	buffers(_metadata, self, 28);
	rndis_up(_metadata, self, 28);
	set_oid(_metadata, self, OID_PACKET_FILTER, &filter, 4, 28);
	frame.vlan = true;
	frame.tci = 0x123;
	vswitch_from_uplink(self->vs, &frame);
	sent = next();
	ASSERT_NE(NULL, sent);
	memcpy(&pkt, range(sent, 0) + 8, sizeof(pkt));
	data = range(sent, 0) + 8 + pkt.data_offset;
	EXPECT_EQ(64, pkt.data_len);
	EXPECT_EQ(0x81, data[12]);
	EXPECT_EQ(0x01, data[14]);
	EXPECT_EQ(0x23, data[15]);
	EXPECT_EQ(0x08, data[16]);
}

/* Transmit */

TEST_F(netvsp, transmit_every_way)
{
	struct netvsp_channel state;
	uint8_t msg[8192];
	uint32_t len;

	up(_metadata, self);
	/* From memory, across a page. */
	len = make_packet(msg, mac_peer, 1514);
	send_rndis(self, NVSP_CHAN_DATA, NVSP_NO_SECTION, 0, msg, len);
	EXPECT_EQ(NVSP_SUCCESS, word(answer(_metadata, self, 40) + 4));
	EXPECT_EQ(1, self->peer_got);
	EXPECT_EQ(1514, self->peer_frame.len);
	EXPECT_EQ(0, memcmp(msg + 44, self->peer_data, 1514));

	/* From the send buffer, two of them. */
	len = make_packet(gpadls[1].mem + 6144 * 3, mac_peer, 100);
	len += make_packet(gpadls[1].mem + 6144 * 3 + len, mac_peer, 101);
	send_rndis(self, NVSP_CHAN_DATA, 3, len, NULL, 0);
	EXPECT_EQ(NVSP_SUCCESS, word(answer(_metadata, self, 40) + 4));
	EXPECT_EQ(3, self->peer_got);
	EXPECT_EQ(101, self->peer_frame.len);

	/* Headers in the send buffer, the frame's bytes in memory. */
	len = make_packet(msg, mac_peer, 1000);
	memcpy(gpadls[1].mem, msg, 44);
	send_rndis(self, NVSP_CHAN_DATA, 0, 44, msg + 44, len - 44);
	EXPECT_EQ(NVSP_SUCCESS, word(answer(_metadata, self, 40) + 4));
	EXPECT_EQ(4, self->peer_got);
	EXPECT_EQ(0, memcmp(msg + 44, self->peer_data, 1000));
	EXPECT_EQ(4, vnic_stats(self->nic, PATH_SYNTHETIC)->tx_frames);

	ASSERT_TRUE(netvsp_get_channel(self->nv, 0, &state));
	EXPECT_EQ(4, state.counts.tx_frames);
	EXPECT_EQ(3, state.counts.tx_messages);
	EXPECT_EQ(0, state.counts.tx_csum);
	EXPECT_EQ(0, state.counts.tx_lso);
	EXPECT_EQ(0, state.counts.tx_vlan);
}

TEST_F(netvsp, transmit_malformed)
{
	struct netvsp_state state;
	uint8_t msg[256];
	uint32_t len;

	up(_metadata, self);
	len = make_packet(msg, mac_peer, 60);
	msg[8] = 200;				/* data_offset */
	send_rndis(self, NVSP_CHAN_DATA, NVSP_NO_SECTION, 0, msg, len);
	EXPECT_EQ(NVSP_INVALID_RNDIS, word(answer(_metadata, self, 40) + 4));
	EXPECT_EQ(0, self->peer_got);
	netvsp_get_state(self->nv, &state);
	EXPECT_EQ(1, state.protocol_errors);
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, transmit_before_rndis)
{
	uint8_t msg[256];
	uint32_t len = make_packet(msg, mac_peer, 60);

	guest_open();
	init(_metadata, self, NVSP_V61, 0);
	buffers(_metadata, self, 40);
	send_rndis(self, NVSP_CHAN_DATA, NVSP_NO_SECTION, 0, msg, len);
	EXPECT_EQ(NVSP_INVALID_RNDIS, word(answer(_metadata, self, 40) + 4));
	EXPECT_EQ(0, self->peer_got);
}

TEST_F(netvsp, link_off_is_off_both_ways)
{
	uint8_t msg[256];
	uint32_t len = make_packet(msg, mac_peer, 60);

	up(_metadata, self);
	netvsp_set_link(self->nv, false);
	EXPECT_NE(NULL, next());
	send_rndis(self, NVSP_CHAN_DATA, NVSP_NO_SECTION, 0, msg, len);
	EXPECT_EQ(NVSP_SUCCESS, word(answer(_metadata, self, 40) + 4));
	EXPECT_EQ(0, self->peer_got);
	EXPECT_EQ(0, vnic_stats(self->nic, PATH_SYNTHETIC)->tx_frames);
	EXPECT_EQ(1, vnic_stats(self->nic, PATH_SYNTHETIC)->tx_dropped);
}

static void bad_section(struct __test_metadata *_metadata,
			FIXTURE_DATA(netvsp) *self, uint32_t section,
			uint32_t len)
{
	up(_metadata, self);
	send_rndis(self, NVSP_CHAN_DATA, section, len, NULL, 0);
	EXPECT_TRUE(chan.failed);
	EXPECT_FALSE(state_open(self));
	EXPECT_EQ(0, self->peer_got);
	EXPECT_EQ(NULL, next());
}

TEST_F(netvsp, section_next_to_the_last)
{
	bad_section(_metadata, self, 4, 60);
}

TEST_F(netvsp, section_far_away)
{
	bad_section(_metadata, self, 0x7fffffff, 60);
}

TEST_F(netvsp, section_that_wraps)
{
	bad_section(_metadata, self, 0xfffffffe, 60);
}

TEST_F(netvsp, section_overrun)
{
	bad_section(_metadata, self, 0, 6145);
}

TEST_F(netvsp, section_of_four_gigabytes)
{
	bad_section(_metadata, self, 3, 0xffffffff);
}

TEST_F(netvsp, pages_outside_of_memory)
{
	struct nvsp_rndis rndis = { NVSP_RNDIS, 0, NVSP_NO_SECTION, 0 };
	struct packet *pkt;

	up(_metadata, self);
	pkt = guest_put(PKT_GPA_DIRECT, PKT_FLAG_COMPLETE, 1, &rndis,
			sizeof(rndis));
	pkt->nr_gpas = 1;
	pkt->gpas[0].gpa = RAM_SIZE - 10;
	pkt->gpas[0].len = 60;
	kick();
	EXPECT_TRUE(chan.failed);
}

TEST_F(netvsp, message_without_end)
{
	struct nvsp_rndis rndis = { NVSP_RNDIS, 0, NVSP_NO_SECTION, 0 };
	struct packet *pkt;
	unsigned int i;

	up(_metadata, self);
	pkt = guest_put(PKT_GPA_DIRECT, PKT_FLAG_COMPLETE, 1, &rndis,
			sizeof(rndis));
	pkt->nr_gpas = PKT_MAX_PAGES;
	for (i = 0; i < PKT_MAX_PAGES; i++) {
		pkt->gpas[i].gpa = 4096;
		pkt->gpas[i].len = 4096;
	}
	kick();
	EXPECT_TRUE(chan.failed);
}

TEST_F(netvsp, control_message_too_short)
{
	struct rndis_hdr hdr = { RNDIS_QUERY, sizeof(hdr) };

	up(_metadata, self);
	send_rndis(self, NVSP_CHAN_CONTROL, NVSP_NO_SECTION, 0, &hdr,
		   sizeof(hdr));
	EXPECT_TRUE(chan.failed);
}

/* A guest that asks and asks, and takes no answers. */
TEST_F(netvsp, answers_that_nobody_takes)
{
	struct { struct rndis_hdr hdr; uint32_t request; } msg = {
		{ RNDIS_KEEPALIVE, sizeof(msg) }, 9
	};
	unsigned int i;

	up(_metadata, self);
	for (i = 0; i < 1000 && !chan.failed; i++)
		send_rndis(self, NVSP_CHAN_CONTROL, NVSP_NO_SECTION, 0, &msg,
			   sizeof(msg));
	EXPECT_TRUE(chan.failed);
	EXPECT_LE(16 + 64, i);
}

/* What the host has to say all the time is not the guest's fault. */
TEST_F(netvsp, indications_that_nobody_takes)
{
	struct { struct rndis_hdr hdr; uint32_t request; } msg = {
		{ RNDIS_KEEPALIVE, sizeof(msg) }, 9
	};
	unsigned int i, count = 0, answers = 0, changes = 0;
	uint32_t status = 0;
	struct sent *sent;

	up(_metadata, self);
	netvsp_hold(self->nv, true);
	netvsp_network_change(self->nv);
	for (i = 0; i < 201; i++)
		netvsp_set_link(self->nv, i % 2);
	EXPECT_FALSE(chan.failed);
	netvsp_hold(self->nv, false);
	/* Nor do they count as answers. */
	send_rndis(self, NVSP_CHAN_CONTROL, NVSP_NO_SECTION, 0, &msg,
		   sizeof(msg));
	while ((sent = next())) {
		if (sent->type != PKT_XFER_PAGES)
			continue;
		if (word(range(sent, 0)) == RNDIS_INDICATE) {
			status = word(range(sent, 0) + 8);
			changes += status == RNDIS_I_NETWORK_CHANGE;
			count++;
		} else {
			answers++;
		}
		guest_complete(sent->trans_id);
	}
	EXPECT_FALSE(chan.failed);
	EXPECT_EQ(64, count);
	EXPECT_EQ(1, changes);
	EXPECT_EQ(1, answers);
	EXPECT_EQ(RNDIS_I_DISCONNECT, status);
}

/* The VF and the data path */

static void switch_path(struct __test_metadata *_metadata,
			FIXTURE_DATA(netvsp) *self, uint32_t path)
{
	struct nvsp_switch_path sw = { NVSP_SWITCH_PATH, path };

	ask(self, &sw, sizeof(sw));
	/* Acknowledged by a completion without content. */
	answer(_metadata, self, 0);
}

TEST_F(netvsp, vf_comes_and_goes)
{
	struct sent *sent;

	up(_metadata, self);
	netvsp_vf_association(self->nv, true, 7);
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(PKT_INBAND, sent->type);
	EXPECT_EQ(40, sent->len);
	EXPECT_EQ(NVSP_VF_ASSOCIATION, word(sent->data));
	EXPECT_EQ(1, word(sent->data + 4));
	EXPECT_EQ(7, word(sent->data + 8));
	/* A guest may complete this, or not. */
	guest_put(PKT_COMPLETION, 0, sent->trans_id, "", 0);
	kick();
	EXPECT_FALSE(chan.failed);

	switch_path(_metadata, self, NVSP_PATH_VF);
	EXPECT_EQ(PATH_VF, vnic_selected(self->nic));
	switch_path(_metadata, self, NVSP_PATH_SYNTHETIC);
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));
	switch_path(_metadata, self, NVSP_PATH_VF);

	netvsp_vf_association(self->nv, false, 0);
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(0, word(sent->data + 4));
	EXPECT_EQ(7, word(sent->data + 8));
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));
}

TEST_F(netvsp, no_vf_to_switch_to)
{
	up(_metadata, self);
	switch_path(_metadata, self, NVSP_PATH_VF);
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));
}

/* What the host was made to do wrong: see fault.h */
TEST_F(netvsp, switch_that_goes_wrong)
{
	struct nvsp_switch_path sw = { NVSP_SWITCH_PATH, NVSP_PATH_VF };
	const uint8_t *done;
	struct sent *sent;
	uint64_t late;

	up_with_vf(_metadata, self);
	netvsp_fault(self->nv, FAULT_SWITCH_REFUSE, 1);
	ask(self, &sw, sizeof(sw));
	done = answer(_metadata, self, 40);
	EXPECT_EQ(NVSP_RNDIS_DONE, word(done));
	EXPECT_EQ(NVSP_FAILURE, word(done + 4));
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));

	netvsp_fault(self->nv, FAULT_SWITCH_NEVER, 1);
	ask(self, &sw, sizeof(sw));
	EXPECT_EQ(NULL, next());
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));

	netvsp_fault(self->nv, FAULT_SWITCH_LATE, 0);
	ask(self, &sw, sizeof(sw));
	EXPECT_EQ(NULL, next());
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));
	loop_run_pending();
	answer(_metadata, self, 0);
	EXPECT_EQ(PATH_VF, vnic_selected(self->nic));

	/* What comes after a late one does not overtake it. */
	switch_path(_metadata, self, NVSP_PATH_SYNTHETIC);
	netvsp_fault(self->nv, FAULT_SWITCH_LATE, 60);
	ask(self, &sw, sizeof(sw));
	EXPECT_EQ(NULL, next());
	late = self->trans_id;
	sw.path = NVSP_PATH_SYNTHETIC;
	ask(self, &sw, sizeof(sw));
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(late, sent->trans_id);
	answer(_metadata, self, 0);
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));
}

TEST_F(netvsp, late_switch_is_done_when_faults_end)
{
	struct nvsp_switch_path sw = { NVSP_SWITCH_PATH, NVSP_PATH_VF };

	up(_metadata, self);
	netvsp_vf_association(self->nv, true, 7);
	next();
	netvsp_fault(self->nv, FAULT_SWITCH_LATE, 600);
	ask(self, &sw, sizeof(sw));
	EXPECT_EQ(NULL, next());
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));
	netvsp_fault_off(self->nv);
	answer(_metadata, self, 0);
	EXPECT_EQ(PATH_VF, vnic_selected(self->nic));

	/* Once. */
	netvsp_fault_off(self->nv);
	loop_run_pending();
	EXPECT_EQ(NULL, next());
}

/* Which comes half a second after the request; not for ever. */
static void wait_for_pause(void)
{
	unsigned int i;

	for (i = 0; i < 1000 && !pauses; i++) {
		usleep(10000);
		loop_run_pending();
	}
}

TEST_F(netvsp, switch_after_a_pause_of_the_guest)
{
	struct nvsp_switch_path sw = { NVSP_SWITCH_PATH, NVSP_PATH_VF };

	up_with_vf(_metadata, self);
	netvsp_fault(self->nv, FAULT_SWITCH_PAUSED, 3);
	ask(self, &sw, sizeof(sw));
	EXPECT_EQ(NULL, next());
	loop_run_pending();
	EXPECT_EQ(0, pauses);
	/* What is asked for meanwhile is of another switch. */
	netvsp_fault(self->nv, FAULT_SWITCH_LATE, 600);
	wait_for_pause();
	EXPECT_EQ(1, pauses);
	EXPECT_EQ(3000000000ull, paused_ns);
	EXPECT_EQ(NULL, next());
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));
	netvsp_fault_off(self->nv);
	EXPECT_EQ(PATH_VF, vnic_selected(self->nic));
	answer(_metadata, self, 0);
	netvsp_fault(self->nv, FAULT_SWITCH_PAUSED, 3);
	ask(self, &sw, sizeof(sw));
	EXPECT_EQ(NULL, next());
	/* The next request hurries it. */
	sw.path = NVSP_PATH_SYNTHETIC;
	ask(self, &sw, sizeof(sw));
	EXPECT_NE(NULL, next());
	answer(_metadata, self, 0);
	EXPECT_EQ(1, pauses);
}

/* Each fault has the seconds that it was given. */
TEST_F(netvsp, late_and_paused)
{
	struct nvsp_switch_path sw = { NVSP_SWITCH_PATH, NVSP_PATH_VF };

	up_with_vf(_metadata, self);
	netvsp_fault(self->nv, FAULT_SWITCH_LATE, 0);
	netvsp_fault(self->nv, FAULT_SWITCH_PAUSED, 3);
	ask(self, &sw, sizeof(sw));
	EXPECT_EQ(NULL, next());
	wait_for_pause();
	EXPECT_EQ(3000000000ull, paused_ns);
	/* This one hurries it, and is late itself, by nothing. */
	sw.path = NVSP_PATH_SYNTHETIC;
	ask(self, &sw, sizeof(sw));
	EXPECT_NE(NULL, next());
	EXPECT_EQ(PATH_VF, vnic_selected(self->nic));
	loop_run_pending();
	answer(_metadata, self, 0);
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));
}

/* The late one finds the ring broken, and the next is of no session. */
TEST_F(netvsp, late_switch_on_a_broken_ring)
{
	struct nvsp_switch_path sw = { NVSP_SWITCH_PATH, NVSP_PATH_VF };

	up_with_vf(_metadata, self);
	netvsp_fault(self->nv, FAULT_SWITCH_LATE, 600);
	ask(self, &sw, sizeof(sw));
	chan.broken = true;
	ask(self, &sw, sizeof(sw));
	EXPECT_TRUE(chan.failed);
	EXPECT_FALSE(state_open(self));
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));
}

TEST_F(netvsp, late_switch_of_a_guest_that_is_gone)
{
	struct nvsp_switch_path sw = { NVSP_SWITCH_PATH, NVSP_PATH_VF };

	up_with_vf(_metadata, self);
	netvsp_fault(self->nv, FAULT_SWITCH_LATE, 0);
	ask(self, &sw, sizeof(sw));
	guest_close();
	loop_run_pending();
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));
}

/* Says all that comes before the buffers, but for the version of NDIS. */
static void before_ndis(struct __test_metadata *_metadata,
			FIXTURE_DATA(netvsp) *self)
{
	struct nvsp_init msg = { NVSP_INIT, NVSP_V61, NVSP_V61 };
	struct nvsp_ndis_config config = {
		.type = NVSP_NDIS_CONFIG, .frame_size = 1514,
	};

	guest_open();
	ask(self, &msg, sizeof(msg));
	answer(_metadata, self, 40);
	guest_put(PKT_INBAND, 0, 0, &config, sizeof(config));
	kick();
	ASSERT_EQ(NULL, next());
}

static void say_ndis(void)
{
	struct nvsp_ndis_version ndis = { NVSP_NDIS_VERSION, 6, 30 };

	guest_put(PKT_INBAND, 0, 0, &ndis, sizeof(ndis));
	kick();
}

/* The host sends @count packets before there is a buffer, the first one at once. */
static void send_early(struct __test_metadata *_metadata,
		       FIXTURE_DATA(netvsp) *self, unsigned int count)
{
	netvsp_fault(self->nv, FAULT_XFER_EARLY, count);
	before_ndis(_metadata, self);
	say_ndis();
}

/* Also when the time for another one has passed: twice the one from each to the next. */
static void no_more_early(struct __test_metadata *_metadata)
{
	usleep(2000);
	loop_run_pending();
	EXPECT_EQ(NULL, next());
}

TEST_F(netvsp, packets_before_the_buffer)
{
	struct nvsp_buffer recv = { NVSP_RECV_BUF, gpadls[0].id, RECV_ID, 0 };
	struct netvsp_state state;
	struct sent *sent;
	unsigned int i;

	send_early(_metadata, self, 3);
	/* At once, and then after a millisecond. */
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(PKT_XFER_PAGES, sent->type);
	for (i = 0; i < 1000 && !(sent = next()); i++) {
		usleep(1000);
		loop_run_pending();
	}
	ASSERT_NE(NULL, sent);
	guest_complete(sent->trans_id);
	netvsp_get_state(self->nv, &state);
	EXPECT_EQ(1, state.rx_held);

	/* The last one goes before the answer, and the clock stops. */
	ask(self, &recv, sizeof(recv));
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(PKT_XFER_PAGES, sent->type);
	answer(_metadata, self, 40);
	no_more_early(_metadata);
	EXPECT_FALSE(chan.failed);
}

/* Of those that were asked for, the next session has what is left. */
TEST_F(netvsp, packets_before_the_buffer_end_with_the_session)
{
	send_early(_metadata, self, 2);
	ASSERT_NE(NULL, next());
	guest_close();
	no_more_early(_metadata);
	EXPECT_FALSE(chan.failed);
	before_ndis(_metadata, self);
	say_ndis();
	ASSERT_NE(NULL, next());
	no_more_early(_metadata);
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, broken_ring_before_the_buffer)
{
	netvsp_fault(self->nv, FAULT_XFER_EARLY, 5);
	before_ndis(_metadata, self);
	chan.broken = true;
	say_ndis();
	EXPECT_TRUE(chan.failed);
	EXPECT_FALSE(state_open(self));
	no_more_early(_metadata);
}

TEST_F(netvsp, version_and_buffer_refused)
{
	struct nvsp_buffer recv = { NVSP_RECV_BUF, gpadls[0].id, RECV_ID, 0 };
	struct nvsp_init msg = { NVSP_INIT, NVSP_V61, NVSP_V61 };

	guest_open();
	EXPECT_NE(NULL, netvsp_fault(self->nv, FAULT_RNDIS_INFO, 1));
	netvsp_fault(self->nv, FAULT_INIT_REFUSE, 1);
	ask(self, &msg, sizeof(msg));
	EXPECT_NE(NVSP_SUCCESS, word(answer(_metadata, self, 28) + 12));
	init(_metadata, self, NVSP_V61, 0);
	netvsp_fault(self->nv, FAULT_RXBUF_REFUSE, 5);
	ask(self, &recv, sizeof(recv));
	EXPECT_NE(NVSP_SUCCESS, word(answer(_metadata, self, 40) + 4));
	netvsp_fault_off(self->nv);
	buffers(_metadata, self, 40);
	EXPECT_FALSE(chan.failed);
}

/* The guest gives it back on the first channel, whichever it has closed. */
TEST_F(netvsp, malformed_and_a_subchannel_closed)
{
	struct netvsp_state state;
	struct sent *sent;

	up_4(_metadata, self);
	ASSERT_EQ(NULL, netvsp_fault(self->nv, FAULT_XFER_SET, 1));
	sent = next();
	ASSERT_NE(NULL, sent);
	subs[1].offer.ops->close(subs[1].offer.ctx, &subs[1]);
	subs[1].open = false;
	netvsp_get_state(self->nv, &state);
	EXPECT_EQ(1, state.rx_held);
	guest_complete(sent->trans_id);
	EXPECT_FALSE(chan.failed);
	netvsp_get_state(self->nv, &state);
	EXPECT_EQ(0, state.rx_held);
}

/* Steps that go wrong: see step.h */

TEST_F(netvsp, steps_of_nvsp)
{
	struct nvsp_buffer recv = { NVSP_RECV_BUF, gpadls[0].id, RECV_ID, 0 };
	struct nvsp_init msg = { NVSP_INIT, NVSP_V61, NVSP_V61 };
	const uint8_t *done;
	char text[64] = "";
	FILE *out;

	guest_open();
	ASSERT_EQ(NULL, netvsp_fault_step(self->nv, "nvsp#1", "refuse", 1));
	ask(self, &msg, sizeof(msg));
	done = answer(_metadata, self, 28);
	EXPECT_EQ(NVSP_INIT_DONE, word(done));
	EXPECT_EQ(NVSP_FAILURE, word(done + 12));
	init(_metadata, self, NVSP_V61, 0);

	netvsp_fault_off(self->nv);
	netvsp_fault_step(self->nv, "nvsp-recv-buf", "refuse", 1);
	ask(self, &recv, sizeof(recv));
	done = answer(_metadata, self, 40);
	EXPECT_EQ(NVSP_RECV_BUF_DONE, word(done));
	EXPECT_EQ(NVSP_FAILURE, word(done + 4));
	out = fmemopen(text, sizeof(text) - 1, "w");
	netvsp_print_steps(self->nv, out);
	fclose(out);
	EXPECT_STREQ("nvsp-recv-buf\n", text);

	/* Not taken, so that it can be asked for again. */
	netvsp_fault_off(self->nv);
	buffers(_metadata, self, 40);
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, nvsp_answers_that_are_no_good)
{
	struct nvsp_buffer recv = { NVSP_RECV_BUF, gpadls[0].id, RECV_ID, 0 };
	struct nvsp_revoke revoke = { NVSP_RECV_BUF_REVOKE, RECV_ID, 0 };
	struct nvsp_recv_buf_done done;

	guest_open();
	init(_metadata, self, NVSP_V61, 0);
	netvsp_fault_step(self->nv, "nvsp-recv-buf#1", "never", 1);
	netvsp_fault_step(self->nv, "nvsp-recv-buf#2", "garbage", 3);
	netvsp_fault_step(self->nv, "nvsp-recv-buf#3", "short", 1);
	netvsp_fault_step(self->nv, "nvsp-recv-buf#4", "late", 0);
	ask(self, &recv, sizeof(recv));
	EXPECT_EQ(NULL, next());
	/* It was taken all the same. */
	guest_put(PKT_INBAND, 0, 0, &revoke, sizeof(revoke));
	kick();
	ask(self, &recv, sizeof(recv));
	memcpy(&done, answer(_metadata, self, 40), sizeof(done));
	EXPECT_EQ(NVSP_RECV_BUF_DONE, done.type);
	EXPECT_NE(1728, done.sub_size);
	guest_put(PKT_INBAND, 0, 0, &revoke, sizeof(revoke));
	kick();
	ask(self, &recv, sizeof(recv));
	answer(_metadata, self, 0);
	guest_put(PKT_INBAND, 0, 0, &revoke, sizeof(revoke));
	kick();
	ask(self, &recv, sizeof(recv));
	EXPECT_EQ(NULL, next());
	loop_run_pending();
	memcpy(&done, answer(_metadata, self, 40), sizeof(done));
	EXPECT_EQ(1728, done.sub_size);
	EXPECT_FALSE(chan.failed);
}

static const uint8_t *query_speed(struct __test_metadata *_metadata,
				  FIXTURE_DATA(netvsp) *self)
{
	struct {
		struct rndis_hdr hdr;
		struct rndis_info info;
	} msg = {
		{ RNDIS_QUERY, sizeof(msg) }, { 9, OID_LINK_SPEED, 0, 20, 0 }
	};

	return control(_metadata, self, &msg, sizeof(msg), 40);
}

TEST_F(netvsp, steps_of_rndis)
{
	struct rndis_query_done done;
	const uint8_t *msg;

	up(_metadata, self);
	netvsp_fault_step(self->nv, "rndis-query:00010107#1", "refuse", 1);
	netvsp_fault_step(self->nv, "rndis-query:00010107#2", "garbage", 5);
	netvsp_fault_step(self->nv, "rndis-query:00010107#3", "short", 1);
	msg = query_speed(_metadata, self);
	EXPECT_EQ(RNDIS_QUERY | RNDIS_DONE, word(msg));
	EXPECT_EQ(RNDIS_E_FAILURE, word(msg + 12));
	msg = query_speed(_metadata, self);
	memcpy(&done, msg + 8, sizeof(done));
	EXPECT_EQ(9, done.request);
	EXPECT_EQ(RNDIS_OK, done.status);
	EXPECT_NE(4, done.info_len);
	msg = query_speed(_metadata, self);
	EXPECT_EQ(12, word(msg + 4));
	EXPECT_EQ(9, word(msg + 8));
	msg = query_speed(_metadata, self);
	EXPECT_EQ(RNDIS_OK, word(msg + 12));
	EXPECT_EQ(4, word(msg + 16));
	EXPECT_FALSE(chan.failed);
}

TEST_F(netvsp, late_answer_of_a_guest_that_is_gone)
{
	struct nvsp_init msg = { NVSP_INIT, NVSP_V61, NVSP_V61 };

	guest_open();
	netvsp_fault_step(self->nv, "nvsp-init", "late", 0);
	ask(self, &msg, sizeof(msg));
	guest_close();
	loop_run_pending();
	EXPECT_EQ(NULL, next());
	guest_open();
	netvsp_fault_off(self->nv);
	init(_metadata, self, NVSP_V61, 0);
}

/* A fault of one step does not befall what comes next. */
TEST_F(netvsp, late_answer_to_what_has_none)
{
	struct nvsp_switch_path sw = { NVSP_SWITCH_PATH, NVSP_PATH_VF };
	uint32_t len = make_packet(gpadls[1].mem, mac_peer, 60);
	struct nvsp_rndis rndis = { NVSP_RNDIS, NVSP_CHAN_DATA, 0, len };
	struct sent *sent;

	up_4(_metadata, self);
	netvsp_fault_step(self->nv, "nvsp", "late", 0);
	netvsp_fault(self->nv, FAULT_SWITCH_NEVER, 1);
	ask(self, &sw, sizeof(sw));
	EXPECT_EQ(NULL, next());
	guest_put_on(&subs[1], PKT_INBAND, PKT_FLAG_COMPLETE, 77, &rndis,
		     sizeof(rndis));
	kick_on(&subs[1]);
	sent = next_on(&subs[1]);
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(77, sent->trans_id);
	loop_run_pending();
	EXPECT_EQ(NULL, next());
}

TEST_F(netvsp, late_answer_to_who_wants_none)
{
	struct nvsp_buffer send = { NVSP_SEND_BUF, gpadls[1].id, 0, 0 };
	uint32_t query = NVSP_OID_QUERY_EX;

	guest_open();
	init(_metadata, self, NVSP_V61, 0);
	netvsp_fault_step(self->nv, "nvsp-send-buf", "late", 0);
	guest_put(PKT_INBAND, 0, 0, &send, sizeof(send));
	kick();
	ask(self, &query, sizeof(query));
	EXPECT_EQ(NVSP_OID_QUERY_EX_DONE, word(answer(_metadata, self, 40)));
}

TEST_F(netvsp, unknown_path)
{
	struct nvsp_switch_path sw = { NVSP_SWITCH_PATH, 2 };

	up(_metadata, self);
	ask(self, &sw, sizeof(sw));
	EXPECT_TRUE(chan.failed);
}

TEST_F(netvsp, vf_that_was_there_before)
{
	struct sent *sent;

	netvsp_vf_association(self->nv, true, 9);
	EXPECT_EQ(0, self->announced);
	guest_open();
	init(_metadata, self, NVSP_V5, NVSP_CAP_SRIOV);
	buffers(_metadata, self, 28);
	rndis_up(_metadata, self, 28);
	sent = next();
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(NVSP_VF_ASSOCIATION, word(sent->data));
	EXPECT_EQ(9, word(sent->data + 8));
	EXPECT_EQ(1, self->announced);
	switch_path(_metadata, self, NVSP_PATH_VF);
	guest_close();
	EXPECT_EQ(PATH_VF, vnic_selected(self->nic));

	/* And again in the next session; not to guests that do not ask. */
	guest_open();
	init(_metadata, self, NVSP_V5, 0);
	buffers(_metadata, self, 28);
	rndis_up(_metadata, self, 28);
	EXPECT_EQ(NULL, next());
	EXPECT_EQ(1, self->announced);
	EXPECT_EQ(PATH_VF, vnic_selected(self->nic));

	/* The next guest starts afresh. */
	guest_close();
	chan.offer.ops->released(chan.offer.ctx, &chan);
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));
}

TEST_F(netvsp, failure_ends_the_vf_path)
{
	up_with_vf(_metadata, self);
	switch_path(_metadata, self, NVSP_PATH_VF);
	guest_complete(0);
	ASSERT_TRUE(chan.failed);
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->nic));
}

/* The end */

TEST_F(netvsp, closed_with_frames_waiting)
{
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	unsigned int i;

	up(_metadata, self);
	for (i = 0; i < 100; i++)
		vswitch_from_uplink(self->vs, &frame);
	guest_close();
	EXPECT_FALSE(state_open(self));
	/* All but those that are in the buffer, and one that comes too late */
	EXPECT_EQ(84, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_dropped);
	vswitch_from_uplink(self->vs, &frame);
	EXPECT_EQ(85, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_dropped);
	chan.nr_seen = chan.nr_sent;
	up(_metadata, self);
}

TEST_F(netvsp, subchannels_closed_with_frames_waiting)
{
	static const uint32_t table[4] = { 1, 2, 2, 2 };
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	unsigned int i;

	up_4(_metadata, self);
	set_rss(_metadata, self, table);
	subs[1].room = 0;
	subs[2].room = 0;
	for (i = 0; i < 3; i++)
		vswitch_from_uplink(self->vs, &frame);
	bytes[30] = 1;
	for (i = 0; i < 5; i++)
		vswitch_from_uplink(self->vs, &frame);
	/* The guest closes one of them, and then the session. */
	subs[1].offer.ops->close(subs[1].offer.ctx, &subs[1]);
	subs[1].open = false;
	EXPECT_EQ(3, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_dropped);
	guest_close();
	EXPECT_EQ(8, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_dropped);
	EXPECT_EQ(8, vnic_stats(self->nic, PATH_SYNTHETIC)->rx_frames);
}

TEST_F(netvsp, removed_while_open)
{
	uint8_t bytes[60];
	struct frame frame = tcp_frame(bytes, 60);
	struct netvsp *nv = self->nv;

	up(_metadata, self);
	self->nv = NULL;
	netvsp_remove(nv);
	EXPECT_TRUE(chan.rescinded);
	vswitch_nic_del(self->nic);
	vswitch_from_uplink(self->vs, &frame);
	chan.offer.ops->released(chan.offer.ctx, &chan);
}

TEST_F(netvsp, removed_after_a_failure)
{
	struct netvsp *nv = self->nv;

	up(_metadata, self);
	guest_complete(0);
	ASSERT_TRUE(chan.failed);
	netvsp_set_link(nv, false);
	netvsp_vf_association(nv, true, 3);
	chan.offer.ops->released(chan.offer.ctx, &chan);
	/* The channel is gone now; nobody may touch it. */
	self->nv = NULL;
	netvsp_remove(nv);
}

/* VMBus closes it, and the NIC has seen nothing wrong. */
TEST_F(netvsp, rings_taken_away)
{
	struct netvsp *nv = self->nv;

	up_4(_metadata, self);
	channel_fail(&chan, "rings taken away while open");
	EXPECT_FALSE(state_open(self));
	EXPECT_TRUE(subs[1].rescinded);
	chan.offer.ops->released(chan.offer.ctx, &chan);
	netvsp_rescind(nv);
	self->nv = NULL;
	netvsp_remove(nv);
}

TEST_HARNESS_MAIN
