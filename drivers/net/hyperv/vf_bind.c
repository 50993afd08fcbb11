// SPDX-License-Identifier: GPL-2.0
/*
 * Binding: makes a VF the netvsc's slave, and sets it free.
 */
#include <linux/rtnetlink.h>

#include "vf_internal.h"

/*
 * IFF_SLAVE is for user space, which leaves such devices alone;
 * IFF_NO_ADDRCONF for IPv6, which would give the VF a link-local address.
 */
void netvsc_vf_mark(struct net_device *vf)
{
	vf->flags |= IFF_SLAVE;
	vf->priv_flags |= IFF_NO_ADDRCONF;
}

static void vf_unmark(struct net_device *vf)
{
	vf->flags &= ~IFF_SLAVE;
	vf->priv_flags &= ~IFF_NO_ADDRCONF;
}

/*
 * One that is nobody's after all: what the host says of it may have changed.  Slaves of
 * eql have no master either, but carry only the first mark.
 */
void netvsc_vf_unmark_free(struct net_device *dev)
{
	if ((dev->flags & IFF_SLAVE) && (dev->priv_flags & IFF_NO_ADDRCONF) &&
	    !netdev_master_upper_dev_get(dev))
		vf_unmark(dev);
}

static int vf_enslave(struct netvsc *nv, struct net_device *vf)
{
	int err;

	netvsc_vf_mark(vf);
	err = netdev_rx_handler_register(vf, netvsc_vf_receive, nv->ndev);
	if (err)
		goto unmark;
	err = netdev_master_upper_dev_link(vf, nv->ndev, NULL, NULL, NULL);
	if (err)
		goto unregister;
	call_netdevice_notifiers(NETDEV_JOIN, vf);
	return 0;

unregister:
	netdev_rx_handler_unregister(vf);
unmark:
	vf_unmark(vf);
	return err;
}

/*
 * Packets are made for netvsc, and a VF that writes headers of its own in front of
 * them (mana) would have to copy each one that has no room for these.
 */
static void vf_reserve_room(struct netvsc *nv, u16 head, u16 tail)
{
	WRITE_ONCE(nv->ndev->needed_headroom, head);
	WRITE_ONCE(nv->ndev->needed_tailroom, tail);
}

void netvsc_vf_release(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	struct net_device *vf = nvf->vf;

	netdev_rx_handler_unregister(vf);
	netvsc_vf_forget(nv);
	/* Before the link goes: its notification then shows a free device. */
	vf_unmark(vf);
	netdev_upper_dev_unlink(vf, nv->ndev);
	vf_reserve_room(nv, 0, 0);
	netdev_info(nv->ndev, "VF %s released\n", netdev_name(vf));
	nvf->vf = NULL;
	nvf->promisc = false;
	nvf->allmulti = false;
	netdev_put(vf, &nvf->tracker);
}

void netvsc_vf_bind(struct netvsc *nv, struct net_device *vf)
{
	struct netvsc_vf *nvf = &nv->vf;
	const char *reason = NULL;
	int err;

	if (nvf->vf)
		reason = "there is one already";
	else if (!net_eq(dev_net(vf), dev_net(nv->ndev)))
		reason = "it is in another network namespace";
	else if (netdev_master_upper_dev_get(vf) ||
		 netdev_is_rx_handler_busy(vf))
		reason = "it has a master";
	if (reason) {
		netdev_info(nv->ndev, "VF %s left alone: %s\n",
			    netdev_name(vf), reason);
		return;
	}

	nvf->was_up = vf->flags & IFF_UP;
	err = vf_enslave(nv, vf);
	if (err) {
		netdev_info(nv->ndev, "VF %s left alone: cannot enslave (%d)\n",
			    netdev_name(vf), err);
		return;
	}
	netdev_hold(vf, &nvf->tracker, GFP_KERNEL);
	nvf->vf = vf;
	nvf->going = false;
	nvf->stalled = false;
	nvf->penalty = 0;
	nvf->closed = false;
	nvf->detached = false;
	nvf->has_serial = netvsc_vf_slot_serial(vf, &nvf->serial);
	netvsc_vf_meet(nv);
	vf_reserve_room(nv, vf->needed_headroom, vf->needed_tailroom);
	netdev_info(nv->ndev, "VF %s bound\n", netdev_name(vf));
	netvsc_vf_feed(nv, VF_IN_REGISTERED);
}

