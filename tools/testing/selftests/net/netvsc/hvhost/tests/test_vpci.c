// SPDX-License-Identifier: GPL-2.0
/*
 * The vPCI bus as pci-hyperv drives it, at each version of the protocol, with a
 * function that only remembers, and without VMBus or a VM below.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "hyperv.h"
#include "vm.h"
#include "vmbus.h"
#include "vpci.h"
#include "vpci_wire.h"

#include "kselftest_harness.h"

#define SLOT		2u
#define WINDOW		0xf0000000ull
#define HIGH_BAR	0xfe0000000ull
#define SEED		0x1234
#define DEVICE_ID	0x12348000ull	/* bytes 5, 4, 7, 6 of the instance */

/* VMBus: one channel, what goes in and what came out */

struct sent {
	uint16_t type;
	uint64_t trans_id;
	size_t len;
	uint8_t data[64];
};

static struct {
	struct channel_offer offer;
	bool open, rescinded, failed, broken;
	int room;
	struct packet in[8];
	unsigned int nr_in, next_in;
	struct sent out[16];
	unsigned int nr_out;
} fake;

#define CHAN	((struct channel *)&fake)

struct channel *vmbus_offer(struct vmbus *vmbus,
			    const struct channel_offer *offer)
{
	(void)vmbus;
	fake.offer = *offer;
	return CHAN;
}

static void chan_close(void)
{
	if (!fake.open)
		return;
	fake.offer.ops->close(fake.offer.ctx, CHAN);
	fake.open = false;
}

void vmbus_rescind(struct channel *chan)
{
	if (fake.rescinded)
		return;
	fake.rescinded = true;
	if (fake.open)
		fake.offer.ops->close(fake.offer.ctx, chan);
	fake.open = false;
}

void channel_fail(struct channel *chan, const char *fmt, ...)
{
	(void)fmt;
	fake.failed = true;
	vmbus_rescind(chan);
}

bool channel_is_rescinded(const struct channel *chan)
{
	(void)chan;
	return fake.rescinded;
}

enum ring_status channel_read(struct channel *chan, struct packet *pkt)
{
	if (fake.broken) {
		channel_fail(chan, "broken");
		return RING_BAD;
	}
	if (fake.next_in == fake.nr_in)
		return RING_EMPTY;
	*pkt = fake.in[fake.next_in++];
	pkt->payload = pkt->buf;
	return RING_OK;
}

enum ring_status channel_write(struct channel *chan, uint16_t type,
			       uint16_t flags, uint64_t trans_id,
			       const void *payload, size_t len)
{
	struct sent *sent = &fake.out[fake.nr_out];

	(void)chan;
	(void)flags;
	if (!fake.room)
		return RING_FULL;
	fake.room--;
	sent->type = type;
	sent->trans_id = trans_id;
	sent->len = len;
	memcpy(sent->data, payload, len);
	fake.nr_out++;
	return RING_OK;
}

/* The VM: memory-mapped ranges and interrupts */

static struct range {
	uint64_t base, size;
	const struct vm_io *io;
	void *ctx;
} ranges[8];

static struct {
	unsigned int count, vp;
	uint8_t vector;
} irq;

bool vm_mmio_add(struct vm *vm, uint64_t base, uint64_t size,
		 const struct vm_io *io, void *ctx)
{
	unsigned int i, free = 8;

	(void)vm;
	if (base < VM_RAM_LOW_END)
		return false;
	for (i = 0; i < 8; i++) {
		if (!ranges[i].io)
			free = i;
		else if (base < ranges[i].base + ranges[i].size &&
			 ranges[i].base < base + size)
			return false;
	}
	ranges[free] = (struct range){ base, size, io, ctx };
	return true;
}

void vm_mmio_del(struct vm *vm, uint64_t base)
{
	unsigned int i;

	(void)vm;
	for (i = 0; i < 8; i++)
		if (ranges[i].io && ranges[i].base == base)
			ranges[i].io = NULL;
}

void vm_signal_vector(struct vm *vm, unsigned int vp, uint8_t vector)
{
	(void)vm;
	irq.count++;
	irq.vp = vp;
	irq.vector = vector;
}

