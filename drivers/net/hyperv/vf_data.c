// SPDX-License-Identifier: GPL-2.0
/*
 * The data path of the VF: its packets are netvsc's, both ways.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/netpoll.h>
#include <net/sch_generic.h>
#include <net/xdp.h>

#include "vf_internal.h"

static void vf_count_received(struct netvsc *nv, const struct sk_buff *skb,
			      u16 packets)
{
	struct netvsc_vf_counters *counters = this_cpu_ptr(nv->vf.counters);

	u64_stats_update_begin(&counters->syncp);
	u64_stats_add(&counters->rx_packets, packets);
	u64_stats_add(&counters->rx_bytes, skb->len + ETH_HLEN);
	u64_stats_update_end(&counters->syncp);
}

static void vf_count_multicast(struct netvsc *nv)
{
	struct netvsc_vf_counters *counters = this_cpu_ptr(nv->vf.counters);

	u64_stats_update_begin(&counters->syncp);
	u64_stats_inc(&counters->rx_multicast);
	u64_stats_update_end(&counters->syncp);
}

/* All but a single frame for this address, on a queue of netvsc's, while that is up. */
static noinline rx_handler_result_t
vf_receive_other(struct sk_buff **pskb, struct net_device *ndev)
{
	struct sk_buff *skb = skb_share_check(*pskb, GFP_ATOMIC);
	struct netvsc *nv = netvsc_priv(ndev);

	*pskb = skb;
	if (!skb)
		return RX_HANDLER_CONSUMED;

	/* A copy of what the VF itself sent, for packet sockets. */
	if (unlikely(skb->pkt_type == PACKET_LOOPBACK))
		return RX_HANDLER_PASS;

	/* Somebody brought the VF up by hand, and netvsc is down. */
	if (unlikely(!(ndev->flags & IFF_UP))) {
		kfree_skb(skb);
		return RX_HANDLER_CONSUMED;
	}

	/* Judged by the VF's address, which may be older than netvsc's. */
	if (unlikely(skb->pkt_type == PACKET_OTHERHOST) &&
	    ether_addr_equal(eth_hdr(skb)->h_dest, ndev->dev_addr))
		skb->pkt_type = PACKET_HOST;

	if (skb->pkt_type == PACKET_MULTICAST)
		vf_count_multicast(nv);
	/* Of the VF's queues there may be more. */
	if (skb_get_queue_mapping(skb) > ndev->real_num_rx_queues)
		skb_record_rx_queue(skb, skb_get_rx_queue(skb) %
					 ndev->real_num_rx_queues);
	/* What GRO has merged are several packets on the wire. */
	vf_count_received(nv, skb, max_t(u16, skb_shinfo(skb)->gso_segs, 1));
	skb->dev = ndev;
	return RX_HANDLER_ANOTHER;
}

/**
 * netvsc_vf_receive() - a frame that came on the VF is netvsc's
 * @pskb: the frame, perhaps another one afterwards
 *
 * All that a frame on the VF costs beyond what the stack does is in here, so
 * the usual one is kept short.
 *
 * Context: the VF's rx_handler.
 *
 * Return: what the stack is to do with it.
 */
rx_handler_result_t netvsc_vf_receive(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	struct net_device *ndev = rcu_dereference(skb->dev->rx_handler_data);

	if (unlikely(skb->pkt_type != PACKET_HOST || skb_shared(skb) ||
		     skb_is_gso(skb) || !(ndev->flags & IFF_UP) ||
		     skb_get_queue_mapping(skb) > ndev->real_num_rx_queues))
		return vf_receive_other(pskb, ndev);

	vf_count_received(netvsc_priv(ndev), skb, 1);
	skb->dev = ndev;
	return RX_HANDLER_ANOTHER;
}

/* Frames of XDP the VF's driver counts where it likes, or nowhere. */
static __always_inline void vf_count_sent(struct netvsc_vf *nvf, bool xdp,
					  unsigned int packets, u64 bytes)
{
	struct netvsc_vf_counters *counters = this_cpu_ptr(nvf->counters);

	u64_stats_update_begin(&counters->syncp);
	u64_stats_add(&counters->tx_packets, packets);
	u64_stats_add(&counters->tx_bytes, bytes);
	if (xdp)
		u64_stats_add(&counters->tx_xdp, packets);
	u64_stats_update_end(&counters->syncp);
}

