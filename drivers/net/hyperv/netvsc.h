/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects of the Hyper-V network driver, and which file owns which
 * function.
 *
 *	struct netvsc		a NIC: one net_device, one VMBus device
 *	  struct nvsp		its session with the host's network service
 *	  struct rndis		the control requests inside that session
 *	  struct netvsc_channel	a VMBus channel: NAPI, transmit, receive
 *	  struct netvsc_vf	the VF that stands in for the channels (vf.h)
 */
#ifndef _NETVSC_H
#define _NETVSC_H

#include <linux/completion.h>
#include <linux/hyperv.h>
#include <linux/if_ether.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/spinlock.h>
#include <linux/u64_stats_sync.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/xdp.h>

#include "nvsp_parse.h"
#include "nvsp_ranges.h"
#include "offload.h"
#include "rx_parse.h"
#include "steer.h"
#include "tx_batch.h"
#include "tx_pool.h"
#include "vf.h"

/* How long an answer of the host may take before it counts as lost. */
#define NETVSC_HOST_TIMEOUT	(10 * HZ)

/* As many queue pairs as a host gives to one NIC. */
#define NETVSC_MAX_CHANNELS	64

/* Packets of one channel that the host may be reading from where they are. */
#define NETVSC_TX_SLOTS		128
/* A queue that stopped runs again when this many of them are free. */
#define NETVSC_TX_WAKE		(NETVSC_TX_SLOTS / 4)
/* A queue that waits for the ring runs again when 1 / NETVSC_TX_ROOM is free. */
#define NETVSC_TX_ROOM		4
/* A packet with longer headers is not for the host to segment. */
#define NETVSC_TX_LSO_HEADERS	148

/* Received packets of one poll that the host is given back together. */
#define NETVSC_RX_DONE		256

struct ethtool_link_ksettings;
struct ethtool_stats;
struct ethtool_rxfh_fields;
struct ethtool_rxfh_param;
struct netvsc;
struct netvsc_channel;
struct netvsc_tx_map;
struct page_pool;
struct rndis_hdr;

/**
 * struct netvsc_buffer - memory shared with the host through a GPADL
 * @base: the memory, contiguous in kernel addresses only
 * @size: bytes
 * @gpadl: how the host knows it; a handle of 0 means that it does not
 * @chunks: belongs to vmbus_free_buffer()
 * @nr_chunks: belongs to vmbus_free_buffer()
 * @announced: the NVSP session knows the buffer, and has to forget it first
 */
struct netvsc_buffer {
	void *base;
	u32 size;
	struct vmbus_gpadl gpadl;
	struct page **chunks;
	u32 nr_chunks;
	bool announced;
};

/* Written by transmit, under its queue's lock. */
struct netvsc_tx_stats {
	u64_stats_t copied;		/* through a send section */
	u64_stats_t batches;		/* VMBus packets for these */
	u64_stats_t direct;		/* from where the packet was */
	u64_stats_t linearized;
	u64_stats_t section_full;
	u64_stats_t ring_full;
	u64_stats_t stopped;
	u64_stats_t dropped;
	struct u64_stats_sync syncp;
};

/* Written by NAPI, as the host completes packets. */
struct netvsc_tx_done {
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t errors;
	u64_stats_t woken;
	struct u64_stats_sync syncp;
};

struct netvsc_rx_stats {
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t multicast;
	u64_stats_t coalesced;		/* came in parts */
	u64_stats_t malformed;		/* what the host got wrong */
	u64_stats_t no_memory;
	u64_stats_t unwanted;		/* came while the device was down */
	u64_stats_t done_stalled;
	u64_stats_t xdp_drop;
	u64_stats_t xdp_tx;
	u64_stats_t xdp_redirect;
	u64_stats_t xdp_errors;		/* aborted, or not done as was asked */
	struct u64_stats_sync syncp;
};

/**
 * struct netvsc_tx_direct - a packet that the host reads from where it is
 * @skb: the packet, kept until the host is done with it
 * @frame: or this one of XDP
 * @nr_maps: pieces of it that had to be bounced for the host
 * @section: of the channel, with a batch and this packet's header; or
 *	NVSP_NO_SECTION
 * @section_len: bytes of it
 */