unsigned int vm_nr_vcpus(const struct vm *vm)
{
	(void)vm;
	return 4;
}

static struct range *find_range(uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		if (ranges[i].io && addr >= ranges[i].base &&
		    addr < ranges[i].base + ranges[i].size)
			return &ranges[i];
	return NULL;
}

static unsigned int nr_ranges(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < 8; i++)
		n += !!ranges[i].io;
	return n;
}

static uint64_t mmio_read(uint64_t addr, unsigned int size)
{
	struct range *r = find_range(addr);
	uint64_t mask = size == 8 ? ~0ull : (1ull << size * 8) - 1;

	return (r ? r->io->read(r->ctx, addr - r->base, size) : ~0ull) & mask;
}

static void mmio_write(uint64_t addr, unsigned int size, uint64_t value)
{
	struct range *r = find_range(addr);

	if (r)
		r->io->write(r->ctx, addr - r->base, size, value);
}

/* The function */

/* What is written here resets it. */
#define FUNC_RESET	0xa8

static struct {
	struct vpci *bus;
	uint16_t command;
	unsigned int resets, gone;
	uint64_t last_write;
	uint8_t config[4096];
} func;

static uint32_t func_config_read(void *ctx, uint16_t offset, unsigned int size)
{
	uint32_t value = 0;

	(void)ctx;
	memcpy(&value, func.config + offset, size);
	return value;
}

static void func_config_write(void *ctx, uint16_t offset, unsigned int size,
			      uint32_t value)
{
	(void)ctx;
	if (offset == 4)
		func.command = value;
	else if (offset == FUNC_RESET)
		vpci_config_reset(func.bus);
	else
		memcpy(func.config + offset, &value, size);
}

static uint64_t func_bar_read(void *ctx, unsigned int bar, uint64_t offset,
			      unsigned int size)
{
	(void)ctx;
	(void)size;
	return bar << 16 | offset;
}

static void func_bar_write(void *ctx, unsigned int bar, uint64_t offset,
			   unsigned int size, uint64_t value)
{
	(void)ctx;
	(void)size;
	func.last_write = (uint64_t)bar << 48 | offset << 32 | value;
}

static void func_reset(void *ctx)
{
	(void)ctx;
	func.resets++;
	func.command = 0;
}

static void func_gone(void *ctx)
{
	(void)ctx;
	func.gone++;
}

static const struct pci_function_ops func_ops = {
	.config_read = func_config_read,
	.config_write = func_config_write,
	.bar_read = func_bar_read,
	.bar_write = func_bar_write,
	.reset = func_reset,
};

static const struct pci_function function = {
	.ops = &func_ops,
	.bar_size = { 0x4000, 0, 0, 0x4000, 0, 0 },
	.bar_64bit = { true, false, false, true, false, false },
	.vendor = 0x8086,
	.device = 0x152e,
	.subvendor = 0x1111,
	.subdevice = 0x2222,
	.class_rev = 0x02000001,
	.serial = 7,
};

/* The guest */

static void guest_sends(const void *msg, size_t len, uint64_t trans_id)
{
	struct packet *pkt = &fake.in[fake.nr_in++];

	pkt->type = PKT_INBAND;
	pkt->flags = trans_id ? PKT_FLAG_COMPLETE : 0;
	pkt->trans_id = trans_id;
	pkt->len = (len + 7) & ~7u;
	memset(pkt->buf, 0, pkt->len);
	memcpy(pkt->buf, msg, len);
}

static void run(void)
{
	fake.offer.ops->readable(fake.offer.ctx, CHAN);
	fake.nr_in = 0;
	fake.next_in = 0;
}

static struct sent *ask(const void *msg, size_t len, uint64_t trans_id)
{
	unsigned int before = fake.nr_out = 0;

	guest_sends(msg, len, trans_id);
	run();
	return fake.nr_out > before ? &fake.out[before] : NULL;
}

static uint32_t status_of(const struct sent *sent, uint64_t trans_id)
{
	uint32_t status;

	if (!sent || sent->type != PKT_COMPLETION || sent->trans_id != trans_id)
		return 0xffffffff;
	/* Guests skip packets of 20 bytes and less. */
	if (16 + ((sent->len + 7) & ~7u) <= 20)
		return 0xfffffffe;
	memcpy(&status, sent->data, sizeof(status));
	return status;
}

