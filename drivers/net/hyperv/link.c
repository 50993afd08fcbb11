// SPDX-License-Identifier: GPL-2.0
/*
 * The link: what the host says of its state and speed becomes the carrier, and
 * what ethtool shows.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/string_choices.h>
#include <net/netdev_lock.h>

#include "netvsc.h"
#include "rndis.h"

/* Time for user space to notice that the link was down. */
#define NETVSC_FLAP		(2 * HZ)
/* Between two changes that the host asks for */
#define LINK_SPACING		(HZ / 10)

/*
 * The state of the link, and how often the host has said it: an answer that waited
 * until it was read must not undo what came meanwhile.
 */
#define LINK_IS_UP	BIT(0)
#define LINK_SAID	BIT(1)

bool netvsc_link_is_up(const struct netvsc *nv)
{
	return READ_ONCE(nv->link) & LINK_IS_UP;
}

static u32 link_said(u32 link, bool up)
{
	return ((link + LINK_SAID) & ~LINK_IS_UP) | (up ? LINK_IS_UP : 0);
}

/* How long the host's next word has to wait: it can say much in little time. */
static unsigned long link_pause(const struct netvsc *nv)
{
	long left = READ_ONCE(nv->link_next) - jiffies;

	return clamp(left, 0L, (long)LINK_SPACING);
}

/**
 * netvsc_link_look() - have the carrier follow what the host has said
 * @nv: the NIC
 * @delay: jiffies until then, unless it comes earlier anyway
 *
 * Context: any.
 */
void netvsc_link_look(struct netvsc *nv, unsigned long delay)
{
	queue_delayed_work(system_power_efficient_wq, &nv->link_work, delay);
}

/**
 * netvsc_link_event() - the host has said something about the link
 * @nv: the NIC
 * @event: what
 *
 * Context: NAPI.
 */
void netvsc_link_event(struct netvsc *nv, enum netvsc_link_event event)
{
	u32 link = READ_ONCE(nv->link);

	if (event == NETVSC_LINK_UP || event == NETVSC_LINK_DOWN)
		WRITE_ONCE(nv->link, link_said(link, event == NETVSC_LINK_UP));

	/* For a link that went down the work only reads the state. */
	if (event != NETVSC_LINK_DOWN)
		set_bit(event, &nv->link_events);
	/* While the link flaps this comes with the flap's end. */
	netvsc_link_look(nv, link_pause(nv));
}

static void link_query_speed(struct netvsc *nv)
{
	u32 speed;
	int err;

	err = rndis_query_speed(nv, &speed);
	if (err)
		speed = SPEED_UNKNOWN;
	if (err && err != -ENODATA && err != -ENODEV && net_ratelimit())
		netdev_warn(nv->ndev, "no speed from the host: %d\n", err);
	WRITE_ONCE(nv->speed, speed);
	WRITE_ONCE(nv->duplex, DUPLEX_FULL);
}

/**
 * netvsc_link_query() - ask the host for the link's state and speed
 * @nv: the NIC, in a session
 *
 * The link work makes the carrier follow.
 *
 * Context: sleeps.
 */
void netvsc_link_query(struct netvsc *nv)
{
	u32 before = READ_ONCE(nv->link);
	u32 state;
	int err;

	/* A host that cannot tell has its link up. */
	err = rndis_query_u32(nv, RNDIS_OID_GEN_MEDIA_CONNECT_STATUS, &state);
	if (err) {
		state = RNDIS_MEDIA_STATE_CONNECTED;
		netdev_warn(nv->ndev, "no state of the link from the host: %d\n",
			    err);
	}
	cmpxchg(&nv->link, before,
		link_said(before, state == RNDIS_MEDIA_STATE_CONNECTED));
	link_query_speed(nv);
}

/**
 * netvsc_link_tell_speed() - the speed may be another one, the host's or the path's
 * @nv: the NIC
 *
 * Bonding and the like go by speed, and look when told to.
 *
 * Context: RTNL, and no lock of a VF.
 */
void netvsc_link_tell_speed(struct netvsc *nv)
{
	struct ethtool_link_ksettings now;

	if (__ethtool_get_link_ksettings(nv->ndev, &now) ||
	    now.base.speed == nv->told_speed)
		return;
	nv->told_speed = now.base.speed;
	netdev_state_change(nv->ndev);
}

