// SPDX-License-Identifier: GPL-2.0
/*
 * Receive: from the ranges of a transfer page packet to the stack, and the
 * completions that give the memory back to the host.
 *
 * The receive buffer is shared: the host may change what it wrote at any time.
 * rx_parse.c reads the messages; the frames are copied.
 */
#include <linux/bitfield.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>

#include "netvsc.h"
#include "rndis.h"
#include "rx_parse.h"

static void rx_count(struct netvsc_rx_stats *stats, u64_stats_t *what)
{
	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(what);
	u64_stats_update_end(&stats->syncp);
}

static u16 rx_vlan_tci(u32 vlan)
{
	return FIELD_GET(RNDIS_VLAN_ID, vlan) |
	       (FIELD_GET(RNDIS_VLAN_DEI, vlan) ? VLAN_CFI_MASK : 0) |
	       FIELD_GET(RNDIS_VLAN_PRIORITY, vlan) << VLAN_PRIO_SHIFT;
}

/* A host that does not say what it hashed has not said that it was ports. */
static enum pkt_hash_types rx_hash_type(const struct rx_frame *frame)
{
	return frame->hash_info & RNDIS_HASH_L4 ? PKT_HASH_TYPE_L4 :
						  PKT_HASH_TYPE_L3;
}

static void rx_fill_skb(struct netvsc_channel *ch, struct sk_buff *skb,
			const struct rx_frame *frame)
{
	struct net_device *ndev = ch->nv->ndev;

	skb->protocol = eth_type_trans(skb, ndev);
	skb_record_rx_queue(skb, ch->index);

	if ((ndev->features & NETIF_F_RXCSUM) &&
	    (frame->csum & (RNDIS_CSUM_RX_TCP_GOOD | RNDIS_CSUM_RX_UDP_GOOD)))
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	if ((ndev->features & NETIF_F_RXHASH) && (frame->flags & RX_HAS_HASH))
		skb_set_hash(skb, frame->hash, rx_hash_type(frame));
	if (frame->flags & RX_HAS_VLAN)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q),
				       rx_vlan_tci(frame->vlan));
}

static void rx_account(struct netvsc_rx *rx, const struct rx_frame *frame,
		       bool multicast)
{
	u64_stats_update_begin(&rx->stats.syncp);
	u64_stats_inc(&rx->stats.packets);
	u64_stats_add(&rx->stats.bytes, frame->len);
	if (multicast)
		u64_stats_inc(&rx->stats.multicast);
	u64_stats_update_end(&rx->stats.syncp);
}

static u32 rx_deliver(struct netvsc_channel *ch, const struct rx_frame *frame)
{
	struct sk_buff *skb;

	if (unlikely(!READ_ONCE(ch->nv->accept))) {
		rx_count(&ch->rx.stats, &ch->rx.stats.unwanted);
		return NVSP_STATUS_SUCCESS;
	}

	skb = napi_alloc_skb(&ch->napi, frame->len);
	if (unlikely(!skb)) {
		rx_count(&ch->rx.stats, &ch->rx.stats.no_memory);
		return NVSP_STATUS_FAILURE;
	}
	skb_put_data(skb, frame->data, frame->len);
	rx_fill_skb(ch, skb, frame);

	rx_account(&ch->rx, frame, skb->pkt_type == PACKET_MULTICAST);
	napi_gro_receive(&ch->napi, skb);
	return NVSP_STATUS_SUCCESS;
}

/* One range: one RNDIS message.  Return: NVSP_STATUS_* for the host. */
static u32 rx_message(struct netvsc_channel *ch, const void *msg, u32 len)
{
	const void *body = msg + sizeof(struct rndis_hdr);
	struct rx_frame frame;
	u32 type;
	int size;

	size = rx_parse_message(msg, len, &type);
	if (size < 0)
		return NVSP_STATUS_BAD_RNDIS;
	if (type != RNDIS_MSG_PACKET)
		return rndis_handle_control(ch->nv, type, body, size);

	/* Coalesced frames are not asked for yet. */
	if (rx_parse_packet(&frame, body, size) || frame.flags & RX_IS_PART)
		return NVSP_STATUS_BAD_RNDIS;
	return rx_deliver(ch, &frame);
}

