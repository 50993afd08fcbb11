// SPDX-License-Identifier: GPL-2.0
/*
 * The transparent VF: finds the VF that belongs to a netvsc, makes it the
 * netvsc's slave, and moves traffic to it and back.
 *
 * The way to the VF goes through a work item, because it opens the VF and asks
 * the host; both sleep, and neither belongs into a notifier of the VF's own.
 * The way back is gone at once by whoever takes the VF away, in the middle of
 * the notification: when it returns, the VF may go.  Both hold RTNL, so the
 * state machine (vf_state.c) has one hand on it at a time.  Waiting for the
 * host under RTNL is safe, because its answers come through NAPI, which wants
 * no RTNL, and NETVSC_HOST_TIMEOUT ends the wait for a dead host.
 *
 * Nothing here waits for user space.  A name can be changed while a device is
 * up (since Linux 6.3), so udev may take its time with the VF's, and the VF
 * carries traffic meanwhile.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/if_macvlan.h>
#include <linux/if_vlan.h>
#include <linux/netpoll.h>
#include <linux/pci.h>
#include <linux/rtnetlink.h>
#include <net/netdev_lock.h>
#include <net/sch_generic.h>

#include "netvsc.h"

/*
 * How long a VF may take to send or to take in what is in its rings, if it does
 * not come to an end by itself.  A full ring of 4,096 packets of 64 KiB is
 * 270 MB, and needs a fifth of this at the 10 Gbit/s of the slowest VFs that
 * hosts give out.  The other four fifths are for a guest that is short of CPU.
 */
#define VF_DRAIN_MS	1000

static LIST_HEAD(netvsc_list);	/* every attached netvsc; RTNL */
static struct workqueue_struct *vf_wq;

static struct netvsc *netvsc_of(struct netvsc_vf *nvf)
{
	return container_of(nvf, struct netvsc, vf);
}

/* Which VF belongs to which netvsc. */

static struct pci_dev *vf_pci_dev(const struct net_device *dev)
{
	struct device *parent;

	for (parent = dev->dev.parent; parent; parent = parent->parent)
		if (dev_is_pci(parent))
			return to_pci_dev(parent);
	return NULL;
}

/* A NIC of its own, as opposed to what is stacked on one. */
static bool vf_eligible(const struct net_device *dev)
{
	if (dev->type != ARPHRD_ETHER || dev->addr_len != ETH_ALEN)
		return false;
	if (is_vlan_dev(dev) || netif_is_macvlan(dev) ||
	    netif_is_bond_master(dev) || netif_is_team_master(dev) ||
	    netif_is_bridge_master(dev))
		return false;
	return !netvsc_dev_is(dev) && vf_pci_dev(dev);
}

/*
 * The Hyper-V PCI bus names a slot after the serial number that the host knows
 * the device by; the PCI core appends "-1" and so on if the name is taken.
 */
static bool vf_slot_serial(const struct net_device *dev, u32 *serial)
{
	const struct pci_dev *pdev = vf_pci_dev(dev);
	char number[16];

	if (!pdev || !pdev->slot)
		return false;
	strscpy(number, pci_slot_name(pdev->slot), sizeof(number));
	number[strcspn(number, "-")] = '\0';
	return !kstrtou32(number, 10, serial);
}

static bool vf_same_mac(const struct netvsc *nv, const struct net_device *vf)
{
	const struct net_device *ndev = nv->ndev;
	const u8 *mac = vf->perm_addr;

	/* Not filled in yet while the VF is being registered. */
	if (!is_valid_ether_addr(mac))
		mac = vf->dev_addr;
	return ether_addr_equal(mac, ndev->perm_addr) ||
	       ether_addr_equal(mac, ndev->dev_addr);
}

/**
 * vf_kinship() - how sure it is that a VF belongs to a netvsc
 * @nv: the netvsc
 * @vf: an eligible device
 *
 * Both signs can fail alone.  The serial number is that of a PCI device, which
 * may have several ports; and the association that brings it may be older than
 * the VF, or not there yet.  A VF that the host gave no address has a random
 * one.
 *
 * Return: 0 if it does not, else more for better signs.
 */
static unsigned int vf_kinship(struct netvsc *nv, const struct net_device *vf)
{
	struct netvsc_vf *nvf = &nv->vf;
	bool known, same;
	u32 serial;

	spin_lock_bh(&nvf->assoc_lock);
	known = nvf->assoc_present && vf_slot_serial(vf, &serial);
	same = known && serial == nvf->assoc_serial;
	spin_unlock_bh(&nvf->assoc_lock);

	if (vf_same_mac(nv, vf))
		return same ? 3 : known ? 1 : 2;
	return same && vf->addr_assign_type == NET_ADDR_RANDOM ? 2 : 0;
}

