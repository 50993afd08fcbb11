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

/*
 * Where the guest sees the function: bus 0, device 2, as on Azure.  The name
 * that udev gives its interface has the serial number as the slot.
 */
#define VPCI_DEVICE		2

/**
 * struct pci_function_ops - what a function does for its bus
 * @config_read: configuration space from 0x40 on, 1, 2 or 4 bytes in their
 *	natural place, and the capabilities pointer at 0x34.  The rest of the
 *	header is the bus's work.
 * @config_write: likewise, and the command register, as 2 bytes at 4, each time
 *	that it changes
 * @bar_read, @bar_write: registers behind a BAR, while memory decoding is on
 * @reset: power-on state (the bus leaves D0, is closed or taken away)
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

/**
 * struct pci_function - what a bus must know of the function on it
 * @bar_size: 0 for a BAR that is not there; a 64-bit BAR takes two, the second
 *	is 0
 * @bar_64bit: by BAR
 */
struct pci_function {
	const struct pci_function_ops *ops;
	void *ctx;
	uint64_t bar_size[PCI_NR_BARS];
	bool bar_64bit[PCI_NR_BARS];
	uint16_t vendor, device, subvendor, subdevice;
	uint32_t class_rev;		/* class code << 8 | revision */
	uint32_t serial;		/* what NVSP association names */
};

/**
 * vpci_create() - offer a bus with @fn on it
 * @instance_seed: makes the instance GUID, and so the PCI domain
 * @gone: called once when the bus is over: after an eject, a yank or a breach
 *	of the protocol the guest has released the channel.  The function has
 *	been reset long before, and may be freed in it.  From then on a new bus
 *	with the same seed may be offered; the bus itself is freed.  May come
 *	from within vpci_yank(), if the guest never saw the offer.
 */
struct vpci *vpci_create(struct vm *vm, struct vmbus *vmbus,
			 const struct pci_function *fn,
			 unsigned int instance_seed,
			 void (*gone)(void *ctx), void *ctx);

/* Newest version to agree to, as in the protocol; 1.4 unless said. */
void vpci_set_max_version(struct vpci *bus, uint32_t version);

/*
 * Asks the guest to give the device up; when it has answered, the channel is
 * rescinded.  False if that is already under way or the bus is not in D0, in
 * which case the caller yanks.
 */
bool vpci_eject(struct vpci *bus);
/* Surprise removal: rescinds the channel at once; an eject may be under way. */
void vpci_yank(struct vpci *bus);

/*
 * Power-on state of what the bus has of configuration space: BARs unmapped, header
 * cleared; the window stays.  For a function that the guest has reset through its
 * own part of configuration space; all other resets are the bus's own.
 */
void vpci_config_reset(struct vpci *bus);

/*
 * An MSI that the function sends, as its MSI-X table entry says.  The bus
 * delivers it to the vCPU and vector that the guest chose for that entry.
 */
void vpci_msi(struct vpci *bus, uint64_t address, uint32_t data);

/*
 * The hypercall that moves a message to another vCPU or vector: for
 * hv_calls.retarget.  Finds the bus by @device_id among all; @ctx is not used.
 * Returns an HV_STATUS.
 */
uint16_t vpci_retarget(void *ctx, uint64_t device_id, uint32_t address,
		       uint32_t data, uint8_t vector, uint64_t vp_mask);

/* vf82599.c */
struct vf82599 *vf82599_create(struct vm *vm, struct vnic *nic,
			       uint32_t serial);
void vf82599_free(struct vf82599 *vf);
const struct pci_function *vf82599_function(struct vf82599 *vf);
void vf82599_set_bus(struct vf82599 *vf, struct vpci *bus);
void vf82599_set_link(struct vf82599 *vf, bool up);
/*
 * Tells the guest that the link goes; frames pass until it has left the path, or
 * so much time has passed.
 */
void vf82599_notice_link_off(struct vf82599 *vf, uint64_t limit_ns);
void vf82599_set_hung(struct vf82599 *vf, bool hung);
/*
 * All but configuration space, behind the guest's back.  Without its interrupts no
 * driver makes good for that by itself: it has to be opened anew.
 */
void vf82599_reset(struct vf82599 *vf);
/* As netvsp_hold() and netvsp_offer_held(), for the VF's rings. */
void vf82599_hold(struct vf82599 *vf, bool hold);
void vf82599_offer_held(struct vf82599 *vf);

#endif
