/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What CPUID tells the guest.  cpuid.c
 */
#ifndef HVHOST_CPUID_H
#define HVHOST_CPUID_H

#include <linux/kvm.h>
#include <stdbool.h>

#define CPUID_MAX_ENTRIES	256

struct cpuid_table {
	struct kvm_cpuid2 head;
	struct kvm_cpuid_entry2 entries[CPUID_MAX_ENTRIES];
};

/*
 * Turns @table, what KVM supports, into what vCPU @vp of @nr_vcpus reports:
 * Hyper-V's leaves for KVM's own, and one package with a core for each vCPU.
 */
void cpuid_fit(struct cpuid_table *table, unsigned int vp,
	       unsigned int nr_vcpus, bool tsc_deadline);

#endif
