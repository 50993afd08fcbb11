// SPDX-License-Identifier: GPL-2.0
/*
 * Receive side scaling: what the user wants of it, and telling the host.  All
 * of it under RTNL.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/slab.h>

#include "netvsc.h"
#include "rndis.h"

static int rss_ask(struct netvsc *nv, struct steer_rss_caps *caps)
{
	struct ndis_rss_caps info = {
		.object.type = NDIS_OBJECT_RSS_CAPS,
		.object.revision = 2,
		.object.size = cpu_to_le16(NDIS_RSS_CAPS_SIZE),
	};
	int len, err;

	len = rndis_query(nv, NDIS_OID_RSS_CAPS, &info, NDIS_RSS_CAPS_SIZE,
			  sizeof(info));
	if (len < 0)
		return len;
	err = steer_read_caps(&info, len, caps);
	if (err)
		netvsc_count(nv, NETVSC_EV_BAD_RNDIS);
	return err;
}

/**
 * netvsc_rss_tell_lost() - tell the user of a table that did not survive
 * @nv: the NIC
 *
 * Whoever hears of it reads the new one, which a device that is out of service
 * does not show.
 *
 * Context: RTNL.
 */
void netvsc_rss_tell_lost(struct netvsc *nv)
{
	if (!nv->rss_state.lost || !netif_device_present(nv->ndev))
		return;
	nv->rss_state.lost = false;
	ethtool_rxfh_indir_lost(nv->ndev);
}

/* The user's table did not survive: there are fewer channels, or it is short */
static void rss_default_table(struct netvsc *nv, unsigned int channels)
{
	steer_spread(nv->rss.table, nv->rss.entries, channels);
	if (!netif_is_rxfh_configured(nv->ndev))
		return;
	nv->rss_state.lost = true;
	netvsc_rss_tell_lost(nv);
}

static void rss_adopt(struct netvsc *nv, const struct steer_rss_caps *caps)
{
	struct netvsc_rss_state *state = &nv->rss_state;

	state->host = *caps;
	state->on = false;

	/*
	 * Ports of UDP are left out: fragments have none, and come later.  A host
	 * that hashes nothing has no say in what the next one does.
	 */
	if (!nv->rss.hashes)
		nv->rss.hashes = caps->hashes &
				 ~(NDIS_HASH_UDP4 | NDIS_HASH_UDP6);
	else if (caps->hashes)
		nv->rss.hashes &= caps->hashes;

	if (nv->rss.entries != caps->entries) {
		nv->rss.entries = caps->entries;
		rss_default_table(nv, 1);
	}
}

/**
 * netvsc_rss_query() - learn what the host can do to spread packets
 * @nv: the NIC, in a session that has just begun
 *
 * A host that cannot spread them has one channel.  One that does not say can do
 * what it could before, until it is asked to.  What the user has set before is
 * kept as far as this host can do it.
 *
 * Context: RTNL. Sleeps for the host.
 */
void netvsc_rss_query(struct netvsc *nv)
{
	struct netvsc_rss_state *state = &nv->rss_state;
	struct steer_rss_caps caps = { .queues = 1 };
	int err = -EOPNOTSUPP;
	bool told;

	if (nv->nvsp.version >= NVSP_VERSION_5)
		err = rss_ask(nv, &caps);
	told = !err || err == -EOPNOTSUPP;
	if (!told) {
		netdev_warn(nv->ndev, "host does not say how it spreads packets: %d\n",
			    err);
		if (state->known)
			caps = state->host;
	}

	rss_adopt(nv, &caps);
	state->known |= told;
}

static int rss_tell(struct netvsc *nv, const void *params, u32 len)
{
	return rndis_set(nv, NDIS_OID_RSS_PARAMS, params, len);
}

/* Hosts take a table or key while there is none only. */
static int rss_off(struct netvsc *nv)
{
	u8 params[sizeof(struct ndis_rss_params)] __aligned(4);
	int err;

	if (!nv->rss_state.on)
		return 0;
	err = rss_tell(nv, params, steer_write_rss_off(params));
	if (!err)
		nv->rss_state.on = false;
	return err;
}

static int rss_set(struct netvsc *nv, const struct steer_rss *rss)
{
	void *params;
	int err;

	params = kzalloc(STEER_RSS_WIRE_BYTES, GFP_KERNEL);
	if (!params)
		return -ENOMEM;

	err = rss_off(nv);
	if (!err)
		err = rss_tell(nv, params, steer_write_rss(rss, params));
	if (!err)
		nv->rss_state.on = true;
	kfree(params);
	return err;
}

/* With one channel there is nothing to spread, and nothing to say. */
static bool rss_wanted(const struct netvsc *nv, unsigned int channels)
{
	return nv->rss.entries && (channels > 1 || nv->rss_state.on);
}

