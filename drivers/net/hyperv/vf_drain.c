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

/* And how long without having sent anything. */
#define VF_QUIET_USECS	500000

void netvsc_vf_drain_start(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	nvf->tx_base = netvsc_vf_given(nv).packets;
	nvf->tx_vf_base = netvsc_vf_sent(nvf->vf, 0);
}

/*
 * Have the VF's driver look at its rings.  An interrupt may be on its way, or
 * be held back by moderation.
 */
static void vf_poll(struct net_device *vf)
{
	struct napi_struct *napi;

	/* A driver in the midst of a reset takes NAPIs off the list. */
	rcu_read_lock();
	list_for_each_entry_rcu(napi, &vf->napi_list, dev_list) {
		local_bh_disable();
		napi_schedule(napi);
		local_bh_enable();
	}
	rcu_read_unlock();
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
	bool busy = false;

	rcu_read_lock();
	list_for_each_entry_rcu(napi, &vf->napi_list, dev_list)
		busy |= vf_napi_busy(napi);
	rcu_read_unlock();
	return busy;
}

/* Whoever has taken a packet out of one, and not given it to the VF yet, runs it. */
static bool vf_qdiscs_idle(struct net_device *vf)
{
	bool idle = true;
	struct Qdisc *q;
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < vf->num_tx_queues; i++) {
		q = rcu_dereference(netdev_get_tx_queue(vf, i)->qdisc);
		if (!qdisc_is_empty(q) || qdisc_is_running(q) ||
		    !llist_empty(&q->defer_list))
			idle = false;
	}
	rcu_read_unlock();
	return idle;
}

/*
 * What the VF was given and has not sent: less than 0 if it has sent others, too.
 *
 * There is no event that says "transmit ring empty".  Byte queue limits say it,
 * where the VF's driver has them.  Of the others, some count in their statistics
 * what the device has sent: ixgbevf does, and that is all there is of its ring.
 * The rest count on transmit and pass at once: mana does, and waits by itself for
 * what is in its rings before it closes them.
 */
static s64 vf_unsent(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	u64 completed, in_flight, given;

	if (netvsc_vf_bql(nvf->vf, &completed, &in_flight))
		return in_flight;
	given = netvsc_vf_given(nv).packets - nvf->tx_base;
	/* To look at statistics takes its time. */
	if (!given)
		return 0;
	return given - (netvsc_vf_sent(nvf->vf, 0) - nvf->tx_vf_base);
}

/**
 * struct vf_rest - what is left to send
 * @in_qdiscs: something in the VF's queueing disciplines
 * @unsent: as vf_unsent() says
 */
struct vf_rest {
	bool in_qdiscs;
	s64 unsent;
};

/* In this order: a packet leaves the qdisc before the VF knows of it. */
static struct vf_rest vf_rest(struct netvsc *nv)
{
	struct vf_rest rest;

	rest.in_qdiscs = !vf_qdiscs_idle(nv->vf.vf);
	rest.unsent = vf_unsent(nv);
	return rest;
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
	usleep_range(pause->next, pause->next + pause->next / 8);
	pause->slept += pause->next;
	pause->next = min(2 * pause->next, 4000U);
	return true;
}

static bool vf_sent_all(const struct vf_rest *rest)
{
	return !rest->in_qdiscs && !rest->unsent;
}

/*
 * The numbers of a VF need not come to 0: its qdisc may have dropped packets, and
 * it may have sent some that are not netvsc's.  But it stops when it has no more.
 */
void netvsc_vf_drain_tx(struct netvsc *nv)
{
	struct vf_pause pause = { .next = 50 };
	struct net_device *vf = nv->vf.vf;
	struct vf_rest before, rest;
	unsigned int since = 0;

	/* What cannot be sent any more is not worth waiting for. */
	if (!netvsc_vf_ready(vf) || !netvsc_vf_answers(vf))
		return;
	rest = vf_rest(nv);
	if (vf_sent_all(&rest))
		return;
	do {
		vf_poll(vf);
		if (pause.slept - since >= VF_QUIET_USECS ||
		    !vf_drain_pause(&pause))
			break;
		before = rest;
		rest = vf_rest(nv);
		if (rest.in_qdiscs || rest.unsent != before.unsent)
			since = pause.slept;
	} while (!vf_sent_all(&rest));
	if (rest.in_qdiscs || rest.unsent > 0)
		netdev_info(nv->ndev, "VF %s did not send all it had\n",
			    netdev_name(vf));
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