static void rx_malformed(struct netvsc_channel *ch, const char *what)
{
	rx_count(&ch->rx.stats, &ch->rx.stats.malformed);
	if (net_ratelimit())
		netdev_warn(ch->nv->ndev, "%s from the host dropped\n", what);
}

static u32 rx_ranges(struct netvsc_channel *ch,
		     const struct vmbus_xfer_ranges *xfer)
{
	const struct netvsc_buffer *buf = &ch->nv->nvsp.rx;
	u32 i, len, status, worst = NVSP_STATUS_SUCCESS;
	const void *msg;

	for (i = 0; i < xfer->count; i++) {
		msg = vmbus_xfer_range(xfer, i, buf->base, buf->size, &len);
		status = msg ? rx_message(ch, msg, len) : NVSP_STATUS_BAD_RNDIS;
		if (likely(status == NVSP_STATUS_SUCCESS))
			continue;
		if (status == NVSP_STATUS_BAD_RNDIS)
			rx_malformed(ch, "malformed RNDIS message");
		worst = status;
	}
	return worst;
}

static bool rx_is_rndis(const struct vmpacket_descriptor *pkt)
{
	const void *msg;
	__le32 type;
	u32 len;

	msg = vmbus_pkt_payload(pkt, &len);
	if (len < sizeof(type))
		return false;
	memcpy(&type, msg, sizeof(type));
	return type == cpu_to_le32(NVSP_RNDIS);
}

/* Whether a packet more can be taken: its completion needs a place. */
bool netvsc_rx_ready(struct netvsc_channel *ch)
{
	struct netvsc_rx *rx = &ch->rx;

	if (likely(rx->done_head - rx->done_tail < NETVSC_RX_DONE))
		return true;
	if (netvsc_rx_flush(ch))
		return true;
	rx_count(&rx->stats, &rx->stats.done_stalled);
	return rx->done_head - rx->done_tail < NETVSC_RX_DONE;
}

/* The caller has made sure of netvsc_rx_ready().  Return: frames in @pkt. */
int netvsc_rx_transfer(struct netvsc_channel *ch,
		       const struct vmpacket_descriptor *pkt)
{
	struct vmbus_xfer_ranges xfer = {};
	u32 status = NVSP_STATUS_FAILURE;
	struct netvsc_rx_done *done;

	if (!vmbus_pkt_xfer_ranges(pkt, &xfer) ||
	    xfer.set != NVSP_RX_BUFFER_ID || !rx_is_rndis(pkt)) {
		rx_malformed(ch, "malformed transfer packet");
		xfer.count = 1;
	} else {
		status = rx_ranges(ch, &xfer);
	}

	/* Malformed or not, the host wants its memory back. */
	done = &ch->rx.done[ch->rx.done_head++ % NETVSC_RX_DONE];
	done->transaction = pkt->trans_id;
	done->status = status;
	return max(xfer.count, 1U);
}

/*
 * Gives back to the host what has been received.  Return: false if the ring
 * had no room for all of it; the rest is kept for the next time.
 */
bool netvsc_rx_flush(struct netvsc_channel *ch)
{
	struct {
		__le32 type;
		__le32 status;
	} msg = { .type = cpu_to_le32(NVSP_RNDIS_DONE) };
	struct netvsc_rx *rx = &ch->rx;
	struct netvsc_rx_done *done;
	int err;

	while (rx->done_tail != rx->done_head) {
		done = &rx->done[rx->done_tail % NETVSC_RX_DONE];
		msg.status = cpu_to_le32(done->status);
		err = vmbus_sendpacket(ch->vmbus, &msg, sizeof(msg),
				       done->transaction, VM_PKT_COMP, 0);
		if (err == -EAGAIN)
			return false;
		/* Any other error says that there is no host to tell. */
		rx->done_tail++;
	}
	return true;
}

void netvsc_rx_start(struct netvsc_channel *ch)
{
	ch->rx.done_head = 0;
	ch->rx.done_tail = 0;
}

void netvsc_rx_init(struct netvsc_channel *ch)
{
	BUILD_BUG_ON_NOT_POWER_OF_2(NETVSC_RX_DONE);
	u64_stats_init(&ch->rx.stats.syncp);
}
