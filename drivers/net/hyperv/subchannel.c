// SPDX-License-Identifier: GPL-2.0
/*
 * Sub-channels: asking the host for them, opening each as it is offered, and
 * putting the channels that work into service.
 *
 * The host is asked and waited for without RTNL, so that neither probe nor
 * anybody else has to wait, except where somebody wants to know the outcome.
 * VMBus offers a sub-channel through a callback; only inside of it can the host
 * not take the channel away again, so that is where it is opened.  Only
 * the last step, more or fewer queues, takes RTNL.
 *
 * A sub-channel cannot be closed by itself.  VMBus does that with the first
 * channel.
 */
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/srcu.h>

#include "netvsc.h"

/* How long a channel that the host has taken away may go unnoticed */
#define CHANNELS_LOOK	(5 * HZ)

/* Guards what the callback finds in the device against its removal. */
DEFINE_STATIC_SRCU(subchannel_offers);

/* All that the host promised is open, or never will be. */
static void subchannel_check(struct netvsc_subchannels *subs)
{
	lockdep_assert_held(&subs->lock);
	if (subs->answered + 1 >= subs->wanted)
		complete_all(&subs->settled);
}

/* Return: what is to be opened, or NULL if nobody waits for it. */
static struct netvsc_channel *subchannel_begin(struct netvsc *nv, u16 index)
{
	struct netvsc_subchannels *subs = &nv->subs;
	struct netvsc_channel *ch = NULL;

	mutex_lock(&subs->lock);
	if (index && index < subs->wanted && !nv->channels[index]->opened) {
		ch = nv->channels[index];
		ch->opening = true;
	}
	mutex_unlock(&subs->lock);
	return ch;
}

static void subchannel_end(struct netvsc *nv, struct netvsc_channel *ch, int err)
{
	struct netvsc_subchannels *subs = &nv->subs;

	mutex_lock(&subs->lock);
	ch->opening = false;
	if (err)
		subs->err = err;
	subs->answered++;
	subchannel_check(subs);
	/* Late, so that nobody else puts it into service */
	if (!subs->wanted)
		queue_work(system_long_wq, &subs->update_work);
	mutex_unlock(&subs->lock);
}

/* VMBus waits for the host without a limit, so for this nobody waits but who has to. */
static void subchannel_open(struct netvsc *nv, struct vmbus_channel *vmbus)
{
	struct netvsc_channel *ch;

	lockdep_assert_held(&nv->subs.opening);
	ch = subchannel_begin(nv, vmbus->offermsg.offer.sub_channel_index);
	if (ch)
		subchannel_end(nv, ch, netvsc_channel_open(ch, vmbus));
}

/* VMBus: the host offers a sub-channel.  Sleeps. */
static void subchannel_offered(struct vmbus_channel *vmbus)
{
	struct netvsc *nv;
	int idx;

	idx = srcu_read_lock(&subchannel_offers);
	nv = hv_get_drvdata(vmbus->primary_channel->device_obj);
	if (nv) {
		mutex_lock(&nv->subs.opening);
		subchannel_open(nv, vmbus);
		mutex_unlock(&nv->subs.opening);
	}
	srcu_read_unlock(&subchannel_offers, idx);
}

/**
 * netvsc_subchannels_gone() - no callback looks at the device any more
 *
 * Context: remove, after the driver's data was taken from the device. Sleeps.
 */
void netvsc_subchannels_gone(void)
{
	synchronize_srcu(&subchannel_offers);
}

static u32 subchannels_wanted(const struct netvsc *nv)
{
	u32 wanted = nv->config.channels ?: netvsc_default_channels(nv);

	return min3(wanted, nv->rss_state.host.queues, nv->ndev->num_tx_queues);
}

/*
 * Has all ready for a channel to be opened in the callback.  Return: false if
 * there is not enough memory, with nothing left behind.
 */
static bool subchannel_prepare(struct netvsc *nv, u32 index, u32 sections)
{
	struct netvsc_channel *ch = netvsc_channel_get(nv, index);

	if (!ch || netvsc_tx_start(ch))
		return false;
	if (!netvsc_tx_set_sections(ch, index * sections, sections))
		return true;
	netvsc_tx_stop(ch);
	return false;
}

/**
 * netvsc_subchannels_start() - be ready for the host's offers
 * @nv: the NIC; its first channel works, but has no sections to send from
 *
 * Divides the send buffer among the channels that there are going to be.
 *
 * Context: RTNL. Sleeps.
 *
 * Return: 0 or -ENOMEM.
 */
int netvsc_subchannels_start(struct netvsc *nv)
{
	struct netvsc_subchannels *subs = &nv->subs;
	u32 i, wanted = subchannels_wanted(nv);
	u32 sections = nv->nvsp.tx_sections / wanted;
	int err;

	err = netvsc_tx_set_sections(nv->channels[0], 0, sections);
	if (err)
		return err;
	for (i = 1; i < wanted; i++)
		if (!subchannel_prepare(nv, i, sections))
			break;

	mutex_lock(&subs->lock);
	subs->wanted = i;
	subs->promised = i;
	subs->answered = 0;
	subs->err = i < wanted ? -ENOMEM : 0;
	reinit_completion(&subs->settled);
	mutex_unlock(&subs->lock);

	vmbus_set_sc_create_callback(nv->hdev->channel, subchannel_offered);
	return 0;
}

