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

/**
 * struct rx_batch - what one transfer packet brings
 * @ch: the channel
 * @run: parts that have come of a coalesced frame
 * @skb: that frame so far; NULL if it is not wanted
 * @first: its first part
 * @lost: what comes are parts of a frame that has been counted as malformed
 */
struct rx_batch {
	struct netvsc_channel *ch;
	struct rx_run run;
	bool lost;
	struct sk_buff *skb;
	struct rx_frame first;
};

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
	struct net_device *ndev = ch->nv->ndev;
	struct bpf_prog *prog;
	struct sk_buff *skb;

	if (unlikely(!rx_wanted(ch)))
		return NVSP_STATUS_SUCCESS;

	prog = rcu_dereference_bh(ch->nv->xdp_prog);
	if (unlikely(prog))
		return rx_xdp(ch, prog, frame);

	skb = rx_skb_copy(ch, frame);
	if (unlikely(!skb))
		return rx_no_memory(ch);
	if (unlikely(frame->len > READ_ONCE(ndev->mtu) + VLAN_ETH_HLEN))
		rx_skb_coalesced(ch, skb, frame);
	rx_skb_deliver(ch, skb, frame);
	return NVSP_STATUS_SUCCESS;
}

/* Coalesced frames */

static void rx_run_drop(struct rx_batch *batch)
{
	kfree_skb(batch->skb);
	batch->skb = NULL;
	batch->run.open = false;
}

static void rx_run_lost(struct rx_batch *batch)
{
	rx_run_drop(batch);
	rx_malformed(batch->ch, "coalesced frame without its end");
}

static u32 rx_run_begin(struct rx_batch *batch, const struct rx_frame *frame)
{
	struct netvsc_channel *ch = batch->ch;

	if (!rx_wanted(ch))
		return NVSP_STATUS_SUCCESS;
	/* Left from the time before the program, when frames were coalesced */
	if (rcu_access_pointer(ch->nv->xdp_prog)) {
		rx_count(&ch->rx.stats, &ch->rx.stats.xdp_errors);
		return NVSP_STATUS_SUCCESS;
	}

	batch->first = *frame;
	batch->skb = rx_skb_begin(ch, frame);
	return batch->skb ? NVSP_STATUS_SUCCESS : rx_no_memory(ch);
}

static u32 rx_run_continue(struct rx_batch *batch, const struct rx_frame *frame)
{
	if (!batch->skb ||
	    rx_skb_append(batch->ch, batch->skb, frame->data, frame->len))
		return NVSP_STATUS_SUCCESS;

	kfree_skb(batch->skb);
	batch->skb = NULL;
	return rx_no_memory(batch->ch);
}

static void rx_run_end(struct rx_batch *batch)
{
	struct netvsc_rx_stats *stats = &batch->ch->rx.stats;
	struct sk_buff *skb = batch->skb;

	batch->skb = NULL;
	if (!skb)
		return;
	rx_count(stats, &stats->coalesced);
	rx_skb_coalesced(batch->ch, skb, &batch->first);
	rx_skb_deliver(batch->ch, skb, &batch->first);
}

/* A part, or a frame in one piece where a part should be. */
static u32 rx_part(struct rx_batch *batch, struct rx_frame *frame)
{
	bool begins = frame->flags & RX_IS_FIRST;
	bool again = batch->lost && !begins;
	u32 status;

	if (batch->run.open && (begins || !(frame->flags & RX_IS_PART)))
		rx_run_lost(batch);
	batch->lost = !rx_run_add(&batch->run, frame);
	if (batch->lost) {
		rx_run_drop(batch);
		return again ? NVSP_STATUS_SUCCESS : NVSP_STATUS_BAD_RNDIS;
	}
	if (!(frame->flags & RX_IS_PART))
		return rx_deliver(batch->ch, frame);

	status = begins ? rx_run_begin(batch, frame) :
			  rx_run_continue(batch, frame);
	if (!batch->run.open)
		rx_run_end(batch);
	return status;
}

/* Transfer packets */

/* One range: one RNDIS message.  Return: NVSP_STATUS_* for the host. */
static u32 rx_message(struct rx_batch *batch, const void *msg, u32 len)
{
	const void *body = msg + sizeof(struct rndis_hdr);
	struct rx_frame frame;
	u32 type;
	int size;

	size = rx_parse_message(msg, len, &type);
	if (unlikely(size < 0))
		return NVSP_STATUS_BAD_RNDIS;
	if (unlikely(type != RNDIS_MSG_PACKET))
		return rndis_handle_control(batch->ch->nv, type, body, size);
	if (unlikely(rx_parse_packet(&frame, body, size)))
		return NVSP_STATUS_BAD_RNDIS;

	if (unlikely((frame.flags & RX_IS_PART) || batch->run.open))
		return rx_part(batch, &frame);
	return rx_deliver(batch->ch, &frame);
}

static u32 rx_ranges(struct netvsc_channel *ch,
		     const struct vmbus_xfer_ranges *xfer)
{
	const struct netvsc_buffer *buf = &ch->nv->nvsp.rx;
	u32 i, len, status, worst = NVSP_STATUS_SUCCESS;
	struct rx_batch batch;
	const void *msg;

	batch.ch = ch;
	batch.run.open = false;
	batch.lost = false;
	batch.skb = NULL;
	for (i = 0; i < xfer->count; i++) {
		msg = vmbus_xfer_range(xfer, i, buf->base, buf->size, &len);
		status = msg ? rx_message(&batch, msg, len) :
			       NVSP_STATUS_BAD_RNDIS;
		if (likely(status == NVSP_STATUS_SUCCESS))
			continue;
		if (status == NVSP_STATUS_BAD_RNDIS) {
			rx_run_drop(&batch);
			rx_malformed(ch, "malformed RNDIS message");
		}
		worst = status;
	}
	if (unlikely(batch.run.open))
		rx_run_lost(&batch);
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

	if (!vmbus_pkt_xfer_ranges(pkt, &xfer) ||
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
