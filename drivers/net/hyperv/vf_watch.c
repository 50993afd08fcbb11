// SPDX-License-Identifier: GPL-2.0
/*
 * Watches whether a VF in use still sends.  A device may hang, or be reset
 * behind its driver's back, with the link up as before; the driver notices when
 * a ring is full for some seconds, which a connection that waits for an answer
 * never fills.  Or its driver resets it, and detaches it meanwhile.
 *
 * A VF that does not work, or does not open, is tried again after a while.
 */
#include <linux/etherdevice.h>
#include <linux/pci.h>
#include <linux/rtnetlink.h>

#include "vf_internal.h"

#define VF_WATCH_PERIOD	HZ

/*
 * A VF that hangs is opened anew, which may help or not: it is tried again after a
 * while that is longer each time.
 */
#define VF_PENALTY_MIN	(30 * HZ)
#define VF_PENALTY_MAX	(600 * HZ)

/**
 * struct vf_look - what there is to see of a VF's transmit
 * @sent: a number that changes when the VF has sent something
 * @waiting: what it was given and has not sent; but a VF may lose packets, and
 *	a driver may count them in its own way, so that only a change says much
 */
struct vf_look {
	u64 sent;
	u64 waiting;
};

/*
 * The IDs, which pci_device_is_present() looks at, are the Hyper-V PCI bus's
 * own knowledge; the command register is the device's.  In the course of a reset
 * all is off in there, and of all that a VF only has bus mastering for certain: its
 * memory may be the PF's to switch on.
 */
bool netvsc_vf_answers(struct net_device *vf)
{
	u16 command;

	pci_read_config_word(netvsc_vf_pci_dev(vf), PCI_COMMAND, &command);
	return !PCI_POSSIBLE_ERROR(command) && (command & PCI_COMMAND_MASTER);
}

/*
 * Byte queue limits, which are exact: what a VF is done with, and what it is not.
 * Return: false if its driver has none.
 */
bool netvsc_vf_bql(const struct net_device *vf, u64 *completed, u64 *in_flight)
{
	*completed = 0;
	*in_flight = 0;
#ifdef CONFIG_BQL
	for (unsigned int i = 0; i < vf->real_num_tx_queues; i++) {
		const struct dql *dql = &netdev_get_tx_queue(vf, i)->dql;
		unsigned int done = READ_ONCE(dql->num_completed);

		*completed += done;
		*in_flight += READ_ONCE(dql->num_queued) - done;
	}
#endif
	return *completed || *in_flight;
}

/*
 * Drivers read statistics from the device, and some take one that does not answer
 * for gone, for good.  It may be in the midst of a reset, and sends nothing.
 * Return: packets that the VF says to have sent, or @otherwise.
 */
u64 netvsc_vf_sent(struct net_device *vf, u64 otherwise)
{
	struct rtnl_link_stats64 stats;

	if (!netvsc_vf_answers(vf))
		return otherwise;
	dev_get_stats(vf, &stats);
	return stats.tx_packets;
}

static void vf_look(struct netvsc *nv, const struct netvsc_vf_given *given,
		    struct vf_look *look)
{
	struct netvsc_vf *nvf = &nv->vf;

	if (netvsc_vf_bql(nvf->vf, &look->sent, &look->waiting))
		return;
	look->sent = netvsc_vf_sent(nvf->vf, nvf->seen_sent);
	look->waiting = given->packets - nvf->tx_base -
			(look->sent - nvf->tx_vf_base);
}

/* Of frames of XDP not all drivers show that they were sent. */
static u64 vf_to_be_seen(const struct netvsc_vf_given *given)
{
	return given->packets - given->frames;
}

static void vf_note(struct netvsc_vf *nvf, const struct netvsc_vf_given *given,
		    u64 sent)
{
	nvf->seen_given = vf_to_be_seen(given);
	nvf->seen_sent = sent;
	nvf->look_at = jiffies + VF_WATCH_PERIOD;
}

/* Once it is active, and from then on until it goes. */
void netvsc_vf_watch_start(struct netvsc *nv)
{
	struct netvsc_vf_given given = netvsc_vf_given(nv);
	struct netvsc_vf *nvf = &nv->vf;
	struct vf_look look;

	nvf->overdue = false;
	nvf->probed = false;
	nvf->settled = 0;
	vf_look(nv, &given, &look);
	vf_note(nvf, &given, look.sent);
	netvsc_vf_wake(nvf, VF_WATCH_PERIOD);
}

/* No notification tells that it is attached again, either. */
void netvsc_vf_watch_detached(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	if (nvf->detached)
		return;
	nvf->detached = true;
	nvf->look_at = jiffies + VF_WATCH_PERIOD;
	netvsc_vf_wake(nvf, VF_WATCH_PERIOD);
}

