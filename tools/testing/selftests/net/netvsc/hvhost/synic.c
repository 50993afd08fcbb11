// SPDX-License-Identifier: GPL-2.0
/*
 * The synthetic interrupt controller: for each vCPU and synthetic interrupt
 * source a message slot with a queue behind it, and 2048 event flags, both in
 * pages that the guest lends.
 */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "partition.h"

#define MSR_SCONTROL		0x40000080u
#define MSR_SVERSION		0x40000081u
#define MSR_SIEFP		0x40000082u
#define MSR_SIMP		0x40000083u
#define MSR_EOM			0x40000084u
#define MSR_SINT0		0x40000090u
#define MSR_SINT15		0x4000009fu

#define SYNIC_VERSION		1
#define ENABLED			1ull	/* of SCONTROL, SIEFP and SIMP */
#define PAGE_ADDRESS		(~0xfffull)

#define SINT_VECTOR		0xffull
#define SINT_MASKED		(1ull << 16)
#define SINT_AUTO_EOI		(1ull << 17)
#define SINT_POLLING		(1ull << 18)
#define FIRST_VECTOR		16

#define NR_EVENT_FLAGS		2048u

/* More than that and the guest has stopped reading its messages. */
#define QUEUE_MAX		4096

/* A slot of the message page. */
struct slot {
	uint32_t type;			/* 0: free */
	uint8_t size;
	uint8_t flags;
	uint16_t reserved;
	uint64_t origin;
	uint8_t payload[HV_MESSAGE_PAYLOAD_MAX];
};
static_assert(sizeof(struct slot) == 256, "16 slots to a page");

#define SLOT_MORE		1	/* the guest is to write EOM */

struct synic_message {
	struct synic_message *next;
	uint32_t type;
	uint8_t size;
	uint8_t payload[];
};

void synic_create(struct hyperv *hv)
{
	unsigned int vp, sint;
	struct synic *synic;

	for (vp = 0; vp < VM_MAX_VCPUS; vp++) {
		synic = &hv->synic[vp];
		for (sint = 0; sint < HV_NR_SINTS; sint++) {
			synic->sint[sint] = SINT_MASKED;
			synic->queue[sint].last = &synic->queue[sint].first;
		}
	}
}

static struct synic *find(struct hyperv *hv, unsigned int vp, unsigned int sint)
{
	if (vp >= vm_nr_vcpus(hv->vm) || sint >= HV_NR_SINTS)
		return NULL;
	return &hv->synic[vp];
}

/* The 256 bytes that belong to @sint in one of the guest's two pages. */
static void *page_part(const struct hyperv *hv, const struct synic *synic,
		       uint64_t page, unsigned int sint)
{
	if (!(synic->control & ENABLED) || !(page & ENABLED))
		return NULL;
	return mem_ptr(vm_mem(hv->vm), (page & PAGE_ADDRESS) + sint * 256, 256);
}

static bool usable(const struct synic *synic, unsigned int sint)
{
	return !(synic->sint[sint] & SINT_MASKED) &&
		(synic->sint[sint] & SINT_VECTOR) >= FIRST_VECTOR;
}

/* False: the guest looks by itself. */
static bool interrupt(struct hyperv *hv, unsigned int vp, unsigned int sint)
{
	uint64_t reg = hv->synic[vp].sint[sint];

	if (reg & SINT_POLLING)
		return false;
	vm_signal_vector(hv->vm, vp, reg & SINT_VECTOR);
	return true;
}

static void pop(struct synic_queue *queue)
{
	struct synic_message *msg = queue->first;

	queue->first = msg->next;
	if (!queue->first)
		queue->last = &queue->first;
	queue->count--;
	free(msg);
}

/*
 * A guest that empties the slot looks at the flag afterwards.  If it did both
 * before the flag was set, nobody would tell of the free slot: look again.
 */
static bool slot_taken(struct slot *slot)
{
	if (!__atomic_load_n(&slot->type, __ATOMIC_ACQUIRE))
		return false;
	__atomic_fetch_or(&slot->flags, SLOT_MORE, __ATOMIC_SEQ_CST);
	return __atomic_load_n(&slot->type, __ATOMIC_SEQ_CST);
}

/* Moves the first waiting message into its slot, if it can go there. */
static void deliver(struct hyperv *hv, unsigned int vp, unsigned int sint)
{
	struct synic *synic = &hv->synic[vp];
	struct synic_queue *queue = &synic->queue[sint];
	struct synic_message *msg = queue->first;
	struct slot *slot;

	if (!msg || !usable(synic, sint))
		return;
	slot = page_part(hv, synic, synic->simp, sint);
	if (!slot || slot_taken(slot))
		return;
	slot->size = msg->size;
	slot->flags = msg->next ? SLOT_MORE : 0;
	slot->reserved = 0;
	slot->origin = 0;
	memcpy(slot->payload, msg->payload, msg->size);
	__atomic_store_n(&slot->type, msg->type, __ATOMIC_SEQ_CST);
	pop(queue);
	interrupt(hv, vp, sint);
}