static void vf_count_unsent(struct netvsc_vf *nvf)
{
	struct netvsc_vf_counters *counters = this_cpu_ptr(nvf->counters);

	u64_stats_update_begin(&counters->syncp);
	u64_stats_inc(&counters->tx_dropped);
	u64_stats_update_end(&counters->syncp);
}

/* Somebody wants to see, to filter or to shape what the VF sends. */
static bool vf_is_watched(struct net_device *vf)
{
#ifdef CONFIG_NET_XGRESS
	if (rcu_access_pointer(vf->tcx_egress))
		return true;
#endif
#ifdef CONFIG_NETFILTER_EGRESS
	if (rcu_access_pointer(vf->nf_hooks_egress))
		return true;
#endif
	return dev_nit_active(vf);
}

static u16 vf_pick_queue(struct net_device *vf, struct sk_buff *skb)
{
	const struct net_device_ops *ops = vf->netdev_ops;
	u16 queue;

	if (vf->real_num_tx_queues == 1)
		return 0;
	queue = ops->ndo_select_queue ? ops->ndo_select_queue(vf, skb, NULL) :
					netdev_pick_tx(vf, skb, NULL);
	return netdev_cap_txqueue(vf, queue);
}

/* Nothing has to be done to the packet before its device can have it. */
static bool vf_takes_as_it_is(struct sk_buff *skb)
{
	bool csum = skb->ip_summed == CHECKSUM_PARTIAL;
	netdev_features_t features;

	if (!csum && !skb_is_nonlinear(skb) && !skb_vlan_tag_present(skb))
		return true;

	features = netif_skb_features(skb);
	/* Not every device can do all of them; the rest is done now. */
	if (csum && !(features & NETIF_F_HW_CSUM) &&
	    skb_csum_hwoffload_help(skb, features))
		return false;
	return (!skb_is_nonlinear(skb) ||
		((features & NETIF_F_SG) && !skb_has_frag_list(skb))) &&
	       (!skb_vlan_tag_present(skb) ||
		vlan_hw_offload_capable(features, skb->vlan_proto));
}

/* Return: as dev_queue_xmit(), or NETDEV_TX_BUSY with the packet left alone. */
static int vf_start_xmit(struct net_device *vf, struct netdev_queue *txq,
			 struct sk_buff *skb)
{
	int ret = NETDEV_TX_BUSY;

	HARD_TX_LOCK(vf, txq, smp_processor_id());
	if (likely(!netif_xmit_frozen_or_stopped(txq)))
		ret = netdev_start_xmit(skb, vf, txq, false);
	HARD_TX_UNLOCK(vf, txq);
	return ret;
}

/* Who runs the qdisc owns it until what it had is with the VF, or back in it. */
static int vf_bypass_unlocked(struct net_device *vf, struct netdev_queue *txq,
			      struct Qdisc *q, struct sk_buff *skb)
{
	int ret = NETDEV_TX_BUSY;

	if (!qdisc_run_begin(q))
		return ret;
	if (likely(qdisc_is_empty(q)))
		ret = vf_start_xmit(vf, txq, skb);
	qdisc_run_end(q);
	return ret;
}

static int vf_bypass_locked(struct net_device *vf, struct netdev_queue *txq,
			    struct Qdisc *q, struct sk_buff *skb)
{
	int ret = NETDEV_TX_BUSY;

	if (!spin_trylock(qdisc_lock(q)))
		return ret;
	if (likely(!qdisc_qlen(q) && !qdisc_is_running(q) &&
		   llist_empty(&q->defer_list)))
		ret = vf_start_xmit(vf, txq, skb);
	spin_unlock(qdisc_lock(q));
	return ret;
}

/*
 * Without a qdisc, or with one that would only pass the packet on, the stack does the
 * same.  Nobody else is about to send what the qdisc had, or the packet might overtake
 * it.  Return: as vf_start_xmit().
 */
static int vf_bypass(struct net_device *vf, struct netdev_queue *txq,
		     struct sk_buff *skb)
{
	struct Qdisc *q = rcu_dereference_bh(txq->qdisc);

	if (!q->enqueue)
		return vf_start_xmit(vf, txq, skb);
	if (!(q->flags & TCQ_F_CAN_BYPASS) || !qdisc_is_empty(q))
		return NETDEV_TX_BUSY;
	if (q->flags & TCQ_F_NOLOCK)
		return vf_bypass_unlocked(vf, txq, q, skb);
	return vf_bypass_locked(vf, txq, q, skb);
}