struct netvsc_tx_direct {
	struct sk_buff *skb;
	struct xdp_frame *frame;
	u32 nr_maps;
	u32 section;
	u32 section_len;
};

/**
 * struct netvsc_tx - transmit half of a channel; under its queue's lock
 * @sections: the channel's part of the send buffer
 * @section_base: the first of these sections
 * @section_size: bytes of a section
 * @first_section: its number for the host
 * @batch: what goes into a section at the moment
 * @blocked: the queue is stopped until the ring has room again.  A batch or a
 *	packet that BQL has counted may be waiting with it.
 * @waiting: such a packet: it is described by @ranges
 * @waiting_index: its slot
 * @direct: slots of packets that the host reads from where they are
 * @packets: these packets, by slot
 * @maps: pieces that were bounced, by slot; NULL where the host can read all
 *	memory
 * @heads: memory of each slot for headers, in reach of the host
 * @heads_dma: where the host finds @heads
 * @ranges: the packet that is being sent
 * @stats: of transmit
 * @done: of completion
 */
struct netvsc_tx {
	struct tx_pool sections;
	void *section_base;
	u32 section_size;
	u32 first_section;
	struct tx_batch batch;
	bool blocked;
	bool waiting;
	u32 waiting_index;

	struct tx_pool direct;
	struct netvsc_tx_direct *packets;
	struct netvsc_tx_map *maps;
	void *heads;
	dma_addr_t heads_dma;
	struct nvsp_ranges ranges;

	struct netvsc_tx_stats stats;
	struct netvsc_tx_done done;
};

/**
 * struct netvsc_tx_poll - what came back in one poll of NAPI
 * @messages: VMBus packets
 * @packets: on the wire
 * @bytes: on the wire
 * @failed_packets: of these, what the host did not take
 * @failed_bytes: of these
 */
struct netvsc_tx_poll {
	u32 messages;
	u32 packets;
	u32 bytes;
	u32 failed_packets;
	u32 failed_bytes;
};

/* A received packet that the host has not been given back yet. */
struct netvsc_rx_done {
	u64 transaction;
	u32 status;
};

/**
 * struct netvsc_rx_part - a coalesced frame, while its parts come
 * @run: parts that have come
 * @lost: what comes are parts of a frame that has been counted as malformed
 * @skb: the frame so far; NULL if it is not wanted
 * @first: its first part
 *
 * All parts of a frame come in one VMBus packet.
 */
struct netvsc_rx_part {
	struct rx_run run;
	bool lost;
	struct sk_buff *skb;
	struct rx_frame first;
};

/**
 * struct netvsc_rx - receive half of a channel; while that is open, NAPI's alone
 * @pool: pages that frames are copied to
 * @done: ring of completions that the host has not been given yet
 * @done_mask: entries of @done less one
 * @done_head: next to be added
 * @done_tail: next to be sent
 * @part: of a coalesced frame; nothing is open between VMBus packets
 * @xdp_redirected: programs have redirected in this poll
 * @xdp_sent: programs have sent in this poll
 * @xdp_rxq: what programs know of the queue
 * @stats: written by NAPI
 */
struct netvsc_rx {
	struct page_pool *pool;
	struct netvsc_rx_done *done;
	u32 done_mask;
	u32 done_head;
	u32 done_tail;
	struct netvsc_rx_part part;
	bool xdp_redirected;
	bool xdp_sent;
	struct xdp_rxq_info xdp_rxq;
	struct netvsc_rx_stats stats;
};

/**
 * struct netvsc_channel - a VMBus channel of the NIC, and its queue pair
 * @nv: the NIC
 * @vmbus: the channel; what it was when the queue pair was last in use
 * @index: of the queue pair, and of the sub-channel
 * @opened: the ring exists
 * @opening: a sub-channel that is about to be, or not
 * @napi: serves both directions
 * @tx: transmit half
 * @rx: receive half
 */
