// SPDX-License-Identifier: GPL-2.0
/*
 * The way back of what was sent: completions, waiting for them, and the life of
 * a channel's transmit half.
 */
#include <linux/bitfield.h>
#include <net/netdev_queues.h>

#include "netvsc.h"

static void tx_bad_transaction(struct netvsc *nv, u64 transaction)
{
	netvsc_count(nv, NETVSC_EV_BAD_TRANSACTION);
	if (net_ratelimit())
		netdev_warn(nv->ndev, "completion of %#llx, not in flight\n",
			    transaction);
}

/**
 * netvsc_tx_complete() - take back what the host is done with
 * @ch: the channel
 * @transaction: what the host says that it is done with
 * @sent: as the host says
 * @budget: of NAPI
 * @done: adds up a poll's, for netvsc_tx_completed()
 *
 * Context: NAPI.
 */
void netvsc_tx_complete(struct netvsc_channel *ch, u64 transaction, bool sent,
			int budget, struct netvsc_tx_poll *done)
{
	bool direct = FIELD_GET(NETVSC_TID_DIRECT, transaction);
	struct netvsc_tx *tx = &ch->tx;
	struct tx_pool *pool = direct ? &tx->direct : &tx->sections;
	struct tx_slot *slot;
	u32 section, index;

	slot = tx_pool_claim(pool, transaction);
	if (unlikely(!slot)) {
		tx_bad_transaction(ch->nv, transaction);
		return;
	}

	done->messages++;
	done->bytes += slot->bytes;
	done->packets += slot->packets;
	if (unlikely(!sent)) {
		done->failed_bytes += slot->bytes;
		done->failed_packets += slot->packets;
	}

	index = tx_pool_index(pool, slot);
	if (direct) {
		section = tx->packets[index].section;
		if (section != NVSP_NO_SECTION)
			tx_pool_give(&tx->sections, section);
		netvsc_tx_direct_release(ch, index, budget);
	}
	tx_pool_give(pool, index);
}

/* Whether that is a frame of XDP, and of no use but to NAPI. */
bool netvsc_tx_is_frame(const struct netvsc_channel *ch, u64 transaction)
{
	u32 index = FIELD_GET(TX_POOL_INDEX, transaction);

	return FIELD_GET(NETVSC_TID_DIRECT, transaction) &&
	       index < NETVSC_TX_SLOTS &&
	       READ_ONCE(ch->tx.packets[index].frame);
}

static bool tx_idle(const struct netvsc_tx *tx)
{
	return !tx_pool_taken(&tx->sections) && !tx_pool_taken(&tx->direct);
}

static void tx_account(struct netvsc_tx_done *stats,
		       const struct netvsc_tx_poll *done, bool woken)
{
	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->packets, done->packets - done->failed_packets);
	u64_stats_add(&stats->bytes, done->bytes - done->failed_bytes);
	u64_stats_add(&stats->errors, done->failed_packets);
	u64_stats_add(&stats->woken, woken);
	u64_stats_update_end(&stats->syncp);
}

/* After a poll's completions: BQL, the queue, and whoever waits for idle. */
void netvsc_tx_completed(struct netvsc_channel *ch,
			 const struct netvsc_tx_poll *done)
{
	struct netvsc_tx *tx = &ch->tx;
	struct netvsc *nv = ch->nv;
	int woken;

	if (!done->messages)
		return;

	/* A queue that waits for the ring is netvsc_tx_poll()'s. */
	woken = !__netif_txq_completed_wake(netvsc_txq(ch), done->messages,
					    done->bytes,
					    tx_pool_avail(&tx->direct),
					    NETVSC_TX_WAKE,
					    READ_ONCE(nv->closing) ||
					    READ_ONCE(tx->blocked));
	tx_account(&tx->done, done, woken);

	if (unlikely(READ_ONCE(nv->closing)) && tx_idle(tx))
		wake_up(&nv->tx_idle);
}

static bool tx_all_idle(struct netvsc *nv)
{
	const struct netvsc_channel *ch;
	unsigned int i;

	/* What was sent on a channel that the host took away is not coming. */
	for (i = 0; i < nv->nr_channels; i++) {
		ch = nv->channels[i];
		if (!ch->vmbus->rescind && !tx_idle(&ch->tx))
			return false;
	}
	return true;
}

bool netvsc_tx_wait_idle(struct netvsc *nv)
{
	const unsigned long piece = HZ / 10;
	unsigned long slept;

	/*
	 * No event tells of a device that the host takes away meanwhile.  Time
	 * in which the host did not run us is no time that it had.
	 */
	for (slept = 0; slept < NETVSC_HOST_TIMEOUT; slept += piece) {
		if (wait_event_timeout(nv->tx_idle, tx_all_idle(nv), piece))
			return true;
		if (nv->hdev->channel->rescind)
			return false;
	}

	return false;
}

