// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics: the counters that channels and VFs keep, as the kernel asks for
 * them in its three ways: of the device (ip -s link), of a queue (netlink, the
 * qstats of ynltool), and by name (ethtool -S).
 *
 * There is one set of counters, so the three cannot disagree.  A channel's
 * counters live as long as the NIC, whether the channel is open or not, so
 * none goes backwards when channels or sessions come and go.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <net/netdev_queues.h>

#include "netvsc.h"

static const char event_names[NETVSC_NR_EVENTS][ETH_GSTRING_LEN] = {
	[NETVSC_EV_BAD_PACKET]		= "host_bad_packet",
	[NETVSC_EV_BAD_NVSP]		= "host_bad_nvsp",
	[NETVSC_EV_BAD_RNDIS]		= "host_bad_rndis",
	[NETVSC_EV_BAD_TRANSACTION]	= "host_bad_transaction",
	[NETVSC_EV_STALE_REPLY]		= "host_stale_reply",
	[NETVSC_EV_TIMEOUT]		= "host_timeout",
	[NETVSC_EV_TX_TIMEOUT]		= "tx_timeout",
};

/* A counter of a channel, by where it is in there. */
struct stats_counter {
	const char *name;
	size_t counter;
	size_t syncp;
};

#define TX(what) { \
	"tx_%u_" #what, \
	offsetof(struct netvsc_channel, tx.stats.what), \
	offsetof(struct netvsc_channel, tx.stats.syncp) }
#define TX_DONE(what) { \
	"tx_%u_" #what, \
	offsetof(struct netvsc_channel, tx.done.what), \
	offsetof(struct netvsc_channel, tx.done.syncp) }
#define RX(what) { \
	"rx_%u_" #what, \
	offsetof(struct netvsc_channel, rx.stats.what), \
	offsetof(struct netvsc_channel, rx.stats.syncp) }

static const struct stats_counter channel_counters[] = {
	TX_DONE(packets),
	TX_DONE(bytes),
	TX_DONE(errors),
	TX_DONE(woken),
	TX(stopped),
	TX(copied),
	TX(batches),
	TX(direct),
	TX(linearized),
	TX(section_full),
	TX(ring_full),
	TX(dropped),
	RX(packets),
	RX(bytes),
	RX(multicast),
	RX(coalesced),
	RX(malformed),
	RX(no_memory),
	RX(unwanted),
	RX(done_stalled),
	RX(xdp_drop),
	RX(xdp_tx),
	RX(xdp_redirect),
	RX(xdp_errors),
};

/* The device */

static void stats_add_tx(const struct netvsc_tx *tx,
			 struct rtnl_link_stats64 *stats)
{
	u64 packets, bytes, errors, dropped;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&tx->done.syncp);
		packets = u64_stats_read(&tx->done.packets);
		bytes = u64_stats_read(&tx->done.bytes);
		errors = u64_stats_read(&tx->done.errors);
	} while (u64_stats_fetch_retry(&tx->done.syncp, start));
	do {
		start = u64_stats_fetch_begin(&tx->stats.syncp);
		dropped = u64_stats_read(&tx->stats.dropped);
	} while (u64_stats_fetch_retry(&tx->stats.syncp, start));

	stats->tx_packets += packets;
	stats->tx_bytes += bytes;
	stats->tx_errors += errors;
	stats->tx_dropped += dropped;
}

static void stats_add_rx(const struct netvsc_rx *rx,
			 struct rtnl_link_stats64 *stats)
{
	u64 packets, bytes, multicast, malformed, no_memory;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&rx->stats.syncp);
		packets = u64_stats_read(&rx->stats.packets);
		bytes = u64_stats_read(&rx->stats.bytes);
		multicast = u64_stats_read(&rx->stats.multicast);
		malformed = u64_stats_read(&rx->stats.malformed);
		no_memory = u64_stats_read(&rx->stats.no_memory);
	} while (u64_stats_fetch_retry(&rx->stats.syncp, start));

	stats->rx_packets += packets;
	stats->rx_bytes += bytes;
	stats->multicast += multicast;
	stats->rx_errors += malformed;
	stats->rx_dropped += no_memory;
}

void netvsc_get_stats64(struct net_device *ndev,
			struct rtnl_link_stats64 *stats)
{
	struct netvsc *nv = netvsc_priv(ndev);
	const struct netvsc_channel *ch;
	unsigned int i;

	netvsc_for_each_channel(nv, i, ch) {
		stats_add_tx(&ch->tx, stats);
		stats_add_rx(&ch->rx, stats);
	}
	netvsc_vf_get_stats64(nv, stats);
}

/* A queue */

static void stats_add_queue_rx(const struct netvsc_channel *ch,
			       struct netdev_queue_stats_rx *to)
{
	const struct netvsc_rx_stats *rx = &ch->rx.stats;
	u64 packets, bytes, no_memory, malformed;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&rx->syncp);
		packets = u64_stats_read(&rx->packets);
		bytes = u64_stats_read(&rx->bytes);
		no_memory = u64_stats_read(&rx->no_memory);
		malformed = u64_stats_read(&rx->malformed);
	} while (u64_stats_fetch_retry(&rx->syncp, start));

	to->packets += packets;
	to->bytes += bytes;
	to->alloc_fail += no_memory;
	to->hw_drops += malformed;
}