struct netvsc_channel {
	struct netvsc *nv;
	struct vmbus_channel *vmbus;
	u16 index;
	bool opened;
	bool opening;
	struct napi_struct napi;
	struct netvsc_tx tx;
	struct netvsc_rx rx;
};

/**
 * struct nvsp - the session with the host's network service
 * @lock: one request at a time; guards @sequence, and @up, which RTNL guards, too
 * @up: requests may be sent
 * @version: NVSP_VERSION_*
 * @sequence: makes the transaction ids of requests
 * @reply_lock: between the waiter and NAPI; guards the rest
 * @awaited: transaction id of the answer that is waited for, or 0
 * @reply: the answer
 * @reply_len: bytes of @reply that the host sent
 * @replied: completed when @reply is there
 * @rx: receive buffer
 * @rx_section: bytes of a receive section
 * @rx_sections: how many there are
 * @tx: send buffer
 * @tx_section: bytes of a send section
 * @tx_sections: how many there are, for all channels
 */
struct nvsp {
	struct mutex lock;		/* an NVSP request */
	bool up;
	u32 version;
	u32 sequence;

	spinlock_t reply_lock;		/* NAPI takes it */
	u64 awaited;
	struct nvsp_message reply;
	u32 reply_len;
	struct completion replied;

	struct netvsc_buffer rx;
	u32 rx_section;
	u32 rx_sections;
	struct netvsc_buffer tx;
	u32 tx_section;
	u32 tx_sections;
};

#define RNDIS_CONTROL_MAX	4096

/**
 * struct rndis - control requests to the virtual NIC behind the session
 * @lock: one request at a time; guards @up, @page and @sequence
 * @up: there is a channel, and requests may be sent
 * @sequence: makes request ids
 * @page: the request as the host reads it
 * @page_dma: where the host finds @page
 * @filter: packet filter that the host has, as far as is known; read and written
 *	without a lock, by one caller at a time
 * @reply_lock: between the waiter and NAPI; guards the rest
 * @awaited: id of the request whose answer is waited for, or 0
 * @awaited_type: message type of that answer
 * @page_owner: transaction id of the message that the host reads from @page,
 *	or 0 when @page is ours
 * @reply: the answer
 * @reply_len: its bytes
 * @replied: completed when @reply is there
 * @released: completed when @page is ours again
 */
struct rndis {
	struct mutex lock;		/* an RNDIS request */
	bool up;
	u32 sequence;
	void *page;
	dma_addr_t page_dma;
	u32 filter;

	spinlock_t reply_lock;		/* NAPI takes it */
	u32 awaited;
	u32 awaited_type;
	u64 page_owner;
	void *reply;
	u32 reply_len;
	struct completion replied;
	struct completion released;
};

/* What an RNDIS indication left for the link work to do. */
enum netvsc_link_event {
	NETVSC_LINK_UP,			/* announce it if it was up before */
	NETVSC_LINK_DOWN,
	NETVSC_LINK_SPEED,		/* ask the host how fast it is */
	NETVSC_LINK_CHANGED,		/* another network: flap the carrier */
};

/* Rare events of the control path, shown by ethtool -S. */
enum netvsc_event {
	NETVSC_EV_BAD_PACKET,		/* VMBus packet that makes no sense */
	NETVSC_EV_BAD_NVSP,
	NETVSC_EV_BAD_RNDIS,
	NETVSC_EV_BAD_TRANSACTION,	/* completion of what is not in flight */
	NETVSC_EV_STALE_REPLY,		/* answer that nobody waits for */
	NETVSC_EV_TIMEOUT,
	NETVSC_EV_TX_TIMEOUT,
	NETVSC_NR_EVENTS,
};

/**
 * struct netvsc_subchannels - the channels beside the first one
 * @opening: held while one of them is being opened, for which VMBus waits for the host
 *	without a limit; taken before @lock
 * @lock: guards the rest, and @opening of each channel
 * @wanted: channels to be had in all, the first one included; offers are taken
 *	for those below this number
 * @promised: what @wanted was in the end
 * @answered: offers that were taken, whether they could be opened or not
 * @err: why there are not as many as wanted
 * @settled: completed when all that the host promised was offered
 * @open_work: asks for them and waits
 * @update_work: puts into service what there is
 * @look_work: sees whether the host has taken one of them away
 */
