// SPDX-License-Identifier: GPL-2.0
/*
 * Received frames as skbs.  A frame is copied out of the buffer that the host
 * can write to, into pages of the channel's page_pool: small ones share a page,
 * and what does not fit into the first page of a large one goes into more.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/gro.h>
#include <net/ip6_checksum.h>
#include <net/page_pool/helpers.h>
#include <net/tcp.h>

#include "rndis.h"
#include "rx.h"
#include "trace.h"

#define RX_HEADROOM	(NET_SKB_PAD + NET_IP_ALIGN)
/* What one page holds of a frame. */
#define RX_HEAD_MAX	(SKB_WITH_OVERHEAD(PAGE_SIZE) - RX_HEADROOM)

/* An skb whose head has room for @len bytes, up to RX_HEAD_MAX. */
static struct sk_buff *rx_skb_alloc(struct netvsc_channel *ch, u32 len)
{
	u32 size = SKB_HEAD_ALIGN(RX_HEADROOM + len);
	struct sk_buff *skb;
	void *head;

	head = page_pool_dev_alloc_va(ch->rx.pool, &size);
	if (unlikely(!head))
		return NULL;
	skb = napi_build_skb(head, size);
	if (unlikely(!skb)) {
		page_pool_free_va(ch->rx.pool, head, true);
		return NULL;
	}
	skb_mark_for_recycle(skb);
	skb_reserve(skb, RX_HEADROOM);
	return skb;
}

/* Pages behind the head are whole ones, filled from their start. */
static skb_frag_t *rx_skb_last_page(struct netvsc_channel *ch,
				    struct sk_buff *skb)
{
	struct skb_shared_info *info = skb_shinfo(skb);
	u32 nr = info->nr_frags;
	struct page *page;

	if (nr && skb_frag_size(&info->frags[nr - 1]) < PAGE_SIZE)
		return &info->frags[nr - 1];
	if (nr == MAX_SKB_FRAGS)
		return NULL;
	page = page_pool_dev_alloc_pages(ch->rx.pool);
	if (!page)
		return NULL;
	skb_add_rx_frag(skb, nr, page, 0, 0, PAGE_SIZE);
	return &info->frags[nr];
}

/**
 * rx_skb_append() - copy data to the end of an skb
 * @ch: the channel
 * @skb: from rx_skb_begin()
 * @data: in memory shared with the host
 * @len: with what is there already, at most RX_FRAME_MAX
 *
 * Return: false without memory; then some of it may be there.
 */
bool rx_skb_append(struct netvsc_channel *ch, struct sk_buff *skb,
		   const void *data, u32 len)
{
	skb_frag_t *frag;
	u32 n;

	/* Nothing is left of the head's room when there are pages. */
	n = min_t(u32, len, skb_tailroom(skb));
	if (n)
		skb_put_data(skb, data, n);

	for (data += n, len -= n; len; data += n, len -= n) {
		frag = rx_skb_last_page(ch, skb);
		if (unlikely(!frag))
			return false;
		n = min_t(u32, len, PAGE_SIZE - skb_frag_size(frag));
		memcpy(skb_frag_address(frag) + skb_frag_size(frag), data, n);
		skb_frag_size_add(frag, n);
		skb->len += n;
		skb->data_len += n;
	}
	return true;
}

/**
 * rx_skb_begin() - an skb that has a first part and takes more
 * @ch: the channel
 * @first: the part
 *
 * Return: NULL without memory.
 */
struct sk_buff *rx_skb_begin(struct netvsc_channel *ch,
			     const struct rx_frame *first)
{
	struct sk_buff *skb = rx_skb_alloc(ch, RX_HEAD_MAX);

	BUILD_BUG_ON(RX_HEAD_MAX + MAX_SKB_FRAGS * PAGE_SIZE < RX_FRAME_MAX);
	if (likely(skb && rx_skb_append(ch, skb, first->data, first->len)))
		return skb;
	kfree_skb(skb);
	return NULL;
}

