// SPDX-License-Identifier: GPL-2.0
/*
 * The 82599 VF as ixgbevf drives it: reset, rings both ways, offloads, MSI-X;
 * and rings of a guest that means no good.  No bus, no switch, no VM below.
 */
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "vf82599.h"
#include "vm.h"

#include "kselftest_harness.h"

#define MEM_SIZE	0x100000u
#define TX_RING		0x1000u
#define RX_RING		0x2000u
#define RING_SIZE	64u
#define RING_BYTES	(RING_SIZE * 16)
#define TX_BUF		0x10000u
#define RX_BUF		0x40000u
#define RX_BUF_SIZE	2048u

static const uint8_t mac[6] = { 0x02, 0, 0, 0, 0, 0x11 };

/* Below the function */

static uint8_t ram[MEM_SIZE];
static struct guest_mem mem;

static struct {
	const struct vpath_ops *ops;
	void *ctx;
	unsigned int nr_tx, nr_room, nr_dropped, nr_tx_dropped;
	struct frame tx;
	uint8_t data[FRAME_MAX];
} nic;

static struct {
	unsigned int count;
	uint64_t address;
	uint32_t data;
} msi;

struct guest_mem *vm_mem(struct vm *vm)
{
	(void)vm;
	return &mem;
}

const uint8_t *vnic_mac(const struct vnic *vnic)
{
	(void)vnic;
	return mac;
}

void vnic_set_path(struct vnic *vnic, enum vpath path,
		   const struct vpath_ops *ops, void *ctx)
{
	(void)vnic;
	if (path != PATH_VF)
		abort();
	nic.ops = ops;
	nic.ctx = ctx;
}

void vnic_room(struct vnic *vnic, enum vpath path)
{
	(void)vnic;
	(void)path;
	nic.nr_room++;
}

void vnic_dropped(struct vnic *vnic, enum vpath path)
{
	(void)vnic;
	(void)path;
	nic.nr_dropped++;
}

void vnic_tx_dropped(struct vnic *vnic, enum vpath path)
{
	(void)vnic;
	if (path != PATH_VF)
		abort();
	nic.nr_tx_dropped++;
}

void vnic_transmit(struct vnic *vnic, enum vpath path,
		   const struct frame *frame)
{
	(void)vnic;
	if (path != PATH_VF)
		abort();
	nic.nr_tx++;
	nic.tx = *frame;
	memcpy(nic.data, frame->data, frame->len);
	nic.tx.data = nic.data;
}

void vpci_msi(struct vpci *bus, uint64_t address, uint32_t data)
{
	(void)bus;
	msi.count++;
	msi.address = address;
	msi.data = data;
}

/* How often the bus was told of a reset */
static unsigned int bus_resets;

void vpci_config_reset(struct vpci *bus)
{
	(void)bus;
	bus_resets++;
}

/* The guest's driver */

FIXTURE(vf)
{
	struct vf82599 *vf;
	const struct pci_function *fn;
	uint32_t tx_tail, rx_tail;
};

typedef FIXTURE_DATA(vf) guest;

static uint32_t rd(guest *g, uint32_t reg)
{
	return g->fn->ops->bar_read(g->fn->ctx, 0, reg, 4);
}

static void wr(guest *g, uint32_t reg, uint32_t value)
{
	g->fn->ops->bar_write(g->fn->ctx, 0, reg, 4, value);
}

static uint32_t cfg(guest *g, unsigned int where, unsigned int size)
{
	return g->fn->ops->config_read(g->fn->ctx, where, size);
}

static void cfg_wr(guest *g, unsigned int where, unsigned int size,
		   uint32_t value)
{
	g->fn->ops->config_write(g->fn->ctx, where, size, value);
}

static void msix_wr(guest *g, unsigned int offset, uint32_t value)
{
	g->fn->ops->bar_write(g->fn->ctx, 3, offset, 4, value);
}

static uint32_t msix_rd(guest *g, unsigned int offset)
{
	return g->fn->ops->bar_read(g->fn->ctx, 3, offset, 4);
}

static void msix_on(guest *g)
{
	unsigned int i;

	cfg_wr(g, 0x72, 2, 0xc000);
	for (i = 0; i < 3; i++) {
		msix_wr(g, i * 16, 0xfee00000 + (i << 12));
		msix_wr(g, i * 16 + 4, 0);
		msix_wr(g, i * 16 + 8, 0x100 + i);
		msix_wr(g, i * 16 + 12, 0);
	}
	cfg_wr(g, 0x72, 2, 0x8000);
}

/* One vector for the rings, one for the rest, as ixgbevf has it. */
static void irq_on(guest *g)
{
	wr(g, 0x120, 0x8080);
	wr(g, 0x140, 0x81);
	rd(g, 0x100);
	wr(g, 0x114, 3);
	wr(g, 0x110, 3);
	wr(g, 0x108, 3);
}

static void tx_on(guest *g)
{
	wr(g, 0x2028, 0x04000000);
	wr(g, 0x2000, TX_RING);
	wr(g, 0x2004, 0);
	wr(g, 0x2008, RING_BYTES);
	wr(g, 0x203c, 0);
	wr(g, 0x2038, 0);
	wr(g, 0x2010, 0);
	wr(g, 0x2018, 0);
	wr(g, 0x2028, 0x02080120);
	g->tx_tail = 0;
}

static void rx_post(guest *g, unsigned int count)
{
	struct vf_rx_desc desc = { 0 };

	while (count--) {
		desc.packet = RX_BUF + g->rx_tail * RX_BUF_SIZE;
		memcpy(ram + RX_RING + g->rx_tail * 16, &desc, sizeof(desc));
		g->rx_tail = (g->rx_tail + 1) % RING_SIZE;
	}
	wr(g, 0x1018, g->rx_tail);
}

static void rx_on(guest *g, unsigned int count)
{
	wr(g, 0x1028, rd(g, 0x1028) & ~0x02000000);
	wr(g, 0x1000, RX_RING);
	wr(g, 0x1004, 0);
	wr(g, 0x1008, RING_BYTES);
	wr(g, 0x1010, 0);
	wr(g, 0x1018, 0);
	wr(g, 0x1014, 0x12000402);
	wr(g, 0x1028, 0x42000000 | 1522 | 0x8000);
	g->rx_tail = 0;
	rx_post(g, count);
}