static void link_renew_speed(struct netvsc *nv)
{
	u32 before = nv->speed;

	link_query_speed(nv);
	if (nv->speed == before)
		return;

	if (nv->speed != SPEED_UNKNOWN && net_ratelimit())
		netif_info(nv, link, nv->ndev, "speed is now %d Mbit/s\n",
			   nv->speed);
	rtnl_lock();
	netvsc_link_tell_speed(nv);
	rtnl_unlock();
}

static void link_set_carrier(struct netvsc *nv, bool up)
{
	if (up == netif_carrier_ok(nv->ndev))
		return;
	/* Without a session there is none. */
	if (up && !netif_device_present(nv->ndev))
		return;

	if (net_ratelimit())
		netif_info(nv, link, nv->ndev, "link %s\n", str_up_down(up));
	if (up)
		netif_carrier_on(nv->ndev);
	else
		netif_carrier_off(nv->ndev);
}

static void netvsc_link_work(struct work_struct *work)
{
	struct netvsc *nv = container_of(work, struct netvsc, link_work.work);
	struct net_device *ndev = nv->ndev;
	bool was_up = netif_carrier_ok(ndev);
	bool announce;

	WRITE_ONCE(nv->link_next, jiffies + LINK_SPACING);
	if (test_and_clear_bit(NETVSC_LINK_SPEED, &nv->link_events))
		link_renew_speed(nv);

	if (test_and_clear_bit(NETVSC_LINK_CHANGED, &nv->link_events) &&
	    was_up) {
		/* Another network: whoever watches the link shall see it. */
		netif_info(nv, link, ndev, "the network has changed\n");
		link_set_carrier(nv, false);
		set_bit(NETVSC_LINK_UP, &nv->link_events);
		/* Also if the host has said more meanwhile.  On the same queue */
		mod_delayed_work(system_power_efficient_wq, &nv->link_work,
				 NETVSC_FLAP);
		return;
	}

	announce = test_and_clear_bit(NETVSC_LINK_UP, &nv->link_events);
	link_set_carrier(nv, netvsc_link_is_up(nv));
	/* Up, and up again: the guest may have moved to another host. */
	if (announce && was_up && netif_carrier_ok(ndev))
		netdev_notify_peers(ndev);
}

int netvsc_get_link_ksettings(struct net_device *ndev,
			      struct ethtool_link_ksettings *cmd)
{
	struct netvsc *nv = netvsc_priv(ndev);

	if (netvsc_vf_link_ksettings(nv, cmd))
		return 0;
	cmd->base.speed = READ_ONCE(nv->speed);
	cmd->base.duplex = READ_ONCE(nv->duplex);
	cmd->base.port = PORT_OTHER;
	return 0;
}

/* As ethtool would */
static int link_set_vf(struct net_device *vf,
		       const struct ethtool_link_ksettings *cmd)
{
	int err;

	if (!vf->ethtool_ops->set_link_ksettings)
		return -EOPNOTSUPP;
	netdev_lock_ops(vf);
	err = netif_device_present(vf) ?
	      vf->ethtool_ops->set_link_ksettings(vf, cmd) : -ENODEV;
	netdev_unlock_ops(vf);
	return err;
}

/*
 * A VF has a link that can be set, perhaps.  That of VMBus has not: for those who go by
 * speed, it has the one that the user says until the host is asked again.
 */
int netvsc_set_link_ksettings(struct net_device *ndev,
			      const struct ethtool_link_ksettings *cmd)
{
	struct netvsc *nv = netvsc_priv(ndev);
	struct net_device *vf = netvsc_vf_bound(&nv->vf);
	u8 duplex;
	u32 speed;
	int err;

	if (vf)
		return link_set_vf(vf, cmd);

	err = ethtool_virtdev_set_link_ksettings(ndev, cmd, &speed, &duplex);
	if (err)
		return err;
	WRITE_ONCE(nv->speed, speed);
	WRITE_ONCE(nv->duplex, duplex);
	netvsc_link_tell_speed(nv);
	return 0;
}

void netvsc_link_init(struct netvsc *nv)
{
	INIT_DELAYED_WORK(&nv->link_work, netvsc_link_work);
	nv->speed = SPEED_UNKNOWN;
	nv->duplex = DUPLEX_FULL;
	nv->told_speed = SPEED_UNKNOWN;
	nv->link_next = jiffies;
}
