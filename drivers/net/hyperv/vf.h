/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transparent VF as the rest of the driver sees it: a NIC of the guest's
 * own that may stand in for the synthetic channels.
 */
#ifndef _NETVSC_VF_H
#define _NETVSC_VF_H

#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>

#include "vf_state.h"

struct bpf_prog;
struct ethtool_link_ksettings;
struct netlink_ext_ack;
struct netvsc;
struct xdp_frame;

/**
 * struct netvsc_vf_counters - traffic of a netvsc that went through its VFs
 * @rx_packets: frames received
 * @rx_bytes: their bytes
 * @rx_multicast: those with a multicast address, broadcast aside
 * @tx_packets: frames given to the VF
 * @tx_bytes: their bytes
 * @tx_xdp: those of @tx_packets that were frames of XDP
 * @tx_dropped: frames that the VF's queue did not take
 * @syncp: written with bottom halves disabled
 *
 * They count what netvsc sees and belong to it, so they outlive every VF.
 */
struct netvsc_vf_counters {
	u64_stats_t rx_packets;
	u64_stats_t rx_bytes;
	u64_stats_t rx_multicast;
	u64_stats_t tx_packets;
	u64_stats_t tx_bytes;
	u64_stats_t tx_xdp;
	u64_stats_t tx_dropped;
	struct u64_stats_sync syncp;
};

#define NETVSC_VF_VLAN_KINDS	2	/* of tags: 802.1Q, 802.1ad */

/**
 * struct netvsc_vf_vlans - VLANs with one kind of tag, by their ids
 * @wanted: what netvsc is to receive
 * @given: what its VF was asked to receive for it
 */
struct netvsc_vf_vlans {
	DECLARE_BITMAP(wanted, VLAN_N_VID);
	DECLARE_BITMAP(given, VLAN_N_VID);
};

/* What @todo of struct netvsc_vf asks of its work. */
enum netvsc_vf_todo {
	NETVSC_VF_DISSOCIATED,		/* the host took the VF back */
	NETVSC_VF_ASSOCIATION,		/* the host said something about VFs */
	NETVSC_VF_FETCH,		/* the VF is in @fetch_from */
	NETVSC_VF_LINK,			/* transmit found the VF without link */
	NETVSC_VF_FOLLOW,		/* VF_DO_FOLLOW */
	NETVSC_VF_ASK,			/* VF_DO_ASK */
	NETVSC_VF_ANSWERED,		/* the host has answered a request */
	NETVSC_VF_SPEED,		/* packets take another path */
};

/**
 * struct netvsc_vf - what a netvsc knows about its VF
 * @tx: the VF while the state is VF_ACTIVE, else NULL.  Written under RTNL,
 *	read by transmit under RCU (bh).
 * @counters: per CPU
 * @entry: in the list of all netvsc; RTNL
 * @attached: netvsc is registered, and may be given a VF; RTNL
 * @open: netvsc is between open and stop; RTNL
 * @session: the host can be asked to switch; RTNL
 * @state: RTNL
 * @vf: the VF unless the state is VF_ABSENT; RTNL
 * @tracker: of the reference that @vf holds
 * @has_serial: @serial is known; RTNL
 * @serial: of the slot that @vf sits in; RTNL
 * @was_up: @vf was in use when it was found, and has to be closed first; RTNL
 * @going: the driver of @vf is about to be taken off; RTNL
 * @fetch_from: network namespace that netvsc left without its VF, or that its
 *	VF came up in without netvsc, or NULL.  To compare with; RTNL
 * @promisc: netvsc has made @vf promiscuous; RTNL
 * @allmulti: netvsc has made @vf receive all multicast; RTNL
 * @lists: @vf has netvsc's address lists.  Guarded by netvsc's address lock;
 *	while it is set, @vf stays what it is.
 * @xdp: program of netvsc, or NULL; RTNL
 * @vf_xdp: the one that @vf runs for it; RTNL
 * @xdp_refused: @vf cannot run @xdp; RTNL
 * @busy: @vf is being reconfigured, and not to be used; RTNL
 * @features: what @vf wanted of VF_FEATURES when it was bound; RTNL
 * @vlans: by kind of tag; RTNL
 * @vlan_refused: @vf does not take all of them; RTNL
 * @stalled: @vf was found not to send what it is given; RTNL
 * @penalty: how long it was not used for that the last time, in jiffies; RTNL
 * @closed: @vf could not be opened; RTNL
 * @retry_at: when to try it again, in jiffies; RTNL
 * @detached: its driver has detached @vf; RTNL
 * @overdue: packets have waited for a whole period of the watch; RTNL
 * @probed: and one of them is the driver's own; RTNL
 * @settled: what seemed to wait when @vf was last known to work; RTNL
 * @seen_given: packets that @vf had been given at the last look, frames of XDP
 *	aside; RTNL
 * @seen_sent: how far @vf was with sending then; RTNL
 * @look_at: when to look again, in jiffies; RTNL
 * @tx_base: packets that @counters had when @vf became active; RTNL
 * @tx_vf_base: packets that @vf says to have sent by then; RTNL
 * @host_lock: guards what the host says, up to @answered; taken in NAPI
 * @assoc_present: the host has given this netvsc a VF
 * @assoc_serial: which one
 * @request: number of the switch that it was asked for last, until it has
 *	answered, else 0
 * @accepted: its answer
 * @answered: completed by it
 * @sequence: number of the last request; RTNL
 * @asked_for_vf: which of the two paths the last request was for; RTNL
 * @waiting: the last request is neither answered nor overdue; RTNL
 * @deadline: when it is overdue, in jiffies; RTNL
 * @late: and that was put off once; RTNL
 * @owed: the host could not be told to leave @vf, or the one before; RTNL
 * @unwanted: number of the last request whose answer was not waited for.
 *	Written under RTNL, read in NAPI.
 * @todo: bits of enum netvsc_vf_todo, for @work
 * @work: everything that is not for notifiers or NAPI
 */