static void tx_desc(guest *g, const void *desc)
{
	memcpy(ram + TX_RING + g->tx_tail * 16, desc, 16);
	g->tx_tail = (g->tx_tail + 1) % RING_SIZE;
}

static void tx_context(guest *g, uint32_t lens, uint32_t command, uint32_t mss)
{
	struct vf_tx_context context = {
		.lens = lens,
		.command = 0x20200000 | command,
		.mss = mss,
	};

	tx_desc(g, &context);
}

static void tx_data(guest *g, uint64_t address, uint32_t len, uint32_t command,
		    uint32_t options, uint32_t total)
{
	struct vf_tx_desc desc = {
		.address = address,
		.command = 0x22300000 | len | command,
		.options = total << 14 | 0x80 | options,
	};

	tx_desc(g, &desc);
}

#define LAST	0x09000000u		/* end of packet, report status */

static void tx_kick(guest *g)
{
	wr(g, 0x2018, g->tx_tail);
}

static bool tx_done(unsigned int index)
{
	return ram[TX_RING + index * 16 + 12] & 1;
}

static bool tx_running(guest *g)
{
	return rd(g, 0x2028) & 0x02000000;
}

static struct vf_rx_done rx_done(unsigned int index)
{
	struct vf_rx_done done;

	memcpy(&done, ram + RX_RING + index * 16, sizeof(done));
	return done;
}

static bool rx(const struct frame *frame)
{
	return nic.ops && nic.ops->deliver(nic.ctx, frame);
}

/* Frames */

static uint32_t ones_sum(const uint8_t *p, uint32_t len, uint32_t sum)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

#define HDR	54

/* TCP over IPv4 with correct checksums. */
static void make_tcp(uint8_t *p, uint32_t payload)
{
	uint32_t i, sum;

	memset(p, 0, HDR);
	memcpy(p, mac, 6);
	p[6] = 0x02;
	p[11] = 0x22;
	p[12] = 0x08;
	p[14] = 0x45;
	p[16] = (40 + payload) >> 8;
	p[17] = 40 + payload;
	p[22] = 64;
	p[23] = 6;
	p[26] = 10;
	p[29] = 1;
	p[30] = 10;
	p[33] = 2;
	sum = ~ones_sum(p + 14, 20, 0);
	p[24] = sum >> 8;
	p[25] = sum;
	p[34] = 0x12;
	p[36] = 0x34;
	p[46] = 0x50;
	p[47] = 0x18;
	for (i = 0; i < payload; i++)
		p[HDR + i] = i * 7;
	sum = ones_sum(p + 26, 8, 6 + 20 + payload);
	sum = ~ones_sum(p + 34, 20 + payload, sum);
	p[50] = sum >> 8;
	p[51] = sum;
}

static struct frame tcp_frame(uint8_t *p, uint32_t payload)
{
	make_tcp(p, payload);
	return (struct frame){ .data = p, .len = HDR + payload };
}

FIXTURE_SETUP(vf)
{
	memset(&nic, 0, sizeof(nic));
	memset(&msi, 0, sizeof(msi));
	bus_resets = 0;
	memset(ram, 0, sizeof(ram));
	memset(&mem, 0, sizeof(mem));
	mem_add(&mem, 0, MEM_SIZE, ram);
	self->vf = vf82599_create(NULL, (struct vnic *)&nic, 3);
	ASSERT_NE(NULL, self->vf);
	self->fn = vf82599_function(self->vf);
	vf82599_set_bus(self->vf, (struct vpci *)self);
	cfg_wr(self, 4, 2, 6);
	msix_on(self);
	irq_on(self);
	tx_on(self);
	rx_on(self, RING_SIZE - 1);
}

FIXTURE_TEARDOWN(vf)
{
	vf82599_free(self->vf);
	ASSERT_EQ(NULL, nic.ops);
}

TEST_F(vf, configuration_space)
{
	unsigned int i, at;

	for (i = 0; i < 6; i++)
		EXPECT_EQ(mac[i], cfg(self, 0x201 + i, 1));
	EXPECT_EQ(0x8086, self->fn->vendor);
	EXPECT_EQ(0x152e, self->fn->device);
	at = cfg(self, 0x34, 1);
	EXPECT_EQ(0x11, cfg(self, at, 1));
	EXPECT_EQ(2, cfg(self, at + 2, 2) & 0x7ff);
	EXPECT_EQ(3, cfg(self, at + 4, 4));
	EXPECT_EQ(0x2003, cfg(self, at + 8, 4));
	at = cfg(self, at + 1, 1);
	EXPECT_EQ(0x10, cfg(self, at, 1));
	EXPECT_EQ(0, cfg(self, at + 1, 1));
	EXPECT_EQ(0, cfg(self, 0x100, 4));
	cfg_wr(self, 0x201, 1, 0xff);
	EXPECT_EQ(mac[0], cfg(self, 0x201, 1));
}

TEST_F(vf, registers)
{
	EXPECT_EQ(0x70000000, rd(self, 0x10));
	EXPECT_EQ(0, rd(self, 0x8));
	EXPECT_EQ(0, rd(self, 0x2fc) & 0xc0);
	EXPECT_EQ(0x02000000, rd(self, 0x1028) & 0x02000000);
	EXPECT_EQ(0x02080120, rd(self, 0x2028));
	/* Registers are 32 bits wide. */
	EXPECT_EQ(~0ull, self->fn->ops->bar_read(self->fn->ctx, 0, 0, 8));
	EXPECT_EQ(~0ull, self->fn->ops->bar_read(self->fn->ctx, 0, 1, 4));
	EXPECT_EQ(~0ull, self->fn->ops->bar_read(self->fn->ctx, 3, 0x4000, 4));
	/* The ring pattern test of ethtool -t. */
	wr(self, 0x1028, 0);
	wr(self, 0x1000, 0x5a5a5a5a);
	EXPECT_EQ(0x5a5a5a5a & 0xffffff80, rd(self, 0x1000));
	wr(self, 0x1008, ~0u);
	EXPECT_EQ(0x000fff80, rd(self, 0x1008));
	wr(self, 0x1018, 0xa5a5);
	EXPECT_EQ(0xa5a5, rd(self, 0x1018));
}

