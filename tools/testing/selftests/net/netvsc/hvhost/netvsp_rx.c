// SPDX-License-Identifier: GPL-2.0
/*
 * Fills the guest's receive buffer.  One packet on the ring carries as many
 * ranges as there are frames, or parts of a coalesced frame, each in a
 * sub-allocation of its own; the guest's completion of the packet gives all of
 * them back.  A guest need not take a range longer than a sub-allocation, so
 * that a frame that does not fit in one is dropped, as at a switch with a
 * smaller MTU.
 */
#include <stdlib.h>
#include <string.h>

#include "netvsp_rx.h"
#include "nvsp_wire.h"
#include "rndis.h"
#include "rndis_wire.h"
#include "vmbus.h"

#define NO_SLOT		UINT32_MAX
#define VLAN_TAG_LEN	4

enum slot_state { SLOT_FREE, SLOT_FIRST, SLOT_MEMBER };

/**
 * struct rx_slot - a sub-allocation
 * @next: the next one of the same packet
 * @turn: how often it was a first
 * @chan: of a first: where the guest completes it
 */
struct rx_slot {
	const struct channel *chan;
	uint32_t next;
	uint32_t turn;
	enum slot_state state;
};

struct rx_waiting {
	struct rx_waiting *next;
	struct frame frame;
	struct rss_hash hash;
	uint8_t data[];
};

/* A packet in the making. */
struct batch {
	struct rx_pool *pool;
	const struct rndis *rn;
	struct rss_hash hash;
	uint32_t nr;
	uint32_t slots[RX_MAX_RANGES];
	struct pkt_range ranges[RX_MAX_RANGES];
	bool failed;
};

void rx_init(struct rx_pool *pool)
{
	memset(pool, 0, sizeof(*pool));
}

bool rx_setup(struct rx_pool *pool, struct gpadl *gpadl, uint16_t id,
	      uint32_t size)
{
	uint64_t count = gpadl_size(gpadl) / size;
	struct rx_slot *slots;

	if (pool->gpadl || pool->busy || !count)
		return false;
	if (count > UINT16_MAX)
		count = UINT16_MAX;
	slots = calloc(count, sizeof(*slots));
	if (!slots)
		return false;
	free(pool->slots);
	pool->slots = slots;
	pool->gpadl = gpadl;
	pool->id = id;
	pool->size = size;
	pool->count = count;
	pool->free = count;
	pool->next = 0;
	return true;
}

void rx_revoke(struct rx_pool *pool)
{
	pool->gpadl = NULL;
}

void rx_reset(struct rx_pool *pool)
{
	free(pool->slots);
	rx_init(pool);
}

static uint32_t take_slot(struct rx_pool *pool)
{
	uint32_t slot, i;

	for (i = 0; i < pool->count && pool->free; i++) {
		slot = pool->next;
		pool->next = (slot + 1) % pool->count;
		if (pool->slots[slot].state != SLOT_FREE)
			continue;
		pool->slots[slot].state = SLOT_MEMBER;
		pool->slots[slot].next = NO_SLOT;
		pool->free--;
		return slot;
	}
	return NO_SLOT;
}

static void give_chain(struct rx_pool *pool, uint32_t slot)
{
	while (slot != NO_SLOT) {
		pool->slots[slot].state = SLOT_FREE;
		pool->free++;
		slot = pool->slots[slot].next;
	}
}

/* The turn makes a second completion of the same packet show. */
static uint64_t to_trans_id(const struct rx_pool *pool, uint32_t slot)
{
	return (uint64_t)(pool->slots[slot].turn & INT32_MAX) << 32 |
	       (slot + 1);
}

bool rx_complete(struct rx_pool *pool, const struct channel *chan,
		 uint64_t trans_id)
{
	uint32_t slot = (uint32_t)trans_id - 1;

	if (!pool->slots || slot >= pool->count ||
	    pool->slots[slot].state != SLOT_FIRST ||
	    pool->slots[slot].chan != chan ||
	    to_trans_id(pool, slot) != trans_id)
		return false;
	give_chain(pool, slot);
	pool->busy--;
	return true;
}

void rx_forget(struct rx_pool *pool, const struct channel *chan)
{
	uint32_t slot;

	for (slot = 0; slot < pool->count; slot++) {
		if (pool->slots[slot].state != SLOT_FIRST ||
		    pool->slots[slot].chan != chan)
			continue;
		give_chain(pool, slot);
		pool->busy--;
	}
}