/* The host's word on how many there will be. */
static void subchannels_promised(struct netvsc *nv, int err, u32 count)
{
	struct netvsc_subchannels *subs = &nv->subs;

	mutex_lock(&subs->lock);
	if (err)
		subs->err = err;
	subs->wanted = min(subs->wanted, count + 1);
	subchannel_check(subs);
	mutex_unlock(&subs->lock);
}

/**
 * netvsc_subchannels_open() - ask the host for sub-channels, and wait for them
 * @nv: the NIC, in a session
 *
 * What came of it, netvsc_channels_update() finds out.
 *
 * Context: with or without RTNL, but never beside itself. Sleeps for the host.
 */
void netvsc_subchannels_open(struct netvsc *nv)
{
	struct netvsc_subchannels *subs = &nv->subs;
	u32 count = READ_ONCE(subs->wanted);
	long left;
	int err;

	if (count < 2)
		return;
	count--;

	err = nvsp_request_subchannels(nv, &count);
	subchannels_promised(nv, err, err ? 0 : count);
	left = netvsc_wait_host(nv, &subs->settled, NETVSC_HOST_TIMEOUT);

	/* What comes later is not taken: nobody would put it into service. */
	mutex_lock(&subs->lock);
	if (left <= 0 && !subs->err)
		subs->err = left ?: -ETIMEDOUT;
	subs->promised = subs->wanted;
	subs->wanted = 0;
	mutex_unlock(&subs->lock);
}

static void subchannels_open_work(struct work_struct *work)
{
	struct netvsc *nv = container_of(work, struct netvsc, subs.open_work);

	netvsc_subchannels_open(nv);
	queue_work(system_long_wq, &nv->subs.update_work);
}

/**
 * netvsc_subchannels_open_later() - the same, in the background
 * @nv: the NIC, in a session
 *
 * Context: any, but no session stops meanwhile.
 */
void netvsc_subchannels_open_later(struct netvsc *nv)
{
	queue_work(system_long_wq, &nv->subs.open_work);
}

/**
 * netvsc_subchannels_stop() - take no offer any more, and use what there is no
 *	more
 * @nv: the NIC; nothing is sent on its channels
 *
 * When the first channel closes, the others do.
 *
 * Context: RTNL. Sleeps.
 */
void netvsc_subchannels_stop(struct netvsc *nv)
{
	struct netvsc_subchannels *subs = &nv->subs;
	struct netvsc_channel *ch;
	unsigned int i;

	mutex_lock(&subs->lock);
	subs->wanted = 0;
	subs->promised = 0;
	complete_all(&subs->settled);
	mutex_unlock(&subs->lock);
	cancel_work_sync(&subs->open_work);
	cancel_delayed_work_sync(&subs->look_work);
	/* One that is being opened */
	mutex_lock(&subs->opening);
	mutex_unlock(&subs->opening);

	netvsc_for_each_channel(nv, i, ch)
		if (i)
			netvsc_channel_close(ch);
}

/* Channels in service */

/* Queues count from 0 without a gap, so what is behind a failure is unused. */
static unsigned int channels_usable(struct netvsc *nv)
{
	struct netvsc_channel *ch;
	unsigned int i;

	netvsc_for_each_channel(nv, i, ch)
		/* Pairs with netvsc_channel_begin(). */
		if (!smp_load_acquire(&ch->opened) || ch->vmbus->rescind)
			break;
	/* The first one is the NIC; if it goes, so does everything. */
	return max(i, 1U);
}

static void channels_link_napi(struct netvsc *nv, unsigned int n)
{
	struct netvsc_channel *ch;
	struct napi_struct *napi;
	unsigned int i;

	netvsc_for_each_channel(nv, i, ch) {
		napi = i < n ? &ch->napi : NULL;
		netif_queue_set_napi(nv->ndev, i, NETDEV_QUEUE_TYPE_RX, napi);
		netif_queue_set_napi(nv->ndev, i, NETDEV_QUEUE_TYPE_TX, napi);
	}
}

/*
 * The watchdog looks at all queues there are.  What one that is not served any
 * more waits for does not come, and the stack does not send on it.
 */
static void channel_retire(struct netvsc_channel *ch)
{
	struct netdev_queue *txq = netvsc_txq(ch);

	/* A device that closes has stopped them all. */
	if (!READ_ONCE(ch->nv->closing))
		clear_bit(__QUEUE_STATE_DRV_XOFF, &txq->state);
	clear_bit(__QUEUE_STATE_STACK_XOFF, &txq->state);
	if (ch->vmbus->rescind)
		netvsc_tx_lost(ch);
}

