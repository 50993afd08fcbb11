/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the receive path call of each other.  All of it in NAPI, but for
 * what starts and stops a channel, which sleeps.
 *
 *	rx.c		from a transfer packet to its frames
 *	rx_parse.c	what a message says
 *	rx_skb.c	memory, and skbs for the stack
 *	rx_done.c	gives memory back to the host
 *	xdp.c		programs
 */
#ifndef _NETVSC_RX_H
#define _NETVSC_RX_H

#include <linux/bitfield.h>
#include <linux/if_vlan.h>
#include <linux/u64_stats_sync.h>

#include "netvsc.h"
#include "rndis.h"
#include "rx_parse.h"

static inline void rx_count(struct netvsc_rx_stats *stats, u64_stats_t *what)
{
	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(what);
	u64_stats_update_end(&stats->syncp);
}

/* A frame that is good, whatever becomes of it. */
static inline void rx_account(struct netvsc_rx *rx, u32 len, bool multicast)
{
	u64_stats_update_begin(&rx->stats.syncp);
	u64_stats_inc(&rx->stats.packets);
	u64_stats_add(&rx->stats.bytes, len);
	if (multicast)
		u64_stats_inc(&rx->stats.multicast);
	u64_stats_update_end(&rx->stats.syncp);
}

static inline u16 rx_vlan_tci(u32 vlan)
{
	return FIELD_GET(RNDIS_VLAN_ID, vlan) |
	       (FIELD_GET(RNDIS_VLAN_DEI, vlan) ? VLAN_CFI_MASK : 0) |
	       FIELD_GET(RNDIS_VLAN_PRIORITY, vlan) << VLAN_PRIO_SHIFT;
}

/* rx_skb.c */
bool rx_skb_receive(struct netvsc_channel *ch, const struct rx_frame *frame);
struct sk_buff *rx_skb_begin(struct netvsc_channel *ch,
			     const struct rx_frame *first);
bool rx_skb_append(struct netvsc_channel *ch, struct sk_buff *skb,
		   const void *data, u32 len);
void rx_skb_coalesced(struct netvsc_channel *ch, struct sk_buff *skb,
		      const struct rx_frame *first);
void rx_skb_deliver(struct netvsc_channel *ch, struct sk_buff *skb,
		    const struct rx_frame *frame);

/* rx_done.c */
int rx_done_start(struct netvsc_channel *ch);
void rx_done_stop(struct netvsc_channel *ch);
bool rx_done_send(struct netvsc_channel *ch);

static inline struct netvsc_rx_done *rx_done_at(const struct netvsc_rx *rx,
						u32 i)
{
	return &rx->done[i & rx->done_mask];
}

/* The caller has made sure of netvsc_rx_ready(). */
static inline void rx_done_add(struct netvsc_channel *ch, u64 transaction,
			       u32 status)
{
	struct netvsc_rx *rx = &ch->rx;
	struct netvsc_rx_done *done = rx_done_at(rx, rx->done_head++);

	done->transaction = transaction;
	done->status = status;
}

/* xdp.c */
u32 rx_xdp(struct netvsc_channel *ch, struct bpf_prog *prog,
	   struct rx_frame *frame);
void rx_xdp_flush(struct netvsc_channel *ch);
int rx_xdp_start(struct netvsc_channel *ch);
void rx_xdp_stop(struct netvsc_channel *ch);

#endif /* _NETVSC_RX_H */