static uint32_t negotiate(uint32_t version)
{
	struct vpci_version_req req = { VPCI_QUERY_VERSION, version };

	return status_of(ask(&req, sizeof(req), 11), 11);
}

static uint32_t enter_d0(uint64_t window)
{
	struct vpci_d0_entry req = { VPCI_D0_ENTRY, 0, window };

	return status_of(ask(&req, sizeof(req), 12), 12);
}

static uint32_t exit_d0(void)
{
	uint32_t type = VPCI_D0_EXIT;

	return status_of(ask(&type, sizeof(type), 13), 13);
}

static uint32_t cfg_read(unsigned int where, unsigned int size)
{
	mmio_write(WINDOW, 4, SLOT);
	return mmio_read(WINDOW + 0x1000 + where, size);
}

static void cfg_write(unsigned int where, unsigned int size, uint32_t value)
{
	mmio_write(WINDOW, 4, SLOT);
	mmio_write(WINDOW + 0x1000 + where, size, value);
}

static struct vpci_created create1(uint8_t vector, uint16_t count)
{
	struct vpci_create1 req = {
		.type = VPCI_CREATE_INTERRUPT,
		.slot = SLOT,
		.vector = vector,
		.count = count,
		.vp_mask = ~0ull,
	};
	struct vpci_created answer = { .status = 0xffffffff };
	struct sent *sent = ask(&req, sizeof(req), 14);

	if (sent && sent->len == sizeof(answer))
		memcpy(&answer, sent->data, sizeof(answer));
	return answer;
}

static struct vpci_created create2(uint8_t vector, uint16_t vp, uint16_t nr)
{
	struct vpci_create2 req = {
		.type = VPCI_CREATE_INTERRUPT2,
		.slot = SLOT,
		.vector = vector,
		.count = 1,
		.nr_vps = nr,
		.vps = { vp },
	};
	struct vpci_created answer = { .status = 0xffffffff };
	struct sent *sent = ask(&req, sizeof(req), 15);

	if (sent)
		memcpy(&answer, sent->data, sizeof(answer));
	return answer;
}

static struct vpci_created create3(uint32_t vector, uint16_t vp)
{
	struct vpci_create3 req = {
		.type = VPCI_CREATE_INTERRUPT3,
		.slot = SLOT,
		.vector = vector,
		.count = 1,
		.nr_vps = 1,
		.vps = { vp },
	};
	struct vpci_created answer = { .status = 0xffffffff };
	struct sent *sent = ask(&req, sizeof(req), 16);

	if (sent)
		memcpy(&answer, sent->data, sizeof(answer));
	return answer;
}

static void eject_complete(void)
{
	struct vpci_child_req req = { VPCI_EJECT_COMPLETE, SLOT };
	uint8_t msg[12] = { 0 };

	memcpy(msg, &req, sizeof(req));
	ask(msg, sizeof(msg), 0);
}

FIXTURE(bus)
{
	struct vpci *bus;
};

FIXTURE_SETUP(bus)
{
	memset(&fake, 0, sizeof(fake));
	memset(&func, 0, sizeof(func));
	memset(ranges, 0, sizeof(ranges));
	memset(&irq, 0, sizeof(irq));
	fake.room = 1000;
	self->bus = vpci_create(NULL, NULL, &function, SEED, func_gone, NULL);
	ASSERT_NE(NULL, self->bus);
	ASSERT_TRUE(fake.offer.ops->open(fake.offer.ctx, CHAN));
	fake.open = true;
}

FIXTURE_TEARDOWN(bus)
{
	if (func.gone)
		return;
	vpci_yank(self->bus);
	fake.offer.ops->released(fake.offer.ctx, CHAN);
	ASSERT_EQ(1, func.gone);
	ASSERT_EQ(0, nr_ranges());
}

TEST_F(bus, domain_is_in_the_instance)
{
	EXPECT_EQ(SEED & 0xff, fake.offer.instance.b[4]);
	EXPECT_EQ(SEED >> 8, fake.offer.instance.b[5]);
	EXPECT_EQ(0x1d, fake.offer.type.b[0]);
	EXPECT_EQ(0x9f, fake.offer.type.b[15]);
}