struct netvsc_subchannels {
	struct mutex opening;		/* one at a time, see above */
	struct mutex lock;		/* the numbers, and what is opening */
	u32 wanted;
	u32 promised;
	u32 answered;
	int err;
	struct completion settled;
	struct work_struct open_work;
	struct work_struct update_work;
	struct delayed_work look_work;
};

/**
 * struct netvsc_rss_state - what the host has and can do
 * @host: can do
 * @on: it has a table
 * @known: a host has said what it can do, this one or one before
 * @lost: the user's table is gone, and nobody has been told
 */
struct netvsc_rss_state {
	struct steer_rss_caps host;
	bool on;
	bool known;
	bool lost;
};

/**
 * struct netvsc_config - what a session is asked for; the host may give less
 * @mtu: largest frame, without its Ethernet header
 * @channels: at most NETVSC_MAX_CHANNELS; 0 for what the CPUs can make use of
 * @rx_sections: of the receive buffer, up to nvsp_max_rx_sections(); 0 for a
 *	default that goes by the number of channels
 * @tx_sections: of the send buffer, up to nvsp_max_tx_sections(); 0 likewise
 */
struct netvsc_config {
	u32 mtu;
	u32 channels;
	u32 rx_sections;
	u32 tx_sections;
};

/**
 * struct netvsc - a NIC; netdev_priv() of its net_device
 * @ndev: the net_device
 * @hdev: the VMBus device
 * @vf: the VF; only vf_*.c look inside, and transmit whether it is in use
 * @config: what the session was asked for; RTNL
 * @nvsp: session
 * @rndis: control requests
 * @channels: those that were ever in use, so that no counter is lost; NULL
 *	from there on.  They are there until the device goes.
 * @nr_channels: how many of them carry traffic, the first ones; at least 1
 *	while the session is up; RTNL, but transmit and works read it
 * @send_table: the host's wish for a channel, by hash; may be beyond those
 *	that there are
 * @subs: how there come to be more of them
 * @rss: how received packets are spread; RTNL
 * @rss_state: what the host has of that; RTNL
 * @caps: of the host's NIC
 * @tx_limits: what the host takes in one VMBus packet
 * @max_mtu: largest MTU that this session carries
 * @closing: no queue may be woken: the data path is coming down
 * @accept: received packets are wanted: between open and stop
 * @xdp_prog: XDP program, NULL if there is none; RTNL
 * @xdp_on: there is one, or about to be; RTNL
 * @tx_idle: woken when the last packet of a channel has come back
 * @recover_work: tries to get a session after one was lost
 * @recover_delay: jiffies from one attempt to the next
 * @link_work: carries out @link_events
 * @link_events: BIT(enum netvsc_link_event)
 * @link: what the host said last of the link (link.c)
 * @link_next: when @link_work may run again, in jiffies
 * @speed: Mbit/s, or SPEED_UNKNOWN; as the host or the user said last
 * @duplex: DUPLEX_*, likewise
 * @told_speed: of the path in use, when others were last told of it; RTNL
 * @msg_enable: NETIF_MSG_*, of what there is to be a line of log
 * @filter_work: brings the host's packet filter up to date
 * @events: counters by enum netvsc_event
 *
 * Locks, in the order in which they nest:
 *
 *	RTNL			open, stop, MTU, features, the VF's binding
 *	subs.opening		opening a sub-channel
 *	subs.lock		which channels there are to be
 *	rndis.lock		an RNDIS request from start to answer
 *	nvsp.lock		an NVSP request from start to answer
 *	netif_addr_lock		the address lists, as for every driver
 *	  that of its VF	in which the VF's own nests
 *	queue lock (txq)	transmit of one queue: slots and sections taken
 *	  that of its VF	as the VF's own
 *	rndis.reply_lock	hands an RNDIS answer from NAPI to its waiter
 *	nvsp.reply_lock		hands an NVSP answer from NAPI to its waiter
 *	vf.host_lock		hands what the host says of VFs from NAPI to RTNL
 *
 * NAPI takes the last three; of the others only the queue lock, to send frames of
 * XDP and what waits for the ring.  It gives slots and sections back without a lock.
 */
