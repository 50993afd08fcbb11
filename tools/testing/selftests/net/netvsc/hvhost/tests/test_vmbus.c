// SPDX-License-Identifier: GPL-2.0
/*
 * VMBus from the guest's side: contact, offers, GPADLs, channels from open to
 * release, and guests that get it wrong on purpose.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "hyperv.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "step.h"
#include "vm.h"
#include "vmbus.h"
#include "vmbus_wire.h"

#define PAGE		GUEST_PAGE_SIZE
#define RAM_PAGES	64
#define RANGE(offset, len)	((uint64_t)(offset) << 32 | (len))

/* A machine with four processors, and what its SynIC was given */

struct vm {
	struct guest_mem mem;
	uint8_t *ram;
	unsigned int head, tail;
	struct {
		unsigned int vp, sint;
		size_t len;
		uint64_t data[HV_MESSAGE_PAYLOAD_MAX / 8];
	} queue[1024];
	unsigned int signals, last_vp, last_flag;
	bool flag_is_set;		/* the guest has not seen the last one */
};

static struct vm vm;

struct guest_mem *vm_mem(struct vm *v)
{
	return &v->mem;
}

unsigned int vm_nr_vcpus(const struct vm *v)
{
	(void)v;
	return 4;
}

bool synic_post(struct vm *v, unsigned int vp, unsigned int sint, uint32_t type,
		const void *payload, size_t len)
{
	unsigned int i = v->tail;

	if (vp >= 4 || sint >= 16)
		return false;
	if (type != 1 || len > HV_MESSAGE_PAYLOAD_MAX || i == 1024)
		abort();
	v->queue[i].vp = vp;
	v->queue[i].sint = sint;
	v->queue[i].len = len;
	memcpy(v->queue[i].data, payload, len);
	v->tail++;
	return true;
}

bool synic_signal(struct vm *v, unsigned int vp, unsigned int sint,
		  unsigned int flag)
{
	if (sint != VMBUS_SINT || flag > 2047)
		abort();
	v->signals++;
	v->last_vp = vp;
	v->last_flag = flag;
	return !v->flag_is_set;
}

void synic_flush(struct vm *v)
{
	v->head = v->tail;
}

/* A device that notes what happens to it */

static struct dev {
	unsigned int opens, closes, readables, releases, gone;
	bool refuse, fail_in_open, write_in_open, rescind_in_release, echo;
	bool closed_with_rings;
	struct channel *chan;
} dev;

static struct packet pkt;

static bool dev_open(void *ctx, struct channel *chan)
{
	struct dev *d = ctx;

	d->opens++;
	if (d->fail_in_open)
		channel_fail(chan, "test");
	if (d->write_in_open)
		channel_write(chan, PKT_INBAND, 0, 1, "early", 5);
	return !d->refuse;
}

static void dev_close(void *ctx, struct channel *chan)
{
	struct dev *d = ctx;

	d->closes++;
	d->closed_with_rings = channel_is_open(chan);
	/* Must not end in a second close. */
	channel_fail(chan, "while it is being closed");
}

static void dev_close_quietly(void *ctx, struct channel *chan)
{
	struct dev *d = ctx;

	d->closes++;
	d->closed_with_rings = channel_is_open(chan);
}

static void dev_readable(void *ctx, struct channel *chan)
{
	struct dev *d = ctx;

	d->readables++;
	while (d->echo && channel_read(chan, &pkt) == RING_OK)
		channel_write(chan, PKT_COMPLETION, 0, pkt.trans_id,
			      pkt.payload, pkt.len);
}

static void dev_released(void *ctx, struct channel *chan)
{
	struct dev *d = ctx;

	d->releases++;
	if (d->rescind_in_release && d->releases == 1)
		vmbus_rescind(chan);
}

static void dev_gpadl_gone(void *ctx, struct channel *chan,
			   struct gpadl *gpadl)
{
	struct dev *d = ctx;

	(void)chan;
	(void)gpadl;
	d->gone++;
}

static const struct channel_ops ops = {
	.open = dev_open,
	.close = dev_close_quietly,
	.readable = dev_readable,
	.released = dev_released,
	.gpadl_gone = dev_gpadl_gone,
};

static const struct channel_ops failing_close_ops = {
	.open = dev_open,
	.close = dev_close,
	.readable = dev_readable,
	.released = dev_released,
};

static struct channel_offer offer_of(uint8_t instance)
{
	return (struct channel_offer){
		.type = { { 0x11 } },
		.instance = { { instance } },
		.mmio_mb = 3,
		.flags = OFFER_FLAG_ENUMERATE,
		.user_data = { 0xaa },
		.ops = &ops,
		.ctx = &dev,
	};
}

/* The guest */

static uint16_t post(struct vmbus *bus, const void *msg, size_t len)
{
	return vmbus_post_message(bus, VMBUS_CONN_MODERN, 1, msg, len);
}

/* The next message to the guest if it is of this type, else NULL. */
static const void *next(uint32_t type)
{
	const struct msg_hdr *hdr;

	if (vm.head == vm.tail)
		return NULL;
	hdr = (const void *)vm.queue[vm.head++].data;
	return hdr->type == type ? hdr : NULL;
}

static bool quiet(void)
{
	return vm.head == vm.tail;
}

static bool contact(struct vmbus *bus, uint32_t conn, uint32_t version)
{
	struct msg_contact msg = {
		.hdr.type = MSG_INITIATE_CONTACT,
		.version = version,
		.target_vp = 1,
	};
	const struct msg_version_response *answer;

	if (version >= VMBUS_V5_0)
		msg.sint = VMBUS_SINT;
	else
		msg.interrupt_page = 0x123000;
	if (vmbus_post_message(bus, conn, 1, &msg, sizeof(msg)))
		return false;
	answer = next(MSG_VERSION_RESPONSE);
	if (!answer)
		abort();
	return answer->supported;
}

static void bare(struct vmbus *bus, uint32_t type)
{
	struct msg_hdr msg = { .type = type };

	post(bus, &msg, sizeof(msg));
}

static void relid_msg(struct vmbus *bus, uint32_t type, uint32_t relid)
{
	struct msg_relid msg = { .hdr.type = type, .relid = relid };

	post(bus, &msg, sizeof(msg));
}

/* GPADL @id of @nr pages from page @first on; returns its status, ~0: none. */
static uint32_t gpadl(struct vmbus *bus, uint32_t relid, uint32_t id,
		      unsigned int first, unsigned int nr)
{
	struct {
		struct msg_gpadl_header hdr;
		uint64_t words[1 + RAM_PAGES];
	} __attribute__((packed)) msg = {
		.hdr.hdr.type = MSG_GPADL_HEADER,
		.hdr.relid = relid,
		.hdr.gpadl = id,
		.hdr.list_len = 8 + nr * 8,
		.hdr.nr_ranges = 1,
		.words = { RANGE(0, nr * PAGE) },
	};
	const struct msg_gpadl_created *answer;
	unsigned int i;

	for (i = 0; i < nr; i++)
		msg.words[1 + i] = first + i;
	post(bus, &msg, sizeof(msg.hdr) + 8 + nr * 8);
	answer = next(MSG_GPADL_CREATED);
	if (!answer || answer->gpadl != id || answer->relid != relid)
		return ~0u;
	return answer->status;
}

