// SPDX-License-Identifier: GPL-2.0
/*
 * A NIC without a session: the host took neither what was asked of it nor, after
 * that, what there was before.  It is asked again and again, less and less
 * often, as long as it has not taken the device away.
 */
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>

#include "netvsc.h"

/* From one attempt to the next; twice as long each time. */
#define RECOVER_DELAY_MIN	HZ
#define RECOVER_DELAY_MAX	(64 * HZ)

static void recover_schedule(struct netvsc *nv, unsigned long delay)
{
	nv->recover_delay = delay;
	queue_delayed_work(system_long_wq, &nv->recover_work, delay);
}

static void netvsc_recover_work(struct work_struct *work)
{
	struct netvsc *nv = container_of(work, struct netvsc,
					 recover_work.work);
	int err;

	rtnl_lock();
	err = netvsc_session_try(nv, &nv->config, 0);
	if (!err)
		netdev_info(nv->ndev, "the session with the host is back\n");
	else if (!nv->hdev->channel->rescind)
		recover_schedule(nv, min(2 * nv->recover_delay,
					 RECOVER_DELAY_MAX));
	rtnl_unlock();
}

/**
 * netvsc_recover() - there is no session any more: see to it that one comes
 * @nv: the NIC, registered and out of service
 * @err: why there is none
 *
 * Until then the net_device is detached, without a link, and nobody can change it.
 *
 * Context: RTNL.
 */
void netvsc_recover(struct netvsc *nv, int err)
{
	netdev_err(nv->ndev, "no session with the host any more: %d\n", err);
	/* A bond has to know; of a detached device the link watch does not tell. */
	netif_carrier_off(nv->ndev);
	netdev_state_change(nv->ndev);
	recover_schedule(nv, RECOVER_DELAY_MIN);
}

void netvsc_recover_init(struct netvsc *nv)
{
	INIT_DELAYED_WORK(&nv->recover_work, netvsc_recover_work);
}
