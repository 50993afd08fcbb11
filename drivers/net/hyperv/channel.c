// SPDX-License-Identifier: GPL-2.0
/*
 * VMBus channels: opening and closing, interrupts and NAPI, and giving each
 * inbound packet to the part of the driver that it is for.
 */
#include <linux/bitfield.h>
#include <linux/cpumask.h>
#include <linux/crash_dump.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "netvsc.h"
#include "trace.h"

/* Of each direction and channel, in pages of 4 KiB. */
static unsigned int ring_size = 64;
module_param(ring_size, uint, 0444);
MODULE_PARM_DESC(ring_size, "Size of a channel's ring, in 4 KiB pages (8 to 1024)");

/* Channels of a guest that has so many CPUs, or more */
#define NETVSC_DEFAULT_CHANNELS	16U

/* Packets looked at in one poll, whatever they are. */
#define NETVSC_POLL_PACKETS	512

/**
 * struct netvsc_poll - what one poll did
 * @budget: of NAPI
 * @frames: received
 * @tx: what was sent has come back
 */
struct netvsc_poll {
	int budget;
	int frames;
	struct netvsc_tx_poll tx;
};

/*
 * Waits for the host.  A rescinded channel is not answered any more, and no
 * event says so: look now and then.  That also keeps a guest that its host has
 * stopped for a while, and that finds the clock ahead when it goes on, from giving
 * up before it has looked for the answer.  Return: more than 0, or 0 if the time
 * is up, or -ENODEV if the host took the device away.
 */
long netvsc_wait_host(struct netvsc *nv, struct completion *done,
		      unsigned long timeout)
{
	unsigned long piece;
	long left;

	do {
		piece = min_t(unsigned long, timeout, HZ / 10);
		left = wait_for_completion_timeout(done, piece);
		if (left)
			return left;
		if (nv->hdev->channel->rescind)
			return -ENODEV;
		timeout -= piece;
	} while (timeout);

	return 0;
}

static void netvsc_bad_packet(struct netvsc_channel *ch,
			      const struct vmbus_pkt *pkt)
{
	netvsc_count(ch->nv, NETVSC_EV_BAD_PACKET);
	if (net_ratelimit())
		netdev_warn(ch->nv->ndev,
			    "VMBus packet of type %u, %u bytes, ignored\n",
			    pkt->type, pkt->size);
}

static void netvsc_completion(struct netvsc_channel *ch,
			      const struct vmbus_pkt *pkt,
			      struct netvsc_poll *poll)
{
	const void *msg = pkt->payload;
	u64 transaction = pkt->trans_id;
	u32 len = pkt->payload_len;
	bool sent;

	switch (FIELD_GET(NETVSC_TID_KIND, transaction)) {
	case NETVSC_TID_DATA:
		sent = nvsp_rndis_ok(msg, len);
		trace_netvsc_tx_done(ch->nv->ndev, ch->index, transaction,
				     sent);
		netvsc_tx_complete(ch, transaction, sent, poll->budget,
				   &poll->tx);
		return;
	case NETVSC_TID_NVSP:
		nvsp_handle_completion(ch->nv, transaction, msg, len);
		return;
	case NETVSC_TID_SWITCH:
		nvsp_handle_switched(ch->nv, transaction, msg, len);
		return;
	case NETVSC_TID_RNDIS:
		rndis_handle_released(ch->nv, transaction);
		return;
	}

	netvsc_count(ch->nv, NETVSC_EV_BAD_TRANSACTION);
	if (net_ratelimit())
		netdev_warn(ch->nv->ndev,
			    "completion of %#llx, which was never sent\n",
			    transaction);
}

static void netvsc_inband(struct netvsc_channel *ch,
			  const struct vmbus_pkt *pkt)
{
	if (pkt->payload_len < sizeof(__le32))
		netvsc_bad_packet(ch, pkt);
	else
		nvsp_handle_inband(ch->nv, pkt->payload, pkt->payload_len);
}

/*
 * netpoll polls with a budget of 0: with interrupts off, perhaps in the midst of
 * somebody who has a lock of the control path, and without a right to frames of
 * XDP.  What it is after is room to send.
 */
