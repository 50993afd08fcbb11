// SPDX-License-Identifier: GPL-2.0
/*
 * Pools of slots: how they come and go.  What the data path does with them is
 * in tx_pool.h.
 */
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "tx_pool.h"

/**
 * tx_pool_init() - make a pool
 * @pool: all zero, so that no id is in it; NAPI may be looking at it already
 * @id: what its ids have in common, above the bits that this file uses; not 0
 * @total: slots, up to TX_POOL_MAX; 0 makes a pool that is always empty
 *
 * Context: sleeps.
 *
 * Return: 0 or -ENOMEM.
 */
int tx_pool_init(struct tx_pool *pool, u64 id, u32 total)
{
	u32 i, size = roundup_pow_of_two(max(total, 1U));

	pool->slots = kvzalloc_objs(*pool->slots, max(total, 1U));
	pool->free = kvmalloc_array(size, sizeof(*pool->free), GFP_KERNEL);
	if (!pool->slots || !pool->free) {
		tx_pool_exit(pool);
		return -ENOMEM;
	}

	for (i = 0; i < total; i++)
		pool->free[i] = i;
	pool->id = id;
	pool->mask = size - 1;
	pool->head = total;
	pool->tail = 0;
	/* Pairs with tx_pool_claim(). */
	smp_store_release(&pool->total, total);
	return 0;
}

/**
 * tx_pool_exit() - end of a pool
 * @pool: also one that was never made; all zero afterwards
 *
 * Context: nobody uses the pool any more. Sleeps.
 */
void tx_pool_exit(struct tx_pool *pool)
{
	kvfree(pool->free);
	kvfree(pool->slots);
	memset(pool, 0, sizeof(*pool));
}
