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

/**
 * struct cpuid_fit - which processor this is, and what it can do
 * @vp: number of the vCPU, of @nr_vcpus
 * @tsc_deadline: KVM's local APIC has that timer
 * @xsave: the guest may use XSAVE
 */
struct cpuid_fit {
	unsigned int vp;
	unsigned int nr_vcpus;
	bool tsc_deadline;
	bool xsave;
};

/*
 * Turns @table, what KVM supports, into what a vCPU reports: Hyper-V's leaves
 * for KVM's own, and one package with a core for each vCPU.
 */
void cpuid_fit(struct cpuid_table *table, const struct cpuid_fit *how);

/* xsave.c */
bool xsave_works(int kvm_fd);

#endif
