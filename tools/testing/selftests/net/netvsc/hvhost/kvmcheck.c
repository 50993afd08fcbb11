// SPDX-License-Identifier: GPL-2.0
/*
 * `--check-kvm`: does this KVM run ordinary 64-bit code at the speed of a
 * processor?  That the device is there and makes VMs says nothing of that.
 */
#include "boot.h"
#include "log.h"
#include "loop.h"
#include "machine.h"

#define CODE_BASE	0x100000ull
#define DONE_PORT	0x10
#define DONE_VALUE	0x5a
#define PATIENCE_NS	20000000000ull
#define MEMORY		(64ull << 20)

/*
 * Some million turns of arithmetic, memory and SSE, which an emulator of single
 * instructions either refuses or does not finish in time.
 */
static const uint8_t code[] = {
	0x0f, 0x20, 0xe0,			/* mov %cr4, %rax */
	0x48, 0x0d, 0x00, 0x06, 0x00, 0x00,	/* or $0x600, %rax */
	0x0f, 0x22, 0xe0,			/* mov %rax, %cr4 */
	0x0f, 0x20, 0xc0,			/* mov %cr0, %rax */
	0x48, 0x83, 0xc8, 0x02,			/* or $2, %rax: MP */
	0x48, 0x83, 0xe0, 0xfb,			/* and $~4, %rax: EM */
	0x0f, 0x22, 0xc0,			/* mov %rax, %cr0 */
	0xbb, 0x00, 0x00, 0x20, 0x00,		/* mov $0x200000, %ebx */
	0xb9, 0x00, 0x00, 0x40, 0x00,		/* mov $0x400000, %ecx */
	/* turn: */
	0x66, 0x48, 0x0f, 0x6e, 0xc1,		/* movq %rcx, %xmm0 */
	0x66, 0x0f, 0xd4, 0xc0,			/* paddq %xmm0, %xmm0 */
	0xf3, 0x0f, 0x7f, 0x03,			/* movdqu %xmm0, (%rbx) */
	0x48, 0x03, 0x13,			/* add (%rbx), %rdx */
	0xff, 0xc9,				/* dec %ecx */
	0x75, 0xec,				/* jnz turn */
	0xb0, DONE_VALUE,			/* mov $DONE_VALUE, %al */
	0xe6, DONE_PORT,			/* out %al, $DONE_PORT */
	0xf4,					/* hlt */
};

static void done(void *ctx, uint64_t offset, unsigned int size, uint64_t value)
{
	(void)offset;
	(void)size;
	if (value == DONE_VALUE)
		vm_end(ctx, VM_OFF, "KVM runs guests");
}

static const struct vm_io done_port = { .write = done };

static void too_slow(void *ctx)
{
	vm_end(ctx, VM_NO_KVM,
	       "this KVM cannot run ordinary guests: it takes too long");
}

int vm_check_kvm(void)
{
	struct vm *vm = vm_create(1, MEMORY);
	struct loop_timer timer = { .fn = too_slow, .ctx = vm };
	int status;

	host_lock();
	if (!vm_pio_add(vm, DONE_PORT, 1, &done_port, vm) ||
	    !mem_write(vm_mem(vm), CODE_BASE, code, sizeof(code)))
		die("cannot set up the check");
	boot_set_entry(vm, CODE_BASE, 0);
	loop_timer_set(&timer, PATIENCE_NS);
	vm_start(vm);
	host_unlock();
	status = loop_run();
	vm_stop(vm);
	return status;
}
