// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration space of a vPCI bus: the window of two pages through which the
 * guest reaches it, the standard header, and BARs that follow the header.
 */
#include <string.h>

#include "le.h"
#include "mem.h"
#include "vm.h"
#include "vpci_bus.h"
#include "vpci_wire.h"

/* The first page of the window takes a slot, the second shows that function. */
#define WINDOW_SIZE		(2 * GUEST_PAGE_SIZE)
#define MAX_GPA			(1ull << 52)

#define CFG_VENDOR		0x00
#define CFG_DEVICE		0x02
#define CFG_COMMAND		0x04
#define CFG_STATUS		0x06
#define CFG_CLASS_REV		0x08
#define CFG_BAR(n)		(0x10 + 4 * (n))
#define CFG_SUBVENDOR		0x2c
#define CFG_SUBDEVICE		0x2e
#define CFG_CAPABILITIES	0x34

#define COMMAND_MEMORY		0x0002
#define COMMAND_WRITABLE	0x0546	/* memory, master, parity, SERR, INTx */
#define STATUS_CAPABILITIES	0x0010
#define BAR_64BIT		0x00000004u

static uint32_t bar_type(const struct vpci *bus, unsigned int bar)
{
	return bus->fn->bar_64bit[bar] ? BAR_64BIT : 0;
}

/* Is @bar the upper half of the 64-bit one before it? */
static bool bar_upper(const struct vpci *bus, unsigned int bar)
{
	return bar && bus->fn->bar_size[bar - 1] && bus->fn->bar_64bit[bar - 1];
}

uint32_t vpci_probed_bar(const struct vpci *bus, unsigned int bar)
{
	if (bar_upper(bus, bar))
		return -(bus->fn->bar_size[bar - 1]) >> 32;
	if (!bus->fn->bar_size[bar])
		return 0;
	return -(uint32_t)bus->fn->bar_size[bar] | bar_type(bus, bar);
}

static void header_init(struct vpci *bus)
{
	const struct pci_function *fn = bus->fn;
	uint8_t *h = bus->header;
	unsigned int i;

	memset(h, 0, sizeof(bus->header));
	put_le(h + CFG_VENDOR, 2, fn->vendor);
	put_le(h + CFG_DEVICE, 2, fn->device);
	put_le(h + CFG_STATUS, 2, STATUS_CAPABILITIES);
	put_le(h + CFG_CLASS_REV, 4, fn->class_rev);
	put_le(h + CFG_SUBVENDOR, 2, fn->subvendor);
	put_le(h + CFG_SUBDEVICE, 2, fn->subdevice);
	for (i = 0; i < PCI_NR_BARS; i++)
		put_le(h + CFG_BAR(i), 4, bar_type(bus, i));
}

void vpci_config_init(struct vpci *bus)
{
	unsigned int i;

	header_init(bus);
	put_le(bus->writable + CFG_COMMAND, 2, COMMAND_WRITABLE);
	for (i = 0; i < PCI_NR_BARS; i++) {
		bus->bars[i].bus = bus;
		bus->bars[i].index = i;
		put_le(bus->writable + CFG_BAR(i), 4,
		       vpci_probed_bar(bus, i) & ~bar_type(bus, i));
	}
}

static uint64_t bar_mmio_read(void *ctx, uint64_t offset, unsigned int size)
{
	const struct pci_function *fn;
	struct vpci_bar *bar = ctx;

	fn = bar->bus->fn;
	return fn->ops->bar_read(fn->ctx, bar->index, offset, size);
}

static void bar_mmio_write(void *ctx, uint64_t offset, unsigned int size,
			   uint64_t value)
{
	const struct pci_function *fn;
	struct vpci_bar *bar = ctx;

	fn = bar->bus->fn;
	fn->ops->bar_write(fn->ctx, bar->index, offset, size, value);
}

static const struct vm_io bar_io = {
	.read = bar_mmio_read,
	.write = bar_mmio_write,
};

static void bar_map(struct vpci *bus, unsigned int index)
{
	uint64_t size = bus->fn->bar_size[index];
	struct vpci_bar *bar = &bus->bars[index];
	uint64_t base;

	if (!size || bar->mapped)
		return;
	base = get_le(bus->header + CFG_BAR(index), 4) & ~0xfull;
	if (bus->fn->bar_64bit[index])
		base |= (uint64_t)get_le(bus->header + CFG_BAR(index + 1), 4)
			<< 32;
	if (base >= MAX_GPA || !vm_mmio_add(bus->vm, base, size, &bar_io,
					    bar)) {
		log_guest_error(&bus->rate, "vpci",
				"BAR %u cannot be mapped at %llx", index,
				(unsigned long long)base);
		return;
	}
	bar->mapped = true;
	bar->base = base;
}

