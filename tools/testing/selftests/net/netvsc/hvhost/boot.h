/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Putting code into a VM.  boot.c
 */
#ifndef HVHOST_BOOT_H
#define HVHOST_BOOT_H

#include <stddef.h>
#include <stdint.h>

#include <asm/bootparam.h>

struct vm;

struct boot_config {
	const char *kernel;		/* bzImage */
	const char *initrd;		/* may be NULL */
	const char *command_line;
};

/* Loads a kernel; ends the program with one line if it cannot be. */
void boot_linux(struct vm *vm, const struct boot_config *config);

/* Has the first vCPU start in 64-bit mode, the low 4 GiB mapped one to one. */
void boot_set_entry(struct vm *vm, uint64_t rip, uint64_t rsi);

/* The parts that can be wrong, for unit tests. */

/* What is wrong with it in a few words, or NULL if it is a kernel to boot. */
const char *bzimage_check(const void *image, size_t size);
/* Fills in the memory map; returns the number of its entries. */
unsigned int e820_fill(struct boot_e820_entry *map, uint64_t low,
		       uint64_t high);

#endif
