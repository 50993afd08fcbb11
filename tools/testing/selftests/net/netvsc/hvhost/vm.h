/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The virtual machine as its devices see it: memory, interrupts, I/O ports and
 * memory-mapped I/O.  kvm.c makes it from /dev/kvm; boot.c puts a kernel in it.
 */
#ifndef HVHOST_VM_H
#define HVHOST_VM_H

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"

#define VM_MAX_VCPUS		8

/*
 * Guest-physical address map.  RAM is 0..VM_RAM_LOW_END and from 4 GiB on.  For
 * vPCI, acpi/dsdt.asl has a window between the two and one below 64 GiB.
 */
#define VM_RAM_LOW_END		0xc0000000ull	/* 3 GiB */

struct vm;

/**
 * struct vm_io - handler of a range of ports or of memory-mapped registers
 * @read: returns the value, @size bytes wide (1, 2, 4 or 8)
 * @write: @value is already cut to @size
 *
 * @offset counts from the start of the range; an access that crosses the end
 * of a range is not delivered (reads give all ones).
 */
struct vm_io {
	uint64_t (*read)(void *ctx, uint64_t offset, unsigned int size);
	void (*write)(void *ctx, uint64_t offset, unsigned int size,
		      uint64_t value);
};

/*
 * All of these are called with the host lock held.  Adding a range that
 * overlaps another one, or lies in RAM, fails.  Ranges may be added and removed
 * at any time, also from a handler.
 */
bool vm_mmio_add(struct vm *vm, uint64_t base, uint64_t size,
		 const struct vm_io *io, void *ctx);
void vm_mmio_del(struct vm *vm, uint64_t base);
bool vm_pio_add(struct vm *vm, uint16_t base, uint16_t size,
		const struct vm_io *io, void *ctx);
/*
 * Byte writes to @port may be gathered before they are delivered.  They come in
 * order, and before any other access to any device.
 */
void vm_pio_gather(struct vm *vm, uint16_t port);

void vm_irq_line(struct vm *vm, unsigned int irq, bool level);

/* An MSI as the guest's local APIC takes it: address 0xfeexxxxx and data. */
void vm_signal_msi(struct vm *vm, uint64_t address, uint32_t data);

/* A fixed, edge-triggered interrupt on one vCPU. */
void vm_signal_vector(struct vm *vm, unsigned int vp, uint8_t vector);

struct guest_mem *vm_mem(struct vm *vm);
unsigned int vm_nr_vcpus(const struct vm *vm);

/*
 * No vCPU executes anything for @ns nanoseconds, while the guest's clock goes on and
 * the host works: as a host does that is serviced, or short of processors.
 */
void vm_pause(struct vm *vm, uint64_t ns);

/* The guest's reference time, in 100 ns units since the VM was made. */
uint64_t vm_ref_time(struct vm *vm);

#endif
