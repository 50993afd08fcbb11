/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What hyperv.c and synic.c share, and what kvm.c needs of them: the state of
 * the one partition, and the ways into it from an exit.  Devices use hyperv.h.
 */
#ifndef HVHOST_PARTITION_H
#define HVHOST_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#include "hyperv.h"
#include "log.h"
#include "vm.h"

#define HV_STATUS_INVALID_ALIGNMENT	4
#define HV_STATUS_ACCESS_DENIED		6

/* The guest's hypercall page writes to it; the registers hold the call. */
#define HV_HYPERCALL_PORT		0xec

#define HV_NR_SINTS			16
#define HV_NR_CRASH_PARAMS		5

#define HV_MSR_FIRST			0x40000000u
#define HV_MSR_COUNT			0x200u
#define HV_MSR_SYNIC_FIRST		0x40000080u
#define HV_MSR_SYNIC_LAST		0x4000009fu

struct synic_message;

struct synic {
	uint64_t control;
	uint64_t siefp;
	uint64_t simp;
	uint64_t sint[HV_NR_SINTS];
	struct synic_queue {
		struct synic_message *first, **last;
		unsigned int count;
	} queue[HV_NR_SINTS];
};

/**
 * struct hyperv - the hypervisor's view of the guest
 * @calls: the devices behind three hypercalls
 * @crash: P0 to P4 of a guest that panics
 * @tsc_scale: reference time units in a TSC tick, times 2^64
 * @tsc_offset: reference time at TSC zero, once the guest has a TSC page
 */
struct hyperv {
	struct vm *vm;
	struct hv_calls calls;
	uint64_t guest_os_id;
	uint64_t hypercall;
	uint64_t reference_tsc;
	uint64_t crash[HV_NR_CRASH_PARAMS];
	uint64_t tsc_scale;
	uint64_t tsc_offset;
	uint64_t assist_page[VM_MAX_VCPUS];
	struct synic synic[VM_MAX_VCPUS];
	uint64_t warned_calls[4];	/* codes below 256, by bit */
	uint64_t warned_msrs[HV_MSR_COUNT / 64];
	struct log_rate rate;
};

struct hv_cpuid_leaf {
	uint32_t leaf, eax, ebx, ecx, edx;
};

struct hyperv *hv_create(struct vm *vm);

/* The leaves from 0x40000000 on; they are the same for all vCPUs. */
const struct hv_cpuid_leaf *hv_cpuid(unsigned int *count);
/* Which Windows the guest sees; before there is a VM. */
void hv_set_release(uint16_t major, uint16_t minor, uint32_t build);

/* False if the guest deserves a general protection fault. */
bool hv_msr_read(struct hyperv *hv, unsigned int vp, uint32_t msr,
		 uint64_t *value);
bool hv_msr_write(struct hyperv *hv, unsigned int vp, uint32_t msr,
		  uint64_t value);

/* Return: what goes into RAX. */
uint64_t hv_hypercall(struct hyperv *hv, uint64_t control, uint64_t input,
		      uint64_t output);

/* synic.c */
void synic_create(struct hyperv *hv);
bool synic_msr_read(struct hyperv *hv, unsigned int vp, uint32_t msr,
		    uint64_t *value);
bool synic_msr_write(struct hyperv *hv, unsigned int vp, uint32_t msr,
		     uint64_t value);

#endif