static struct netvsc *vf_partner(const struct net_device *vf)
{
	unsigned int kinship, best = 0;
	struct netvsc *found = NULL;
	struct netvsc_vf *nvf;

	if (!vf_eligible(vf))
		return NULL;
	list_for_each_entry(nvf, &netvsc_list, entry) {
		kinship = vf_kinship(netvsc_of(nvf), vf);
		if (kinship > best) {
			best = kinship;
			found = netvsc_of(nvf);
		}
	}
	return found;
}

/* The netvsc that has @vf, as opposed to one that should. */
static struct netvsc *vf_owner(const struct net_device *vf)
{
	struct netvsc_vf *nvf;

	list_for_each_entry(nvf, &netvsc_list, entry)
		if (nvf->vf == vf)
			return netvsc_of(nvf);
	return NULL;
}

/* Is the VF fit to carry traffic? */

static bool vf_associated(struct netvsc_vf *nvf)
{
	bool associated;

	spin_lock_bh(&nvf->assoc_lock);
	associated = nvf->assoc_present &&
		     (!nvf->has_serial || nvf->serial == nvf->assoc_serial);
	spin_unlock_bh(&nvf->assoc_lock);
	return associated;
}

static bool vf_fit(struct netvsc *nv)
{
	const struct net_device *ndev = nv->ndev;
	struct netvsc_vf *nvf = &nv->vf;
	struct net_device *vf = nvf->vf;

	if (!vf || !nvf->open || !nvf->session || nvf->was_up || nvf->going)
		return false;
	if (!(vf->flags & IFF_UP) || !netif_running(vf) ||
	    !netif_carrier_ok(vf) || !netif_device_present(vf))
		return false;
	/*
	 * The carrier comes from the VF's driver, and the link watch follows
	 * with the queueing discipline.  Until then there is one that drops
	 * everything; NETDEV_CHANGE tells when it is gone.
	 */
	if (qdisc_tx_is_noop(vf))
		return false;
	if (vf->mtu < ndev->mtu ||
	    !ether_addr_equal(vf->dev_addr, ndev->dev_addr))
		return false;
	return vf_associated(nvf);
}

/* Receive and transmit. */

static rx_handler_result_t vf_receive(struct sk_buff **pskb)
{
	struct sk_buff *skb = skb_share_check(*pskb, GFP_ATOMIC);
	struct netvsc_vf_counters *counters;
	struct net_device *ndev;
	struct netvsc *nv;

	*pskb = skb;
	if (!skb)
		return RX_HANDLER_CONSUMED;

	/* A copy of what the VF itself sent, for packet sockets. */
	if (unlikely(skb->pkt_type == PACKET_LOOPBACK))
		return RX_HANDLER_PASS;

	nv = rcu_dereference(skb->dev->rx_handler_data);
	ndev = nv->ndev;
	/* Somebody brought the VF up by hand, and netvsc is down. */
	if (unlikely(!(ndev->flags & IFF_UP))) {
		kfree_skb(skb);
		return RX_HANDLER_CONSUMED;
	}

	skb->dev = ndev;
	/* Judged by the VF's address, which may be older than netvsc's. */
	if (unlikely(skb->pkt_type == PACKET_OTHERHOST) &&
	    ether_addr_equal(eth_hdr(skb)->h_dest, ndev->dev_addr))
		skb->pkt_type = PACKET_HOST;

	counters = this_cpu_ptr(nv->vf.counters);
	u64_stats_update_begin(&counters->syncp);
	/* What GRO has merged are several packets on the wire. */
	u64_stats_add(&counters->rx_packets,
		      max_t(u16, skb_shinfo(skb)->gso_segs, 1));
	u64_stats_add(&counters->rx_bytes, skb->len + ETH_HLEN);
	if (skb->pkt_type == PACKET_MULTICAST)
		u64_stats_inc(&counters->rx_multicast);
	u64_stats_update_end(&counters->syncp);
	return RX_HANDLER_ANOTHER;
}

static void vf_todo(struct netvsc_vf *nvf, enum netvsc_vf_todo todo)
{
	if (!test_and_set_bit(todo, &nvf->todo))
		queue_work(vf_wq, &nvf->work);
}

/**
 * netvsc_vf_send() - hand a packet to the VF
 * @nvf: of the netvsc
 * @vf: its VF
 * @skb: the packet; not touched if this returns false
 *
 * Context: ndo_start_xmit of netvsc, through netvsc_vf_xmit().
 *
 * Return: true if @skb is gone; false if the VF cannot take it, and it is for
 * the channels.
 */
