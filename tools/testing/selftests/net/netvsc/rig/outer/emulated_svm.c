// SPDX-License-Identifier: GPL-2.0
/*
 * For the outer machine, whose processor and its SVM are qemu's emulation: does for
 * KVM what that does not. To be loaded before kvm-amd.
 *
 * One exit after each interrupt. An interrupt that KVM injects is delivered by qemu
 * in VMRUN, which leaves its vector behind in cs->exception_index (helper_vmrun(); so
 * up to 10.0, at least). Whatever makes qemu's loop over code come to its end while
 * that is there, a timer of the instruction clock or a kick by another thread, has
 * the vector delivered once more, in the midst of its own handler, which runs with
 * interrupts off. What the handler was about then is done twice or never: a NIC's
 * poll is not scheduled any more, a lock is taken by the one who holds it. An exit to
 * KVM clears the vector, and an interrupt of this machine's own, raised while
 * interrupts are off for VMRUN, is an exit before anything else.
 *
 * The next instruction. A processor says on an exit where it begins (NRIPS); qemu does
 * not, and KVM has to fetch and decode the one that made the exit. Emulated, that
 * costs more than all else about it. Here what made most exits is known.
 */
#include <linux/irq_work.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/tracepoint.h>
#include <asm/apicdef.h>
#include <asm/svm.h>

/* KVM's own, which it exports without their declarations */
DECLARE_TRACE(kvm_entry, TP_PROTO(struct kvm_vcpu *vcpu, bool immediate_exit),
	      TP_ARGS(vcpu, immediate_exit));
DECLARE_TRACE(kvm_exit, TP_PROTO(struct kvm_vcpu *vcpu, u32 isa),
	      TP_ARGS(vcpu, isa));

/* kvm-amd's struct vcpu_svm, as far as it matters here */
struct vcpu_of_svm {
	struct kvm_vcpu vcpu;
	struct vmcb *vmcb;
};

static struct vmcb_control_area *vmcb_control(struct kvm_vcpu *vcpu)
{
	return &container_of(vcpu, struct vcpu_of_svm, vcpu)->vmcb->control;
}

static DEFINE_PER_CPU(struct irq_work, exit_work);

static void exit_done(struct irq_work *work)
{
}

/* qemu takes the instruction itself, and not the next one, for where a soft interrupt
 * is to return to. Without it the guest is at the instruction still, and it is done
 * anew.
 */
static void drop_soft_interrupt(struct vmcb_control_area *control)
{
	const u32 soft = SVM_EVTINJ_VALID | SVM_EVTINJ_TYPE_SOFT;

	if ((control->event_inj & (SVM_EVTINJ_VALID | SVM_EVTINJ_TYPE_MASK)) == soft)
		control->event_inj = 0;
}

/* Interrupts are off. */
static void before_vmrun(void *unused, struct kvm_vcpu *vcpu, bool immediate_exit)
{
	drop_soft_interrupt(vmcb_control(vcpu));
	if (vcpu->arch.interrupt.injected)
		irq_work_queue(this_cpu_ptr(&exit_work));
}

/* Registers of the local APIC and of Hyper-V, and the timer's deadline. Linux accesses
 * them by a plain rdmsr or wrmsr, of two bytes.
 */
static bool plain_msr(u32 msr)
{
	return (msr >= APIC_BASE_MSR && msr < APIC_BASE_MSR + 0x100) ||
	       (msr >= 0x40000000 && msr < 0x40000200) ||
	       msr == MSR_IA32_TSC_DEADLINE;
}

/* Bytes of the instruction that made the exit, or 0 */
static unsigned int instruction_size(const struct kvm_vcpu *vcpu, u64 exit_code)
{
	switch (exit_code) {
	case SVM_EXIT_HLT:
		return 1;
	case SVM_EXIT_CPUID:
		return 2;
	case SVM_EXIT_MSR:
		return plain_msr(vcpu->arch.regs[VCPU_REGS_RCX]) ? 2 : 0;
	case SVM_EXIT_VMMCALL:
		return 3;
	default:
		return 0;
	}
}

/* An exit in the midst of an event is not one instruction's. */
static void after_vmrun(void *unused, struct kvm_vcpu *vcpu, u32 isa)
{
	struct vmcb_control_area *control = vmcb_control(vcpu);
	unsigned int size = 0;

	if (!(control->exit_int_info & SVM_EXITINTINFO_VALID))
		size = instruction_size(vcpu, control->exit_code);
	control->next_rip = size ? vcpu->arch.regs[VCPU_REGS_RIP] + size : 0;
}

static int __init emulated_svm_init(void)
{
	int cpu, err;

	for_each_possible_cpu(cpu)
		init_irq_work(per_cpu_ptr(&exit_work, cpu), exit_done);
	err = register_trace_kvm_entry(before_vmrun, NULL);
	if (err)
		return err;
	err = register_trace_kvm_exit(after_vmrun, NULL);
	if (err) {
		unregister_trace_kvm_entry(before_vmrun, NULL);
		return err;
	}
	/* kvm-amd asks when it is loaded. */
	set_cpu_cap(&boot_cpu_data, X86_FEATURE_NRIPS);
	return 0;
}
module_init(emulated_svm_init);

/* Not to be unloaded: kvm-amd goes on to rely on it. */

MODULE_DESCRIPTION("What KVM needs of SVM and qemu's emulation has not");
MODULE_LICENSE("GPL");
