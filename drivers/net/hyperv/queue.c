// SPDX-License-Identifier: GPL-2.0
/*
 * Which queue a packet is sent on.
 *
 * A socket stays on its queue until nothing of it is in flight, or for as long
 * as the stack has it so (net.core.txq_reselection_ms), so that its packets
 * keep their order whatever else changes.  A new choice follows what the
 * administrator has set (XPS), then the queue on which a forwarded packet came
 * in, then the table with which the host asks to spread load over its own CPUs.
 */
#include <linux/netdevice.h>
#include <net/sock.h>

#include "netvsc.h"

/* XPS and traffic classes are the stack's own business. */
static bool queue_up_to_stack(const struct net_device *ndev,
			      const struct net_device *sb_dev)
{
#ifdef CONFIG_XPS
	if (rcu_access_pointer(ndev->xps_maps[XPS_CPUS]) ||
	    rcu_access_pointer(ndev->xps_maps[XPS_RXQS]))
		return true;
#endif
	return sb_dev || ndev->num_tc;
}

static u16 queue_cap(u32 queue, u32 queues)
{
	return likely(queue < queues) ? queue : queue % queues;
}

static u16 queue_choose(const struct netvsc *nv, struct sk_buff *skb,
			u32 queues)
{
	u32 queue;

	if (skb_rx_queue_recorded(skb))
		queue = skb_get_rx_queue(skb);
	else
		queue = READ_ONCE(nv->send_table[skb_get_hash(skb) %
						 STEER_SEND_ENTRIES]);
	return queue_cap(queue, queues);
}

/*
 * The VF chooses a queue of its own, and remembers it in the socket, for as long as
 * it thinks best.  Ours is the same for all of a flow, and if the VF's are those of
 * CPUs, so are ours: a lock less that CPUs meet on.
 */
static u16 queue_to_vf(struct sk_buff *skb, u32 queues)
{
	int chosen = skb->sk ? sk_tx_queue_get(skb->sk) : -1;

	if (chosen >= 0)
		return queue_cap(chosen, queues);
	return reciprocal_scale(skb_get_hash(skb), queues);
}

u16 netvsc_select_queue(struct net_device *ndev, struct sk_buff *skb,
			struct net_device *sb_dev)
{
	const struct netvsc *nv = netvsc_priv(ndev);
	struct sock *sk = skb->sk;
	u32 queues = ndev->real_num_tx_queues;
	int old, queue;

	/* But to the qdiscs of a class only what belongs to it. */
	if (rcu_access_pointer(nv->vf.tx) && !ndev->num_tc && !sb_dev)
		return queue_to_vf(skb, queues);
	if (unlikely(queue_up_to_stack(ndev, sb_dev)))
		return netdev_pick_tx(ndev, skb, sb_dev);

	old = sk ? sk_tx_queue_get(sk) : -1;
	if (old >= 0 && old < queues && !skb->ooo_okay)
		return old;

	queue = queue_choose(nv, skb, queues);
	if (queue != old && sk && sk_fullsock(sk) &&
	    rcu_access_pointer(sk->sk_dst_cache))
		sk_tx_queue_set(sk, queue);
	return queue;
}

/**
 * netvsc_queue_table() - the host's table for what the guest sends
 * @nv: the NIC
 * @msg: NVSP_SEND_TABLE message
 * @len: its bytes
 *
 * Context: NAPI.
 *
 * Return: false if the message makes no sense.
 */
bool netvsc_queue_table(struct netvsc *nv, const void *msg, u32 len)
{
	u8 table[STEER_SEND_ENTRIES];
	unsigned int i;

	if (steer_read_send_table(msg, len, nv->nvsp.version,
				  NETVSC_MAX_CHANNELS, table))
		return false;
	for (i = 0; i < STEER_SEND_ENTRIES; i++)
		WRITE_ONCE(nv->send_table[i], table[i]);
	return true;
}

/**
 * netvsc_queue_reset() - a table until the host sends one
 * @nv: the NIC, before its channel opens
 *
 * Entries may be beyond the channels that come to be.
 */
void netvsc_queue_reset(struct netvsc *nv)
{
	steer_spread(nv->send_table, STEER_SEND_ENTRIES,
		     nv->ndev->num_tx_queues);
}
