/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inside of the 82599 VF, for the files that make it up:
 * configuration space, registers and interrupts: vf82599.c
 * link: vf82599_link.c
 * transmit ring: vf82599_tx.c; receive ring: vf82599_rx.c
 */
#ifndef HVHOST_VF82599_H
#define HVHOST_VF82599_H

#include "log.h"
#include "loop.h"
#include "mem.h"
#include "vf82599_regs.h"
#include "vpci.h"
#include "vswitch.h"

#define VF_BACKLOG_MAX		256	/* frames that wait for descriptors */
#define VF_HELD_MAX		16384	/* and those that are held back */
#define VF_FRAME_MAX		9728	/* longest frame, as the 82599 */

struct vf_msix {
	uint64_t address;
	uint32_t data;
	uint32_t control;
	bool pending;
};

/**
 * struct vf_queue - a ring, either way
 * @reg: its block of registers, by offset / 4
 * @base, @size: of the ring, as checked when it was enabled; @size in
 *	descriptors, 0 while it is off
 */
struct vf_queue {
	uint32_t reg[16];
	uint64_t base;
	uint32_t size;
};

/**
 * struct vf_tx - what a transmit queue keeps between two descriptors
 * @buf: the frame being gathered; allocated when the queue is first used
 * @len: bytes of it
 * @open: a first descriptor was seen, whose @command and @options count
 */
struct vf_tx {
	struct vf_tx_context contexts[VF_NR_CONTEXTS];
	uint8_t *buf;
	uint32_t len;
	bool open;
	uint32_t command;
	uint32_t options;
};

/**
 * struct vf_waiting - a finished frame that waits for descriptors
 * @burst: number of what the switch gave, which this may be a part of only; 0:
 *	the switch counts that as dropped
 */
struct vf_waiting {
	struct vf_waiting *next;
	uint64_t burst;
	struct frame frame;
	uint8_t data[];
};

struct vf82599 {
	struct vm *vm;
	struct guest_mem *mem;
	struct vnic *nic;
	struct vpci *bus;
	struct pci_function function;
	struct log_rate rate, news;

	uint8_t *config;		/* 4 KiB and what a guest may write */
	uint8_t *writable;
	uint8_t mac[6];			/* of the NIC when this was made */
	bool master;
	bool link;			/* as the guest is told */
	bool cable;			/* frames pass */
	struct loop_timer notice;	/* after this they do not */
	bool hung;			/* neither sends nor receives */

	struct vf_msix msix[VF_MSIX_VECTORS];
	uint32_t regs[VF_BAR_SIZE / 4];	/* those without a life of their own */
	uint32_t cause, enabled;

	struct vf_queue rx[VF_NR_QUEUES];
	struct vf_queue tx[VF_NR_QUEUES];
	struct vf_tx tx_state[VF_NR_QUEUES];
	struct loop_task tx_task;

	struct vf_waiting *backlog, **backlog_end;
	unsigned int nr_backlog;
	uint64_t bursts;		/* that the switch gave */
	uint64_t lost_burst;		/* the last that was counted as dropped */
	bool full;			/* the switch was told to wait */
	bool held;			/* rings are left alone */

	uint64_t rx_frames, rx_bytes, rx_multicast;
	uint64_t tx_frames, tx_bytes;
};

/* vf82599.c */
static inline uint32_t *vfq_reg(struct vf_queue *q, unsigned int offset)
{
	return &q->reg[offset / 4];
}

/* Switches a queue off that the guest has filled with nonsense. */
__attribute__((format(printf, 3, 4)))
void vf_queue_stop(struct vf82599 *vf, struct vf_queue *q, const char *fmt,
		   ...);
/* Descriptors between head and tail; 0 for a queue that is off. */
uint32_t vf_queue_used(struct vf_queue *q);
/* An interrupt for a queue, on the vector that its IVAR names. */
void vf_queue_interrupt(struct vf82599 *vf, const struct vf_queue *q);
/* An interrupt for what is no queue's. */
void vf_misc_interrupt(struct vf82599 *vf);

/* vf82599_link.c */
void vf_link_init(struct vf82599 *vf);
void vf_link_free(struct vf82599 *vf);
/* The guest has left this path for the other one. */
void vf_link_left(void *ctx);

/* vf82599_tx.c */
void vf_tx_kick(struct vf82599 *vf, unsigned int index);
void vf_tx_reset(struct vf82599 *vf, unsigned int index);
void vf_tx_task(void *ctx);

/* vf82599_rx.c */
extern const struct vpath_ops vf_path_ops;
/* Delivers what waits, as far as there are descriptors. */
void vf_rx_continue(struct vf82599 *vf);
/* For the switch it is one frame that is dropped, whichever parts are. */
void vf_rx_drop_waiting(struct vf82599 *vf);

#endif
