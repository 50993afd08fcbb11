/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A batch: RNDIS messages one behind the other in a section of the send buffer,
 * to go to the host in one VMBus packet.  What fits is decided here; nothing in
 * here knows VMBus, a net_device or a packet.
 */
#ifndef _NETVSC_TX_BATCH_H
#define _NETVSC_TX_BATCH_H

#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/types.h>

/**
 * struct tx_limits - what the host takes in one VMBus packet
 * @messages: RNDIS messages, at least 1
 * @align: where each of them has to start, bytes; a power of two
 */
struct tx_limits {
	u32 messages;
	u32 align;
};

/* A host that wants more than this gets one message at a time. */
#define TX_ALIGN_SHIFT_MAX	8
/* Messages are made of 64-bit accesses at best, whatever the host says. */
#define TX_ALIGN_SHIFT_MIN	3

/* From the host's words, which may be any. */
static inline void tx_limits_set(struct tx_limits *limits, u32 messages,
				 u32 align_shift)
{
	limits->messages = clamp(messages, 1U, U16_MAX);
	if (align_shift > TX_ALIGN_SHIFT_MAX)
		limits->messages = 1;
	limits->align = 1U << clamp(align_shift, TX_ALIGN_SHIFT_MIN,
				    TX_ALIGN_SHIFT_MAX);
}

/**
 * struct tx_batch - the batch that is being filled
 * @messages: in it so far; 0: there is no batch
 * @index: section that it is in
 * @used: bytes of that section
 * @packets: on the wire, after segmentation
 * @bytes: on the wire, after segmentation
 */
struct tx_batch {
	u32 messages;
	u32 index;
	u32 used;
	u32 packets;
	u32 bytes;
};

static inline void tx_batch_open(struct tx_batch *batch, u32 index)
{
	*batch = (struct tx_batch){ .index = index };
}

/* Whether a message of up to @len bytes finds room in a section of @size. */
static inline bool tx_batch_fits(const struct tx_batch *batch,
				 const struct tx_limits *limits, u32 size,
				 u32 len)
{
	return batch->messages < limits->messages &&
	       len <= size - batch->used;
}

/* Adds a message of @len bytes, with what pads it to where the next starts. */
static inline void tx_batch_add(struct tx_batch *batch, u32 len, u32 packets,
				u32 bytes)
{
	batch->messages++;
	batch->used += len;
	batch->packets += packets;
	batch->bytes += bytes;
}

#endif /* _NETVSC_TX_BATCH_H */