TEST_F(bus, versions)
{
	EXPECT_EQ(VPCI_REVISION_MISMATCH, negotiate(0x00010005));
	EXPECT_EQ(VPCI_REVISION_MISMATCH, negotiate(0x00010000));
	EXPECT_EQ(VPCI_OK, negotiate(VPCI_VERSION_1_4));
	EXPECT_EQ(VPCI_OK, negotiate(VPCI_VERSION_1_1));
	EXPECT_FALSE(fake.failed);
}

TEST_F(bus, nothing_before_the_version)
{
	EXPECT_EQ(0xffffffff, enter_d0(WINDOW));
	EXPECT_TRUE(fake.failed);
	fake.offer.ops->released(fake.offer.ctx, CHAN);
	EXPECT_EQ(1, func.gone);
}

TEST_F(bus, relations)
{
	uint32_t query = VPCI_QUERY_BUS_RELATIONS;
	struct vpci_relations2 two;
	struct vpci_relations one;
	struct sent *sent;

	negotiate(VPCI_VERSION_1_2);
	sent = ask(&query, sizeof(query), 0);
	ASSERT_NE(NULL, sent);
	EXPECT_EQ(PKT_INBAND, sent->type);
	ASSERT_EQ(sizeof(one), sent->len);
	memcpy(&one, sent->data, sizeof(one));
	EXPECT_EQ(VPCI_BUS_RELATIONS, one.type);
	EXPECT_EQ(1, one.count);
	EXPECT_EQ(0x8086, one.function.vendor);
	EXPECT_EQ(0x152e, one.function.device);
	EXPECT_EQ(1, one.function.revision);
	EXPECT_EQ(2, one.function.base_class);
	EXPECT_EQ(0, one.function.subclass);
	EXPECT_EQ(0x1111, one.function.subvendor);
	EXPECT_EQ(SLOT, one.function.slot);
	EXPECT_EQ(7, one.function.serial);

	negotiate(VPCI_VERSION_1_3);
	sent = ask(&query, sizeof(query), 0);
	ASSERT_NE(NULL, sent);
	ASSERT_EQ(sizeof(two), sent->len);
	memcpy(&two, sent->data, sizeof(two));
	EXPECT_EQ(VPCI_BUS_RELATIONS2, two.type);
	EXPECT_EQ(0, memcmp(&one.function, &two.function,
			    sizeof(one.function)));
	EXPECT_EQ(0, two.node);
}

TEST_F(bus, requirements)
{
	struct vpci_child_req req = { VPCI_QUERY_REQUIREMENTS, SLOT };
	struct vpci_requirements answer;
	struct sent *sent;

	negotiate(VPCI_VERSION_1_4);
	sent = ask(&req, sizeof(req), 21);
	ASSERT_EQ(VPCI_OK, status_of(sent, 21));
	ASSERT_EQ(sizeof(answer), sent->len);
	memcpy(&answer, sent->data, sizeof(answer));
	EXPECT_EQ(0xffffc004, answer.probed[0]);
	EXPECT_EQ(0xffffffff, answer.probed[1]);
	EXPECT_EQ(0, answer.probed[2]);
	EXPECT_EQ(0xffffc004, answer.probed[3]);
	EXPECT_EQ(0xffffffff, answer.probed[4]);
	EXPECT_EQ(0, answer.probed[5]);

	req.slot = 3;
	EXPECT_EQ(VPCI_NO_SUCH_DEVICE, status_of(ask(&req, sizeof(req), 22),
						 22));
}

TEST_F(bus, resources)
{
	struct { uint32_t type, slot; uint8_t rest[144]; } req = {
		.type = VPCI_RESOURCES_ASSIGNED,
		.slot = SLOT,
	};

	negotiate(VPCI_VERSION_1_1);
	EXPECT_EQ(VPCI_OK, status_of(ask(&req, sizeof(req), 23), 23));
	req.type = VPCI_RESOURCES_ASSIGNED2;
	EXPECT_EQ(VPCI_OK, status_of(ask(&req, sizeof(req), 24), 24));
	req.type = VPCI_RESOURCES_RELEASED;
	EXPECT_EQ(NULL, ask(&req, 8, 0));
	req.type = VPCI_READ_BLOCK;
	EXPECT_EQ(VPCI_NOT_SUPPORTED, status_of(ask(&req, 16, 25), 25));
	req.type = 0x4249001d;
	EXPECT_EQ(VPCI_NOT_IMPLEMENTED, status_of(ask(&req, 16, 26), 26));
}

