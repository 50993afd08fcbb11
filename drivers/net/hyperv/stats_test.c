// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of statistics: the counters of channels and VFs, as they are added
 * up for a device, for a queue, and by name.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/string.h>

/* The machine has no outside, so the tests bring their own. */
#include "stats.c"
#include "vf_stats.c"

#define TEST_CHANNELS	3

static void set_all(u64_stats_t *first, unsigned int count, u64 value)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		u64_stats_set(&first[i], value + i);
}

/* Each counter has a value of its own, by which it is known. */
static struct netvsc_channel *make_channel(struct kunit *test, unsigned int n)
{
	struct netvsc_channel *ch = kunit_kzalloc(test, sizeof(*ch), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ch);
	ch->index = n;
	u64_stats_init(&ch->tx.stats.syncp);
	u64_stats_init(&ch->tx.done.syncp);
	u64_stats_init(&ch->rx.stats.syncp);
	set_all((void *)&ch->tx.done,
		offsetof(struct netvsc_tx_done, syncp) / sizeof(u64_stats_t),
		1000 * (n + 1));
	set_all((void *)&ch->tx.stats,
		offsetof(struct netvsc_tx_stats, syncp) / sizeof(u64_stats_t),
		1000 * (n + 1) + 100);
	set_all((void *)&ch->rx.stats,
		offsetof(struct netvsc_rx_stats, syncp) / sizeof(u64_stats_t),
		1000 * (n + 1) + 200);
	return ch;
}

static void make_vf_counters(struct kunit *test, struct netvsc *nv)
{
	struct netvsc_vf_counters *counters;
	int cpu;

	nv->vf.counters = alloc_percpu(struct netvsc_vf_counters);
	KUNIT_ASSERT_NOT_NULL(test, nv->vf.counters);
	for_each_possible_cpu(cpu) {
		counters = per_cpu_ptr(nv->vf.counters, cpu);
		u64_stats_init(&counters->syncp);
		set_all((void *)counters,
			offsetof(struct netvsc_vf_counters, syncp) /
			sizeof(u64_stats_t), 50000);
	}
}

static int stats_test_init(struct kunit *test)
{
	struct net_device *ndev;
	struct netvsc *nv;
	unsigned int i;

	ndev = alloc_etherdev_mq(sizeof(*nv), TEST_CHANNELS);
	KUNIT_ASSERT_NOT_NULL(test, ndev);
	test->priv = ndev;
	nv = netvsc_priv(ndev);
	nv->ndev = ndev;
	for (i = 0; i < TEST_CHANNELS; i++)
		nv->channels[i] = make_channel(test, i);
	make_vf_counters(test, nv);
	return 0;
}

static void stats_test_exit(struct kunit *test)
{
	struct net_device *ndev = test->priv;

	if (!ndev)
		return;
	free_percpu(netvsc_priv(ndev)->vf.counters);
	free_netdev(ndev);
}

static u64 channel_counter(const struct netvsc_channel *ch, size_t counter)
{
	return u64_stats_read((void *)ch + counter);
}

/* What all channels have of the counter at this place of theirs. */
static u64 of_channels(struct kunit *test, size_t counter)
{
	struct netvsc *nv = netvsc_priv(test->priv);
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < TEST_CHANNELS; i++)
		sum += channel_counter(nv->channels[i], counter);
	return sum;
}

static u64 of_vfs(struct kunit *test, size_t counter)
{
	struct netvsc *nv = netvsc_priv(test->priv);
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += u64_stats_read((void *)per_cpu_ptr(nv->vf.counters, cpu) +
				      counter);
	return sum;
}

#define OF_CHANNELS(member) \
	of_channels(test, offsetof(struct netvsc_channel, member))
#define OF_VFS(member) \
	of_vfs(test, offsetof(struct netvsc_vf_counters, member))

