// SPDX-License-Identifier: GPL-2.0
/*
 * A channel of a NIC: what comes in on it, and what the guest has to be told
 * but cannot be while its ring is full.  Completions come first, then answers
 * to RNDIS requests (which need a piece of the receive buffer), then frames.
 */
#include <stdlib.h>
#include <string.h>

#include "netvsp_dev.h"
#include "rndis_wire.h"
#include "vmbus_wire.h"

#define READ_MAX		512	/* packets read in one turn */
#define OUT_STOP		256	/* no more reading beyond this */
#define CONTROL_MAX		64	/* RNDIS answers that wait, and indications */
#define WAITING_HIGH		(RX_MAX_WAITING / 2)
#define WAITING_LOW		(RX_MAX_WAITING / 8)

void netvsp_fail(struct netvsp *nv, const char *why)
{
	nv->protocol_errors++;
	if (nv->over)
		return;
	nv->over = true;
	channel_fail(nv->primary.chan, "nic %u: %s", nv->id, why);
}

void netvsp_complain(struct netvsp *nv, const char *why)
{
	nv->protocol_errors++;
	log_guest_error(&nv->rate, "netvsp", "nic %u: %s", nv->id, why);
}

void netvsp_bad_ring(struct netvsp *nv)
{
	nv->protocol_errors++;
	nv->over = true;
	/* A sub-channel does not go alone. */
	vmbus_rescind(nv->primary.chan);
}

/* What waits for the guest */

void out_init(struct out_queue *out)
{
	out->first = NULL;
	out->end = &out->first;
	out->count = 0;
}

static void out_drop(struct out_queue *queue, struct out **p)
{
	struct out *out = *p;

	*p = out->next;
	if (!*p)
		queue->end = p;
	queue->count--;
	free(out);
}

static void out_drop_first(struct out_queue *queue)
{
	out_drop(queue, &queue->first);
}

static void out_clear(struct out_queue *queue)
{
	while (queue->first)
		out_drop_first(queue);
}

static void out_add(struct out_queue *queue, uint16_t type, uint16_t flags,
		    uint64_t trans_id, const void *data, uint32_t len)
{
	struct out *out;

	out = malloc(sizeof(*out) + len);
	if (!out)
		die("out of memory");
	out->next = NULL;
	out->type = type;
	out->flags = flags;
	out->trans_id = trans_id;
	out->len = len;
	if (len)
		memcpy(out->data, data, len);
	*queue->end = out;
	queue->end = &out->next;
	queue->count++;
}

/* Whoever makes room for answers may not be the one who reads on. */
static void read_on(struct queue *q)
{
	if (!q->stopped || q->out.count >= OUT_STOP)
		return;
	q->stopped = false;
	loop_task_queue(&q->more);
}

static bool flush_out(struct queue *q)
{
	/* A channel that fails may take the others along, and @q leaves the NIC. */
	struct netvsp *nv = q->nv;
	struct out *out;

	while (q->open && q->out.first) {
		out = q->out.first;
		switch (channel_write(q->chan, out->type, out->flags,
				      out->trans_id, out->data, out->len)) {
		case RING_OK:
			out_drop_first(&q->out);
			read_on(q);
			break;
		case RING_FULL:
			return false;
		default:
			netvsp_bad_ring(nv);
			return false;
		}
	}
	return q->open;
}

static bool flush_control(struct netvsp *nv)
{
	struct queue *q = &nv->primary;

	while (q->open && nv->control.first) {
		switch (rx_control(&nv->rx, q->chan, nv->control.first->data,
				   nv->control.first->len)) {
		case RX_NO_ROOM:
			return false;
		case RX_BAD_RING:
			netvsp_bad_ring(nv);
			return false;
		case RX_DROPPED:
			log_guest_error(&nv->rate, "netvsp",
					"nic %u: no buffer for an RNDIS message of %u bytes",
					nv->id, nv->control.first->len);
			out_drop_first(&nv->control);
			break;
		default:
			out_drop_first(&nv->control);
		}
	}
	return q->open;
}

static bool rx_ready(const struct netvsp *nv)
{
	return nv->primary.open && nv->rx.gpadl && nv->rndis.ready &&
	       nv->rndis.filter && nv->rndis.link;
}

static enum rx_result offer_frame(struct queue *q, const struct frame *frame,
				  const struct rss_hash *hash)
{
	struct netvsp *nv = q->nv;
	enum rx_result result;

	result = rx_frame(&nv->rx, q->chan, &nv->rndis, frame, hash);
	if (result == RX_DONE)
		nv->counts[q->index].rx_frames++;
	else if (result == RX_BAD_RING)
		netvsp_bad_ring(nv);
	return result;
}

