// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics of what went through VFs, which is part of netvsc's.
 */
#include <linux/ethtool.h>

#include "vf_internal.h"

enum {
	VF_STAT_RX_PACKETS,
	VF_STAT_RX_BYTES,
	VF_STAT_RX_MULTICAST,
	VF_STAT_TX_PACKETS,
	VF_STAT_TX_BYTES,
	VF_STAT_TX_XDP,
	VF_STAT_TX_DROPPED,
	VF_NR_STATS
};

static const char vf_stat_names[VF_NR_STATS][ETH_GSTRING_LEN] = {
	[VF_STAT_RX_PACKETS]	= "vf_rx_packets",
	[VF_STAT_RX_BYTES]	= "vf_rx_bytes",
	[VF_STAT_RX_MULTICAST]	= "vf_rx_multicast",
	[VF_STAT_TX_PACKETS]	= "vf_tx_packets",
	[VF_STAT_TX_BYTES]	= "vf_tx_bytes",
	[VF_STAT_TX_XDP]	= "vf_tx_xdp",
	[VF_STAT_TX_DROPPED]	= "vf_tx_dropped",
};

static void vf_sum_cpu(const struct netvsc_vf_counters *counters, u64 *sum)
{
	u64 value[VF_NR_STATS];
	unsigned int start;
	unsigned int i;

	do {
		start = u64_stats_fetch_begin(&counters->syncp);
		value[VF_STAT_RX_PACKETS] =
			u64_stats_read(&counters->rx_packets);
		value[VF_STAT_RX_BYTES] = u64_stats_read(&counters->rx_bytes);
		value[VF_STAT_RX_MULTICAST] =
			u64_stats_read(&counters->rx_multicast);
		value[VF_STAT_TX_PACKETS] =
			u64_stats_read(&counters->tx_packets);
		value[VF_STAT_TX_BYTES] = u64_stats_read(&counters->tx_bytes);
		value[VF_STAT_TX_XDP] = u64_stats_read(&counters->tx_xdp);
		value[VF_STAT_TX_DROPPED] =
			u64_stats_read(&counters->tx_dropped);
	} while (u64_stats_fetch_retry(&counters->syncp, start));

	for (i = 0; i < VF_NR_STATS; i++)
		sum[i] += value[i];
}

/**
 * netvsc_vf_stats_values() - counters for ethtool -S
 * @nv: the netvsc
 * @values: netvsc_vf_nr_stats() of them, in the order of their names
 *
 * Context: any.
 */
void netvsc_vf_stats_values(struct netvsc *nv, u64 *values)
{
	int cpu;

	memset(values, 0, VF_NR_STATS * sizeof(*values));
	for_each_possible_cpu(cpu)
		vf_sum_cpu(per_cpu_ptr(nv->vf.counters, cpu), values);
}

/**
 * netvsc_vf_nr_stats() - number of counters for ethtool -S
 *
 * Return: that number; it does not depend on a VF.
 */
unsigned int netvsc_vf_nr_stats(void)
{
	return VF_NR_STATS;
}

/**
 * netvsc_vf_stats_names() - names of the counters for ethtool -S
 * @names: where the next name goes; moved on
 */
void netvsc_vf_stats_names(u8 **names)
{
	unsigned int i;

	for (i = 0; i < VF_NR_STATS; i++)
		ethtool_puts(names, vf_stat_names[i]);
}

/**
 * netvsc_vf_get_stats64() - add what went through VFs to netvsc's statistics
 * @nv: the netvsc
 * @stats: with the channels' share
 *
 * Context: ndo_get_stats64.
 */
void netvsc_vf_get_stats64(struct netvsc *nv, struct rtnl_link_stats64 *stats)
{
	u64 value[VF_NR_STATS];

	netvsc_vf_stats_values(nv, value);
	stats->rx_packets += value[VF_STAT_RX_PACKETS];
	stats->rx_bytes += value[VF_STAT_RX_BYTES];
	stats->multicast += value[VF_STAT_RX_MULTICAST];
	stats->tx_packets += value[VF_STAT_TX_PACKETS];
	stats->tx_bytes += value[VF_STAT_TX_BYTES];
	stats->tx_dropped += value[VF_STAT_TX_DROPPED];
}

struct netvsc_vf_given netvsc_vf_given(struct netvsc *nv)
{
	u64 value[VF_NR_STATS];

	netvsc_vf_stats_values(nv, value);
	return (struct netvsc_vf_given){
		.packets = value[VF_STAT_TX_PACKETS],
		.frames = value[VF_STAT_TX_XDP],
	};
}