bool netvsc_vf_send(struct netvsc_vf *nvf, struct net_device *vf,
		    struct sk_buff *skb)
{
	unsigned int packets = max_t(u16, skb_shinfo(skb)->gso_segs, 1);
	struct netvsc_vf_counters *counters;
	unsigned int bytes = skb->len;
	int ret;

	/* netpoll calls with interrupts off, which a qdisc does not allow. */
	if (unlikely(netpoll_tx_running(skb->dev)))
		return false;

	if (unlikely(!netif_running(vf) || !netif_carrier_ok(vf))) {
		/* The link watch would tell within a second; this is now. */
		vf_todo(nvf, NETVSC_VF_LINK);
		return false;
	}

	/*
	 * netvsc's choice of a queue is no hint for the VF's: without one, the
	 * VF chooses by its own rules.
	 */
	skb_set_queue_mapping(skb, 0);
	skb->dev = vf;
	ret = dev_queue_xmit(skb);

	counters = this_cpu_ptr(nvf->counters);
	u64_stats_update_begin(&counters->syncp);
	if (likely(ret == NET_XMIT_SUCCESS || ret == NET_XMIT_CN)) {
		u64_stats_add(&counters->tx_packets, packets);
		u64_stats_add(&counters->tx_bytes, bytes);
	} else {
		u64_stats_inc(&counters->tx_dropped);
	}
	u64_stats_update_end(&counters->syncp);
	return true;
}

/* Statistics. */

enum {
	VF_STAT_RX_PACKETS,
	VF_STAT_RX_BYTES,
	VF_STAT_RX_MULTICAST,
	VF_STAT_TX_PACKETS,
	VF_STAT_TX_BYTES,
	VF_STAT_TX_DROPPED,
	VF_NR_STATS
};