static void device_has_all_channels_and_vfs(struct kunit *test)
{
	struct rtnl_link_stats64 stats = { .rx_packets = 7 };

	netvsc_get_stats64(test->priv, &stats);
	/* Added to what there was */
	KUNIT_EXPECT_EQ(test, stats.rx_packets,
			7 + OF_CHANNELS(rx.stats.packets) + OF_VFS(rx_packets));
	KUNIT_EXPECT_EQ(test, stats.rx_bytes,
			OF_CHANNELS(rx.stats.bytes) + OF_VFS(rx_bytes));
	KUNIT_EXPECT_EQ(test, stats.multicast,
			OF_CHANNELS(rx.stats.multicast) + OF_VFS(rx_multicast));
	KUNIT_EXPECT_EQ(test, stats.rx_errors, OF_CHANNELS(rx.stats.malformed));
	KUNIT_EXPECT_EQ(test, stats.rx_dropped,
			OF_CHANNELS(rx.stats.no_memory));
	KUNIT_EXPECT_EQ(test, stats.tx_packets,
			OF_CHANNELS(tx.done.packets) + OF_VFS(tx_packets));
	KUNIT_EXPECT_EQ(test, stats.tx_bytes,
			OF_CHANNELS(tx.done.bytes) + OF_VFS(tx_bytes));
	KUNIT_EXPECT_EQ(test, stats.tx_errors, OF_CHANNELS(tx.done.errors));
	KUNIT_EXPECT_EQ(test, stats.tx_dropped,
			OF_CHANNELS(tx.stats.dropped) + OF_VFS(tx_dropped));
}

/* Against which the VF's own count is held. */
static void packets_for_vfs_are_known(struct kunit *test)
{
	struct netvsc_vf_given given = netvsc_vf_given(netvsc_priv(test->priv));

	KUNIT_EXPECT_EQ(test, given.packets, OF_VFS(tx_packets));
	KUNIT_EXPECT_EQ(test, given.frames, OF_VFS(tx_xdp));
}

/* No queue's numbers are lost when it goes, and none is counted twice. */
static void queues_and_rest_make_the_device(struct kunit *test)
{
	struct netdev_queue_stats_rx rx, rx_rest;
	struct netdev_queue_stats_tx tx, tx_rest;
	struct net_device *ndev = test->priv;
	struct rtnl_link_stats64 stats = {};
	unsigned int queues, i;

	netvsc_get_stats64(ndev, &stats);
	for (queues = 1; queues <= TEST_CHANNELS; queues++) {
		u64 rx_packets = 0, tx_packets = 0, rx_bytes = 0, tx_bytes = 0;

		ndev->real_num_rx_queues = queues;
		ndev->real_num_tx_queues = queues;
		netvsc_get_base_stats(ndev, &rx_rest, &tx_rest);
		for (i = 0; i < queues; i++) {
			netvsc_get_queue_stats_rx(ndev, i, &rx);
			netvsc_get_queue_stats_tx(ndev, i, &tx);
			rx_packets += rx.packets;
			rx_bytes += rx.bytes;
			tx_packets += tx.packets;
			tx_bytes += tx.bytes;
		}
		KUNIT_EXPECT_EQ(test, stats.rx_packets,
				rx_packets + rx_rest.packets);
		KUNIT_EXPECT_EQ(test, stats.rx_bytes,
				rx_bytes + rx_rest.bytes);
		KUNIT_EXPECT_EQ(test, stats.tx_packets,
				tx_packets + tx_rest.packets);
		KUNIT_EXPECT_EQ(test, stats.tx_bytes,
				tx_bytes + tx_rest.bytes);
	}
}

/* The core sets all of it to what it leaves out. */
static void queue_without_a_channel_has_zeros(struct kunit *test)
{
	struct netdev_queue_stats_rx rx;
	struct netdev_queue_stats_tx tx;

	memset(&rx, 0xff, sizeof(rx));
	memset(&tx, 0xff, sizeof(tx));
	netvsc_get_queue_stats_rx(test->priv, TEST_CHANNELS, &rx);
	netvsc_get_queue_stats_tx(test->priv, TEST_CHANNELS, &tx);
	KUNIT_EXPECT_EQ(test, rx.packets, 0);
	KUNIT_EXPECT_EQ(test, rx.bytes, 0);
	KUNIT_EXPECT_EQ(test, tx.packets, 0);
	KUNIT_EXPECT_EQ(test, tx.bytes, 0);
}

