// SPDX-License-Identifier: GPL-2.0
/*
 * The data path of the VF: its packets are netvsc's, both ways.
 */
#include <linux/etherdevice.h>
#include <linux/netpoll.h>

#include "vf_internal.h"

rx_handler_result_t netvsc_vf_receive(struct sk_buff **pskb)
{
	struct sk_buff *skb = skb_share_check(*pskb, GFP_ATOMIC);
	struct netvsc_vf_counters *counters;
	struct net_device *ndev;
	struct netvsc *nv;

	*pskb = skb;
	if (!skb)
		return RX_HANDLER_CONSUMED;

	/* A copy of what the VF itself sent, for packet sockets. */
	if (unlikely(skb->pkt_type == PACKET_LOOPBACK))
		return RX_HANDLER_PASS;

	nv = rcu_dereference(skb->dev->rx_handler_data);
	ndev = nv->ndev;
	/* Somebody brought the VF up by hand, and netvsc is down. */
	if (unlikely(!(ndev->flags & IFF_UP))) {
		kfree_skb(skb);
		return RX_HANDLER_CONSUMED;
	}

	skb->dev = ndev;
	/* Judged by the VF's address, which may be older than netvsc's. */
	if (unlikely(skb->pkt_type == PACKET_OTHERHOST) &&
	    ether_addr_equal(eth_hdr(skb)->h_dest, ndev->dev_addr))
		skb->pkt_type = PACKET_HOST;

	counters = this_cpu_ptr(nv->vf.counters);
	u64_stats_update_begin(&counters->syncp);
	/* What GRO has merged are several packets on the wire. */
	u64_stats_add(&counters->rx_packets,
		      max_t(u16, skb_shinfo(skb)->gso_segs, 1));
	u64_stats_add(&counters->rx_bytes, skb->len + ETH_HLEN);
	if (skb->pkt_type == PACKET_MULTICAST)
		u64_stats_inc(&counters->rx_multicast);
	u64_stats_update_end(&counters->syncp);
	return RX_HANDLER_ANOTHER;
}

static int vf_queue(struct net_device *vf, struct sk_buff *skb)
{
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
	struct netvsc_vf_counters *counters;
	unsigned int bytes = skb->len;
	int ret;

	/* netpoll calls with interrupts off, which a qdisc does not allow. */
	if (unlikely(netpoll_tx_running(skb->dev)))
		return false;

	if (unlikely(!netif_running(vf) || !netif_carrier_ok(vf))) {
		/* The link watch would tell within a second; this is now. */
		netvsc_vf_todo(nvf, NETVSC_VF_LINK);
		return false;
	}

	ret = vf_queue(vf, skb);
	counters = this_cpu_ptr(nvf->counters);
	u64_stats_update_begin(&counters->syncp);
	if (likely(ret == NET_XMIT_SUCCESS || ret == NET_XMIT_CN)) {
		u64_stats_add(&counters->tx_packets, packets);
		u64_stats_add(&counters->tx_bytes, bytes);
	} else {
		u64_stats_inc(&counters->tx_dropped);
	}
	u64_stats_update_end(&counters->syncp);
	return true;
}