static const char vf_stat_names[VF_NR_STATS][ETH_GSTRING_LEN] = {
	[VF_STAT_RX_PACKETS]	= "vf_rx_packets",
	[VF_STAT_RX_BYTES]	= "vf_rx_bytes",
	[VF_STAT_RX_MULTICAST]	= "vf_rx_multicast",
	[VF_STAT_TX_PACKETS]	= "vf_tx_packets",
	[VF_STAT_TX_BYTES]	= "vf_tx_bytes",
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

static u64 vf_given_packets(struct netvsc *nv)
{
	u64 value[VF_NR_STATS];

	netvsc_vf_stats_values(nv, value);
	return value[VF_STAT_TX_PACKETS];
}

static u64 vf_sent_packets(struct net_device *vf)
{
	struct rtnl_link_stats64 stats;

	dev_get_stats(vf, &stats);
	return stats.tx_packets;
}

/* Draining a VF before it is left. */

/*
 * Have the VF's driver look at its rings.  An interrupt may be on its way, or
 * be held back by moderation.
 */
static void vf_poll(struct net_device *vf)
{
	struct napi_struct *napi;

	list_for_each_entry(napi, &vf->napi_list, dev_list) {
		local_bh_disable();
		napi_schedule(napi);
		local_bh_enable();
	}
}

/* A NAPI that is disabled counts as scheduled, and is not coming to an end. */
static bool vf_napi_busy(const struct napi_struct *napi)
{
	return test_bit(NAPI_STATE_SCHED, &napi->state) &&
	       !test_bit(NAPI_STATE_NPSVC, &napi->state) &&
	       !test_bit(NAPI_STATE_DISABLE, &napi->state);
}

static bool vf_polling(struct net_device *vf)
{
	struct napi_struct *napi;

	list_for_each_entry(napi, &vf->napi_list, dev_list)
		if (vf_napi_busy(napi))
			return true;
	return false;
}

static bool vf_bql_idle(const struct net_device *vf)
{
#ifdef CONFIG_BQL
	const struct dql *dql;
	unsigned int i;

	for (i = 0; i < vf->real_num_tx_queues; i++) {
		dql = &netdev_get_tx_queue(vf, i)->dql;
		if (READ_ONCE(dql->num_queued) != READ_ONCE(dql->num_completed))
			return false;
	}
#endif
	return true;
}

/*
 * There is no event that says "transmit ring empty".  There are three signs,
 * and a VF shows those that it has: an empty qdisc, byte queue limits with
 * nothing in flight, and statistics that count what has been sent.  The last
 * one is all that ixgbevf has for its ring, and it counts on completion; a
 * driver that counts on transmit passes it at once, and those have BQL.
 */
static bool vf_sent_all(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	struct net_device *vf = nvf->vf;
	u64 given;

	if (!qdisc_all_tx_empty(vf) || !vf_bql_idle(vf))
		return false;
	given = vf_given_packets(nv) - nvf->tx_base;
	return vf_sent_packets(vf) - nvf->tx_vf_base >= given;
}

/*
 * The IDs, which pci_device_is_present() looks at, are the Hyper-V PCI bus's
 * own knowledge; the command register is the device's.
 */
static bool vf_answers(struct net_device *vf)
{
	u16 command;

	pci_read_config_word(vf_pci_dev(vf), PCI_COMMAND, &command);
	return !PCI_POSSIBLE_ERROR(command);
}

/* Longer and longer: looking keeps the VF's driver from working. */
static void vf_drain_pause(unsigned int *usecs)
{
	usleep_range(*usecs, 2 * *usecs);
	*usecs = min(2 * *usecs, 4000U);
}

static void vf_drain_tx(struct netvsc *nv)
{
	unsigned long end = jiffies + msecs_to_jiffies(VF_DRAIN_MS);
	struct net_device *vf = nv->vf.vf;
	unsigned int usecs = 50;

	/* What cannot be sent any more is not worth waiting for. */
	if (!netif_carrier_ok(vf) || !vf_answers(vf))
		return;
	while (!vf_sent_all(nv)) {
		if (time_after(jiffies, end)) {
			netdev_info(nv->ndev, "VF %s did not send all it had\n",
				    netdev_name(vf));
			return;
		}
		vf_poll(vf);
		vf_drain_pause(&usecs);
	}
}

/*
 * The host has said that it delivers to the VF no more, so one complete look
 * at the rings finds all that there is.
 */
static void vf_drain_rx(struct netvsc *nv)
{
	unsigned long end = jiffies + msecs_to_jiffies(VF_DRAIN_MS);
	struct net_device *vf = nv->vf.vf;
	unsigned int usecs = 50;

	vf_poll(vf);
	while (vf_polling(vf) && !time_after(jiffies, end))
		vf_drain_pause(&usecs);
}

/* Settings that a VF has from its netvsc. */

static void vf_follow_mtu(struct netvsc *nv)
{
	struct net_device *vf = nv->vf.vf;
	int err;

	if (vf->mtu == nv->ndev->mtu)
		return;
	err = dev_set_mtu(vf, nv->ndev->mtu);
	if (!err)
		return;
	netdev_info(nv->ndev, "VF %s keeps an MTU of %u (%d)%s\n",
		    netdev_name(vf), vf->mtu, err,
		    vf->mtu < nv->ndev->mtu ? ": not used" : "");
}

static void vf_follow_mac(struct netvsc *nv)
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

static void vf_follow(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	struct net_device *vf = nvf->vf;
	int err;

	if (!vf)
		return;
	/* Addresses that it got while nobody owned it go with its link. */
	if (nvf->was_up) {
		nvf->was_up = false;
		dev_close(vf);
	}
	vf_follow_mtu(nv);
	vf_follow_mac(nv);
	vf_follow_flags(nv, nv->ndev->flags);
	vf_follow_lists(nv);
	if (!nvf->open)
		return;
	err = dev_open(vf, NULL);
	if (err)
		netdev_info(nv->ndev, "VF %s does not come up (%d)\n",
			    netdev_name(vf), err);
}

/* Enslaving. */

/*
 * IFF_SLAVE is for user space, which leaves such devices alone;
 * IFF_NO_ADDRCONF for IPv6, which would give the VF a link-local address.
 */
static void vf_mark(struct net_device *vf)
{
	vf->flags |= IFF_SLAVE;
	vf->priv_flags |= IFF_NO_ADDRCONF;
}

static void vf_unmark(struct net_device *vf)
{
	vf->flags &= ~IFF_SLAVE;
	vf->priv_flags &= ~IFF_NO_ADDRCONF;
}

static int vf_enslave(struct netvsc *nv, struct net_device *vf)
{
	int err;

	vf_mark(vf);
	err = netdev_rx_handler_register(vf, vf_receive, nv);
	if (err)
		goto unmark;
	err = netdev_master_upper_dev_link(vf, nv->ndev, NULL, NULL, NULL);
	if (err)
		goto unregister;
	return 0;

unregister:
	netdev_rx_handler_unregister(vf);
unmark:
	vf_unmark(vf);
	return err;
}

static void vf_release(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	struct net_device *vf = nvf->vf;

	netdev_rx_handler_unregister(vf);
	if (nvf->lists)
		vf_forget_lists(nv);
	vf_follow_flags(nv, 0);
	/* Before the link goes: its notification then shows a free device. */
	vf_unmark(vf);
	netdev_upper_dev_unlink(vf, nv->ndev);
	netdev_info(nv->ndev, "VF %s released\n", netdev_name(vf));
	nvf->vf = NULL;
	nvf->promisc = false;
	nvf->allmulti = false;
	netdev_put(vf, &nvf->tracker);
}

/* What the actions of a step do, in the order of their bits. */

static void vf_stop_tx(struct netvsc *nv)
{
	RCU_INIT_POINTER(nv->vf.tx, NULL);
	/* Whoever saw the pointer has queued its packet after this. */
	synchronize_net();
}

static void vf_start_tx(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	nvf->tx_base = vf_given_packets(nv);
	nvf->tx_vf_base = vf_sent_packets(nvf->vf);
	rcu_assign_pointer(nvf->tx, nvf->vf);
	netdev_info(nv->ndev, "data path switched to VF %s\n",
		    netdev_name(nvf->vf));
}

static void vf_to_vmbus(struct netvsc *nv)
{
	int err = nvsp_switch_data_path(nv, false);

	/* -ENODEV: there is no session, and no path but for the next one. */
	if (err && err != -ENODEV)
		netdev_info(nv->ndev, "host kept the data path on the VF (%d)\n",
			    err);
	else
		netdev_info(nv->ndev, "data path switched to VMBus\n");
}

static void vf_close(struct netvsc *nv)
{
	dev_close(nv->vf.vf);
}

static void vf_want_follow(struct netvsc *nv)
{
	vf_todo(&nv->vf, NETVSC_VF_FOLLOW);
}

static void vf_want_switch(struct netvsc *nv)
{
	vf_todo(&nv->vf, NETVSC_VF_ASK);
}

static const struct vf_action {
	u16 bit;
	void (*run)(struct netvsc *nv);
} vf_actions[] = {
	{ VF_DO_STOP_TX,	vf_stop_tx },
	{ VF_DO_DRAIN_TX,	vf_drain_tx },
	{ VF_DO_TO_VMBUS,	vf_to_vmbus },
	{ VF_DO_DRAIN_RX,	vf_drain_rx },
	{ VF_DO_CLOSE,		vf_close },
	{ VF_DO_RELEASE,	vf_release },
	{ VF_DO_FOLLOW,		vf_want_follow },
	{ VF_DO_ASK,		vf_want_switch },
	{ VF_DO_START_TX,	vf_start_tx },
};

/*
 * Actions may raise notifications that come back here, closing the VF for one.
 * They find the new state, in which the table has nothing to do for them.
 */
static void vf_feed(struct netvsc *nv, enum vf_input input)
{
	struct netvsc_vf *nvf = &nv->vf;
	const struct vf_step *step;
	unsigned int i;

	ASSERT_RTNL();
	step = vf_state_step(nvf->state, input, vf_fit(nv));
	if (step->next != nvf->state)
		netdev_dbg(nv->ndev, "VF %s -> %s (%s)\n",
			   vf_state_name(nvf->state), vf_state_name(step->next),
			   vf_input_name(input));
	nvf->state = step->next;
	for (i = 0; i < ARRAY_SIZE(vf_actions); i++)
		if (step->actions & vf_actions[i].bit)
			vf_actions[i].run(nv);
}

/* Binding. */

static void vf_bind(struct netvsc *nv, struct net_device *vf)
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
	nvf->has_serial = vf_slot_serial(vf, &nvf->serial);
	netdev_info(nv->ndev, "VF %s bound\n", netdev_name(vf));
	vf_feed(nv, VF_IN_REGISTERED);
}

