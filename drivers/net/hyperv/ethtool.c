// SPDX-License-Identifier: GPL-2.0
/*
 * What ethtool shows of the NIC, and sets: channels, buffers, messages; and the
 * host's table for what is sent.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>

#include "netvsc.h"

/* Of either buffer; a session works with fewer, but has to wait for each. */
#define NETVSC_MIN_SECTIONS	10U

/* The versions before 4 have numbers of their own. */
static u32 nvsp_major(u32 version)
{
	switch (version) {
	case NVSP_VERSION_1:
		return 1;
	case NVSP_VERSION_2:
		return 2;
	default:
		return version >> 16;
	}
}

static void netvsc_get_drvinfo(struct net_device *ndev,
			       struct ethtool_drvinfo *info)
{
	struct netvsc *nv = netvsc_priv(ndev);

	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	snprintf(info->fw_version, sizeof(info->fw_version), "NVSP %u.%u",
		 nvsp_major(nv->nvsp.version),
		 nv->nvsp.version < NVSP_VERSION_4 ? 0 :
		 nv->nvsp.version & 0xffff);
}

/* To be raised with another format of what follows. */
#define NETVSC_REGS_VERSION	1

static int netvsc_get_regs_len(struct net_device *ndev)
{
	return STEER_SEND_ENTRIES * sizeof(u32);
}

/* A NIC without registers shows the host's table for what it sends. */
static void netvsc_get_regs(struct net_device *ndev, struct ethtool_regs *regs,
			    void *to)
{
	struct netvsc *nv = netvsc_priv(ndev);
	u32 *channel = to;
	unsigned int i;

	regs->version = NETVSC_REGS_VERSION;
	for (i = 0; i < STEER_SEND_ENTRIES; i++)
		channel[i] = READ_ONCE(nv->send_table[i]);
}

static void netvsc_get_ringparam(struct net_device *ndev,
				 struct ethtool_ringparam *ring,
				 struct kernel_ethtool_ringparam *kernel_ring,
				 struct netlink_ext_ack *extack)
{
	struct netvsc *nv = netvsc_priv(ndev);

	ring->tx_pending = nv->nvsp.tx_sections;
	ring->tx_max_pending = nvsp_max_tx_sections(nv);
	ring->rx_pending = nv->nvsp.rx_sections;
	ring->rx_max_pending = nvsp_max_rx_sections(nv);
}

/*
 * The core has checked both against what is above, and has filled in what the
 * user did not name.  That goes on following the number of channels.
 */
static int netvsc_set_ringparam(struct net_device *ndev,
				struct ethtool_ringparam *ring,
				struct kernel_ethtool_ringparam *kernel_ring,
				struct netlink_ext_ack *extack)
{
	struct netvsc *nv = netvsc_priv(ndev);
	struct netvsc_config config = nv->config;

	if (ring->rx_pending != nv->nvsp.rx_sections)
		config.rx_sections = max(ring->rx_pending, NETVSC_MIN_SECTIONS);
	if (ring->tx_pending != nv->nvsp.tx_sections)
		config.tx_sections = max(ring->tx_pending, NETVSC_MIN_SECTIONS);
	if (config.rx_sections == nv->config.rx_sections &&
	    config.tx_sections == nv->config.tx_sections)
		return 0;
	return netvsc_reconfigure(nv, &config, 0);
}

static void netvsc_get_channels(struct net_device *ndev,
				struct ethtool_channels *channels)
{
	struct netvsc *nv = netvsc_priv(ndev);

	channels->max_combined = ndev->num_tx_queues;
	/* A host that has not said may turn out to have more. */
	if (nv->rss_state.known)
		channels->max_combined = min(channels->max_combined,
					     nv->rss_state.host.queues);
	/* The core does not ask us for what it sees here, so it has to be final. */
	netvsc_channels_settle(nv);
	channels->combined_count = nv->nr_channels;
}

static int netvsc_set_channels(struct net_device *ndev,
			       struct ethtool_channels *channels)
{
	struct netvsc *nv = netvsc_priv(ndev);
	struct netvsc_config config = nv->config;

	config.channels = channels->combined_count;
	if (config.channels == nv->nr_channels) {
		nv->config = config;
		return 0;
	}
	return netvsc_reconfigure(nv, &config, config.channels);
}

static u32 netvsc_get_msglevel(struct net_device *ndev)
{
	return netvsc_priv(ndev)->msg_enable;
}

static void netvsc_set_msglevel(struct net_device *ndev, u32 level)
{
	netvsc_priv(ndev)->msg_enable = level;
}

const struct ethtool_ops netvsc_ethtool_ops = {
	.get_regs_len		= netvsc_get_regs_len,
	.get_regs		= netvsc_get_regs,
	.get_msglevel		= netvsc_get_msglevel,
	.set_msglevel		= netvsc_set_msglevel,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= netvsc_get_link_ksettings,
	.set_link_ksettings	= netvsc_set_link_ksettings,
	.get_ringparam		= netvsc_get_ringparam,
	.set_ringparam		= netvsc_set_ringparam,
	.get_channels		= netvsc_get_channels,
	.set_channels		= netvsc_set_channels,
	.get_rx_ring_count	= netvsc_get_rx_ring_count,
	.get_rxfh_key_size	= netvsc_get_rxfh_key_size,
	.get_rxfh_indir_size	= netvsc_get_rxfh_indir_size,
	.get_rxfh		= netvsc_get_rxfh,
	.set_rxfh		= netvsc_set_rxfh,
	.get_rxfh_fields	= netvsc_get_rxfh_fields,
	.set_rxfh_fields	= netvsc_set_rxfh_fields,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_drvinfo		= netvsc_get_drvinfo,
	.get_sset_count		= netvsc_get_sset_count,
	.get_strings		= netvsc_get_strings,
	.get_ethtool_stats	= netvsc_get_ethtool_stats,
};
