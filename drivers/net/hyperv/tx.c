// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit: from the stack to the host, through a section of the send buffer
 * or straight from the packet's memory, and the way back of what the host has
 * completed.
 */
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip6_checksum.h>
#include <net/netdev_queues.h>
#include <net/tcp.h>
#include <net/xdp.h>

#include "netvsc.h"
#include "rndis.h"

/* A queue that stopped runs again when this many slots are free. */
#define NETVSC_TX_WAKE		(NETVSC_TX_SLOTS / 4)
/* A stopped ring runs again with this much room, in percent. */
#define NETVSC_TX_WAKE_PERCENT	25
/* The largest packet in the ring, with its descriptor and trailer. */
#define NETVSC_TX_PACKET_MAX	(sizeof(struct nvsp_ranges) + \
				 sizeof(struct nvsp_message) + 16)

#define NETVSC_TID_GENERATION	GENMASK_ULL(31, 16)
#define NETVSC_TID_SLOT		GENMASK_ULL(15, 0)

/* Header, checksum or large send, VLAN. */
static_assert(sizeof(struct rndis_hdr) + sizeof(struct rndis_packet) +
	      2 * (sizeof(struct rndis_info) + sizeof(__le32)) <=
	      NETVSC_TX_HDR);
static_assert(NETVSC_TX_SLOTS <= U16_MAX);

/*
 * Pools.  Indices are given back by NAPI only; the taker may return the one it
 * took last, because nobody has overwritten it yet.
 */

/* Indices from @first on. */
static int pool_init(struct netvsc_pool *pool, u32 first, u32 total)
{
	u32 i, size = roundup_pow_of_two(max(total, 1U));

	pool->free = kvmalloc_array(size, sizeof(*pool->free), GFP_KERNEL);
	if (!pool->free)
		return -ENOMEM;

	for (i = 0; i < total; i++)
		pool->free[i] = first + i;
	pool->mask = size - 1;
	pool->total = total;
	pool->head = total;
	pool->tail = 0;
	return 0;
}

static void pool_uninit(struct netvsc_pool *pool)
{
	kvfree(pool->free);
	memset(pool, 0, sizeof(*pool));
}

/* Free indices; a moment ago, as the other side may be at work. */
static u32 pool_avail(const struct netvsc_pool *pool)
{
	/* Pairs with pool_give(). */
	return smp_load_acquire(&pool->head) - READ_ONCE(pool->tail);
}

static bool pool_take(struct netvsc_pool *pool, u32 *index)
{
	u32 tail = pool->tail;

	/* Pairs with pool_give(). */
	if (smp_load_acquire(&pool->head) == tail)
		return false;
	*index = pool->free[tail & pool->mask];
	WRITE_ONCE(pool->tail, tail + 1);
	return true;
}

static void pool_untake(struct netvsc_pool *pool)
{
	WRITE_ONCE(pool->tail, pool->tail - 1);
}

static void pool_give(struct netvsc_pool *pool, u32 index)
{
	u32 head = pool->head;

	pool->free[head & pool->mask] = index;
	/* The index is there before anybody can take it. */
	smp_store_release(&pool->head, head + 1);
}

static struct device *tx_dev(const struct netvsc_channel *ch)
{
	return &ch->nv->hdev->device;
}

static struct netdev_queue *tx_queue(const struct netvsc_channel *ch)
{
	return netdev_get_tx_queue(ch->nv->ndev, ch->index);
}

static void tx_count(struct netvsc_tx_stats *stats, u64_stats_t *what)
{
	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(what);
	u64_stats_update_end(&stats->syncp);
}

/* The RNDIS header of a packet */

static void tx_add_info(struct rndis_packet *pkt, u32 type, u32 value)
{
	u32 used = le32_to_cpu(pkt->info_len);
	struct rndis_info *info = (void *)(pkt + 1) + used;

	info->size = cpu_to_le32(sizeof(*info) + sizeof(__le32));
	info->type = cpu_to_le32(type);
	info->offset = cpu_to_le32(sizeof(*info));
	*(__le32 *)(info + 1) = cpu_to_le32(value);

	pkt->info_offset = cpu_to_le32(sizeof(*pkt));
	pkt->info_len = cpu_to_le32(used + sizeof(*info) + sizeof(__le32));
}