struct netvsc {
	struct net_device *ndev;
	struct hv_device *hdev;

	struct netvsc_vf vf;

	struct netvsc_config config;
	struct nvsp nvsp;
	struct rndis rndis;
	struct netvsc_channel *channels[NETVSC_MAX_CHANNELS];
	unsigned int nr_channels;
	u8 send_table[STEER_SEND_ENTRIES];
	struct netvsc_subchannels subs;
	struct steer_rss rss;
	struct netvsc_rss_state rss_state;
	struct netvsc_caps caps;
	struct tx_limits tx_limits;
	u32 max_mtu;

	bool closing;
	bool accept;
	struct bpf_prog __rcu *xdp_prog;
	bool xdp_on;
	wait_queue_head_t tx_idle;

	struct delayed_work recover_work;
	unsigned long recover_delay;

	struct delayed_work link_work;
	unsigned long link_events;
	unsigned long link_next;
	u32 link;
	u32 speed;
	u8 duplex;
	u32 told_speed;

	u32 msg_enable;
	struct work_struct filter_work;

	atomic_long_t events[NETVSC_NR_EVENTS];
};

static inline struct netvsc *netvsc_priv(const struct net_device *ndev)
{
	return netdev_priv(ndev);
}

static inline struct netdev_queue *netvsc_txq(const struct netvsc_channel *ch)
{
	return netdev_get_tx_queue(ch->nv->ndev, ch->index);
}

static inline void netvsc_count(struct netvsc *nv, enum netvsc_event event)
{
	atomic_long_inc(&nv->events[event]);
}

/* Channel @i, or NULL if there never was one; from any context. */
static inline struct netvsc_channel *
netvsc_channel_at(const struct netvsc *nv, unsigned int i)
{
	/* Pairs with netvsc_channel_get(). */
	return i < NETVSC_MAX_CHANNELS ? smp_load_acquire(&nv->channels[i]) :
					 NULL;
}

/* All channels that have counters, whether they are open or not. */
#define netvsc_for_each_channel(nv, i, ch) \
	for ((i) = 0; ((ch) = netvsc_channel_at(nv, i)); (i)++)

/*
 * A transaction id says whose packet the host completes: the kind in the top
 * byte, then what that kind needs to check it.
 */
#define NETVSC_TID_KIND		GENMASK_ULL(63, 56)
enum netvsc_tid_kind {
	NETVSC_TID_DATA = 1,		/* what tx_pool.h makes of it */
	NETVSC_TID_NVSP,		/* sequence of struct nvsp */
	NETVSC_TID_SWITCH,		/* sequence of struct netvsc_vf */
	NETVSC_TID_RNDIS,		/* sequence of struct rndis */
};

/* With NETVSC_TID_DATA: the pool is that of direct packets, not of sections. */
#define NETVSC_TID_DIRECT	BIT_ULL(32)

/* session.c: from the channel to the RNDIS state, and back; RTNL */
int netvsc_session_start(struct netvsc *nv);
void netvsc_session_stop(struct netvsc *nv);
int netvsc_session_try(struct netvsc *nv, const struct netvsc_config *config,
		       u32 channels);
int netvsc_reconfigure(struct netvsc *nv, const struct netvsc_config *config,
		       u32 channels);

/* netdev.c */
void netvsc_netdev_init(struct netvsc *nv);
void netvsc_netdev_sync_mac(struct netvsc *nv);
void netvsc_netdev_pause(struct netvsc *nv);	/* RTNL; before session_stop */
int netvsc_netdev_resume(struct netvsc *nv);	/* RTNL; after session_start */
void netvsc_netdev_lower_mtu(struct netvsc *nv);	/* RTNL; after resume */
bool netvsc_dev_is(const struct net_device *ndev);

