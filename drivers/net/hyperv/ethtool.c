// SPDX-License-Identifier: GPL-2.0
/*
 * What ethtool shows of the NIC.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>

#include "netvsc.h"

static const char * const event_names[NETVSC_NR_EVENTS] = {
	[NETVSC_EV_BAD_PACKET]		= "host_bad_packet",
	[NETVSC_EV_BAD_NVSP]		= "host_bad_nvsp",
	[NETVSC_EV_BAD_RNDIS]		= "host_bad_rndis",
	[NETVSC_EV_BAD_TRANSACTION]	= "host_bad_transaction",
	[NETVSC_EV_STALE_REPLY]		= "host_stale_reply",
	[NETVSC_EV_TIMEOUT]		= "host_timeout",
	[NETVSC_EV_TX_TIMEOUT]		= "tx_timeout",
};

/* Counters of a channel, by where they are in it. */
struct channel_counter {
	const char *name;
	size_t counter;
	size_t syncp;
};

#define TX_COUNTER(what) { \
	"tx_%u_" #what, \
	offsetof(struct netvsc_channel, tx.stats.what), \
	offsetof(struct netvsc_channel, tx.stats.syncp) }
#define TX_DONE_COUNTER(what) { \
	"tx_%u_" #what, \
	offsetof(struct netvsc_channel, tx.done.what), \
	offsetof(struct netvsc_channel, tx.done.syncp) }
#define RX_COUNTER(what) { \
	"rx_%u_" #what, \
	offsetof(struct netvsc_channel, rx.stats.what), \
	offsetof(struct netvsc_channel, rx.stats.syncp) }

static const struct channel_counter channel_counters[] = {
	TX_DONE_COUNTER(packets),
	TX_DONE_COUNTER(bytes),
	TX_DONE_COUNTER(errors),
	TX_DONE_COUNTER(woken),
	TX_COUNTER(stopped),
	TX_COUNTER(copied),
	TX_COUNTER(direct),
	TX_COUNTER(linearized),
	TX_COUNTER(section_full),
	TX_COUNTER(ring_full),
	TX_COUNTER(dropped),
	RX_COUNTER(packets),
	RX_COUNTER(bytes),
	RX_COUNTER(multicast),
	RX_COUNTER(coalesced),
	RX_COUNTER(malformed),
	RX_COUNTER(no_memory),
	RX_COUNTER(unwanted),
	RX_COUNTER(done_stalled),
	RX_COUNTER(xdp_drop),
	RX_COUNTER(xdp_tx),
	RX_COUNTER(xdp_redirect),
	RX_COUNTER(xdp_errors),
};

static u64 read_counter(const struct netvsc_channel *ch,
			const struct channel_counter *which)
{
	const struct u64_stats_sync *syncp = (void *)ch + which->syncp;
	const u64_stats_t *counter = (void *)ch + which->counter;
	unsigned int start;
	u64 value;

	do {
		start = u64_stats_fetch_begin(syncp);
		value = u64_stats_read(counter);
	} while (u64_stats_fetch_retry(syncp, start));
	return value;
}

static unsigned int nr_channels_seen(const struct netvsc *nv)
{
	struct netvsc_channel *ch;
	unsigned int i;

	netvsc_for_each_channel(nv, i, ch)
		;
	return i;
}

static int netvsc_get_sset_count(struct net_device *ndev, int set)
{
	if (set != ETH_SS_STATS)
		return -EOPNOTSUPP;

	return NETVSC_NR_EVENTS + netvsc_vf_nr_stats() +
	       nr_channels_seen(netvsc_priv(ndev)) *
	       ARRAY_SIZE(channel_counters);
}

static void netvsc_get_strings(struct net_device *ndev, u32 set, u8 *to)
{
	struct netvsc *nv = netvsc_priv(ndev);
	struct netvsc_channel *ch;
	unsigned int n, i;

	if (set != ETH_SS_STATS)
		return;

	for (i = 0; i < NETVSC_NR_EVENTS; i++)
		ethtool_puts(&to, event_names[i]);
	netvsc_vf_stats_names(&to);
	netvsc_for_each_channel(nv, n, ch)
		for (i = 0; i < ARRAY_SIZE(channel_counters); i++)
			ethtool_sprintf(&to, channel_counters[i].name, n);
}

static void netvsc_get_ethtool_stats(struct net_device *ndev,
				     struct ethtool_stats *stats, u64 *to)
{
	struct netvsc *nv = netvsc_priv(ndev);
	struct netvsc_channel *ch;
	unsigned int n, i;

	for (i = 0; i < NETVSC_NR_EVENTS; i++)
		*to++ = atomic_long_read(&nv->events[i]);
	netvsc_vf_stats_values(nv, to);
	to += netvsc_vf_nr_stats();
	netvsc_for_each_channel(nv, n, ch)
		for (i = 0; i < ARRAY_SIZE(channel_counters); i++)
			*to++ = read_counter(ch, &channel_counters[i]);
}

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
	strscpy(info->bus_info, dev_name(&nv->hdev->device),
		sizeof(info->bus_info));
	snprintf(info->fw_version, sizeof(info->fw_version), "NVSP %u.%u",
		 nvsp_major(nv->nvsp.version),
		 nv->nvsp.version < NVSP_VERSION_4 ? 0 :
		 nv->nvsp.version & 0xffff);
}

static void netvsc_get_ringparam(struct net_device *ndev,
				 struct ethtool_ringparam *ring,
				 struct kernel_ethtool_ringparam *kernel_ring,
				 struct netlink_ext_ack *extack)
{
	struct netvsc *nv = netvsc_priv(ndev);

	ring->tx_pending = NETVSC_TX_SLOTS;
	ring->tx_max_pending = NETVSC_TX_SLOTS;
	if (nv->nvsp.rx_section)
		ring->rx_pending = nv->nvsp.rx.size / nv->nvsp.rx_section;
	ring->rx_max_pending = ring->rx_pending;
}

static int netvsc_get_link_ksettings(struct net_device *ndev,
				     struct ethtool_link_ksettings *cmd)
{
	struct netvsc *nv = netvsc_priv(ndev);

	cmd->base.speed = READ_ONCE(nv->speed);
	cmd->base.duplex = DUPLEX_FULL;
	cmd->base.port = PORT_OTHER;
	return 0;
}

const struct ethtool_ops netvsc_ethtool_ops = {
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= netvsc_get_link_ksettings,
	.get_ringparam		= netvsc_get_ringparam,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_drvinfo		= netvsc_get_drvinfo,
	.get_sset_count		= netvsc_get_sset_count,
	.get_strings		= netvsc_get_strings,
	.get_ethtool_stats	= netvsc_get_ethtool_stats,
};
