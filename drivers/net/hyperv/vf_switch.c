// SPDX-License-Identifier: GPL-2.0
/*
 * Asking the host to deliver to the VF, or to the channels again.
 *
 * Only one request is outstanding, except at the end of a session: a busy host
 * acknowledges a second one without carrying it out.  Nobody waits for the answer,
 * except before a VF is let go, where packets would be lost without it.
 */
#include <linux/rtnetlink.h>

#include "vf_internal.h"

/*
 * How long the host may keep a VF from being left.  RTNL is held, so this is
 * also how long it can keep the administrator waiting; the price of going on
 * without its answer are packets that it still delivers to the VF.
 */
#define VF_TO_VMBUS_TIMEOUT	(2 * HZ)

/* When to tell a host again whose ring was full all the time that one tries. */
#define VF_AGAIN_DELAY	(2 * HZ)

/* What an answer that is overdue gets on top. */
#define VF_LATE		(HZ / 10)

static u32 vf_request_begin(struct netvsc_vf *nvf)
{
	u32 sequence = ++nvf->sequence ?: ++nvf->sequence;

	spin_lock_bh(&nvf->host_lock);
	nvf->request = sequence;
	nvf->accepted = false;
	reinit_completion(&nvf->answered);
	spin_unlock_bh(&nvf->host_lock);
	return sequence;
}

/* An answer that comes after this matches no request. */
static void vf_request_forget(struct netvsc_vf *nvf)
{
	spin_lock_bh(&nvf->host_lock);
	nvf->request = 0;
	clear_bit(NETVSC_VF_ANSWERED, &nvf->todo);
	spin_unlock_bh(&nvf->host_lock);
	nvf->waiting = false;
}

/* A host that could not be told to leave the VF goes on delivering to it. */
static void vf_owe(struct netvsc_vf *nvf, bool to_vf, int err)
{
	nvf->owed |= !to_vf && err == -EAGAIN;
	if (nvf->owed)
		netvsc_vf_wake(nvf, VF_AGAIN_DELAY);
}

static int vf_request(struct netvsc *nv, bool to_vf)
{
	struct netvsc_vf *nvf = &nv->vf;
	int err;

	err = nvsp_switch_data_path(nv, to_vf, vf_request_begin(nvf));
	if (err) {
		vf_request_forget(nvf);
		vf_owe(nvf, to_vf, err);
		return err;
	}
	nvf->owed = false;
	nvf->asked_for_vf = to_vf;
	nvf->waiting = true;
	nvf->late = false;
	nvf->deadline = jiffies + NETVSC_HOST_TIMEOUT;
	netvsc_vf_wake(nvf, NETVSC_HOST_TIMEOUT);
	return 0;
}

static void vf_stays(struct netvsc *nv, const char *why, int err)
{
	netdev_info(nv->ndev, "data path stays on VMBus: %s (%d)\n", why, err);
}

void netvsc_vf_ask(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	int err;

	/* While the host owes an answer, its answer decides what comes next. */
	if (nvf->state != VF_UP || nvf->waiting)
		return;
	err = vf_request(nv, true);
	if (!err)
		return;
	vf_stays(nv, "not asked", err);
	netvsc_vf_feed(nv, VF_IN_SWITCH_REFUSED);
	if (err != -EAGAIN)
		return;
	set_bit(NETVSC_VF_ASK, &nvf->todo);
	netvsc_vf_wake(nvf, VF_AGAIN_DELAY);
}

/* Nothing is on the VF: the answer is not worth waiting for. */
void netvsc_vf_take_back(struct netvsc *nv)
{
	netdev_info(nv->ndev, "VF not ready any more: data path taken back\n");
	vf_request(nv, false);
}

/* The ring had no room when the host was to leave the VF. */
void netvsc_vf_make_good(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	if (nvf->owed && !nvf->waiting && !vf_request(nv, false))
		netdev_info(nv->ndev, "host told to leave the VF after all\n");
}

static void vf_on_vmbus(struct netvsc *nv, bool accepted)
{
	if (accepted)
		netdev_info(nv->ndev, "data path switched to VMBus\n");
	else
		netdev_info(nv->ndev, "host kept the data path on the VF\n");
}

