// SPDX-License-Identifier: GPL-2.0
/*
 * Receive: from the ranges of a transfer page packet to the stack, and the
 * completions that give the memory back to the host.
 *
 * The receive buffer is shared: the host may change what it wrote at any time.
 * Every number is copied once, and the copy is checked and used.
 */
#include <linux/bitfield.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>

#include "netvsc.h"
#include "rndis.h"

/* The largest MTU, and a tag in the data. */
#define RX_FRAME_MAX	(U16_MAX + VLAN_HLEN)

/**
 * struct rx_frame - a frame in the receive buffer, as its message says
 * @data: the frame, inside the message
 * @len: its bytes
 * @csum: RNDIS_CSUM_RX_*
 * @vlan: RNDIS_VLAN_*, with @has_vlan only
 * @hash: of the flow, with @has_hash only
 * @has_vlan: the frame had a tag
 * @has_hash: the host computed a hash
 */
struct rx_frame {
	const void *data;
	u32 len;
	u32 csum;
	u32 vlan;
	u32 hash;
	bool has_vlan;
	bool has_hash;
};

static void rx_count(struct netvsc_rx_stats *stats, u64_stats_t *what)
{
	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(what);
	u64_stats_update_end(&stats->syncp);
}

/* Reading the message: no net_device, no skb from here ... */

static void rx_use_info(struct rx_frame *frame, u32 type, u32 value)
{
	switch (type) {
	case RNDIS_INFO_CSUM:
		frame->csum = value;
		break;
	case RNDIS_INFO_VLAN:
		frame->vlan = value;
		frame->has_vlan = true;
		break;
	case RNDIS_INFO_HASH:
		frame->hash = value;
		frame->has_hash = true;
		break;
	}
}

/* One piece of per-packet info.  Return: its size, or 0 if it is broken. */
static u32 rx_read_info(struct rx_frame *frame, const void *at, u32 room)
{
	struct rndis_info info;
	u32 size, offset;
	__le32 value;

	if (room < sizeof(info))
		return 0;
	memcpy(&info, at, sizeof(info));
	size = le32_to_cpu(info.size);
	offset = le32_to_cpu(info.offset);
	if (size < sizeof(info) || size > room || offset > size)
		return 0;

	/* All that we look at are single words. */
	if (size - offset >= sizeof(value)) {
		memcpy(&value, at + offset, sizeof(value));
		rx_use_info(frame, le32_to_cpu(info.type), le32_to_cpu(value));
	}
	return size;
}

static bool rx_read_infos(struct rx_frame *frame, const void *at, u32 len)
{
	while (len) {
		u32 size = rx_read_info(frame, at, len);

		if (!size)
			return false;
		at += size;
		len -= size;
	}
	return true;
}

/* Return: true if @offset and @len name bytes of a body of @size. */
static bool rx_inside(u32 offset, u32 len, u32 size)
{
	return offset <= size && len <= size - offset;
}

/* The body of a packet message.  Return: false if it makes no sense. */
static bool rx_read_packet(struct rx_frame *frame, const void *body, u32 size)
{
	struct rndis_packet pkt;
	u32 offset, len;

	if (size < sizeof(pkt))
		return false;
	memcpy(&pkt, body, sizeof(pkt));
	memset(frame, 0, sizeof(*frame));

	offset = le32_to_cpu(pkt.data_offset);
	frame->len = le32_to_cpu(pkt.data_len);
	if (!rx_inside(offset, frame->len, size) || frame->len < ETH_HLEN ||
	    frame->len > RX_FRAME_MAX)
		return false;
	frame->data = body + offset;

	len = le32_to_cpu(pkt.info_len);
	offset = le32_to_cpu(pkt.info_offset);
	if (!len)
		return true;
	return rx_inside(offset, len, size) &&
	       rx_read_infos(frame, body + offset, len);
}

/* ... to here. */

static u16 rx_vlan_tci(u32 vlan)
{
	return FIELD_GET(RNDIS_VLAN_ID, vlan) |
	       (FIELD_GET(RNDIS_VLAN_DEI, vlan) ? VLAN_CFI_MASK : 0) |
	       FIELD_GET(RNDIS_VLAN_PRIORITY, vlan) << VLAN_PRIO_SHIFT;
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
	if ((ndev->features & NETIF_F_RXHASH) && frame->has_hash)
		skb_set_hash(skb, frame->hash, PKT_HASH_TYPE_L4);
	if (frame->has_vlan)
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
	struct rndis_hdr hdr;
	u32 size;

	if (len < sizeof(hdr))
		return NVSP_STATUS_BAD_RNDIS;
	memcpy(&hdr, msg, sizeof(hdr));
	size = le32_to_cpu(hdr.len);
	if (size < sizeof(hdr) || size > len)
		return NVSP_STATUS_BAD_RNDIS;
	size -= sizeof(hdr);

	if (hdr.type != cpu_to_le32(RNDIS_MSG_PACKET))
		return rndis_handle_control(ch->nv, &hdr, body, size);
	if (!rx_read_packet(&frame, body, size))
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
