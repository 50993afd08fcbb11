// SPDX-License-Identifier: GPL-2.0
/*
 * The steps of VMBus: a channel is opened, memory is lent to the host and taken
 * back.  Nothing of this has a time limit in Linux: a guest that is never told
 * waits for ever.
 */
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "log.h"
#include "loop.h"
#include "step.h"

/* An answer that has to wait, about the channel @relid. */
struct late_answer {
	struct late_answer *next;
	struct vmbus *vmbus;
	struct loop_timer timer;
	uint32_t relid;
	size_t len;
	uint8_t msg[];
};

/* A device that has rescinded its channel may be gone, and they with it. */
static struct steps *steps_of(const struct channel *chan)
{
	return chan->rescinded ? NULL : chan->offer.steps;
}

const char *vmbus_step(struct channel *chan, const char *name)
{
	struct steps *steps = steps_of(chan);

	if (!steps || step_take(steps, name) != STEP_REFUSE)
		return NULL;
	return "a fault that was asked for";
}

static void forget(struct late_answer *late)
{
	struct late_answer **p;

	for (p = &late->vmbus->late; *p != late; p = &(*p)->next)
		;
	*p = late->next;
	loop_timer_cancel(&late->timer);
}

void vmbus_late_clear(struct vmbus *vmbus)
{
	struct late_answer *late;

	while ((late = vmbus->late)) {
		forget(late);
		free(late);
	}
}

static void due(void *ctx)
{
	struct late_answer *late = ctx;
	struct vmbus *vmbus = late->vmbus;
	struct channel *chan = vmbus->by_relid[late->relid];

	forget(late);
	if (chan) {
		vmbus_post(vmbus, late->msg, late->len);
		if (chan->state == CHAN_OPEN && chan->opening)
			channel_opened(chan);
	}
	free(late);
}

static void answer_late(struct channel *chan, const void *msg, size_t len)
{
	struct late_answer *late = calloc(1, sizeof(*late) + len);
	struct vmbus *vmbus = chan->vmbus;

	if (!late)
		die("out of memory");
	late->vmbus = vmbus;
	late->relid = chan->relid;
	late->len = len;
	memcpy(late->msg, msg, len);
	late->timer.fn = due;
	late->timer.ctx = late;
	late->next = vmbus->late;
	vmbus->late = late;
	loop_timer_set(&late->timer,
		       chan->offer.steps->number * 1000000000ull);
}

bool vmbus_step_answer(struct channel *chan, const void *msg, size_t len)
{
	enum step_action action = STEP_NORMAL;
	struct steps *steps = steps_of(chan);

	if (steps) {
		action = steps->action;
		step_done(steps);
	}
	if (action == STEP_NEVER)
		return false;
	if (action == STEP_LATE) {
		answer_late(chan, msg, len);
		return false;
	}
	if (action == STEP_SIGNAL)
		channel_signal(chan);
	vmbus_post(chan->vmbus, msg, len);
	return true;
}
