// SPDX-License-Identifier: GPL-2.0
/*
 * Receive: from the ranges of a transfer page packet to frames.
 *
 * Each range of the packet is one RNDIS message.  A message holds a frame, or a
 * part of one that the host has coalesced; the parts of such a frame are in the
 * same packet, one after the other.
 */
#include <net/page_pool/helpers.h>

#include "rx.h"

/* Pages that wait in a pool's ring for their next use. */
#define RX_POOL_SIZE		256

static void rx_malformed(struct netvsc_channel *ch, const char *what)
{
	rx_count(&ch->rx.stats, &ch->rx.stats.malformed);
	if (net_ratelimit())
		netdev_warn(ch->nv->ndev, "%s from the host dropped\n", what);
}

static u32 rx_no_memory(struct netvsc_channel *ch)
{
	rx_count(&ch->rx.stats, &ch->rx.stats.no_memory);
	return NVSP_STATUS_FAILURE;
}

static bool rx_wanted(struct netvsc_channel *ch)
{
	if (likely(READ_ONCE(ch->nv->accept)))
		return true;
	rx_count(&ch->rx.stats, &ch->rx.stats.unwanted);
	return false;
}

/* A frame in one piece */
static u32 rx_deliver(struct netvsc_channel *ch, struct rx_frame *frame)
{
	struct bpf_prog *prog;

	if (unlikely(!rx_wanted(ch)))
		return NVSP_STATUS_SUCCESS;

	prog = rcu_dereference_bh(ch->nv->xdp_prog);
	if (unlikely(prog))
		return rx_xdp(ch, prog, frame);

	if (unlikely(!rx_skb_receive(ch, frame)))
		return rx_no_memory(ch);
	return NVSP_STATUS_SUCCESS;
}

/* Coalesced frames */

static void rx_run_drop(struct netvsc_channel *ch)
{
	struct netvsc_rx_part *part = &ch->rx.part;

	kfree_skb(part->skb);
	part->skb = NULL;
	part->run.open = false;
}

static void rx_run_lost(struct netvsc_channel *ch)
{
	rx_run_drop(ch);
	rx_malformed(ch, "coalesced frame without its end");
}

static u32 rx_run_begin(struct netvsc_channel *ch, const struct rx_frame *frame)
{
	struct netvsc_rx_part *part = &ch->rx.part;

	if (!rx_wanted(ch))
		return NVSP_STATUS_SUCCESS;
	/* Left from the time before the program, when frames were coalesced */
	if (rcu_access_pointer(ch->nv->xdp_prog)) {
		rx_count(&ch->rx.stats, &ch->rx.stats.xdp_errors);
		return NVSP_STATUS_SUCCESS;
	}

	part->first = *frame;
	part->skb = rx_skb_begin(ch, frame);
	return part->skb ? NVSP_STATUS_SUCCESS : rx_no_memory(ch);
}

static u32 rx_run_continue(struct netvsc_channel *ch,
			   const struct rx_frame *frame)
{
	struct netvsc_rx_part *part = &ch->rx.part;

	if (!part->skb ||
	    rx_skb_append(ch, part->skb, frame->data, frame->len))
		return NVSP_STATUS_SUCCESS;

	kfree_skb(part->skb);
	part->skb = NULL;
	return rx_no_memory(ch);
}

static void rx_run_end(struct netvsc_channel *ch)
{
	struct netvsc_rx_part *part = &ch->rx.part;
	struct sk_buff *skb = part->skb;

	part->skb = NULL;
	if (!skb)
		return;
	rx_count(&ch->rx.stats, &ch->rx.stats.coalesced);
	rx_skb_coalesced(ch, skb, &part->first);
	rx_skb_deliver(ch, skb, &part->first);
}

/* A part, or a frame in one piece where a part should be. */
static u32 rx_part(struct netvsc_channel *ch, struct rx_frame *frame)
{
	struct netvsc_rx_part *part = &ch->rx.part;
	bool begins = frame->flags & RX_IS_FIRST;
	bool again = part->lost && !begins;
	u32 status;

	if (part->run.open && (begins || !(frame->flags & RX_IS_PART)))
		rx_run_lost(ch);
	part->lost = !rx_run_add(&part->run, frame);
	if (part->lost) {
		rx_run_drop(ch);
		return again ? NVSP_STATUS_SUCCESS : NVSP_STATUS_BAD_RNDIS;
	}
	if (!(frame->flags & RX_IS_PART))
		return rx_deliver(ch, frame);

	status = begins ? rx_run_begin(ch, frame) : rx_run_continue(ch, frame);
	if (!part->run.open)
		rx_run_end(ch);
	return status;
}

/* Transfer packets */

