/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RNDIS packet messages for the host: the header in front of a frame, with what
 * the host is to do to the frame.  Nothing in here knows VMBus or a net_device.
 */
#ifndef _NETVSC_TX_RNDIS_H
#define _NETVSC_TX_RNDIS_H

#include <linux/skbuff.h>
#include <linux/types.h>

#include "rndis.h"

/* One word of per-packet info, as it is on the wire. */
#define TX_RNDIS_INFO	(sizeof(struct rndis_info) + sizeof(__le32))

/* The longest header: hash, VLAN, and checksum or large send. */
#define TX_RNDIS_MAX	(sizeof(struct rndis_hdr) + \
			 sizeof(struct rndis_packet) + 3 * TX_RNDIS_INFO)

u32 tx_rndis_put(void *to, const struct sk_buff *skb, bool hash, u32 align);
u32 tx_rndis_put_plain(void *to, u32 data_len, int tci, u32 align);
void tx_rndis_fix_lso(void *frame, const struct sk_buff *skb);

#endif /* _NETVSC_TX_RNDIS_H */
