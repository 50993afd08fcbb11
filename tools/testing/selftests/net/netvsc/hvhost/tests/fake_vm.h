/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A VM without KVM, for tests of the hypervisor half and of platform devices:
 * some RAM, and a record of what would have happened to the guest.
 */
#ifndef HVHOST_TESTS_FAKE_VM_H
#define HVHOST_TESTS_FAKE_VM_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../io.h"
#include "../machine.h"
#include "../partition.h"

#define FAKE_RAM	(256 * 1024)
#define FAKE_TSC_HZ	2000000000ull

struct vm {
	struct guest_mem mem;
	struct io_space pio;
	unsigned int nr_vcpus;
	struct hyperv *hyperv;
	uint64_t tsc;
	uint64_t ref_time;
	unsigned int interrupts;	/* on any vCPU */
	unsigned int last_vp;
	uint8_t last_vector;
	bool irq_level;
	unsigned int irq_edges;
	int ended;			/* status, or -1 */
};

struct guest_mem *vm_mem(struct vm *vm)
{
	return &vm->mem;
}

unsigned int vm_nr_vcpus(const struct vm *vm)
{
	return vm->nr_vcpus;
}

struct hyperv *vm_hyperv(struct vm *vm)
{
	return vm->hyperv;
}

uint64_t vm_tsc_hz(struct vm *vm)
{
	(void)vm;
	return FAKE_TSC_HZ;
}

uint64_t vm_vp_tsc(struct vm *vm, unsigned int vp)
{
	(void)vp;
	return vm->tsc;
}

uint64_t vm_ref_time(struct vm *vm)
{
	return vm->ref_time;
}

void vm_signal_vector(struct vm *vm, unsigned int vp, uint8_t vector)
{
	vm->interrupts++;
	vm->last_vp = vp;
	vm->last_vector = vector;
}

void vm_irq_line(struct vm *vm, unsigned int irq, bool level)
{
	(void)irq;
	vm->irq_edges += level && !vm->irq_level;
	vm->irq_level = level;
}

bool vm_pio_add(struct vm *vm, uint16_t base, uint16_t size,
		const struct vm_io *io, void *ctx)
{
	return io_add(&vm->pio, base, size, io, ctx);
}

void vm_pio_gather(struct vm *vm, uint16_t port)
{
	(void)vm;
	(void)port;
}

void vm_end(struct vm *vm, enum vm_status status, const char *fmt, ...)
{
	(void)fmt;
	vm->ended = status;
}

static inline struct vm *fake_vm_create(unsigned int nr_vcpus)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	mem_add(&vm->mem, 0, FAKE_RAM, calloc(1, FAKE_RAM));
	vm->nr_vcpus = nr_vcpus;
	vm->ended = -1;
	vm->hyperv = hv_create(vm);
	return vm;
}

static inline void fake_vm_free(struct vm *vm)
{
	synic_flush(vm);
	free(vm->hyperv);
	free(vm->mem.regions[0].host);
	free(vm);
}

#endif