TEST_F(vf, reset_through_vfctrl)
{
	wr(self, 0, 0x04000000);
	EXPECT_EQ(0, rd(self, 0));
	EXPECT_EQ(0, rd(self, 0x1028));
	EXPECT_EQ(0, rd(self, 0x2028));
	EXPECT_EQ(0, rd(self, 0x108));
	/* MSI-X and configuration space are not part of it. */
	EXPECT_EQ(0x100, msix_rd(self, 8));
	EXPECT_NE(NULL, nic.ops);
}

/* The host's doing; what the guest has set in configuration space stays. */
TEST_F(vf, reset_behind_the_guest)
{
	uint8_t buf[100];
	struct frame frame = tcp_frame(buf, 10);

	vf82599_reset(self->vf);
	EXPECT_EQ(0, rd(self, 0x1028));
	EXPECT_EQ(0, rd(self, 0x2028));
	EXPECT_EQ(0, rd(self, 0x108));
	EXPECT_EQ(0, msix_rd(self, 8));
	EXPECT_EQ(1, msix_rd(self, 12));
	EXPECT_EQ(0x8000, cfg(self, 0x72, 2) & 0x8000);
	EXPECT_EQ(0x70000000, rd(self, 0x10));
	EXPECT_FALSE(rx(&frame));
	tx_data(self, TX_BUF, 64, LAST, 0, 64);
	tx_kick(self);
	EXPECT_EQ(0, nic.nr_tx);
	EXPECT_EQ(0, msi.count);
	/* It is as after any other reset. */
	tx_on(self);
	rx_on(self, 10);
	EXPECT_TRUE(rx(&frame));
}

/* What is not a reset is no reset, even beside its bit. */
TEST_F(vf, function_level_reset)
{
	EXPECT_EQ(0x10000000, cfg(self, 0xa4, 4) & 0x10000000);
	cfg_wr(self, 0xa8, 2, 0x7fff);
	cfg_wr(self, 0xa8, 1, 0x10);
	cfg_wr(self, 0xac, 4, 0x8000);
	EXPECT_NE(0, rd(self, 0x1028) & 0x02000000);
	EXPECT_EQ(0, bus_resets);
	cfg_wr(self, 0xa8, 2, 0xa810);
	EXPECT_EQ(1, bus_resets);
	EXPECT_EQ(0x2810, cfg(self, 0xa8, 2));
	EXPECT_EQ(0, rd(self, 0x1028) & 0x02000000);
	EXPECT_EQ(0, rd(self, 0x2028) & 0x02000000);
	EXPECT_EQ(0, cfg(self, 0x72, 2) & 0x8000);
	EXPECT_EQ(1, msix_rd(self, 0xc));
	EXPECT_EQ(NULL, nic.ops);
	cfg_wr(self, 4, 2, 6);
	EXPECT_NE(NULL, nic.ops);
	tx_on(self);
	cfg_wr(self, 0xa9, 1, 0xa8);
	EXPECT_EQ(0, rd(self, 0x2028) & 0x02000000);
	EXPECT_EQ(2, bus_resets);
	/* All other resets are the bus's own, or the host's. */
	wr(self, 0, 0x04000000);
	vf82599_reset(self->vf);
	self->fn->ops->reset(self->fn->ctx);
	EXPECT_EQ(2, bus_resets);
}

TEST_F(vf, queues_off_and_on)
{
	uint8_t buf[100];
	struct frame frame = tcp_frame(buf, 10);

	wr(self, 0x1028, rd(self, 0x1028) & ~0x02000000);
	EXPECT_EQ(0, rd(self, 0x1028) & 0x02000000);
	EXPECT_FALSE(rx(&frame));
	wr(self, 0x2028, 0x04000000);
	EXPECT_EQ(0, rd(self, 0x2028));
	make_tcp(ram + TX_BUF, 10);
	tx_data(self, TX_BUF, 64, LAST, 0, 64);
	tx_kick(self);
	EXPECT_EQ(0, nic.nr_tx);
	tx_on(self);
	rx_on(self, 10);
	EXPECT_TRUE(rx(&frame));
	tx_context(self, 14 << 9, 0, 0);
	tx_data(self, TX_BUF, 64, LAST, 0, 64);
	tx_kick(self);
	EXPECT_EQ(1, nic.nr_tx);
}

TEST_F(vf, transmit_plain)
{
	make_tcp(ram + TX_BUF, 100);
	tx_context(self, 14 << 9, 0, 0);
	tx_data(self, TX_BUF, 154, LAST, 0, 154);
	tx_kick(self);
	ASSERT_EQ(1, nic.nr_tx);
	EXPECT_EQ(154, nic.tx.len);
	EXPECT_EQ(0, memcmp(nic.data, ram + TX_BUF, 154));
	EXPECT_FALSE(nic.tx.needs_csum);
	EXPECT_EQ(GSO_NONE, nic.tx.gso);
	EXPECT_FALSE(nic.tx.vlan);
	EXPECT_FALSE(tx_done(0));
	EXPECT_TRUE(tx_done(1));
	EXPECT_EQ(2, rd(self, 0x2010));
	EXPECT_EQ(1, msi.count);
	EXPECT_EQ(0x100, msi.data);
	EXPECT_EQ(1, rd(self, 0x201c));
	EXPECT_EQ(154, rd(self, 0x2020));
}

TEST_F(vf, transmit_gathers)
{
	unsigned int round;

	make_tcp(ram + TX_BUF, 946);
	for (round = 0; round < 40; round++) {
		tx_context(self, 14 << 9, 0, 0);
		tx_data(self, TX_BUF, 100, 0, 0, 1000);
		tx_data(self, TX_BUF + 100, 899, 0, 0, 0);
		tx_kick(self);
		ASSERT_EQ(round, nic.nr_tx);
		tx_data(self, TX_BUF + 999, 1, LAST, 0, 0);
		tx_kick(self);
		ASSERT_EQ(round + 1, nic.nr_tx);
		ASSERT_EQ(1000, nic.tx.len);
		ASSERT_EQ(0, memcmp(nic.data, ram + TX_BUF, 1000));
	}
	EXPECT_EQ(self->tx_tail, rd(self, 0x2010));
}

