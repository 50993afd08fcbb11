/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the series adds to the VMBus API: bounds-checked access to inbound
 * packets where they are, and packets that go out together.  Out of tree this
 * file stands in front of the kernel's own header; in the series its second
 * half is a hunk to that header.
 */
#include_next <linux/hyperv.h>

#ifndef _HYPERV_PACKET_H
#define _HYPERV_PACKET_H

/* Behind each packet, not counted in its length. */
#define VMBUS_TRAILER_LEN	sizeof(u64)
/* No packet takes less of the ring. */
#define VMBUS_PKT_MIN		(sizeof(struct vmpacket_descriptor) + \
				 VMBUS_TRAILER_LEN)

/**
 * struct vmbus_pkt - an inbound packet, where the host has put it
 * @type: VM_PKT_*, or VM_PKT_INVALID if its descriptor makes no sense
 * @trans_id: what a completion of it names
 * @header: what its type has between descriptor and payload
 * @header_len: bytes of that
 * @payload: behind it
 * @payload_len: bytes of that, rounded up to 8 by VMBus
 * @size: bytes of the ring that it takes
 * @avail: bytes of the ring that the host has written from here on, as far as
 *	known
 *
 * The packet stays in the ring, which spares a copy of it.  The host can still
 * change what @header and @payload point to: each word of it may be read once,
 * with READ_ONCE() or by a copy, and has to be checked after that.  The rest is
 * not in the host's reach.
 */
struct vmbus_pkt {
	u16 type;
	u64 trans_id;
	const void *header;
	u32 header_len;
	const void *payload;
	u32 payload_len;
	u32 size;
	u32 avail;
};

/* How far the host has written, if that makes sense. */
static inline u32 vmbus_pkt_avail(const struct hv_ring_buffer_info *ring)
{
	u32 read = ring->priv_read_index;
	u32 write;

	/* The host's announcement, then what it announces. */
	write = virt_load_acquire(&ring->ring_buffer->write_index);
	if (unlikely(write >= ring->ring_datasize))
		return 0;
	return write >= read ? write - read :
			       ring->ring_datasize - read + write;
}

/**
 * vmbus_pkt_is_there() - look whether there is a packet to be read
 * @channel: an open channel
 *
 * Return: true if vmbus_pkt_first() has one.
 */
static inline bool vmbus_pkt_is_there(const struct vmbus_channel *channel)
{
	return vmbus_pkt_avail(&channel->inbound) >= VMBUS_PKT_MIN;
}

/* Look at the packet where the reader is; there are at least @pkt->avail bytes. */
static inline bool vmbus_pkt_look(const struct hv_ring_buffer_info *ring,
				  struct vmbus_pkt *pkt)
{
	const struct vmpacket_descriptor *desc;
	u32 offset, len;

	/* The index is on a line that the host writes to: not for each packet. */
	if (pkt->avail < VMBUS_PKT_MIN) {
		pkt->avail = vmbus_pkt_avail(ring);
		if (pkt->avail < VMBUS_PKT_MIN)
			return false;
	}

	/* The ring's pages are mapped twice in a row: no packet wraps. */
	desc = hv_get_ring_buffer(ring) + ring->priv_read_index;
	offset = READ_ONCE(desc->offset8) << 3;
	len = READ_ONCE(desc->len8) << 3;
	pkt->trans_id = READ_ONCE(desc->trans_id);
	pkt->type = READ_ONCE(desc->type);
	pkt->size = len + VMBUS_TRAILER_LEN;
	if (unlikely(offset < sizeof(*desc) || offset > len ||
		     pkt->size > pkt->avail)) {
		/* Where the next one begins nobody knows. */
		pkt->type = VM_PKT_INVALID;
		pkt->size = pkt->avail;
		offset = sizeof(*desc);
		len = sizeof(*desc);
	}

	pkt->header = desc + 1;
	pkt->header_len = offset - sizeof(*desc);
	pkt->payload = (const void *)desc + offset;
	pkt->payload_len = len - offset;
	return true;
}

/**
 * vmbus_pkt_first() - look at the packet that is to be read next
 * @channel: an open channel
 * @pkt: filled in
 *
 * The host does not get the room in the ring back before hv_pkt_iter_close().
 *
 * Return: false if there is none.
 */
