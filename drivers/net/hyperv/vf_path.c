// SPDX-License-Identifier: GPL-2.0
/*
 * The hand-over of the data path: carries out what the state machine says.
 */
#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>
#include <net/sch_generic.h>

#include "vf_internal.h"

bool netvsc_vf_associated(struct netvsc_vf *nvf)
{
	bool associated;

	spin_lock_bh(&nvf->host_lock);
	associated = nvf->assoc_present &&
		     (!nvf->has_serial || nvf->serial == nvf->assoc_serial);
	spin_unlock_bh(&nvf->host_lock);
	return associated;
}

static bool vf_fit(struct netvsc *nv)
{
	const struct net_device *ndev = nv->ndev;
	struct netvsc_vf *nvf = &nv->vf;
	struct net_device *vf = nvf->vf;

	if (!vf || !nvf->open || !nvf->session || netvsc_vf_asleep())
		return false;
	if (nvf->was_up || nvf->going || nvf->busy || nvf->stalled)
		return false;
	if (!(vf->flags & IFF_UP) || !netvsc_vf_ready(vf))
		return false;
	/*
	 * The carrier comes from the VF's driver, and the link watch follows
	 * with the queueing discipline.  Until then there is one that drops
	 * everything; NETDEV_CHANGE tells when it is gone.
	 */
	if (qdisc_tx_is_noop(vf))
		return false;
	if (nvf->vlan_refused || nvf->xdp_refused)
		return false;
	if (vf->mtu < ndev->mtu ||
	    !ether_addr_equal(vf->dev_addr, ndev->dev_addr))
		return false;
	return netvsc_vf_associated(nvf);
}

/*
 * Whoever saw the pointer holds the lock of one of netvsc's queues until it has
 * queued its packet.  That is over sooner than a grace period, in which packets
 * would wait for the path that comes next.
 */
static void vf_stop_tx(struct netvsc *nv)
{
	struct net_device *ndev = nv->ndev;
	struct netdev_queue *txq;
	unsigned int i;

	netvsc_features_tso_max(nv, 0);
	RCU_INIT_POINTER(nv->vf.tx, NULL);
	for (i = 0; i < ndev->num_tx_queues; i++) {
		txq = netdev_get_tx_queue(ndev, i);
		__netif_tx_lock_bh(txq);
		__netif_tx_unlock_bh(txq);
	}
	netvsc_vf_todo(&nv->vf, NETVSC_VF_SPEED);
}

static void vf_start_tx(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	netvsc_vf_drain_start(nv);
	netvsc_vf_watch_start(nv);
	rcu_assign_pointer(nvf->tx, nvf->vf);
	netvsc_features_tso_max(nv, nvf->vf->tso_max_size);
	netvsc_tx_kick_all(nv);
	netvsc_vf_todo(nvf, NETVSC_VF_SPEED);
	netdev_info(nv->ndev, "data path switched to VF %s\n",
		    netdev_name(nvf->vf));
}

static void vf_close(struct netvsc *nv)
{
	dev_close(nv->vf.vf);
}

static void vf_want_follow(struct netvsc *nv)
{
	netvsc_vf_todo(&nv->vf, NETVSC_VF_FOLLOW);
}

static void vf_want_switch(struct netvsc *nv)
{
	netvsc_vf_todo(&nv->vf, NETVSC_VF_ASK);
}

static const struct vf_action {
	u16 bit;
	void (*run)(struct netvsc *nv);
} vf_actions[] = {
	{ VF_DO_STOP_TX,	vf_stop_tx },
	{ VF_DO_DRAIN_TX,	netvsc_vf_drain_tx },
	{ VF_DO_TO_VMBUS,	netvsc_vf_to_vmbus },
	{ VF_DO_DRAIN_RX,	netvsc_vf_drain_rx },
	{ VF_DO_CLOSE,		vf_close },
	{ VF_DO_RELEASE,	netvsc_vf_release },
	{ VF_DO_FOLLOW,		vf_want_follow },
	{ VF_DO_ASK,		vf_want_switch },
	{ VF_DO_TAKE_BACK,	netvsc_vf_take_back },
	{ VF_DO_START_TX,	vf_start_tx },
};

/*
 * Actions may raise notifications that come back here, closing the VF for one.
 * They find the new state, in which the table has nothing to do for them.
 */
void netvsc_vf_feed(struct netvsc *nv, enum vf_input input)
{
	struct netvsc_vf *nvf = &nv->vf;
	const struct vf_step *step;
	unsigned int i;

	ASSERT_RTNL();
	step = vf_state_step(nvf->state, input, vf_fit(nv));
	if (step->next != nvf->state)
		netdev_dbg(nv->ndev, "VF %s -> %s (%s)\n",
			   vf_state_name(nvf->state), vf_state_name(step->next),
			   vf_input_name(input));
	nvf->state = step->next;
	for (i = 0; i < ARRAY_SIZE(vf_actions); i++)
		if (step->actions & vf_actions[i].bit)
			vf_actions[i].run(nv);
	if (nvf->vf && !netif_device_present(nvf->vf))
		netvsc_vf_watch_detached(nv);
}
