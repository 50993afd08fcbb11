// SPDX-License-Identifier: GPL-2.0
/*
 * The net_device, apart from its data path: open and stop, addresses and
 * filters, MTU.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

#include "netvsc.h"
#include "rndis.h"

static int debug = -1;
module_param(debug, int, 0444);
MODULE_PARM_DESC(debug, "Kinds of messages at the start, the first N of NETIF_MSG_* (0 to 31; -1 for the default)");

#define NETVSC_MSG_DEFAULT	(NETIF_MSG_DRV | NETIF_MSG_PROBE | NETIF_MSG_LINK)

static u32 netvsc_wanted_filter(struct net_device *ndev)
{
	u32 filter = RNDIS_PACKET_TYPE_DIRECTED;

	if (ndev->flags & IFF_BROADCAST)
		filter |= RNDIS_PACKET_TYPE_BROADCAST;

	netif_addr_lock_bh(ndev);
	if ((ndev->flags & IFF_ALLMULTI) || !netdev_mc_empty(ndev))
		filter |= RNDIS_PACKET_TYPE_ALL_MULTICAST;
	/* The host knows of one unicast address. */
	if ((ndev->flags & IFF_PROMISC) || !netdev_uc_empty(ndev))
		filter = RNDIS_PACKET_TYPE_PROMISCUOUS;
	netif_addr_unlock_bh(ndev);
	return filter;
}

static void netvsc_filter_work(struct work_struct *work)
{
	struct netvsc *nv = container_of(work, struct netvsc, filter_work);
	int err;

	if (!READ_ONCE(nv->accept))
		return;
	err = rndis_set_filter(nv, netvsc_wanted_filter(nv->ndev));
	if (err && err != -ENODEV)
		netdev_err(nv->ndev, "packet filter not set: %d\n", err);
}

static void netvsc_set_rx_mode(struct net_device *ndev)
{
	struct netvsc *nv = netvsc_priv(ndev);

	netvsc_vf_set_rx_mode(nv);
	schedule_work(&nv->filter_work);
}

static void netvsc_change_rx_flags(struct net_device *ndev, int change)
{
	netvsc_vf_change_rx_flags(netvsc_priv(ndev));
}

/* The host has no filter for the channels' VLANs; a VF may have one. */
static int netvsc_vlan_add(struct net_device *ndev, __be16 proto, u16 vid)
{
	netvsc_vf_vlan_add(netvsc_priv(ndev), proto, vid);
	return 0;
}

static int netvsc_vlan_del(struct net_device *ndev, __be16 proto, u16 vid)
{
	netvsc_vf_vlan_del(netvsc_priv(ndev), proto, vid);
	return 0;
}

/* The data path */

static int netvsc_data_up(struct netvsc *nv)
{
	int err;

	WRITE_ONCE(nv->accept, true);
	err = rndis_set_filter(nv, netvsc_wanted_filter(nv->ndev));
	if (err) {
		WRITE_ONCE(nv->accept, false);
		netdev_err(nv->ndev, "packet filter not set: %d\n", err);
		return err;
	}

	WRITE_ONCE(nv->closing, false);
	netif_tx_wake_all_queues(nv->ndev);
	return 0;
}

static void netvsc_data_down(struct netvsc *nv)
{
	int err;

	/*
	 * Completions must not wake what is being stopped: not those either that
	 * have looked already, and take no lock to do it.
	 */
	WRITE_ONCE(nv->closing, true);
	synchronize_net();
	netif_tx_disable(nv->ndev);
	/*
	 * Who detached the device stopped the queues without their locks, so the
	 * stack may have kept to itself what it had promised to a batch.
	 */
	netvsc_tx_kick_all(nv);

	WRITE_ONCE(nv->accept, false);
	cancel_work_sync(&nv->filter_work);
	err = rndis_set_filter(nv, 0);
	if (err && err != -ENODEV)
		netdev_warn(nv->ndev, "packet filter not cleared: %d\n", err);

	if (!netvsc_tx_wait_idle(nv) && !nv->hdev->channel->rescind)
		netdev_warn(nv->ndev, "host has not returned all packets\n");
}

static int netvsc_open(struct net_device *ndev)
{
	struct netvsc *nv = netvsc_priv(ndev);
	int err;

	if (!nv->rndis.up)
		return -ENODEV;
	err = netvsc_data_up(nv);
	if (err)
		return err;

	if (netvsc_link_is_up(nv))
		netif_carrier_on(ndev);
	/* It may have gone down in between, where the carrier was off already. */
	netvsc_link_look(nv, 0);
	netvsc_vf_open(nv);
	return 0;
}

static int netvsc_stop(struct net_device *ndev)
{
	struct netvsc *nv = netvsc_priv(ndev);

	netvsc_vf_stop(nv);
	netvsc_data_down(nv);
	return 0;
}

/*
 * The address outlives sessions, on either side: one that was set before the
 * driver was reloaded, and one that the host forgot with the last session.
 */
void netvsc_netdev_sync_mac(struct netvsc *nv)
{
	int err;

	err = rndis_sync_mac(nv, nv->ndev->dev_addr);
	if (err)
		netdev_warn(nv->ndev, "host does not take our address: %d\n",
			    err);
}

/* Takes the net_device out of service for as long as there is no session. */
void netvsc_netdev_pause(struct netvsc *nv)
{
	struct net_device *ndev = nv->ndev;

	netvsc_vf_session_ending(nv);
	netif_device_detach(ndev);
	if (netif_running(ndev))
		netvsc_data_down(nv);
}

