// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit: from the stack to the host.
 *
 * What fits into a section of the send buffer is copied, and given back to the
 * stack at once; while the stack says that more is coming, it is joined by
 * others in a batch.  The rest is read by the host from where it is
 * (tx_direct.c), and so is a packet for which a batch has room no more but for
 * its header: it ends the batch, and takes no section and no VMBus packet of its
 * own.  Order is kept: a batch goes out before what cannot join it.
 *
 * A batch is never left alone.  It is open only
 *
 *  - while its queue's lock is held and the stack has promised more: a call of
 *    netvsc_start_xmit() without that promise ends it, and so does the end of
 *    a call that stops the queue, and whoever has stopped it without the lock;
 *  - for the rest of a poll in which programs of XDP send (rx_xdp_flush());
 *  - while the ring has no room for it: then the queue is stopped, and
 *    netvsc_tx_poll() sends it.
 *
 * Promises hold for the queue, and not for a packet that takes the VF: with a
 * VF in use, no batch is left open, and netvsc_tx_kick_all() ends those from
 * before.
 */
#include <linux/bitfield.h>
#include <linux/if_vlan.h>
#include <linux/sizes.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/netdev_queues.h>
#include <net/xdp.h>

#include "netvsc.h"
#include "rndis.h"
#include "trace.h"
#include "tx_rndis.h"

/* The largest packet in the ring, with its descriptor and trailer. */
#define NETVSC_TX_PACKET_MAX	(sizeof(struct vmpacket_descriptor) + \
				 sizeof(struct nvsp_ranges) + \
				 sizeof(struct nvsp_message) + \
				 VMBUS_TRAILER_LEN)

/*
 * The longest packet that is copied, if a section holds it.  A compiler that knows
 * how long a copy can be makes it where it is, without a call.
 */
#define NETVSC_TX_COPY_MAX	SZ_8K

/* When the queue has to wait */

static bool tx_ring_low(const struct netvsc_channel *ch)
{
	return hv_get_bytes_to_write(&ch->vmbus->outbound) <=
	       NETVSC_TX_PACKET_MAX;
}

/*
 * The queue waits for the ring.  NAPI wakes it: it sees the mark only after the
 * queue has stopped.
 */
static void tx_block(struct netvsc_channel *ch)
{
	netif_tx_stop_queue(netvsc_txq(ch));
	netvsc_tx_count(&ch->tx, &ch->tx.stats.ring_full);
	/* Pairs with netvsc_tx_poll(). */
	smp_store_release(&ch->tx.blocked, true);
	napi_schedule(&ch->napi);
}

/*
 * Stops the queue if slots are few.  Frames of XDP do not wait for it, so it may
 * have been stopped: then NAPI has seen it start, and leaves the qdisc to us.
 */
static void tx_stop_if_few(struct netvsc_channel *ch)
{
	struct netdev_queue *txq = netvsc_txq(ch);
	int res;

	res = netif_txq_maybe_stop(txq, tx_pool_avail(&ch->tx.direct), 1,
				   NETVSC_TX_WAKE);
	if (unlikely(res < 0))
		netif_schedule_queue(txq);
	else if (!res)
		netvsc_tx_count(&ch->tx, &ch->tx.stats.stopped);
}

static void tx_stop_if_low(struct netvsc_channel *ch)
{
	if (unlikely(tx_ring_low(ch)))
		tx_block(ch);
	else
		tx_stop_if_few(ch);
}

/* Giving to the host */

/*
 * Makes a slot the host's.  From the moment in which it holds the transaction,
 * a completion may take it: on failure it is only ours again if none did.
 * Return: 0, also if the host has it already; or an error with the slot ours.
 */
static int tx_hand_over(struct netvsc_channel *ch, struct tx_pool *pool,
			u32 index, u32 section, u32 len,
			struct nvsp_ranges *ranges)
{
	u64 id = tx_pool_publish(pool, index);
	int err;

	err = nvsp_send_rndis(ch, NVSP_RNDIS_DATA, id, section, len, ranges);
	if (likely(!err) || !tx_pool_claim(pool, id))
		return 0;
	return err;
}