/* The first half of a list for relid 1, which is not answered yet. */
static void begin_gpadl(struct vmbus *bus, uint32_t id)
{
	struct {
		struct msg_gpadl_header hdr;
		uint64_t words[2];
	} __attribute__((packed)) msg = {
		.hdr.hdr.type = MSG_GPADL_HEADER,
		.hdr.relid = 1,
		.hdr.gpadl = id,
		.hdr.list_len = 32,
		.hdr.nr_ranges = 1,
		.words = { RANGE(0, 3 * PAGE), 20 },
	};

	post(bus, &msg, sizeof(msg));
}

static bool teardown(struct vmbus *bus, uint32_t relid, uint32_t id)
{
	struct msg_gpadl_teardown msg = {
		.hdr.type = MSG_GPADL_TEARDOWN,
		.relid = relid,
		.gpadl = id,
	};
	const struct msg_gpadl_torndown *answer;

	post(bus, &msg, sizeof(msg));
	answer = next(MSG_GPADL_TORNDOWN);
	return answer && answer->gpadl == id;
}

static uint32_t open_on(struct vmbus *bus, uint32_t relid, uint32_t id,
			uint32_t vp, uint32_t downstream)
{
	struct msg_open msg = {
		.hdr.type = MSG_OPEN,
		.relid = relid,
		.open_id = 77,
		.ring_gpadl = id,
		.target_vp = vp,
		.downstream_page = downstream,
	};
	const struct msg_open_result *answer;

	post(bus, &msg, sizeof(msg));
	answer = next(MSG_OPEN_RESULT);
	if (!answer || answer->relid != relid || answer->open_id != 77)
		return ~0u;
	return answer->status;
}

static struct vmbus *machine(void)
{
	log_verbosity = 0;
	vm.ram = aligned_alloc(PAGE, RAM_PAGES * PAGE);
	memset(vm.ram, 0, RAM_PAGES * PAGE);
	mem_add(&vm.mem, 0, RAM_PAGES * PAGE, vm.ram);
	return vmbus_create(&vm, VMBUS_V5_3);
}

/* One channel, relid 1, offered. */
static struct vmbus *with_offer(void)
{
	struct channel_offer offer = offer_of(1);
	struct vmbus *bus = machine();

	dev.chan = vmbus_offer(bus, &offer);
	contact(bus, VMBUS_CONN_MODERN, VMBUS_V5_3);
	bare(bus, MSG_REQUEST_OFFERS);
	vm.head = vm.tail;
	return bus;
}

/* And open: GPADL 0x10, pages 8 to 15, four for each ring. */
static struct vmbus *with_open(void)
{
	struct vmbus *bus = with_offer();

	if (gpadl(bus, 1, 0x10, 8, 8) || open_on(bus, 1, 0x10, 2, 4))
		abort();
	return bus;
}

static struct ring_control *ring_ctl(unsigned int page)
{
	return (void *)(vm.ram + page * PAGE);
}

TEST(versions)
{
	static const uint32_t good[] = { VMBUS_V3_0, VMBUS_V4_0, VMBUS_V4_1,
					 VMBUS_V5_0, VMBUS_V5_1, VMBUS_V5_2,
					 VMBUS_V5_3 };
	static const uint32_t bad[] = { VMBUS_VERSION(6, 0), VMBUS_VERSION(2, 4),
					VMBUS_VERSION(0, 13), 0, UINT32_MAX,
					VMBUS_VERSION(5, 4), VMBUS_VERSION(4, 2) };
	struct vmbus *bus = machine();
	const struct msg_version_response *answer;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_FALSE(contact(bus, VMBUS_CONN_MODERN, bad[i]));
	EXPECT_EQ(0, vmbus_version(bus));
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		EXPECT_TRUE(contact(bus, good[i] < VMBUS_V5_0 ?
				    VMBUS_CONN_LEGACY : VMBUS_CONN_MODERN,
				    good[i]));
		EXPECT_EQ(good[i], vmbus_version(bus));
		EXPECT_EQ(1, vm.queue[vm.head - 1].vp);
		EXPECT_EQ(VMBUS_SINT, vm.queue[vm.head - 1].sint);
		EXPECT_EQ(sizeof(*answer), vm.queue[vm.head - 1].len);
	}
	answer = (const void *)vm.queue[vm.head - 1].data;
	EXPECT_EQ(0, answer->state);
	EXPECT_EQ(VMBUS_CONN_MODERN, answer->connection_id);
	vmbus_destroy(bus);
}

TEST(old_host)
{
	struct vmbus *bus = machine();
	struct vmbus *old = vmbus_create(&vm, VMBUS_V4_1);
	struct msg_hdr msg = { .type = MSG_UNLOAD };

	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID,
		  vmbus_post_message(old, VMBUS_CONN_MODERN, 1, &msg, 8));
	EXPECT_FALSE(contact(old, VMBUS_CONN_LEGACY, VMBUS_V5_3));
	EXPECT_TRUE(contact(old, VMBUS_CONN_LEGACY, VMBUS_V4_1));
	vmbus_destroy(bus);
	vmbus_destroy(old);
}

TEST(post_message_is_checked)
{
	static const uint8_t data[256];
	struct vmbus *bus = machine();

	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID,
		  vmbus_post_message(bus, 2, 1, data, 8));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmbus_post_message(bus, 1, 2, data, 8));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmbus_post_message(bus, 1, 1, data, 241));
	EXPECT_TRUE(quiet());
	vmbus_destroy(bus);
}

