// SPDX-License-Identifier: GPL-2.0
/*
 * Settings that a VF has from its netvsc.
 */
#include <linux/bpf.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <net/netdev_lock.h>

#include "vf_internal.h"

/*
 * What is done with a packet before netvsc has it, by the VF or in its name, as
 * GRO and all the ways in which that goes.  Of transmit there is nothing to set:
 * the stack makes packets for netvsc, and whatever the VF cannot do with them, the
 * stack does before it hands them over.
 */
#define VF_FEATURES	(NETIF_F_GRO | NETIF_F_SOFT_FEATURES_OFF | \
			 NETIF_F_RXCSUM | NETIF_F_RXHASH)

void netvsc_vf_follow_mtu(struct netvsc *nv)
{
	struct net_device *vf = nv->vf.vf;
	int err;

	/* What is detached, as one that sleeps still, gets it with all the rest. */
	if (vf->mtu == nv->ndev->mtu || !netif_device_present(vf))
		return;
	err = dev_set_mtu(vf, nv->ndev->mtu);
	if (!err)
		return;
	netdev_info(nv->ndev, "VF %s keeps an MTU of %u (%d)%s\n",
		    netdev_name(vf), vf->mtu, err,
		    vf->mtu < nv->ndev->mtu ? ": not used" : "");
}

void netvsc_vf_follow_mac(struct netvsc *nv)
{
	struct net_device *ndev = nv->ndev;
	struct net_device *vf = nv->vf.vf;
	struct sockaddr_storage mac = {};
	int err;

	if (ether_addr_equal(vf->dev_addr, ndev->dev_addr))
		return;
	mac.ss_family = vf->type;
	ether_addr_copy(((struct sockaddr *)&mac)->sa_data, ndev->dev_addr);
	err = dev_set_mac_address(vf, &mac, NULL);
	if (err)
		netdev_info(ndev, "VF %s keeps its MAC address (%d): not used\n",
			    netdev_name(vf), err);
}

static void vf_follow_flags(struct netvsc *nv, unsigned int flags)
{
	struct netvsc_vf *nvf = &nv->vf;
	bool promisc = flags & IFF_PROMISC;
	bool allmulti = flags & IFF_ALLMULTI;

	if (promisc != nvf->promisc &&
	    !dev_set_promiscuity(nvf->vf, promisc ? 1 : -1))
		nvf->promisc = promisc;
	if (allmulti != nvf->allmulti &&
	    !dev_set_allmulti(nvf->vf, allmulti ? 1 : -1))
		nvf->allmulti = allmulti;
}

static void vf_follow_lists(struct netvsc *nv)
{
	netif_addr_lock_bh(nv->ndev);
	nv->vf.lists = true;
	netvsc_vf_set_rx_mode(nv);
	netif_addr_unlock_bh(nv->ndev);
}

static void vf_forget_lists(struct netvsc *nv)
{
	struct net_device *ndev = nv->ndev;
	struct netvsc_vf *nvf = &nv->vf;

	netif_addr_lock_bh(ndev);
	nvf->lists = false;
	netif_addr_unlock_bh(ndev);
	dev_uc_unsync(nvf->vf, ndev);
	dev_mc_unsync(nvf->vf, ndev);
}

static void vf_want_features(struct netvsc *nv, netdev_features_t wanted)
{
	struct net_device *vf = nv->vf.vf;
	netdev_features_t follow;

	/*
	 * What netvsc lacks for good is nobody's wish, and what the VF's driver
	 * does not let anybody switch would be taken for that driver's own.
	 */
	follow = VF_FEATURES & nv->ndev->hw_features & vf->hw_features;
	wanted = (vf->wanted_features & ~follow) | (wanted & follow);
	if (wanted == vf->wanted_features)
		return;
	netdev_lock_ops(vf);
	vf->wanted_features = wanted;
	netdev_update_features(vf);
	netdev_unlock_ops(vf);
}

void netvsc_vf_follow_features(struct netvsc *nv)
{
	vf_want_features(nv, nv->ndev->features);
}

/* Return: 0, or what the VF's driver says. */
static int vf_give_xdp(struct netvsc_vf *nvf, struct bpf_prog *prog,
		       struct netlink_ext_ack *extack)
{
	struct netdev_bpf bpf = {
		.command = XDP_SETUP_PROG,
		.prog = prog,
		.extack = extack,
	};
	int err;

	/* With success the reference is the VF's. */
	if (prog)
		bpf_prog_inc(prog);
	netdev_lock_ops(nvf->vf);
	err = netif_xdp_propagate(nvf->vf, &bpf);
	netdev_unlock_ops(nvf->vf);
	if (!err)
		nvf->vf_xdp = prog;
	else if (prog)
		bpf_prog_put(prog);
	return err;
}