/* BQL has counted the batch.  Return: false if it waits for the ring. */
static bool tx_send_batch(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;
	struct tx_batch *batch = &tx->batch;
	int err;

	err = tx_hand_over(ch, &tx->sections, batch->index,
			   tx->first_section + batch->index, batch->used, NULL);
	if (unlikely(err == -EAGAIN))
		return false;

	u64_stats_update_begin(&tx->stats.syncp);
	if (likely(!err)) {
		u64_stats_add(&tx->stats.copied, batch->messages);
		u64_stats_inc(&tx->stats.batches);
	} else {
		u64_stats_add(&tx->stats.dropped, batch->packets);
		tx_pool_untake(&tx->sections);
	}
	u64_stats_update_end(&tx->stats.syncp);
	batch->messages = 0;
	return true;
}

/* A packet of a slot that the host does not get, with the batch before it */
static noinline void tx_drop_direct(struct netvsc_channel *ch, u32 index)
{
	struct netvsc_tx *tx = &ch->tx;

	/* BQL keeps it, which in the end stops the queue of a dead channel. */
	u64_stats_update_begin(&tx->stats.syncp);
	u64_stats_add(&tx->stats.dropped, tx->direct.slots[index].packets);
	u64_stats_update_end(&tx->stats.syncp);
	if (tx->packets[index].section != NVSP_NO_SECTION)
		tx_pool_untake(&tx->sections);
	netvsc_tx_direct_release(ch, index, 0);
	tx_pool_untake(&tx->direct);
}

/* The same for the packet of a slot, described in the channel's ranges. */
static bool tx_send_direct(struct netvsc_channel *ch, u32 index)
{
	struct netvsc_tx_direct *direct = &ch->tx.packets[index];
	u32 section = direct->section;
	struct netvsc_tx *tx = &ch->tx;
	int err;

	if (section != NVSP_NO_SECTION)
		section += tx->first_section;
	err = tx_hand_over(ch, &tx->direct, index, section,
			   direct->section_len, &tx->ranges);
	if (unlikely(err == -EAGAIN))
		return false;

	if (likely(!err))
		netvsc_tx_count(tx, &tx->stats.direct);
	else
		tx_drop_direct(ch, index);
	return true;
}

/* Ends the open batch.  Return: false if it waits for the ring, as all do. */
static bool tx_end_batch(struct netvsc_channel *ch)
{
	struct tx_batch *batch = &ch->tx.batch;
	struct tx_slot *slot = &ch->tx.sections.slots[batch->index];

	slot->packets = batch->packets;
	slot->bytes = batch->bytes;
	netdev_tx_sent_queue(netvsc_txq(ch), batch->bytes);
	if (likely(tx_send_batch(ch)))
		return true;
	tx_block(ch);
	return false;
}

void netvsc_tx_kick(struct netvsc_channel *ch)
{
	/* What waits for the ring has been ended, and goes by itself. */
	if (!ch->tx.batch.messages || ch->tx.blocked)
		return;
	if (tx_end_batch(ch))
		tx_stop_if_low(ch);
}

void netvsc_tx_kick_all(struct netvsc *nv)
{
	struct netvsc_channel *ch;
	unsigned int i;

	for (i = 0; i < nv->nr_channels; i++) {
		ch = nv->channels[i];
		__netif_tx_lock_bh(netvsc_txq(ch));
		netvsc_tx_kick(ch);
		__netif_tx_unlock_bh(netvsc_txq(ch));
	}
}

/* Copying into a section */

/* Of the section, for a message with @len bytes of frame in it */
static u32 tx_message_len(const struct netvsc_channel *ch, u32 len)
{
	return ALIGN(TX_RNDIS_MAX + len, ch->nv->tx_limits.align);
}

static bool tx_batch_takes(const struct netvsc_channel *ch, u32 len)
{
	return tx_batch_fits(&ch->tx.batch, &ch->nv->tx_limits,
			     ch->tx.section_size, tx_message_len(ch, len));
}

/*
 * Whether a packet, or a frame of XDP if that is NULL, may go with the open batch
 * and be read from where it is.  If it had to be bounced, that would cost more
 * than a VMBus packet.
 */
static bool tx_joins(const struct netvsc_channel *ch, const struct sk_buff *skb)
{
	u32 copied = skb ? netvsc_tx_direct_copied(skb) : 0;

	return !ch->tx.maps && tx_pool_avail(&ch->tx.direct) &&
	       tx_batch_takes(ch, copied);
}

/*
 * Makes room for a message with @len bytes of frame, at netvsc_tx_batch_end();
 * @skb as in tx_joins().  Return: 0, -ENOBUFS if this is not the way for it,
 * -EAGAIN if it has to wait with all others.
 */