TEST_F(vf, transmit_checksum)
{
	make_tcp(ram + TX_BUF, 100);
	tx_context(self, 14 << 9 | 20, 0xc00, 0);
	tx_data(self, TX_BUF, 154, LAST, 0x200, 154);
	tx_context(self, 14 << 9 | 40, 0, 0);
	tx_data(self, TX_BUF, 154, LAST, 0x200, 154);
	wr(self, 0x2018, 2);
	ASSERT_EQ(1, nic.nr_tx);
	EXPECT_TRUE(nic.tx.needs_csum);
	EXPECT_EQ(34, nic.tx.csum_start);
	EXPECT_EQ(16, nic.tx.csum_offset);
	tx_kick(self);
	ASSERT_EQ(2, nic.nr_tx);
	EXPECT_EQ(54, nic.tx.csum_start);
	EXPECT_EQ(6, nic.tx.csum_offset);
}

TEST_F(vf, transmit_sctp_checksum)
{
	static const uint8_t body[] = "123456789";
	const uint32_t crc32c = 0x96b99ab1;	/* of 12 zero bytes and these */

	memcpy(ram + TX_BUF + 46, body, sizeof(body) - 1);
	tx_context(self, 14 << 9 | 20, 0x1400, 0);
	tx_data(self, TX_BUF, 55, LAST, 0x200, 55);
	tx_kick(self);
	ASSERT_EQ(1, nic.nr_tx);
	EXPECT_FALSE(nic.tx.needs_csum);
	EXPECT_EQ(0, memcmp(nic.data + 42, &crc32c, sizeof(crc32c)));
	EXPECT_EQ(0, memcmp(nic.data + 46, body, 9));
}

/* Refused before anything is done to it: the sum takes its time. */
TEST_F(vf, sctp_checksum_of_too_much)
{
	unsigned int i;

	memset(ram + TX_BUF, 0x5a, VF_FRAME_MAX + 1);
	tx_context(self, 14 << 9 | 20, 0x1400, 0);
	tx_data(self, TX_BUF, VF_FRAME_MAX + 1, LAST, 0x200, VF_FRAME_MAX + 1);
	tx_kick(self);
	EXPECT_EQ(0, nic.nr_tx);
	EXPECT_FALSE(tx_running(self));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0x5a, self->vf->tx_state[0].buf[34 + 8 + i]);
}

TEST_F(vf, transmit_segmentation)
{
	uint32_t len = HDR + 30000;

	make_tcp(ram + TX_BUF, 30000);
	tx_context(self, 77 << 16 | 14 << 9 | 20, 0xc00,
		   1448 << 16 | 20 << 8 | 1 << 4);
	tx_data(self, TX_BUF, 10000, 0xc0000000, 0x310, 30000);
	tx_data(self, TX_BUF + 10000, len - 10000, 0xc0000000 | LAST, 0, 0);
	tx_kick(self);
	ASSERT_EQ(1, nic.nr_tx);
	EXPECT_EQ(len, nic.tx.len);
	EXPECT_EQ(GSO_TCP4, nic.tx.gso);
	EXPECT_EQ(1448, nic.tx.gso_size);
	EXPECT_EQ(54, nic.tx.hdr_len);
	EXPECT_TRUE(nic.tx.needs_csum);
	EXPECT_TRUE(nic.tx.needs_ipcsum);
	EXPECT_TRUE(nic.tx.vlan);
	EXPECT_EQ(77, nic.tx.tci);
	EXPECT_EQ(0, memcmp(nic.data, ram + TX_BUF, len));
	/* 21 segments, each with its headers. */
	EXPECT_EQ(21, rd(self, 0x201c));
	EXPECT_EQ(30000 + 21 * 54, rd(self, 0x2020));
	EXPECT_TRUE(tx_done(2));
}

TEST_F(vf, transmit_tag_in_the_frame)
{
	uint8_t *p = ram + TX_BUF;

	make_tcp(p + 4, 100);
	memmove(p, p + 4, 12);
	p[12] = 0x81;
	p[13] = 0;
	p[14] = 0x20;
	p[15] = 0x05;
	tx_context(self, 18 << 9 | 20, 0xc00, 0);
	tx_data(self, TX_BUF, 158, LAST, 0x200, 158);
	tx_kick(self);
	ASSERT_EQ(1, nic.nr_tx);
	EXPECT_TRUE(nic.tx.vlan);
	EXPECT_EQ(0x2005, nic.tx.tci);
	EXPECT_EQ(154, nic.tx.len);
	EXPECT_EQ(34, nic.tx.csum_start);
	EXPECT_EQ(0x08, nic.data[12]);
	EXPECT_EQ(0, memcmp(nic.data, mac, 6));
}

TEST_F(vf, transmit_head_write_back)
{
	wr(self, 0x2038, 0x9000 | 1);
	make_tcp(ram + TX_BUF, 100);
	tx_context(self, 14 << 9, 0, 0);
	tx_data(self, TX_BUF, 154, LAST, 0, 154);
	tx_kick(self);
	EXPECT_EQ(2, ram[0x9000]);
	wr(self, 0x203c, 0xffff);
	tx_data(self, TX_BUF, 154, LAST, 0, 154);
	tx_kick(self);
	EXPECT_FALSE(tx_running(self));
}

TEST_F(vf, transmit_bounded_per_kick)
{
	unsigned int i;

	/* A longer ring, full of contexts and one frame at its end. */
	wr(self, 0x2028, 0);
	wr(self, 0x2000, 0x20000);
	wr(self, 0x2008, 1024 * 16);
	wr(self, 0x2028, 0x02000000);
	for (i = 0; i < 1000; i++)
		memcpy(ram + 0x20000 + i * 16,
		       &(struct vf_tx_context){ .command = 0x20200000 }, 16);
	memcpy(ram + 0x20000 + i * 16, &(struct vf_tx_desc){
	       .address = TX_BUF, .command = 0x22300000 | LAST | 60,
	       .options = 60 << 14 }, 16);
	wr(self, 0x2018, 1001);
	EXPECT_EQ(0, nic.nr_tx);
	for (i = 0; i < 20 && !nic.nr_tx; i++)
		loop_run_pending();
	EXPECT_EQ(1, nic.nr_tx);
	EXPECT_EQ(1001, rd(self, 0x2010));
}