TEST(offers)
{
	struct channel_offer offer = offer_of(1);
	struct vmbus *bus = machine();
	const struct msg_offer *msg;

	vmbus_offer(bus, &offer);
	EXPECT_TRUE(quiet());
	contact(bus, VMBUS_CONN_MODERN, VMBUS_V5_3);
	EXPECT_TRUE(quiet());
	bare(bus, MSG_REQUEST_OFFERS);
	msg = next(MSG_OFFER);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(196, vm.queue[vm.head - 1].len);
	EXPECT_EQ(1, msg->relid);
	EXPECT_EQ(0x11, msg->type.b[0]);
	EXPECT_EQ(1, msg->instance.b[0]);
	EXPECT_EQ(OFFER_FLAG_ENUMERATE, msg->flags);
	EXPECT_EQ(3, msg->mmio_mb);
	EXPECT_EQ(0xaa, msg->user_data[0]);
	EXPECT_EQ(0, msg->monitor_used);
	EXPECT_EQ(1, msg->dedicated);
	EXPECT_EQ(0x2001, msg->connection_id);
	EXPECT_NE(NULL, next(MSG_ALL_OFFERS_DELIVERED));
	EXPECT_TRUE(quiet());

	/* Later ones come by themselves. */
	offer = offer_of(2);
	offer.sub_index = 1;
	vmbus_offer(bus, &offer);
	msg = next(MSG_OFFER);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(2, msg->relid);
	EXPECT_EQ(1, msg->sub_index);
	EXPECT_TRUE(quiet());
	vmbus_destroy(bus);
	EXPECT_EQ(2, dev.releases);
}

TEST(nothing_without_a_connection)
{
	struct vmbus *bus = machine();
	struct channel_offer offer = offer_of(1);

	vmbus_offer(bus, &offer);
	bare(bus, MSG_REQUEST_OFFERS);
	relid_msg(bus, MSG_CLOSE, 1);
	EXPECT_EQ(~0u, open_on(bus, 1, 1, 0, 2));
	EXPECT_TRUE(quiet());
	bare(bus, MSG_UNLOAD);
	EXPECT_NE(NULL, next(MSG_UNLOAD_RESPONSE));
	vmbus_destroy(bus);
}

TEST(short_and_unknown_messages)
{
	static const uint32_t types[] = { 0, 1, 2, 4, 6, 12, 15, 17, 18, 19, 20,
					  21, 23, 24, 25, 255, UINT32_MAX };
	static const struct {
		uint32_t type;
		size_t len;
	} shorts[] = {
		{ MSG_OPEN, 147 }, { MSG_CLOSE, 11 }, { MSG_GPADL_HEADER, 19 },
		{ MSG_GPADL_BODY, 15 }, { MSG_GPADL_TEARDOWN, 15 },
		{ MSG_RELID_RELEASED, 11 }, { MSG_MODIFY, 15 },
		{ MSG_INITIATE_CONTACT, 39 },
	};
	struct vmbus *bus = with_open();
	struct vmbus_stats stats;
	uint32_t msg[60] = { 0 };
	unsigned int i;

	/* Whole, each of these would do something to what is there. */
	begin_gpadl(bus, 0x30);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		msg[0] = types[i];
		EXPECT_EQ(HV_STATUS_SUCCESS, post(bus, msg, sizeof(msg)));
	}
	msg[2] = 1;
	msg[3] = 0x30;
	for (i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++) {
		msg[0] = shorts[i].type;
		post(bus, msg, shorts[i].len);
		post(bus, msg, 8);
	}
	for (i = 0; i < 8; i++)
		post(bus, msg, i);
	EXPECT_TRUE(quiet());
	EXPECT_EQ(1, dev.opens);
	EXPECT_EQ(0, dev.closes + dev.releases + dev.gone);
	EXPECT_TRUE(channel_is_open(dev.chan));
	EXPECT_EQ(2, channel_vp(dev.chan));
	EXPECT_EQ(VMBUS_V5_3, vmbus_version(bus));
	vmbus_get_stats(bus, &stats);
	EXPECT_EQ(2, stats.gpadls);
	vmbus_destroy(bus);
}

TEST(open_signal_close)
{
	struct vmbus *bus = with_offer();
	struct vmbus_stats stats;

	ASSERT_EQ(0, gpadl(bus, 1, 0x10, 8, 8));
	EXPECT_EQ(HV_STATUS_SUCCESS, vmbus_signal_event(bus, 0x2001, 0));
	EXPECT_EQ(0, dev.readables);	/* not open */
	ASSERT_EQ(0, open_on(bus, 1, 0x10, 2, 4));
	EXPECT_EQ(1, dev.opens);
	EXPECT_EQ(1, dev.readables);	/* looked once */
	EXPECT_TRUE(channel_is_open(dev.chan));
	EXPECT_EQ(2, channel_vp(dev.chan));
	EXPECT_EQ(1, channel_relid(dev.chan));
	EXPECT_EQ(HV_STATUS_SUCCESS, vmbus_signal_event(bus, 0x2001, 0));
	EXPECT_EQ(2, dev.readables);
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmbus_signal_event(bus, 0x2001, 1));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID,
		  vmbus_signal_event(bus, 0x2002, 0));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID,
		  vmbus_signal_event(bus, 2, 0));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID,
		  vmbus_signal_event(bus, UINT32_MAX, 0));
	vmbus_get_stats(bus, &stats);
	EXPECT_EQ(1, stats.channels);
	EXPECT_EQ(1, stats.open_channels);
	EXPECT_EQ(1, stats.gpadls);

	relid_msg(bus, MSG_CLOSE, 1);
	EXPECT_EQ(1, dev.closes);
	EXPECT_TRUE(dev.closed_with_rings);
	EXPECT_FALSE(channel_is_open(dev.chan));
	relid_msg(bus, MSG_CLOSE, 1);
	EXPECT_EQ(1, dev.closes);
	EXPECT_TRUE(teardown(bus, 1, 0x10));
	EXPECT_TRUE(quiet());

	/* And again, as when a driver is reloaded. */
	EXPECT_EQ(0, gpadl(bus, 1, 0x11, 8, 8));
	EXPECT_EQ(0, open_on(bus, 1, 0x11, 0, 4));
	EXPECT_EQ(2, dev.opens);
	vmbus_destroy(bus);
	EXPECT_EQ(2, dev.closes);
}

TEST(packets_both_ways)
{
	struct vmbus *bus = with_open();
	struct pkt_desc desc = {
		.type = PKT_INBAND, .offset8 = 2, .len8 = 3, .trans_id = 9,
	};
	struct ring_control *out = ring_ctl(8), *in = ring_ctl(12);

	dev.echo = true;
	memcpy(vm.ram + 9 * PAGE, &desc, 16);
	memcpy(vm.ram + 9 * PAGE + 16, "whatever", 8);
	out->write_index = 32;
	vmbus_signal_event(bus, 0x2001, 0);
	EXPECT_EQ(32, out->read_index);
	EXPECT_EQ(32, in->write_index);
	EXPECT_EQ(0, memcmp(vm.ram + 13 * PAGE + 16, "whatever", 8));
	EXPECT_EQ(1, vm.signals);
	EXPECT_EQ(2, vm.last_vp);
	EXPECT_EQ(1, vm.last_flag);
	vmbus_destroy(bus);
}