/* Checksums */

/* The host knows the IP header to be good, but has left its checksum out. */
static void rx_fill_ip_csum(struct ethhdr *eth, u32 head)
{
	struct iphdr *iph = (void *)eth + ETH_HLEN;

	if (head < ETH_HLEN + sizeof(*iph) ||
	    eth->h_proto != htons(ETH_P_IP) || iph->ihl < 5 ||
	    head < ETH_HLEN + iph->ihl * 4)
		return;
	ip_send_check(iph);
}

/*
 * The TCP checksum is not in the header, or not that of each segment: whoever
 * sends the packet on has to fill it in.
 */
static bool rx_leave_tcp_csum(struct sk_buff *skb, const struct rx_tcp *tcp)
{
	void *ip = skb->data + tcp->l3, *l4 = skb->data + tcp->l4;
	u32 len = skb->len - tcp->l4;
	struct ipv6hdr *ip6h = ip;
	struct tcphdr *th = l4;
	struct iphdr *iph = ip;

	if (tcp->v6)
		th->check = ~tcp_v6_check(len, &ip6h->saddr, &ip6h->daddr, 0);
	else
		th->check = ~tcp_v4_check(len, iph->saddr, iph->daddr, 0);
	return skb_partial_csum_set(skb, tcp->l4, offsetof(typeof(*th), check));
}

/* XDP has it among the data; it then ends with the type of what is behind it. */
static u32 rx_tag_len(const struct sk_buff *skb)
{
	return eth_hdr(skb)->h_proto == htons(ETH_P_8021Q) &&
	       skb_headlen(skb) >= VLAN_ETH_HLEN ? VLAN_HLEN : 0;
}

/* By itself: what it has on the stack is not for every frame to make room for. */
static noinline void rx_fill_csums(struct sk_buff *skb,
				   const struct rx_frame *frame)
{
	struct rx_tcp tcp;
	u32 head, tag;
	void *eth;

	skb_reset_mac_header(skb);
	tag = rx_tag_len(skb);
	eth = skb->data + tag;
	head = skb_headlen(skb) - tag;
	if ((frame->csum & RNDIS_CSUM_RX_IP_UNSET) &&
	    (frame->csum & RNDIS_CSUM_RX_IP_GOOD))
		rx_fill_ip_csum(eth, head);
	if (!(frame->csum & RNDIS_CSUM_RX_TCP_UNSET) ||
	    !(frame->csum & RNDIS_CSUM_RX_TCP_GOOD) ||
	    skb->ip_summed != CHECKSUM_NONE ||
	    !rx_find_tcp(&tcp, eth, head, skb->len - tag))
		return;
	tcp.l3 += tag;
	tcp.l4 += tag;
	rx_leave_tcp_csum(skb, &tcp);
}

static u32 rx_mss(const struct net_device *ndev, const struct rx_tcp *tcp,
		  const struct rx_frame *first)
{
	u32 headers = tcp->payload - ETH_HLEN;
	u32 mtu = READ_ONCE(ndev->mtu);
	u32 mss;

	/* No segment that came over the wire was larger ... */
	mss = mtu > headers + TCP_MIN_MSS ? mtu - headers : TCP_MIN_MSS;
	/* ... or than what the host calls the first part. */
	if ((first->flags & RX_IS_PART) &&
	    first->len >= tcp->payload + TCP_MIN_MSS)
		mss = min(mss, first->len - tcp->payload);
	return mss;
}

/**
 * rx_skb_coalesced() - let a frame be taken apart again
 * @ch: the channel
 * @skb: a frame that is longer than one on the wire can be
 * @first: what the host said of it
 *
 * The host does not say how long the segments were that it put together, but
 * they came over the wire.  What the host has not checked, or what is not TCP,
 * stays one frame.
 */
