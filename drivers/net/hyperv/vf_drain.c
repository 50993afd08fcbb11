// SPDX-License-Identifier: GPL-2.0
/*
 * Draining a VF before it is left: what it was given to send is sent, and what
 * it has received is taken in.
 */
#include <linux/delay.h>
#include <net/sch_generic.h>

#include "vf_internal.h"

/*
 * How long a VF may take to send or to take in what is in its rings, if it does
 * not come to an end by itself.  A full ring of 4,096 packets of 64 KiB is
 * 270 MB, and needs a fifth of this at the 10 Gbit/s of the slowest VFs that
 * hosts give out.  The other four fifths are for a guest that is short of CPU.
 *
 * It is the time slept that counts: a guest that its host has stopped for a while
 * finds the clock ahead when it goes on, and its VF where it was.
 */
#define VF_DRAIN_USECS	1000000

static u64 vf_sent_packets(struct net_device *vf)
{
	struct rtnl_link_stats64 stats;

	dev_get_stats(vf, &stats);
	return stats.tx_packets;
}

void netvsc_vf_drain_start(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	nvf->tx_base = netvsc_vf_given_packets(nv);
	nvf->tx_vf_base = vf_sent_packets(nvf->vf);
}

/*
 * Have the VF's driver look at its rings.  An interrupt may be on its way, or
 * be held back by moderation.
 */
static void vf_poll(struct net_device *vf)
{
	struct napi_struct *napi;

	list_for_each_entry(napi, &vf->napi_list, dev_list) {
		local_bh_disable();
		napi_schedule(napi);
		local_bh_enable();
	}
}

/* A NAPI that is disabled counts as scheduled, and is not coming to an end. */
static bool vf_napi_busy(const struct napi_struct *napi)
{
	return test_bit(NAPI_STATE_SCHED, &napi->state) &&
	       !test_bit(NAPI_STATE_NPSVC, &napi->state) &&
	       !test_bit(NAPI_STATE_DISABLE, &napi->state);
}

static bool vf_polling(struct net_device *vf)
{
	struct napi_struct *napi;

	list_for_each_entry(napi, &vf->napi_list, dev_list)
		if (vf_napi_busy(napi))
			return true;
	return false;
}

static bool vf_bql_idle(const struct net_device *vf)
{
#ifdef CONFIG_BQL
	const struct dql *dql;
	unsigned int i;

	for (i = 0; i < vf->real_num_tx_queues; i++) {
		dql = &netdev_get_tx_queue(vf, i)->dql;
		if (READ_ONCE(dql->num_queued) != READ_ONCE(dql->num_completed))
			return false;
	}
#endif
	return true;
}

/*
 * There is no event that says "transmit ring empty".  There are three signs,
 * and a VF shows those that it has: an empty qdisc, byte queue limits with
 * nothing in flight, and statistics that count what has been sent.  The last
 * one is all that ixgbevf has for its ring, and it counts on completion; a
 * driver that counts on transmit passes it at once, and those have BQL.
 */
static bool vf_sent_all(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	struct net_device *vf = nvf->vf;
	u64 given;

	if (!qdisc_all_tx_empty(vf) || !vf_bql_idle(vf))
		return false;
	given = netvsc_vf_given_packets(nv) - nvf->tx_base;
	/* Drivers read statistics from the device, which takes its time. */
	if (!given)
		return true;
	return vf_sent_packets(vf) - nvf->tx_vf_base >= given;
}

/**
 * struct vf_pause - a wait in pieces
 * @next: how long the next one is, in microseconds
 * @slept: those before it
 */
struct vf_pause {
	unsigned int next, slept;
};

/*
 * Longer and longer: looking keeps the VF's driver from working.
 * Return: false if the time is up.
 */
static bool vf_drain_pause(struct vf_pause *pause)
{
	if (pause->slept >= VF_DRAIN_USECS)
		return false;
	usleep_range(pause->next, 2 * pause->next);
	pause->slept += pause->next;
	pause->next = min(2 * pause->next, 4000U);
	return true;
}

void netvsc_vf_drain_tx(struct netvsc *nv)
{
	struct vf_pause pause = { .next = 50 };
	struct net_device *vf = nv->vf.vf;

	if (vf_sent_all(nv))
		return;
	/* What cannot be sent any more is not worth waiting for. */
	if (!netif_carrier_ok(vf) || !netvsc_vf_answers(vf))
		return;
	do {
		vf_poll(vf);
		if (!vf_drain_pause(&pause)) {
			netdev_info(nv->ndev, "VF %s did not send all it had\n",
				    netdev_name(vf));
			return;
		}
	} while (!vf_sent_all(nv));
}

/*
 * The host has said that it delivers to the VF no more, so one complete look
 * at the rings finds all that there is.
 */
void netvsc_vf_drain_rx(struct netvsc *nv)
{
	struct vf_pause pause = { .next = 50 };
	struct net_device *vf = nv->vf.vf;

	vf_poll(vf);
	while (vf_polling(vf)) {
		if (!vf_drain_pause(&pause)) {
			netdev_info(nv->ndev, "VF %s did not take in all it had\n",
				    netdev_name(vf));
			return;
		}
	}
}
