// SPDX-License-Identifier: GPL-2.0
/*
 * An Intel 82599 VF in its Hyper-V flavour: configuration space, registers and
 * interrupts.  It has no mailbox; the MAC address is in configuration space.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "le.h"
#include "vf82599.h"
#include "vm.h"

#define CONFIG_SIZE	4096

/*
 * A PCI Express endpoint, so that guests look beyond the first 256 bytes; the
 * values of a device without errors, link or power states to manage.
 */
static void config_init_pcie(struct vf82599 *vf)
{
	uint8_t *cap = vf->config + VF_CFG_PCIE;

	put_le(cap, 2, 0x0010);		/* id, last capability */
	put_le(cap + 2, 2, 0x0002);	/* version 2, endpoint */
	/* Function-level reset, role-based errors, 512 bytes */
	put_le(cap + 4, 4, 0x10008002);
	put_le(cap + 8, 2, 0x2810);
	put_le(vf->writable + VF_CFG_DEVICE_CONTROL, 2, 0x7fff);
	put_le(cap + 12, 4, 0x00000082);	/* 5 GT/s, 8 lanes */
	put_le(cap + 18, 2, 0x0082);
}

static void config_init(struct vf82599 *vf)
{
	uint8_t *cap = vf->config + VF_CFG_MSIX;

	memset(vf->config, 0, CONFIG_SIZE);
	vf->config[VF_CFG_CAPABILITIES] = VF_CFG_MSIX;
	put_le(cap, 2, VF_CFG_PCIE << 8 | 0x11);
	put_le(cap + 2, 2, VF_MSIX_VECTORS - 1);
	put_le(vf->writable + VF_CFG_MSIX_CONTROL, 2,
	       VF_MSIX_ENABLE | VF_MSIX_MASK_ALL);
	put_le(cap + 4, 4, VF_BAR_MSIX);
	put_le(cap + 8, 4, VF_MSIX_PBA | VF_BAR_MSIX);
	config_init_pcie(vf);
	memcpy(vf->config + VF_CFG_MAC, vf->mac, sizeof(vf->mac));
}

static uint16_t msix_control(const struct vf82599 *vf)
{
	return get_le(vf->config + VF_CFG_MSIX_CONTROL, 2);
}

static void msix_flush(struct vf82599 *vf, unsigned int vector)
{
	struct vf_msix *msix = &vf->msix[vector];

	if (!msix->pending || !(msix_control(vf) & VF_MSIX_ENABLE) ||
	    (msix_control(vf) & VF_MSIX_MASK_ALL) ||
	    (msix->control & VF_MSIX_ENTRY_MASK))
		return;
	msix->pending = false;
	if (vf->bus && vf->master)
		vpci_msi(vf->bus, msix->address, msix->data);
}

static void msix_send(struct vf82599 *vf, unsigned int vector)
{
	if (!(msix_control(vf) & VF_MSIX_ENABLE))
		return;
	vf->msix[vector].pending = true;
	msix_flush(vf, vector);
}

static void msix_flush_all(struct vf82599 *vf)
{
	unsigned int i;

	for (i = 0; i < VF_MSIX_VECTORS; i++)
		msix_flush(vf, i);
}

static uint64_t pending_bits(const struct vf82599 *vf)
{
	uint64_t bits = 0;
	unsigned int i;

	for (i = 0; i < VF_MSIX_VECTORS; i++)
		bits |= (uint64_t)vf->msix[i].pending << i;
	return bits;
}

static uint32_t msix_read32(const struct vf82599 *vf, uint64_t offset)
{
	const struct vf_msix *msix;

	if (offset == VF_MSIX_PBA)
		return pending_bits(vf);
	if (offset >= VF_MSIX_VECTORS * 16)
		return 0;
	msix = &vf->msix[offset / 16];
	switch (offset % 16) {
	case 0:
		return msix->address;
	case 4:
		return msix->address >> 32;
	case 8:
		return msix->data;
	default:
		return msix->control;
	}
}

