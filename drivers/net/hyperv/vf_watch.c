// SPDX-License-Identifier: GPL-2.0
/*
 * Watches whether a VF in use still sends.  A device may hang, or be reset
 * behind its driver's back, with the link up as before; the driver notices when
 * a ring is full for some seconds, which a connection that waits for an answer
 * never fills.
 */
#include "vf_internal.h"

#define VF_WATCH_PERIOD	HZ

/*
 * Drivers restart a device that hangs, which may help or not: it is used again
 * when it sends what it still has; or, opened anew, after a while that is longer
 * each time.
 */
#define VF_PENALTY_MIN	(30 * HZ)
#define VF_PENALTY_MAX	(600 * HZ)

/*
 * A number that changes when the VF has sent something: what byte queue limits
 * know to be completed, or else what it counts.
 */
static u64 vf_progress(struct net_device *vf)
{
	struct rtnl_link_stats64 stats;
#ifdef CONFIG_BQL
	const struct dql *dql;
	u64 completed = 0;
	unsigned int i;

	for (i = 0; i < vf->real_num_tx_queues; i++) {
		dql = &netdev_get_tx_queue(vf, i)->dql;
		completed += READ_ONCE(dql->num_completed);
	}
	if (completed)
		return completed;
#endif
	dev_get_stats(vf, &stats);
	return stats.tx_packets;
}

static void vf_note(struct netvsc_vf *nvf, u64 given, u64 sent)
{
	nvf->seen_given = given;
	nvf->seen_sent = sent;
	nvf->look_at = jiffies + VF_WATCH_PERIOD;
}

/* Once it is active, and from then on until it goes. */
void netvsc_vf_watch_start(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	nvf->overdue = false;
	vf_note(nvf, netvsc_vf_given_packets(nv), vf_progress(nvf->vf));
	netvsc_vf_wake(nvf, VF_WATCH_PERIOD);
}

bool netvsc_vf_watching(const struct netvsc_vf *nvf)
{
	return nvf->vf && (nvf->state == VF_ACTIVE || nvf->stalled);
}

static void vf_stalls(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	netdev_info(nv->ndev, "VF %s does not send any more\n",
		    netdev_name(nvf->vf));
	nvf->stalled = true;
	nvf->penalty = clamp_t(unsigned long, 2 * nvf->penalty, VF_PENALTY_MIN,
			       VF_PENALTY_MAX);
	nvf->retry_at = jiffies + nvf->penalty;
	netvsc_vf_feed(nv, VF_IN_STALLED);
}

static void vf_try_again(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	if (!nvf->stalled)
		return;
	netdev_info(nv->ndev, "VF %s may be used again\n",
		    netdev_name(nvf->vf));
	nvf->stalled = false;
	netvsc_vf_feed(nv, VF_IN_CHANGED);
}

/*
 * A reset behind the driver's back has undone what the driver had set up, and
 * nothing but opening it anew does that again.
 */
static void vf_reopen(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	if (!(nvf->vf->flags & IFF_UP))
		return;
	dev_close(nvf->vf);
	netvsc_vf_todo(nvf, NETVSC_VF_FOLLOW);
}

/*
 * A VF stalls if it was given packets in one period and has sent none at all in
 * that and in the whole of the next.  It may lose some, and then never has sent
 * as many as it was given.
 */
void netvsc_vf_watch(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	u64 given, sent, seen_given;
	bool sends, due;

	if (!netvsc_vf_watching(nvf) || time_before(jiffies, nvf->look_at))
		return;
	given = netvsc_vf_given_packets(nv);
	sent = vf_progress(nvf->vf);
	seen_given = nvf->seen_given;
	sends = sent != nvf->seen_sent;
	due = nvf->stalled && time_after_eq(jiffies, nvf->retry_at);
	vf_note(nvf, given, sent);
	if (sends || due) {
		nvf->overdue = false;
		if (!sends)
			vf_reopen(nv);
		vf_try_again(nv);
	} else if (nvf->overdue && !nvf->stalled) {
		vf_stalls(nv);
	} else {
		nvf->overdue = given != seen_given;
	}
}