TEST(interrupts_are_counted)
{
	struct vmbus *bus = with_open();
	struct vmbus_stats stats;

	EXPECT_EQ(RING_OK, channel_write(dev.chan, PKT_INBAND, 0, 0, "x", 1));
	EXPECT_EQ(1, vm.signals);
	vmbus_get_stats(bus, &stats);
	EXPECT_EQ(1, stats.interrupts);
	/* Read, but the flag is still there. */
	ring_ctl(12)->read_index = ring_ctl(12)->write_index;
	vm.flag_is_set = true;
	EXPECT_EQ(RING_OK, channel_write(dev.chan, PKT_INBAND, 0, 0, "x", 1));
	EXPECT_EQ(2, vm.signals);
	vmbus_get_stats(bus, &stats);
	EXPECT_EQ(1, stats.interrupts);
	vmbus_destroy(bus);
}

TEST(xfer_pages_packet)
{
	struct pkt_range ranges[2] = { { 100, 0 }, { 200, 4096 } };
	struct vmbus *bus = with_open();
	const uint8_t *p = vm.ram + 13 * PAGE;
	struct pkt_desc desc;

	EXPECT_EQ(RING_OK, channel_write_xfer(dev.chan, 5, 0xcafe, ranges, 2,
					      "payload", 8));
	memcpy(&desc, p, 16);
	EXPECT_EQ(PKT_XFER_PAGES, desc.type);
	EXPECT_EQ(PKT_FLAG_COMPLETE, desc.flags);
	EXPECT_EQ(5, desc.offset8);
	EXPECT_EQ(6, desc.len8);
	EXPECT_EQ(0xcafe, *(const uint16_t *)(p + 16));
	EXPECT_EQ(2, *(const uint32_t *)(p + 20));
	EXPECT_EQ(0, memcmp(p + 24, ranges, 16));
	EXPECT_EQ(0, memcmp(p + 40, "payload", 8));
	vmbus_destroy(bus);
}

/* The guest takes no interrupt for a channel that it knows not to be open. */
TEST(interrupt_of_open_waits_for_the_result)
{
	struct vmbus *bus = with_offer();
	struct msg_open msg = {
		.hdr.type = MSG_OPEN, .relid = 1, .ring_gpadl = 0x10,
		.target_vp = 3, .downstream_page = 4,
	};

	dev.write_in_open = true;
	gpadl(bus, 1, 0x10, 8, 8);
	post(bus, &msg, sizeof(msg));
	EXPECT_NE(NULL, next(MSG_OPEN_RESULT));
	EXPECT_EQ(1, vm.signals);
	EXPECT_EQ(3, vm.last_vp);

	relid_msg(bus, MSG_CLOSE, 1);
	dev.refuse = true;
	EXPECT_NE(0, open_on(bus, 1, 0x10, 3, 4));
	EXPECT_EQ(1, vm.signals);
	vmbus_destroy(bus);
}

TEST(opens_that_fail)
{
	struct channel_offer offer = offer_of(2);
	struct vmbus *bus = with_offer();

	vmbus_offer(bus, &offer);
	vm.head = vm.tail;
	ASSERT_EQ(0, gpadl(bus, 1, 0x10, 8, 8));
	ASSERT_EQ(0, gpadl(bus, 2, 0x20, 16, 8));

	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0x11, 0, 4));
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0x20, 0, 4));
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0x10, 4, 4));
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0x10, 0, 0));
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0x10, 0, 1));
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0x10, 0, 7));
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0x10, 0, 8));
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0x10, 0, UINT32_MAX));
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 0, 0x10, 0, 4));
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 3, 0x10, 0, 4));
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, UINT32_MAX, 0x10, 0, 4));
	EXPECT_EQ(0, dev.opens);

	ring_ctl(8)->read_index = 3;
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0x10, 0, 4));
	ring_ctl(8)->read_index = 0;
	dev.refuse = true;
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0x10, 0, 4));
	EXPECT_FALSE(channel_is_open(dev.chan));
	EXPECT_EQ(0, dev.closes);
	dev.refuse = false;
	EXPECT_EQ(0, open_on(bus, 1, 0x10, VMBUS_VP_NONE, 4));

	/* A second one changes nothing. */
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0x10, 0, 4));
	EXPECT_TRUE(channel_is_open(dev.chan));
	EXPECT_EQ(2, dev.opens);
	EXPECT_EQ(0, dev.closes);
	EXPECT_EQ(RING_OK, channel_write(dev.chan, PKT_INBAND, 0, 0, "x", 1));
	EXPECT_EQ(0, vm.signals);	/* it wants none */
	vmbus_destroy(bus);
}

TEST(ring_gpadl_of_partial_pages)
{
	struct vmbus *bus = with_offer();
	struct {
		struct msg_gpadl_header hdr;
		uint64_t words[5];
	} __attribute__((packed)) msg = {
		.hdr.hdr.type = MSG_GPADL_HEADER,
		.hdr.relid = 1,
		.hdr.gpadl = 1,
		.hdr.list_len = 40,
		.hdr.nr_ranges = 1,
		.words = { RANGE(0, 3 * PAGE + 8), 8, 9, 10, 11 },
	};

	post(bus, &msg, sizeof(msg));
	next(MSG_GPADL_CREATED);
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 1, 0, 2));
	vmbus_destroy(bus);
}

TEST(device_that_fails_in_open)
{
	struct vmbus *bus = with_offer();
	struct msg_open msg = {
		.hdr.type = MSG_OPEN, .relid = 1, .ring_gpadl = 0x10,
		.downstream_page = 4,
	};
	const struct msg_open_result *answer;

	gpadl(bus, 1, 0x10, 8, 8);
	dev.fail_in_open = true;
	post(bus, &msg, sizeof(msg));
	EXPECT_NE(NULL, next(MSG_RESCIND));
	answer = next(MSG_OPEN_RESULT);
	ASSERT_NE(NULL, answer);
	EXPECT_EQ(VMBUS_STATUS_FAILED, answer->status);
	EXPECT_EQ(1, dev.closes);
	EXPECT_EQ(0, dev.readables);
	relid_msg(bus, MSG_RELID_RELEASED, 1);
	EXPECT_EQ(1, dev.releases);
	vmbus_destroy(bus);
}

TEST(bad_ring_closes_the_channel)
{
	struct vmbus *bus = with_open();

	dev.echo = true;
	ring_ctl(8)->write_index = 12345;
	vmbus_signal_event(bus, 0x2001, 0);
	EXPECT_EQ(1, dev.closes);
	EXPECT_FALSE(channel_is_open(dev.chan));
	EXPECT_NE(NULL, next(MSG_RESCIND));
	/* What comes late is harmless. */
	EXPECT_EQ(RING_EMPTY, channel_read(dev.chan, &pkt));
	EXPECT_EQ(RING_BAD, channel_write(dev.chan, PKT_INBAND, 0, 0, "x", 1));
	EXPECT_EQ(HV_STATUS_SUCCESS, vmbus_signal_event(bus, 0x2001, 0));
	relid_msg(bus, MSG_CLOSE, 1);
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0x10, 0, 4));
	EXPECT_EQ(VMBUS_STATUS_FAILED, gpadl(bus, 1, 0x30, 8, 8));
	EXPECT_TRUE(teardown(bus, 1, 0x10));
	EXPECT_EQ(1, dev.closes);
	EXPECT_EQ(0, dev.releases);
	relid_msg(bus, MSG_RELID_RELEASED, 1);
	EXPECT_EQ(1, dev.releases);
	vmbus_destroy(bus);
}

