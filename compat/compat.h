/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the driver uses of the 7.3 API and an older kernel lacks.  Included in
 * front of every file of an out-of-tree build; not part of the series.
 */
#ifndef _NETVSC_COMPAT_H
#define _NETVSC_COMPAT_H

#include <linux/slab.h>
#include <linux/vmalloc.h>

/* Allocation by object instead of by size: as new as what follows it. */
#ifndef kzalloc_obj
#define kzalloc_obj(P)			kzalloc(sizeof(P), GFP_KERNEL)
#define kzalloc_objs(P, COUNT)		kcalloc(COUNT, sizeof(P), GFP_KERNEL)
#define kvzalloc_objs(P, COUNT)		kvcalloc(COUNT, sizeof(P), GFP_KERNEL)

#include <linux/hyperv.h>

/*
 * Buffers that the host may see.  Without these two the GPADL's maker shares
 * the memory with the host, and its undoing takes it back.
 */
static inline void *vmbus_alloc_buffer(struct vmbus_channel *channel, u32 size,
				       struct page ***chunks, u32 *nr_chunks)
{
	*chunks = NULL;
	*nr_chunks = 0;
	return vzalloc(size);
}

static inline void vmbus_free_buffer(void *addr, struct page **chunks,
				     u32 nr_chunks)
{
	vfree(addr);
}

#define vmbus_establish_gpadl_caller_decrypted	vmbus_establish_gpadl

#include <linux/ethtool.h>
#include <linux/netdevice.h>

#define netif_xdp_propagate		dev_xdp_propagate

/* Packets wait for the lock of a qdisc with their senders, and on no list. */
#define llist_empty(...)		true

#define NETVSC_COMPAT_RXNFC

/* Which fields are hashed: a request of its own by now, see rxfh.h. */
struct ethtool_rxfh_fields {
	u32 data;
	u32 flow_type;
	u32 rss_context;
};

static inline void ethtool_rxfh_indir_lost(struct net_device *dev)
{
	netdev_err(dev, "device error, RSS indirection table lost\n");
	dev->priv_flags &= ~IFF_RXFH_CONFIGURED;
}

/* An address in a struct sockaddr, and what needs no more than that does. */
#define dev_set_mac_address(dev, ss, extack) \
	dev_set_mac_address(dev, (struct sockaddr *)(ss), extack)
#endif

#endif /* _NETVSC_COMPAT_H */