static void flush_frames(struct queue *q)
{
	struct netvsp *nv = q->nv;
	const struct frame *frame;
	enum rx_result result;
	struct rss_hash hash;

	while ((frame = rx_first_waiting(&q->waiting, &hash))) {
		result = rx_ready(nv) ? offer_frame(q, frame, &hash) :
					RX_DROPPED;
		if (result == RX_NO_ROOM)
			break;
		if (result == RX_BAD_RING)
			return;
		if (result != RX_DONE)
			vnic_dropped(nv->nic, PATH_SYNTHETIC);
		rx_drop_first(&q->waiting);
	}
}

static void flush(struct queue *q)
{
	if (!flush_out(q) || (!q->index && !flush_control(q->nv)))
		return;
	if (q->nv->nic)
		flush_frames(q);
}

static unsigned int most_waiting(const struct netvsp *nv)
{
	unsigned int most = 0, i;

	for (i = 0; i < nv->nr_queues; i++)
		if (nv->queues[i] && nv->queues[i]->waiting.count > most)
			most = nv->queues[i]->waiting.count;
	return most;
}

/* In the order of channels: answers on the first go before all frames. */
void netvsp_flush(struct netvsp *nv)
{
	unsigned int i;

	if (nv->held)
		return;
	for (i = 0; i < nv->nr_queues; i++)
		if (nv->queues[i])
			flush(nv->queues[i]);
	if (nv->nic && nv->squeezed && most_waiting(nv) <= WAITING_LOW) {
		nv->squeezed = false;
		vnic_room(nv->nic, PATH_SYNTHETIC);
	}
}

static void send_or_wait(struct queue *q, uint16_t type, uint16_t flags,
			 uint64_t trans_id, const void *data, uint32_t len)
{
	/* As in flush_out() */
	struct netvsp *nv = q->nv;
	enum ring_status status;

	if (!q->open)
		return;
	if (!q->out.first && !nv->held) {
		status = channel_write(q->chan, type, flags, trans_id, data,
				       len);
		if (status == RING_OK)
			return;
		if (status != RING_FULL) {
			netvsp_bad_ring(nv);
			return;
		}
	}
	out_add(&q->out, type, flags, trans_id, data, len);
}

/*
 * A packet that finds room ends the ring's wish for a signal, also where something
 * else waits for more room than that: this is tried again, and wishes again.
 */
void queue_send(struct queue *q, uint16_t type, uint16_t flags,
		uint64_t trans_id, const void *data, uint32_t len)
{
	struct netvsp *nv = q->nv;

	send_or_wait(q, type, flags, trans_id, data, len);
	netvsp_flush(nv);
}

static bool is_indication(const struct out *out, uint32_t *status)
{
	struct rndis_indicate ind;
	struct rndis_hdr hdr;

	memcpy(&hdr, out->data, sizeof(hdr));
	if (hdr.type != RNDIS_INDICATE)
		return false;
	memcpy(&ind, out->data + sizeof(hdr), sizeof(ind));
	*status = ind.status;
	return true;
}

static unsigned int indications_waiting(const struct netvsp *nv)
{
	const struct out *out;
	unsigned int count = 0;
	uint32_t status;

	for (out = nv->control.first; out; out = out->next)
		count += is_indication(out, &status);
	return count;
}

/* The oldest of this status */
static void drop_indication(struct netvsp *nv, uint32_t status)
{
	struct out **p, *out;
	uint32_t this;

	for (p = &nv->control.first; (out = *p); p = &out->next)
		if (is_indication(out, &this) && this == status)
			break;
	if (!out)
		return;
	log_guest_error(&nv->rate, "netvsp",
			"nic %u: indications are not taken: one of %#x dropped",
			nv->id, status);
	out_drop(&nv->control, p);
}

/* The last of each status is what counts, and is kept. */
void netvsp_send_indication(struct netvsp *nv, const void *msg, uint32_t len,
			    uint32_t status)
{
	if (indications_waiting(nv) >= CONTROL_MAX)
		drop_indication(nv, status);
	out_add(&nv->control, 0, 0, 0, msg, len);
	netvsp_flush(nv);
}

void netvsp_send_answer(struct netvsp *nv, const void *msg, uint32_t len)
{
	if (nv->control.count - indications_waiting(nv) >= CONTROL_MAX) {
		netvsp_fail(nv, "RNDIS answers are not taken");
		return;
	}
	out_add(&nv->control, 0, 0, 0, msg, len);
	netvsp_flush(nv);
}