/* Takes a VF that is there already, or a better one than it has. */
static void vf_look_around(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	struct net_device *found = NULL;
	unsigned int best = 0;
	unsigned int kinship;
	struct net_device *dev;

	for_each_netdev(dev_net(nv->ndev), dev) {
		if (vf_partner(dev) != nv)
			continue;
		if (dev != nvf->vf && vf_owner(dev))
			continue;
		kinship = vf_kinship(nv, dev);
		/* Of two that are as good, the one that it has. */
		if (kinship > best || (kinship == best && dev == nvf->vf)) {
			best = kinship;
			found = dev;
		}
	}
	if (!found || found == nvf->vf)
		return;
	if (nvf->vf)
		vf_feed(nv, VF_IN_DETACH);
	vf_bind(nv, found);
}

/*
 * A VF that netvsc has left behind by moving to another namespace, or that was
 * plugged while netvsc was in one, comes after it.  One that somebody has moved
 * away does not.
 */
static void vf_fetch(struct netvsc *nv)
{
	struct net *home = dev_net(nv->ndev);
	struct netvsc_vf *nvf = &nv->vf;
	struct net_device *dev, *found = NULL;
	struct net *net;
	int err;

	for_each_net(net) {
		if (net != nvf->fetch_from || net_eq(net, home))
			continue;
		for_each_netdev(net, dev)
			if (vf_partner(dev) == nv && !vf_owner(dev))
				found = dev;
	}
	nvf->fetch_from = NULL;
	if (!found || nvf->vf)
		return;
	err = dev_change_net_namespace(found, home, "eth%d");
	if (!err)
		return;
	netdev_info(nv->ndev, "VF %s does not come along (%d)\n",
		    netdev_name(found), err);
	vf_unmark(found);
}