/* Memory of channels that the host did not give. */
static void channels_trim(struct netvsc *nv)
{
	struct netvsc_channel *ch;
	unsigned int i;

	netvsc_for_each_channel(nv, i, ch)
		if (!ch->opened && !ch->opening)
			netvsc_tx_stop(ch);
}

static void channels_look_later(struct netvsc *nv)
{
	if (READ_ONCE(nv->nr_channels) > 1)
		queue_delayed_work(system_power_efficient_wq,
				   &nv->subs.look_work,
				   round_jiffies_relative(CHANNELS_LOOK));
}

/*
 * VMBus does not say that the host has taken a sub-channel away, and a connection
 * whose packets were lost there may wait for them with nothing more to send.
 */
static void channels_look_work(struct work_struct *work)
{
	struct netvsc *nv = container_of(to_delayed_work(work), struct netvsc,
					 subs.look_work);
	unsigned int i;

	for (i = 1; i < READ_ONCE(nv->nr_channels); i++)
		netvsc_channel_lost(nv->channels[i]);
	channels_look_later(nv);
}

/**
 * netvsc_channels_serve() - have so many queues, one for each channel
 * @nv: the NIC
 * @n: the first channels, all of them open
 *
 * Context: RTNL. Sleeps for the host.
 *
 * Return: 0, or an error with nothing changed.
 */
int netvsc_channels_serve(struct netvsc *nv, unsigned int n)
{
	unsigned int i, before = nv->nr_channels;
	int err;

	/* First the queues: the host may use a channel when it has the table */
	err = netif_set_real_num_queues(nv->ndev, n, n);
	if (err)
		return err;
	channels_link_napi(nv, n);
	WRITE_ONCE(nv->nr_channels, n);
	for (i = n; i < before; i++)
		channel_retire(nv->channels[i]);

	channels_look_later(nv);
	err = netvsc_rss_apply(nv, n);
	if (err)
		netdev_warn(nv->ndev, "host does not spread packets: %d\n",
			    err);
	return 0;
}

/**
 * netvsc_channels_update() - put the channels that work into service
 * @nv: the NIC
 *
 * Context: RTNL. Sleeps for the host.
 *
 * Return: 0, or why there are fewer than the host has, which has been said.
 */
int netvsc_channels_update(struct netvsc *nv)
{
	struct netvsc_subchannels *subs = &nv->subs;
	unsigned int n;
	int err = 0;

	ASSERT_RTNL();
	if (!nv->nr_channels)
		return 0;

	mutex_lock(&subs->lock);
	n = channels_usable(nv);
	if (subs->wanted > 1) {
		/* They are still being opened; this comes again. */
		mutex_unlock(&subs->lock);
		return 0;
	}
	channels_trim(nv);
	mutex_unlock(&subs->lock);

	if (n != nv->nr_channels || n != nv->ndev->real_num_tx_queues)
		err = netvsc_channels_serve(nv, n);
	err = subs->err ?: err;
	subs->err = 0;
	if (err)
		netdev_warn(nv->ndev, "%u of the host's %u channels in use: %d\n",
			    nv->nr_channels, subs->promised, err);
	return err;
}

/**
 * netvsc_channels_settle() - all channels that there are going to be are in service
 * @nv: the NIC
 *
 * Context: RTNL. Sleeps for the host, but in the first moments only.
 */
void netvsc_channels_settle(struct netvsc *nv)
{
	flush_work(&nv->subs.open_work);
	netvsc_channels_update(nv);
}

static void channels_update_work(struct work_struct *work)
{
	struct netvsc *nv = container_of(work, struct netvsc, subs.update_work);

	rtnl_lock();
	/* One that is on its way out has no queues any more. */
	if (nv->ndev->reg_state == NETREG_REGISTERED)
		netvsc_channels_update(nv);
	rtnl_unlock();
}

/**
 * netvsc_channel_lost() - the host may have taken a channel away
 * @ch: the channel; in service
 *
 * Context: any.
 */
void netvsc_channel_lost(struct netvsc_channel *ch)
{
	/* Without the first channel there is no NIC, and VMBus knows. */
	if (ch->index && ch->vmbus->rescind)
		queue_work(system_long_wq, &ch->nv->subs.update_work);
}

/**
 * netvsc_subchannels_init() - a NIC without sub-channels
 * @nv: the NIC
 */
void netvsc_subchannels_init(struct netvsc *nv)
{
	struct netvsc_subchannels *subs = &nv->subs;

	mutex_init(&subs->lock);
	mutex_init(&subs->opening);
	init_completion(&subs->settled);
	INIT_WORK(&subs->open_work, subchannels_open_work);
	INIT_WORK(&subs->update_work, channels_update_work);
	INIT_DELAYED_WORK(&subs->look_work, channels_look_work);
}

/**
 * netvsc_subchannels_uninit() - undo netvsc_subchannels_init()
 * @nv: the NIC, without a session
 *
 * Context: without RTNL. Sleeps.
 */
void netvsc_subchannels_uninit(struct netvsc *nv)
{
	cancel_work_sync(&nv->subs.update_work);
}
