// SPDX-License-Identifier: GPL-2.0
/*
 * The hypervisor as the guest meets it: CPUID leaves, model-specific registers,
 * the hypercall page and what is called through it.  Only what is there is
 * announced; the rest gives a fault or a status, as the specification says.
 */
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "partition.h"

#define MSR_GUEST_OS_ID		0x40000000u
#define MSR_HYPERCALL		0x40000001u
#define MSR_VP_INDEX		0x40000002u
#define MSR_RESET		0x40000003u
#define MSR_TIME_REF_COUNT	0x40000020u
#define MSR_REFERENCE_TSC	0x40000021u
#define MSR_TSC_FREQUENCY	0x40000022u
#define MSR_APIC_FREQUENCY	0x40000023u
#define MSR_VP_ASSIST_PAGE	0x40000073u
#define MSR_CRASH_P0		0x40000100u
#define MSR_CRASH_P4		0x40000104u
#define MSR_CRASH_CTL		0x40000105u

#define ENABLED			1ull
#define PAGE_ADDRESS		(~0xfffull)
#define CRASH_NOTIFY_MESSAGE	(1ull << 62)
#define CRASH_NOTIFY		(1ull << 63)

/* KVM's local APIC counts nanoseconds. */
#define APIC_HZ			1000000000ull
#define REF_TIME_HZ		10000000ull

/* Leaf 0x40000003, EAX and EBX: what a partition may do */
#define MAY_TIME_REF_COUNT	(1u << 1)
#define MAY_SYNIC		(1u << 2)
#define MAY_HYPERCALL		(1u << 5)
#define MAY_VP_INDEX		(1u << 6)
#define MAY_RESET		(1u << 7)
#define MAY_REFERENCE_TSC	(1u << 9)
#define MAY_FREQUENCY		(1u << 11)
#define MAY_POST_MESSAGES	(1u << 4)
#define MAY_SIGNAL_EVENTS	(1u << 5)
/* Leaf 0x40000003, EDX */
#define HAS_FREQUENCY		(1u << 8)
#define HAS_CRASH		(1u << 10)
/* Leaf 0x40000004, EAX */
#define HINT_RESET_MSR		(1u << 4)
#define HINT_RELAXED_TIMING	(1u << 5)
#define HINT_NO_AUTO_EOI	(1u << 9)
#define HINT_NEVER_SPIN_CALL	0xffffffffu

#define LEAF_RELEASE		0x40000002u

static struct hv_cpuid_leaf leaves[] = {
	/* "Microsoft Hv" */
	{ 0x40000000, 0x40000006, 0x7263694d, 0x666f736f, 0x76482074 },
	{ 0x40000001, 0x31237648, 0, 0, 0 },		/* "Hv#1" */
	{ LEAF_RELEASE, 20348, 10 << 16, 0, 0 },	/* build, version */
	{ 0x40000003,
	  MAY_TIME_REF_COUNT | MAY_SYNIC | MAY_HYPERCALL | MAY_VP_INDEX |
	  MAY_RESET | MAY_REFERENCE_TSC | MAY_FREQUENCY,
	  MAY_POST_MESSAGES | MAY_SIGNAL_EVENTS, 0,
	  HAS_FREQUENCY | HAS_CRASH },
	{ 0x40000004,
	  HINT_RESET_MSR | HINT_RELAXED_TIMING | HINT_NO_AUTO_EOI,
	  HINT_NEVER_SPIN_CALL, 0, 0 },
	{ 0x40000005, VM_MAX_VCPUS, VM_MAX_VCPUS, 0, 0 },
	{ 0x40000006, 0, 0, 0, 0 },
};

const struct hv_cpuid_leaf *hv_cpuid(unsigned int *count)
{
	*count = sizeof(leaves) / sizeof(leaves[0]);
	return leaves;
}

void hv_set_release(uint16_t major, uint16_t minor, uint32_t build)
{
	struct hv_cpuid_leaf *leaf = leaves;

	while (leaf->leaf != LEAF_RELEASE)
		leaf++;
	leaf->eax = build;
	leaf->ebx = (uint32_t)major << 16 | minor;
}

struct hyperv *hv_create(struct vm *vm)
{
	struct hyperv *hv = calloc(1, sizeof(*hv));

	if (!hv)
		die("out of memory");
	hv->vm = vm;
	hv->tsc_scale = ((unsigned __int128)REF_TIME_HZ << 64) / vm_tsc_hz(vm);
	synic_create(hv);
	return hv;
}

void hv_set_calls(struct vm *vm, const struct hv_calls *calls)
{
	vm_hyperv(vm)->calls = *calls;
}