void queue_complete(struct queue *q, const struct packet *pkt, const void *msg,
		    uint32_t len)
{
	uint8_t buf[NVSP_LEN_V61] = { 0 };
	struct steps *steps = &q->nv->steps;

	if (!(pkt->flags & PKT_FLAG_COMPLETE))
		return;
	if (msg)
		memcpy(buf, msg, len);
	len = msg ? session_msg_len(q->nv) : 0;
	if (steps->action == STEP_NORMAL ||
	    step_completion(q->nv, pkt, buf, &len))
		send_or_wait(q, PKT_COMPLETION, 0, pkt->trans_id, buf, len);
	step_done(steps);
}

/* Packets of the guest */

/* False: the guest has no such packet. */
static bool take_back(struct queue *q, uint64_t trans_id)
{
	struct rx_pool *pool = &q->nv->rx;

	if (trans_id != FAULT_TRANS)
		return rx_complete(pool, q->chan, trans_id);
	if (!pool->malformed)
		return false;
	pool->malformed--;
	return true;
}

static void handle_completion(struct queue *q, const struct packet *pkt)
{
	struct netvsp *nv = q->nv;
	struct nvsp_rndis_done done;

	/* Guests may ignore that we would like to hear of this one. */
	if (pkt->trans_id == TRANS_ASSOCIATION)
		return;
	if (pkt->len < sizeof(done)) {
		netvsp_fail(nv, "completion too short");
		return;
	}
	memcpy(&done, pkt->payload, sizeof(done));
	if (done.type != NVSP_RNDIS_DONE)
		netvsp_fail(nv, "completion of an unknown type");
	else if (!take_back(q, pkt->trans_id))
		netvsp_fail(nv, "completion of a packet that was not sent");
}

static void handle_packet(struct queue *q, const struct packet *pkt)
{
	switch (pkt->type) {
	case PKT_INBAND:
	case PKT_GPA_DIRECT:
		session_message(q, pkt);
		break;
	case PKT_COMPLETION:
		handle_completion(q, pkt);
		break;
	default:
		netvsp_fail(q->nv, "packet of an unknown type");
	}
}

/* A busy guest must not keep the others from the host: @more comes later. */
static void read_packets(struct queue *q)
{
	struct netvsp *nv = q->nv;
	unsigned int i;

	for (i = 0; i < READ_MAX; i++) {
		if (!q->open || nv->over)
			return;
		q->stopped = q->out.count >= OUT_STOP;
		if (q->stopped)
			return;
		switch (channel_read(q->chan, &nv->pkt)) {
		case RING_OK:
			handle_packet(q, &nv->pkt);
			break;
		case RING_BAD:
			netvsp_bad_ring(nv);
			return;
		default:
			return;
		}
	}
	/* The last of them may have been one too many for the NIC. */
	if (q->open)
		loop_task_queue(&q->more);
}

void queue_run(struct queue *q)
{
	struct netvsp *nv = q->nv;

	if (!nv || nv->held)
		return;
	/* What the guest completes here may be what others wait for. */
	flush(q);
	read_packets(q);
	netvsp_flush(nv);
}

static void run_more(void *ctx)
{
	queue_run(ctx);
}

/* Port of the switch */

/* A table may name channels that the guest has not opened, or has closed. */
static struct queue *steer(struct netvsp *nv, const struct rss_hash *hash)
{
	unsigned int i = rss_queue(&nv->rndis.rss, hash);

	if (i >= nv->nr_queues || !nv->queues[i] || !nv->queues[i]->open)
		return &nv->primary;
	return nv->queues[i];
}

static bool deliver(void *ctx, const struct frame *frame)
{
	struct netvsp *nv = ctx;
	enum rx_result result;
	struct rss_hash hash;
	struct queue *q;

	if (!rx_ready(nv))
		return false;
	hash = rss_hash(&nv->rndis.rss, frame);
	q = steer(nv, &hash);
	if (!q->waiting.count && !q->out.first && !nv->control.first &&
	    !nv->held) {
		result = offer_frame(q, frame, &hash);
		if (result != RX_NO_ROOM)
			return result == RX_DONE;
	}
	return rx_wait(&q->waiting, nv->held ? RX_MAX_HELD : RX_MAX_WAITING,
		       frame, &hash);
}

static bool room(void *ctx)
{
	struct netvsp *nv = ctx;

	if (most_waiting(nv) < (nv->held ? RX_MAX_HELD : WAITING_HIGH))
		return true;
	nv->squeezed = true;
	return false;
}