static bool netvsc_frees_room(const struct netvsc_channel *ch,
			      const struct vmbus_pkt *pkt)
{
	return pkt->type == VM_PKT_COMP &&
	       FIELD_GET(NETVSC_TID_KIND, pkt->trans_id) == NETVSC_TID_DATA &&
	       !netvsc_tx_is_frame(ch, pkt->trans_id);
}

/* Return: false if the packet has to wait. */
static bool netvsc_dispatch(struct netvsc_channel *ch,
			    const struct vmbus_pkt *pkt,
			    struct netvsc_poll *poll)
{
	if (unlikely(!poll->budget) && !netvsc_frees_room(ch, pkt))
		return false;

	switch (pkt->type) {
	case VM_PKT_COMP:
		netvsc_completion(ch, pkt, poll);
		return true;
	case VM_PKT_DATA_USING_XFER_PAGES:
		if (poll->frames >= poll->budget || !netvsc_rx_ready(ch))
			return false;
		poll->frames += netvsc_rx_transfer(ch, pkt);
		return true;
	case VM_PKT_DATA_INBAND:
		netvsc_inband(ch, pkt);
		return true;
	default:
		netvsc_bad_packet(ch, pkt);
		return true;
	}
}

/* Return: true if the ring holds more for the next poll. */
static bool netvsc_drain(struct netvsc_channel *ch, struct netvsc_poll *poll)
{
	struct vmbus_pkt pkt;
	bool more;
	int n = 0;

	more = vmbus_pkt_first(ch->vmbus, &pkt);
	while (more && n++ < NETVSC_POLL_PACKETS) {
		if (!netvsc_dispatch(ch, &pkt, poll))
			break;
		more = vmbus_pkt_next(ch->vmbus, &pkt);
	}
	hv_pkt_iter_close(ch->vmbus);

	netvsc_tx_completed(ch, &poll->tx);
	return more;
}

/* Between the last look at the ring and interrupts, the host has written to it. */
static void netvsc_poll_again(struct netvsc_channel *ch)
{
	if (likely(vmbus_pkt_is_there(ch->vmbus))) {
		hv_begin_read(&ch->vmbus->inbound);
		__napi_schedule(&ch->napi);
		return;
	}

	/* Or its indices make no sense, which is nothing to come back for. */
	netvsc_count(ch->nv, NETVSC_EV_BAD_PACKET);
	if (net_ratelimit())
		netdev_warn(ch->nv->ndev,
			    "indices of channel %u's ring make no sense\n",
			    ch->index);
	napi_complete_done(&ch->napi, 0);
}

static int netvsc_poll(struct napi_struct *napi, int budget)
{
	struct netvsc_channel *ch = container_of(napi, struct netvsc_channel,
						 napi);
	struct netvsc_poll poll = { .budget = budget };
	bool again;

	/*
	 * netpoll, or a socket that polls, may be here before there is a ring.
	 * Pairs with netvsc_channel_begin().
	 */
	if (unlikely(!smp_load_acquire(&ch->opened))) {
		if (budget)
			napi_complete_done(napi, 0);
		return 0;
	}

	again = netvsc_drain(ch, &poll);
	/*
	 * What waits for room in the outbound ring is tried again without an
	 * interrupt: the host need not send one for making room.
	 */
	again |= !netvsc_rx_flush(ch);
	again |= netvsc_tx_poll(ch);
	if (!budget)
		return 0;
	if (again || poll.frames >= budget)
		return budget;

	if (napi_complete_done(napi, poll.frames) &&
	    hv_end_read(&ch->vmbus->inbound) && napi_schedule_prep(napi))
		netvsc_poll_again(ch);
	return poll.frames;
}

/*
 * Called from the VMBus interrupt: the host has written to the ring.  It may say so
 * before there is a ring; netvsc_channel_begin() has it looked at then.
 */
static void netvsc_channel_event(void *context)
{
	struct netvsc_channel *ch = context;

	/* Pairs with netvsc_channel_begin(). */
	if (unlikely(!smp_load_acquire(&ch->opened)))
		return;
	if (!napi_schedule_prep(&ch->napi))
		return;
	hv_begin_read(&ch->vmbus->inbound);
	__napi_schedule_irqoff(&ch->napi);
}

/*
 * What is of use to the CPUs, as far as the host has it.  Also with a VF: each of its
 * packets takes a lock of one of these queues.
 */