static void deliver_all(struct hyperv *hv, unsigned int vp)
{
	unsigned int sint;

	for (sint = 0; sint < HV_NR_SINTS; sint++)
		deliver(hv, vp, sint);
}

bool synic_post(struct vm *vm, unsigned int vp, unsigned int sint,
		uint32_t type, const void *payload, size_t len)
{
	struct hyperv *hv = vm_hyperv(vm);
	struct synic *synic = find(hv, vp, sint);
	struct synic_message *msg;
	struct synic_queue *queue;

	if (!synic || !type || len > HV_MESSAGE_PAYLOAD_MAX)
		return false;
	queue = &synic->queue[sint];
	if (queue->count == QUEUE_MAX) {
		log_guest_error(&hv->rate, "synic",
				"vCPU %u does not take its messages: one lost",
				vp);
		return false;
	}
	msg = malloc(sizeof(*msg) + len);
	if (!msg)
		die("out of memory");
	msg->next = NULL;
	msg->type = type;
	msg->size = len;
	memcpy(msg->payload, payload, len);
	*queue->last = msg;
	queue->last = &msg->next;
	queue->count++;
	deliver(hv, vp, sint);
	return true;
}

bool synic_signal(struct vm *vm, unsigned int vp, unsigned int sint,
		  unsigned int flag)
{
	struct hyperv *hv = vm_hyperv(vm);
	struct synic *synic = find(hv, vp, sint);
	uint32_t bit = 1u << flag % 32;
	uint32_t *flags;

	if (!synic || flag >= NR_EVENT_FLAGS)
		return false;
	flags = page_part(hv, synic, synic->siefp, sint);
	if (!flags || !usable(synic, sint))
		return false;
	if (__atomic_fetch_or(&flags[flag / 32], bit, __ATOMIC_SEQ_CST) & bit)
		return false;
	return interrupt(hv, vp, sint);
}

void synic_flush(struct vm *vm)
{
	struct hyperv *hv = vm_hyperv(vm);
	struct synic_queue *queue;
	unsigned int vp, sint;

	for (vp = 0; vp < VM_MAX_VCPUS; vp++) {
		for (sint = 0; sint < HV_NR_SINTS; sint++) {
			queue = &hv->synic[vp].queue[sint];
			while (queue->first)
				pop(queue);
		}
	}
}

bool synic_msr_read(struct hyperv *hv, unsigned int vp, uint32_t msr,
		    uint64_t *value)
{
	const struct synic *synic = &hv->synic[vp];

	switch (msr) {
	case MSR_SCONTROL:
		*value = synic->control;
		return true;
	case MSR_SVERSION:
		*value = SYNIC_VERSION;
		return true;
	case MSR_SIEFP:
		*value = synic->siefp;
		return true;
	case MSR_SIMP:
		*value = synic->simp;
		return true;
	case MSR_EOM:
		*value = 0;
		return true;
	case MSR_SINT0 ... MSR_SINT15:
		*value = synic->sint[msr - MSR_SINT0];
		return true;
	default:
		return false;
	}
}

static bool set_sint(struct hyperv *hv, unsigned int vp, unsigned int sint,
		     uint64_t value)
{
	if (!(value & SINT_MASKED) && (value & SINT_VECTOR) < FIRST_VECTOR)
		return false;
	/* The interrupts are ordinary ones: without an EOI none would follow. */
	if (value & SINT_AUTO_EOI)
		log_guest_error(&hv->rate, "synic",
				"vCPU %u asks for automatic EOI, which CPUID advises against",
				vp);
	hv->synic[vp].sint[sint] = value;
	return true;
}

bool synic_msr_write(struct hyperv *hv, unsigned int vp, uint32_t msr,
		     uint64_t value)
{
	struct synic *synic = &hv->synic[vp];

	switch (msr) {
	case MSR_SCONTROL:
		synic->control = value;
		break;
	case MSR_SIEFP:
		synic->siefp = value;
		break;
	case MSR_SIMP:
		synic->simp = value;
		break;
	case MSR_EOM:
		break;
	case MSR_SINT0 ... MSR_SINT15:
		if (!set_sint(hv, vp, msr - MSR_SINT0, value))
			return false;
		break;
	default:
		return false;
	}
	/* Each of these may be what a message has been waiting for. */
	deliver_all(hv, vp);
	return true;
}
