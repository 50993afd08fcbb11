/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What VMBus itself knows of a channel, and of the connection to the guest.
 * For vmbus.c, which deals in messages, and channel.c, which deals in channels;
 * devices see vmbus.h only.
 */
#ifndef HVHOST_CHANNEL_H
#define HVHOST_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "log.h"
#include "ring.h"
#include "vmbus.h"
#include "vmbus_wire.h"

/**
 * enum channel_state - what the guest knows of a channel
 * @CHAN_NEW: nothing; to be offered
 * @CHAN_OFFERED: it has a relid
 * @CHAN_OPEN: it has lent us rings
 * @CHAN_RETURNED: it has given the relid back of its own accord, as a driver
 *	does that is unloaded; to be offered when it asks again
 */
enum channel_state { CHAN_NEW, CHAN_OFFERED, CHAN_OPEN, CHAN_RETURNED };

/**
 * struct channel - a channel
 * @relid: the guest's name for it, from offer to release; else 0
 * @rescinded: it goes away; freed when the guest has let go of it
 * @opening: the guest has not been told the result of its request to open;
 *	until then it must not be interrupted
 * @interrupt_owed: it was to be interrupted meanwhile
 * @closing: ->close() is running
 * @vp: virtual processor that takes the interrupts
 * @gpadls: that the guest made for it, also those still being received
 * @ring_gpadl: the one that holds the rings of an open channel
 */
struct channel {
	struct channel *next;
	struct vmbus *vmbus;
	struct channel_offer offer;
	enum channel_state state;
	uint32_t relid;
	bool rescinded;
	bool opening;
	bool interrupt_owed;
	bool closing;
	uint32_t vp;
	struct gpadl *gpadls;
	struct gpadl *ring_gpadl;
	struct ring in, out;
};

/**
 * struct vmbus - the bus and the connection to the guest
 * @version: agreed on; 0 while there is no connection
 * @offering: the guest has asked for offers
 * @vp, @sint: where it wants its messages
 * @late: answers that are to be given late
 * @last_relid: given out last; relids go round, so that a message that is late
 *	names nothing rather than the wrong channel
 */
struct vmbus {
	struct vm *vm;
	uint32_t max_version;
	uint32_t version;
	bool offering;
	uint32_t vp;
	unsigned int sint;
	struct channel *channels;
	struct channel *by_relid[VMBUS_MAX_RELID + 1];
	uint32_t last_relid;
	unsigned int nr_gpadls;
	unsigned int gpadl_words;
	uint64_t messages_in, messages_out, interrupts;
	struct log_rate complaints, news;
	struct late_answer *late;
};

/* vmbus.c */
void vmbus_post(struct vmbus *vmbus, const void *msg, size_t len);

/* vmbus_step.c */

/* A step is taken that a fault may be for.  NULL, or why not to do it. */
const char *vmbus_step(struct channel *chan, const char *name);
/* The answer to it; false if it is not given now. */
bool vmbus_step_answer(struct channel *chan, const void *msg, size_t len);
/* No answer is on its way any more. */
void vmbus_late_clear(struct vmbus *vmbus);

/* channel.c */
void channel_offer_pending(struct vmbus *vmbus);

/* What the guest asks for; NULL when it is done, or why not. */
const char *channel_open(struct channel *chan, const struct msg_open *msg);
void channel_opened(struct channel *chan);	/* the guest has been told */
void channel_signal(struct channel *chan);	/* in whatever state it is */
void channel_close(struct channel *chan);
const char *channel_retarget(struct channel *chan, uint32_t vp);

/*
 * No guest uses the channel any more.  Frees it if it was rescinded; otherwise
 * it is in @next, CHAN_NEW or CHAN_RETURNED.
 */
void channel_release(struct channel *chan, enum channel_state next);

void channel_add_gpadl(struct channel *chan, struct gpadl *gpadl);
/* Also one that is still being received. */
struct gpadl *channel_find_gpadl(struct channel *chan, uint32_t id);
void channel_drop_gpadl(struct channel *chan, struct gpadl *gpadl);

#endif
