// SPDX-License-Identifier: GPL-2.0
/*
 * Received RNDIS packet messages: reading and checking them.  Pure; KUnit walks
 * it in rx_parse_test.c.
 */
#include <linux/align.h>
#include <linux/bitfield.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include "rndis.h"
#include "rx_parse.h"

/* RNDIS aligns its headers, and the words in them. */
#define RX_ALIGN	sizeof(__le32)

/* The host may change the word: no second look at it. */
static u32 rx_word(const void *at)
{
	return le32_to_cpu(READ_ONCE(*(const __le32 *)at));
}

#define rx_field(base, type, member) \
	rx_word((base) + offsetof(type, member))

/* Return: true if these are bytes of a body of @size, behind its fixed words. */
static bool rx_inside(u32 offset, u32 len, u32 size)
{
	return offset >= sizeof(struct rndis_packet) && offset <= size &&
	       len <= size - offset;
}

int rx_parse_message(const void *msg, u32 len, u32 *type)
{
	u32 size;

	if (len < sizeof(struct rndis_hdr) ||
	    !IS_ALIGNED((unsigned long)msg, RX_ALIGN))
		return -EPROTO;

	*type = rx_field(msg, struct rndis_hdr, type);
	size = rx_field(msg, struct rndis_hdr, len);
	if (size < sizeof(struct rndis_hdr) || size > len || size > INT_MAX)
		return -EPROTO;
	return size - sizeof(struct rndis_hdr);
}

static void rx_use_packet_id(struct rx_frame *frame, u32 value)
{
	u32 flags = FIELD_GET(RNDIS_PACKET_ID_FLAGS, value);

	if (!(flags & RNDIS_PACKET_ID_PART))
		return;
	frame->flags |= RX_IS_PART |
			(flags & RNDIS_PACKET_ID_FIRST ? RX_IS_FIRST : 0) |
			(flags & RNDIS_PACKET_ID_LAST ? RX_IS_LAST : 0);
	frame->id = FIELD_GET(RNDIS_PACKET_ID_ID, value);
}

static void rx_use_info(struct rx_frame *frame, u32 type, u32 value)
{
	switch (type) {
	case RNDIS_INFO_CSUM:
		frame->csum = value;
		break;
	case RNDIS_INFO_VLAN:
		frame->vlan = value;
		frame->flags |= RX_HAS_VLAN;
		break;
	case RNDIS_INFO_HASH:
		frame->hash = value;
		frame->flags |= RX_HAS_HASH;
		break;
	case RNDIS_INFO_HASH_INFO:
		frame->hash_info = value;
		break;
	case RNDIS_INFO_PACKET_ID:
		rx_use_packet_id(frame, value);
		break;
	}
}

/* The per-packet info: a list of records, of which each is as long as it says. */
static int rx_parse_infos(struct rx_frame *frame, const void *at, u32 len)
{
	u32 size, offset;

	do {
		if (len < sizeof(struct rndis_info))
			return -EPROTO;
		size = rx_field(at, struct rndis_info, size);
		offset = rx_field(at, struct rndis_info, offset);
		if (size < sizeof(struct rndis_info) || size > len ||
		    offset > size || !IS_ALIGNED(size | offset, RX_ALIGN))
			return -EPROTO;

		/* All that we look at are single words. */
		if (size - offset >= sizeof(__le32))
			rx_use_info(frame,
				    rx_field(at, struct rndis_info, type),
				    rx_word(at + offset));
		at += size;
		len -= size;
	} while (len);

	return 0;
}

int rx_parse_packet(struct rx_frame *frame, const void *body, u32 size)
{
	u32 offset, len, info_offset, info_len;
	int err;

	if (size < sizeof(struct rndis_packet))
		return -EPROTO;

	offset = rx_field(body, struct rndis_packet, data_offset);
	len = rx_field(body, struct rndis_packet, data_len);
	if (!rx_inside(offset, len, size) || len > RX_FRAME_MAX)
		return -EPROTO;
	frame->data = body + offset;
	frame->len = len;
	frame->flags = 0;
	frame->csum = 0;
	frame->hash_info = 0;

	info_len = rx_field(body, struct rndis_packet, info_len);
	if (info_len) {
		info_offset = rx_field(body, struct rndis_packet, info_offset);
		if (info_len > RX_INFO_MAX ||
		    !rx_inside(info_offset, info_len, size) ||
		    !IS_ALIGNED(info_offset, RX_ALIGN) ||
		    (info_offset < offset + len &&
		     offset < info_offset + info_len))
			return -EPROTO;
		err = rx_parse_infos(frame, body + info_offset, info_len);
		if (err)
			return err;
	}

	if (len < (frame->flags & RX_IS_PART ? 1 : ETH_HLEN))
		return -EPROTO;
	return 0;
}

bool rx_run_add(struct rx_run *run, const struct rx_frame *frame)
{
	bool open = run->open;

	run->open = false;
	if (!(frame->flags & RX_IS_PART))
		return true;

	if (frame->flags & RX_IS_FIRST) {
		if (frame->len < ETH_HLEN)
			return false;
		run->id = frame->id;
		run->len = frame->len;
	} else {
		if (!open || frame->id != run->id ||
		    frame->len > RX_FRAME_MAX - run->len)
			return false;
		run->len += frame->len;
	}
	run->open = !(frame->flags & RX_IS_LAST);
	return true;
}

/* Return: offset of the TCP header, or 0. */
static u32 rx_find_ip4(struct rx_tcp *tcp, const void *data, u32 head)
{
	const struct iphdr *iph = data + ETH_HLEN;

	if (head < ETH_HLEN + sizeof(*iph) || iph->version != 4 ||
	    iph->ihl < 5 || iph->protocol != IPPROTO_TCP ||
	    iph->frag_off & cpu_to_be16(0x3fff))
		return 0;
	tcp->v6 = false;
	tcp->len = ETH_HLEN + be16_to_cpu(iph->tot_len);
	return ETH_HLEN + iph->ihl * 4;
}

static u32 rx_find_ip6(struct rx_tcp *tcp, const void *data, u32 head)
{
	const struct ipv6hdr *ip6h = data + ETH_HLEN;

	if (head < ETH_HLEN + sizeof(*ip6h) || ip6h->version != 6 ||
	    ip6h->nexthdr != IPPROTO_TCP)
		return 0;
	tcp->v6 = true;
	tcp->len = ETH_HLEN + sizeof(*ip6h) + be16_to_cpu(ip6h->payload_len);
	return ETH_HLEN + sizeof(*ip6h);
}

bool rx_find_tcp(struct rx_tcp *tcp, const void *data, u32 head, u32 len)
{
	const struct ethhdr *eth = data;
	const struct tcphdr *th;

	if (head < ETH_HLEN)
		return false;
	if (eth->h_proto == cpu_to_be16(ETH_P_IP))
		tcp->l4 = rx_find_ip4(tcp, data, head);
	else if (eth->h_proto == cpu_to_be16(ETH_P_IPV6))
		tcp->l4 = rx_find_ip6(tcp, data, head);
	else
		return false;
	if (!tcp->l4 || head < tcp->l4 + sizeof(*th))
		return false;

	th = data + tcp->l4;
	tcp->l3 = ETH_HLEN;
	tcp->payload = tcp->l4 + th->doff * 4;
	return th->doff >= 5 && tcp->payload <= head &&
	       tcp->payload <= tcp->len && tcp->len == len;
}
