// SPDX-License-Identifier: GPL-2.0
/*
 * The header of an RNDIS packet message, and its per-packet info.
 */
#include <linux/bitfield.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>

#include "tx_rndis.h"

static void *put_info(void *at, u32 type, u32 value)
{
	struct {
		struct rndis_info info;
		__le32 value;
	} *to = at;

	to->info.size = cpu_to_le32(sizeof(*to));
	to->info.type = cpu_to_le32(type);
	to->info.offset = cpu_to_le32(sizeof(to->info));
	to->value = cpu_to_le32(value);
	return to + 1;
}

static u32 vlan_info(u16 tci)
{
	return FIELD_PREP(RNDIS_VLAN_ID, tci & VLAN_VID_MASK) |
	       FIELD_PREP(RNDIS_VLAN_DEI, !!(tci & VLAN_CFI_MASK)) |
	       FIELD_PREP(RNDIS_VLAN_PRIORITY,
			  (tci & VLAN_PRIO_MASK) >> VLAN_PRIO_SHIFT);
}

static u32 csum_info(const struct sk_buff *skb)
{
	bool ipv6 = vlan_get_protocol(skb) == htons(ETH_P_IPV6);
	bool tcp = skb->csum_offset == offsetof(struct tcphdr, check);

	return (ipv6 ? RNDIS_CSUM_TX_IPV6 : RNDIS_CSUM_TX_IPV4) |
	       (tcp ? RNDIS_CSUM_TX_TCP : RNDIS_CSUM_TX_UDP) |
	       FIELD_PREP(RNDIS_CSUM_TX_L4_OFFSET, skb_transport_offset(skb));
}

static bool lso_is_ipv6(const struct sk_buff *skb)
{
	return skb_shinfo(skb)->gso_type & SKB_GSO_TCPV6;
}

static u32 lso_info(const struct sk_buff *skb)
{
	return RNDIS_LSO_V2 | (lso_is_ipv6(skb) ? RNDIS_LSO_IPV6 : 0) |
	       FIELD_PREP(RNDIS_LSO_MSS, skb_shinfo(skb)->gso_size) |
	       FIELD_PREP(RNDIS_LSO_TCP_OFFSET, skb_transport_offset(skb));
}

/* Fills in what is in front of the info.  Return: length of the header. */
static u32 put_header(struct rndis_hdr *hdr, const void *info_end, u32 data_len,
		      u32 align)
{
	struct rndis_packet *pkt = (void *)(hdr + 1);
	u32 len = info_end - (void *)hdr;

	hdr->type = cpu_to_le32(RNDIS_MSG_PACKET);
	hdr->len = cpu_to_le32(ALIGN(len + data_len, align));
	*pkt = (struct rndis_packet){
		.data_offset = cpu_to_le32(len - sizeof(*hdr)),
		.data_len = cpu_to_le32(data_len),
		.info_offset = cpu_to_le32(sizeof(*pkt)),
		.info_len = cpu_to_le32(info_end - (void *)(pkt + 1)),
	};
	return len;
}

static void *first_info(struct rndis_hdr *hdr)
{
	return (void *)(hdr + 1) + sizeof(struct rndis_packet);
}

/**
 * tx_rndis_put() - write the header of a packet
 * @to: where to; TX_RNDIS_MAX bytes, which the host may be looking at
 * @skb: the packet; its checksum and segmentation are what the host can do
 * @hash: tell the host the packet's hash, if it has one
 * @align: the message is padded to a multiple of this
 *
 * Context: any.
 *
 * Return: length of the header; the frame belongs right behind it.
 */
u32 tx_rndis_put(void *to, const struct sk_buff *skb, bool hash, u32 align)
{
	void *info = first_info(to);

	if (hash && skb_get_hash_raw(skb))
		info = put_info(info, RNDIS_INFO_HASH, skb_get_hash_raw(skb));
	if (skb_vlan_tag_present(skb))
		info = put_info(info, RNDIS_INFO_VLAN,
				vlan_info(skb_vlan_tag_get(skb)));
	if (skb_is_gso(skb))
		info = put_info(info, RNDIS_INFO_LSO, lso_info(skb));
	else if (skb->ip_summed == CHECKSUM_PARTIAL)
		info = put_info(info, RNDIS_INFO_CSUM, csum_info(skb));

	return put_header(to, info, skb->len, align);
}

/**
 * tx_rndis_put_plain() - write the header of a frame that is complete
 * @to: where to; TX_RNDIS_MAX bytes, which the host may be looking at
 * @data_len: bytes of the frame
 * @tci: its VLAN tag, if that is not in the frame, or less than 0
 * @align: the message is padded to a multiple of this
 *
 * Context: any.
 *
 * Return: length of the header; the frame belongs right behind it.
 */
u32 tx_rndis_put_plain(void *to, u32 data_len, int tci, u32 align)
{
	void *info = first_info(to);

	if (tci >= 0)
		info = put_info(info, RNDIS_INFO_VLAN, vlan_info(tci));
	return put_header(to, info, data_len, align);
}

/**
 * tx_rndis_fix_lso() - make headers what the host wants of a large send
 * @frame: copy of the headers of @skb, which stays as it is
 * @skb: a TCP packet for the host to segment
 *
 * The host fills in length and checksum of each segment.  It wants the lengths
 * to be zero, and out of the pseudo header's sum.
 *
 * Context: any.
 */
void tx_rndis_fix_lso(void *frame, const struct sk_buff *skb)
{
	struct tcphdr *tcp = frame + skb_transport_offset(skb);
	void *net = frame + skb_network_offset(skb);
	const struct ipv6hdr *ip6;
	const struct iphdr *ip;
	struct iphdr *ip_copy;

	if (lso_is_ipv6(skb)) {
		ip6 = ipv6_hdr(skb);
		((struct ipv6hdr *)net)->payload_len = 0;
		tcp->check = ~tcp_v6_check(0, &ip6->saddr, &ip6->daddr, 0);
		return;
	}

	ip = ip_hdr(skb);
	ip_copy = net;
	ip_copy->tot_len = 0;
	ip_copy->check = 0;
	tcp->check = ~tcp_v4_check(0, ip->saddr, ip->daddr, 0);
}