struct netvsc_vf {
	struct net_device __rcu *tx;
	struct netvsc_vf_counters __percpu *counters;

	struct list_head entry;
	bool attached;
	bool open;
	bool session;
	enum vf_state state;
	struct net_device *vf;
	netdevice_tracker tracker;
	bool has_serial;
	u32 serial;
	bool was_up;
	bool going;
	const struct net *fetch_from;
	bool promisc;
	bool allmulti;
	bool lists;
	struct bpf_prog *xdp;
	struct bpf_prog *vf_xdp;
	bool xdp_refused;
	bool busy;
	netdev_features_t features;
	struct netvsc_vf_vlans vlans[NETVSC_VF_VLAN_KINDS];
	bool vlan_refused;
	bool stalled;
	unsigned long penalty;
	bool closed;
	unsigned long retry_at;
	bool detached;
	bool overdue;
	bool probed;
	u64 settled;
	u64 seen_given;
	u64 seen_sent;
	unsigned long look_at;
	u64 tx_base;
	u64 tx_vf_base;

	spinlock_t host_lock;	/* see above */
	bool assoc_present;
	u32 assoc_serial;
	u32 request;
	bool accepted;
	struct completion answered;

	u32 sequence;
	bool asked_for_vf;
	bool waiting;
	unsigned long deadline;
	bool late;
	bool owed;
	u32 unwanted;

	unsigned long todo;
	struct delayed_work work;
};

/* Module init and exit, outside of any netvsc's life. */
int netvsc_vf_notifier_register(void);
void netvsc_vf_notifier_unregister(void);

/* A netvsc's life. */
int netvsc_vf_init(struct netvsc *nv);
void netvsc_vf_attach(struct netvsc *nv);
void netvsc_vf_detach(struct netvsc *nv);
void netvsc_vf_uninit(struct netvsc *nv);

void netvsc_vf_open(struct netvsc *nv);
void netvsc_vf_stop(struct netvsc *nv);
void netvsc_vf_session_ending(struct netvsc *nv);
void netvsc_vf_session_started(struct netvsc *nv);
void netvsc_vf_association(struct netvsc *nv, bool present, u32 serial);
void netvsc_vf_switched(struct netvsc *nv, u32 sequence, bool accepted);

/*
 * MTU, MAC and features need no hook: vf.c hears of them from netvsc's
 * notifications.
 */
void netvsc_vf_set_rx_mode(struct netvsc *nv);
void netvsc_vf_change_rx_flags(struct netvsc *nv);
void netvsc_vf_set_xdp(struct netvsc *nv, struct bpf_prog *prog,
		       struct netlink_ext_ack *extack);
void netvsc_vf_vlan_add(struct netvsc *nv, __be16 proto, u16 vid);
void netvsc_vf_vlan_del(struct netvsc *nv, __be16 proto, u16 vid);

/* Whether traffic goes there or not; NULL without one; RTNL */
static inline struct net_device *netvsc_vf_bound(const struct netvsc_vf *nvf)
{
	return nvf->vf;
}

bool netvsc_vf_link_ksettings(struct netvsc *nv,
			      struct ethtool_link_ksettings *cmd);

/* Statistics; the VF's traffic is part of netvsc's. */
void netvsc_vf_get_stats64(struct netvsc *nv, struct rtnl_link_stats64 *stats);
unsigned int netvsc_vf_nr_stats(void);
void netvsc_vf_stats_names(u8 **names);
void netvsc_vf_stats_values(struct netvsc *nv, u64 *values);

bool netvsc_vf_send(struct netvsc_vf *nvf, struct net_device *vf,
		    struct sk_buff *skb);
int netvsc_vf_xdp_xmit(struct netvsc_vf *nvf, int n, struct xdp_frame **frames,
		       u32 flags);

/**
 * netvsc_vf_xmit() - transmit on the VF if traffic goes there
 * @nvf: of the netvsc
 * @skb: checked by the stack for netvsc; gone if this returns true
 *
 * All that transmit pays without a VF is the look at a pointer.
 *
 * Context: ndo_start_xmit.
 *
 * Return: true if the VF has taken @skb, false if it is for the channels.
 */
static inline bool netvsc_vf_xmit(struct netvsc_vf *nvf, struct sk_buff *skb)
{
	struct net_device *vf = rcu_dereference_bh(nvf->tx);

	return vf && netvsc_vf_send(nvf, vf, skb);
}

#endif /* _NETVSC_VF_H */