void rx_skb_coalesced(struct netvsc_channel *ch, struct sk_buff *skb,
		      const struct rx_frame *first)
{
	struct net_device *ndev = ch->nv->ndev;
	struct rx_tcp tcp;
	u32 mss, segs;

	if (!(first->csum & RNDIS_CSUM_RX_TCP_GOOD) ||
	    !(ndev->features & NETIF_F_RXCSUM) ||
	    !rx_find_tcp(&tcp, skb->data, skb_headlen(skb), skb->len))
		return;

	mss = rx_mss(ndev, &tcp, first);
	segs = DIV_ROUND_UP(skb->len - tcp.payload, mss);
	if (segs < 2 || !rx_leave_tcp_csum(skb, &tcp))
		return;

	skb_shinfo(skb)->gso_size = mss;
	skb_shinfo(skb)->gso_type = tcp.v6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
	NAPI_GRO_CB(skb)->count = segs;
	tcp_gro_complete(skb);
}

/* What the host says of a frame */

/* A host that does not say what it hashed has not said that it was ports. */
static enum pkt_hash_types rx_hash_type(const struct rx_frame *frame)
{
	return frame->hash_info & RNDIS_HASH_L4 ? PKT_HASH_TYPE_L4 :
						  PKT_HASH_TYPE_L3;
}

/**
 * rx_skb_deliver() - hand an skb to the stack
 * @ch: the channel
 * @skb: starts with the Ethernet header
 * @frame: what the host said of it
 */
void rx_skb_deliver(struct netvsc_channel *ch, struct sk_buff *skb,
		    const struct rx_frame *frame)
{
	struct net_device *ndev = ch->nv->ndev;
	u32 len = skb->len;

	if (unlikely(frame->csum &
		     (RNDIS_CSUM_RX_IP_UNSET | RNDIS_CSUM_RX_TCP_UNSET)))
		rx_fill_csums(skb, frame);
	if ((frame->csum & (RNDIS_CSUM_RX_TCP_GOOD | RNDIS_CSUM_RX_UDP_GOOD)) &&
	    skb->ip_summed == CHECKSUM_NONE &&
	    (ndev->features & NETIF_F_RXCSUM))
		skb->ip_summed = CHECKSUM_UNNECESSARY;

	skb->protocol = eth_type_trans(skb, ndev);
	/* The host may use a channel that has just been taken out of service. */
	if (likely(ch->index < READ_ONCE(ndev->real_num_rx_queues)))
		skb_record_rx_queue(skb, ch->index);
	if ((frame->flags & RX_HAS_HASH) && (ndev->features & NETIF_F_RXHASH))
		skb_set_hash(skb, frame->hash, rx_hash_type(frame));
	if (frame->flags & RX_HAS_VLAN)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q),
				       rx_vlan_tci(frame->vlan));

	rx_account(&ch->rx, len, skb->pkt_type == PACKET_MULTICAST);
	trace_netvsc_rx(ch->nv->ndev, ch->index, len);
	napi_gro_receive(&ch->napi, skb);
}

/**
 * rx_skb_receive() - copy a frame in one piece, and hand it to the stack
 * @ch: the channel
 * @frame: the frame
 *
 * Return: false without memory.
 */
bool rx_skb_receive(struct netvsc_channel *ch, const struct rx_frame *frame)
{
	struct net_device *ndev = ch->nv->ndev;
	struct sk_buff *skb;

	if (likely(frame->len <= RX_HEAD_MAX)) {
		skb = rx_skb_alloc(ch, frame->len);
		if (unlikely(!skb))
			return false;
		__skb_put_data(skb, frame->data, frame->len);
	} else {
		skb = rx_skb_begin(ch, frame);
		if (unlikely(!skb))
			return false;
	}

	if (unlikely(frame->len > READ_ONCE(ndev->mtu) + VLAN_ETH_HLEN))
		rx_skb_coalesced(ch, skb, frame);
	rx_skb_deliver(ch, skb, frame);
	return true;
}