/* What the ring says is wrong: it stops, and works again when set up anew. */
#define EXPECT_STOPPED() do {						\
	tx_kick(self);							\
	EXPECT_FALSE(tx_running(self));					\
	EXPECT_EQ(0, nic.nr_tx);					\
	tx_on(self);							\
	EXPECT_TRUE(tx_running(self));					\
} while (0)

TEST_F(vf, hostile_transmit_rings)
{
	uint32_t i;

	make_tcp(ram + TX_BUF, 1000);
	tx_data(self, ~0ull - 10, 100, LAST, 0, 100);
	EXPECT_STOPPED();
	tx_data(self, MEM_SIZE - 10, 100, LAST, 0, 100);
	EXPECT_STOPPED();
	tx_data(self, TX_BUF, 0, LAST, 0, 0);
	EXPECT_STOPPED();
	tx_data(self, TX_BUF, 100, LAST, 0, 99);
	EXPECT_STOPPED();
	tx_data(self, TX_BUF, 100, LAST, 0x70, 100);	/* context 7 */
	EXPECT_STOPPED();
	tx_desc(self, &(struct vf_tx_desc){ .command = LAST | 100 });
	EXPECT_STOPPED();
	tx_data(self, TX_BUF, 100, LAST, 0x200, 100);	/* no context */
	EXPECT_STOPPED();
	tx_context(self, 14 << 9 | 0x1ff, 0xc00, 0);
	tx_data(self, TX_BUF, 100, LAST, 0x200, 100);
	EXPECT_STOPPED();
	tx_context(self, 14 << 9 | 0x1ff, 0x1400, 0);
	tx_data(self, TX_BUF, 100, LAST, 0x200, 100);
	EXPECT_STOPPED();
	tx_context(self, 14 << 9 | 20, 0x1c00, 0);
	tx_data(self, TX_BUF, 100, LAST, 0x200, 100);
	EXPECT_STOPPED();
	tx_context(self, 14 << 9 | 20, 0xc00, 0 << 16 | 20 << 8);
	tx_data(self, TX_BUF, 1000, LAST | 0x80000000, 0x300, 946);
	EXPECT_STOPPED();
	tx_context(self, 14 << 9 | 20, 0xc00, 500 << 16 | 255 << 8);
	tx_data(self, TX_BUF, 200, LAST | 0x80000000, 0x300, 100);
	EXPECT_STOPPED();
	tx_context(self, 14 << 9 | 20, 0xc00, 500 << 16 | 20 << 8);
	tx_data(self, TX_BUF, 1000, LAST | 0x80000000, 0x300, 940);
	EXPECT_STOPPED();
	tx_context(self, 14 << 9 | 20, 0xc00, 500 << 16 | 20 << 8);
	tx_data(self, TX_BUF, 1000, LAST | 0x80000000, 0x100, 946);
	EXPECT_STOPPED();
	tx_context(self, 14 << 9, 0, 5 << 4);
	EXPECT_STOPPED();
	tx_data(self, TX_BUF, 100, 0, 0, 100);
	tx_context(self, 14 << 9, 0, 0);
	EXPECT_STOPPED();
	tx_data(self, TX_BUF, 20000, LAST, 0, 20000);
	EXPECT_STOPPED();
	for (i = 0; i < 3; i++)
		tx_data(self, TX_BUF, 0xffff, 0, 0, 0);
	EXPECT_STOPPED();
	wr(self, 0x2018, RING_SIZE);
	EXPECT_FALSE(tx_running(self));
}

TEST_F(vf, rings_that_are_not_memory)
{
	wr(self, 0x2028, 0);
	wr(self, 0x2004, 0x10);
	wr(self, 0x2028, 0x02000000);
	EXPECT_FALSE(tx_running(self));
	wr(self, 0x2004, 0);
	wr(self, 0x2008, 0);
	wr(self, 0x2028, 0x02000000);
	EXPECT_FALSE(tx_running(self));
	wr(self, 0x2000, MEM_SIZE - 256);
	wr(self, 0x2008, RING_BYTES);
	wr(self, 0x2028, 0x02000000);
	EXPECT_FALSE(tx_running(self));
	wr(self, 0x2000, TX_RING);
	wr(self, 0x2010, 64);
	wr(self, 0x2028, 0x02000000);
	EXPECT_FALSE(tx_running(self));
	wr(self, 0x2010, 0);
	wr(self, 0x2028, 0x02000000);
	EXPECT_TRUE(tx_running(self));
}

TEST_F(vf, receive)
{
	uint8_t buf[200];
	struct frame frame = tcp_frame(buf, 100);
	struct vf_rx_done done;

	ASSERT_TRUE(rx(&frame));
	done = rx_done(0);
	EXPECT_EQ(154, done.len);
	EXPECT_EQ(0x63, done.status);
	EXPECT_EQ(0x110, done.types);
	EXPECT_EQ(0, memcmp(ram + RX_BUF, buf, 154));
	EXPECT_EQ(1, rd(self, 0x1010));
	EXPECT_EQ(1, msi.count);
	EXPECT_EQ(0x100, msi.data);
	EXPECT_EQ(1, rd(self, 0x101c));
	EXPECT_EQ(154, rd(self, 0x1020));
	/* A checksum that is wrong is left to the guest to find. */
	buf[60] ^= 1;
	ASSERT_TRUE(rx(&frame));
	EXPECT_EQ(0x3, rx_done(1).status);
	frame.csum_good = true;
	ASSERT_TRUE(rx(&frame));
	EXPECT_EQ(0x63, rx_done(2).status);
	/* Masked by itself until the driver has polled. */
	EXPECT_EQ(1, msi.count);
	wr(self, 0x108, 1);
	EXPECT_EQ(2, msi.count);
}

TEST_F(vf, receive_not_ip)
{
	uint8_t buf[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			    [12] = 8, [13] = 6 };
	struct frame frame = { .data = buf, .len = 60 };

	ASSERT_TRUE(rx(&frame));
	EXPECT_EQ(0x3, rx_done(0).status);
	EXPECT_EQ(1, rd(self, 0x1034));
}