static void drop_batch(struct batch *batch)
{
	uint32_t i;

	for (i = 0; i < batch->nr; i++) {
		batch->pool->slots[batch->slots[i]].next = NO_SLOT;
		give_chain(batch->pool, batch->slots[i]);
	}
}

static enum rx_result send_batch(struct batch *batch, struct channel *chan,
				 uint32_t chan_type)
{
	struct nvsp_rndis *rndis;
	struct rx_pool *pool = batch->pool;
	uint8_t msg[NVSP_LEN_V61] = { 0 };
	uint32_t first = batch->slots[0];
	enum ring_status status;
	uint32_t i;

	if (batch->failed || !batch->nr) {
		drop_batch(batch);
		return RX_DROPPED;
	}
	for (i = 0; i + 1 < batch->nr; i++)
		pool->slots[batch->slots[i]].next = batch->slots[i + 1];
	pool->slots[first].state = SLOT_FIRST;
	pool->slots[first].turn++;
	pool->slots[first].chan = chan;

	rndis = (struct nvsp_rndis *)msg;
	rndis->type = NVSP_RNDIS;
	rndis->chan_type = chan_type;
	rndis->section = NVSP_NO_SECTION;
	pool->busy++;
	status = channel_write_xfer(chan, to_trans_id(pool, first), pool->id,
				    batch->ranges, batch->nr, msg,
				    pool->msg_len);
	if (status == RING_OK)
		return RX_DONE;
	/* Failing the channel has taken everything back. */
	if (status != RING_FULL)
		return RX_BAD_RING;
	pool->busy--;
	drop_batch(batch);
	return RX_NO_ROOM;
}

/* Opens a range for @len bytes; their place in the buffer is returned. */
static bool add_range(struct batch *batch, uint32_t len, uint64_t *where)
{
	struct rx_pool *pool = batch->pool;
	uint32_t slot;

	if (batch->failed || len > pool->size || batch->nr == RX_MAX_RANGES)
		goto failed;
	slot = take_slot(pool);
	if (slot == NO_SLOT)
		goto failed;
	*where = (uint64_t)slot * pool->size;
	batch->slots[batch->nr] = slot;
	batch->ranges[batch->nr].len = len;
	batch->ranges[batch->nr].offset = *where;
	batch->nr++;
	return true;

failed:
	batch->failed = true;
	return false;
}

static void store(struct batch *batch, uint64_t *where, const void *data,
		  size_t len)
{
	if (len && !gpadl_write(batch->pool->gpadl, *where, data, len))
		batch->failed = true;
	*where += len;
}

/* The 802.1Q tag goes into the bytes for guests that know no other way. */
static bool add_frame(void *ctx, const struct frame *frame)
{
	uint8_t tag[VLAN_TAG_LEN] = { 0x81, 0, frame->tci >> 8, frame->tci };
	struct batch *batch = ctx;
	bool inl = frame->vlan && batch->rn->vlan_inline;
	struct rndis_part part = {
		.len = frame->len + (inl ? VLAN_TAG_LEN : 0),
		.hash = batch->hash,
	};
	uint8_t hdr[RNDIS_RX_HDR_MAX];
	uint32_t split = inl ? 12 : 0;
	uint64_t where;
	uint32_t len;

	len = rndis_rx_header(batch->rn, frame, &part, hdr);
	if (!add_range(batch, len + part.len, &where))
		return false;
	store(batch, &where, hdr, len);
	store(batch, &where, frame->data, split);
	if (inl)
		store(batch, &where, tag, sizeof(tag));
	store(batch, &where, frame->data + split, frame->len - split);
	return !batch->failed;
}

/* A burst as one coalesced frame, in parts. */
static void add_parts(struct batch *batch, const struct frame *frame)
{
	uint32_t room = batch->pool->size - RNDIS_RX_HDR_MAX;
	struct rndis_part part = {
		.part = true,
		.first = true,
		.hash = batch->hash,
	};
	struct frame whole = *frame;
	uint8_t hdr[RNDIS_RX_HDR_MAX];
	uint8_t data[FRAME_MAX];
	uint64_t where;
	uint32_t at;
	uint32_t len;

	memcpy(data, frame->data, frame->len);
	whole.data = data;
	whole.csum_good = true;
	if (!frame_gso_headers(&whole, data)) {
		batch->failed = true;
		return;
	}
	for (at = 0; at < whole.len; at += part.len) {
		part.len = whole.len - at > room ? room : whole.len - at;
		part.last = at + part.len == whole.len;
		len = rndis_rx_header(batch->rn, &whole, &part, hdr);
		if (!add_range(batch, len + part.len, &where))
			return;
		store(batch, &where, hdr, len);
		store(batch, &where, data + at, part.len);
		part.first = false;
	}
}