/**
 * netvsc_rss_apply() - have the host spread packets over so many channels
 * @nv: the NIC
 * @channels: all of them open
 *
 * Context: RTNL. Sleeps for the host.
 *
 * Return: 0 or an error.  With one all packets come on the first channel, or on
 * the channels that they came on before, if the host takes nothing at all.
 */
int netvsc_rss_apply(struct netvsc *nv, unsigned int channels)
{
	if (!netif_is_rxfh_configured(nv->ndev) || nv->rss_state.lost ||
	    !steer_within(&nv->rss, channels))
		rss_default_table(nv, channels);
	if (!rss_wanted(nv, channels))
		return 0;
	return rss_set(nv, &nv->rss);
}

/*
 * Has the host do as in @rss.  If it does not, it is told once more what it
 * did before.
 */
static int rss_change(struct netvsc *nv, const struct steer_rss *rss)
{
	int err;

	if (rss_wanted(nv, nv->nr_channels)) {
		err = rss_set(nv, rss);
		if (err) {
			rss_set(nv, &nv->rss);
			return err;
		}
	}
	nv->rss = *rss;
	return 0;
}

/* ethtool */

u32 netvsc_get_rx_ring_count(struct net_device *ndev)
{
	return netvsc_priv(ndev)->nr_channels;
}

u32 netvsc_get_rxfh_key_size(struct net_device *ndev)
{
	return netvsc_priv(ndev)->rss.entries ? STEER_RSS_KEY_BYTES : 0;
}

u32 netvsc_get_rxfh_indir_size(struct net_device *ndev)
{
	return netvsc_priv(ndev)->rss.entries;
}

int netvsc_get_rxfh(struct net_device *ndev, struct ethtool_rxfh_param *rxfh)
{
	const struct steer_rss *rss = &netvsc_priv(ndev)->rss;
	unsigned int i;

	rxfh->hfunc = ETH_RSS_HASH_TOP;
	if (rxfh->indir)
		for (i = 0; i < rss->entries; i++)
			rxfh->indir[i] = rss->table[i];
	if (rxfh->key)
		memcpy(rxfh->key, rss->key, sizeof(rss->key));
	return 0;
}

int netvsc_set_rxfh(struct net_device *ndev, struct ethtool_rxfh_param *rxfh,
		    struct netlink_ext_ack *extack)
{
	struct netvsc *nv = netvsc_priv(ndev);
	struct steer_rss rss = nv->rss;
	unsigned int i;
	int err;

	if (!rss.entries)
		return -EOPNOTSUPP;
	if (rxfh->hfunc != ETH_RSS_HASH_NO_CHANGE &&
	    rxfh->hfunc != ETH_RSS_HASH_TOP) {
		NL_SET_ERR_MSG(extack, "The host hashes with Toeplitz only");
		return -EOPNOTSUPP;
	}

	/* The core has checked both against what the functions above say. */
	if (rxfh->indir)
		for (i = 0; i < rss.entries; i++)
			rss.table[i] = rxfh->indir[i];
	if (rxfh->key)
		memcpy(rss.key, rxfh->key, sizeof(rss.key));

	err = rss_change(nv, &rss);
	if (err)
		NL_SET_ERR_MSG(extack, "The host does not take it");
	return err;
}

int netvsc_get_rxfh_fields(struct net_device *ndev,
			   struct ethtool_rxfh_fields *fields)
{
	const struct steer_rss *rss = &netvsc_priv(ndev)->rss;

	fields->data = steer_hashes_to_fields(fields->flow_type,
					      rss->entries ? rss->hashes : 0);
	return 0;
}

int netvsc_set_rxfh_fields(struct net_device *ndev,
			   const struct ethtool_rxfh_fields *fields,
			   struct netlink_ext_ack *extack)
{
	struct netvsc *nv = netvsc_priv(ndev);
	struct steer_rss rss = nv->rss;
	int err;

	if (!rss.entries)
		return -EOPNOTSUPP;
	if (!steer_fields_to_hashes(fields->flow_type, fields->data,
				    &rss.hashes)) {
		NL_SET_ERR_MSG(extack, "Addresses, or addresses and ports");
		return -EINVAL;
	}
	if (rss.hashes & ~nv->rss_state.host.hashes) {
		NL_SET_ERR_MSG(extack, "The host does not hash these");
		return -EOPNOTSUPP;
	}
	if (rss.hashes == nv->rss.hashes)
		return 0;

	err = rss_change(nv, &rss);
	if (err)
		NL_SET_ERR_MSG(extack, "The host does not take it");
	return err;
}

/**
 * netvsc_rss_init() - a key that nobody can guess
 * @nv: the NIC
 *
 * Context: probe.
 */
void netvsc_rss_init(struct netvsc *nv)
{
	netdev_rss_key_fill(nv->rss.key, sizeof(nv->rss.key));
}
