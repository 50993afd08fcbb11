// SPDX-License-Identifier: GPL-2.0
/*
 * The transparent VF: finds the VF that belongs to a netvsc, makes it the
 * netvsc's slave, and moves traffic to it and back.
 *
 * The way to the VF goes through a work item, because it opens the VF and asks
 * the host; both sleep, and neither belongs in a notifier of the VF's own.
 * The way back is taken at once by whoever takes the VF away, in the middle of
 * the notification: when it returns, the VF may go.  Both hold RTNL, so the
 * state machine (vf_state.c) has one hand on it at a time.  Only the way back
 * waits for the host, and not for long (vf_switch.c); it can do so under RTNL,
 * because the host's answers come through NAPI, which wants no RTNL.
 *
 * Nothing here waits for user space.  A name can be changed while a device is
 * up (since Linux 6.3), so udev may take its time with the VF's, and the VF
 * carries traffic meanwhile.
 */
#include <linux/etherdevice.h>
#include <linux/pci.h>
#include <linux/rtnetlink.h>
#include <net/netdev_lock.h>

#include "vf_internal.h"

LIST_HEAD(netvsc_vf_list);
static struct workqueue_struct *vf_wq;

void netvsc_vf_todo(struct netvsc_vf *nvf, enum netvsc_vf_todo todo)
{
	if (!test_and_set_bit(todo, &nvf->todo))
		mod_delayed_work(vf_wq, &nvf->work, 0);
}

/* In @delay jiffies, unless it is to come anyway, be that later. */
void netvsc_vf_wake(struct netvsc_vf *nvf, unsigned long delay)
{
	queue_delayed_work(vf_wq, &nvf->work, delay);
}

/* The work item: whatever sleeps, or was found out where RTNL cannot be had. */

static void vf_take_association(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;

	/* Given back and taken again still moved the host's data path. */
	if (test_and_clear_bit(NETVSC_VF_DISSOCIATED, &nvf->todo))
		netvsc_vf_feed(nv, VF_IN_DISSOCIATED);
	netvsc_vf_look_around(nv);
	netvsc_vf_feed(nv, netvsc_vf_associated(nvf) ? VF_IN_ASSOCIATED :
						       VF_IN_DISSOCIATED);
}

static void vf_check_link(struct netvsc *nv)
{
	struct net_device *vf = nv->vf.vf;

	if (vf && !netvsc_vf_ready(vf))
		netvsc_vf_feed(nv, VF_IN_CARRIER_OFF);
}

static void vf_take_settings(struct netvsc *nv)
{
	netvsc_vf_follow(nv);
	netvsc_vf_feed(nv, VF_IN_CHANGED);
}

/* What the work looks at, todo or not, when the time has come. */
static void vf_wake_in_time(struct netvsc_vf *nvf)
{
	unsigned long at = nvf->deadline;

	if (netvsc_vf_watching(nvf) &&
	    (!nvf->waiting || time_before(nvf->look_at, at)))
		at = nvf->look_at;
	else if (!nvf->waiting)
		return;
	netvsc_vf_wake(nvf, max_t(long, at - jiffies, 0));
}

static void vf_work(struct work_struct *work)
{
	struct netvsc_vf *nvf = container_of(to_delayed_work(work),
					     struct netvsc_vf, work);
	struct netvsc *nv = netvsc_of(nvf);

	rtnl_lock();
	if (!nvf->attached)
		goto unlock;
	if (test_and_clear_bit(NETVSC_VF_ASSOCIATION, &nvf->todo))
		vf_take_association(nv);
	if (test_and_clear_bit(NETVSC_VF_FETCH, &nvf->todo))
		netvsc_vf_fetch(nv);
	if (test_and_clear_bit(NETVSC_VF_LINK, &nvf->todo))
		vf_check_link(nv);
	if (test_and_clear_bit(NETVSC_VF_FOLLOW, &nvf->todo))
		vf_take_settings(nv);
	netvsc_vf_answer(nv);
	netvsc_vf_make_good(nv);
	if (test_and_clear_bit(NETVSC_VF_ASK, &nvf->todo))
		netvsc_vf_ask(nv);
	netvsc_vf_watch(nv);
	if (test_and_clear_bit(NETVSC_VF_SPEED, &nvf->todo))
		netvsc_link_tell_speed(nv);
	vf_wake_in_time(nvf);
unlock:
	rtnl_unlock();
}

/* Notifications. */

static void vf_registering(struct net_device *dev)
{
	struct netvsc *nv = netvsc_vf_partner(dev);

	/*
	 * Before the device can be seen in sysfs, so that there is no moment
	 * in which it looks free.  Linking it to its master takes its sysfs
	 * directory, and has to wait for NETDEV_REGISTER; RTNL is held from
	 * here to there.
	 */
	if (nv && !nv->vf.vf)
		netvsc_vf_mark(dev);
}

static void vf_registered(struct net_device *dev)
{
	struct netvsc *nv = netvsc_vf_partner(dev);

	if (!nv) {
		netvsc_vf_unmark_free(dev);
		return;
	}
	/* It may be the better one. */
	if (nv->vf.vf && netvsc_vf_kinship(nv, dev) >
			 netvsc_vf_kinship(nv, nv->vf.vf)) {
		netvsc_vf_todo(&nv->vf, NETVSC_VF_ASSOCIATION);
		return;
	}
	/* Marked: it is new, and not here because somebody moved it. */
	if (!nv->vf.vf && (dev->flags & IFF_SLAVE) &&
	    !net_eq(dev_net(dev), dev_net(nv->ndev))) {
		nv->vf.fetch_from = dev_net(dev);
		netvsc_vf_todo(&nv->vf, NETVSC_VF_FETCH);
		return;
	}
	netvsc_vf_bind(nv, dev);
	netvsc_vf_unmark_free(dev);
}