static u32 tx_vlan_info(u16 tci)
{
	return FIELD_PREP(RNDIS_VLAN_ID, tci & VLAN_VID_MASK) |
	       FIELD_PREP(RNDIS_VLAN_DEI, !!(tci & VLAN_CFI_MASK)) |
	       FIELD_PREP(RNDIS_VLAN_PRIORITY,
			  (tci & VLAN_PRIO_MASK) >> VLAN_PRIO_SHIFT);
}

static bool tx_is_ipv6(const struct sk_buff *skb)
{
	return vlan_get_protocol(skb) == htons(ETH_P_IPV6);
}

static bool tx_is_tcp(const struct sk_buff *skb)
{
	return skb->csum_offset == offsetof(struct tcphdr, check);
}

static u32 tx_csum_info(const struct sk_buff *skb)
{
	return (tx_is_ipv6(skb) ? RNDIS_CSUM_TX_IPV6 : RNDIS_CSUM_TX_IPV4) |
	       (tx_is_tcp(skb) ? RNDIS_CSUM_TX_TCP : RNDIS_CSUM_TX_UDP) |
	       FIELD_PREP(RNDIS_CSUM_TX_L4_OFFSET, skb_transport_offset(skb));
}

static u32 tx_lso_info(const struct sk_buff *skb)
{
	return RNDIS_LSO_V2 | (tx_is_ipv6(skb) ? RNDIS_LSO_IPV6 : 0) |
	       FIELD_PREP(RNDIS_LSO_MSS, skb_shinfo(skb)->gso_size) |
	       FIELD_PREP(RNDIS_LSO_TCP_OFFSET, skb_transport_offset(skb));
}

/* Closes a header, whose info is complete.  Return: its length. */
static u32 tx_end_header(struct rndis_hdr *hdr, u32 data_len)
{
	struct rndis_packet *pkt = (void *)(hdr + 1);
	u32 len = sizeof(*pkt) + le32_to_cpu(pkt->info_len);

	pkt->data_offset = cpu_to_le32(len);
	pkt->data_len = cpu_to_le32(data_len);

	len += sizeof(*hdr);
	hdr->type = cpu_to_le32(RNDIS_MSG_PACKET);
	hdr->len = cpu_to_le32(len + data_len);
	return len;
}

/* Return: length of the header, with its info. */
static u32 tx_build_header(struct rndis_hdr *hdr, const struct sk_buff *skb)
{
	struct rndis_packet *pkt = (void *)(hdr + 1);

	memset(pkt, 0, sizeof(*pkt));
	if (skb_vlan_tag_present(skb))
		tx_add_info(pkt, RNDIS_INFO_VLAN,
			    tx_vlan_info(skb_vlan_tag_get(skb)));
	if (skb_is_gso(skb))
		tx_add_info(pkt, RNDIS_INFO_LSO, tx_lso_info(skb));
	else if (skb->ip_summed == CHECKSUM_PARTIAL)
		tx_add_info(pkt, RNDIS_INFO_CSUM, tx_csum_info(skb));
	return tx_end_header(hdr, skb->len);
}

static u32 tx_build_frame_header(struct rndis_hdr *hdr, u32 data_len)
{
	memset(hdr + 1, 0, sizeof(struct rndis_packet));
	return tx_end_header(hdr, data_len);
}

/*
 * The host fills in lengths and checksums of each segment, and wants the
 * lengths to be zero and out of the pseudo header's sum.
 */
static int tx_prepare_gso(struct sk_buff *skb)
{
	struct iphdr *iph;
	int err;

	err = skb_cow_head(skb, 0);
	if (err)
		return err;

	if (tx_is_ipv6(skb)) {
		tcp_v6_gso_csum_prep(skb);
		return 0;
	}

	iph = ip_hdr(skb);
	iph->tot_len = 0;
	iph->check = 0;
	tcp_hdr(skb)->check = ~csum_tcpudp_magic(iph->saddr, iph->daddr, 0,
						 IPPROTO_TCP, 0);
	return 0;
}

/* The memory of a packet */

