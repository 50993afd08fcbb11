// SPDX-License-Identifier: GPL-2.0
/*
 * For the outer machine, whose processor is qemu's emulation: has a guest that was
 * just given an interrupt come back to KVM before its first instruction.
 *
 * An interrupt that KVM injects is delivered by qemu in VMRUN, which leaves its
 * vector behind in cs->exception_index (helper_vmrun(); so up to 10.0, at least).
 * Whatever makes qemu's loop over code come to its end while that is there, a timer
 * of the instruction clock or a kick by another thread, has the vector delivered
 * once more, in the midst of its own handler, which runs with interrupts off. What
 * the handler was about then is done twice or never: a NIC's poll is not scheduled
 * any more, a lock is taken by the one who holds it. An exit to KVM clears the
 * vector, and an interrupt of this machine's own, raised while interrupts are off
 * for VMRUN, is an exit before anything else.
 */
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/percpu.h>

static void exit_done(struct irq_work *work)
{
}

static DEFINE_PER_CPU(struct irq_work, exit_work);

/* Its first argument is the vCPU; interrupts are off. */
static int before_vmrun(struct kprobe *probe, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu = (void *)regs_get_kernel_argument(regs, 0);

	if (vcpu->arch.interrupt.injected)
		irq_work_queue(this_cpu_ptr(&exit_work));
	return 0;
}

static struct kprobe vmrun_probe = {
	.symbol_name = "svm_vcpu_run",
	.pre_handler = before_vmrun,
};

static int __init exit_after_injection_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		init_irq_work(per_cpu_ptr(&exit_work, cpu), exit_done);
	return register_kprobe(&vmrun_probe);
}
module_init(exit_after_injection_init);

static void __exit exit_after_injection_exit(void)
{
	int cpu;

	unregister_kprobe(&vmrun_probe);
	for_each_possible_cpu(cpu)
		irq_work_sync(per_cpu_ptr(&exit_work, cpu));
}
module_exit(exit_after_injection_exit);

MODULE_DESCRIPTION("An exit to KVM right after each injected interrupt");
MODULE_LICENSE("GPL");