TEST_F(bus, d0)
{
	negotiate(VPCI_VERSION_1_4);
	EXPECT_EQ(VPCI_BAD_PARAMETER, enter_d0(0x1000));
	EXPECT_EQ(VPCI_BAD_PARAMETER, enter_d0(WINDOW + 8));
	EXPECT_EQ(VPCI_BAD_PARAMETER, enter_d0(~0ull << 12));
	EXPECT_EQ(VPCI_OK, enter_d0(WINDOW));
	EXPECT_EQ(0x8086, cfg_read(0, 2));
	/* A crash kernel: refused, exits, enters again. */
	EXPECT_EQ(VPCI_BAD_STATE, enter_d0(WINDOW + 0x100000));
	EXPECT_EQ(VPCI_OK, exit_d0());
	EXPECT_EQ(0xffff, cfg_read(0, 2));
	EXPECT_EQ(VPCI_OK, enter_d0(WINDOW));
	EXPECT_EQ(0x8086, cfg_read(0, 2));
}

TEST_F(bus, configuration_space)
{
	negotiate(VPCI_VERSION_1_4);
	enter_d0(WINDOW);
	EXPECT_EQ(0x152e8086, cfg_read(0, 4));
	EXPECT_EQ(0x86, cfg_read(0, 1));
	EXPECT_EQ(0x02000001, cfg_read(8, 4));
	EXPECT_EQ(0x22221111, cfg_read(0x2c, 4));
	func.config[0x34] = 0x70;
	EXPECT_EQ(0x70, cfg_read(0x34, 1));
	cfg_write(0x201, 1, 0xab);
	EXPECT_EQ(0xab, func.config[0x201]);
	EXPECT_EQ(0xab, cfg_read(0x201, 1));
	/* Read-only, odd, too wide, another slot. */
	cfg_write(0, 4, 0);
	EXPECT_EQ(0x152e8086, cfg_read(0, 4));
	EXPECT_EQ(0xffff, cfg_read(1, 2));
	EXPECT_EQ(~0ull, mmio_read(WINDOW + 0x1000, 8));
	mmio_write(WINDOW, 4, 3);
	EXPECT_EQ(0xffff, mmio_read(WINDOW + 0x1000, 2));
}

static void program_bars(void)
{
	cfg_write(0x10, 4, (uint32_t)HIGH_BAR);
	cfg_write(0x14, 4, HIGH_BAR >> 32);
	cfg_write(0x1c, 4, (uint32_t)HIGH_BAR + 0x4000);
	cfg_write(0x20, 4, HIGH_BAR >> 32);
}

TEST_F(bus, bars)
{
	negotiate(VPCI_VERSION_1_4);
	enter_d0(WINDOW);
	cfg_write(0x10, 4, ~0u);
	cfg_write(0x14, 4, ~0u);
	EXPECT_EQ(0xffffc004, cfg_read(0x10, 4));
	EXPECT_EQ(0xffffffff, cfg_read(0x14, 4));
	cfg_write(0x18, 4, ~0u);
	EXPECT_EQ(0, cfg_read(0x18, 4));

	program_bars();
	EXPECT_EQ(1, nr_ranges());
	cfg_write(4, 2, 6);
	EXPECT_EQ(6, func.command);
	ASSERT_EQ(3, nr_ranges());
	EXPECT_EQ(0x30010, mmio_read(HIGH_BAR + 0x4010, 4));
	mmio_write(HIGH_BAR + 0x20, 4, 0x55);
	EXPECT_EQ(0x2000000055ull, func.last_write);
	/* Nothing moves while it is decoded. */
	cfg_write(0x10, 4, ~0u);
	EXPECT_EQ((uint32_t)HIGH_BAR | 4, cfg_read(0x10, 4));
	cfg_write(4, 2, 0xf900);
	EXPECT_EQ(0x0100, cfg_read(4, 2));
	EXPECT_EQ(1, nr_ranges());
}

