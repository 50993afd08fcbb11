// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that the host reads from where they are.
 *
 * The RNDIS header stands in memory that is the slot's, or behind a batch that
 * goes out with the packet, and so do the packet's own headers if they are all
 * that its linear part holds, or if the host wants them changed: the packet is
 * never written to.  The rest are ranges of guest-physical memory, which is what
 * VMBus carries; only a guest whose memory the host cannot read has it bounced by
 * the DMA API.
 */
#include <linux/dma-mapping.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/xdp.h>
#include <asm/mshyperv.h>

#include "netvsc.h"
#include "tx_rndis.h"

/* A slot's memory: the RNDIS header, then headers of the packet. */
#define DIRECT_HEAD	256

static_assert(DIRECT_HEAD - TX_RNDIS_MAX >= NETVSC_TX_LSO_HEADERS);
/* None of them leaves its page. */
static_assert(HV_HYP_PAGE_SIZE % DIRECT_HEAD == 0);

/* A piece of a packet, bounced for the host. */
struct netvsc_tx_map {
	dma_addr_t dma;
	u32 len;
};

/* Pieces of a packet: the linear part and the fragments. */
#define DIRECT_MAPS	(MAX_SKB_FRAGS + 1)

static struct device *direct_dev(const struct netvsc_channel *ch)
{
	return &ch->nv->hdev->device;
}

static struct netvsc_tx_map *direct_maps(const struct netvsc_tx *tx, u32 index)
{
	return tx->maps + index * DIRECT_MAPS;
}

static void direct_unmap(struct netvsc_channel *ch, u32 index)
{
	struct netvsc_tx_direct *direct = &ch->tx.packets[index];
	struct netvsc_tx_map *map;

	for (map = direct_maps(&ch->tx, index); direct->nr_maps; map++) {
		dma_unmap_page(direct_dev(ch), map->dma, map->len,
			       DMA_TO_DEVICE);
		direct->nr_maps--;
	}
}

/* Return: 0; -EMSGSIZE for one range too many; -ENOMEM if none is left to bounce it. */
static int direct_bounce(struct netvsc_channel *ch, u32 index,
			 struct page *page, u32 offset, u32 len)
{
	struct netvsc_tx_direct *direct = &ch->tx.packets[index];
	struct netvsc_tx_map *map;
	dma_addr_t dma;

	dma = dma_map_page(direct_dev(ch), page, offset, len, DMA_TO_DEVICE);
	if (dma_mapping_error(direct_dev(ch), dma))
		return -ENOMEM;

	map = direct_maps(&ch->tx, index) + direct->nr_maps++;
	map->dma = dma;
	map->len = len;
	return nvsp_ranges_add(&ch->tx.ranges, dma, len) ? 0 : -EMSGSIZE;
}

static int direct_add(struct netvsc_channel *ch, u32 index, struct page *page,
		      u32 offset, u32 len)
{
	if (unlikely(ch->tx.maps))
		return direct_bounce(ch, index, page, offset, len);
	return nvsp_ranges_add(&ch->tx.ranges, page_to_phys(page) + offset,
			       len) ? 0 : -EMSGSIZE;
}

static int direct_add_linear(struct netvsc_channel *ch, u32 index,
			     const void *data, u32 len)
{
	if (!len)
		return 0;
	return direct_add(ch, index, virt_to_page(data), offset_in_page(data),
			  len);
}

static int direct_add_frags(struct netvsc_channel *ch, u32 index,
			    const struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	const skb_frag_t *frag = info->frags;
	const skb_frag_t *end = frag + info->nr_frags;
	int err;

	for (; frag < end; frag++) {
		err = direct_add(ch, index, skb_frag_page(frag),
				 skb_frag_off(frag), skb_frag_size(frag));
		if (unlikely(err))
			return err;
	}
	return 0;
}

/* Where the header goes.  A batch that is open is one that the packet ends. */
static void *direct_head(struct netvsc_tx *tx, u32 index)
{
	if (tx->batch.messages)
		return netvsc_tx_batch_end(tx);
	return tx->heads + index * DIRECT_HEAD;
}

static void direct_start(struct netvsc_tx *tx, u32 index, u32 head_len)
{
	struct netvsc_tx_direct *direct = &tx->packets[index];

	if (tx->batch.messages) {
		nvsp_ranges_init(&tx->ranges);
		direct->section = tx->batch.index;
		direct->section_len = tx->batch.used + head_len;
		return;
	}
	nvsp_ranges_first(&tx->ranges, tx->heads_dma + index * DIRECT_HEAD,
			  head_len);
	direct->section = NVSP_NO_SECTION;
	direct->section_len = 0;
}

