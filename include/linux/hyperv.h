/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the series adds to the VMBus API: bounds-checked access to inbound
 * packets, and packets that go out together.  Out of tree this file stands in
 * front of the kernel's own header; in the series its second half is a hunk to
 * that header.
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

/**
 * struct vmbus_burst - packets that are written to a channel at one go
 * @channel: the channel
 * @irqflags: of the ring's lock, which is held from begin to end
 * @published: where the packets that the host knows of end
 * @write: where the next packet goes
 * @room: bytes that are free
 *
 * Small packets for which nobody waits, such as completions, cost a lock, a
 * barrier and perhaps a signal each when they are sent one by one.  The host
 * sees a burst when it has ended.
 */
struct vmbus_burst {
	struct vmbus_channel *channel;
	unsigned long irqflags;
	u32 published;
	u32 write;
	u32 room;
};

/**
 * vmbus_burst_begin() - begin to write packets
 * @burst: filled in
 * @channel: an open channel
 *
 * Return: false if the channel is of no use any more; then nothing is held.
 */
static inline bool vmbus_burst_begin(struct vmbus_burst *burst,
				     struct vmbus_channel *channel)
{
	struct hv_ring_buffer_info *ring = &channel->outbound;
	u32 read, write;

	if (channel->rescind)
		return false;

	spin_lock_irqsave(&ring->ring_lock, burst->irqflags);
	read = READ_ONCE(ring->ring_buffer->read_index);
	write = READ_ONCE(ring->ring_buffer->write_index);
	if (read >= ring->ring_datasize || write >= ring->ring_datasize) {
		spin_unlock_irqrestore(&ring->ring_lock, burst->irqflags);
		return false;
	}

	burst->channel = channel;
	burst->published = write;
	burst->write = write;
	burst->room = write >= read ? ring->ring_datasize - (write - read) :
				      read - write;
	return true;
}

/**
 * vmbus_burst_add() - add a packet
 * @burst: begun, and not ended
 * @type: of the packet
 * @flags: VMBUS_DATA_PACKET_FLAG_*
 * @transaction: as the host shall have it; the channel's requestor is passed by
 * @len: bytes of payload, a multiple of 8
 *
 * Return: where the payload is to be written to, or NULL if there is no room.
 */
static inline void *vmbus_burst_add(struct vmbus_burst *burst,
				    enum vmbus_packet_type type, u16 flags,
				    u64 transaction, u32 len)
{
	struct hv_ring_buffer_info *ring = &burst->channel->outbound;
	u32 size = sizeof(struct vmpacket_descriptor) + len;
	struct vmpacket_descriptor *desc;
	u64 *trailer;

	/* A ring that is full to the last byte would look empty. */
	if (burst->room <= size + sizeof(*trailer))
		return NULL;

	/* The ring's pages are mapped twice in a row: no packet wraps. */
	desc = hv_get_ring_buffer(ring) + burst->write;
	desc->type = type;
	desc->offset8 = sizeof(*desc) >> 3;
	desc->len8 = size >> 3;
	desc->flags = flags;
	desc->trans_id = transaction;
	trailer = (void *)desc + size;
	*trailer = (u64)burst->write << 32;

	size += sizeof(*trailer);
	burst->room -= size;
	burst->write += size;
	if (burst->write >= ring->ring_datasize)
		burst->write -= ring->ring_datasize;
	return desc + 1;
}

/**
 * vmbus_burst_end() - let the host see what was written
 * @burst: begun; perhaps empty
 */
static inline void vmbus_burst_end(struct vmbus_burst *burst)
{
	struct vmbus_channel *channel = burst->channel;
	struct hv_ring_buffer_info *ring = &channel->outbound;
	bool empty = burst->write == burst->published;

	/* The packets, then their announcement. */
	virt_mb();
	WRITE_ONCE(ring->ring_buffer->write_index, burst->write);
	spin_unlock_irqrestore(&ring->ring_lock, burst->irqflags);

	/*
	 * The announcement, then the look at what the host does.  It wants to
	 * be told only of what comes into a ring that it had emptied.
	 */
	virt_mb();
	if (empty || READ_ONCE(ring->ring_buffer->interrupt_mask))
		return;
	/* A host that reads masks first, and then moves its index. */
	virt_rmb();
	if (burst->published != READ_ONCE(ring->ring_buffer->read_index))
		return;
	channel->intr_out_empty++;
	vmbus_setevent(channel);
}

#endif /* _HYPERV_PACKET_H */
