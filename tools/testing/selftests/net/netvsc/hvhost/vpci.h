/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vPCI bus: one VMBus channel with one PCI function behind it.  vpci.c
 * The function itself, an Intel 82599 VF in its Hyper-V flavour: vf82599.c
 */
#ifndef HVHOST_VPCI_H
#define HVHOST_VPCI_H

#include <stdbool.h>
#include <stdint.h>

struct vm;
struct vmbus;
struct vnic;
struct vpci;
struct vf82599;

#define PCI_NR_BARS	6

/**
 * struct pci_function - what a bus needs of the function on it
 * @config_read, @config_write: configuration space, 4 KiB
 * @bar_size: 0 for a BAR that is not there; a 64-bit BAR takes two, the second
 *	is 0
 * @bar_64bit: by BAR
 * @bar: handlers of a BAR's registers, called with the function's ctx
 * @reset: power-on state (the bus leaves D0, or is closed)
 */
struct pci_function_ops {
	uint32_t (*config_read)(void *ctx, uint16_t offset, unsigned int size);
	void (*config_write)(void *ctx, uint16_t offset, unsigned int size,
			     uint32_t value);
	uint64_t (*bar_read)(void *ctx, unsigned int bar, uint64_t offset,
			     unsigned int size);
	void (*bar_write)(void *ctx, unsigned int bar, uint64_t offset,
			  unsigned int size, uint64_t value);
	void (*reset)(void *ctx);
};

struct pci_function {
	const struct pci_function_ops *ops;
	void *ctx;
	uint64_t bar_size[PCI_NR_BARS];
	bool bar_64bit[PCI_NR_BARS];
	uint16_t vendor, device, subvendor, subdevice;
	uint32_t class_rev;		/* class code << 8 | revision */
	uint32_t serial;		/* of the slot; what NVSP association names */
};

/**
 * vpci_create() - offer a bus with @fn on it
 * @instance_seed: makes the instance GUID, and so the PCI domain
 * @gone: called once when the bus is over: ejected, or its channel released
 *	after a yank.  The function may be freed in it.
 */
struct vpci *vpci_create(struct vm *vm, struct vmbus *vmbus,
			 const struct pci_function *fn,
			 unsigned int instance_seed,
			 void (*gone)(void *ctx), void *ctx);

/*
 * Asks the guest to give the device up; when it has answered, the channel is
 * rescinded.  False if that is already under way or the bus is not in D0, in
 * which case the caller yanks.
 */
bool vpci_eject(struct vpci *bus);
/* Surprise removal: rescinds the channel at once. */
void vpci_yank(struct vpci *bus);

/*
 * An MSI that the function sends, as its MSI-X table entry says.  The bus
 * delivers it to the vCPU and vector that the guest chose for that entry.
 */
void vpci_msi(struct vpci *bus, uint64_t address, uint32_t data);

/* vf82599.c */
struct vf82599 *vf82599_create(struct vm *vm, struct vnic *nic,
			       uint32_t serial);
void vf82599_free(struct vf82599 *vf);
const struct pci_function *vf82599_function(struct vf82599 *vf);
void vf82599_set_bus(struct vf82599 *vf, struct vpci *bus);
void vf82599_set_link(struct vf82599 *vf, bool up);

#endif