TEST_F(vf, receive_vlan)
{
	uint8_t buf[200];
	struct frame frame = tcp_frame(buf, 100);

	frame.vlan = true;
	frame.tci = 0x2005;
	ASSERT_TRUE(rx(&frame));
	EXPECT_EQ(0x6b, rx_done(0).status);
	EXPECT_EQ(0x2005, rx_done(0).vlan);
	EXPECT_EQ(154, rx_done(0).len);
	wr(self, 0x1028, 0x02000000);
	ASSERT_TRUE(rx(&frame));
	EXPECT_EQ(0x63, rx_done(1).status);
	EXPECT_EQ(158, rx_done(1).len);
	EXPECT_EQ(0x81, ram[RX_BUF + RX_BUF_SIZE + 12]);
	EXPECT_EQ(0x05, ram[RX_BUF + RX_BUF_SIZE + 15]);
	EXPECT_EQ(0, memcmp(ram + RX_BUF + RX_BUF_SIZE + 16, buf + 12, 142));
}

TEST_F(vf, receive_in_several_buffers)
{
	static uint8_t buf[9000];
	struct frame frame = tcp_frame(buf, 4946);

	wr(self, 0x1028, 0x02000000);
	ASSERT_TRUE(rx(&frame));
	EXPECT_EQ(1, rx_done(0).status);
	EXPECT_EQ(2048, rx_done(0).len);
	EXPECT_EQ(1, rx_done(1).status);
	EXPECT_EQ(3, rx_done(2).status & 3);
	EXPECT_EQ(5000 - 4096, rx_done(2).len);
	EXPECT_EQ(0, memcmp(ram + RX_BUF, buf, 5000));
	frame.len = 0;
	EXPECT_FALSE(rx(&frame));
}

TEST_F(vf, receive_unfinished)
{
	uint8_t buf[200], good[200];
	struct frame frame = tcp_frame(buf, 100);
	uint32_t sum;

	memcpy(good, buf, sizeof(good));
	sum = ones_sum(buf + 26, 8, 6 + 120);
	buf[50] = sum >> 8;
	buf[51] = sum;
	frame.needs_csum = true;
	frame.csum_start = 34;
	frame.csum_offset = 16;
	ASSERT_TRUE(rx(&frame));
	EXPECT_EQ(0x63, rx_done(0).status);
	EXPECT_EQ(0, memcmp(ram + RX_BUF, good, 154));
}

static struct frame burst(uint8_t *p, uint32_t payload, uint32_t mss)
{
	struct frame frame = tcp_frame(p, payload);

	frame.gso = GSO_TCP4;
	frame.gso_size = mss;
	frame.needs_csum = true;
	frame.csum_start = 34;
	frame.csum_offset = 16;
	frame.hdr_len = 54;
	return frame;
}

TEST_F(vf, receive_burst)
{
	static uint8_t buf[32000];
	struct frame frame = burst(buf, 30000, 1448);
	unsigned int i;

	ASSERT_TRUE(rx(&frame));
	for (i = 0; i < 21; i++)
		ASSERT_EQ(0x63, rx_done(i).status);
	EXPECT_EQ(1502, rx_done(0).len);
	EXPECT_EQ(54 + 30000 - 20 * 1448, rx_done(20).len);
	EXPECT_EQ(21, rd(self, 0x1010));
	EXPECT_EQ(1, msi.count);
	EXPECT_EQ(0, memcmp(ram + RX_BUF + RX_BUF_SIZE + 54, buf + 54 + 1448,
			    1448));
}

TEST_F(vf, receive_waits_for_buffers)
{
	uint8_t buf[200];
	struct frame frame = tcp_frame(buf, 100);
	unsigned int i;

	for (i = 0; i < RING_SIZE - 1; i++)
		ASSERT_TRUE(rx(&frame));
	for (i = 0; i < VF_BACKLOG_MAX; i++) {
		buf[53] = i;
		ASSERT_TRUE(rx(&frame));
	}
	EXPECT_FALSE(rx(&frame));
	EXPECT_FALSE(nic.ops->room(nic.ctx));
	EXPECT_EQ(RING_SIZE - 1, rd(self, 0x101c));
	for (i = 0; i < VF_BACKLOG_MAX; i++) {
		rx_post(self, 1);
		ASSERT_EQ(i & 0xff, ram[RX_BUF + (RING_SIZE - 1 + i) %
				    RING_SIZE * RX_BUF_SIZE + 53]);
	}
	EXPECT_EQ(1, nic.nr_room);
	EXPECT_TRUE(nic.ops->room(nic.ctx));
	EXPECT_EQ(RING_SIZE - 1 + VF_BACKLOG_MAX, rd(self, 0x101c));
}

/* However many of its frames wait, and are dropped in the end. */
TEST_F(vf, burst_is_dropped_as_one)
{
	static uint8_t buf[32000];
	struct frame frame = burst(buf, 40 * 100, 100);

	vf82599_hold(self->vf, true);
	EXPECT_TRUE(rx(&frame));
	EXPECT_TRUE(rx(&frame));
	wr(self, 0x1028, 0x40000000);
	EXPECT_EQ(2, nic.nr_dropped);

	/* Half of one is there, half of it is not. */
	vf82599_hold(self->vf, false);
	rx_on(self, 20);
	EXPECT_TRUE(rx(&frame));
	EXPECT_EQ(20, rd(self, 0x1010));
	wr(self, 0x1028, 0x40000000);
	EXPECT_EQ(3, nic.nr_dropped);
}

/* The switch counts one that has no room; what waits of it does not count again. */
TEST_F(vf, burst_without_room)
{
	static uint8_t buf[64000];
	struct frame frame = burst(buf, (VF_BACKLOG_MAX + RING_SIZE) * 100, 100);
	uint64_t before = self->vf->rx_frames;

	EXPECT_FALSE(rx(&frame));
	EXPECT_EQ(RING_SIZE - 1, self->vf->rx_frames - before);
	EXPECT_EQ(VF_BACKLOG_MAX, self->vf->nr_backlog);
	wr(self, 0x1028, 0x40000000);
	EXPECT_EQ(0, nic.nr_dropped);
	EXPECT_EQ(0, self->vf->nr_backlog);
}