static int tx_make_room(struct netvsc_channel *ch, const struct sk_buff *skb,
			u32 len)
{
	struct netvsc_tx *tx = &ch->tx;
	u32 index;

	if (tx_message_len(ch, len) > tx->section_size)
		return -ENOBUFS;

	if (tx->batch.messages) {
		if (tx_batch_takes(ch, len))
			return 0;
		if (tx_joins(ch, skb))
			return -ENOBUFS;
		if (!tx_end_batch(ch))
			return -EAGAIN;
	}
	if (unlikely(!tx_pool_take(&tx->sections, &index))) {
		netvsc_tx_count(tx, &tx->stats.section_full);
		return -ENOBUFS;
	}
	tx_batch_open(&tx->batch, index);
	return 0;
}

/* Segments and headers that the wire will see, as BQL and counters want. */
static u32 tx_packets(const struct sk_buff *skb)
{
	return skb_is_gso(skb) ? max(skb_shinfo(skb)->gso_segs, 1) : 1;
}

static u32 tx_bytes(const struct sk_buff *skb)
{
	if (!skb_is_gso(skb))
		return skb->len;
	return skb->len + (tx_packets(skb) - 1) * skb_tcp_all_headers(skb);
}

/*
 * Copies @skb, of NETVSC_TX_COPY_MAX bytes at most.  So is each of its pieces,
 * and says so where the compiler sees it.
 */
static void tx_copy_data(void *to, const struct sk_buff *skb)
{
	const struct skb_shared_info *shared = skb_shinfo(skb);
	u32 len = min(skb_headlen(skb), NETVSC_TX_COPY_MAX);
	const skb_frag_t *frag;
	unsigned int i;

	/* These have pages without an address, or pieces of another kind. */
	if (skb_is_nonlinear(skb) &&
	    (IS_ENABLED(CONFIG_HIGHMEM) || skb_has_frag_list(skb))) {
		skb_copy_bits(skb, 0, to, skb->len);
		return;
	}

	memcpy(to, skb->data, len);
	for (i = 0; i < shared->nr_frags; i++) {
		frag = &shared->frags[i];
		to += len;
		len = min(skb_frag_size(frag), NETVSC_TX_COPY_MAX);
		memcpy(to, skb_frag_address(frag), len);
	}
}

static int tx_copy(struct netvsc_channel *ch, struct sk_buff *skb)
{
	const struct netvsc *nv = ch->nv;
	u32 align = nv->tx_limits.align;
	u32 bytes = skb->len;
	void *to;
	u32 len;
	int err;

	if (bytes > NETVSC_TX_COPY_MAX)
		return -ENOBUFS;
	err = tx_make_room(ch, skb, bytes);
	if (err)
		return err;

	to = netvsc_tx_batch_end(&ch->tx);
	len = tx_rndis_put(to, skb, nv->nr_channels > 1, align);
	tx_copy_data(to + len, skb);
	if (skb_is_gso(skb))
		tx_rndis_fix_lso(to + len, skb);
	tx_batch_add(&ch->tx.batch, ALIGN(len + bytes, align),
		     tx_packets(skb), tx_bytes(skb));

	skb_tx_timestamp(skb);
	dev_consume_skb_any(skb);
	return 0;
}

/* Sending from where the packet is */

/*
 * Takes a slot, once no batch is open that the packet does not join.  Return: it
 * or -EAGAIN.
 */
static int tx_take_slot(struct netvsc_channel *ch, const struct sk_buff *skb)
{
	u32 index;

	if (ch->tx.batch.messages && !tx_joins(ch, skb) && !tx_end_batch(ch))
		return -EAGAIN;
	if (likely(tx_pool_take(&ch->tx.direct, &index)))
		return index;
	/* The queue stops before this happens, but for frames of XDP. */
	tx_stop_if_few(ch);
	return -EAGAIN;
}

/* The open batch goes out with the packet of a slot. */
static void tx_join_batch(struct netvsc_tx *tx, struct tx_slot *slot)
{
	struct tx_batch *batch = &tx->batch;

	slot->packets += batch->packets;
	slot->bytes += batch->bytes;
	u64_stats_update_begin(&tx->stats.syncp);
	u64_stats_add(&tx->stats.copied, batch->messages);
	u64_stats_update_end(&tx->stats.syncp);
	batch->messages = 0;
}