static void stats_add_queue_tx(const struct netvsc_channel *ch,
			       struct netdev_queue_stats_tx *to)
{
	const struct netvsc_tx_stats *tx = &ch->tx.stats;
	const struct netvsc_tx_done *done = &ch->tx.done;
	u64 packets, bytes, errors, woken, stopped;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&done->syncp);
		packets = u64_stats_read(&done->packets);
		bytes = u64_stats_read(&done->bytes);
		errors = u64_stats_read(&done->errors);
		woken = u64_stats_read(&done->woken);
	} while (u64_stats_fetch_retry(&done->syncp, start));
	do {
		start = u64_stats_fetch_begin(&tx->syncp);
		stopped = u64_stats_read(&tx->stopped) +
			  u64_stats_read(&tx->ring_full);
	} while (u64_stats_fetch_retry(&tx->syncp, start));

	to->packets += packets;
	to->bytes += bytes;
	to->hw_drops += errors;
	to->stop += stopped;
	to->wake += woken;
}

/* Those that we have; the core leaves out what a driver does not set. */
static void stats_zero_queue_rx(struct netdev_queue_stats_rx *to)
{
	to->packets = 0;
	to->bytes = 0;
	to->alloc_fail = 0;
	to->hw_drops = 0;
}

static void stats_zero_queue_tx(struct netdev_queue_stats_tx *to)
{
	to->packets = 0;
	to->bytes = 0;
	to->hw_drops = 0;
	to->stop = 0;
	to->wake = 0;
}

static void netvsc_get_queue_stats_rx(struct net_device *ndev, int i,
				      struct netdev_queue_stats_rx *to)
{
	const struct netvsc_channel *ch = netvsc_channel_at(netvsc_priv(ndev), i);

	stats_zero_queue_rx(to);
	if (ch)
		stats_add_queue_rx(ch, to);
}

static void netvsc_get_queue_stats_tx(struct net_device *ndev, int i,
				      struct netdev_queue_stats_tx *to)
{
	const struct netvsc_channel *ch = netvsc_channel_at(netvsc_priv(ndev), i);

	stats_zero_queue_tx(to);
	if (ch)
		stats_add_queue_tx(ch, to);
}

/* What no queue of today shows: channels that are closed, and VFs. */
static void netvsc_get_base_stats(struct net_device *ndev,
				  struct netdev_queue_stats_rx *rx,
				  struct netdev_queue_stats_tx *tx)
{
	struct netvsc *nv = netvsc_priv(ndev);
	struct rtnl_link_stats64 vf = {};
	const struct netvsc_channel *ch;
	unsigned int i;

	netvsc_vf_get_stats64(nv, &vf);
	stats_zero_queue_rx(rx);
	rx->packets = vf.rx_packets;
	rx->bytes = vf.rx_bytes;
	stats_zero_queue_tx(tx);
	tx->packets = vf.tx_packets;
	tx->bytes = vf.tx_bytes;

	netvsc_for_each_channel(nv, i, ch) {
		if (i >= ndev->real_num_rx_queues)
			stats_add_queue_rx(ch, rx);
		if (i >= ndev->real_num_tx_queues)
			stats_add_queue_tx(ch, tx);
	}
}

const struct netdev_stat_ops netvsc_stat_ops = {
	.get_queue_stats_rx	= netvsc_get_queue_stats_rx,
	.get_queue_stats_tx	= netvsc_get_queue_stats_tx,
	.get_base_stats		= netvsc_get_base_stats,
};

/* By name */

static u64 stats_read_counter(const struct netvsc_channel *ch,
			      const struct stats_counter *which)
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

/* Channels come one after the other, and stay: there may be more names only. */
static unsigned int stats_nr_channels(const struct netvsc *nv)
{
	const struct netvsc_channel *ch;
	unsigned int i;

	netvsc_for_each_channel(nv, i, ch)
		;
	return i;
}

int netvsc_get_sset_count(struct net_device *ndev, int set)
{
	if (set != ETH_SS_STATS)
		return -EOPNOTSUPP;

	return NETVSC_NR_EVENTS + netvsc_vf_nr_stats() +
	       stats_nr_channels(netvsc_priv(ndev)) *
	       ARRAY_SIZE(channel_counters);
}

void netvsc_get_strings(struct net_device *ndev, u32 set, u8 *to)
{
	struct netvsc *nv = netvsc_priv(ndev);
	const struct netvsc_channel *ch;
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

void netvsc_get_ethtool_stats(struct net_device *ndev,
			      struct ethtool_stats *stats, u64 *to)
{
	struct netvsc *nv = netvsc_priv(ndev);
	const struct netvsc_channel *ch;
	unsigned int n, i;

	for (i = 0; i < NETVSC_NR_EVENTS; i++)
		*to++ = atomic_long_read(&nv->events[i]);
	netvsc_vf_stats_values(nv, to);
	to += netvsc_vf_nr_stats();
	netvsc_for_each_channel(nv, n, ch)
		for (i = 0; i < ARRAY_SIZE(channel_counters); i++)
			*to++ = stats_read_counter(ch, &channel_counters[i]);
}