TEST(close_that_fails_the_channel)
{
	struct channel_offer offer = offer_of(1);
	struct vmbus *bus = machine();

	offer.ops = &failing_close_ops;
	dev.chan = vmbus_offer(bus, &offer);
	contact(bus, VMBUS_CONN_MODERN, VMBUS_V5_3);
	bare(bus, MSG_REQUEST_OFFERS);
	vm.head = vm.tail;
	gpadl(bus, 1, 0x10, 8, 8);
	open_on(bus, 1, 0x10, 0, 4);
	relid_msg(bus, MSG_CLOSE, 1);
	EXPECT_EQ(1, dev.closes);
	EXPECT_NE(NULL, next(MSG_RESCIND));
	vmbus_destroy(bus);
	EXPECT_EQ(1, dev.releases);
}

TEST(modify)
{
	struct msg_modify msg = {
		.hdr.type = MSG_MODIFY, .relid = 1, .target_vp = 3,
	};
	struct vmbus *bus = with_offer();
	const struct msg_modify_response *answer;

	post(bus, &msg, sizeof(msg));
	answer = next(MSG_MODIFY_RESPONSE);
	ASSERT_NE(NULL, answer);
	EXPECT_EQ(VMBUS_STATUS_FAILED, answer->status);
	gpadl(bus, 1, 0x10, 8, 8);
	open_on(bus, 1, 0x10, 2, 4);
	post(bus, &msg, sizeof(msg));
	answer = next(MSG_MODIFY_RESPONSE);
	ASSERT_NE(NULL, answer);
	EXPECT_EQ(0, answer->status);
	EXPECT_EQ(3, channel_vp(dev.chan));
	channel_write(dev.chan, PKT_INBAND, 0, 0, "x", 1);
	EXPECT_EQ(3, vm.last_vp);
	msg.target_vp = 4;
	post(bus, &msg, sizeof(msg));
	answer = next(MSG_MODIFY_RESPONSE);
	ASSERT_NE(NULL, answer);
	EXPECT_EQ(VMBUS_STATUS_FAILED, answer->status);
	EXPECT_EQ(3, channel_vp(dev.chan));
	vmbus_destroy(bus);
}

TEST(modify_has_no_answer_before_5_3)
{
	struct msg_modify msg = {
		.hdr.type = MSG_MODIFY, .relid = 1, .target_vp = 3,
	};
	struct channel_offer offer = offer_of(1);
	struct vmbus *bus = machine();

	dev.chan = vmbus_offer(bus, &offer);
	contact(bus, VMBUS_CONN_MODERN, VMBUS_V5_2);
	bare(bus, MSG_REQUEST_OFFERS);
	vm.head = vm.tail;
	gpadl(bus, 1, 0x10, 8, 8);
	open_on(bus, 1, 0x10, 2, 4);
	post(bus, &msg, sizeof(msg));
	EXPECT_EQ(3, channel_vp(dev.chan));
	EXPECT_TRUE(quiet());
	vmbus_destroy(bus);
}

TEST(gpadl_in_many_messages)
{
	struct {
		struct msg_gpadl_header hdr;
		uint64_t words[4];
	} __attribute__((packed)) head = {
		.hdr.hdr.type = MSG_GPADL_HEADER,
		.hdr.relid = 1,
		.hdr.gpadl = 0xe1,
		.hdr.list_len = 8 + 32 * 8,
		.hdr.nr_ranges = 1,
		.words = { RANGE(0, 32 * PAGE), 0, 1, 2 },
	};
	struct {
		struct msg_gpadl_body hdr;
		uint64_t words[28];
	} body = { .hdr.hdr.type = MSG_GPADL_BODY, .hdr.gpadl = 0xe1 };
	const struct msg_gpadl_created *answer;
	struct vmbus *bus = with_offer();
	unsigned int i;

	post(bus, &body, sizeof(body));		/* before its header */
	EXPECT_TRUE(quiet());
	post(bus, &head, sizeof(head));
	EXPECT_TRUE(quiet());
	EXPECT_EQ(NULL, channel_gpadl(dev.chan, 0xe1));
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0xe1, 0, 4));
	for (i = 0; i < 28; i++)
		body.words[i] = 3 + i;
	post(bus, &body, sizeof(body.hdr) + 28 * 8);
	EXPECT_TRUE(quiet());
	body.words[0] = 31;
	post(bus, &body, sizeof(body.hdr) + 8);
	answer = next(MSG_GPADL_CREATED);
	ASSERT_NE(NULL, answer);
	EXPECT_EQ(0, answer->status);
	ASSERT_NE(NULL, channel_gpadl(dev.chan, 0xe1));
	EXPECT_EQ(32 * PAGE, gpadl_size(channel_gpadl(dev.chan, 0xe1)));
	post(bus, &body, sizeof(body.hdr) + 8);	/* one too many */
	EXPECT_TRUE(quiet());
	vmbus_destroy(bus);
}

TEST(gpadl_header_hostile)
{
	struct vmbus *bus = with_offer();
	struct {
		struct msg_gpadl_header hdr;
		uint64_t words[3];
	} __attribute__((packed)) msg = {
		.hdr.hdr.type = MSG_GPADL_HEADER,
		.hdr.relid = 1,
		.hdr.gpadl = 1,
		.hdr.list_len = 16,
		.hdr.nr_ranges = 1,
		.words = { RANGE(0, PAGE), 1, 2 },
	};
	const struct msg_gpadl_created *answer;
	struct vmbus_stats stats;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		msg.hdr.list_len = i == 0 ? 0 : i == 1 ? 12 : 16;
		msg.hdr.nr_ranges = i == 2 ? 0 : 1;
		msg.words[1] = i == 3 ? RAM_PAGES : 1;
		msg.hdr.relid = i == 4 ? 9 : 1;
		/* The last one: more than was announced. */
		post(bus, &msg, sizeof(msg) - (i == 5 ? 0 : 8));
		answer = next(MSG_GPADL_CREATED);
		ASSERT_NE(NULL, answer);
		EXPECT_EQ(VMBUS_STATUS_FAILED, answer->status) {
			TH_LOG("case %u", i);
		}
	}
	vmbus_get_stats(bus, &stats);
	EXPECT_EQ(0, stats.gpadls);

	/* Twice the same id. */
	EXPECT_EQ(0, gpadl(bus, 1, 5, 8, 8));
	EXPECT_EQ(VMBUS_STATUS_FAILED, gpadl(bus, 1, 5, 8, 8));
	EXPECT_NE(NULL, channel_gpadl(dev.chan, 5));
	vmbus_destroy(bus);
}