static void tx_submit_direct(struct netvsc_channel *ch, u32 index, u32 packets,
			     u32 bytes)
{
	struct tx_slot *slot = &ch->tx.direct.slots[index];

	slot->packets = packets;
	slot->bytes = bytes;
	if (ch->tx.batch.messages)
		tx_join_batch(&ch->tx, slot);
	netdev_tx_sent_queue(netvsc_txq(ch), slot->bytes);
	if (likely(tx_send_direct(ch, index))) {
		tx_stop_if_low(ch);
		return;
	}
	ch->tx.waiting = true;
	ch->tx.waiting_index = index;
	tx_block(ch);
}

/*
 * There is no memory to bounce a packet in.  What the host has of ours gives some
 * back, and then the queue goes on.  Return: -EAGAIN, or -ENOMEM if it has none.
 */
static int tx_wait_for_memory(struct netvsc_channel *ch)
{
	struct netdev_queue *txq = netvsc_txq(ch);

	if (!tx_pool_taken(&ch->tx.direct))
		return -ENOMEM;

	netif_tx_stop_queue(txq);
	/* Pairs with netvsc_tx_completed(), which looks at the queue last. */
	smp_mb();
	if (tx_pool_taken(&ch->tx.direct))
		netvsc_tx_count(&ch->tx, &ch->tx.stats.stopped);
	else
		netif_tx_start_queue(txq);
	return -EAGAIN;
}

static int tx_direct(struct netvsc_channel *ch, struct sk_buff *skb)
{
	int index, err;

	index = tx_take_slot(ch, skb);
	if (index < 0)
		return index;
	err = netvsc_tx_direct_skb(ch, index, skb);
	if (unlikely(err)) {
		tx_pool_untake(&ch->tx.direct);
		return err == -ENOMEM ? tx_wait_for_memory(ch) : err;
	}

	skb_tx_timestamp(skb);
	tx_submit_direct(ch, index, tx_packets(skb), tx_bytes(skb));
	return 0;
}

/* ndo_start_xmit */

/* A packet socket may say of any frame that it has one. */
static bool tx_has_tag_inside(const struct sk_buff *skb)
{
	const struct vlan_ethhdr *hdr;
	struct vlan_ethhdr buffer;

	hdr = skb_header_pointer(skb, 0, sizeof(buffer), &buffer);
	return hdr && hdr->h_vlan_proto == htons(ETH_P_8021Q);
}

/*
 * The host wants the tag beside the frame, and a packet socket sends it in the
 * frame.  Return: the packet, perhaps another one, or NULL if it is gone.
 *
 * Not part of its caller, in which its variable would have each packet look for
 * an overrun of the stack.
 */
static noinline struct sk_buff *tx_take_tag_out(struct netvsc *nv, struct sk_buff *skb)
{
	u16 tci;

	if (nv->nvsp.version < NVSP_VERSION_2 || skb_vlan_tag_present(skb) ||
	    !tx_has_tag_inside(skb))
		return skb;

	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reset_mac_header(skb);
	if (__skb_vlan_pop(skb, &tci)) {
		dev_kfree_skb_any(skb);
		return NULL;
	}
	__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), tci);
	return skb;
}

/* Headers of TCP that the host can repeat for each segment */
static bool tx_lso_headers_fit(const struct sk_buff *skb)
{
	u32 headers = skb_tcp_all_headers(skb);

	return headers <= NETVSC_TX_LSO_HEADERS && headers <= skb_headlen(skb);
}

/* What generic XDP sends netvsc_features_check() has not seen, nor anybody else. */
static bool tx_lso_makes_sense(const struct sk_buff *skb)
{
	int offset = skb_transport_offset(skb);

	if (!(skb_shinfo(skb)->gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)))
		return false;
	if (offset < ETH_HLEN || offset + sizeof(struct tcphdr) > skb_headlen(skb))
		return false;
	return tcp_hdrlen(skb) >= sizeof(struct tcphdr) &&
	       tx_lso_headers_fit(skb);
}