/* In the work, which sees at its end when it has to come again */
void netvsc_vf_watch_closed(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	/* One that did not send has its time. */
	if (nvf->stalled)
		return;
	nvf->retry_at = jiffies + VF_PENALTY_MIN;
	nvf->look_at = nvf->retry_at;
}

bool netvsc_vf_watching(const struct netvsc_vf *nvf)
{
	return nvf->vf && (nvf->state == VF_ACTIVE || nvf->stalled ||
			   nvf->closed || nvf->detached);
}

/*
 * A reset behind the driver's back has undone what the driver had set up, and
 * nothing but opening it anew does that again.  It also frees what the VF was given
 * and has not sent, and that cannot wait: TCP does not send again what a device
 * still holds, and a socket sends nothing while all it may send is held there.
 */
static void vf_reopen(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	if (!(nvf->vf->flags & IFF_UP) || !netif_device_present(nvf->vf))
		return;
	dev_close(nvf->vf);
	netvsc_vf_todo(nvf, NETVSC_VF_FOLLOW);
}

static void vf_stalls(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	netdev_info(nv->ndev, "VF %s does not send any more\n",
		    netdev_name(nvf->vf));
	nvf->stalled = true;
	nvf->penalty = clamp_t(unsigned long, 2 * nvf->penalty, VF_PENALTY_MIN,
			       VF_PENALTY_MAX);
	nvf->retry_at = jiffies + nvf->penalty;
	netvsc_vf_feed(nv, VF_IN_STALLED);
	vf_reopen(nv);
}

static void vf_try_again(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	if (nvf->stalled)
		netdev_info(nv->ndev, "VF %s may be used again\n",
			    netdev_name(nvf->vf));
	nvf->stalled = false;
	nvf->closed = false;
	netvsc_vf_todo(nvf, NETVSC_VF_FOLLOW);
}

/* What it was not given meanwhile it gets now. */
static void vf_look_for_attached(struct netvsc_vf *nvf)
{
	nvf->look_at = jiffies + VF_WATCH_PERIOD;
	if (!netif_device_present(nvf->vf))
		return;
	nvf->detached = false;
	netvsc_vf_todo(nvf, NETVSC_VF_FOLLOW);
}

/*
 * A frame for nobody: from the VF to itself, which a switch drops, as bonding
 * sends to teach switches.  What comes of it is seen at the next look.
 */
static void vf_probe(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	struct net_device *vf = nvf->vf;
	struct sk_buff *skb;

	skb = netdev_alloc_skb(vf, LL_RESERVED_SPACE(vf) + ETH_ZLEN);
	if (!skb)
		return;
	skb_reserve(skb, LL_RESERVED_SPACE(vf));
	skb_reset_network_header(skb);
	skb_put_zero(skb, ETH_ZLEN - ETH_HLEN);
	skb->protocol = htons(ETH_P_LOOPBACK);
	dev_hard_header(skb, vf, ETH_P_LOOPBACK, vf->dev_addr, vf->dev_addr,
			skb->len);
	nvf->probed = true;
	nvf->overdue = true;
	/* The VF counts it, and it is none of netvsc's. */
	if (dev_queue_xmit(skb) == NET_XMIT_SUCCESS)
		nvf->tx_vf_base++;
}

static void vf_sends(struct netvsc_vf *nvf, const struct vf_look *look)
{
	/* What it has not sent by now is lost, or counted otherwise. */
	if (nvf->probed)
		nvf->settled = look->waiting;
	nvf->probed = false;
	nvf->overdue = false;
}

/*
 * A VF stalls if it was given packets in one period and has sent none at all in
 * that and in the whole of the next.  Senders that wait for their packets to
 * leave give it no more, TCP for one, and then it gets one of ours.
 */
void netvsc_vf_watch(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	struct netvsc_vf_given given;
	struct vf_look look;
	bool more;

	if (!netvsc_vf_watching(nvf) || time_before(jiffies, nvf->look_at))
		return;
	if (nvf->detached) {
		vf_look_for_attached(nvf);
		return;
	}
	if (nvf->stalled || nvf->closed) {
		nvf->look_at = nvf->retry_at;
		if (time_after_eq(jiffies, nvf->retry_at))
			vf_try_again(nv);
		return;
	}
	if (!netif_device_present(nvf->vf)) {
		netvsc_vf_feed(nv, VF_IN_CARRIER_OFF);
		return;
	}
	given = netvsc_vf_given(nv);
	more = vf_to_be_seen(&given) != nvf->seen_given;
	vf_look(nv, &given, &look);
	if (look.sent != nvf->seen_sent)
		vf_sends(nvf, &look);
	else if (nvf->overdue)
		vf_stalls(nv);
	else if (more)
		nvf->overdue = true;
	else if (look.waiting != nvf->settled)
		vf_probe(nv);
	vf_note(nvf, &given, look.sent);
}
