// SPDX-License-Identifier: GPL-2.0
/*
 * Completions: what has been received goes back to the host.  They are kept
 * until a poll is over, and then written to the ring together; the host is
 * signalled once.
 */
#include <linux/log2.h>
#include <linux/slab.h>

#include "rx.h"

static u32 rx_done_waiting(const struct netvsc_rx *rx)
{
	return rx->done_head - rx->done_tail;
}

/*
 * Makes room for twice as many.  The host cannot send more packets than its
 * receive buffer has sections, so that is where it ends.
 */
static bool rx_done_grow(struct netvsc_channel *ch)
{
	const struct nvsp *nvsp = &ch->nv->nvsp;
	struct netvsc_rx *rx = &ch->rx;
	u32 old = rx->done_mask + 1, i;
	struct netvsc_rx_done *done;

	if (!nvsp->rx_section || old >= nvsp->rx.size / nvsp->rx_section)
		return false;
	done = kmalloc_array(2 * old, sizeof(*done), GFP_ATOMIC | __GFP_NOWARN);
	if (!done)
		return false;

	for (i = rx->done_tail; i != rx->done_head; i++)
		done[i & (2 * old - 1)] = *rx_done_at(rx, i);
	kfree(rx->done);
	rx->done = done;
	rx->done_mask = 2 * old - 1;
	return true;
}

/**
 * rx_done_send() - give back to the host what has been received
 * @ch: the channel
 *
 * Return: false if the ring had no room for all of it; the rest is kept for the
 * next time.
 */
bool rx_done_send(struct netvsc_channel *ch)
{
	struct netvsc_rx *rx = &ch->rx;
	struct netvsc_rx_done *done;
	struct vmbus_burst burst;
	__le32 *msg;

	if (rx->done_tail == rx->done_head)
		return true;
	if (!vmbus_burst_begin(&burst, ch->vmbus)) {
		/* There is no host any more that could be told. */
		rx->done_tail = rx->done_head;
		return true;
	}

	do {
		done = rx_done_at(rx, rx->done_tail);
		msg = vmbus_burst_add(&burst, VM_PKT_COMP, 0,
				      done->transaction, 0, 2 * sizeof(*msg));
		if (!msg)
			break;
		msg[0] = cpu_to_le32(NVSP_RNDIS_DONE);
		msg[1] = cpu_to_le32(done->status);
	} while (++rx->done_tail != rx->done_head);

	vmbus_burst_end(&burst);
	return rx->done_tail == rx->done_head;
}

/* Completions have not gone out for long: this is a host that does not read. */
bool netvsc_rx_make_room(struct netvsc_channel *ch)
{
	struct netvsc_rx *rx = &ch->rx;

	if (rx_done_send(ch) || rx_done_waiting(rx) <= rx->done_mask ||
	    rx_done_grow(ch))
		return true;
	rx_count(&rx->stats, &rx->stats.done_stalled);
	return false;
}

int rx_done_start(struct netvsc_channel *ch)
{
	struct netvsc_rx *rx = &ch->rx;

	BUILD_BUG_ON_NOT_POWER_OF_2(NETVSC_RX_DONE);
	rx->done = kmalloc_array(NETVSC_RX_DONE, sizeof(*rx->done), GFP_KERNEL);
	if (!rx->done)
		return -ENOMEM;
	rx->done_mask = NETVSC_RX_DONE - 1;
	rx->done_head = 0;
	rx->done_tail = 0;
	return 0;
}

void rx_done_stop(struct netvsc_channel *ch)
{
	kfree(ch->rx.done);
	ch->rx.done = NULL;
}