static void vf_event(struct netvsc *nv, struct net_device *vf,
		     unsigned long event)
{
	switch (event) {
	case NETDEV_UP:
		nv->vf.closed = false;
		netvsc_vf_feed(nv, VF_IN_OPENED);
		break;
	case NETDEV_GOING_DOWN:
		netvsc_vf_settle(nv);
		netvsc_vf_feed(nv, VF_IN_CLOSING);
		break;
	case NETDEV_CHANGE:
		netvsc_vf_feed(nv, netif_carrier_ok(vf) ? VF_IN_CARRIER_ON :
							  VF_IN_CARRIER_OFF);
		break;
	case NETDEV_CHANGEMTU:
	case NETDEV_CHANGEADDR:
		netvsc_vf_feed(nv, VF_IN_CHANGED);
		break;
	case NETDEV_CHANGENAME:
		netvsc_vf_feed(nv, VF_IN_RENAMED);
		break;
	case NETDEV_UNREGISTER:
		/* A device that changes namespace is still registered. */
		netvsc_vf_feed(nv, vf->reg_state == NETREG_REGISTERED ?
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
			netvsc_vf_follow_mtu(nv);
		/* Of the MTU it depends what a driver takes. */
		if (nv->vf.xdp_refused)
			netvsc_vf_todo(&nv->vf, NETVSC_VF_FOLLOW);
		netvsc_vf_feed(nv, VF_IN_CHANGED);
		break;
	case NETDEV_CHANGEADDR:
		if (bound)
			netvsc_vf_follow_mac(nv);
		netvsc_vf_feed(nv, VF_IN_CHANGED);
		break;
	case NETDEV_FEAT_CHANGE:
		if (bound)
			netvsc_vf_follow_features(nv);
		break;
	case NETDEV_UNREGISTER:
		/* From the old namespace. */
		if (bound)
			nv->vf.fetch_from = dev_net(nv->ndev);
		netvsc_vf_feed(nv, VF_IN_NETVSC_MOVED);
		break;
	case NETDEV_REGISTER:
		/* In the new one. */
		netvsc_vf_look_around(nv);
		netvsc_vf_todo(&nv->vf, NETVSC_VF_FETCH);
		break;
	}
}

static struct netvsc *netvsc_attached(const struct net_device *ndev)
{
	struct netvsc_vf *nvf;

	list_for_each_entry(nvf, &netvsc_vf_list, entry)
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
	nv = netvsc_vf_owner(dev);
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
	list_for_each_entry(nvf, &netvsc_vf_list, entry) {
		if (!nvf->vf || &netvsc_vf_pci_dev(nvf->vf)->dev != dev)
			continue;
		netvsc_vf_settle(netvsc_of(nvf));
		nvf->going = true;
		netvsc_vf_feed(netvsc_of(nvf), VF_IN_CLOSING);
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
	err = netvsc_vf_sleep_watch();
	if (err)
		goto pci;
	err = register_netdevice_notifier(&vf_notifier);
	if (err)
		goto sleep;
	return 0;

sleep:
	netvsc_vf_sleep_unwatch();
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
	netvsc_vf_sleep_unwatch();
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
	spin_lock_init(&nvf->host_lock);
	init_completion(&nvf->answered);
	INIT_DELAYED_WORK(&nvf->work, vf_work);
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
	cancel_delayed_work_sync(&nv->vf.work);
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
	list_add_tail(&nv->vf.entry, &netvsc_vf_list);
	nv->vf.attached = true;
	netvsc_vf_look_around(nv);
	/* What the host has said so far. */
	mod_delayed_work(vf_wq, &nv->vf.work, 0);
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
	netvsc_vf_feed(nv, VF_IN_DETACH);
	netvsc_vf_leave_behind(nv);
	nv->vf.attached = false;
	list_del(&nv->vf.entry);
	rtnl_unlock();
	cancel_delayed_work_sync(&nv->vf.work);
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
	netvsc_vf_feed(nv, VF_IN_NETVSC_OPENED);
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
	netvsc_vf_feed(nv, VF_IN_NETVSC_STOPPED);
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

	netvsc_vf_feed(nv, VF_IN_SESSION_ENDING);
	nvf->session = false;
	netvsc_vf_ask_nothing(nv);
	/* The next session's host says it anew. */
	spin_lock_bh(&nvf->host_lock);
	nvf->assoc_present = false;
	spin_unlock_bh(&nvf->host_lock);
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
	netvsc_vf_feed(nv, VF_IN_SESSION_STARTED);
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

	spin_lock_bh(&nvf->host_lock);
	if (nvf->assoc_present && (!present || serial != nvf->assoc_serial))
		set_bit(NETVSC_VF_DISSOCIATED, &nvf->todo);
	nvf->assoc_present = present;
	nvf->assoc_serial = serial;
	spin_unlock_bh(&nvf->host_lock);
	netvsc_vf_todo(nvf, NETVSC_VF_ASSOCIATION);
}