TEST(gpadls_have_a_limit)
{
	struct vmbus *bus = with_offer();
	struct vmbus_stats stats;
	unsigned int i;

	for (i = 0; i < 100000; i++) {
		vm.head = 0;
		vm.tail = 0;
		if (gpadl(bus, 1, i + 1, 0, 1))
			break;
	}
	EXPECT_EQ(1024, i);
	EXPECT_TRUE(teardown(bus, 1, 1));
	EXPECT_EQ(0, gpadl(bus, 1, 1, 0, 1));
	relid_msg(bus, MSG_RELID_RELEASED, 1);
	vmbus_get_stats(bus, &stats);
	EXPECT_EQ(0, stats.gpadls);
	vmbus_destroy(bus);
}

TEST(teardown_of_a_gpadl_in_use)
{
	struct vmbus *bus = with_open();

	ASSERT_EQ(0, gpadl(bus, 1, 0x40, 20, 4));
	EXPECT_TRUE(teardown(bus, 1, 0x40));
	EXPECT_EQ(1, dev.gone);		/* the device was told */
	EXPECT_TRUE(channel_is_open(dev.chan));
	EXPECT_FALSE(teardown(bus, 1, 0x40));
	EXPECT_FALSE(teardown(bus, 7, 0x10));
	EXPECT_TRUE(quiet());

	/* The rings: the channel goes with them. */
	EXPECT_FALSE(teardown(bus, 1, 0x10));
	EXPECT_EQ(1, dev.closes);
	EXPECT_EQ(1, dev.gone);
	EXPECT_FALSE(channel_is_open(dev.chan));
	EXPECT_NE(NULL, next(MSG_GPADL_TORNDOWN));
	vmbus_destroy(bus);
}

/* As drivers do for VMBus 4.0 and later: close first, tear down then. */
TEST(teardown_after_close)
{
	struct vmbus *bus = with_open();

	ASSERT_EQ(0, gpadl(bus, 1, 0x40, 20, 4));
	relid_msg(bus, MSG_CLOSE, 1);
	EXPECT_TRUE(teardown(bus, 1, 0x40));
	EXPECT_TRUE(teardown(bus, 1, 0x10));
	EXPECT_EQ(0, dev.gone);
	vmbus_destroy(bus);
}

TEST(rescind_open_channel)
{
	struct vmbus *bus = with_open();
	const struct msg_relid *msg;
	struct vmbus_stats stats;

	vmbus_rescind(dev.chan);
	EXPECT_EQ(1, dev.closes);
	EXPECT_TRUE(dev.closed_with_rings);
	EXPECT_EQ(0, dev.releases);
	msg = next(MSG_RESCIND);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(1, msg->relid);
	vmbus_rescind(dev.chan);
	EXPECT_TRUE(quiet());
	relid_msg(bus, MSG_RELID_RELEASED, 1);
	EXPECT_EQ(1, dev.closes);
	EXPECT_EQ(1, dev.releases);
	relid_msg(bus, MSG_RELID_RELEASED, 1);
	EXPECT_EQ(1, dev.releases);
	vmbus_get_stats(bus, &stats);
	EXPECT_EQ(0, stats.channels + stats.gpadls);
	vmbus_destroy(bus);
	EXPECT_EQ(1, dev.releases);
}

TEST(rescind_before_any_guest)
{
	struct channel_offer offer = offer_of(1);
	struct vmbus *bus = machine();

	vmbus_rescind(vmbus_offer(bus, &offer));
	EXPECT_EQ(1, dev.releases);
	contact(bus, VMBUS_CONN_MODERN, VMBUS_V5_3);
	bare(bus, MSG_REQUEST_OFFERS);
	EXPECT_NE(NULL, next(MSG_ALL_OFFERS_DELIVERED));
	vmbus_destroy(bus);
}

/* Linux calls a second offer of a device that it still has a host's error. */
TEST(same_instance_waits_for_release)
{
	struct channel_offer offer = offer_of(1);
	struct vmbus *bus = with_offer();
	const struct msg_offer *msg;

	vmbus_rescind(dev.chan);
	EXPECT_NE(NULL, next(MSG_RESCIND));
	vmbus_offer(bus, &offer);
	EXPECT_TRUE(quiet());
	offer = offer_of(2);
	vmbus_offer(bus, &offer);
	msg = next(MSG_OFFER);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(2, msg->instance.b[0]);
	EXPECT_EQ(2, msg->relid);
	relid_msg(bus, MSG_RELID_RELEASED, 1);
	msg = next(MSG_OFFER);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(1, msg->instance.b[0]);
	EXPECT_EQ(3, msg->relid);
	vmbus_destroy(bus);
}

/* A guest that gives a relid back gets the device again when it asks. */
TEST(release_without_rescind)
{
	struct vmbus *bus = with_open();

	relid_msg(bus, MSG_RELID_RELEASED, 1);
	EXPECT_EQ(1, dev.closes);
	EXPECT_EQ(1, dev.releases);
	EXPECT_TRUE(quiet());
	bare(bus, MSG_REQUEST_OFFERS);
	EXPECT_NE(NULL, next(MSG_OFFER));
	EXPECT_NE(NULL, next(MSG_ALL_OFFERS_DELIVERED));
	EXPECT_TRUE(quiet());
	vmbus_rescind(dev.chan);
	EXPECT_NE(NULL, next(MSG_RESCIND));
	vmbus_destroy(bus);
	EXPECT_EQ(2, dev.releases);
}

TEST(rescind_from_released)
{
	struct vmbus *bus = with_open();

	dev.rescind_in_release = true;
	relid_msg(bus, MSG_RELID_RELEASED, 1);
	EXPECT_EQ(2, dev.releases);
	EXPECT_TRUE(quiet());
	bare(bus, MSG_REQUEST_OFFERS);
	EXPECT_NE(NULL, next(MSG_ALL_OFFERS_DELIVERED));
	vmbus_destroy(bus);
}