TEST_F(bus, bars_in_wrong_places)
{
	negotiate(VPCI_VERSION_1_4);
	enter_d0(WINDOW);
	cfg_write(0x10, 4, 0x8000);		/* RAM */
	cfg_write(0x1c, 4, (uint32_t)WINDOW);	/* the window itself */
	cfg_write(4, 2, 2);
	EXPECT_EQ(1, nr_ranges());
	cfg_write(4, 2, 0);
	cfg_write(0x14, 4, ~0u);
	cfg_write(4, 2, 2);
	EXPECT_EQ(1, nr_ranges());
	EXPECT_EQ(0x8086, cfg_read(0, 2));
}

/* Of what the guest has set, only the window stays. */
TEST_F(bus, function_reset_by_the_guest)
{
	func.bus = self->bus;
	negotiate(VPCI_VERSION_1_4);
	enter_d0(WINDOW);
	program_bars();
	cfg_write(4, 2, 6);
	ASSERT_EQ(3, nr_ranges());
	cfg_write(FUNC_RESET, 2, 0x8000);
	EXPECT_EQ(1, nr_ranges());
	EXPECT_EQ(0, cfg_read(4, 2));
	EXPECT_EQ(4, cfg_read(0x10, 4));
	EXPECT_EQ(0, cfg_read(0x14, 4));
	EXPECT_EQ(0x8086, cfg_read(0, 2));
	/* As a guest does that has saved it all */
	func.command = 0;
	program_bars();
	cfg_write(4, 2, 6);
	EXPECT_EQ(6, func.command);
	ASSERT_EQ(3, nr_ranges());
	EXPECT_EQ(0x30010, mmio_read(HIGH_BAR + 0x4010, 4));
}

TEST_F(bus, interrupts_1_1)
{
	struct vpci_created a, b;

	negotiate(VPCI_VERSION_1_1);
	enter_d0(WINDOW);
	a = create1(0x41, 1);
	b = create1(0x42, 1);
	ASSERT_EQ(VPCI_OK, a.status);
	ASSERT_EQ(VPCI_OK, b.status);
	EXPECT_EQ(1, a.message.count);
	EXPECT_TRUE(a.message.data != b.message.data ||
		    a.message.address != b.message.address);
	vpci_msi(self->bus, b.message.address, b.message.data);
	EXPECT_EQ(1, irq.count);
	EXPECT_EQ(0x42, irq.vector);
	EXPECT_EQ(0, irq.vp);
	EXPECT_EQ(VPCI_NOT_SUPPORTED, create1(0x43, 4).status);
	EXPECT_EQ(VPCI_NO_RESOURCES, create1(3, 1).status);
}

TEST_F(bus, interrupts_1_2_and_1_4)
{
	struct vpci_created a, b;

	negotiate(VPCI_VERSION_1_2);
	enter_d0(WINDOW);
	a = create2(0x51, 2, 1);
	vpci_msi(self->bus, a.message.address, a.message.data);
	EXPECT_EQ(0x51, irq.vector);
	EXPECT_EQ(2, irq.vp);
	EXPECT_EQ(VPCI_BAD_PARAMETER, create2(0x51, 2, 33).status);

	b = create3(0x61, 3);
	vpci_msi(self->bus, b.message.address, b.message.data);
	EXPECT_EQ(0x61, irq.vector);
	EXPECT_EQ(3, irq.vp);
	EXPECT_EQ(VPCI_NO_RESOURCES, create3(0x161, 3).status);
	/* No such vCPU: nothing happens. */
	b = create3(0x62, 9);
	vpci_msi(self->bus, b.message.address, b.message.data);
	EXPECT_EQ(2, irq.count);
}