static void msix_write32(struct vf82599 *vf, uint64_t offset, uint32_t value)
{
	struct vf_msix *msix;

	if (offset >= VF_MSIX_VECTORS * 16)
		return;
	msix = &vf->msix[offset / 16];
	switch (offset % 16) {
	case 0:
		msix->address &= ~0xffffffffull;
		msix->address |= value & ~3u;
		break;
	case 4:
		msix->address = (uint32_t)msix->address |
				(uint64_t)value << 32;
		break;
	case 8:
		msix->data = value;
		break;
	default:
		msix->control = value & VF_MSIX_ENTRY_MASK;
		msix_flush(vf, offset / 16);
		break;
	}
}

/*
 * Causes that are enabled go out as MSI-X; the bits of EIAC clear themselves
 * with that, those of EIAM mask themselves.  @news: causes that were raised or
 * enabled just now.
 */
static void deliver_causes(struct vf82599 *vf, uint32_t news)
{
	uint32_t ready = vf->cause & vf->enabled & news;
	unsigned int i;

	for (i = 0; i < VF_MSIX_VECTORS; i++) {
		if (!(ready & 1u << i))
			continue;
		vf->cause &= ~(vf->regs[VF_EIAC / 4] & 1u << i);
		vf->enabled &= ~(vf->regs[VF_EIAM / 4] & 1u << i);
		msix_send(vf, i);
	}
}

static void raise_cause(struct vf82599 *vf, uint8_t ivar)
{
	unsigned int vector = ivar & ~VF_IVAR_VALID;

	if (!(ivar & VF_IVAR_VALID) || vector >= VF_MSIX_VECTORS)
		return;
	vf->cause |= 1u << vector;
	deliver_causes(vf, 1u << vector);
}

void vf_queue_interrupt(struct vf82599 *vf, const struct vf_queue *q)
{
	bool tx = q >= vf->tx && q < vf->tx + VF_NR_QUEUES;
	unsigned int index = q - (tx ? vf->tx : vf->rx);
	uint32_t ivar = vf->regs[VF_IVAR(index / 2) / 4];

	raise_cause(vf, ivar >> (16 * (index & 1) + 8 * tx));
}

void vf_misc_interrupt(struct vf82599 *vf)
{
	raise_cause(vf, vf->regs[VF_IVAR_MISC / 4]);
}