/* The work item: whatever sleeps, or was found out where RTNL cannot be had. */

static void vf_take_association(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	/* Given back and taken again still moved the host's data path. */
	if (test_and_clear_bit(NETVSC_VF_DISSOCIATED, &nvf->todo))
		vf_feed(nv, VF_IN_DISSOCIATED);
	vf_look_around(nv);
	vf_feed(nv, vf_associated(nvf) ? VF_IN_ASSOCIATED : VF_IN_DISSOCIATED);
}

static void vf_check_link(struct netvsc *nv)
{
	struct net_device *vf = nv->vf.vf;

	if (vf && !netif_carrier_ok(vf))
		vf_feed(nv, VF_IN_CARRIER_OFF);
}

static void vf_ask(struct netvsc *nv)
{
	int err;

	if (nv->vf.state != VF_UP)
		return;
	err = nvsp_switch_data_path(nv, true);
	if (err)
		netdev_info(nv->ndev, "data path stays on VMBus: %s (%d)\n",
			    err == -ETIMEDOUT ? "no answer" : "refused", err);
	if (!err)
		vf_feed(nv, VF_IN_SWITCH_ACKED);
	else if (err == -ETIMEDOUT)
		vf_feed(nv, VF_IN_SWITCH_TIMED_OUT);
	else
		vf_feed(nv, VF_IN_SWITCH_REFUSED);
}

static void vf_work(struct work_struct *work)
{
	struct netvsc_vf *nvf = container_of(work, struct netvsc_vf, work);
	struct netvsc *nv = netvsc_of(nvf);

	rtnl_lock();
	if (!nvf->attached)
		goto unlock;
	if (test_and_clear_bit(NETVSC_VF_ASSOCIATION, &nvf->todo))
		vf_take_association(nv);
	if (test_and_clear_bit(NETVSC_VF_FETCH, &nvf->todo))
		vf_fetch(nv);
	if (test_and_clear_bit(NETVSC_VF_LINK, &nvf->todo))
		vf_check_link(nv);
	if (test_and_clear_bit(NETVSC_VF_FOLLOW, &nvf->todo))
		vf_follow(nv);
	if (test_and_clear_bit(NETVSC_VF_ASK, &nvf->todo))
		vf_ask(nv);
unlock:
	rtnl_unlock();
}

/* Notifications. */

static void vf_registering(struct net_device *dev)
{
	struct netvsc *nv = vf_partner(dev);

	/*
	 * Before the device can be seen in sysfs, so that there is no moment
	 * in which it looks free.  Linking it to its master takes its sysfs
	 * directory, and has to wait for NETDEV_REGISTER; RTNL is held from
	 * here to there.
	 */
	if (nv && !nv->vf.vf)
		vf_mark(dev);
}

static void vf_registered(struct net_device *dev)
{
	struct netvsc *nv = vf_partner(dev);

	if (!nv)
		return;
	/* Marked: it is new, and not here because somebody moved it. */
	if (!nv->vf.vf && (dev->flags & IFF_SLAVE) &&
	    !net_eq(dev_net(dev), dev_net(nv->ndev))) {
		nv->vf.fetch_from = dev_net(dev);
		vf_todo(&nv->vf, NETVSC_VF_FETCH);
		return;
	}
	vf_bind(nv, dev);
}

static void vf_event(struct netvsc *nv, struct net_device *vf,
		     unsigned long event)
{
	switch (event) {
	case NETDEV_UP:
		vf_feed(nv, VF_IN_OPENED);
		break;
	case NETDEV_GOING_DOWN:
		vf_feed(nv, VF_IN_CLOSING);
		break;
	case NETDEV_CHANGE:
		vf_feed(nv, netif_carrier_ok(vf) ? VF_IN_CARRIER_ON :
						   VF_IN_CARRIER_OFF);
		break;
	case NETDEV_CHANGEMTU:
	case NETDEV_CHANGEADDR:
		vf_feed(nv, VF_IN_CHANGED);
		break;
	case NETDEV_CHANGENAME:
		vf_feed(nv, VF_IN_RENAMED);
		break;
	case NETDEV_UNREGISTER:
		/* A device that changes namespace is still registered. */
		vf_feed(nv, vf->reg_state == NETREG_REGISTERED ?
			    VF_IN_MOVED : VF_IN_UNREGISTERED);
		break;
	}
}