static void tx_unmap(struct netvsc_channel *ch, struct netvsc_tx_slot *slot)
{
	struct netvsc_tx_map *map = slot->maps;

	for (; slot->nr_maps; slot->nr_maps--, map++) {
		if (map->page)
			dma_unmap_page(tx_dev(ch), map->dma, map->len,
				       DMA_TO_DEVICE);
		else
			dma_unmap_single(tx_dev(ch), map->dma, map->len,
					 DMA_TO_DEVICE);
	}
}

static bool tx_map_add(struct netvsc_channel *ch, struct netvsc_tx_slot *slot,
		       struct nvsp_ranges *ranges, dma_addr_t dma, u32 len,
		       bool page)
{
	struct netvsc_tx_map *map;

	if (dma_mapping_error(tx_dev(ch), dma))
		return false;

	map = &slot->maps[slot->nr_maps++];
	map->dma = dma;
	map->len = len;
	map->page = page;
	return nvsp_ranges_add(ranges, dma, len);
}

/* Return: false if the packet cannot be described to the host as it is. */
static bool tx_map(struct netvsc_channel *ch, struct netvsc_tx_slot *slot,
		   struct sk_buff *skb, struct nvsp_ranges *ranges)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	u32 len = skb_headlen(skb);
	dma_addr_t dma;
	int i;

	dma = dma_map_single(tx_dev(ch), skb->data, len, DMA_TO_DEVICE);
	if (!tx_map_add(ch, slot, ranges, dma, len, false))
		goto unmap;

	for (i = 0; i < info->nr_frags; i++) {
		len = skb_frag_size(&info->frags[i]);
		if (!len)
			continue;
		dma = skb_frag_dma_map(tx_dev(ch), &info->frags[i], 0, len,
				       DMA_TO_DEVICE);
		if (!tx_map_add(ch, slot, ranges, dma, len, true))
			goto unmap;
	}
	return true;

unmap:
	tx_unmap(ch, slot);
	return false;
}

/* Sending */

static u64 tx_transaction(u32 index, u16 generation)
{
	return FIELD_PREP(NETVSC_TID_KIND, NETVSC_TID_DATA) |
	       FIELD_PREP(NETVSC_TID_GENERATION, generation) |
	       FIELD_PREP(NETVSC_TID_SLOT, index);
}

static bool tx_ring_low(const struct netvsc_channel *ch)
{
	return hv_get_bytes_to_write(&ch->vmbus->outbound) <=
	       NETVSC_TX_PACKET_MAX;
}

/*
 * The queue waits for the ring.  NAPI polls from now on and wakes the queue:
 * it sees the mark only after the queue has stopped.
 */
static void tx_block(struct netvsc_channel *ch)
{
	netif_tx_stop_queue(tx_queue(ch));
	tx_count(&ch->tx.stats, &ch->tx.stats.ring_full);
	/* Pairs with netvsc_tx_poll(). */
	smp_store_release(&ch->tx.ring_blocked, true);
	napi_schedule(&ch->napi);
}

static void tx_stop_if_low(struct netvsc_channel *ch)
{
	if (unlikely(tx_ring_low(ch))) {
		tx_block(ch);
		return;
	}
	if (!netif_txq_maybe_stop(tx_queue(ch), pool_avail(&ch->tx.slot_pool),
				  1, NETVSC_TX_WAKE))
		tx_count(&ch->tx.stats, &ch->tx.stats.stopped);
}

/*
 * Makes the packet the host's.  From the moment in which the slot holds the
 * transaction, a completion may take it: on failure it is only ours again if
 * none did.  Return: 0, also if the host has it already; or an error with the
 * slot ours again.
 */
static int tx_submit(struct netvsc_channel *ch, struct netvsc_tx_slot *slot,
		     u32 index, u32 section_len, struct nvsp_ranges *ranges)
{
	u64 transaction = tx_transaction(index, ++slot->generation);
	u32 bytes = slot->bytes;
	int err;

	netdev_tx_sent_queue(tx_queue(ch), bytes);
	/* All of the slot is written before a completion may look at it. */
	smp_store_release(&slot->transaction, transaction);
	err = nvsp_send_rndis(ch, NVSP_RNDIS_DATA, transaction, slot->section,
			      section_len, ranges);
	if (likely(!err) ||
	    cmpxchg(&slot->transaction, transaction, 0) != transaction)
		return 0;

	/* BQL has counted it, and only NAPI may tell it otherwise. */
	atomic_add(bytes, &ch->tx.unsent_bytes);
	atomic_inc(&ch->tx.unsent_packets);
	return err;
}