/* A guest that wants nothing at all loses frames; filters do not count. */
static bool wants(void *ctx, const struct frame *frame)
{
	struct netvsp *nv = ctx;

	return !nv->rndis.filter || rndis_wants(&nv->rndis, frame);
}

const struct vpath_ops netvsp_port_ops = {
	.deliver = deliver,
	.room = room,
	.wants = wants,
};

/* Channel */

void queue_init(struct queue *q, struct netvsp *nv, unsigned int index)
{
	q->nv = nv;
	q->index = index;
	q->more.fn = run_more;
	q->more.ctx = q;
	out_init(&q->out);
	rx_waiting_init(&q->waiting);
}

/* A NIC that is being removed has nothing to count with any more. */
static void drop_waiting(struct queue *q)
{
	while (q->waiting.count) {
		if (q->nv && q->nv->nic)
			vnic_dropped(q->nv->nic, PATH_SYNTHETIC);
		rx_drop_first(&q->waiting);
	}
}

void queue_clear(struct queue *q)
{
	q->open = false;
	q->stopped = false;
	loop_task_cancel(&q->more);
	out_clear(&q->out);
	drop_waiting(q);
}

void queue_readable(void *ctx, struct channel *chan)
{
	(void)chan;
	queue_run(ctx);
}

static bool primary_open(void *ctx, struct channel *chan)
{
	struct queue *q = ctx;

	(void)chan;
	if (!q->nv->nic)
		return false;
	session_start(q->nv);
	q->open = true;
	vnic_set_path(q->nv->nic, PATH_SYNTHETIC, &netvsp_port_ops, q->nv);
	return true;
}

/*
 * Hosts before VMBus 4.0 want the memory of the buffers taken back while the channel
 * is open, later ones want it closed first: as the stock driver says that they do.
 * A guest that disconnects, and has no version any more, takes all back at once.
 */
static bool takes_memory_first(const struct netvsp *nv)
{
	uint32_t version = vmbus_version(nv->vmbus);

	return version && version < VMBUS_V4_0;
}

/*
 * The data path outlives the session: a guest that closes the channel and opens
 * it again, as for a new MTU, need not select the VF again.  It ends with the
 * channel, and when the guest lets go of that.
 */
static void primary_close(void *ctx, struct channel *chan)
{
	struct queue *q = ctx;
	struct netvsp *nv = q->nv;

	/* Not we alone do that: its rings may have been taken away. */
	if (channel_is_rescinded(chan))
		nv->over = true;
	else if ((nv->lent[0] || nv->lent[1]) && takes_memory_first(nv))
		netvsp_complain(nv, "channel closed before its buffers are taken back");
	subchannels_end(nv);
	queue_clear(q);
	out_clear(&nv->control);
	nv->squeezed = false;
	session_end(nv);
	if (!nv->nic)
		return;
	vnic_set_path(nv->nic, PATH_SYNTHETIC, NULL, NULL);
	if (channel_is_rescinded(chan))
		vnic_select(nv->nic, PATH_SYNTHETIC);
}

void netvsp_destroy(struct netvsp *nv)
{
	queue_clear(&nv->primary);
	out_clear(&nv->control);
	session_end(nv);
	free(nv);
}

static void primary_released(void *ctx, struct channel *chan)
{
	struct queue *q = ctx;
	struct netvsp *nv = q->nv;

	if (nv->removing) {
		netvsp_destroy(nv);
		return;
	}
	/* The next guest finds the address that the host gave. */
	vnic_set_mac(nv->nic, nv->rndis.perm_mac);
	vnic_select(nv->nic, PATH_SYNTHETIC);
	if (channel_is_rescinded(chan))
		q->chan = NULL;
}

static void primary_gpadl_gone(void *ctx, struct channel *chan,
			       struct gpadl *gpadl)
{
	struct queue *q = ctx;
	struct netvsp *nv = q->nv;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (gpadl != nv->lent[i])
			continue;
		nv->lent[i] = NULL;
		if (!channel_is_rescinded(chan) && !takes_memory_first(nv))
			netvsp_complain(nv, "buffer taken back before its channel is closed");
	}
	if (gpadl == nv->rx.gpadl)
		rx_revoke(&nv->rx);
	if (gpadl == nv->send_buf)
		nv->send_buf = NULL;
}

const struct channel_ops netvsp_primary_ops = {
	.open = primary_open,
	.close = primary_close,
	.readable = queue_readable,
	.released = primary_released,
	.gpadl_gone = primary_gpadl_gone,
};