void vf_queue_stop(struct vf82599 *vf, struct vf_queue *q, const char *fmt,
		   ...)
{
	bool tx = q >= vf->tx && q < vf->tx + VF_NR_QUEUES;
	char why[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	q->size = 0;
	*vfq_reg(q, VFQ_CONTROL) &= ~VFQ_ENABLE;
	log_guest_error(&vf->rate, "vf", "VF %u: %s queue %d stopped: %s",
			vf->function.serial, tx ? "transmit" : "receive",
			(int)(q - (tx ? vf->tx : vf->rx)), why);
	if (q == &vf->rx[0])
		vf_rx_drop_waiting(vf);
}

uint32_t vf_queue_used(struct vf_queue *q)
{
	uint32_t head = *vfq_reg(q, VFQ_HEAD);
	uint32_t tail = *vfq_reg(q, VFQ_TAIL);

	if (!q->size || head == tail)
		return 0;
	return tail > head ? tail - head : tail + q->size - head;
}

static void queue_enable(struct vf82599 *vf, struct vf_queue *q)
{
	uint32_t len = *vfq_reg(q, VFQ_LEN);

	q->base = *vfq_reg(q, VFQ_BASE_LOW) |
		  (uint64_t)*vfq_reg(q, VFQ_BASE_HIGH) << 32;
	q->size = len / sizeof(struct vf_rx_desc);
	if (!len || !mem_ptr(vf->mem, q->base, len)) {
		vf_queue_stop(vf, q, "no ring of %u bytes at %llx", len,
			      (unsigned long long)q->base);
		return;
	}
	if (*vfq_reg(q, VFQ_HEAD) >= q->size ||
	    *vfq_reg(q, VFQ_TAIL) >= q->size)
		vf_queue_stop(vf, q, "head or tail beyond %u", q->size);
}

static void control_write(struct vf82599 *vf, struct vf_queue *q, bool tx,
			  uint32_t value)
{
	bool was = *vfq_reg(q, VFQ_CONTROL) & VFQ_ENABLE;

	*vfq_reg(q, VFQ_CONTROL) = value & ~VFQ_FLUSH;
	if (was == !!(value & VFQ_ENABLE))
		return;
	if (tx)
		vf_tx_reset(vf, q - vf->tx);
	q->size = 0;
	if (!was)
		queue_enable(vf, q);
	else if (q == &vf->rx[0])
		vf_rx_drop_waiting(vf);
}

static void tail_write(struct vf82599 *vf, struct vf_queue *q, bool tx,
		       uint32_t value)
{
	*vfq_reg(q, VFQ_TAIL) = value & 0xffff;
	if (!q->size)
		return;
	if (*vfq_reg(q, VFQ_TAIL) >= q->size) {
		vf_queue_stop(vf, q, "tail %u beyond %u", value, q->size);
		return;
	}
	if (tx)
		vf_tx_kick(vf, q - vf->tx);
	else if (q == &vf->rx[0])
		vf_rx_continue(vf);
}

static void queue_write(struct vf82599 *vf, struct vf_queue *q, bool tx,
			unsigned int offset, uint32_t value)
{
	switch (offset) {
	case VFQ_BASE_LOW:
		*vfq_reg(q, offset) = value & ~(VF_RING_ALIGN - 1);
		break;
	case VFQ_LEN:
		*vfq_reg(q, offset) = value & VF_RING_MAX;
		break;
	case VFQ_HEAD:
		/* The device's own while it runs. */
		if (!q->size)
			*vfq_reg(q, offset) = value & 0xffff;
		break;
	case VFQ_TAIL:
		tail_write(vf, q, tx, value);
		break;
	case VFQ_CONTROL:
		control_write(vf, q, tx, value);
		break;
	default:
		*vfq_reg(q, offset) = value;
		break;
	}
}

/* The queue whose block @reg is in, or NULL. */
static struct vf_queue *find_queue(struct vf82599 *vf, uint32_t reg, bool *tx)
{
	*tx = reg >= VF_TX_QUEUES;
	if (reg >= VF_RX_QUEUES && reg < VF_RX_QUEUES + VF_QUEUES_SIZE)
		return &vf->rx[(reg - VF_RX_QUEUES) / 0x40];
	if (reg >= VF_TX_QUEUES && reg < VF_TX_QUEUES + VF_QUEUES_SIZE)
		return &vf->tx[(reg - VF_TX_QUEUES) / 0x40];
	return NULL;
}

/* Registers, not configuration space or MSI-X. */
static void reset_regs(struct vf82599 *vf)
{
	unsigned int i;

	memset(vf->regs, 0, sizeof(vf->regs));
	vf->cause = 0;
	vf->enabled = 0;
	memset(vf->rx, 0, sizeof(vf->rx));
	memset(vf->tx, 0, sizeof(vf->tx));
	for (i = 0; i < VF_NR_QUEUES; i++)
		vf_tx_reset(vf, i);
	loop_task_cancel(&vf->tx_task);
	vf_rx_drop_waiting(vf);
}

static bool read_counter(const struct vf82599 *vf, uint32_t reg,
			 uint32_t *value)
{
	switch (reg) {
	case VF_GPRC:
		*value = vf->rx_frames;
		return true;
	case VF_GORC_LOW:
		*value = vf->rx_bytes;
		return true;
	case VF_GORC_HIGH:
		*value = vf->rx_bytes >> 32 & 0xf;
		return true;
	case VF_MPRC:
		*value = vf->rx_multicast;
		return true;
	case VF_GPTC:
		*value = vf->tx_frames;
		return true;
	case VF_GOTC_LOW:
		*value = vf->tx_bytes;
		return true;
	case VF_GOTC_HIGH:
		*value = vf->tx_bytes >> 32 & 0xf;
		return true;
	}
	return false;
}

static uint32_t reg_read(struct vf82599 *vf, uint32_t reg)
{
	struct vf_queue *q;
	uint32_t value;
	bool tx;

	if (read_counter(vf, reg, &value))
		return value;
	q = find_queue(vf, reg, &tx);
	if (q)
		return *vfq_reg(q, reg & 0x3f);
	switch (reg) {
	case VF_STATUS:
		return 0;
	case VF_LINKS:
		return vf->link ? VF_LINKS_UP | VF_LINKS_10G : 0;
	case VF_FRTIMER:
		return loop_now_ns() / 1000;
	case VF_EICR:
		value = vf->cause;
		vf->cause = 0;
		return value;
	case VF_EICS:
		return vf->cause;
	case VF_EIMS:
	case VF_EIMC:
		return vf->enabled;
	default:
		return vf->regs[reg / 4];
	}
}

static void reg_write(struct vf82599 *vf, uint32_t reg, uint32_t value)
{
	struct vf_queue *q;
	uint32_t counter;
	bool tx;

	if (read_counter(vf, reg, &counter))
		return;
	q = find_queue(vf, reg, &tx);
	if (q) {
		queue_write(vf, q, tx, reg & 0x3f, value);
		return;
	}
	switch (reg) {
	case VF_CTRL:
		if (value & VF_CTRL_RESET)
			reset_regs(vf);
		break;
	case VF_STATUS:
	case VF_LINKS:
	case VF_FRTIMER:
		break;
	case VF_EICR:
		vf->cause &= ~value;
		break;
	case VF_EICS:
		vf->cause |= value & VF_CAUSES;
		deliver_causes(vf, value);
		break;
	case VF_EIMS:
		vf->enabled |= value & VF_CAUSES;
		deliver_causes(vf, value);
		break;
	case VF_EIMC:
		vf->enabled &= ~value;
		break;
	default:
		vf->regs[reg / 4] = value;
		break;
	}
}

static uint64_t bar_read(void *ctx, unsigned int bar, uint64_t offset,
			 unsigned int size)
{
	struct vf82599 *vf = ctx;

	/* Registers are 4 bytes wide; the MSI-X table may be read by 8. */
	if (offset % size || offset > VF_BAR_SIZE - size || size < 4)
		return ~0ull;
	if (bar == VF_BAR_REGS)
		return size == 4 ? reg_read(vf, offset) : ~0ull;
	if (size == 4)
		return msix_read32(vf, offset);
	return msix_read32(vf, offset) |
	       (uint64_t)msix_read32(vf, offset + 4) << 32;
}

static void bar_write(void *ctx, unsigned int bar, uint64_t offset,
		      unsigned int size, uint64_t value)
{
	struct vf82599 *vf = ctx;

	if (offset % size || offset > VF_BAR_SIZE - size || size < 4)
		return;
	if (bar == VF_BAR_REGS) {
		if (size == 4)
			reg_write(vf, offset, value);
		return;
	}
	msix_write32(vf, offset, value);
	if (size == 8)
		msix_write32(vf, offset + 4, value >> 32);
}

/* Without bus mastering the function reaches no memory and sends no MSI. */
static void set_master(struct vf82599 *vf, bool on)
{
	if (vf->master == on)
		return;
	vf->master = on;
	vnic_set_path(vf->nic, PATH_VF, on ? &vf_path_ops : NULL, vf);
	if (on)
		vf_rx_continue(vf);
	else
		vf_rx_drop_waiting(vf);
}

static uint32_t config_read(void *ctx, uint16_t offset, unsigned int size)
{
	struct vf82599 *vf = ctx;

	if (offset + size > CONFIG_SIZE)
		return ~0u;
	return get_le(vf->config + offset, size);
}

static void reset_msix_table(struct vf82599 *vf)
{
	unsigned int i;

	for (i = 0; i < VF_MSIX_VECTORS; i++)
		vf->msix[i] = (struct vf_msix){
			.control = VF_MSIX_ENTRY_MASK,
		};
}

static void reset(void *ctx)
{
	struct vf82599 *vf = ctx;

	set_master(vf, false);
	reset_regs(vf);
	config_init(vf);
	reset_msix_table(vf);
}

/* A function-level reset; the bit reads 0. */
static bool asks_for_reset(uint16_t offset, unsigned int size, uint32_t value)
{
	const unsigned int high = VF_CFG_DEVICE_CONTROL + 1;

	return high >= offset && high < offset + size &&
	       (value >> 8 * (high - offset) & VF_DEVICE_RESET >> 8);
}

static void config_write(void *ctx, uint16_t offset, unsigned int size,
			 uint32_t value)
{
	struct vf82599 *vf = ctx;
	uint8_t *byte, mask;
	unsigned int i;

	if (offset + size > CONFIG_SIZE)
		return;
	if (offset == VF_CFG_COMMAND) {
		set_master(vf, value & VF_COMMAND_MASTER);
		return;
	}
	if (asks_for_reset(offset, size, value)) {
		log_guest_info(&vf->news, "vf", "VF %u: reset",
			       vf->function.serial);
		reset(vf);
		if (vf->bus)
			vpci_config_reset(vf->bus);
		return;
	}
	for (i = 0; i < size; i++, value >>= 8) {
		byte = &vf->config[offset + i];
		mask = vf->writable[offset + i];
		*byte = (*byte & ~mask) | (value & mask);
	}
	msix_flush_all(vf);
}

static const struct pci_function_ops vf_function_ops = {
	.config_read = config_read,
	.config_write = config_write,
	.bar_read = bar_read,
	.bar_write = bar_write,
	.reset = reset,
};

struct vf82599 *vf82599_create(struct vm *vm, struct vnic *nic,
			       uint32_t serial)
{
	struct vf82599 *vf;

	vf = calloc(1, sizeof(*vf));
	if (!vf)
		return NULL;
	vf->config = calloc(1, CONFIG_SIZE);
	vf->writable = calloc(1, CONFIG_SIZE);
	if (!vf->config || !vf->writable) {
		vf82599_free(vf);
		return NULL;
	}
	vf->vm = vm;
	vf->mem = vm_mem(vm);
	vf->nic = nic;
	memcpy(vf->mac, vnic_mac(nic), sizeof(vf->mac));
	vf_link_init(vf);
	vf->backlog_end = &vf->backlog;
	vf->tx_task.fn = vf_tx_task;
	vf->tx_task.ctx = vf;
	vf->function = (struct pci_function){
		.ops = &vf_function_ops,
		.ctx = vf,
		.bar_size[VF_BAR_REGS] = VF_BAR_SIZE,
		.bar_64bit[VF_BAR_REGS] = true,
		.bar_size[VF_BAR_MSIX] = VF_BAR_SIZE,
		.bar_64bit[VF_BAR_MSIX] = true,
		.vendor = VF_VENDOR,
		.device = VF_DEVICE_HYPERV,
		.subvendor = VF_VENDOR,
		.subdevice = VF_DEVICE_HYPERV,
		.class_rev = 0x02000001,
		.serial = serial,
	};
	reset(vf);
	return vf;
}

void vf82599_free(struct vf82599 *vf)
{
	unsigned int i;

	if (!vf)
		return;
	if (vf->nic)
		reset(vf);
	vf_link_free(vf);
	for (i = 0; i < VF_NR_QUEUES; i++)
		free(vf->tx_state[i].buf);
	free(vf->config);
	free(vf->writable);
	free(vf);
}

const struct pci_function *vf82599_function(struct vf82599 *vf)
{
	return &vf->function;
}

void vf82599_set_bus(struct vf82599 *vf, struct vpci *bus)
{
	vf->bus = bus;
}

void vf82599_hold(struct vf82599 *vf, bool hold)
{
	vf->held = hold;
	if (hold)
		return;
	vf_tx_task(vf);
	vf_rx_continue(vf);
}

void vf82599_offer_held(struct vf82599 *vf)
{
	bool held = vf->held;

	vf->held = false;
	vf_rx_continue(vf);
	vf->held = held;
}

void vf82599_reset(struct vf82599 *vf)
{
	reset_regs(vf);
	reset_msix_table(vf);
}

void vf82599_set_hung(struct vf82599 *vf, bool hung)
{
	vf->hung = hung;
	if (hung)
		vf_rx_drop_waiting(vf);
	else
		loop_task_queue(&vf->tx_task);
}