/* recover.c */
void netvsc_recover_init(struct netvsc *nv);
void netvsc_recover(struct netvsc *nv, int err);

/* features.c */
void netvsc_features_init(struct netvsc *nv);
void netvsc_features_register(struct netvsc *nv);
void netvsc_features_renew(struct netvsc *nv);
void netvsc_features_tso_max(struct netvsc *nv, unsigned int vf);
netdev_features_t netvsc_fix_features(struct net_device *ndev,
				      netdev_features_t features);
int netvsc_set_features(struct net_device *ndev, netdev_features_t features);

/* link.c */
void netvsc_link_init(struct netvsc *nv);
void netvsc_link_event(struct netvsc *nv, enum netvsc_link_event event);
void netvsc_link_look(struct netvsc *nv, unsigned long delay);
bool netvsc_link_is_up(const struct netvsc *nv);	/* as the host said last */
void netvsc_link_query(struct netvsc *nv);
void netvsc_link_tell_speed(struct netvsc *nv);
int netvsc_get_link_ksettings(struct net_device *ndev,
			      struct ethtool_link_ksettings *cmd);
int netvsc_set_link_ksettings(struct net_device *ndev,
			      const struct ethtool_link_ksettings *cmd);

/* nvsp.c: all but handlers and nvsp_send_rndis() sleep */
void nvsp_init(struct netvsc *nv);
u32 nvsp_max_rx_sections(const struct netvsc *nv);	/* any context */
u32 nvsp_max_tx_sections(const struct netvsc *nv);	/* any context */
int nvsp_connect(struct netvsc *nv);
void nvsp_disconnect(struct netvsc *nv);	/* before the channel closes */
void nvsp_free(struct netvsc *nv);		/* after the channel closed */
/*
 * Asks the host to deliver to the VF, or to the synthetic channels again.  Its
 * word comes to netvsc_vf_switched(), with @sequence, which is not 0.  Works
 * with the device up or down.  RTNL.  Return: 0, -ENODEV without a session or
 * device, -EOPNOTSUPP if this host knows no VFs, -EAGAIN if the ring had no room
 * for a second.
 */
int nvsp_switch_data_path(struct netvsc *nv, bool to_vf, u32 sequence);
/* @count is how many to ask for, and then how many the host gives. */
int nvsp_request_subchannels(struct netvsc *nv, u32 *count);
int nvsp_send_rndis(struct netvsc_channel *ch, enum nvsp_rndis_channel channel,
		    u64 transaction, u32 section, u32 len,
		    const struct nvsp_ranges *ranges);
int nvsp_send_rndis_control(struct netvsc *nv, u64 transaction,
			    struct nvsp_ranges *ranges);
void nvsp_handle_inband(struct netvsc *nv, const void *msg, u32 len);
void nvsp_handle_completion(struct netvsc *nv, u64 transaction,
			    const void *msg, u32 len);
void nvsp_handle_switched(struct netvsc *nv, u64 transaction, const void *msg,
			  u32 len);

/* rndis.c: all but the two handlers sleep, none without a limit */
int rndis_setup(struct netvsc *nv);
void rndis_discard(struct netvsc *nv);
int rndis_start(struct netvsc *nv);
void rndis_halt(struct netvsc *nv);
int rndis_set(struct netvsc *nv, u32 oid, const void *info, u32 len);
int rndis_query(struct netvsc *nv, u32 oid, void *out, u32 in_len, u32 size);
/* Return: NVSP_STATUS_* for the host */
u32 rndis_handle_control(struct netvsc *nv, u32 type, const void *body,
			 u32 len);
void rndis_handle_released(struct netvsc *nv, u64 transaction);

/* rndis_oid.c: all sleep */
int rndis_query_mac(struct netvsc *nv, u8 *mac);
int rndis_set_mac(struct netvsc *nv, const u8 *mac);
int rndis_sync_mac(struct netvsc *nv, const u8 *mac);
int rndis_query_u32(struct netvsc *nv, u32 oid, u32 *value);
int rndis_query_speed(struct netvsc *nv, u32 *mbit);
int rndis_query_name(struct netvsc *nv, char *name, u32 size);
int rndis_query_caps(struct netvsc *nv, struct netvsc_caps *caps);
int rndis_set_offloads(struct netvsc *nv, const struct netvsc_caps *caps,
		       netdev_features_t features);
