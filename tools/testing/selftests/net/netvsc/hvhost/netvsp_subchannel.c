// SPDX-License-Identifier: GPL-2.0
/*
 * Sub-channels: further channels of a NIC, which the guest asks for in a
 * session and which end with it.  They carry frames and completions, nothing
 * else.  Each is offered as a device is, with the instance of the NIC.
 *
 * A guest opens and closes them in any order.  The table that says which
 * channel it should send on goes out when all of them are open, and not
 * before, as openvmm does it.
 */
#include <stdlib.h>
#include <string.h>

#include "netvsp_dev.h"

static bool all_open(const struct netvsp *nv)
{
	unsigned int i;

	for (i = 0; i < nv->nr_queues; i++)
		if (!nv->queues[i] || !nv->queues[i]->open)
			return false;
	return true;
}

/*
 * Before 6.1 hosts compute the offset of the table from a shorter message than
 * the one they send: the table is not there, but at the same place as ever.
 */
static void send_table(struct netvsp *nv, unsigned int first,
		       unsigned int count)
{
	struct nvsp_send_table table = {
		.type = NVSP_SEND_TABLE,
		.count = NVSP_SEND_TABLE_ENTRIES,
		.offset = nv->version < NVSP_V61 ?
			  NVSP_LEN_V1 : offsetof(struct nvsp_send_table, entry),
	};
	unsigned int i;

	for (i = 0; i < NVSP_SEND_TABLE_ENTRIES; i++)
		table.entry[i] = first + i % count;
	queue_send(&nv->primary, PKT_INBAND, 0, 0, &table, sizeof(table));
}

static bool sub_open(void *ctx, struct channel *chan)
{
	struct queue *q = ctx;

	(void)chan;
	q->open = true;
	if (all_open(q->nv))
		send_table(q->nv, 0, q->nv->nr_queues);
	return true;
}

/* All that are to be opened are. */
static bool none_missing(const struct netvsp *nv)
{
	const struct queue *q;
	unsigned int i;

	for (i = 0; i < nv->nr_queues; i++) {
		q = nv->queues[i];
		if (q && !q->open && !channel_is_rescinded(q->chan))
			return false;
	}
	return true;
}

/* Hosts send another table when their load has moved. */
bool netvsp_send_on(struct netvsp *nv, unsigned int channel)
{
	if (channel >= nv->nr_queues || !nv->queues[channel] ||
	    !nv->queues[channel]->open || !none_missing(nv))
		return false;
	send_table(nv, channel, 1);
	return true;
}

/* What waits on it is lost; the NIC goes on without it. */
bool netvsp_rescind_channel(struct netvsp *nv, unsigned int channel)
{
	struct queue *q;

	if (!channel || channel >= nv->nr_queues)
		return false;
	q = nv->queues[channel];
	if (!q || channel_is_rescinded(q->chan))
		return false;
	/* One that was never offered is gone in this call. */
	vmbus_rescind(q->chan);
	return true;
}

static void sub_close(void *ctx, struct channel *chan)
{
	struct queue *q = ctx;

	queue_clear(q);
	if (!q->nv)
		return;
	/* Nobody will complete them any more; others may wait for the room. */
	rx_forget(&q->nv->rx, chan);
	netvsp_flush(q->nv);
}

static void sub_released(void *ctx, struct channel *chan)
{
	struct queue *q = ctx;

	/* Not for another guest; this is called again. */
	if (!channel_is_rescinded(chan)) {
		vmbus_rescind(chan);
		return;
	}
	if (q->nv)
		q->nv->queues[q->index] = NULL;
	queue_clear(q);
	free(q);
}

static const struct channel_ops sub_ops = {
	.open = sub_open,
	.close = sub_close,
	.readable = queue_readable,
	.released = sub_released,
};

static bool add_queue(struct netvsp *nv)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (!q)
		return false;
	queue_init(q, nv, nv->nr_queues);
	nv->queues[nv->nr_queues++] = q;
	q->chan = netvsp_offer(q, &sub_ops);
	return true;
}

void subchannels_request(struct queue *q, const struct packet *pkt)
{
	struct nvsp_subchannel_done done = {
		.type = NVSP_SUBCHANNEL,
		.status = NVSP_FAILURE,
	};
	struct netvsp *nv = q->nv;
	struct nvsp_subchannel req;
	uint32_t i;

	memcpy(&req, pkt->payload, sizeof(req));
	if (req.op == NVSP_SUBCHANNEL_ALLOCATE && nv->nr_queues == 1 &&
	    req.count < nv->config.queues) {
		done.status = NVSP_SUCCESS;
		done.count = req.count;
	}
	queue_complete(q, pkt, &done, sizeof(done));
	for (i = 0; i < done.count && q->open; i++)
		if (!add_queue(nv))
			die("out of memory");
	if (done.count)
		log_guest_info(&nv->news, "netvsp", "nic %u: %u sub-channels",
			       nv->id, done.count);
}

void subchannels_end(struct netvsp *nv)
{
	struct queue *q;

	while (nv->nr_queues > 1) {
		q = nv->queues[--nv->nr_queues];
		nv->queues[nv->nr_queues] = NULL;
		if (!q)
			continue;
		/* While it knows which NIC has lost what waits. */
		queue_clear(q);
		q->nv = NULL;
		/* A channel that was never offered is gone in this call. */
		vmbus_rescind(q->chan);
	}
}