static int tx_copy(struct netvsc_channel *ch, struct netvsc_tx_slot *slot,
		   u32 index, struct sk_buff *skb)
{
	struct nvsp *nvsp = &ch->nv->nvsp;
	void *to = nvsp->tx.base + (size_t)slot->section * nvsp->tx_section;
	u32 len = tx_build_header(to, skb);

	skb_copy_bits(skb, 0, to + len, skb->len);
	return tx_submit(ch, slot, index, len + skb->len, NULL);
}

static int tx_direct(struct netvsc_channel *ch, struct netvsc_tx_slot *slot,
		     u32 index, struct sk_buff *skb)
{
	size_t offset = (size_t)index * NETVSC_TX_HDR;
	void *header = ch->tx.headers + offset;
	struct nvsp_ranges ranges;
	int err;

	nvsp_ranges_init(&ranges);
	nvsp_ranges_add(&ranges, ch->tx.headers_dma + offset,
			tx_build_header(header, skb));
	if (!tx_map(ch, slot, skb, &ranges)) {
		if (!skb_is_nonlinear(skb) || skb_linearize(skb))
			return -ENOMEM;
		tx_count(&ch->tx.stats, &ch->tx.stats.linearized);
		nvsp_ranges_init(&ranges);
		nvsp_ranges_add(&ranges, ch->tx.headers_dma + offset,
				tx_build_header(header, skb));
		if (!tx_map(ch, slot, skb, &ranges))
			return -ENOMEM;
	}

	err = tx_submit(ch, slot, index, 0, &ranges);
	if (err)
		tx_unmap(ch, slot);
	return err;
}

static bool tx_take_section(struct netvsc_channel *ch, u32 len, u32 *section)
{
	if (NETVSC_TX_HDR + len > ch->nv->nvsp.tx_section)
		return false;
	if (pool_take(&ch->tx.section_pool, section))
		return true;
	tx_count(&ch->tx.stats, &ch->tx.stats.section_full);
	return false;
}

/* Segments and headers that the wire will see, as BQL and counters want. */
static void tx_account(struct netvsc_tx_slot *slot, const struct sk_buff *skb)
{
	u32 hlen;

	slot->packets = 1;
	slot->bytes = skb->len;
	if (!skb_is_gso(skb))
		return;

	hlen = skb_tcp_all_headers(skb);
	slot->packets = skb_shinfo(skb)->gso_segs;
	slot->bytes += (slot->packets - 1) * hlen;
}

static int tx_send(struct netvsc_channel *ch, struct sk_buff *skb, u32 index)
{
	struct netvsc_tx_slot *slot = &ch->tx.slots[index];
	int err;

	slot->skb = skb;
	slot->frame = NULL;
	slot->nr_maps = 0;
	slot->section = NVSP_NO_SECTION;
	tx_account(slot, skb);
	skb_tx_timestamp(skb);

	if (tx_take_section(ch, skb->len, &slot->section)) {
		tx_count(&ch->tx.stats, &ch->tx.stats.copied);
		err = tx_copy(ch, slot, index, skb);
		if (err)
			pool_untake(&ch->tx.section_pool);
		return err;
	}

	tx_count(&ch->tx.stats, &ch->tx.stats.direct);
	return tx_direct(ch, slot, index, skb);
}

