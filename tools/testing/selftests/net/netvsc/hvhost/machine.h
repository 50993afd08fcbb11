/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The virtual machine as those see it who make it, start it and end it: main.c,
 * boot.c, platform.c and the hypervisor half.  What devices need is in vm.h.
 * kvm.c
 */
#ifndef HVHOST_MACHINE_H
#define HVHOST_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "vm.h"

/* How a VM ends: the exit status of the program. */
enum vm_status {
	VM_OFF = 0,
	VM_FAILED = 1,			/* the host's own fault */
	VM_PANICKED = 3,
	VM_RESET = 4,
	VM_NO_KVM = 5,			/* this KVM cannot run guests */
};

#define VM_MIN_MEMORY_MB	64
#define VM_MAX_MEMORY_MB	60416		/* ends below the high window */

/* Ends the program with VM_NO_KVM and one line if KVM is of no use. */
struct vm *vm_create(unsigned int nr_vcpus, uint64_t memory);

/* `--check-kvm`: VM_OFF, or VM_NO_KVM after a line that says why. */
int vm_check_kvm(void);

/* Register contents of the first vCPU: 64-bit code, flat segments. */
struct vm_entry {
	uint64_t rip;
	uint64_t rsi;
	uint64_t cr3;
	uint64_t gdt;
	uint16_t gdt_size;
	uint16_t code;			/* selectors */
	uint16_t data;
};

void vm_set_entry(struct vm *vm, const struct vm_entry *entry);

void vm_start(struct vm *vm);
/* Waits for the vCPUs to stop; called without the host lock. */
void vm_stop(struct vm *vm);

/*
 * The guest is over: says why and ends the event loop with @status.  Called
 * with the host lock held; the first call counts.
 */
__attribute__((format(printf, 3, 4)))
void vm_end(struct vm *vm, enum vm_status status, const char *fmt, ...);

struct hyperv *vm_hyperv(struct vm *vm);
uint64_t vm_tsc_hz(struct vm *vm);
/* The guest's time stamp counter; on the vCPU's own thread only. */
uint64_t vm_vp_tsc(struct vm *vm, unsigned int vp);

/* acpi.c: writes the tables into guest memory; returns the RSDP's address. */
uint64_t acpi_install(struct vm *vm);
#define ACPI_TABLES_BASE	0xe0000ull
#define ACPI_TABLES_SIZE	0x10000ull

/* platform.c: power control, reset, real-time clock. */
void platform_create(struct vm *vm);
#define PLATFORM_PM1_EVENT	0x600
#define PLATFORM_PM1_CONTROL	0x604
#define PLATFORM_SCI		9
#define PLATFORM_RESET		0xcf9
#define PLATFORM_RESET_VALUE	0x06

#define IOAPIC_BASE		0xfec00000ull
#define LAPIC_BASE		0xfee00000ull

#endif