int rndis_set_filter(struct netvsc *nv, u32 filter);

/* channel.c */
unsigned int netvsc_default_channels(const struct netvsc *nv);
struct netvsc_channel *netvsc_channel_get(struct netvsc *nv, u16 index);
void netvsc_channels_free(struct netvsc *nv);
int netvsc_channel_open(struct netvsc_channel *ch,
			struct vmbus_channel *vmbus);
void netvsc_channel_close(struct netvsc_channel *ch);
long netvsc_wait_host(struct netvsc *nv, struct completion *done,
		      unsigned long timeout);

/* subchannel.c */
void netvsc_subchannels_init(struct netvsc *nv);
void netvsc_subchannels_uninit(struct netvsc *nv);
void netvsc_subchannels_gone(void);
int netvsc_subchannels_start(struct netvsc *nv);
void netvsc_subchannels_open(struct netvsc *nv);
void netvsc_subchannels_open_later(struct netvsc *nv);
void netvsc_subchannels_stop(struct netvsc *nv);
int netvsc_channels_serve(struct netvsc *nv, unsigned int n);
int netvsc_channels_update(struct netvsc *nv);
void netvsc_channels_settle(struct netvsc *nv);
void netvsc_channel_lost(struct netvsc_channel *ch);

/* rss.c */
void netvsc_rss_init(struct netvsc *nv);
void netvsc_rss_tell_lost(struct netvsc *nv);
void netvsc_rss_query(struct netvsc *nv);
int netvsc_rss_apply(struct netvsc *nv, unsigned int channels);
u32 netvsc_get_rx_ring_count(struct net_device *ndev);
u32 netvsc_get_rxfh_key_size(struct net_device *ndev);
u32 netvsc_get_rxfh_indir_size(struct net_device *ndev);
int netvsc_get_rxfh(struct net_device *ndev, struct ethtool_rxfh_param *rxfh);
int netvsc_set_rxfh(struct net_device *ndev, struct ethtool_rxfh_param *rxfh,
		    struct netlink_ext_ack *extack);
int netvsc_get_rxfh_fields(struct net_device *ndev,
			   struct ethtool_rxfh_fields *fields);
int netvsc_set_rxfh_fields(struct net_device *ndev,
			   const struct ethtool_rxfh_fields *fields,
			   struct netlink_ext_ack *extack);

/* queue.c */
u16 netvsc_select_queue(struct net_device *ndev, struct sk_buff *skb,
			struct net_device *sb_dev);
bool netvsc_queue_table(struct netvsc *nv, const void *msg, u32 len);
void netvsc_queue_reset(struct netvsc *nv);

/* tx.c */
netdev_tx_t netvsc_start_xmit(struct sk_buff *skb, struct net_device *ndev);
netdev_features_t netvsc_features_check(struct sk_buff *skb,
					struct net_device *ndev,
					netdev_features_t features);
/*
 * Sends a frame of XDP on the channel's queue.  It may wait for company until
 * netvsc_tx_kick(), which has to follow before NAPI's poll or ndo_xdp_xmit ends.
 * Both with the queue's lock held, and BH off.  Return: 0 when the frame is
 * gone; with an error (-EBUSY, -ENETDOWN, -ENOMEM, -EOPNOTSUPP for one with
 * fragments) it is the caller's still, and good for nothing else but to be freed.
 */
int netvsc_tx_frame(struct netvsc_channel *ch, struct xdp_frame *frame);
void netvsc_tx_kick(struct netvsc_channel *ch);
void netvsc_tx_kick_all(struct netvsc *nv);	/* takes the locks itself */
bool netvsc_tx_poll(struct netvsc_channel *ch);	/* true: poll again */

