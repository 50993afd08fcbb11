/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Received RNDIS packet messages: what they say, as numbers that were checked.
 * Pure: no net_device, no skb, no host.
 *
 * The messages are in memory that the host shares and may change at any time.
 * Each word is read once, and what was read is what is checked and used.
 */
#ifndef _NETVSC_RX_PARSE_H
#define _NETVSC_RX_PARSE_H

#include <linux/bits.h>
#include <linux/types.h>

/* The longest IP packet, with an Ethernet header and a tag in front of it. */
#define RX_FRAME_MAX		(65535 + 14 + 4)
/* Longest list of per-packet info: there are some ten kinds, of at most 40 bytes */
#define RX_INFO_MAX		1024

/* What a struct rx_frame has. */
#define RX_HAS_VLAN		BIT(0)
#define RX_HAS_HASH		BIT(1)
#define RX_IS_PART		BIT(2)	/* of a coalesced frame */
#define RX_IS_FIRST		BIT(3)	/* with RX_IS_PART */
#define RX_IS_LAST		BIT(4)	/* with RX_IS_PART */

/**
 * struct rx_frame - an Ethernet frame, or a part of one, in shared memory
 * @data: its bytes, all of them inside the message
 * @len: how many; 1 to RX_FRAME_MAX, of a frame in one piece an Ethernet
 *	header at least
 * @flags: RX_*
 * @csum: RNDIS_CSUM_RX_*, 0 if the host says nothing
 * @vlan: RNDIS_VLAN_*, with RX_HAS_VLAN
 * @hash: of the flow, with RX_HAS_HASH
 * @hash_info: what was hashed, NDIS_HASH_*, or 0 if the host does not say
 * @id: the same for all parts of a frame, with RX_IS_PART
 */
struct rx_frame {
	const void *data;
	u32 len;
	u32 flags;
	u32 csum;
	u32 vlan;
	u32 hash;
	u32 hash_info;
	u16 id;
};

/**
 * rx_parse_message() - look at the header of a message
 * @msg: start of the range that the host named, aligned to 4 bytes
 * @len: bytes of the range
 * @type: set to the type of the message, RNDIS_MSG_*
 *
 * What a range holds behind its message is padding.
 *
 * Return: bytes of the message behind its header, or -EPROTO.
 */
int rx_parse_message(const void *msg, u32 len, u32 *type);

/**
 * rx_parse_packet() - look into a message of type RNDIS_MSG_PACKET
 * @frame: filled in
 * @body: the message behind its header
 * @size: bytes of @body
 *
 * Return: 0 or -EPROTO; then @frame means nothing.
 */
int rx_parse_packet(struct rx_frame *frame, const void *body, u32 size);

/**
 * struct rx_run - the parts of a coalesced frame that have come so far
 * @open: there is a frame whose last part has not come
 * @id: of that frame
 * @len: its bytes so far
 */
struct rx_run {
	bool open;
	u16 id;
	u32 len;
};

/**
 * rx_run_add() - fit the next frame or part into the order of things
 * @run: all zero in the beginning, and before each transfer packet
 * @frame: from rx_parse_packet()
 *
 * A frame in one piece or a first part ends what was open, and what was open
 * has then lost its end.  The caller looks at @run->open before and after.
 *
 * Return: true if @frame begins a frame or continues the open one; false if it
 * belongs to none, or makes it too long. Then nothing is open.
 */
bool rx_run_add(struct rx_run *run, const struct rx_frame *frame);

/**
 * struct rx_tcp - where the headers of a TCP segment are
 * @l3: offset of the IP header
 * @l4: offset of the TCP header
 * @payload: offset of what follows them
 * @len: bytes of the frame that IP knows of
 * @v6: IPv6
 */
struct rx_tcp {
	u32 l3;
	u32 l4;
	u32 payload;
	u32 len;
	bool v6;
};

/**
 * rx_find_tcp() - find the headers of a TCP segment
 * @tcp: filled in
 * @data: an Ethernet frame, in memory of our own
 * @head: bytes of it that @data holds
 * @len: bytes of the frame
 *
 * Fragments, and IPv6 with extension headers, do not count.
 *
 * Return: true if it is TCP with all of its headers in @data, and of the length
 * that it says.
 */
bool rx_find_tcp(struct rx_tcp *tcp, const void *data, u32 head, u32 len);

#endif /* _NETVSC_RX_PARSE_H */