/* True the first time only. */
static bool first_time(uint64_t *seen, unsigned int bit)
{
	uint64_t mask = 1ull << bit % 64;

	if (seen[bit / 64] & mask)
		return false;
	seen[bit / 64] |= mask;
	return true;
}

/*
 * endbr64; out %al, $port; ret.  The page is the guest's own, filled in here:
 * a guest that overwrites it harms itself.
 */
static void fill_hypercall_page(struct hyperv *hv, uint64_t gpa)
{
	static const uint8_t code[] = {
		0xf3, 0x0f, 0x1e, 0xfa, 0xe6, HV_HYPERCALL_PORT, 0xc3,
	};
	uint8_t page[GUEST_PAGE_SIZE];

	memset(page, 0xcc, sizeof(page));
	memcpy(page, code, sizeof(code));
	if (!mem_write(vm_mem(hv->vm), gpa, page, sizeof(page)))
		log_guest_error(&hv->rate, "hyperv",
				"hypercall page at 0x%llx is not in RAM",
				(unsigned long long)gpa);
}

static void set_guest_os_id(struct hyperv *hv, uint64_t value)
{
	hv->guest_os_id = value;
	/* A guest that takes its name away is through with hypercalls. */
	if (!value)
		hv->hypercall &= ~ENABLED;
	log_debug("hyperv", "guest OS id 0x%llx", (unsigned long long)value);
}

static void set_hypercall(struct hyperv *hv, uint64_t value)
{
	if (!hv->guest_os_id)
		value &= ~ENABLED;
	hv->hypercall = value;
	if (value & ENABLED)
		fill_hypercall_page(hv, value & PAGE_ADDRESS);
}

static uint64_t scaled(const struct hyperv *hv, uint64_t tsc)
{
	return (unsigned __int128)tsc * hv->tsc_scale >> 64;
}

struct tsc_page {
	uint32_t sequence;		/* 0: not valid */
	uint32_t reserved;
	uint64_t scale;
	uint64_t offset;
};

/* The counter and the page agree from here on: both come from the TSC. */
static void set_reference_tsc(struct hyperv *hv, unsigned int vp,
			      uint64_t value)
{
	struct tsc_page page = { .sequence = 1, .scale = hv->tsc_scale };

	hv->reference_tsc = value;
	if (!(value & ENABLED))
		return;
	hv->tsc_offset = vm_ref_time(hv->vm) -
		scaled(hv, vm_vp_tsc(hv->vm, vp));
	page.offset = hv->tsc_offset;
	if (!mem_write(vm_mem(hv->vm), value & PAGE_ADDRESS, &page,
		       sizeof(page)))
		log_guest_error(&hv->rate, "hyperv",
				"reference TSC page at 0x%llx is not in RAM",
				(unsigned long long)(value & PAGE_ADDRESS));
}

static uint64_t ref_count(const struct hyperv *hv, unsigned int vp)
{
	if (!(hv->reference_tsc & ENABLED))
		return vm_ref_time(hv->vm);
	return scaled(hv, vm_vp_tsc(hv->vm, vp)) + hv->tsc_offset;
}

/* The message is the end of the guest's own log, which says what happened. */
static void log_crash_message(struct hyperv *hv, uint64_t gpa, uint64_t len)
{
	char text[GUEST_PAGE_SIZE + 1];
	char *line, *rest = text;
	size_t i;

	if (len > GUEST_PAGE_SIZE)
		len = GUEST_PAGE_SIZE;
	if (!mem_read(vm_mem(hv->vm), gpa, text, len)) {
		log_error("hyperv", "the panic message is not in RAM");
		return;
	}
	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' && text[i] != '\n')
			text[i] = ' ';
	text[len] = 0;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			log_error("guest", "%s", line);
}

static void crash(struct hyperv *hv, uint64_t control)
{
	const uint64_t *p = hv->crash;

	if (!(control & CRASH_NOTIFY))
		return;
	if (control & CRASH_NOTIFY_MESSAGE)
		log_crash_message(hv, p[3], p[4]);
	vm_end(hv->vm, VM_PANICKED,
	       "guest panicked: P0=0x%llx P1=0x%llx P2=0x%llx P3=0x%llx P4=0x%llx",
	       (unsigned long long)p[0], (unsigned long long)p[1],
	       (unsigned long long)p[2], (unsigned long long)p[3],
	       (unsigned long long)p[4]);
}

static bool bad_msr(struct hyperv *hv, unsigned int vp, uint32_t msr,
		    const char *what)
{
	uint32_t index = msr - HV_MSR_FIRST;

	if (index >= HV_MSR_COUNT || first_time(hv->warned_msrs, index))
		log_info("hyperv", "vCPU %u may not %s MSR 0x%x", vp, what,
			 msr);
	return false;
}

