// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID: the processor as KVM can offer it, less what guests here have no use
 * for, with Hyper-V as the only hypervisor.  Linux takes the hypervisor with
 * the highest leaf, so KVM's signature must not be anywhere.
 */
#include <string.h>

#include "cpuid.h"
#include "log.h"
#include "partition.h"

#define HYPERVISOR_FIRST	0x40000000u
#define HYPERVISOR_LAST		0x4fffffffu

#define L1_ECX_VMX		(1u << 5)
#define L1_ECX_X2APIC		(1u << 21)
#define L1_ECX_TSC_DEADLINE	(1u << 24)
#define L1_ECX_HYPERVISOR	(1u << 31)
#define L1_EDX_HTT		(1u << 28)
/* What needs XSAVE: FMA, XSAVE itself, OSXSAVE, AVX, F16C */
#define L1_ECX_XSAVE		(1u << 12 | 1u << 26 | 1u << 27 | 1u << 28 | \
				 1u << 29)
/* AVX2, AVX-512; PKU, VAES, VPCLMULQDQ, AVX-512; AVX-512, AMX */
#define L7_EBX_XSAVE		0xdc230020u
#define L7_ECX_XSAVE		0x00005e4au
#define L7_EDX_XSAVE		0x03c0010cu
/* XOP, FMA4 */
#define AMD_ECX_XSAVE		(1u << 11 | 1u << 16)
#define AMD_ECX_CMP_LEGACY	(1u << 1)
#define AMD_ECX_SVM		(1u << 2)
#define AMD_ECX_TOPOLOGY	(1u << 22)
/* APIC ids have room for VM_MAX_VCPUS cores. */
#define APIC_ID_BITS		3

#define TOPOLOGY_THREADS	(1u << 8)
#define TOPOLOGY_CORES		(2u << 8)

static void remove_entry(struct cpuid_table *table, unsigned int index)
{
	table->entries[index] = table->entries[--table->head.nent];
}

static bool unwanted(uint32_t leaf, const struct cpuid_fit *how)
{
	switch (leaf) {
	case 0x0d:			/* layout of the XSAVE area */
		return !how->xsave;
	case HYPERVISOR_FIRST ... HYPERVISOR_LAST:
	case 0x0a:			/* performance counters */
	case 0x0b:			/* topology: made anew */
	case 0x1f:
	case 0x8000000a:		/* SVM */
	case 0x8000001e:		/* AMD topology */
	case 0x8000001f:		/* memory encryption */
		return true;
	default:
		return false;
	}
}

static void append(struct cpuid_table *table, struct kvm_cpuid_entry2 entry)
{
	if (table->head.nent == CPUID_MAX_ENTRIES)
		die("too many CPUID leaves");
	table->entries[table->head.nent++] = entry;
}

static void add_hyperv(struct cpuid_table *table)
{
	const struct hv_cpuid_leaf *leaf;
	unsigned int count, i;

	leaf = hv_cpuid(&count);
	for (i = 0; i < count; i++, leaf++)
		append(table, (struct kvm_cpuid_entry2) {
			.function = leaf->leaf,
			.eax = leaf->eax,
			.ebx = leaf->ebx,
			.ecx = leaf->ecx,
			.edx = leaf->edx,
		});
}

/* Leaf 0x0b: one thread in a core, @nr_vcpus cores in the package. */
static void add_topology(struct cpuid_table *table, unsigned int vp,
			 unsigned int nr_vcpus)
{
	struct kvm_cpuid_entry2 level = {
		.function = 0x0b,
		.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
		.ebx = 1,
		.ecx = TOPOLOGY_THREADS,
		.edx = vp,
	};

	append(table, level);
	level.index = 1;
	level.eax = APIC_ID_BITS;
	level.ebx = nr_vcpus;
	level.ecx = 1 | TOPOLOGY_CORES;
	append(table, level);
	level.index = 2;
	level.eax = 0;
	level.ebx = 0;
	level.ecx = 2;
	append(table, level);
}

static void fit_features(struct kvm_cpuid_entry2 *entry,
			 const struct cpuid_fit *how)
{
	entry->ecx &= ~(L1_ECX_VMX | L1_ECX_TSC_DEADLINE);
	entry->ecx |= L1_ECX_HYPERVISOR | L1_ECX_X2APIC;
	if (how->tsc_deadline)
		entry->ecx |= L1_ECX_TSC_DEADLINE;
	entry->ebx = (entry->ebx & 0xffff) | (1u << APIC_ID_BITS) << 16 |
		how->vp << 24;
	entry->edx &= ~L1_EDX_HTT;
	if (how->nr_vcpus > 1)
		entry->edx |= L1_EDX_HTT;
}

static void hide_xsave(struct kvm_cpuid_entry2 *entry)
{
	switch (entry->function) {
	case 0x01:
		entry->ecx &= ~L1_ECX_XSAVE;
		break;
	case 0x07:
		if (entry->index) {	/* nothing but vectors there */
			entry->eax = 0;
			entry->edx = 0;
			break;
		}
		entry->ebx &= ~L7_EBX_XSAVE;
		entry->ecx &= ~L7_ECX_XSAVE;
		entry->edx &= ~L7_EDX_XSAVE;
		break;
	case 0x80000001:
		entry->ecx &= ~AMD_ECX_XSAVE;
		break;
	}
}

static void fit(struct kvm_cpuid_entry2 *entry, const struct cpuid_fit *how)
{
	switch (entry->function) {
	case 0x01:
		fit_features(entry, how);
		break;
	case 0x04:			/* cores in a package, Intel */
		if (entry->eax & 0x1f)
			entry->eax = (entry->eax & 0x3fff) |
				((1u << APIC_ID_BITS) - 1) << 26;
		break;
	case 0x80000001:
		entry->ecx &= ~(AMD_ECX_SVM | AMD_ECX_TOPOLOGY |
				AMD_ECX_CMP_LEGACY);
		break;
	case 0x80000008:		/* cores in a package, AMD */
		entry->ecx = (entry->ecx & ~0xf0ffu) | APIC_ID_BITS << 12 |
			(how->nr_vcpus - 1);
		break;
	}
	if (!how->xsave)
		hide_xsave(entry);
}

void cpuid_fit(struct cpuid_table *table, const struct cpuid_fit *how)
{
	unsigned int i = 0;

	while (i < table->head.nent) {
		if (unwanted(table->entries[i].function, how)) {
			remove_entry(table, i);
			continue;
		}
		fit(&table->entries[i++], how);
	}
	add_topology(table, how->vp, how->nr_vcpus);
	add_hyperv(table);
}