/*
 * The packet has been through the stack for netvsc, qdisc and all, and the way
 * through it for the VF would cost the same again.  What the VF's queue has no
 * room for waits in the VF's qdisc all the same, and later packets behind it.
 * Return: as dev_queue_xmit().
 */
static int vf_queue(struct net_device *vf, struct sk_buff *skb)
{
	struct netdev_queue *txq;
	u16 queue;
	int ret;

	/* pktgen sends one packet many times, and a qdisc links it only once. */
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb))
		return NET_XMIT_DROP;

	/*
	 * netvsc's choice of a queue is no hint for the VF's: without one, the
	 * VF chooses by its own rules.
	 */
	skb_set_queue_mapping(skb, 0);
	skb->dev = vf;
	/* It may have to be cut up, of which only the long way is capable. */
	if (skb_is_gso(skb) || unlikely(vf_is_watched(vf)) ||
	    unlikely(!vf_takes_as_it_is(skb)))
		return dev_queue_xmit(skb);

	queue = vf_pick_queue(vf, skb);
	txq = netdev_get_tx_queue(vf, queue);
	skb_set_queue_mapping(skb, queue);
	ret = vf_bypass(vf, txq, skb);
	if (likely(dev_xmit_complete(ret)))
		return ret;
	skb_set_queue_mapping(skb, 0);
	return dev_queue_xmit(skb);
}

/**
 * netvsc_vf_send() - hand a packet to the VF
 * @nvf: of the netvsc
 * @vf: its VF
 * @skb: the packet; not touched if this returns false
 *
 * Context: ndo_start_xmit of netvsc, through netvsc_vf_xmit().
 *
 * Return: true if @skb is gone; false if the VF cannot take it, and it is for
 * the channels.
 */
bool netvsc_vf_send(struct netvsc_vf *nvf, struct net_device *vf,
		    struct sk_buff *skb)
{
	unsigned int packets = max_t(u16, skb_shinfo(skb)->gso_segs, 1);
	unsigned int bytes = skb->len;
	int ret;

	/* netpoll calls with interrupts off, which a qdisc does not allow. */
	if (unlikely(netpoll_tx_running(skb->dev)))
		return false;

	if (unlikely(!netvsc_vf_ready(vf))) {
		/* The link watch would tell within a second; this is now. */
		netvsc_vf_todo(nvf, NETVSC_VF_LINK);
		return false;
	}

	ret = vf_queue(vf, skb);
	if (likely(ret == NET_XMIT_SUCCESS || ret == NET_XMIT_CN))
		vf_count_sent(nvf, false, packets, bytes);
	else
		vf_count_unsent(nvf);
	return true;
}

static u64 vf_frames_bytes(struct xdp_frame **frames, int n)
{
	u64 bytes = 0;
	int i;

	for (i = 0; i < n; i++)
		bytes += frames[i]->len;
	return bytes;
}

/**
 * netvsc_vf_xdp_xmit() - hand frames of XDP to the VF
 * @nvf: of the netvsc
 * @n: number of frames
 * @frames: the frames
 * @flags: XDP_XMIT_*
 *
 * Context: ndo_xdp_xmit of netvsc, with the lock of one of its queues, which is how
 * the VF is left.
 *
 * Return: how many were taken, the first ones; or an error if all of them are for
 * the channels.
 */
int netvsc_vf_xdp_xmit(struct netvsc_vf *nvf, int n, struct xdp_frame **frames,
		       u32 flags)
{
	struct net_device *vf = rcu_dereference_bh(nvf->tx);
	u64 bytes;
	int sent;

	if (!vf || !(READ_ONCE(vf->xdp_features) & NETDEV_XDP_ACT_NDO_XMIT) ||
	    !netvsc_vf_ready(vf))
		return -EOPNOTSUPP;

	/* Of those that are taken nothing may be looked at afterwards. */
	bytes = vf_frames_bytes(frames, n);
	sent = vf->netdev_ops->ndo_xdp_xmit(vf, n, frames, flags);
	if (sent <= 0)
		return sent;

	vf_count_sent(nvf, true, sent,
		      bytes - vf_frames_bytes(frames + sent, n - sent));
	return sent;
}