static netdev_tx_t tx_drop(struct netvsc_channel *ch, struct sk_buff *skb)
{
	tx_count(&ch->tx.stats, &ch->tx.stats.dropped);
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static netdev_tx_t tx_packet(struct netvsc_channel *ch, struct sk_buff *skb)
{
	u32 index;
	int err;

	if (skb_is_gso(skb) && tx_prepare_gso(skb))
		return tx_drop(ch, skb);

	/* The queue stops before this happens. */
	if (unlikely(!pool_take(&ch->tx.slot_pool, &index))) {
		netif_tx_stop_queue(tx_queue(ch));
		return NETDEV_TX_BUSY;
	}

	err = tx_send(ch, skb, index);
	if (likely(!err)) {
		tx_stop_if_low(ch);
		return NETDEV_TX_OK;
	}

	pool_untake(&ch->tx.slot_pool);
	if (err != -EAGAIN)
		return tx_drop(ch, skb);
	/* Control messages took the last of the ring: the packet waits. */
	tx_block(ch);
	return NETDEV_TX_BUSY;
}

netdev_tx_t netvsc_start_xmit(struct sk_buff *skb, struct net_device *ndev)
{
	struct netvsc *nv = netvsc_priv(ndev);

	if (netvsc_vf_xmit(&nv->vf, skb))
		return NETDEV_TX_OK;

	return tx_packet(nv->channels[skb_get_queue_mapping(skb)], skb);
}

/* Frames of XDP; their memory is one piece. */

static int tx_frame_copy(struct netvsc_channel *ch, struct netvsc_tx_slot *slot,
			 u32 index, const struct xdp_frame *frame)
{
	struct nvsp *nvsp = &ch->nv->nvsp;
	void *to = nvsp->tx.base + (size_t)slot->section * nvsp->tx_section;
	u32 len = tx_build_frame_header(to, frame->len);

	memcpy(to + len, frame->data, frame->len);
	return tx_submit(ch, slot, index, len + frame->len, NULL);
}

static int tx_frame_direct(struct netvsc_channel *ch,
			   struct netvsc_tx_slot *slot, u32 index,
			   struct xdp_frame *frame)
{
	size_t offset = (size_t)index * NETVSC_TX_HDR;
	struct nvsp_ranges ranges;
	dma_addr_t dma;
	int err;

	nvsp_ranges_init(&ranges);
	nvsp_ranges_add(&ranges, ch->tx.headers_dma + offset,
			tx_build_frame_header(ch->tx.headers + offset,
					      frame->len));
	dma = dma_map_single(tx_dev(ch), frame->data, frame->len,
			     DMA_TO_DEVICE);
	if (!tx_map_add(ch, slot, &ranges, dma, frame->len, false))
		return -ENOMEM;

	slot->frame = frame;
	err = tx_submit(ch, slot, index, 0, &ranges);
	if (err)
		tx_unmap(ch, slot);
	return err;
}

static int tx_frame(struct netvsc_channel *ch, struct xdp_frame *frame,
		    u32 index)
{
	struct netvsc_tx_slot *slot = &ch->tx.slots[index];
	int err;

	slot->skb = NULL;
	slot->frame = NULL;
	slot->nr_maps = 0;
	slot->section = NVSP_NO_SECTION;
	slot->packets = 1;
	slot->bytes = frame->len;
	if (!tx_take_section(ch, frame->len, &slot->section))
		return tx_frame_direct(ch, slot, index, frame);

	err = tx_frame_copy(ch, slot, index, frame);
	if (err)
		pool_untake(&ch->tx.section_pool);
	else
		xdp_return_frame(frame);
	return err;
}

int netvsc_tx_frame(struct netvsc_channel *ch, struct xdp_frame *frame)
{
	u32 index;
	int err;

	if (READ_ONCE(ch->nv->closing))
		return -ENETDOWN;
	if (xdp_frame_has_frags(frame))
		return -EOPNOTSUPP;
	if (!pool_take(&ch->tx.slot_pool, &index))
		return -EBUSY;

	err = tx_frame(ch, frame, index);
	if (err) {
		pool_untake(&ch->tx.slot_pool);
		return err == -EAGAIN ? -EBUSY : err;
	}
	tx_stop_if_low(ch);
	return 0;
}

void netvsc_tx_kick(struct netvsc_channel *ch)
{
	/* Each frame has gone out by itself. */
}

static bool tx_csum_possible(const struct netvsc *nv, const struct sk_buff *skb)
{
	bool v6 = tx_is_ipv6(skb);

	if (skb_transport_offset(skb) > FIELD_MAX(RNDIS_CSUM_TX_L4_OFFSET))
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

netdev_features_t netvsc_features_check(struct sk_buff *skb,
					struct net_device *ndev,
					netdev_features_t features)
{
	const struct netvsc *nv = netvsc_priv(ndev);

	if (skb->ip_summed == CHECKSUM_PARTIAL && !tx_csum_possible(nv, skb))
		features &= ~(NETIF_F_CSUM_MASK | NETIF_F_GSO_MASK);
	if (skb_is_gso(skb) &&
	    skb_shinfo(skb)->gso_segs < nv->caps.tso_min_segs)
		features &= ~NETIF_F_GSO_MASK;
	return vlan_features_check(skb, features);
}

/* The way back; all of it in NAPI */

static void tx_release(struct netvsc_channel *ch, struct netvsc_tx_slot *slot,
		       int budget)
{
	tx_unmap(ch, slot);
	if (slot->frame)
		xdp_return_frame(slot->frame);
	else if (slot->skb)
		napi_consume_skb(slot->skb, budget);
	slot->frame = NULL;
	slot->skb = NULL;
	if (slot->section != NVSP_NO_SECTION)
		pool_give(&ch->tx.section_pool, slot->section);
}

static struct netvsc_tx_slot *tx_claim(struct netvsc_channel *ch,
				       u64 transaction)
{
	u32 index = FIELD_GET(NETVSC_TID_SLOT, transaction);
	struct netvsc_tx_slot *slot;

	if (index >= NETVSC_TX_SLOTS)
		return NULL;
	slot = &ch->tx.slots[index];
	if (cmpxchg(&slot->transaction, transaction, 0) != transaction)
		return NULL;
	return slot;
}

/* Takes a packet back.  Return: bytes of it, for BQL; 0 if it was not ours. */
unsigned int netvsc_tx_complete(struct netvsc_channel *ch, u64 transaction,
				bool sent, int budget)
{
	struct netvsc_tx_done *done = &ch->tx.done;
	struct netvsc_tx_slot *slot;
	unsigned int bytes;

	slot = tx_claim(ch, transaction);
	if (!slot) {
		netvsc_count(ch->nv, NETVSC_EV_BAD_TRANSACTION);
		if (net_ratelimit())
			netdev_warn(ch->nv->ndev,
				    "completion of %#llx, not in flight\n",
				    transaction);
		return 0;
	}

	bytes = slot->bytes;
	u64_stats_update_begin(&done->syncp);
	if (sent) {
		u64_stats_add(&done->packets, slot->packets);
		u64_stats_add(&done->bytes, bytes);
	} else {
		u64_stats_inc(&done->errors);
	}
	u64_stats_update_end(&done->syncp);

	tx_release(ch, slot, budget);
	pool_give(&ch->tx.slot_pool, slot - ch->tx.slots);
	return bytes;
}

static bool tx_idle(const struct netvsc_channel *ch)
{
	return pool_avail(&ch->tx.slot_pool) == ch->tx.slot_pool.total;
}

/* After a batch of completions: BQL, the queue, and whoever waits for idle. */
void netvsc_tx_completed(struct netvsc_channel *ch, unsigned int packets,
			 unsigned int bytes)
{
	struct netvsc_tx *tx = &ch->tx;
	struct netvsc *nv = ch->nv;

	if (unlikely(atomic_read(&tx->unsent_packets))) {
		packets += atomic_xchg(&tx->unsent_packets, 0);
		bytes += atomic_xchg(&tx->unsent_bytes, 0);
	}
	if (!packets)
		return;

	if (!__netif_txq_completed_wake(tx_queue(ch), packets, bytes,
					pool_avail(&tx->slot_pool),
					NETVSC_TX_WAKE,
					READ_ONCE(nv->closing) ||
					READ_ONCE(tx->ring_blocked))) {
		u64_stats_update_begin(&tx->done.syncp);
		u64_stats_inc(&tx->done.woken);
		u64_stats_update_end(&tx->done.syncp);
	}

	if (tx_idle(ch) && wq_has_sleeper(&nv->tx_idle))
		wake_up(&nv->tx_idle);
}

/*
 * Wakes a queue that waits for the ring.  Return: true if there is no room
 * yet, so that polling has to go on.
 */
bool netvsc_tx_poll(struct netvsc_channel *ch)
{
	struct hv_ring_buffer_info *ring = &ch->vmbus->outbound;
	struct netvsc_tx *tx = &ch->tx;

	/* Pairs with tx_block(). */
	if (likely(!smp_load_acquire(&tx->ring_blocked)))
		return false;
	if (ch->vmbus->rescind)
		return false;
	if (hv_get_avail_to_write_percent(ring) < NETVSC_TX_WAKE_PERCENT)
		return true;

	WRITE_ONCE(tx->ring_blocked, false);
	if (!READ_ONCE(ch->nv->closing) && pool_avail(&tx->slot_pool))
		netif_tx_wake_queue(tx_queue(ch));
	return false;
}

static bool tx_all_idle(struct netvsc *nv)
{
	unsigned int i;

	for (i = 0; i < nv->nr_channels; i++)
		if (!tx_idle(nv->channels[i]))
			return false;
	return true;
}

bool netvsc_tx_wait_idle(struct netvsc *nv)
{
	unsigned long deadline = jiffies + NETVSC_HOST_TIMEOUT;

	/* No event tells of a device that the host takes away meanwhile. */
	do {
		if (wait_event_timeout(nv->tx_idle, tx_all_idle(nv), HZ / 10))
			return true;
		if (nv->hdev->channel->rescind)
			return false;
	} while (time_before(jiffies, deadline));

	return false;
}

/* Life of the transmit half */

static int tx_alloc(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;

	tx->slots = kvzalloc_objs(*tx->slots, NETVSC_TX_SLOTS);
	if (!tx->slots)
		return -ENOMEM;

	tx->headers = dma_alloc_coherent(tx_dev(ch),
					 NETVSC_TX_SLOTS * NETVSC_TX_HDR,
					 &tx->headers_dma, GFP_KERNEL);
	if (!tx->headers) {
		kvfree(tx->slots);
		tx->slots = NULL;
		return -ENOMEM;
	}
	return 0;
}

static void tx_free(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;

	dma_free_coherent(tx_dev(ch), NETVSC_TX_SLOTS * NETVSC_TX_HDR,
			  tx->headers, tx->headers_dma);
	kvfree(tx->slots);
	tx->headers = NULL;
	tx->slots = NULL;
}

/*
 * Before the channel opens: completions are looked up in the slots from then
 * on, whether anything was sent or not.
 */
int netvsc_tx_start(struct netvsc_channel *ch)
{
	int err;

	err = tx_alloc(ch);
	if (err)
		return err;
	err = pool_init(&ch->tx.slot_pool, 0, NETVSC_TX_SLOTS);
	if (err)
		tx_free(ch);
	return err;
}

/*
 * Gives the channel @count sections of the send buffer, from @first on, before
 * it sends for the first time.
 */
int netvsc_tx_set_sections(struct netvsc_channel *ch, u32 first, u32 count)
{
	return pool_init(&ch->tx.section_pool, first, count);
}

/* What the host did not complete is lost. */
static void tx_drop_all(struct netvsc_channel *ch)
{
	struct netvsc_tx_slot *slot = ch->tx.slots;
	u32 i;

	for (i = 0; i < NETVSC_TX_SLOTS; i++, slot++) {
		if (!xchg(&slot->transaction, 0))
			continue;
		tx_unmap(ch, slot);
		if (slot->frame)
			xdp_return_frame(slot->frame);
		dev_kfree_skb_any(slot->skb);
		slot->frame = NULL;
		slot->skb = NULL;
	}
}

/* The channel is closed.  Also for a transmit half that was never started. */
void netvsc_tx_stop(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;

	if (!tx->slots)
		return;

	tx_drop_all(ch);
	atomic_set(&tx->unsent_packets, 0);
	atomic_set(&tx->unsent_bytes, 0);
	tx->ring_blocked = false;
	netdev_tx_reset_queue(tx_queue(ch));
	pool_uninit(&tx->section_pool);
	pool_uninit(&tx->slot_pool);
	tx_free(ch);
}

void netvsc_tx_init(struct netvsc_channel *ch)
{
	u64_stats_init(&ch->tx.stats.syncp);
	u64_stats_init(&ch->tx.done.syncp);
}