bool hv_msr_read(struct hyperv *hv, unsigned int vp, uint32_t msr,
		 uint64_t *value)
{
	switch (msr) {
	case MSR_GUEST_OS_ID:
		*value = hv->guest_os_id;
		return true;
	case MSR_HYPERCALL:
		*value = hv->hypercall;
		return true;
	case MSR_VP_INDEX:
		*value = vp;
		return true;
	case MSR_RESET:
		*value = 0;
		return true;
	case MSR_TIME_REF_COUNT:
		*value = ref_count(hv, vp);
		return true;
	case MSR_REFERENCE_TSC:
		*value = hv->reference_tsc;
		return true;
	case MSR_TSC_FREQUENCY:
		*value = vm_tsc_hz(hv->vm);
		return true;
	case MSR_APIC_FREQUENCY:
		*value = APIC_HZ;
		return true;
	case MSR_VP_ASSIST_PAGE:
		*value = hv->assist_page[vp];
		return true;
	case HV_MSR_SYNIC_FIRST ... HV_MSR_SYNIC_LAST:
		return synic_msr_read(hv, vp, msr, value) ||
			bad_msr(hv, vp, msr, "read");
	case MSR_CRASH_P0 ... MSR_CRASH_P4:
		*value = hv->crash[msr - MSR_CRASH_P0];
		return true;
	case MSR_CRASH_CTL:
		*value = CRASH_NOTIFY | CRASH_NOTIFY_MESSAGE;
		return true;
	default:
		return bad_msr(hv, vp, msr, "read");
	}
}

bool hv_msr_write(struct hyperv *hv, unsigned int vp, uint32_t msr,
		  uint64_t value)
{
	switch (msr) {
	case MSR_GUEST_OS_ID:
		set_guest_os_id(hv, value);
		return true;
	case MSR_HYPERCALL:
		set_hypercall(hv, value);
		return true;
	case MSR_RESET:
		if (value & 1)
			vm_end(hv->vm, VM_RESET, "guest reset through its MSR");
		return true;
	case MSR_REFERENCE_TSC:
		set_reference_tsc(hv, vp, value);
		return true;
	/* Linux sets it without asking whether it may; nothing uses it. */
	case MSR_VP_ASSIST_PAGE:
		hv->assist_page[vp] = value;
		return true;
	case HV_MSR_SYNIC_FIRST ... HV_MSR_SYNIC_LAST:
		return synic_msr_write(hv, vp, msr, value) ||
			bad_msr(hv, vp, msr, "write");
	case MSR_CRASH_P0 ... MSR_CRASH_P4:
		hv->crash[msr - MSR_CRASH_P0] = value;
		return true;
	case MSR_CRASH_CTL:
		crash(hv, value);
		return true;
	default:
		return bad_msr(hv, vp, msr, "write");
	}
}

#define CALL_POST_MESSAGE	0x5c
#define CALL_SIGNAL_EVENT	0x5d
#define CALL_RETARGET		0x7e

/**
 * struct call - a hypercall, taken apart
 * @fast: @input is the parameter itself, not its address
 * @var_qwords: size of what follows the fixed part of the input
 */
struct call {
	uint16_t code;
	bool fast;
	unsigned int var_qwords;
	uint64_t input;
};

#define CONTROL_FAST		(1ull << 16)
#define CONTROL_VAR_QWORDS(c)	((c) >> 17 & 0x3ff)
#define CONTROL_REP		0x0fff0fff00000000ull
#define CONTROL_RESERVED	0xf000f000f8000000ull

/* Copies the input, which lies in one page, 8-byte aligned. */
static uint16_t get_input(struct hyperv *hv, const struct call *call,
			  void *to, size_t len)
{
	uint64_t gpa = call->input;

	if (gpa & 7 || (gpa & 0xfff) + len > GUEST_PAGE_SIZE ||
	    !mem_read(vm_mem(hv->vm), gpa, to, len))
		return HV_STATUS_INVALID_ALIGNMENT;
	return HV_STATUS_SUCCESS;
}

struct post_message_input {
	uint32_t connection_id;
	uint32_t reserved;
	uint32_t type;
	uint32_t size;
	uint8_t payload[HV_MESSAGE_PAYLOAD_MAX];
};