/*
 * The stack has waited for a stopped queue for too long.  One of the two
 * interrupts may have been lost: look for what has come, and have the host look
 * for what was sent.
 */
void netvsc_tx_timeout(struct net_device *ndev, unsigned int queue)
{
	struct netvsc *nv = netvsc_priv(ndev);
	struct netvsc_channel *ch = nv->channels[queue];

	netvsc_count(nv, NETVSC_EV_TX_TIMEOUT);
	netdev_err(ndev, "queue %u: host has %u sections and %u packets, %u bytes of ring free%s\n",
		   queue, tx_pool_taken(&ch->tx.sections),
		   tx_pool_taken(&ch->tx.direct),
		   hv_get_bytes_to_write(&ch->vmbus->outbound),
		   READ_ONCE(ch->tx.blocked) ? ", waiting for more" : "");
	if (ch->vmbus->rescind) {
		netvsc_channel_lost(ch);
		return;
	}
	vmbus_setevent(ch->vmbus);
	napi_schedule(&ch->napi);
}

/* Life of the transmit half */

/*
 * Before the channel opens: completions are looked up from then on, whether
 * anything was sent or not.
 */
int netvsc_tx_start(struct netvsc_channel *ch)
{
	int err;

	err = netvsc_tx_direct_init(ch);
	if (err)
		return err;
	err = tx_pool_init(&ch->tx.direct,
			   FIELD_PREP(NETVSC_TID_KIND, NETVSC_TID_DATA) |
			   FIELD_PREP(NETVSC_TID_DIRECT, 1), NETVSC_TX_SLOTS);
	if (err)
		netvsc_tx_direct_exit(ch);
	return err;
}

/*
 * Gives the channel @count sections of the send buffer, from @first on, before
 * it sends for the first time.
 */
int netvsc_tx_set_sections(struct netvsc_channel *ch, u32 first, u32 count)
{
	const struct nvsp *nvsp = &ch->nv->nvsp;
	struct netvsc_tx *tx = &ch->tx;

	tx->first_section = first;
	tx->section_size = nvsp->tx_section;
	tx->section_base = nvsp->tx.base + (size_t)first * nvsp->tx_section;
	return tx_pool_init(&tx->sections,
			    FIELD_PREP(NETVSC_TID_KIND, NETVSC_TID_DATA),
			    count);
}

static u32 tx_drop_direct_slot(struct netvsc_channel *ch, u32 index)
{
	netvsc_tx_direct_release(ch, index, 0);
	return ch->tx.direct.slots[index].packets;
}

/* Return: how many packets that were. */
static u32 tx_drop_all(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;
	u32 i, lost = 0;

	for (i = 0; i < tx->sections.total; i++)
		if (atomic64_xchg(&tx->sections.slots[i].transaction, 0))
			lost += tx->sections.slots[i].packets;
	for (i = 0; i < tx->direct.total; i++)
		if (atomic64_xchg(&tx->direct.slots[i].transaction, 0))
			lost += tx_drop_direct_slot(ch, i);

	/* What waits for the ring, or for company */
	if (tx->waiting)
		lost += tx_drop_direct_slot(ch, tx->waiting_index);
	if (tx->batch.messages)
		lost += tx->batch.packets;
	tx->waiting = false;
	tx->batch.messages = 0;
	WRITE_ONCE(tx->blocked, false);
	return lost;
}

/*
 * The channel is closed, or the host has taken it away: what it did not complete
 * is lost.  TCP does not send again what a device still holds.
 */
void netvsc_tx_lost(struct netvsc_channel *ch)
{
	struct netdev_queue *txq = netvsc_txq(ch);
	struct netvsc_tx *tx = &ch->tx;
	u32 lost;

	__netif_tx_lock_bh(txq);
	lost = tx_drop_all(ch);
	u64_stats_update_begin(&tx->stats.syncp);
	u64_stats_add(&tx->stats.dropped, lost);
	u64_stats_update_end(&tx->stats.syncp);
	__netif_tx_unlock_bh(txq);
}

/* The channel is closed.  Also for a transmit half that was never started. */
void netvsc_tx_stop(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;

	if (!tx->direct.slots)
		return;

	netvsc_tx_lost(ch);
	netdev_tx_reset_queue(netvsc_txq(ch));
	tx_pool_exit(&tx->sections);
	tx_pool_exit(&tx->direct);
	netvsc_tx_direct_exit(ch);
}

void netvsc_tx_init(struct netvsc_channel *ch)
{
	u64_stats_init(&ch->tx.stats.syncp);
	u64_stats_init(&ch->tx.done.syncp);
}