TEST_F(bus, delete_and_exhaust)
{
	struct vpci_delete req = { .type = VPCI_DELETE_INTERRUPT,
				   .slot = SLOT };
	struct vpci_created a, b;
	unsigned int i;

	negotiate(VPCI_VERSION_1_1);
	enter_d0(WINDOW);
	a = create1(0x41, 1);
	for (i = 1; create1(0x41, 1).status == VPCI_OK; i++)
		ASSERT_GT(1000, i);
	req.message = a.message;
	EXPECT_EQ(NULL, ask(&req, sizeof(req), 0));
	EXPECT_EQ(NULL, ask(&req, sizeof(req), 0));
	vpci_msi(self->bus, a.message.address, a.message.data);
	EXPECT_EQ(0, irq.count);
	/* A stale entry does not hit the message that took its place. */
	b = create1(0x44, 1);
	EXPECT_EQ(VPCI_OK, b.status);
	vpci_msi(self->bus, a.message.address, a.message.data);
	EXPECT_EQ(0, irq.count);
	vpci_msi(self->bus, b.message.address | 1ull << 32, b.message.data);
	EXPECT_EQ(0, irq.count);
}

TEST_F(bus, retarget)
{
	struct vpci_created a;
	uint32_t addr;

	negotiate(VPCI_VERSION_1_4);
	enter_d0(WINDOW);
	a = create3(0x41, 0);
	addr = a.message.address;
	EXPECT_EQ(HV_STATUS_SUCCESS,
		  vpci_retarget(NULL, DEVICE_ID, addr, a.message.data, 0x71,
				1 << 3));
	vpci_msi(self->bus, a.message.address, a.message.data);
	EXPECT_EQ(0x71, irq.vector);
	EXPECT_EQ(3, irq.vp);
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vpci_retarget(NULL, DEVICE_ID + 0x10000, addr,
				a.message.data, 0x72, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vpci_retarget(NULL, DEVICE_ID, addr, a.message.data + 9,
				0x72, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vpci_retarget(NULL, DEVICE_ID, addr, a.message.data, 0x72,
				0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vpci_retarget(NULL, DEVICE_ID, addr, a.message.data, 2, 1));
	vpci_msi(self->bus, a.message.address, a.message.data);
	EXPECT_EQ(0x71, irq.vector);
}

TEST_F(bus, eject)
{
	struct vpci_child_req msg;

	negotiate(VPCI_VERSION_1_4);
	EXPECT_FALSE(vpci_eject(self->bus));
	enter_d0(WINDOW);
	program_bars();
	cfg_write(4, 2, 6);
	fake.nr_out = 0;
	EXPECT_TRUE(vpci_eject(self->bus));
	EXPECT_FALSE(vpci_eject(self->bus));
	ASSERT_EQ(1, fake.nr_out);
	EXPECT_EQ(PKT_INBAND, fake.out[0].type);
	memcpy(&msg, fake.out[0].data, sizeof(msg));
	EXPECT_EQ(VPCI_EJECT, msg.type);
	EXPECT_EQ(SLOT, msg.slot);
	EXPECT_EQ(0x8086, cfg_read(0, 2));

	eject_complete();
	EXPECT_TRUE(fake.rescinded);
	EXPECT_FALSE(fake.failed);
	EXPECT_EQ(0, nr_ranges());
	EXPECT_EQ(0, func.gone);
	fake.offer.ops->released(fake.offer.ctx, CHAN);
	EXPECT_EQ(1, func.gone);
}

TEST_F(bus, eject_answered_by_closing)
{
	negotiate(VPCI_VERSION_1_4);
	enter_d0(WINDOW);
	EXPECT_TRUE(vpci_eject(self->bus));
	chan_close();
	EXPECT_TRUE(fake.rescinded);
	fake.offer.ops->released(fake.offer.ctx, CHAN);
	EXPECT_EQ(1, func.gone);
}

TEST_F(bus, eject_that_nobody_asked_for)
{
	negotiate(VPCI_VERSION_1_4);
	enter_d0(WINDOW);
	eject_complete();
	EXPECT_TRUE(fake.failed);
	fake.offer.ops->released(fake.offer.ctx, CHAN);
	EXPECT_EQ(1, func.gone);
}

TEST_F(bus, yank_during_eject)
{
	negotiate(VPCI_VERSION_1_4);
	enter_d0(WINDOW);
	program_bars();
	cfg_write(4, 2, 6);
	EXPECT_TRUE(vpci_eject(self->bus));
	vpci_yank(self->bus);
	EXPECT_TRUE(fake.rescinded);
	EXPECT_EQ(0, nr_ranges());
	EXPECT_EQ(~0u, mmio_read(HIGH_BAR, 4));
	EXPECT_EQ(0xffff, cfg_read(0, 2));
	EXPECT_EQ(0, func.command);
	vpci_yank(self->bus);
}

TEST_F(bus, guest_unloads_and_comes_back)
{
	negotiate(VPCI_VERSION_1_4);
	enter_d0(WINDOW);
	program_bars();
	cfg_write(4, 2, 6);
	chan_close();
	EXPECT_EQ(0, nr_ranges());
	fake.offer.ops->released(fake.offer.ctx, CHAN);
	EXPECT_EQ(0, func.gone);
	EXPECT_FALSE(vpci_eject(self->bus));

	ASSERT_TRUE(fake.offer.ops->open(fake.offer.ctx, CHAN));
	fake.open = true;
	negotiate(VPCI_VERSION_1_1);
	EXPECT_EQ(VPCI_OK, enter_d0(WINDOW));
	EXPECT_EQ(0, cfg_read(4, 2));
	EXPECT_EQ(4, cfg_read(0x10, 4));
}

TEST_F(bus, full_ring)
{
	struct vpci_child_req msg;

	negotiate(VPCI_VERSION_1_4);
	enter_d0(WINDOW);
	fake.nr_out = 0;
	fake.room = 0;
	guest_sends(&(struct vpci_d0_entry){ .type = VPCI_D0_ENTRY }, 16, 31);
	guest_sends(&(uint32_t){ VPCI_QUERY_BUS_RELATIONS }, 4, 0);
	fake.offer.ops->readable(fake.offer.ctx, CHAN);
	EXPECT_EQ(1, fake.next_in);
	EXPECT_TRUE(vpci_eject(self->bus));
	EXPECT_EQ(0, fake.nr_out);

	fake.room = 3;
	run();
	ASSERT_EQ(3, fake.nr_out);
	EXPECT_EQ(VPCI_BAD_STATE, status_of(&fake.out[0], 31));
	memcpy(&msg, fake.out[1].data, sizeof(msg));
	EXPECT_EQ(VPCI_EJECT, msg.type);
	memcpy(&msg, fake.out[2].data, sizeof(msg));
	EXPECT_EQ(VPCI_BUS_RELATIONS2, msg.type);
}

TEST_F(bus, broken_ring)
{
	negotiate(VPCI_VERSION_1_4);
	enter_d0(WINDOW);
	fake.broken = true;
	run();
	EXPECT_TRUE(fake.failed);
	EXPECT_EQ(0, nr_ranges());
	vpci_yank(self->bus);
	fake.offer.ops->released(fake.offer.ctx, CHAN);
	EXPECT_EQ(1, func.gone);
}

/* VMBus closes it, and neither we nor the guest's driver have said a word. */
TEST_F(bus, rings_taken_away)
{
	negotiate(VPCI_VERSION_1_4);
	enter_d0(WINDOW);
	channel_fail(CHAN, "rings taken away while open");
	EXPECT_EQ(0, nr_ranges());
	fake.offer.ops->released(fake.offer.ctx, CHAN);
	EXPECT_EQ(1, func.gone);
}

TEST_F(bus, short_messages)
{
	static const uint32_t types[] = {
		VPCI_D0_ENTRY, VPCI_CREATE_INTERRUPT, VPCI_CREATE_INTERRUPT2,
		VPCI_CREATE_INTERRUPT3, VPCI_DELETE_INTERRUPT, VPCI_SET_POWER,
	};
	unsigned int i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		memset(&fake, 0, offsetof(typeof(fake), room));
		func.gone = 0;
		vpci_create(NULL, NULL, &function, SEED + 1, func_gone, NULL);
		fake.open = true;
		negotiate(VPCI_VERSION_1_4);
		ask(&types[i], 4, 41);
		EXPECT_TRUE(fake.failed);
		fake.offer.ops->released(fake.offer.ctx, CHAN);
		EXPECT_EQ(1, func.gone);
	}
}

TEST_HARNESS_MAIN