/* Gives up a VF that is another's, or for another one, and has both look anew. */
static void vf_set_free(struct netvsc *nv)
{
	struct net_device *vf = nv->vf.vf;
	struct netvsc *partner;

	if (!vf)
		return;
	netvsc_vf_settle(nv);
	netvsc_vf_feed(nv, VF_IN_DETACH);
	partner = netvsc_vf_partner(vf);
	if (partner && partner != nv)
		netvsc_vf_todo(&partner->vf, NETVSC_VF_ASSOCIATION);
	netvsc_vf_todo(&nv->vf, NETVSC_VF_ASSOCIATION);
}

/*
 * Takes a VF that is there already, or a better one than it has; also from another
 * netvsc: two that bonding has given the same address may have got each other's.
 */
void netvsc_vf_look_around(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	struct net_device *found = NULL;
	unsigned int best = 0;
	unsigned int kinship;
	struct net_device *dev;
	struct netvsc *owner;

	for_each_netdev(dev_net(nv->ndev), dev) {
		if (netvsc_vf_partner(dev) != nv)
			continue;
		kinship = netvsc_vf_kinship(nv, dev);
		owner = netvsc_vf_owner(dev);
		if (owner && owner != nv &&
		    netvsc_vf_kinship(owner, dev) >= kinship)
			continue;
		/* Of two that are as good, the one that it has. */
		if (kinship > best || (kinship == best && dev == nvf->vf)) {
			best = kinship;
			found = dev;
		}
	}
	if (!found || found == nvf->vf)
		return;
	vf_set_free(nv);
	/* One with a weaker claim may have it, from before the host's word came. */
	owner = netvsc_vf_owner(found);
	if (owner)
		vf_set_free(owner);
	netvsc_vf_bind(nv, found);
}

/* It stays where it is, and what it is, as long as RTNL is held. */
static struct net_device *vf_to_fetch(struct netvsc *nv)
{
	struct net *home = dev_net(nv->ndev);
	struct net_device *found = NULL;
	struct net_device *dev;
	struct net *net;

	/* RTNL does not keep namespaces from coming and going. */
	rcu_read_lock();
	for_each_net_rcu(net) {
		if (net != nv->vf.fetch_from || net_eq(net, home))
			continue;
		for_each_netdev(net, dev)
			if (netvsc_vf_partner(dev) == nv && !netvsc_vf_owner(dev))
				found = dev;
	}
	rcu_read_unlock();
	return found;
}

/* A VF that does not come after it is nobody's slave, and not marked as one. */
void netvsc_vf_leave_behind(struct netvsc *nv)
{
	struct net_device *found = vf_to_fetch(nv);

	nv->vf.fetch_from = NULL;
	if (found)
		netvsc_vf_unmark_free(found);
}

/*
 * A VF that netvsc has left behind by moving to another namespace, or that was
 * plugged while netvsc was in one, comes after it.  One that somebody has moved
 * away does not.
 */
void netvsc_vf_fetch(struct netvsc *nv)
{
	struct net_device *found = vf_to_fetch(nv);
	int err = 0;

	if (found && !nv->vf.vf)
		err = dev_change_net_namespace(found, dev_net(nv->ndev),
					       "eth%d");
	if (err)
		netdev_info(nv->ndev, "VF %s does not come along (%d)\n",
			    netdev_name(found), err);
	netvsc_vf_leave_behind(nv);
}