static inline void netvsc_tx_count(struct netvsc_tx *tx, u64_stats_t *what)
{
	u64_stats_update_begin(&tx->stats.syncp);
	u64_stats_inc(what);
	u64_stats_update_end(&tx->stats.syncp);
}

/* Where in the send buffer the open batch ends */
static inline void *netvsc_tx_batch_end(const struct netvsc_tx *tx)
{
	return tx->section_base +
	       (size_t)tx->batch.index * tx->section_size + tx->batch.used;
}

/* tx_direct.c */
u32 netvsc_tx_direct_copied(const struct sk_buff *skb);
int netvsc_tx_direct_init(struct netvsc_channel *ch);
void netvsc_tx_direct_exit(struct netvsc_channel *ch);
int netvsc_tx_direct_skb(struct netvsc_channel *ch, u32 index,
			 struct sk_buff *skb);
int netvsc_tx_direct_frame(struct netvsc_channel *ch, u32 index,
			   struct xdp_frame *frame, int tci);
void netvsc_tx_direct_release(struct netvsc_channel *ch, u32 index,
			      int budget);

/* tx_done.c */
void netvsc_tx_init(struct netvsc_channel *ch);
int netvsc_tx_start(struct netvsc_channel *ch);	/* before the channel opens */
int netvsc_tx_set_sections(struct netvsc_channel *ch, u32 first, u32 count);
void netvsc_tx_lost(struct netvsc_channel *ch);	/* nobody completes: drop all */
void netvsc_tx_stop(struct netvsc_channel *ch);	/* channel closed: the same */
bool netvsc_tx_is_frame(const struct netvsc_channel *ch, u64 transaction);
void netvsc_tx_complete(struct netvsc_channel *ch, u64 transaction, bool sent,
			int budget, struct netvsc_tx_poll *done);
void netvsc_tx_completed(struct netvsc_channel *ch,
			 const struct netvsc_tx_poll *done);
void netvsc_tx_timeout(struct net_device *ndev, unsigned int queue);
/*
 * Sleeps until the host has given back every packet that the channels in service
 * were given, or NETVSC_HOST_TIMEOUT has passed; one that it has taken away does not
 * count.  The caller sees to it that no new ones come.  Return: true if all are back.
 */
bool netvsc_tx_wait_idle(struct netvsc *nv);

/* rx.c and rx_done.c */
bool netvsc_rx_make_room(struct netvsc_channel *ch);
int netvsc_rx_transfer(struct netvsc_channel *ch,
		       const struct vmbus_pkt *pkt);
bool netvsc_rx_flush(struct netvsc_channel *ch);	/* true: all sent */
void netvsc_rx_init(struct netvsc_channel *ch);
int netvsc_rx_start(struct netvsc_channel *ch);	/* before the channel opens */
void netvsc_rx_stop(struct netvsc_channel *ch);	/* NAPI is disabled */

/* Whether a packet more can be taken: its completion needs a place. */
static inline bool netvsc_rx_ready(struct netvsc_channel *ch)
{
	const struct netvsc_rx *rx = &ch->rx;

	return likely(rx->done_head - rx->done_tail <= rx->done_mask) ||
	       netvsc_rx_make_room(ch);
}

/* xdp.c: all but the first under RTNL */
int netvsc_xdp_xmit(struct net_device *ndev, int n, struct xdp_frame **frames,
		    u32 flags);
int netvsc_bpf(struct net_device *ndev, struct netdev_bpf *bpf);
bool netvsc_xdp_mtu_ok(const struct netvsc *nv, unsigned int mtu);

/* ethtool.c */
extern const struct ethtool_ops netvsc_ethtool_ops;

/* stats.c */
extern const struct netdev_stat_ops netvsc_stat_ops;
void netvsc_get_stats64(struct net_device *ndev,
			struct rtnl_link_stats64 *stats);
int netvsc_get_sset_count(struct net_device *ndev, int set);
void netvsc_get_strings(struct net_device *ndev, u32 set, u8 *to);
void netvsc_get_ethtool_stats(struct net_device *ndev,
			      struct ethtool_stats *stats, u64 *to);

#endif /* _NETVSC_H */
