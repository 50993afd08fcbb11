// SPDX-License-Identifier: GPL-2.0
/*
 * The VM on /dev/kvm: memory, vCPU threads and their exits.  KVM keeps the
 * interrupt controllers and timers; everything of Hyper-V comes out to here, so
 * that KVM's own Hyper-V emulation is never in play.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "cpuid.h"
#include "io.h"
#include "log.h"
#include "loop.h"
#include "machine.h"
#include "partition.h"

#define KICK_SIGNAL		SIGUSR1

/* Intel's KVM needs four pages nobody else uses; below the BIOS is usual. */
#define IDENTITY_MAP_BASE	0xfffbc000ull
#define TSS_BASE		0xfffbd000ull

#define MSR_IA32_TSC		0x10
#define MSR_MTRR_DEF_TYPE	0x2ff
#define MTRR_ENABLED_WB		0xc06

struct vcpu {
	struct vm *vm;
	unsigned int index;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
};

struct vm {
	int kvm_fd;
	int fd;
	unsigned int nr_vcpus;
	struct vcpu vcpus[VM_MAX_VCPUS];
	struct guest_mem mem;
	struct io_space mmio;
	struct io_space pio;
	struct hyperv *hyperv;
	struct kvm_coalesced_mmio_ring *gathered;
	bool xsave;
	uint64_t tsc_hz;
	uint64_t tsc_start;
	bool started;
	bool over;
	/* Whether vCPUs are to stand still, and until when. */
	pthread_mutex_t pause_lock;
	pthread_cond_t pause_over;
	bool paused;
	struct loop_timer pause_end;
};

__attribute__((format(printf, 1, 2), noreturn))
static void no_kvm(const char *fmt, ...)
{
	va_list args;

	fputs("hvhost: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(VM_NO_KVM);
}

/* An ioctl that a KVM which is fit for use does not refuse. */
static int kvm_ioctl(int fd, unsigned long request, void *arg,
		     const char *what)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		no_kvm("KVM cannot %s: %s", what, strerror(errno));
	return ret;
}

static bool processor_can_virtualize(void)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char word[64];
	bool found = false;

	if (!file)
		return false;
	while (!found && fscanf(file, "%63s", word) == 1)
		found = !strcmp(word, "vmx") || !strcmp(word, "svm");
	fclose(file);
	return found;
}

static void need_capability(int fd, int capability, const char *what)
{
	if (ioctl(fd, KVM_CHECK_EXTENSION, capability) <= 0)
		no_kvm("this KVM lacks %s", what);
}

static int open_kvm(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		no_kvm("cannot open /dev/kvm: %s", strerror(errno));
	if (ioctl(fd, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		no_kvm("/dev/kvm speaks another version of its API");
	/*
	 * Without it KVM emulates instruction after instruction, and gives up
	 * after some seconds.
	 */
	if (!processor_can_virtualize())
		no_kvm("the processor has neither vmx nor svm, so this KVM cannot run ordinary guests");
	need_capability(fd, KVM_CAP_IRQCHIP, "an interrupt controller");
	need_capability(fd, KVM_CAP_SIGNAL_MSI, "MSIs");
	need_capability(fd, KVM_CAP_SYNC_REGS, "synchronized registers");
	need_capability(fd, KVM_CAP_IMMEDIATE_EXIT, "immediate exits");
	need_capability(fd, KVM_CAP_X86_USER_SPACE_MSR, "MSRs in user space");
	need_capability(fd, KVM_CAP_X86_MSR_FILTER, "MSR filters");
	need_capability(fd, KVM_CAP_GET_TSC_KHZ, "the TSC's frequency");
	return fd;
}

/* Memory ------------------------------------------------------------------ */

static void add_memory(struct vm *vm, unsigned int slot, uint64_t gpa,
		       uint64_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = size,
	};
	void *host = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (host == MAP_FAILED)
		die("no %llu MiB of memory for the guest: %s",
		    (unsigned long long)(size >> 20), strerror(errno));
	madvise(host, size, MADV_HUGEPAGE);
	region.userspace_addr = (uintptr_t)host;
	kvm_ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region,
		  "take the guest's memory");
	mem_add(&vm->mem, gpa, size, host);
}

static void create_memory(struct vm *vm, uint64_t size)
{
	uint64_t low = size < VM_RAM_LOW_END ? size : VM_RAM_LOW_END;

	add_memory(vm, 0, 0, low);
	if (size > low)
		add_memory(vm, 1, 1ull << 32, size - low);
}