static void netvsc_event(struct netvsc *nv, unsigned long event)
{
	bool bound = nv->vf.vf;

	switch (event) {
	case NETDEV_CHANGEMTU:
		if (bound)
			vf_follow_mtu(nv);
		vf_feed(nv, VF_IN_CHANGED);
		break;
	case NETDEV_CHANGEADDR:
		if (bound)
			vf_follow_mac(nv);
		vf_feed(nv, VF_IN_CHANGED);
		break;
	case NETDEV_UNREGISTER:
		/* From the old namespace. */
		nv->vf.fetch_from = bound ? dev_net(nv->ndev) : NULL;
		vf_feed(nv, VF_IN_NETVSC_MOVED);
		break;
	case NETDEV_REGISTER:
		/* In the new one. */
		vf_look_around(nv);
		vf_todo(&nv->vf, NETVSC_VF_FETCH);
		break;
	}
}

static struct netvsc *netvsc_attached(const struct net_device *ndev)
{
	struct netvsc_vf *nvf;

	list_for_each_entry(nvf, &netvsc_list, entry)
		if (netvsc_of(nvf)->ndev == ndev)
			return netvsc_of(nvf);
	return NULL;
}

static int vf_notify(struct notifier_block *nb, unsigned long event, void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);
	struct netvsc *nv;

	nv = netvsc_attached(dev);
	if (nv) {
		netvsc_event(nv, event);
		return NOTIFY_DONE;
	}
	nv = vf_owner(dev);
	if (nv)
		vf_event(nv, dev, event);
	else if (event == NETDEV_POST_INIT)
		vf_registering(dev);
	else if (event == NETDEV_REGISTER)
		vf_registered(dev);
	return NOTIFY_DONE;
}

static struct notifier_block vf_notifier = {
	.notifier_call = vf_notify,
};

#ifdef CONFIG_PCI
/*
 * A driver is about to be taken off a PCI device, by an eject for one.  This is
 * the best time to leave its VF: the driver does not know yet and works in
 * full, while in the midst of its removal it may have stopped to serve its
 * interrupts.  NETDEV_GOING_DOWN comes later, and only finds less to do.
 */
static int vf_pci_notify(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	struct device *dev = data;
	struct netvsc_vf *nvf;

	if (event != BUS_NOTIFY_UNBIND_DRIVER)
		return NOTIFY_DONE;
	rtnl_lock();
	list_for_each_entry(nvf, &netvsc_list, entry) {
		if (!nvf->vf || &vf_pci_dev(nvf->vf)->dev != dev)
			continue;
		nvf->going = true;
		vf_feed(netvsc_of(nvf), VF_IN_CLOSING);
	}
	rtnl_unlock();
	return NOTIFY_DONE;
}

static struct notifier_block vf_pci_notifier = {
	.notifier_call = vf_pci_notify,
};

static int vf_pci_watch(void)
{
	return bus_register_notifier(&pci_bus_type, &vf_pci_notifier);
}

static void vf_pci_unwatch(void)
{
	bus_unregister_notifier(&pci_bus_type, &vf_pci_notifier);
}
#else
static int vf_pci_watch(void)
{
	return 0;
}

static void vf_pci_unwatch(void)
{
}
#endif

/**
 * netvsc_vf_notifier_register() - begin to watch for VFs
 *
 * Context: module init, before any netvsc. Sleeps.
 *
 * Return: 0, or a negative error.
 */
int netvsc_vf_notifier_register(void)
{
	int err;

	vf_wq = alloc_workqueue("netvsc_vf", WQ_UNBOUND, 0);
	if (!vf_wq)
		return -ENOMEM;
	err = vf_pci_watch();
	if (err)
		goto workqueue;
	err = register_netdevice_notifier(&vf_notifier);
	if (err)
		goto pci;
	return 0;

pci:
	vf_pci_unwatch();
workqueue:
	destroy_workqueue(vf_wq);
	return err;
}

/**
 * netvsc_vf_notifier_unregister() - undo netvsc_vf_notifier_register()
 *
 * Context: module exit, after the last netvsc. Sleeps.
 */
void netvsc_vf_notifier_unregister(void)
{
	unregister_netdevice_notifier(&vf_notifier);
	vf_pci_unwatch();
	destroy_workqueue(vf_wq);
}

/* A netvsc's life. */

/**
 * netvsc_vf_init() - prepare a netvsc for VFs
 * @nv: the netvsc; its net_device is not registered yet
 *
 * Context: probe, before the session starts. Sleeps.
 *
 * Return: 0 or -ENOMEM.
 */