TEST_F(vf, held)
{
	uint8_t buf[200];
	struct frame frame = tcp_frame(buf, 100);
	unsigned int i;

	vf82599_hold(self->vf, true);
	make_tcp(ram + TX_BUF, 100);
	tx_context(self, 14 << 9, 0, 0);
	tx_data(self, TX_BUF, 154, LAST, 0, 154);
	tx_kick(self);
	for (i = 0; i < RING_SIZE + 200; i++)
		ASSERT_TRUE(rx(&frame));
	EXPECT_TRUE(nic.ops->room(nic.ctx));
	EXPECT_EQ(0, nic.nr_tx);
	EXPECT_EQ(0, rd(self, 0x1010));
	EXPECT_EQ(0, msi.count);

	vf82599_offer_held(self->vf);
	EXPECT_EQ(0, nic.nr_tx);
	EXPECT_EQ(RING_SIZE - 1, rd(self, 0x101c));
	EXPECT_EQ(1, msi.count);
	rx_post(self, 1);
	EXPECT_EQ(RING_SIZE - 1, rd(self, 0x101c));

	vf82599_hold(self->vf, false);
	EXPECT_EQ(1, nic.nr_tx);
	EXPECT_EQ(RING_SIZE, rd(self, 0x101c));
}

TEST_F(vf, receive_stopped_with_waiting_frames)
{
	uint8_t buf[200];
	struct frame frame = tcp_frame(buf, 100);
	unsigned int i;

	for (i = 0; i < RING_SIZE + 200; i++)
		ASSERT_TRUE(rx(&frame));
	EXPECT_FALSE(nic.ops->room(nic.ctx));
	wr(self, 0x1028, 0x40000000);
	EXPECT_EQ(1, nic.nr_room);
	EXPECT_EQ(201, nic.nr_dropped);
	EXPECT_TRUE(nic.ops->room(nic.ctx));
	rx_on(self, RING_SIZE - 1);
	EXPECT_EQ(0, rd(self, 0x1010));
	for (i = 0; i < RING_SIZE + 200; i++)
		ASSERT_TRUE(rx(&frame));
}

TEST_F(vf, hostile_receive_rings)
{
	uint8_t buf[200];
	struct frame frame = tcp_frame(buf, 100);
	struct vf_rx_desc desc = { .packet = ~0ull };

	memcpy(ram + RX_RING, &desc, sizeof(desc));
	EXPECT_FALSE(rx(&frame));
	EXPECT_EQ(0, rd(self, 0x1028) & 0x02000000);
	EXPECT_FALSE(rx(&frame));

	rx_on(self, 10);
	wr(self, 0x1014, 0x04000402);		/* header split: not ours */
	EXPECT_FALSE(rx(&frame));
	wr(self, 0x1014, 0x02000000);		/* buffers of no size */
	EXPECT_FALSE(rx(&frame));
	wr(self, 0x1018, 5000);
	EXPECT_EQ(0, rd(self, 0x1028) & 0x02000000);
	frame.len = VF_FRAME_MAX + 1;
	rx_on(self, 10);
	EXPECT_FALSE(rx(&frame));
}

TEST_F(vf, msix_masked)
{
	uint8_t buf[200];
	struct frame frame = tcp_frame(buf, 100);

	msix_wr(self, 12, 1);
	ASSERT_TRUE(rx(&frame));
	EXPECT_EQ(0, msi.count);
	EXPECT_EQ(1, msix_rd(self, 0x2000));
	/* A new message while it is masked, as when the vCPU changes. */
	msix_wr(self, 8, 0x222);
	msix_wr(self, 12, 0);
	EXPECT_EQ(1, msi.count);
	EXPECT_EQ(0x222, msi.data);
	EXPECT_EQ(0, msix_rd(self, 0x2000));
	msix_wr(self, 12, 0);
	EXPECT_EQ(1, msi.count);

	cfg_wr(self, 0x72, 2, 0xc000);
	wr(self, 0x108, 1);
	ASSERT_TRUE(rx(&frame));
	EXPECT_EQ(1, msi.count);
	cfg_wr(self, 0x72, 2, 0x8000);
	EXPECT_EQ(2, msi.count);
}

TEST_F(vf, interrupt_registers)
{
	wr(self, 0x10c, 7);
	wr(self, 0x104, 1);
	EXPECT_EQ(0, msi.count);
	wr(self, 0x108, 1);
	EXPECT_EQ(1, msi.count);
	/* Cleared and masked by itself. */
	EXPECT_EQ(0, rd(self, 0x108));
	EXPECT_EQ(0, rd(self, 0x100));
	wr(self, 0x104, 1);
	EXPECT_EQ(1, rd(self, 0x100));
	EXPECT_EQ(0, rd(self, 0x100));
	wr(self, 0x108, 1);
	EXPECT_EQ(1, msi.count);
}

TEST_F(vf, link)
{
	uint8_t buf[200];
	struct frame frame = tcp_frame(buf, 100);

	vf82599_set_link(self->vf, false);
	EXPECT_EQ(0, rd(self, 0x10));
	EXPECT_EQ(1, msi.count);
	EXPECT_EQ(0x101, msi.data);
	EXPECT_FALSE(rx(&frame));
	make_tcp(ram + TX_BUF, 100);
	tx_context(self, 14 << 9, 0, 0);
	tx_data(self, TX_BUF, 154, LAST, 0, 154);
	tx_kick(self);
	EXPECT_EQ(0, nic.nr_tx);
	EXPECT_EQ(1, nic.nr_tx_dropped);
	EXPECT_TRUE(tx_done(1));
	vf82599_set_link(self->vf, true);
	EXPECT_EQ(0x70000000, rd(self, 0x10));
	wr(self, 0x108, 2);
	EXPECT_EQ(3, msi.count);
	EXPECT_TRUE(rx(&frame));
}

/* A frame sent, and one received. */
static unsigned int both_ways(guest *g)
{
	unsigned int nr_tx = nic.nr_tx;
	uint8_t buf[200];
	struct frame frame = tcp_frame(buf, 100);

	make_tcp(ram + TX_BUF, 100);
	tx_context(g, 14 << 9, 0, 0);
	tx_data(g, TX_BUF, 154, LAST, 0, 154);
	tx_kick(g);
	return (nic.nr_tx - nr_tx) + rx(&frame);
}