static void bar_unmap(struct vpci *bus, unsigned int index)
{
	struct vpci_bar *bar = &bus->bars[index];

	if (!bar->mapped)
		return;
	vm_mmio_del(bus->vm, bar->base);
	bar->mapped = false;
}

static bool decoding(const struct vpci *bus)
{
	return bus->header[CFG_COMMAND] & COMMAND_MEMORY;
}

void vpci_config_reset(struct vpci *bus)
{
	unsigned int i;

	for (i = 0; i < PCI_NR_BARS; i++)
		bar_unmap(bus, i);
	header_init(bus);
}

/* The function follows bus mastering, the BARs follow memory decoding. */
static void command_changed(struct vpci *bus)
{
	const struct pci_function *fn = bus->fn;
	unsigned int i;

	for (i = 0; i < PCI_NR_BARS; i++) {
		if (decoding(bus))
			bar_map(bus, i);
		else
			bar_unmap(bus, i);
	}
	fn->ops->config_write(fn->ctx, CFG_COMMAND, 2,
			      get_le(bus->header + CFG_COMMAND, 2));
}

static void header_write(struct vpci *bus, uint16_t offset, unsigned int size,
			 uint32_t value)
{
	uint32_t command = get_le(bus->header + CFG_COMMAND, 2);
	uint8_t *byte, mask;
	unsigned int i;

	/* As on Hyper-V, a BAR does not move while it is being decoded. */
	if (decoding(bus) && offset >= CFG_BAR(0) &&
	    offset < CFG_BAR(PCI_NR_BARS))
		return;
	for (i = 0; i < size; i++, value >>= 8) {
		byte = &bus->header[offset + i];
		mask = bus->writable[offset + i];
		*byte = (*byte & ~mask) | (value & mask);
	}
	if (get_le(bus->header + CFG_COMMAND, 2) != command)
		command_changed(bus);
}

static uint32_t config_read(struct vpci *bus, uint16_t offset,
			    unsigned int size)
{
	const struct pci_function *fn = bus->fn;

	if (offset >= VPCI_HEADER_SIZE || (offset & ~3) == CFG_CAPABILITIES)
		return fn->ops->config_read(fn->ctx, offset, size);
	return get_le(bus->header + offset, size);
}

static void config_write(struct vpci *bus, uint16_t offset, unsigned int size,
			 uint32_t value)
{
	const struct pci_function *fn = bus->fn;

	if (offset >= VPCI_HEADER_SIZE)
		fn->ops->config_write(fn->ctx, offset, size, value);
	else
		header_write(bus, offset, size, value);
}

/* Configuration accesses are naturally aligned and at most 4 bytes wide. */
static bool config_access(const struct vpci *bus, uint64_t offset,
			  unsigned int size)
{
	return offset >= GUEST_PAGE_SIZE && offset < WINDOW_SIZE && size <= 4 &&
	       !(offset & (size - 1)) &&
	       bus->selected == VPCI_SLOT(VPCI_DEVICE, 0);
}

static uint64_t window_read(void *ctx, uint64_t offset, unsigned int size)
{
	struct vpci *bus = ctx;

	if (!config_access(bus, offset, size))
		return ~0ull;
	return config_read(bus, offset - GUEST_PAGE_SIZE, size);
}

static void window_write(void *ctx, uint64_t offset, unsigned int size,
			 uint64_t value)
{
	struct vpci *bus = ctx;

	if (!offset && size == 4)
		bus->selected = value;
	else if (config_access(bus, offset, size))
		config_write(bus, offset - GUEST_PAGE_SIZE, size, value);
}

static const struct vm_io window_io = {
	.read = window_read,
	.write = window_write,
};

bool vpci_window_map(struct vpci *bus, uint64_t base)
{
	if (base % GUEST_PAGE_SIZE || base >= MAX_GPA ||
	    !vm_mmio_add(bus->vm, base, WINDOW_SIZE, &window_io, bus)) {
		log_guest_error(&bus->rate, "vpci",
				"no window for configuration space at %llx",
				(unsigned long long)base);
		return false;
	}
	bus->window = base;
	bus->selected = ~0u;
	return true;
}

void vpci_window_unmap(struct vpci *bus)
{
	vm_mmio_del(bus->vm, bus->window);
}