static bool in_ram(const struct vm *vm, uint64_t base, uint64_t size)
{
	const struct mem_region *region;
	unsigned int i;

	for (i = 0; i < vm->mem.nr_regions; i++) {
		region = &vm->mem.regions[i];
		if (base < region->gpa + region->size &&
		    region->gpa < base + size)
			return true;
	}
	return false;
}

/* The machine ------------------------------------------------------------- */

static void filter_msrs(struct vm *vm)
{
	static uint8_t none[HV_MSR_COUNT / 8];
	struct kvm_msr_filter filter = {
		.flags = KVM_MSR_FILTER_DEFAULT_ALLOW,
		.ranges[0] = {
			.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
			.base = HV_MSR_FIRST,
			.nmsrs = HV_MSR_COUNT,
			.bitmap = none,
		},
	};
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR,
		.args[0] = KVM_MSR_EXIT_REASON_FILTER,
	};

	kvm_ioctl(vm->fd, KVM_ENABLE_CAP, &cap, "hand out MSRs");
	kvm_ioctl(vm->fd, KVM_X86_SET_MSR_FILTER, &filter, "filter MSRs");
}

static void create_chips(struct vm *vm)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	uint64_t identity = IDENTITY_MAP_BASE;

	kvm_ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity,
		  "place its page table");
	kvm_ioctl(vm->fd, KVM_SET_TSS_ADDR, (void *)TSS_BASE, "place its TSS");
	kvm_ioctl(vm->fd, KVM_CREATE_IRQCHIP, NULL,
		  "make interrupt controllers");
	kvm_ioctl(vm->fd, KVM_CREATE_PIT2, &pit, "make a timer");
}

static void set_cpuid(struct vcpu *vcpu)
{
	static struct cpuid_table table;
	struct cpuid_fit how = {
		.vp = vcpu->index,
		.nr_vcpus = vcpu->vm->nr_vcpus,
		.xsave = vcpu->vm->xsave,
	};

	table.head.nent = CPUID_MAX_ENTRIES;
	kvm_ioctl(vcpu->vm->kvm_fd, KVM_GET_SUPPORTED_CPUID, &table,
		  "say what processor it offers");
	how.tsc_deadline = ioctl(vcpu->vm->fd, KVM_CHECK_EXTENSION,
				 KVM_CAP_TSC_DEADLINE_TIMER) > 0;
	cpuid_fit(&table, &how);
	kvm_ioctl(vcpu->fd, KVM_SET_CPUID2, &table, "set CPUID");
}

struct one_msr {
	struct kvm_msrs head;
	struct kvm_msr_entry entry;
};

/* Memory is write-back but where the page tables say otherwise, as set up by
 * any firmware.
 */
static void set_mtrr(struct vcpu *vcpu)
{
	struct one_msr msr = {
		.head.nmsrs = 1,
		.entry = { .index = MSR_MTRR_DEF_TYPE, .data = MTRR_ENABLED_WB },
	};

	kvm_ioctl(vcpu->fd, KVM_SET_MSRS, &msr, "set an MSR");
}

static void create_vcpu(struct vm *vm, unsigned int index, size_t run_size)
{
	struct vcpu *vcpu = &vm->vcpus[index];
	void *run;

	vcpu->vm = vm;
	vcpu->index = index;
	vcpu->fd = kvm_ioctl(vm->fd, KVM_CREATE_VCPU,
			     (void *)(uintptr_t)index, "make a vCPU");
	run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   vcpu->fd, 0);
	if (run == MAP_FAILED)
		no_kvm("cannot map a vCPU: %s", strerror(errno));
	vcpu->run = run;
	vcpu->run->kvm_valid_regs = KVM_SYNC_X86_REGS;
	set_cpuid(vcpu);
	set_mtrr(vcpu);
}

static void create_vcpus(struct vm *vm, unsigned int count)
{
	size_t run_size;
	unsigned int i;
	int page;

	run_size = kvm_ioctl(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, NULL,
			     "say how large a vCPU is");
	vm->nr_vcpus = count;
	for (i = 0; i < count; i++)
		create_vcpu(vm, i, run_size);
	page = ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_MMIO);
	if (page > 0 && ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION,
			      KVM_CAP_COALESCED_PIO) > 0)
		vm->gathered = (void *)((uint8_t *)vm->vcpus[0].run +
					(size_t)page * GUEST_PAGE_SIZE);
}