/* How much of a packet is copied: a range less for the host to map. */
u32 netvsc_tx_direct_copied(const struct sk_buff *skb)
{
	u32 len = skb_headlen(skb);

	if (len <= DIRECT_HEAD - TX_RNDIS_MAX)
		return len;
	return skb_is_gso(skb) ? skb_tcp_all_headers(skb) : 0;
}

static int direct_describe(struct netvsc_channel *ch, u32 index,
			   const struct sk_buff *skb)
{
	u32 copied = netvsc_tx_direct_copied(skb);
	void *head = direct_head(&ch->tx, index);
	u32 len;
	int err;

	len = tx_rndis_put(head, skb, ch->nv->nr_channels > 1, 1);
	memcpy(head + len, skb->data, copied);
	if (skb_is_gso(skb))
		tx_rndis_fix_lso(head + len, skb);

	direct_start(&ch->tx, index, len + copied);
	err = direct_add_linear(ch, index, skb->data + copied,
				skb_headlen(skb) - copied);
	if (!err)
		err = direct_add_frags(ch, index, skb);
	if (unlikely(err))
		direct_unmap(ch, index);
	return err;
}

/**
 * netvsc_tx_direct_skb() - describe a packet to the host, in @ch->tx.ranges
 * @ch: the channel
 * @index: a slot that was taken
 * @skb: the packet; stays the caller's on failure
 *
 * If a batch is open it has room for the header, with what is copied of the
 * packet, which goes there.
 *
 * Context: the queue's lock is held.
 *
 * Return: 0; -ENOMEM if there is no memory to bounce it in, which may be a matter of
 * time; -EMSGSIZE if it cannot be described.
 */
int netvsc_tx_direct_skb(struct netvsc_channel *ch, u32 index,
			 struct sk_buff *skb)
{
	struct netvsc_tx_direct *direct = &ch->tx.packets[index];
	int err;

	err = direct_describe(ch, index, skb);
	if (unlikely(err == -EMSGSIZE)) {
		if (!skb_is_nonlinear(skb) || skb_shared(skb) ||
		    skb_linearize(skb))
			return err;
		err = direct_describe(ch, index, skb);
		if (!err)
			netvsc_tx_count(&ch->tx, &ch->tx.stats.linearized);
	}
	if (unlikely(err))
		return err;
	direct->skb = skb;
	return 0;
}

/* The same for a frame of XDP, whose memory is one piece. */
int netvsc_tx_direct_frame(struct netvsc_channel *ch, u32 index,
			   struct xdp_frame *frame, int tci)
{
	struct netvsc_tx_direct *direct = &ch->tx.packets[index];
	void *head = direct_head(&ch->tx, index);
	u32 len;
	int err;

	len = tx_rndis_put_plain(head, frame->len, tci, 1);
	direct_start(&ch->tx, index, len);
	err = direct_add_linear(ch, index, frame->data, frame->len);
	if (unlikely(err)) {
		direct_unmap(ch, index);
		return err;
	}
	direct->frame = frame;
	return 0;
}

/**
 * netvsc_tx_direct_release() - let go of the packet of a slot
 * @ch: the channel
 * @index: the slot; the host is done with it
 * @budget: of NAPI, or 0 outside of it
 */
void netvsc_tx_direct_release(struct netvsc_channel *ch, u32 index, int budget)
{
	struct netvsc_tx_direct *direct = &ch->tx.packets[index];

	if (unlikely(direct->nr_maps))
		direct_unmap(ch, index);
	if (direct->frame)
		xdp_return_frame(direct->frame);
	else
		napi_consume_skb(direct->skb, budget);
	direct->frame = NULL;
	direct->skb = NULL;
}

int netvsc_tx_direct_init(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;

	tx->heads = dma_alloc_coherent(direct_dev(ch),
				       NETVSC_TX_SLOTS * DIRECT_HEAD,
				       &tx->heads_dma, GFP_KERNEL);
	tx->packets = kvzalloc_objs(*tx->packets, NETVSC_TX_SLOTS);
	if (!tx->heads || !tx->packets)
		goto free;
	if (!hv_is_isolation_supported())
		return 0;

	tx->maps = kvzalloc_objs(*tx->maps, NETVSC_TX_SLOTS * DIRECT_MAPS);
	if (!tx->maps)
		goto free;
	return 0;

free:
	netvsc_tx_direct_exit(ch);
	return -ENOMEM;
}

/* No slot holds a packet any more. */
void netvsc_tx_direct_exit(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;

	kvfree(tx->maps);
	kvfree(tx->packets);
	if (tx->heads)
		dma_free_coherent(direct_dev(ch),
				  NETVSC_TX_SLOTS * DIRECT_HEAD, tx->heads,
				  tx->heads_dma);
	tx->maps = NULL;
	tx->packets = NULL;
	tx->heads = NULL;
}
