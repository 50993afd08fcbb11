/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the series adds to the VMBus API: bounds-checked access to inbound
 * packets.  Out of tree this file stands in front of the kernel's own header;
 * in the series its second half is a hunk to that header.
 */
#include_next <linux/hyperv.h>

#ifndef _HYPERV_PACKET_H
#define _HYPERV_PACKET_H

/*
 * The packets that the functions below look at are the copies that
 * hv_pkt_iter_first() makes: the host cannot change them any more, and their
 * len8 and offset8 are consistent with each other.  What the host wrote
 * behind the descriptor is not.
 */

/**
 * vmbus_pkt_payload() - payload of an inbound packet
 * @pkt: a packet from the inbound iterator
 * @len: set to the length of the payload in bytes; rounded up to 8 by VMBus
 *
 * Return: the payload; with a length of 0 it may not be looked at.
 */
static inline const void *
vmbus_pkt_payload(const struct vmpacket_descriptor *pkt, u32 *len)
{
	*len = hv_pkt_datalen(pkt);
	return hv_pkt_data(pkt);
}

/**
 * struct vmbus_xfer_ranges - ranges of a transfer page packet
 * @set: id of the page set, as the guest announced it
 * @count: number of ranges; all of them are inside the packet
 * @ranges: offset and length of each, not checked
 */
struct vmbus_xfer_ranges {
	u16 set;
	u32 count;
	const struct vmtransfer_page_range *ranges;
};

/**
 * vmbus_pkt_xfer_ranges() - look into a transfer page packet
 * @pkt: a packet of type VM_PKT_DATA_USING_XFER_PAGES
 * @xfer: filled in
 *
 * Return: false if the packet is shorter than it claims to be.
 */
static inline bool
vmbus_pkt_xfer_ranges(const struct vmpacket_descriptor *pkt,
		      struct vmbus_xfer_ranges *xfer)
{
	const struct vmtransfer_page_packet_header *hdr;
	u32 room = pkt->offset8 << 3;

	if (room < sizeof(*hdr))
		return false;

	hdr = container_of(pkt, const struct vmtransfer_page_packet_header, d);
	xfer->set = hdr->xfer_pageset_id;
	xfer->count = hdr->range_cnt;
	xfer->ranges = hdr->ranges;
	return xfer->count <= (room - sizeof(*hdr)) / sizeof(*xfer->ranges);
}

/**
 * vmbus_xfer_range() - one range of a transfer page packet, as memory
 * @xfer: from vmbus_pkt_xfer_ranges()
 * @i: less than @xfer->count
 * @base: the page set
 * @size: its size in bytes
 * @len: set to the length of the range
 *
 * The memory is shared with the host, which may change it at any time.
 *
 * Return: start of the range, or NULL if any of it lies outside the page set.
 */
static inline const void *
vmbus_xfer_range(const struct vmbus_xfer_ranges *xfer, u32 i,
		 const void *base, u32 size, u32 *len)
{
	const struct vmtransfer_page_range *range = &xfer->ranges[i];

	if (range->byte_offset > size ||
	    range->byte_count > size - range->byte_offset)
		return NULL;

	*len = range->byte_count;
	return base + range->byte_offset;
}

#endif /* _HYPERV_PACKET_H */