static netdev_tx_t tx_packet(struct netvsc_channel *ch, struct sk_buff *skb)
{
	const struct sk_buff *given = skb;
	int err;

	/* Opening the device wakes queues, whatever they wait for. */
	if (unlikely(ch->tx.blocked)) {
		netif_tx_stop_queue(netvsc_txq(ch));
		return NETDEV_TX_BUSY;
	}
	if (unlikely(ch->vmbus->rescind)) {
		netvsc_channel_lost(ch);
		goto drop;
	}
	if (unlikely(skb->protocol == htons(ETH_P_8021Q))) {
		skb = tx_take_tag_out(ch->nv, skb);
		if (!skb)
			goto count;
	}

	if (skb_is_gso(skb) && unlikely(!tx_lso_makes_sense(skb)))
		goto drop;

	err = tx_copy(ch, skb);
	if (err == -ENOBUFS)
		err = tx_direct(ch, skb);
	if (likely(!err))
		return NETDEV_TX_OK;
	/* A packet that is not the stack's any more cannot go back to it. */
	if (err == -EAGAIN && skb == given)
		return NETDEV_TX_BUSY;
drop:
	dev_kfree_skb_any(skb);
count:
	netvsc_tx_count(&ch->tx, &ch->tx.stats.dropped);
	return NETDEV_TX_OK;
}

netdev_tx_t netvsc_start_xmit(struct sk_buff *skb, struct net_device *ndev)
{
	struct netvsc *nv = netvsc_priv(ndev);
	struct netvsc_channel *ch;
	netdev_tx_t ret;

	if (netvsc_vf_xmit(&nv->vf, skb))
		return NETDEV_TX_OK;

	ch = nv->channels[skb_get_queue_mapping(skb)];
	trace_netvsc_tx(skb, ch->index);
	ret = tx_packet(ch, skb);
	/* What the stack has more of may take the VF. */
	if (!netdev_xmit_more() || rcu_access_pointer(nv->vf.tx))
		netvsc_tx_kick(ch);
	return ret;
}

/* Frames of XDP */

/*
 * The host wants the tag beside the frame, and programs see it in the frame, which
 * nobody has a use for if it cannot be sent.  Return: the tag, or -1 without one.
 */
static int tx_frame_take_tag(const struct netvsc *nv, struct xdp_frame *frame)
{
	const struct vlan_ethhdr *hdr = frame->data;
	int tci;

	if (likely(hdr->h_vlan_proto != htons(ETH_P_8021Q)) ||
	    frame->len < VLAN_ETH_HLEN ||
	    nv->nvsp.version < NVSP_VERSION_2)
		return -1;

	tci = ntohs(hdr->h_vlan_TCI);
	memmove(frame->data + VLAN_HLEN, frame->data, 2 * ETH_ALEN);
	frame->data += VLAN_HLEN;
	frame->headroom += VLAN_HLEN;
	frame->len -= VLAN_HLEN;
	return tci;
}

static int tx_frame_copy(struct netvsc_channel *ch, struct xdp_frame *frame,
			 int tci)
{
	u32 align = ch->nv->tx_limits.align;
	u32 bytes = frame->len;
	void *to;
	u32 len;
	int err;

	if (bytes > NETVSC_TX_COPY_MAX)
		return -ENOBUFS;
	err = tx_make_room(ch, NULL, bytes);
	if (err)
		return err;

	to = netvsc_tx_batch_end(&ch->tx);
	len = tx_rndis_put_plain(to, bytes, tci, align);
	memcpy(to + len, frame->data, bytes);
	tx_batch_add(&ch->tx.batch, ALIGN(len + bytes, align), 1, bytes);
	xdp_return_frame(frame);
	return 0;
}

static int tx_frame_direct(struct netvsc_channel *ch, struct xdp_frame *frame,
			   int tci)
{
	int index, err;

	index = tx_take_slot(ch, NULL);
	if (index < 0)
		return index;
	err = netvsc_tx_direct_frame(ch, index, frame, tci);
	if (err) {
		tx_pool_untake(&ch->tx.direct);
		return err;
	}

	tx_submit_direct(ch, index, 1, frame->len);
	return 0;
}

int netvsc_tx_frame(struct netvsc_channel *ch, struct xdp_frame *frame)
{
	int tci, err;

	if (READ_ONCE(ch->nv->closing))
		return -ENETDOWN;
	if (unlikely(ch->vmbus->rescind)) {
		netvsc_channel_lost(ch);
		return -ENETDOWN;
	}
	if (xdp_frame_has_frags(frame))
		return -EOPNOTSUPP;
	if (ch->tx.blocked)
		return -EBUSY;

	tci = tx_frame_take_tag(ch->nv, frame);
	err = tx_frame_copy(ch, frame, tci);
	if (err == -ENOBUFS)
		err = tx_frame_direct(ch, frame, tci);
	return err == -EAGAIN ? -EBUSY : err;
}

/* What the host can do to a packet */