static bool coalesce(const struct rndis *rn, const struct frame *frame)
{
	if (frame->vlan && rn->vlan_inline)
		return false;
	return (frame->gso == GSO_TCP4 && rn->rsc4) ||
	       (frame->gso == GSO_TCP6 && rn->rsc6);
}

/* How many sub-allocations the frame takes; 0 if it cannot be delivered. */
static uint32_t ranges_needed(const struct rx_pool *pool,
			      const struct rndis *rn,
			      const struct frame *frame)
{
	uint32_t room = pool->size - RNDIS_RX_HDR_MAX;
	struct frame copy = *frame;
	uint32_t payload;

	if (frame->len < FRAME_HDR || frame->len > FRAME_MAX)
		return 0;
	if (frame->gso == GSO_NONE)
		return rndis_fits(rn, frame);
	if (coalesce(rn, frame))
		return (frame->len + room - 1) / room;
	if (!frame->gso_size || !frame_locate_l4(&copy) ||
	    copy.hdr_len + frame->gso_size > rn->frame_size)
		return 0;
	payload = frame->len - copy.hdr_len;
	return payload ? (payload + frame->gso_size - 1) / frame->gso_size : 1;
}

enum rx_result rx_frame(struct rx_pool *pool, struct channel *chan,
			struct rndis *rn, const struct frame *frame,
			const struct rss_hash *hash)
{
	struct batch batch = { .pool = pool, .rn = rn, .hash = *hash };
	uint32_t need;

	if (!pool->gpadl)
		return RX_DROPPED;
	need = ranges_needed(pool, rn, frame);
	if (!need || need > RX_MAX_RANGES || need > pool->count)
		return RX_DROPPED;
	if (need > pool->free)
		return RX_NO_ROOM;
	if (coalesce(rn, frame)) {
		rn->packet_id++;
		add_parts(&batch, frame);
	} else if (!frame_segment(frame, add_frame, &batch)) {
		batch.failed = true;
	}
	return send_batch(&batch, chan, NVSP_CHAN_DATA);
}

enum rx_result rx_control(struct rx_pool *pool, struct channel *chan,
			  const void *msg, size_t len)
{
	struct batch batch = { .pool = pool };
	uint64_t where;

	if (!pool->gpadl)
		return RX_DROPPED;
	if (!pool->free)
		return RX_NO_ROOM;
	if (add_range(&batch, len, &where))
		store(&batch, &where, msg, len);
	return send_batch(&batch, chan, NVSP_CHAN_CONTROL);
}

enum rx_result rx_messages(struct rx_pool *pool, struct channel *chan,
			   const struct iovec *msgs, unsigned int nr)
{
	struct batch batch = { .pool = pool };
	uint64_t where;
	unsigned int i;

	if (!pool->gpadl)
		return RX_DROPPED;
	if (pool->free < nr)
		return RX_NO_ROOM;
	for (i = 0; i < nr; i++)
		if (add_range(&batch, msgs[i].iov_len, &where))
			store(&batch, &where, msgs[i].iov_base,
			      msgs[i].iov_len);
	return send_batch(&batch, chan, NVSP_CHAN_DATA);
}

void rx_waiting_init(struct rx_backlog *log)
{
	log->count = 0;
	log->first = NULL;
	log->end = &log->first;
}

bool rx_wait(struct rx_backlog *log, unsigned int most,
	     const struct frame *frame, const struct rss_hash *hash)
{
	struct rx_waiting *entry;

	if (log->count >= most || frame->len > FRAME_MAX)
		return false;
	entry = malloc(sizeof(*entry) + frame->len);
	if (!entry)
		return false;
	entry->next = NULL;
	entry->frame = *frame;
	entry->frame.data = entry->data;
	entry->hash = *hash;
	memcpy(entry->data, frame->data, frame->len);
	*log->end = entry;
	log->end = &entry->next;
	log->count++;
	return true;
}

const struct frame *rx_first_waiting(const struct rx_backlog *log,
				     struct rss_hash *hash)
{
	if (!log->first)
		return NULL;
	*hash = log->first->hash;
	return &log->first->frame;
}

void rx_drop_first(struct rx_backlog *log)
{
	struct rx_waiting *entry = log->first;

	log->first = entry->next;
	if (!log->first)
		log->end = &log->first;
	log->count--;
	free(entry);
}