static int create_fd(int kvm_fd)
{
	int fd;

	do
		fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		no_kvm("KVM cannot make a VM: %s", strerror(errno));
	return fd;
}

static void set_paused(struct vm *vm, bool on)
{
	pthread_mutex_lock(&vm->pause_lock);
	vm->paused = on;
	pthread_cond_broadcast(&vm->pause_over);
	pthread_mutex_unlock(&vm->pause_lock);
}

static void resume(void *ctx)
{
	log_info("vm", "the guest goes on");
	set_paused(ctx, false);
}

struct vm *vm_create(unsigned int nr_vcpus, uint64_t memory)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		die("out of memory");
	vm->kvm_fd = open_kvm();
	vm->fd = create_fd(vm->kvm_fd);
	vm->xsave = xsave_works(vm->kvm_fd);
	create_memory(vm, memory);
	create_chips(vm);
	filter_msrs(vm);
	create_vcpus(vm, nr_vcpus);
	vm->tsc_hz = 1000ull * kvm_ioctl(vm->vcpus[0].fd, KVM_GET_TSC_KHZ,
					 NULL, "tell the TSC's frequency");
	vm->tsc_start = __rdtsc();
	vm->hyperv = hv_create(vm);
	pthread_mutex_init(&vm->pause_lock, NULL);
	pthread_cond_init(&vm->pause_over, NULL);
	vm->pause_end.fn = resume;
	vm->pause_end.ctx = vm;
	return vm;
}

void vm_set_entry(struct vm *vm, const struct vm_entry *entry)
{
	int fd = vm->vcpus[0].fd;
	struct kvm_segment data = {
		.selector = entry->data,
		.limit = 0xffffffff,
		.type = 3,
		.present = 1,
		.db = 1,
		.s = 1,
		.g = 1,
	};
	struct kvm_segment code = data;
	struct kvm_regs regs = {
		.rip = entry->rip,
		.rsi = entry->rsi,
		.rflags = 2,
	};
	struct kvm_sregs sregs;

	code.selector = entry->code;
	code.type = 11;
	code.db = 0;
	code.l = 1;
	kvm_ioctl(fd, KVM_GET_SREGS, &sregs, "read registers");
	sregs.cs = code;
	sregs.ds = data;
	sregs.es = data;
	sregs.fs = data;
	sregs.gs = data;
	sregs.ss = data;
	sregs.gdt.base = entry->gdt;
	sregs.gdt.limit = entry->gdt_size - 1;
	sregs.cr0 = 0x80000011;		/* PG, ET, PE */
	sregs.cr3 = entry->cr3;
	sregs.cr4 = 0x20;		/* PAE */
	sregs.efer = 0x500;		/* LMA, LME */
	kvm_ioctl(fd, KVM_SET_SREGS, &sregs, "set registers");
	kvm_ioctl(fd, KVM_SET_REGS, &regs, "set registers");
}

/* What devices use -------------------------------------------------------- */

bool vm_mmio_add(struct vm *vm, uint64_t base, uint64_t size,
		 const struct vm_io *io, void *ctx)
{
	return !in_ram(vm, base, size) && io_add(&vm->mmio, base, size, io,
						 ctx);
}

void vm_mmio_del(struct vm *vm, uint64_t base)
{
	io_del(&vm->mmio, base);
}

bool vm_pio_add(struct vm *vm, uint16_t base, uint16_t size,
		const struct vm_io *io, void *ctx)
{
	return base + size <= 0x10000 && io_add(&vm->pio, base, size, io, ctx);
}

void vm_pio_gather(struct vm *vm, uint16_t port)
{
	struct kvm_coalesced_mmio_zone zone = {
		.addr = port,
		.size = 1,
		.pio = 1,
	};

	if (vm->gathered)
		ioctl(vm->fd, KVM_REGISTER_COALESCED_MMIO, &zone);
}

void vm_irq_line(struct vm *vm, unsigned int irq, bool level)
{
	struct kvm_irq_level line = { .irq = irq, .level = level };

	if (ioctl(vm->fd, KVM_IRQ_LINE, &line) < 0)
		log_error("kvm", "cannot set IRQ %u: %s", irq, strerror(errno));
}

void vm_signal_msi(struct vm *vm, uint64_t address, uint32_t data)
{
	struct kvm_msi msi = {
		.address_lo = address,
		.address_hi = address >> 32,
		.data = data,
	};

	/* The guest chooses what it says, so KVM's refusal is no surprise. */
	if (ioctl(vm->fd, KVM_SIGNAL_MSI, &msi) < 0)
		log_debug("kvm", "MSI 0x%llx 0x%x goes nowhere: %s",
			  (unsigned long long)address, data, strerror(errno));
}