TEST_F(vf, link_off_with_notice)
{
	vf82599_notice_link_off(self->vf, 60000000000ull);
	EXPECT_EQ(0, rd(self, 0x10));
	EXPECT_EQ(1, msi.count);
	EXPECT_EQ(2, both_ways(self));
	nic.ops->left(nic.ctx);
	EXPECT_EQ(0, both_ways(self));
	EXPECT_EQ(0, self->vf->notice.due);
	vf82599_set_link(self->vf, true);
	EXPECT_EQ(2, both_ways(self));
	/* It is not the last time that the guest leaves. */
	nic.ops->left(nic.ctx);
	EXPECT_EQ(2, both_ways(self));
}

TEST_F(vf, notice_ends_by_itself)
{
	vf82599_notice_link_off(self->vf, 0);
	EXPECT_EQ(2, both_ways(self));
	loop_run_pending();
	EXPECT_EQ(0, both_ways(self));
}

TEST_F(vf, notice_is_taken_back)
{
	vf82599_notice_link_off(self->vf, 0);
	vf82599_set_link(self->vf, true);
	loop_run_pending();
	EXPECT_EQ(0x70000000, rd(self, 0x10));
	EXPECT_EQ(2, both_ways(self));
}

/* What came before the cable was pulled is the guest's. */
TEST_F(vf, notice_and_frames_that_wait)
{
	uint8_t buf[200];
	struct frame frame = tcp_frame(buf, 100);
	uint64_t before = self->vf->rx_frames;

	vf82599_hold(self->vf, true);
	vf82599_notice_link_off(self->vf, 60000000000ull);
	EXPECT_TRUE(rx(&frame));
	nic.ops->left(nic.ctx);
	EXPECT_FALSE(rx(&frame));
	vf82599_hold(self->vf, false);
	EXPECT_EQ(before + 1, self->vf->rx_frames);
}

TEST_F(vf, bus_mastering)
{
	uint8_t buf[200];
	struct frame frame = tcp_frame(buf, 100);

	cfg_wr(self, 4, 2, 2);
	EXPECT_EQ(NULL, nic.ops);
	tx_data(self, TX_BUF, 154, LAST, 0, 154);
	tx_kick(self);
	wr(self, 0x104, 1);
	EXPECT_EQ(0, nic.nr_tx);
	EXPECT_EQ(0, msi.count);
	cfg_wr(self, 4, 2, 6);
	EXPECT_NE(NULL, nic.ops);
	EXPECT_TRUE(rx(&frame));
}

TEST_F(vf, function_reset)
{
	self->fn->ops->reset(self->fn->ctx);
	EXPECT_EQ(NULL, nic.ops);
	EXPECT_EQ(0, rd(self, 0x1028));
	EXPECT_EQ(1, msix_rd(self, 12));
	EXPECT_EQ(2, cfg(self, 0x72, 2));
	EXPECT_EQ(mac[5], cfg(self, 0x206, 1));
}

static uint32_t rnd(void)
{
	static uint64_t state = 0x82599;

	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return state >> 33;
}

/* Mostly near the truth, so that it gets far. */
static uint32_t rnd_value(void)
{
	static const uint32_t likely[] = {
		0, 1, 8, 60, 128, RING_BYTES, TX_RING, RX_RING, 0x02000000,
		0x42000000, 0x12000402, 0x80818082, ~0u,
	};
	uint32_t pick = rnd() % 16;

	if (pick < sizeof(likely) / sizeof(likely[0]))
		return likely[pick];
	return pick == 15 ? rnd() << 1 : rnd() % RING_SIZE;
}

static void rnd_reg(guest *g)
{
	uint32_t reg = (rnd() & 1 ? 0x1000 : 0x2000) + rnd() % 0x80;

	if (!(rnd() % 8))
		reg = rnd() % 0x4000;
	wr(g, reg & ~3u, rnd_value());
	rd(g, reg & ~3u);
}

static void rnd_tx(guest *g)
{
	uint32_t options = rnd() % 4 << 8, len = 60 + rnd() % 3000;

	g->tx_tail %= RING_SIZE;
	if (rnd() & 1)
		tx_context(g, 14 << 9 | rnd() % 64, 0xc00 & rnd(),
			   rnd() % 3000 << 16 | rnd() % 80 << 8 |
			   (rnd() & 1) << 4);
	tx_data(g, rnd() % 64 ? TX_BUF : rnd_value(), len,
		(rnd() % 4 ? LAST : 0) | (rnd() % 4 ? 0 : 0x80000000), options,
		rnd() % 4 ? len : len - 54);
	tx_kick(g);
}

static void rnd_rx(void)
{
	static uint8_t buf[FRAME_MAX];
	struct frame frame = tcp_frame(buf, rnd() % 9000);

	if (!(rnd() % 4)) {
		frame.gso = GSO_TCP4;
		frame.gso_size = 100 + rnd() % 1400;
	}
	frame.vlan = rnd() & 1;
	buf[rnd() % HDR] ^= rnd() % 8 ? 0 : rnd();
	rx(&frame);
}

TEST_F(vf, random_guest)
{
	unsigned int i;

	log_verbosity = 0;
	for (i = 0; i < 200000; i++) {
		switch (rnd() % 16) {
		case 0 ... 2:
			rnd_reg(self);
			break;
		case 3 ... 6:
			rnd_tx(self);
			break;
		case 7 ... 9:
			rnd_rx();
			break;
		case 10 ... 12:
			self->rx_tail %= RING_SIZE;
			rx_post(self, rnd() % 8);
			break;
		case 13:
			msix_wr(self, rnd() % 0x40 & ~3u, rnd_value());
			break;
		case 14:
			if (rnd() % 64)
				break;
			cfg_wr(self, rnd() % 4092, 4, rnd() << 1);
			cfg_wr(self, 4, 2, rnd());
			vf82599_set_link(self->vf, rnd() & 1);
			if (rnd() & 1)
				vf82599_notice_link_off(self->vf, 0);
			loop_run_pending();
			break;
		default:
			cfg_wr(self, 4, 2, 6);
			vf82599_set_link(self->vf, true);
			tx_on(self);
			rx_on(self, rnd() % RING_SIZE);
			break;
		}
	}
	EXPECT_LT(1000, self->vf->rx_frames);
	EXPECT_LT(1000, self->vf->tx_frames);
}

TEST_HARNESS_MAIN
