/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hypervisor half of Hyper-V: CPUID leaves, MSRs and hypercalls.  hyperv.c
 * SynIC messages and event flags: synic.c
 */
#ifndef HVHOST_HYPERV_H
#define HVHOST_HYPERV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vm;

#define HV_STATUS_SUCCESS			0
#define HV_STATUS_INVALID_HYPERCALL_CODE	2
#define HV_STATUS_INVALID_HYPERCALL_INPUT	3
#define HV_STATUS_INVALID_PARAMETER		5
#define HV_STATUS_INVALID_CONNECTION_ID		18

#define HV_MESSAGE_PAYLOAD_MAX	240

/**
 * struct hv_calls - the hypercalls that end in a device
 *
 * vmbus.c serves the first two, vpci.c the third; each returns an HV_STATUS.
 * All are called on a vCPU thread with the host lock held.
 */
struct hv_calls {
	uint16_t (*post_message)(void *ctx, uint32_t connection_id,
				 uint32_t type, const void *payload,
				 size_t len);
	uint16_t (*signal_event)(void *ctx, uint32_t connection_id,
				 uint16_t flag);
	void *vmbus;			/* @ctx of the two above */
	/* @data: MSI data as given to the guest; @vp_mask: by VP index */
	uint16_t (*retarget)(void *ctx, uint64_t device_id, uint32_t address,
			     uint32_t data, uint8_t vector, uint64_t vp_mask);
	void *vpci;
};

void hv_set_calls(struct vm *vm, const struct hv_calls *calls);

/**
 * synic_post() - queue a message to the guest
 * @vp: index of the vCPU whose message page takes it
 * @sint: synthetic interrupt source, 0 to 15
 * @type: message type; 1 is VMBus
 * @payload: at most HV_MESSAGE_PAYLOAD_MAX bytes
 *
 * Messages of one vCPU and SINT arrive in order; while the slot is taken they
 * wait for the guest's end of message.  Return: false if @vp or @sint does not
 * exist; a masked or disabled source keeps the message waiting.
 */
bool synic_post(struct vm *vm, unsigned int vp, unsigned int sint,
		uint32_t type, const void *payload, size_t len);

/* Sets an event flag (0..2047).  Return: true if it was clear, and interrupted. */
bool synic_signal(struct vm *vm, unsigned int vp, unsigned int sint,
		  unsigned int flag);

/* Drops what waits, as when the guest unloads VMBus or resets. */
void synic_flush(struct vm *vm);

#endif