TEST(unload_and_back)
{
	struct channel_offer offer = offer_of(2);
	struct vmbus *bus = with_open();
	struct vmbus_stats stats;

	vmbus_rescind(vmbus_offer(bus, &offer));
	bare(bus, MSG_UNLOAD);
	/* What was still queued is void. */
	EXPECT_NE(NULL, next(MSG_UNLOAD_RESPONSE));
	EXPECT_TRUE(quiet());
	EXPECT_EQ(1, dev.closes);
	EXPECT_EQ(2, dev.releases);
	vmbus_get_stats(bus, &stats);
	EXPECT_EQ(0, stats.channels + stats.gpadls);

	EXPECT_TRUE(contact(bus, VMBUS_CONN_MODERN, VMBUS_V5_1));
	bare(bus, MSG_REQUEST_OFFERS);
	EXPECT_NE(NULL, next(MSG_OFFER));
	EXPECT_NE(NULL, next(MSG_ALL_OFFERS_DELIVERED));
	vmbus_destroy(bus);
}

TEST(contact_without_unload)
{
	struct vmbus *bus = with_open();

	EXPECT_TRUE(contact(bus, VMBUS_CONN_MODERN, VMBUS_V5_3));
	EXPECT_EQ(1, dev.closes);
	EXPECT_EQ(1, dev.releases);
	EXPECT_FALSE(channel_is_open(dev.chan));
	EXPECT_TRUE(quiet());
	bare(bus, MSG_REQUEST_OFFERS);
	EXPECT_NE(NULL, next(MSG_OFFER));
	vmbus_destroy(bus);
}

TEST(contact_on_a_processor_that_is_not_there)
{
	struct msg_contact msg = {
		.hdr.type = MSG_INITIATE_CONTACT,
		.version = VMBUS_V5_3,
		.target_vp = 4,
		.sint = 200,
	};
	struct vmbus *bus = machine();

	EXPECT_EQ(HV_STATUS_SUCCESS, post(bus, &msg, sizeof(msg)));
	EXPECT_TRUE(quiet());
	vmbus_destroy(bus);
}

TEST(relids_go_round)
{
	struct channel_offer offer = offer_of(1);
	struct vmbus *bus = machine();
	unsigned int i;

	contact(bus, VMBUS_CONN_MODERN, VMBUS_V5_3);
	bare(bus, MSG_REQUEST_OFFERS);
	for (i = 0; i < 5000; i++) {
		struct channel *chan = vmbus_offer(bus, &offer);

		ASSERT_EQ(i % VMBUS_MAX_RELID + 1, channel_relid(chan));
		relid_msg(bus, MSG_CLOSE, channel_relid(chan));
		vm.head = 0;
		vm.tail = 0;
		vmbus_rescind(chan);
		relid_msg(bus, MSG_RELID_RELEASED, i % VMBUS_MAX_RELID + 1);
	}
	EXPECT_EQ(5000, dev.releases);
	vmbus_destroy(bus);
}

/* Steps that go wrong: see step.h */

static struct vmbus *with_steps(struct steps *steps)
{
	struct channel_offer offer = offer_of(1);
	struct vmbus *bus = machine();

	step_reset(steps);
	offer.steps = steps;
	dev.chan = vmbus_offer(bus, &offer);
	contact(bus, VMBUS_CONN_MODERN, VMBUS_V5_3);
	bare(bus, MSG_REQUEST_OFFERS);
	vm.head = vm.tail;
	return bus;
}

TEST(steps_refused)
{
	struct vmbus_stats stats;
	struct steps steps;
	struct vmbus *bus = with_steps(&steps);

	step_arm(&steps, "gpadl#1", "refuse", 1);
	step_arm(&steps, "open#1", "refuse", 1);
	EXPECT_EQ(VMBUS_STATUS_FAILED, gpadl(bus, 1, 0xe1, 0, 8));
	vmbus_get_stats(bus, &stats);
	EXPECT_EQ(0, stats.gpadls);
	EXPECT_EQ(VMBUS_STATUS_OK, gpadl(bus, 1, 0xe1, 0, 8));
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 1, 0xe1, 0, 4));
	EXPECT_EQ(0, dev.opens);
	EXPECT_EQ(VMBUS_STATUS_OK, open_on(bus, 1, 0xe1, 0, 4));
	EXPECT_EQ(4, steps.nr_trace);
	vmbus_destroy(bus);
}

TEST(steps_signalled)
{
	struct steps steps;
	struct vmbus *bus = with_steps(&steps);

	step_arm(&steps, "gpadl#1", "signal", 1);
	step_arm(&steps, "open#1", "signal", 1);
	EXPECT_EQ(VMBUS_STATUS_OK, gpadl(bus, 1, 0xe1, 0, 8));
	EXPECT_EQ(1, vm.signals);
	EXPECT_EQ(VMBUS_STATUS_OK, open_on(bus, 1, 0xe1, 0, 4));
	EXPECT_EQ(2, vm.signals);
	EXPECT_EQ(1, dev.opens);
	vmbus_destroy(bus);
}

TEST(steps_late_and_never)
{
	struct steps steps;
	struct vmbus *bus = with_steps(&steps);

	step_arm(&steps, "gpadl#1", "never", 1);
	step_arm(&steps, "gpadl#2", "late", 0);
	step_arm(&steps, "open", "late", 0);
	EXPECT_EQ(~0u, gpadl(bus, 1, 0xe1, 0, 8));
	EXPECT_TRUE(teardown(bus, 1, 0xe1));
	EXPECT_EQ(~0u, gpadl(bus, 1, 0xe2, 0, 8));
	loop_run_pending();
	EXPECT_NE(NULL, next(MSG_GPADL_CREATED));
	EXPECT_EQ(~0u, open_on(bus, 1, 0xe2, 0, 4));
	/* It is not interrupted before it knows. */
	channel_write(dev.chan, PKT_INBAND, 0, 1, "early", 5);
	EXPECT_EQ(0, vm.signals);
	loop_run_pending();
	EXPECT_NE(NULL, next(MSG_OPEN_RESULT));
	EXPECT_EQ(1, vm.signals);
	vmbus_destroy(bus);
}

TEST(late_step_of_a_channel_that_is_gone)
{
	struct steps steps;
	struct vmbus *bus = with_steps(&steps);

	step_arm(&steps, "gpadl", "late", 0);
	EXPECT_EQ(~0u, gpadl(bus, 1, 0xe1, 0, 8));
	relid_msg(bus, MSG_RELID_RELEASED, 1);
	loop_run_pending();
	EXPECT_TRUE(quiet());
	vmbus_destroy(bus);

	bus = with_steps(&steps);
	step_arm(&steps, "gpadl", "late", 0);
	EXPECT_EQ(~0u, gpadl(bus, 1, 0xe1, 0, 8));
	vmbus_destroy(bus);
	loop_run_pending();
}

static uint32_t offered[8];

static void note_offers(void)
{
	const struct msg_offer *msg;

	for (; vm.head != vm.tail; vm.head++) {
		msg = (const void *)vm.queue[vm.head].data;
		if (msg->hdr.type == MSG_OFFER)
			offered[random() % 8] = msg->relid;
	}
	vm.head = 0;
	vm.tail = 0;
}