int netvsc_netdev_resume(struct netvsc *nv)
{
	struct net_device *ndev = nv->ndev;
	int err = 0;

	netvsc_features_renew(nv);
	netvsc_netdev_sync_mac(nv);
	if (netif_running(ndev))
		err = netvsc_data_up(nv);
	if (err)
		return err;

	netif_device_attach(ndev);
	/* The stack has not said what has changed while it was detached. */
	netif_addr_lock_bh(ndev);
	netvsc_set_rx_mode(ndev);
	netif_addr_unlock_bh(ndev);
	netvsc_link_look(nv, 0);
	netvsc_link_tell_speed(nv);
	netvsc_rss_tell_lost(nv);
	netvsc_vf_session_started(nv);
	return 0;
}

/*
 * A session with another host may have begun with an MTU which that does not take.
 * All that looks at the MTU has to know of a lower one, a VF among others; what
 * was larger and on its way is lost.
 */
void netvsc_netdev_lower_mtu(struct netvsc *nv)
{
	struct net_device *ndev = nv->ndev;
	u32 mtu = min(nv->max_mtu, ndev->max_mtu);

	if (nv->config.mtu <= mtu)
		return;
	netdev_warn(ndev, "the host takes an MTU of %u at most: it is that now, not %u\n",
		    mtu, ndev->mtu);
	nv->config.mtu = mtu;
	/* Who does not agree does not change what the host takes. */
	if (dev_set_mtu(ndev, mtu))
		WRITE_ONCE(ndev->mtu, mtu);
}

/* The host carves up the receive buffer for the MTU when a session begins. */
static int netvsc_change_mtu(struct net_device *ndev, int mtu)
{
	struct netvsc *nv = netvsc_priv(ndev);
	struct netvsc_config config = nv->config;
	int err;

	/* netvsc_netdev_lower_mtu(): this session will do. */
	if (mtu == config.mtu) {
		WRITE_ONCE(ndev->mtu, mtu);
		return 0;
	}

	if (!netvsc_xdp_mtu_ok(nv, mtu)) {
		netdev_err(ndev, "MTU %d is too large for the XDP program\n",
			   mtu);
		return -EINVAL;
	}

	config.mtu = mtu;
	err = netvsc_reconfigure(nv, &config, 0);
	if (!err)
		WRITE_ONCE(ndev->mtu, mtu);
	return err;
}

static int netvsc_set_mac(struct net_device *ndev, void *addr)
{
	struct netvsc *nv = netvsc_priv(ndev);
	const struct sockaddr *sa = addr;
	int err;

	err = eth_prepare_mac_addr_change(ndev, addr);
	if (err)
		return err;
	err = rndis_set_mac(nv, sa->sa_data);
	/* A host that said nothing may deliver to the new one all the same. */
	if (err == -ETIMEDOUT)
		netvsc_netdev_sync_mac(nv);
	if (err)
		return err;
	eth_commit_mac_addr_change(ndev, addr);
	return 0;
}

static const struct net_device_ops netvsc_netdev_ops = {
	.ndo_start_xmit		= netvsc_start_xmit,
	.ndo_select_queue	= netvsc_select_queue,
	.ndo_features_check	= netvsc_features_check,
	.ndo_get_stats64	= netvsc_get_stats64,
	.ndo_open		= netvsc_open,
	.ndo_stop		= netvsc_stop,
	.ndo_change_mtu		= netvsc_change_mtu,
	.ndo_fix_features	= netvsc_fix_features,
	.ndo_set_features	= netvsc_set_features,
	.ndo_set_mac_address	= netvsc_set_mac,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_change_rx_flags	= netvsc_change_rx_flags,
	.ndo_set_rx_mode	= netvsc_set_rx_mode,
	.ndo_vlan_rx_add_vid	= netvsc_vlan_add,
	.ndo_vlan_rx_kill_vid	= netvsc_vlan_del,
	.ndo_tx_timeout		= netvsc_tx_timeout,
	.ndo_bpf		= netvsc_bpf,
	.ndo_xdp_xmit		= netvsc_xdp_xmit,
};

bool netvsc_dev_is(const struct net_device *ndev)
{
	return ndev->netdev_ops == &netvsc_netdev_ops;
}

void netvsc_netdev_init(struct netvsc *nv)
{
	struct net_device *ndev = nv->ndev;

	init_waitqueue_head(&nv->tx_idle);
	INIT_WORK(&nv->filter_work, netvsc_filter_work);
	netvsc_link_init(nv);
	netvsc_recover_init(nv);
	netvsc_features_init(nv);
	nv->closing = true;
	nv->msg_enable = netif_msg_init(debug, NETVSC_MSG_DEFAULT);

	ndev->netdev_ops = &netvsc_netdev_ops;
	ndev->ethtool_ops = &netvsc_ethtool_ops;
	/* A host that is being serviced is silent for seconds. */
	ndev->watchdog_timeo = NETVSC_HOST_TIMEOUT;
	ndev->stat_ops = &netvsc_stat_ops;
	/*
	 * The host takes a new address at any time.  For more of them there are its
	 * filter and a VF's own, and not IFF_PROMISC, which a VF would follow.
	 */
	ndev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_UNICAST_FLT;
	xdp_set_features_flag(ndev, NETDEV_XDP_ACT_BASIC |
				    NETDEV_XDP_ACT_REDIRECT |
				    NETDEV_XDP_ACT_NDO_XMIT);
	SET_NETDEV_DEV(ndev, &nv->hdev->device);
	netif_carrier_off(ndev);
}