void vm_signal_vector(struct vm *vm, unsigned int vp, uint8_t vector)
{
	vm_signal_msi(vm, LAPIC_BASE | vp << 12, vector);
}

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
	return vm->tsc_hz;
}

uint64_t vm_ref_time(struct vm *vm)
{
	uint64_t ticks = __rdtsc() - vm->tsc_start;

	return (unsigned __int128)ticks * 10000000 / vm->tsc_hz;
}

uint64_t vm_vp_tsc(struct vm *vm, unsigned int vp)
{
	struct one_msr msr = {
		.head.nmsrs = 1,
		.entry.index = MSR_IA32_TSC,
	};

	if (ioctl(vm->vcpus[vp].fd, KVM_GET_MSRS, &msr) != 1)
		log_error("kvm", "cannot read the TSC of vCPU %u", vp);
	return msr.entry.data;
}

void vm_end(struct vm *vm, enum vm_status status, const char *fmt, ...)
{
	char why[256];
	va_list args;

	if (vm->over)
		return;
	vm->over = true;
	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	if (status == VM_OFF)
		log_info("vm", "%s", why);
	else
		log_error("vm", "%s", why);
	loop_stop(status);
}

/* Exits ------------------------------------------------------------------- */

/*
 * User code reaches the port only if the guest's kernel lets it; that such code
 * does not lie in the upper half saves asking for segments in every call.
 */
static bool from_kernel(const struct vcpu *vcpu)
{
	struct kvm_sregs sregs;

	if (vcpu->run->s.regs.regs.rip >> 63)
		return true;
	return !ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) && !sregs.ss.dpl;
}

static void hypercall(struct vcpu *vcpu)
{
	struct kvm_regs *regs = &vcpu->run->s.regs.regs;

	if (from_kernel(vcpu))
		regs->rax = hv_hypercall(vcpu->vm->hyperv, regs->rcx,
					 regs->rdx, regs->r8);
	else
		regs->rax = HV_STATUS_ACCESS_DENIED;
	vcpu->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
}

static void port_io(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	unsigned int size = run->io.size;
	uint64_t value;
	uint32_t i;

	if (run->io.port == HV_HYPERCALL_PORT &&
	    run->io.direction == KVM_EXIT_IO_OUT) {
		hypercall(vcpu);
		return;
	}
	for (i = 0; i < run->io.count; i++, data += size) {
		value = 0;
		if (run->io.direction == KVM_EXIT_IO_OUT) {
			memcpy(&value, data, size);
			io_write(&vcpu->vm->pio, run->io.port, size, value);
		} else {
			value = io_read(&vcpu->vm->pio, run->io.port, size);
			memcpy(data, &value, size);
		}
	}
}

static void mmio(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	uint64_t value = 0;

	if (run->mmio.is_write) {
		memcpy(&value, run->mmio.data, sizeof(value));
		io_write(&vcpu->vm->mmio, run->mmio.phys_addr, run->mmio.len,
			 value);
		return;
	}
	value = io_read(&vcpu->vm->mmio, run->mmio.phys_addr, run->mmio.len);
	memcpy(run->mmio.data, &value, sizeof(value));
}

static void read_msr(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	uint64_t value = 0;

	run->msr.error = !hv_msr_read(vcpu->vm->hyperv, vcpu->index,
				      run->msr.index, &value);
	run->msr.data = value;
}

static void write_msr(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	run->msr.error = !hv_msr_write(vcpu->vm->hyperv, vcpu->index,
				       run->msr.index, run->msr.data);
}

static void handle_exit(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	struct vm *vm = vcpu->vm;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		port_io(vcpu);
		break;
	case KVM_EXIT_MMIO:
		mmio(vcpu);
		break;
	case KVM_EXIT_X86_RDMSR:
		read_msr(vcpu);
		break;
	case KVM_EXIT_X86_WRMSR:
		write_msr(vcpu);
		break;
	case KVM_EXIT_INTR:
		break;
	case KVM_EXIT_SHUTDOWN:
		vm_end(vm, VM_RESET, "guest reset: triple fault on vCPU %u",
		       vcpu->index);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		vm_end(vm, VM_NO_KVM,
		       "this KVM cannot run the guest: internal error %u at 0x%llx on vCPU %u",
		       run->internal.suberror,
		       (unsigned long long)run->s.regs.regs.rip, vcpu->index);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		vm_end(vm, VM_NO_KVM,
		       "this KVM cannot run the guest: entry failed, reason 0x%llx, on vCPU %u",
		       (unsigned long long)
		       run->fail_entry.hardware_entry_failure_reason,
		       vcpu->index);
		break;
	default:
		vm_end(vm, VM_FAILED, "unexpected exit %u on vCPU %u",
		       run->exit_reason, vcpu->index);
	}
}

