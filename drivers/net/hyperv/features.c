// SPDX-License-Identifier: GPL-2.0
/*
 * Features: what the host's NIC can do becomes what the net_device can do, and
 * what the user wants of it becomes what the host does.
 *
 * What is done for packets to send is asked for packet by packet, so the host
 * need not be told when that is switched.  What it does with received packets
 * is its own doing, and it has to be.
 */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>

#include "netvsc.h"

#define NETVSC_MAX_MTU		(65535 - ETH_HLEN)

/* What the stack adds when a device is registered. */
#define STACK_FEATURES	(NETIF_F_SOFT_FEATURES | NETIF_F_SOFT_FEATURES_OFF | \
			 NETIF_F_NOCACHE_COPY | NETIF_F_TSO_MANGLEID)

/* What one host has and another does not. */
#define NETVSC_CAPS	(NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | NETIF_F_TSO | \
			 NETIF_F_TSO6 | NETIF_F_LRO)

/* What the host is told of. */
#define NETVSC_HOST_FEATURES	(NETIF_F_RXCSUM | NETIF_F_LRO)

netdev_features_t netvsc_fix_features(struct net_device *ndev,
				      netdev_features_t features)
{
	const struct netvsc *nv = netvsc_priv(ndev);

	/* What cannot be switched any more the stack would leave as it was. */
	features &= ~NETVSC_CAPS | nv->caps.features;
	/*
	 * Nobody but the host could have looked at what it has coalesced, and
	 * programs of XDP are to see each segment.
	 */
	if (!(features & NETIF_F_RXCSUM) || nv->xdp_on)
		features &= ~NETIF_F_LRO;
	return features;
}

int netvsc_set_features(struct net_device *ndev, netdev_features_t features)
{
	struct netvsc *nv = netvsc_priv(ndev);
	int err;

	if (!((ndev->features ^ features) & NETVSC_HOST_FEATURES))
		return 0;

	err = rndis_set_offloads(nv, &nv->caps, features);
	/* Without a session it is the next one that begins with them. */
	if (err == -ENODEV)
		return 0;
	if (err)
		netdev_err(ndev, "host does not switch its offloads: %d\n",
			   err);
	return err;
}

/**
 * netvsc_features_tso_max() - largest packet that the path in use segments
 * @nv: the NIC
 * @vf: what its VF takes while that is the path, else 0
 *
 * A VF that takes less than the host needs nothing here: the stack cuts up what
 * is too large for it.  And the administrator's own limit, which the kernel
 * lowers along with this one, would not come back with it.
 *
 * Context: RTNL.
 */
void netvsc_features_tso_max(struct netvsc *nv, unsigned int vf)
{
	unsigned int host = nv->caps.tso_max ?: TSO_LEGACY_MAX_SIZE;

	if (nv->ndev->tso_max_size != max(host, vf))
		netif_set_tso_max_size(nv->ndev, max(host, vf));
}

/* What there is to choose from with the host of this session. */
static void netvsc_features_offer(struct netvsc *nv)
{
	struct net_device *ndev = nv->ndev;
	netdev_features_t hw;

	ndev->min_mtu = ETH_MIN_MTU;
	ndev->max_mtu = nv->nvsp.version >= NVSP_VERSION_2 ? NETVSC_MAX_MTU :
							     ETH_DATA_LEN;

	hw = NETIF_F_SG | NETIF_F_RXCSUM | NETIF_F_RXHASH | nv->caps.features;
	ndev->vlan_features = (hw & ~NETIF_F_LRO) | NETIF_F_HIGHDMA |
			      (ndev->vlan_features & NETIF_F_TSO_MANGLEID);
	/* What the stack itself can switch stays with it. */
	ndev->hw_features = hw | (ndev->hw_features & STACK_FEATURES);
	netvsc_features_tso_max(nv, 0);
}

/**
 * netvsc_features_init() - features before the first session
 * @nv: the NIC
 *
 * The session begins with what is set here of NETVSC_HOST_FEATURES.
 */
void netvsc_features_init(struct netvsc *nv)
{
	nv->ndev->features = NETVSC_HOST_FEATURES;
}

/**
 * netvsc_features_register() - features of a net_device to be registered
 * @nv: the NIC, with its first session
 *
 * All that the host can do is on.  Coalescing the kernel switches off by itself
 * where the guest comes to forward.
 */
void netvsc_features_register(struct netvsc *nv)
{
	struct net_device *ndev = nv->ndev;
	netdev_features_t fixed = NETIF_F_HIGHDMA;

	netvsc_features_offer(nv);
	if (nv->nvsp.version >= NVSP_VERSION_2)
		fixed |= NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_CTAG_RX |
			 NETIF_F_HW_VLAN_CTAG_FILTER |
			 NETIF_F_HW_VLAN_STAG_FILTER;
	ndev->features = ndev->hw_features | fixed;
}

/**
 * netvsc_features_renew() - features with a new session
 * @nv: the NIC, registered
 *
 * The guest may have come to another host, which can do more or less.
 *
 * Context: RTNL.
 */
void netvsc_features_renew(struct netvsc *nv)
{
	netvsc_features_offer(nv);
	netdev_update_features(nv->ndev);
}