int netvsc_vf_init(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	int cpu;

	nvf->counters = alloc_percpu(struct netvsc_vf_counters);
	if (!nvf->counters)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(nvf->counters, cpu)->syncp);
	nvf->session = true;
	spin_lock_init(&nvf->assoc_lock);
	INIT_WORK(&nvf->work, vf_work);
	/* Transmit takes the VF's queue lock with netvsc's held. */
	netdev_lockdep_set_classes(nv->ndev);
	return 0;
}

/**
 * netvsc_vf_uninit() - undo netvsc_vf_init()
 * @nv: the netvsc; its net_device is not registered any more, and its session
 *	over
 *
 * Context: remove, or a probe that failed. Sleeps.
 */
void netvsc_vf_uninit(struct netvsc *nv)
{
	/* An association may have come before attach or after detach. */
	cancel_work_sync(&nv->vf.work);
	free_percpu(nv->vf.counters);
}

/**
 * netvsc_vf_attach() - let a netvsc have a VF, now or later
 * @nv: the netvsc
 *
 * Context: probe, under the same RTNL as the registration of the net_device,
 * so that a VF comes either before both or after both.
 */
void netvsc_vf_attach(struct netvsc *nv)
{
	ASSERT_RTNL();
	list_add_tail(&nv->vf.entry, &netvsc_list);
	nv->vf.attached = true;
	vf_look_around(nv);
	/* What the host has said so far. */
	queue_work(vf_wq, &nv->vf.work);
}

/**
 * netvsc_vf_detach() - undo netvsc_vf_attach()
 * @nv: the netvsc, still registered
 *
 * Its VF is left down and nobody's slave.
 *
 * Context: remove. Takes RTNL, sleeps for the host.
 */
void netvsc_vf_detach(struct netvsc *nv)
{
	rtnl_lock();
	vf_feed(nv, VF_IN_DETACH);
	nv->vf.attached = false;
	list_del(&nv->vf.entry);
	rtnl_unlock();
	cancel_work_sync(&nv->vf.work);
}

/**
 * netvsc_vf_open() - netvsc is open
 * @nv: the netvsc
 *
 * The VF follows soon after.
 *
 * Context: end of ndo_open. RTNL.
 */
void netvsc_vf_open(struct netvsc *nv)
{
	nv->vf.open = true;
	vf_feed(nv, VF_IN_NETVSC_OPENED);
}

/**
 * netvsc_vf_stop() - netvsc is about to stop
 * @nv: the netvsc; it still works in full
 *
 * When this returns, the VF is down.
 *
 * Context: start of ndo_stop. RTNL; sleeps for the host.
 */
void netvsc_vf_stop(struct netvsc *nv)
{
	vf_feed(nv, VF_IN_NETVSC_STOPPED);
	nv->vf.open = false;
}

/**
 * netvsc_vf_session_ending() - netvsc is about to leave its session
 * @nv: the netvsc; it still works in full
 *
 * For a change that needs a new session, or a suspend: the VF stays bound and
 * up, but the data path goes back first, in an orderly way.
 *
 * Context: RTNL; sleeps for the host.
 */
void netvsc_vf_session_ending(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	vf_feed(nv, VF_IN_SESSION_ENDING);
	nvf->session = false;
	/* The next session's host says it anew. */
	spin_lock_bh(&nvf->assoc_lock);
	nvf->assoc_present = false;
	spin_unlock_bh(&nvf->assoc_lock);
}

/**
 * netvsc_vf_session_started() - undo netvsc_vf_session_ending()
 * @nv: the netvsc, with its new session
 *
 * Context: RTNL.
 */
void netvsc_vf_session_started(struct netvsc *nv)
{
	nv->vf.session = true;
	vf_feed(nv, VF_IN_SESSION_STARTED);
}

/**
 * netvsc_vf_association() - the host gives netvsc a VF, or takes it back
 * @nv: the netvsc
 * @present: which of the two
 * @serial: of the VF; counts only if @present
 *
 * Context: any; from NAPI.
 */
void netvsc_vf_association(struct netvsc *nv, bool present, u32 serial)
{
	struct netvsc_vf *nvf = &nv->vf;

	spin_lock_bh(&nvf->assoc_lock);
	if (nvf->assoc_present && (!present || serial != nvf->assoc_serial))
		set_bit(NETVSC_VF_DISSOCIATED, &nvf->todo);
	nvf->assoc_present = present;
	nvf->assoc_serial = serial;
	spin_unlock_bh(&nvf->assoc_lock);
	vf_todo(nvf, NETVSC_VF_ASSOCIATION);
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