static uint16_t post_message(struct hyperv *hv, const struct call *call)
{
	const struct hv_calls *calls = &hv->calls;
	struct post_message_input in;
	uint16_t status;

	if (call->fast || call->var_qwords)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	status = get_input(hv, call, &in, sizeof(in));
	if (status)
		return status;
	if (in.size > sizeof(in.payload))
		return HV_STATUS_INVALID_PARAMETER;
	if (!calls->post_message)
		return HV_STATUS_INVALID_CONNECTION_ID;
	return calls->post_message(calls->vmbus, in.connection_id, in.type,
				   in.payload, in.size);
}

static uint16_t signal_event(struct hyperv *hv, const struct call *call)
{
	const struct hv_calls *calls = &hv->calls;
	uint64_t in = call->input;
	uint16_t status;

	if (call->var_qwords)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (!call->fast) {
		status = get_input(hv, call, &in, sizeof(in));
		if (status)
			return status;
	}
	if (in >> 48)
		return HV_STATUS_INVALID_PARAMETER;
	if (!calls->signal_event)
		return HV_STATUS_INVALID_CONNECTION_ID;
	return calls->signal_event(calls->vmbus, (uint32_t)in, in >> 32);
}

#define PARTITION_SELF		(~0ull)
#define SOURCE_MSI		1
#define TARGET_MULTICAST	1
#define TARGET_VP_SET		2
#define VP_SET_SPARSE		0
#define VP_SET_ALL		1

struct retarget_input {
	uint64_t partition;
	uint64_t device;
	uint32_t source;
	uint32_t reserved0;
	uint32_t address;
	uint32_t data;
	uint64_t reserved1;
	uint32_t vector;
	uint32_t flags;
	union {
		uint64_t vp_mask;
		struct {
			uint64_t format;
			uint64_t valid_banks;
			uint64_t bank0;	/* and more, which name no vCPU here */
		} set;
	};
};

/* Which vCPUs a set means; 0 if it makes no sense. */
static uint64_t vp_set(const struct retarget_input *in, unsigned int var_qwords)
{
	unsigned int banks = __builtin_popcountll(in->set.valid_banks);

	if (in->set.format == VP_SET_ALL)
		return ~0ull;
	if (in->set.format != VP_SET_SPARSE || var_qwords != 1 + banks ||
	    !(in->set.valid_banks & 1))
		return 0;
	return in->set.bank0;
}

static uint16_t retarget(struct hyperv *hv, const struct call *call)
{
	uint64_t present = (1ull << vm_nr_vcpus(hv->vm)) - 1;
	const struct hv_calls *calls = &hv->calls;
	struct retarget_input in;
	uint16_t status;
	uint64_t mask;

	if (call->fast)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	status = get_input(hv, call, &in, sizeof(in));
	if (status)
		return status;
	if (in.partition != PARTITION_SELF || in.source != SOURCE_MSI ||
	    in.vector < 16 || in.vector > 255 ||
	    in.flags & ~(TARGET_MULTICAST | TARGET_VP_SET))
		return HV_STATUS_INVALID_PARAMETER;
	mask = in.flags & TARGET_VP_SET ? vp_set(&in, call->var_qwords) :
					  in.vp_mask;
	mask &= present;
	if (!mask || !calls->retarget)
		return HV_STATUS_INVALID_PARAMETER;
	return calls->retarget(calls->vpci, in.device, in.address, in.data,
			       in.vector, mask);
}

static uint16_t unknown(struct hyperv *hv, const struct call *call)
{
	if (call->code < 256 && !first_time(hv->warned_calls, call->code))
		return HV_STATUS_INVALID_HYPERCALL_CODE;
	log_guest_error(&hv->rate, "hyperv", "hypercall 0x%x is not there",
			call->code);
	return HV_STATUS_INVALID_HYPERCALL_CODE;
}

static uint16_t dispatch(struct hyperv *hv, const struct call *call)
{
	switch (call->code) {
	case CALL_POST_MESSAGE:
		return post_message(hv, call);
	case CALL_SIGNAL_EVENT:
		return signal_event(hv, call);
	case CALL_RETARGET:
		return retarget(hv, call);
	default:
		return unknown(hv, call);
	}
}

/* None of the calls has output or repetitions. */
uint64_t hv_hypercall(struct hyperv *hv, uint64_t control, uint64_t input,
		      uint64_t output)
{
	struct call call = {
		.code = control,
		.fast = control & CONTROL_FAST,
		.var_qwords = CONTROL_VAR_QWORDS(control),
		.input = input,
	};
	uint16_t status;

	(void)output;
	if (!(hv->hypercall & ENABLED))
		return HV_STATUS_ACCESS_DENIED;
	if (control & (CONTROL_RESERVED | CONTROL_REP))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	status = dispatch(hv, &call);
	if (status)
		log_debug("hyperv", "hypercall 0x%x gives status %u",
			  call.code, status);
	return status;
}
