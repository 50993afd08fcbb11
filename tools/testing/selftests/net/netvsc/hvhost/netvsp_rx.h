/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The receive buffer of a NIC, which the guest lends and the host fills:
 * sub-allocations, the packets that carry them, and frames that wait for them.
 * netvsp_rx.c
 */
#ifndef HVHOST_NETVSP_RX_H
#define HVHOST_NETVSP_RX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "frame.h"
#include "rss.h"

struct channel;
struct gpadl;
struct rndis;

#define RX_MAX_RANGES	375		/* in one packet, as Hyper-V has it */
#define RX_MAX_WAITING	512		/* frames without room */
#define RX_MAX_HELD	16384		/* and those that are held back */

enum rx_result {
	RX_DONE,
	RX_NO_ROOM,			/* of buffers or ring; try again */
	RX_DROPPED,			/* not for this guest, ever */
	RX_BAD_RING,			/* the channel has been failed */
};

struct rx_slot;
struct rx_waiting;

/**
 * struct rx_pool - sub-allocations of the receive buffer
 * @gpadl: NULL while there is no buffer
 * @id: as the guest calls the buffer
 * @size: of a sub-allocation, bytes
 * @busy: packets that the guest has not completed
 * @malformed: the same of those that a fault has sent
 * @slots: kept after the buffer is revoked, for completions that are under way
 * @msg_len: length of NVSP messages in this session
 */
struct rx_pool {
	struct gpadl *gpadl;
	uint16_t id;
	uint32_t size;
	uint32_t count;
	uint32_t free;
	uint32_t next;
	uint32_t busy;
	uint32_t malformed;
	struct rx_slot *slots;
	uint32_t msg_len;
};

/* Frames that found no room, in order. */
struct rx_backlog {
	unsigned int count;
	struct rx_waiting *first, **end;
};

void rx_init(struct rx_pool *pool);
/* False if the buffer is too small, or one is still in use. */
bool rx_setup(struct rx_pool *pool, struct gpadl *gpadl, uint16_t id,
	      uint32_t size);
/* The buffer is not touched any more; completions are still taken. */
void rx_revoke(struct rx_pool *pool);
/* Back to what rx_init() made. */
void rx_reset(struct rx_pool *pool);

/* A completion by the guest.  False: there is no such packet on @chan. */
bool rx_complete(struct rx_pool *pool, const struct channel *chan,
		 uint64_t trans_id);
/*
 * The guest has closed @chan, not the first one: what is under way on it is back.
 * What is malformed went on the first.
 */
void rx_forget(struct rx_pool *pool, const struct channel *chan);

/* One RNDIS control message, of at most one sub-allocation. */
enum rx_result rx_control(struct rx_pool *pool, struct channel *chan,
			  const void *msg, size_t len);

/* One packet with a range for each of the messages; for faults. */
enum rx_result rx_messages(struct rx_pool *pool, struct channel *chan,
			   const struct iovec *msgs, unsigned int nr);

enum rx_result rx_frame(struct rx_pool *pool, struct channel *chan,
			struct rndis *rn, const struct frame *frame,
			const struct rss_hash *hash);

void rx_waiting_init(struct rx_backlog *log);
/* False if @most wait already. */
bool rx_wait(struct rx_backlog *log, unsigned int most,
	     const struct frame *frame, const struct rss_hash *hash);
/* NULL if none waits; otherwise @hash is filled. */
const struct frame *rx_first_waiting(const struct rx_backlog *log,
				     struct rss_hash *hash);
void rx_drop_first(struct rx_backlog *log);

#endif
