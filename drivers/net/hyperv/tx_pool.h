/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What of ours the host may hold at a time: slots, each with a transaction id
 * while it is the host's.
 *
 * Transmit takes slots, under its queue's lock; NAPI gives them back, in
 * whatever order the host is done with them.  Neither waits for the other.  A
 * transaction that is completed twice, late or without ever having been given
 * to the host finds no slot: whoever exchanges its id for 0 owns the slot, and
 * an id comes again only after a slot was used 65536 times.
 *
 * Nothing in here knows VMBus, a net_device or a packet.
 */
#ifndef _NETVSC_TX_POOL_H
#define _NETVSC_TX_POOL_H

#include <linux/atomic.h>
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/cache.h>
#include <linux/types.h>

/* A transaction id; what is above is common to the ids of a pool. */
#define TX_POOL_GENERATION	GENMASK_ULL(31, 16)
#define TX_POOL_INDEX		GENMASK_ULL(15, 0)
#define TX_POOL_MAX		U16_MAX

/**
 * struct tx_slot - what went to the host in one VMBus packet
 * @transaction: its id while the host has it, else 0
 * @bytes: on the wire, after segmentation
 * @packets: on the wire
 * @generation: of the id that was used last
 */
struct tx_slot {
	atomic64_t transaction;
	u32 bytes;
	u16 packets;
	u16 generation;
};

/**
 * struct tx_pool - slots, and which of them are free
 * @slots: all of them
 * @free: ring of the indices of those that are free
 * @id: what the ids of this pool have in common
 * @mask: entries of @free less one
 * @total: slots that there are
 * @head: where the next one is given back to
 * @tail: where the next one is taken from
 */
struct tx_pool {
	struct tx_slot *slots;
	u16 *free;
	u64 id;
	u32 mask;
	u32 total;
	u32 head ____cacheline_aligned_in_smp;
	u32 tail ____cacheline_aligned_in_smp;
};

int tx_pool_init(struct tx_pool *pool, u64 id, u32 total);
void tx_pool_exit(struct tx_pool *pool);

/* Free slots; a moment ago, as the other side may be at work. */
static inline u32 tx_pool_avail(const struct tx_pool *pool)
{
	/* Pairs with tx_pool_give(). */
	return smp_load_acquire(&pool->head) - READ_ONCE(pool->tail);
}

/* Slots that are not free, whoever has them. */
static inline u32 tx_pool_taken(const struct tx_pool *pool)
{
	return READ_ONCE(pool->total) - tx_pool_avail(pool);
}

static inline bool tx_pool_take(struct tx_pool *pool, u32 *index)
{
	u32 tail = pool->tail;

	/* Pairs with tx_pool_give(). */
	if (unlikely(smp_load_acquire(&pool->head) == tail))
		return false;
	*index = pool->free[tail & pool->mask];
	WRITE_ONCE(pool->tail, tail + 1);
	return true;
}

/*
 * Takes back a take, by whoever took: of the last slot only, because nobody has
 * overwritten that one's place in the ring yet.
 */
static inline void tx_pool_untake(struct tx_pool *pool)
{
	WRITE_ONCE(pool->tail, pool->tail - 1);
}

static inline void tx_pool_give(struct tx_pool *pool, u32 index)
{
	u32 head = pool->head;

	pool->free[head & pool->mask] = index;
	/* The index is there before anybody can take it. */
	smp_store_release(&pool->head, head + 1);
}

/* Makes a slot that was taken and filled in the host's.  Return: its id. */
static inline u64 tx_pool_publish(struct tx_pool *pool, u32 index)
{
	struct tx_slot *slot = &pool->slots[index];
	u64 id = pool->id | FIELD_PREP(TX_POOL_GENERATION, ++slot->generation) |
		 FIELD_PREP(TX_POOL_INDEX, index);

	/* All of the slot is written before a completion may look at it. */
	atomic64_set_release(&slot->transaction, id);
	return id;
}

/* Ends the transaction @id.  Return: its slot, or NULL if there is none. */
static inline struct tx_slot *tx_pool_claim(struct tx_pool *pool, u64 id)
{
	u32 index = FIELD_GET(TX_POOL_INDEX, id);
	struct tx_slot *slot;

	/* Pairs with tx_pool_init(): the host may name any id at any time. */
	if (unlikely(index >= smp_load_acquire(&pool->total)))
		return NULL;
	slot = &pool->slots[index];
	/* 0 is what a slot has that the host does not have. */
	if (unlikely(!id || atomic64_cmpxchg(&slot->transaction, id, 0) != id))
		return NULL;
	return slot;
}

static inline u32 tx_pool_index(const struct tx_pool *pool,
				const struct tx_slot *slot)
{
	return slot - pool->slots;
}

#endif /* _NETVSC_TX_POOL_H */