/* Writes that KVM gathered come before the exit that ended the gathering. */
static void deliver_gathered(struct vm *vm)
{
	const uint32_t max = (GUEST_PAGE_SIZE -
			      sizeof(struct kvm_coalesced_mmio_ring)) /
		sizeof(struct kvm_coalesced_mmio);
	struct kvm_coalesced_mmio_ring *ring = vm->gathered;
	struct kvm_coalesced_mmio *one;
	uint64_t value;

	if (!ring)
		return;
	while (ring->first != __atomic_load_n(&ring->last, __ATOMIC_ACQUIRE)) {
		one = &ring->coalesced_mmio[ring->first];
		value = 0;
		memcpy(&value, one->data, sizeof(one->data));
		io_write(one->pio ? &vm->pio : &vm->mmio, one->phys_addr,
			 one->len, value);
		__atomic_store_n(&ring->first, (ring->first + 1) % max,
				 __ATOMIC_RELEASE);
	}
}

/* Wherever it is: it does not stay in KVM_RUN, and comes by stand_still(). */
static void kick(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	pthread_kill(vcpu->thread, KICK_SIGNAL);
}

/*
 * Who has been kicked waits here while the guest is paused.  The kick is taken off
 * under the lock with which a pause begins, or it could be that of the next one.
 * The end is looked for after that: whoever kicks for it has set @over before.
 * Return: whether it is over.
 */
static bool stand_still(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	bool over;

	pthread_mutex_lock(&vm->pause_lock);
	while (vm->paused)
		pthread_cond_wait(&vm->pause_over, &vm->pause_lock);
	__atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&vm->pause_lock);
	host_lock();
	over = vm->over;
	host_unlock();
	return over;
}

void vm_pause(struct vm *vm, uint64_t ns)
{
	unsigned int i;

	log_info("vm", "the guest stands still for %.3f s", ns / 1e9);
	set_paused(vm, true);
	loop_timer_set(&vm->pause_end, ns);
	for (i = 0; i < vm->nr_vcpus; i++)
		kick(&vm->vcpus[i]);
}

static void *vcpu_main(void *arg)
{
	struct vcpu *vcpu = arg;
	struct vm *vm = vcpu->vm;
	bool over = false;
	int error;

	while (!over) {
		error = ioctl(vcpu->fd, KVM_RUN, 0) < 0 ? errno : 0;
		host_lock();
		if (!vm->over)
			deliver_gathered(vm);
		if (!vm->over && !error)
			handle_exit(vcpu);
		else if (error && error != EINTR && error != EAGAIN)
			vm_end(vm, VM_FAILED, "cannot run vCPU %u: %s",
			       vcpu->index, strerror(error));
		over = vm->over;
		host_unlock();
		if (__atomic_load_n(&vcpu->run->immediate_exit, __ATOMIC_SEQ_CST))
			over = stand_still(vcpu);
	}
	return NULL;
}

static void kicked(int signal)
{
	(void)signal;
}

void vm_start(struct vm *vm)
{
	struct sigaction action = { .sa_handler = kicked };
	struct vcpu *vcpu;
	unsigned int i;
	int error;

	sigaction(KICK_SIGNAL, &action, NULL);
	for (i = 0; i < vm->nr_vcpus; i++) {
		vcpu = &vm->vcpus[i];
		error = pthread_create(&vcpu->thread, NULL, vcpu_main, vcpu);
		if (error)
			die("cannot start a vCPU: %s", strerror(error));
	}
	vm->started = true;
}

void vm_stop(struct vm *vm)
{
	unsigned int i;

	if (!vm->started)
		return;
	host_lock();
	vm->over = true;
	host_unlock();
	set_paused(vm, false);
	for (i = 0; i < vm->nr_vcpus; i++)
		kick(&vm->vcpus[i]);
	for (i = 0; i < vm->nr_vcpus; i++)
		pthread_join(vm->vcpus[i].thread, NULL);
	vm->started = false;
}