static bool tx_csum_possible(const struct netvsc *nv, const struct sk_buff *skb)
{
	bool v6 = vlan_get_protocol(skb) == htons(ETH_P_IPV6);

	if (skb_checksum_start_offset(skb) > FIELD_MAX(RNDIS_CSUM_TX_L4_OFFSET))
		return false;

	switch (skb->csum_offset) {
	case offsetof(struct tcphdr, check):
		return nv->caps.tx_csum &
		       (v6 ? NETVSC_CSUM_TCP6 : NETVSC_CSUM_TCP4);
	case offsetof(struct udphdr, check):
		return nv->caps.tx_csum &
		       (v6 ? NETVSC_CSUM_UDP6 : NETVSC_CSUM_UDP4);
	default:
		return false;
	}
}

static bool tx_lso_possible(const struct netvsc *nv, const struct sk_buff *skb)
{
	u32 headers = skb_tcp_all_headers(skb);
	u32 segs = skb_shinfo(skb)->gso_segs;

	/* What comes from a tap or a packet socket has not been counted yet. */
	if (!segs)
		segs = DIV_ROUND_UP(skb->len - headers,
				    skb_shinfo(skb)->gso_size);

	return segs >= nv->caps.tso_min_segs && tx_lso_headers_fit(skb);
}

netdev_features_t netvsc_features_check(struct sk_buff *skb,
					struct net_device *ndev,
					netdev_features_t features)
{
	const struct netvsc *nv = netvsc_priv(ndev);

	if (skb->ip_summed == CHECKSUM_PARTIAL && !tx_csum_possible(nv, skb))
		features &= ~(NETIF_F_CSUM_MASK | NETIF_F_GSO_MASK);
	if (skb_is_gso(skb) && !tx_lso_possible(nv, skb))
		features &= ~NETIF_F_GSO_MASK;
	return vlan_features_check(skb, features);
}

/* Waiting for the ring; NAPI */

/* Slots of what waits: of a batch, of a packet, or of one with the other */
static u32 tx_waiting(const struct netvsc_tx *tx)
{
	if (!tx->waiting)
		return !!tx->batch.messages;
	if (tx->packets[tx->waiting_index].section == NVSP_NO_SECTION)
		return 1;
	return 2;
}

/* Slots that the host has, and will give back with an interrupt. */
static u32 tx_in_flight(const struct netvsc_tx *tx)
{
	return tx_pool_taken(&tx->sections) + tx_pool_taken(&tx->direct) -
	       tx_waiting(tx);
}

/* Return: true if what waited has gone. */
static bool tx_send_waiting(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;

	if (tx->batch.messages)
		return tx_send_batch(ch);
	if (tx->waiting && !tx_send_direct(ch, tx->waiting_index))
		return false;
	tx->waiting = false;
	return true;
}

static bool tx_try_unblock(struct netvsc_channel *ch)
{
	struct hv_ring_buffer_info *ring = &ch->vmbus->outbound;
	struct netvsc_tx *tx = &ch->tx;

	if (hv_get_bytes_to_write(ring) < ring->ring_datasize / NETVSC_TX_ROOM)
		return false;
	if (!tx_send_waiting(ch))
		return false;

	WRITE_ONCE(tx->blocked, false);
	if (READ_ONCE(ch->nv->closing) || !tx_pool_avail(&tx->direct))
		return true;

	netif_tx_wake_queue(netvsc_txq(ch));
	u64_stats_update_begin(&tx->done.syncp);
	u64_stats_inc(&tx->done.woken);
	u64_stats_update_end(&tx->done.syncp);
	return true;
}

/*
 * Wakes a queue that waits for the ring.  As long as the host has packets of
 * ours, their completion will bring us here again.  Return: true if it has
 * none, so that NAPI has to come back by itself.
 */
bool netvsc_tx_poll(struct netvsc_channel *ch)
{
	struct netdev_queue *txq = netvsc_txq(ch);
	struct netvsc_tx *tx = &ch->tx;
	bool again = false;

	/* Pairs with tx_block(). */
	if (likely(!smp_load_acquire(&tx->blocked)))
		return false;
	if (ch->vmbus->rescind)
		return false;

	/* netpoll may have interrupted the one who has the lock. */
	if (!__netif_tx_trylock(txq))
		return true;
	if (tx->blocked && !tx_try_unblock(ch))
		again = !tx_in_flight(tx);
	__netif_tx_unlock(txq);
	return again;
}