static void reconnect(struct vmbus *bus)
{
	contact(bus, VMBUS_CONN_MODERN, VMBUS_V5_3);
	bare(bus, MSG_REQUEST_OFFERS);
	note_offers();
}

/* A sub-channel, which its parent takes along when it is closed. */

static struct channel *sub;

static void parent_close(void *ctx, struct channel *chan)
{
	(void)ctx;
	(void)chan;
	if (sub)
		vmbus_rescind(sub);
}

static void sub_released(void *ctx, struct channel *chan)
{
	dev_released(ctx, chan);
	sub = NULL;
}

static const struct channel_ops parent_ops = {
	.open = dev_open,
	.close = parent_close,
	.readable = dev_readable,
	.released = dev_released,
};

static const struct channel_ops sub_ops = {
	.open = dev_open,
	.close = dev_close_quietly,
	.readable = dev_readable,
	.released = sub_released,
};

static void offer_sub(struct vmbus *bus)
{
	struct channel_offer offer = offer_of(1);

	offer.sub_index = 1;
	offer.ops = &sub_ops;
	sub = vmbus_offer(bus, &offer);
}

/* Relid 1 and its sub-channel, relid 2, both open. */
static struct vmbus *with_sub(void)
{
	struct channel_offer offer = offer_of(1);
	struct vmbus *bus = machine();

	offer.ops = &parent_ops;
	dev.chan = vmbus_offer(bus, &offer);
	contact(bus, VMBUS_CONN_MODERN, VMBUS_V5_3);
	bare(bus, MSG_REQUEST_OFFERS);
	vm.head = vm.tail;
	offer_sub(bus);
	vm.head = vm.tail;
	if (gpadl(bus, 1, 0x10, 8, 8) || open_on(bus, 1, 0x10, 2, 4) ||
	    gpadl(bus, 2, 0x11, 16, 8) || open_on(bus, 2, 0x11, 1, 4))
		abort();
	return bus;
}

TEST(sub_channel_goes_first)
{
	struct vmbus *bus = with_sub();
	const struct msg_relid *msg;

	/* Open on a processor of its own, once, with rings of its own. */
	EXPECT_EQ(1, channel_vp(sub));
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 2, 0x11, 1, 4));
	vmbus_rescind(dev.chan);
	msg = next(MSG_RESCIND);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(2, msg->relid);
	msg = next(MSG_RESCIND);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(1, msg->relid);
	EXPECT_EQ(VMBUS_STATUS_FAILED, open_on(bus, 2, 0x11, 1, 4));
	relid_msg(bus, MSG_RELID_RELEASED, 2);
	relid_msg(bus, MSG_RELID_RELEASED, 1);
	EXPECT_EQ(2, dev.releases);
	EXPECT_TRUE(quiet());
	vmbus_destroy(bus);
}

/* The next session asks before the guest has let go of the last one's. */
TEST(sub_channel_again)
{
	struct vmbus *bus = with_sub();
	const struct msg_offer *offer;
	struct vmbus_stats stats;

	relid_msg(bus, MSG_CLOSE, 2);
	relid_msg(bus, MSG_CLOSE, 1);
	EXPECT_NE(NULL, next(MSG_RESCIND));
	EXPECT_TRUE(teardown(bus, 2, 0x11));
	EXPECT_EQ(VMBUS_STATUS_OK, open_on(bus, 1, 0x10, 2, 4));
	offer_sub(bus);
	EXPECT_TRUE(quiet());
	relid_msg(bus, MSG_RELID_RELEASED, 2);
	offer = next(MSG_OFFER);
	ASSERT_NE(NULL, offer);
	EXPECT_EQ(1, offer->sub_index);
	EXPECT_EQ(3, offer->relid);
	vmbus_get_stats(bus, &stats);
	EXPECT_EQ(1, stats.gpadls);
	EXPECT_EQ(8, stats.gpadl_pages);
	vmbus_destroy(bus);
}

/* A guest that disconnects is told of no rescinds. */
TEST(unload_with_a_sub_channel)
{
	struct vmbus *bus = with_sub();
	struct vmbus_stats stats;

	bare(bus, MSG_UNLOAD);
	EXPECT_NE(NULL, next(MSG_UNLOAD_RESPONSE));
	EXPECT_TRUE(quiet());
	EXPECT_EQ(NULL, sub);
	EXPECT_EQ(2, dev.releases);
	vmbus_get_stats(bus, &stats);
	EXPECT_EQ(0, stats.gpadls + stats.gpadl_pages);
	contact(bus, VMBUS_CONN_MODERN, VMBUS_V5_3);
	bare(bus, MSG_REQUEST_OFFERS);
	EXPECT_NE(NULL, next(MSG_OFFER));
	EXPECT_NE(NULL, next(MSG_ALL_OFFERS_DELIVERED));
	EXPECT_TRUE(quiet());
	vmbus_destroy(bus);
}

/* Random messages with plausible fields, in any order. */
TEST(garbage)
{
	static const uint32_t types[] = {
		MSG_OPEN, MSG_OPEN, MSG_GPADL_HEADER, MSG_GPADL_HEADER,
		MSG_GPADL_BODY, MSG_CLOSE, MSG_GPADL_TEARDOWN, MSG_MODIFY,
	};
	struct channel_offer offer = offer_of(1);
	struct vmbus *bus = with_offer();
	unsigned int i, j;

	dev.echo = true;
	srandom(1);
	reconnect(bus);
	for (i = 0; i < 100000; i++) {
		uint32_t msg[60];

		for (j = 0; j < 60; j++)
			msg[j] = random() % 5;
		msg[0] = types[random() % 8];
		if (random() % 64 == 0)
			msg[0] = random() % 26;
		msg[2] = offered[random() % 8];
		if (msg[0] == MSG_GPADL_HEADER) {
			/* Four pages, some of them not RAM. */
			msg[4] = 40 | 1 << 16;
			msg[5] = 4 * PAGE;
			for (j = 6; j < 60; j++)
				msg[j] = j & 1 ? random() % 66 : 0;
		}
		post(bus, msg, random() % 16 ? 60 + random() % 2 * 100 :
				random() % 241);
		ring_ctl(random() % RAM_PAGES)->write_index =
			random() % 3 * 24;
		vmbus_signal_event(bus, 0x2000 + offered[random() % 8], 0);
		if (i < 50000 && random() % 512 == 0) {
			offer.instance.b[0] = random() % 8;
			vmbus_offer(bus, &offer);
		}
		note_offers();
		if (!vmbus_version(bus) || random() % 256 == 0)
			reconnect(bus);
	}
	EXPECT_LT(100, dev.opens);
	EXPECT_LT(100, dev.readables);
	vmbus_destroy(bus);
	EXPECT_EQ(dev.opens, dev.closes);
}

TEST_HARNESS_MAIN