static inline bool vmbus_pkt_first(struct vmbus_channel *channel,
				   struct vmbus_pkt *pkt)
{
	pkt->avail = 0;
	return vmbus_pkt_look(&channel->inbound, pkt);
}

/**
 * vmbus_pkt_next() - be done with a packet, and look at the next one
 * @channel: an open channel
 * @pkt: the packet, and then the next one
 *
 * Return: false if there is none.
 */
static inline bool vmbus_pkt_next(struct vmbus_channel *channel,
				  struct vmbus_pkt *pkt)
{
	struct hv_ring_buffer_info *ring = &channel->inbound;

	ring->priv_read_index += pkt->size;
	if (ring->priv_read_index >= ring->ring_datasize)
		ring->priv_read_index -= ring->ring_datasize;
	pkt->avail -= pkt->size;
	return vmbus_pkt_look(ring, pkt);
}

/**
 * struct vmbus_xfer_ranges - ranges of a transfer page packet
 * @set: id of the page set, as the guest announced it
 * @count: number of ranges; all of them are inside the packet
 * @ranges: offset and length of each, in the host's reach and not checked
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
vmbus_pkt_xfer_ranges(const struct vmbus_pkt *pkt,
		      struct vmbus_xfer_ranges *xfer)
{
	const struct vmtransfer_page_packet_header *hdr;
	const u32 fixed = sizeof(*hdr) - sizeof(hdr->d);

	if (pkt->header_len < fixed)
		return false;

	hdr = pkt->header - sizeof(hdr->d);
	xfer->set = READ_ONCE(hdr->xfer_pageset_id);
	xfer->count = READ_ONCE(hdr->range_cnt);
	xfer->ranges = hdr->ranges;
	return xfer->count <= (pkt->header_len - fixed) / sizeof(*xfer->ranges);
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
	u32 offset = READ_ONCE(xfer->ranges[i].byte_offset);
	u32 count = READ_ONCE(xfer->ranges[i].byte_count);

	if (offset > size || count > size - offset)
		return NULL;

	*len = count;
	return base + offset;
}

/**
 * struct vmbus_burst - packets that are written to a channel at one go
 * @channel: the channel
 * @irqflags: of the ring's lock, which is held from begin to end
 * @published: where the packets that the host knows of end
 * @write: where the next packet goes
 * @room: bytes that are free
 *
 * Each packet is written where the host reads it, and not copied.  Several of
 * them take a lock, a barrier and perhaps a signal once.  The host sees a burst
 * when it has ended.
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

/* As hv_ringbuffer_write() counts; sysfs shows it. */
static inline void vmbus_burst_full(struct vmbus_channel *channel)
{
	channel->out_full_total++;
	if (channel->out_full_flag)
		return;
	channel->out_full_first++;
	channel->out_full_flag = true;
}

/**
 * vmbus_burst_add() - add a packet
 * @burst: begun, and not ended
 * @type: of the packet
 * @flags: VMBUS_DATA_PACKET_FLAG_*
 * @transaction: as the host shall have it; the channel's requestor is passed by
 * @header: bytes that the type has between descriptor and payload
 * @payload: bytes of payload
 *
 * Both lengths are multiples of 8.
 *
 * Return: where the header, and behind it the payload, is to be written to, or
 * NULL if there is no room.
 */
static inline void *vmbus_burst_add(struct vmbus_burst *burst,
				    enum vmbus_packet_type type, u16 flags,
				    u64 transaction, u32 header, u32 payload)
{
	struct hv_ring_buffer_info *ring = &burst->channel->outbound;
	struct vmpacket_descriptor *desc;
	u32 offset, size;
	u64 *trailer;

	offset = sizeof(*desc) + header;
	size = offset + payload;
	/* A ring that is full to the last byte would look empty. */
	if (unlikely(burst->room <= size + VMBUS_TRAILER_LEN)) {
		vmbus_burst_full(burst->channel);
		return NULL;
	}

	/* The ring's pages are mapped twice in a row: no packet wraps. */
	desc = hv_get_ring_buffer(ring) + burst->write;
	desc->type = type;
	desc->offset8 = offset >> 3;
	desc->len8 = size >> 3;
	desc->flags = flags;
	desc->trans_id = transaction;
	trailer = (void *)desc + size;
	*trailer = (u64)burst->write << 32;

	burst->channel->out_full_flag = false;
	size += VMBUS_TRAILER_LEN;
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
