// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that suspends or hibernates leaves its VFs before anything is frozen.
 * The PCI bus freezes before VMBus does: once netvsc hears of it, the VF's
 * driver has closed its rings, with what was in them, and the host goes on to
 * deliver there.
 */
#include <linux/rtnetlink.h>
#include <linux/suspend.h>

#include "vf_internal.h"

static bool vf_asleep;			/* RTNL */

bool netvsc_vf_asleep(void)
{
	return vf_asleep;
}

static void vf_sleep(bool asleep)
{
	struct netvsc_vf *nvf;

	rtnl_lock();
	vf_asleep = asleep;
	list_for_each_entry(nvf, &netvsc_vf_list, entry)
		netvsc_vf_feed(netvsc_of(nvf), VF_IN_CHANGED);
	rtnl_unlock();
}

/* Tasks run at all of these events, and so does the host's half. */
static int vf_pm_notify(struct notifier_block *nb, unsigned long event,
			void *data)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		vf_sleep(true);
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		vf_sleep(false);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block vf_pm_notifier = {
	.notifier_call = vf_pm_notify,
};

int netvsc_vf_sleep_watch(void)
{
	return register_pm_notifier(&vf_pm_notifier);
}

void netvsc_vf_sleep_unwatch(void)
{
	unregister_pm_notifier(&vf_pm_notifier);
}
