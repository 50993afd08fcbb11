// SPDX-License-Identifier: GPL-2.0
/*
 * Does KVM notice when a guest sets XCR0?  Under qemu's plain emulation (7.2)
 * the instruction is not intercepted, KVM puts its own value back at each entry,
 * and a guest that was promised XSAVE finds it inconsistent.  Ask with a guest
 * of five instructions, and promise nothing if the answer is no.
 */
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cpuid.h"
#include "mem.h"

#define CODE_BASE	0x1000
#define CR4_OSXSAVE	0x40000
#define XCR0_X87_SSE	3

static const uint8_t code[] = {
	0x66, 0xb8, XCR0_X87_SSE, 0, 0, 0,	/* mov $3, %eax */
	0x66, 0x31, 0xd2,			/* xor %edx, %edx */
	0x66, 0x31, 0xc9,			/* xor %ecx, %ecx */
	0x0f, 0x01, 0xd1,			/* xsetbv */
	0xf4,					/* hlt */
};

/* The smallest of VMs: a page, a vCPU in real mode. */
struct probe {
	int vm, vcpu;
	void *page;
	struct kvm_run *run;
};

static bool set_up(struct probe *p, int kvm_fd)
{
	static struct cpuid_table table = { .head.nent = CPUID_MAX_ENTRIES };
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = CODE_BASE,
		.memory_size = GUEST_PAGE_SIZE,
		.userspace_addr = (uintptr_t)p->page,
	};
	struct kvm_regs regs = { .rip = CODE_BASE, .rflags = 2 };
	struct kvm_sregs sregs;

	if (ioctl(p->vm, KVM_SET_USER_MEMORY_REGION, &region) ||
	    ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, &table) ||
	    ioctl(p->vcpu, KVM_SET_CPUID2, &table) ||
	    ioctl(p->vcpu, KVM_GET_SREGS, &sregs))
		return false;
	memcpy(p->page, code, sizeof(code));
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	sregs.cr4 |= CR4_OSXSAVE;
	return !ioctl(p->vcpu, KVM_SET_SREGS, &sregs) &&
		!ioctl(p->vcpu, KVM_SET_REGS, &regs);
}

static bool run(struct probe *p)
{
	struct kvm_xcrs xcrs;

	return !ioctl(p->vcpu, KVM_RUN, 0) &&
		p->run->exit_reason == KVM_EXIT_HLT &&
		!ioctl(p->vcpu, KVM_GET_XCRS, &xcrs) && xcrs.nr_xcrs &&
		xcrs.xcrs[0].value == XCR0_X87_SSE;
}

bool xsave_works(int kvm_fd)
{
	struct probe p = {
		.vm = ioctl(kvm_fd, KVM_CREATE_VM, 0),
		.page = mmap(NULL, GUEST_PAGE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	};
	int size = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	bool works = false;

	p.vcpu = ioctl(p.vm, KVM_CREATE_VCPU, 0);
	p.run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, p.vcpu, 0);
	if (p.page != MAP_FAILED && p.run != MAP_FAILED && set_up(&p, kvm_fd))
		works = run(&p);
	if (p.run != MAP_FAILED)
		munmap(p.run, size);
	if (p.page != MAP_FAILED)
		munmap(p.page, GUEST_PAGE_SIZE);
	close(p.vcpu);
	close(p.vm);
	return works;
}
