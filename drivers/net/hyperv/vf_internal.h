/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the transparent VF have of each other; vf.h is what the
 * rest of the driver sees.
 *
 *	vf.c		events: notifications, the work item, a netvsc's life
 *	vf_match.c	which VF belongs to which netvsc
 *	vf_bind.c	makes it a slave, and sets it free
 *	vf_state.c	what to do when (vf_state.h)
 *	vf_path.c	does it: moves the data path to the VF and back
 *	vf_switch.c	asks the host for that, and hears its answers
 *	vf_drain.c	empties a VF before it is left
 *	vf_watch.c	finds out that a VF does not work, and when to try it again
 *	vf_sleep.c	has it left before the guest sleeps
 *	vf_data.c	receive and transmit
 *	vf_stats.c	counts them
 *	vf_follow.c	what is set on netvsc holds for its VF
 *	vf_vlan.c	and so do its VLANs
 *
 * Without another word the functions want RTNL.
 */
#ifndef _NETVSC_VF_INTERNAL_H
#define _NETVSC_VF_INTERNAL_H

#include "netvsc.h"

struct pci_dev;

extern struct list_head netvsc_vf_list;	/* every attached netvsc; RTNL */

static inline struct netvsc *netvsc_of(struct netvsc_vf *nvf)
{
	return container_of(nvf, struct netvsc, vf);
}

/**
 * struct netvsc_vf_given - what VFs were given to send
 * @packets: all of it
 * @frames: of these, frames of XDP
 */
struct netvsc_vf_given {
	u64 packets, frames;
};

/*
 * It could send: a driver may have detached it in the course of a reset, with the
 * link as it was, of which no notification tells.
 */
static inline bool netvsc_vf_ready(const struct net_device *vf)
{
	return netif_running(vf) && netif_device_present(vf) &&
	       netif_carrier_ok(vf);
}

/* vf.c; any context */
void netvsc_vf_todo(struct netvsc_vf *nvf, enum netvsc_vf_todo todo);
void netvsc_vf_wake(struct netvsc_vf *nvf, unsigned long delay);

/* vf_match.c; a serial number and the PCI device of a VF need no lock */
struct pci_dev *netvsc_vf_pci_dev(const struct net_device *dev);
bool netvsc_vf_slot_serial(const struct net_device *dev, u32 *serial);
unsigned int netvsc_vf_kinship(struct netvsc *nv, const struct net_device *vf);
struct netvsc *netvsc_vf_partner(const struct net_device *vf);
struct netvsc *netvsc_vf_owner(const struct net_device *vf);

/* vf_bind.c */
void netvsc_vf_mark(struct net_device *vf);
void netvsc_vf_unmark_free(struct net_device *dev);
void netvsc_vf_bind(struct netvsc *nv, struct net_device *vf);
void netvsc_vf_release(struct netvsc *nv);
void netvsc_vf_look_around(struct netvsc *nv);
void netvsc_vf_fetch(struct netvsc *nv);
void netvsc_vf_leave_behind(struct netvsc *nv);

/* vf_path.c */
bool netvsc_vf_associated(struct netvsc_vf *nvf);
void netvsc_vf_feed(struct netvsc *nv, enum vf_input input);

/* vf_switch.c */
void netvsc_vf_ask(struct netvsc *nv);
void netvsc_vf_take_back(struct netvsc *nv);
void netvsc_vf_make_good(struct netvsc *nv);
void netvsc_vf_to_vmbus(struct netvsc *nv);	/* sleeps for the host */
void netvsc_vf_answer(struct netvsc *nv);
void netvsc_vf_settle(struct netvsc *nv);	/* sleeps for the host */
void netvsc_vf_ask_nothing(struct netvsc *nv);

/* vf_drain.c; the drains sleep */
void netvsc_vf_drain_start(struct netvsc *nv);	/* before transmit starts */
void netvsc_vf_drain_tx(struct netvsc *nv);
void netvsc_vf_drain_rx(struct netvsc *nv);

/* vf_watch.c */
bool netvsc_vf_answers(struct net_device *vf);	/* to reads of its registers */
bool netvsc_vf_bql(const struct net_device *vf, u64 *completed, u64 *in_flight);
u64 netvsc_vf_sent(struct net_device *vf, u64 otherwise);
void netvsc_vf_watch_start(struct netvsc *nv);
void netvsc_vf_watch(struct netvsc *nv);
void netvsc_vf_watch_detached(struct netvsc *nv);
void netvsc_vf_watch_closed(struct netvsc *nv);
bool netvsc_vf_watching(const struct netvsc_vf *nvf);

/* vf_sleep.c */
bool netvsc_vf_asleep(void);
int netvsc_vf_sleep_watch(void);		/* without RTNL */
void netvsc_vf_sleep_unwatch(void);		/* without RTNL */

/* vf_data.c */
rx_handler_result_t netvsc_vf_receive(struct sk_buff **pskb);

/* vf_stats.c; any context */
struct netvsc_vf_given netvsc_vf_given(struct netvsc *nv);

/* vf_follow.c */
void netvsc_vf_follow(struct netvsc *nv);
void netvsc_vf_follow_mtu(struct netvsc *nv);
void netvsc_vf_follow_mac(struct netvsc *nv);
void netvsc_vf_follow_features(struct netvsc *nv);
void netvsc_vf_meet(struct netvsc *nv);		/* once it is bound */
void netvsc_vf_forget(struct netvsc *nv);	/* before it is set free */

/* vf_vlan.c */
void netvsc_vf_follow_vlans(struct netvsc *nv);
void netvsc_vf_forget_vlans(struct netvsc *nv);

#endif /* _NETVSC_VF_INTERNAL_H */