/* As ethtool -S shows them.  Return: false if there is no such name. */
static bool find_value(struct kunit *test, const char *name, u64 *value)
{
	int n = netvsc_get_sset_count(test->priv, ETH_SS_STATS), i;
	char (*names)[ETH_GSTRING_LEN];
	bool found = false;
	u64 *values;

	names = kunit_kcalloc(test, n, sizeof(*names), GFP_KERNEL);
	values = kunit_kcalloc(test, n, sizeof(*values), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, names);
	KUNIT_ASSERT_NOT_NULL(test, values);
	netvsc_get_strings(test->priv, ETH_SS_STATS, (u8 *)names);
	netvsc_get_ethtool_stats(test->priv, NULL, values);

	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_NE(test, names[i][0], '\0');
		if (strncmp(names[i], name, ETH_GSTRING_LEN))
			continue;
		KUNIT_EXPECT_FALSE_MSG(test, found, "%s twice", name);
		*value = values[i];
		found = true;
	}
	return found;
}

struct name_case {
	const char *name;
	unsigned int channel;
	size_t counter;
};

#define NAME(what, n, member) \
	{ what, n, offsetof(struct netvsc_channel, member) }

static const struct name_case name_cases[] = {
	NAME("tx_0_packets", 0, tx.done.packets),
	NAME("tx_1_bytes", 1, tx.done.bytes),
	NAME("tx_2_errors", 2, tx.done.errors),
	NAME("tx_0_woken", 0, tx.done.woken),
	NAME("tx_0_copied", 0, tx.stats.copied),
	NAME("tx_1_direct", 1, tx.stats.direct),
	NAME("tx_2_dropped", 2, tx.stats.dropped),
	NAME("rx_0_packets", 0, rx.stats.packets),
	NAME("rx_1_bytes", 1, rx.stats.bytes),
	NAME("rx_1_malformed", 1, rx.stats.malformed),
	NAME("rx_2_xdp_drop", 2, rx.stats.xdp_drop),
	NAME("rx_2_xdp_errors", 2, rx.stats.xdp_errors),
};

KUNIT_ARRAY_PARAM_DESC(name, name_cases, name);

static void name_has_its_value(struct kunit *test)
{
	struct netvsc *nv = netvsc_priv(test->priv);
	const struct name_case *c = test->param_value;
	u64 value = 0;

	KUNIT_ASSERT_TRUE(test, find_value(test, c->name, &value));
	KUNIT_EXPECT_EQ(test, value,
			channel_counter(nv->channels[c->channel], c->counter));
}

static void vf_and_events_have_names(struct kunit *test)
{
	struct netvsc *nv = netvsc_priv(test->priv);
	u64 value = 0;

	KUNIT_ASSERT_TRUE(test, find_value(test, "vf_tx_bytes", &value));
	KUNIT_EXPECT_EQ(test, value, OF_VFS(tx_bytes));

	netvsc_count(nv, NETVSC_EV_TIMEOUT);
	netvsc_count(nv, NETVSC_EV_TIMEOUT);
	KUNIT_ASSERT_TRUE(test, find_value(test, "host_timeout", &value));
	KUNIT_EXPECT_EQ(test, value, 2);
	KUNIT_EXPECT_FALSE(test, find_value(test, "tx_3_packets", &value));
}

static struct kunit_case stats_cases[] = {
	KUNIT_CASE(device_has_all_channels_and_vfs),
	KUNIT_CASE(packets_for_vfs_are_known),
	KUNIT_CASE(queues_and_rest_make_the_device),
	KUNIT_CASE(queue_without_a_channel_has_zeros),
	KUNIT_CASE_PARAM(name_has_its_value, name_gen_params),
	KUNIT_CASE(vf_and_events_have_names),
	{}
};

static struct kunit_suite stats_suite = {
	.name = "netvsc_stats",
	.init = stats_test_init,
	.exit = stats_test_exit,
	.test_cases = stats_cases,
};

kunit_test_suite(stats_suite);

MODULE_DESCRIPTION("KUnit tests of the Hyper-V network driver's statistics");
MODULE_LICENSE("GPL");