static void vf_follow_xdp(struct netvsc *nv, struct netlink_ext_ack *extack)
{
	struct netvsc_vf *nvf = &nv->vf;
	int err = 0;

	if (nvf->vf_xdp != nvf->xdp)
		err = vf_give_xdp(nvf, nvf->xdp, extack);
	nvf->xdp_refused = err;
	if (err)
		netdev_info(nv->ndev, "VF %s does not take the XDP program (%d): not used\n",
			    netdev_name(nvf->vf), err);
}

static void vf_forget_xdp(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	if (nvf->vf_xdp)
		vf_give_xdp(nvf, NULL, NULL);
	nvf->vf_xdp = NULL;
	nvf->xdp_refused = false;
}

void netvsc_vf_meet(struct netvsc *nv)
{
	nv->vf.features = nv->vf.vf->wanted_features;
}

void netvsc_vf_forget(struct netvsc *nv)
{
	vf_want_features(nv, nv->vf.features);
	vf_forget_xdp(nv);
	netvsc_vf_forget_vlans(nv);
	if (nv->vf.lists)
		vf_forget_lists(nv);
	vf_follow_flags(nv, 0);
}

void netvsc_vf_follow(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	struct net_device *vf = nvf->vf;
	int err;

	/* When it is attached again this comes again. */
	if (!vf || !netif_device_present(vf))
		return;
	/* What IPv6 gave it while nobody owned it goes with its link. */
	if (nvf->was_up) {
		nvf->was_up = false;
		dev_close(vf);
	}
	netvsc_vf_follow_mtu(nv);
	netvsc_vf_follow_mac(nv);
	vf_follow_flags(nv, nv->ndev->flags);
	vf_follow_lists(nv);
	netvsc_vf_follow_vlans(nv);
	netvsc_vf_follow_features(nv);
	vf_follow_xdp(nv, NULL);
	if (!nvf->open)
		return;
	err = dev_open(vf, NULL);
	nvf->closed = err;
	if (!err)
		return;
	netdev_info(nv->ndev, "VF %s does not come up (%d)\n",
		    netdev_name(vf), err);
	netvsc_vf_watch_closed(nv);
}

/**
 * netvsc_vf_set_rx_mode() - netvsc's address lists changed
 * @nv: the netvsc
 *
 * Context: ndo_set_rx_mode: netvsc's address lock, bottom halves off.
 */
void netvsc_vf_set_rx_mode(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	if (!nvf->lists)
		return;
	dev_uc_sync(nvf->vf, nv->ndev);
	dev_mc_sync(nvf->vf, nv->ndev);
}

/**
 * netvsc_vf_change_rx_flags() - netvsc's promiscuous or all-multicast mode
 *	changed
 * @nv: the netvsc
 *
 * Context: ndo_change_rx_flags. RTNL.
 */
void netvsc_vf_change_rx_flags(struct netvsc *nv)
{
	if (nv->vf.vf)
		vf_follow_flags(nv, nv->ndev->flags);
}

/**
 * netvsc_vf_set_xdp() - netvsc has another XDP program
 * @nv: the netvsc
 * @prog: the program, or NULL; netvsc has a reference to it until the next call
 * @extack: for what the VF's driver has to say
 *
 * The VF runs it too, now or when it comes.  A VF that does not take it is not
 * used, so that no packet escapes the program.
 *
 * Context: ndo_bpf. RTNL; sleeps for the VF's rings and for the host.
 */
void netvsc_vf_set_xdp(struct netvsc *nv, struct bpf_prog *prog,
		       struct netlink_ext_ack *extack)
{
	struct netvsc_vf *nvf = &nv->vf;

	nvf->xdp = prog;
	if (!nvf->vf)
		return;
	/* Its driver may set up its rings anew, with all that is in them. */
	netvsc_vf_settle(nv);
	nvf->busy = true;
	netvsc_vf_feed(nv, VF_IN_CHANGED);
	vf_follow_xdp(nv, extack);
	nvf->busy = false;
	netvsc_vf_feed(nv, VF_IN_CHANGED);
	/* Of the program it depends what a driver takes. */
	if (nvf->vf->mtu != nv->ndev->mtu)
		netvsc_vf_todo(nvf, NETVSC_VF_FOLLOW);
}

/**
 * netvsc_vf_link_ksettings() - link settings of the path that netvsc uses
 * @nv: the netvsc
 * @cmd: filled in if this returns true
 *
 * Context: RTNL.
 *
 * Return: true if the VF is that path and has settings.
 */
bool netvsc_vf_link_ksettings(struct netvsc *nv,
			      struct ethtool_link_ksettings *cmd)
{
	return nv->vf.state == VF_ACTIVE &&
	       !__ethtool_get_link_ksettings(nv->vf.vf, cmd);
}