unsigned int netvsc_default_channels(const struct netvsc *nv)
{
	unsigned int wanted = netif_get_num_default_rss_queues();

	/* One that dumps a kernel has little memory, and one CPU. */
	if (!is_kdump_kernel())
		wanted = max(wanted, NETVSC_DEFAULT_CHANNELS);
	return min3(wanted, num_online_cpus(), nv->ndev->num_tx_queues);
}

static void netvsc_channel_begin(struct netvsc_channel *ch)
{
	/* From here on it is polled.  Pairs with netvsc_poll(). */
	smp_store_release(&ch->opened, true);
	/* What has come by now was left alone. */
	local_bh_disable();
	napi_schedule(&ch->napi);
	local_bh_enable();
}

/* VMBus keeps it when a channel does not open, and calls it under this lock. */
static void channel_forget_event(struct vmbus_channel *vmbus)
{
	unsigned long flags;

	spin_lock_irqsave(&vmbus->sched_lock, flags);
	vmbus->onchannel_callback = NULL;
	spin_unlock_irqrestore(&vmbus->sched_lock, flags);
}

int netvsc_channel_open(struct netvsc_channel *ch,
			struct vmbus_channel *vmbus)
{
	u32 ring = VMBUS_RING_SIZE(clamp(ring_size, 8U, 1024U) * HV_HYP_PAGE_SIZE);
	int err;

	ch->vmbus = vmbus;

	set_channel_read_mode(vmbus, HV_CALL_ISR);
	/* Transaction ids are our own; another driver may have left its. */
	vmbus->next_request_id_callback = NULL;
	vmbus->request_addr_callback = NULL;
	vmbus->rqstor_size = 0;
	vmbus->requestor.req_arr = NULL;
	vmbus->requestor.req_bitmap = NULL;
	/* Of the buffer for copies of packets, which are read where they are */
	vmbus->max_pkt_size = sizeof(struct vmpacket_descriptor);

	/* From here on the NAPI instance has an id. */
	napi_enable(&ch->napi);
	err = netvsc_rx_start(ch);
	if (!err)
		err = vmbus_open(vmbus, ring, ring, NULL, 0,
				 netvsc_channel_event, ch);
	if (err) {
		channel_forget_event(vmbus);
		napi_disable(&ch->napi);
		netvsc_rx_stop(ch);
		return err;
	}
	netvsc_channel_begin(ch);
	return 0;
}

void netvsc_channel_close(struct netvsc_channel *ch)
{
	if (!ch->opened)
		return;

	/* The ring goes with the channel, so polling ends first. */
	napi_disable(&ch->napi);
	/*
	 * A poll that has completed may still look at the ring.  VMBus frees
	 * those of the sub-channels with the first one's.
	 */
	if (!ch->index)
		synchronize_net();
	vmbus_close(ch->vmbus);
	netvsc_rx_stop(ch);
	ch->opened = false;
}

/**
 * netvsc_channel_get() - the object of a channel, made when first asked for
 * @nv: the NIC
 * @index: 0, or one more than the last channel that there is, at most
 *
 * It outlives the session, and keeps the counters; the memory that traffic
 * needs comes with the session.
 *
 * Context: before the net_device is registered, or RTNL. Sleeps.
 *
 * Return: the channel or NULL.
 */
struct netvsc_channel *netvsc_channel_get(struct netvsc *nv, u16 index)
{
	struct netvsc_channel *ch = netvsc_channel_at(nv, index);

	if (ch)
		return ch;

	ch = kzalloc_obj(*ch);
	if (!ch)
		return NULL;
	ch->nv = nv;
	ch->index = index;
	netvsc_rx_init(ch);
	netvsc_tx_init(ch);
	netif_napi_add(nv->ndev, &ch->napi, netvsc_poll);

	/* Statistics are read at any time. */
	smp_store_release(&nv->channels[index], ch);
	return ch;
}

/* The net_device is not registered any more: nobody reads statistics. */
void netvsc_channels_free(struct netvsc *nv)
{
	struct netvsc_channel *ch;
	unsigned int i;

	netvsc_for_each_channel(nv, i, ch) {
		netif_napi_del(&ch->napi);
		kfree(ch);
	}
}