/* One range: one RNDIS message.  Return: NVSP_STATUS_* for the host. */
static u32 rx_message(struct netvsc_channel *ch, const void *msg, u32 len)
{
	const void *body = msg + sizeof(struct rndis_hdr);
	struct rx_frame frame;
	u32 type;
	int size;

	size = rx_parse_message(msg, len, &type);
	if (unlikely(size < 0))
		return NVSP_STATUS_BAD_RNDIS;
	if (unlikely(type != RNDIS_MSG_PACKET))
		return rndis_handle_control(ch->nv, type, body, size);
	if (unlikely(rx_parse_packet(&frame, body, size)))
		return NVSP_STATUS_BAD_RNDIS;

	if (unlikely((frame.flags & RX_IS_PART) || ch->rx.part.run.open))
		return rx_part(ch, &frame);
	return rx_deliver(ch, &frame);
}

static u32 rx_ranges(struct netvsc_channel *ch,
		     const struct vmbus_xfer_ranges *xfer)
{
	const struct netvsc_buffer *buf = &ch->nv->nvsp.rx;
	/* Pairs with nvsp_buffer_alloc(): without a size, nothing is in it. */
	u32 size = smp_load_acquire(&buf->size);
	u32 i, len, status, worst = NVSP_STATUS_SUCCESS;
	const void *msg;

	for (i = 0; i < xfer->count; i++) {
		msg = vmbus_xfer_range(xfer, i, buf->base, size, &len);
		status = msg ? rx_message(ch, msg, len) : NVSP_STATUS_BAD_RNDIS;
		if (likely(status == NVSP_STATUS_SUCCESS))
			continue;
		if (status == NVSP_STATUS_BAD_RNDIS) {
			rx_run_drop(ch);
			rx_malformed(ch, "malformed RNDIS message");
		}
		worst = status;
	}
	/* No frame goes on in another packet. */
	if (unlikely(ch->rx.part.run.open))
		rx_run_lost(ch);
	ch->rx.part.lost = false;
	return worst;
}

static bool rx_is_rndis(const struct vmbus_pkt *pkt)
{
	const __le32 *type = pkt->payload;

	return pkt->payload_len >= sizeof(*type) &&
	       READ_ONCE(*type) == cpu_to_le32(NVSP_RNDIS);
}

/* The caller has made sure of netvsc_rx_ready().  Return: frames in @pkt. */
int netvsc_rx_transfer(struct netvsc_channel *ch,
		       const struct vmbus_pkt *pkt)
{
	struct vmbus_xfer_ranges xfer = {};
	u32 status = NVSP_STATUS_FAILURE;

	/* Each range begins in a section of its own. */
	if (!vmbus_pkt_xfer_ranges(pkt, &xfer) ||
	    xfer.count > ch->nv->nvsp.rx_sections ||
	    xfer.set != NVSP_RX_BUFFER_ID || !rx_is_rndis(pkt)) {
		rx_malformed(ch, "malformed transfer packet");
		xfer.count = 1;
	} else {
		status = rx_ranges(ch, &xfer);
	}

	/* Malformed or not, the host wants its memory back. */
	rx_done_add(ch, pkt->trans_id, status);
	return max(xfer.count, 1U);
}

/* The end of a poll.  Return: false if the host has not all of it back yet. */
bool netvsc_rx_flush(struct netvsc_channel *ch)
{
	if (unlikely(ch->rx.xdp_redirected || ch->rx.xdp_sent))
		rx_xdp_flush(ch);
	return rx_done_send(ch);
}

/* Life of the receive half */

static struct page_pool *rx_create_pool(struct netvsc_channel *ch)
{
	struct page_pool_params params = {
		.pool_size	= RX_POOL_SIZE,
		.nid		= NUMA_NO_NODE,
		.dev		= &ch->nv->hdev->device,
		.napi		= &ch->napi,
		.netdev		= ch->nv->ndev,
		.queue_idx	= ch->index,
	};

	return page_pool_create(&params);
}

/* On failure netvsc_rx_stop() undoes what there is. */
int netvsc_rx_start(struct netvsc_channel *ch)
{
	struct netvsc_rx *rx = &ch->rx;
	struct page_pool *pool;
	int err;

	err = rx_done_start(ch);
	if (err)
		return err;

	pool = rx_create_pool(ch);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	rx->pool = pool;
	return rx_xdp_start(ch);
}

void netvsc_rx_stop(struct netvsc_channel *ch)
{
	struct netvsc_rx *rx = &ch->rx;

	rx_xdp_stop(ch);
	if (rx->pool)
		page_pool_destroy(rx->pool);
	rx->pool = NULL;
	rx_done_stop(ch);
}

void netvsc_rx_init(struct netvsc_channel *ch)
{
	u64_stats_init(&ch->rx.stats.syncp);
}