void netvsc_vf_to_vmbus(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	int err;

	err = vf_request(nv, false);
	/* There is no session, and no path but for the next one. */
	if (err == -ENODEV)
		return;
	if (err) {
		netdev_info(nv->ndev, "host not told to leave the VF (%d)\n",
			    err);
		return;
	}
	if (netvsc_wait_host(nv, &nvf->answered, VF_TO_VMBUS_TIMEOUT) <= 0) {
		netdev_info(nv->ndev, "data path switched to VMBus, unanswered\n");
		return;
	}
	vf_on_vmbus(nv, READ_ONCE(nvf->accepted));
	vf_request_forget(nvf);
}

/* The host has answered the last request. */
static void vf_answered(struct netvsc *nv, bool accepted)
{
	struct netvsc_vf *nvf = &nv->vf;

	nvf->waiting = false;
	if (!nvf->asked_for_vf) {
		/* Meanwhile there may have been reason to ask for the VF. */
		netvsc_vf_ask(nv);
		return;
	}
	if (!accepted)
		vf_stays(nv, "refused", -EIO);
	netvsc_vf_feed(nv, accepted ? VF_IN_SWITCH_ACKED :
				      VF_IN_SWITCH_REFUSED);
}

static void vf_overdue(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	nvf->waiting = false;
	netvsc_count(nv, NETVSC_EV_TIMEOUT);
	if (!nvf->asked_for_vf) {
		netvsc_vf_ask(nv);
		return;
	}
	vf_stays(nv, "no answer", -ETIMEDOUT);
	netvsc_vf_feed(nv, VF_IN_SWITCH_TIMED_OUT);
}

/*
 * A guest that its host has stopped for a while finds the clock ahead when it goes
 * on: NAPI has a moment to look for the answer.
 */
static void vf_late(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	if (nvf->late) {
		vf_overdue(nv);
		return;
	}
	nvf->late = true;
	nvf->deadline = jiffies + VF_LATE;
}

/* Looks whether the host has answered, or should have. */
void netvsc_vf_answer(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	bool answered, accepted;

	spin_lock_bh(&nvf->host_lock);
	answered = test_and_clear_bit(NETVSC_VF_ANSWERED, &nvf->todo) &&
		   !nvf->request;
	accepted = nvf->accepted;
	spin_unlock_bh(&nvf->host_lock);

	if (answered)
		vf_answered(nv, accepted);
	else if (nvf->waiting && time_after_eq(jiffies, nvf->deadline))
		vf_late(nv);
}

/*
 * Before a VF closes: what the host has been asked for decides which way back is
 * the right one.  It may be on the VF already, or just about to be.
 */
void netvsc_vf_settle(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	/* An answer to the way back would be the moment to ask for the VF. */
	if (nvf->state != VF_UP || !nvf->asked_for_vf)
		return;
	if (nvf->waiting)
		netvsc_wait_host(nv, &nvf->answered, VF_TO_VMBUS_TIMEOUT);
	netvsc_vf_answer(nv);
}

/* The session ends, and what was asked for in it is not wanted any more. */
void netvsc_vf_ask_nothing(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	if (nvf->waiting && nvf->asked_for_vf)
		vf_request(nv, false);
	vf_request_forget(nvf);
	nvf->owed = false;
	WRITE_ONCE(nvf->unwanted, nvf->sequence);
}

/**
 * netvsc_vf_switched() - the host has answered a request to switch
 * @nv: the netvsc
 * @sequence: as given to nvsp_switch_data_path(), or anything else
 * @accepted: its answer
 *
 * Context: any; from NAPI.
 */
void netvsc_vf_switched(struct netvsc *nv, u32 sequence, bool accepted)
{
	struct netvsc_vf *nvf = &nv->vf;
	bool ours;

	spin_lock_bh(&nvf->host_lock);
	ours = nvf->request && nvf->request == sequence;
	if (ours) {
		nvf->request = 0;
		nvf->accepted = accepted;
		netvsc_vf_todo(nvf, NETVSC_VF_ANSWERED);
		complete(&nvf->answered);
	}
	spin_unlock_bh(&nvf->host_lock);
	if (!ours && (s32)(sequence - READ_ONCE(nvf->unwanted)) > 0)
		netvsc_count(nv, NETVSC_EV_STALE_REPLY);
}
