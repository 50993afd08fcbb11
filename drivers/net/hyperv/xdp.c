// SPDX-License-Identifier: GPL-2.0
/*
 * XDP: programs that see a frame before there is an skb, what they may do with
 * it, and frames that other devices redirect to this one.
 *
 * A program works on a copy, in a page of the channel's pool: the buffer that
 * the frame came in belongs to the host.
 */
#include <linux/bitfield.h>
#include <linux/bpf_trace.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <net/page_pool/helpers.h>
#include <net/xdp.h>

#include "rndis.h"
#include "rx.h"

/* What a page holds besides room in front and what an skb needs behind. */
#define XDP_FRAME_MAX	(SKB_WITH_OVERHEAD(PAGE_SIZE) - XDP_PACKET_HEADROOM)
/* With the host's tag in front of one that is in the data anyway. */
#define XDP_MTU_MAX	(XDP_FRAME_MAX - VLAN_ETH_HLEN - VLAN_HLEN)

static u32 xdp_len(const struct rx_frame *frame)
{
	return frame->len + (frame->flags & RX_HAS_VLAN ? VLAN_HLEN : 0);
}

/*
 * The program sees the frame as it was on the wire.  A tag that was kept apart
 * would be lost when the frame is sent on.
 */
static void xdp_copy(void *to, struct rx_frame *frame)
{
	const u32 macs = 2 * ETH_ALEN;
	struct vlan_ethhdr *hdr = to;

	if (likely(!(frame->flags & RX_HAS_VLAN))) {
		memcpy(to, frame->data, frame->len);
		return;
	}

	memcpy(to, frame->data, macs);
	hdr->h_vlan_proto = htons(ETH_P_8021Q);
	hdr->h_vlan_TCI = htons(rx_vlan_tci(frame->vlan));
	memcpy(to + macs + VLAN_HLEN, frame->data + macs, frame->len - macs);
	frame->flags &= ~RX_HAS_VLAN;
}

static void xdp_free(struct netvsc_channel *ch, const struct xdp_buff *xdp)
{
	page_pool_recycle_direct(ch->rx.pool,
				 virt_to_page(xdp->data_hard_start));
}

static void xdp_pass(struct netvsc_channel *ch, const struct xdp_buff *xdp,
		     const struct rx_frame *frame)
{
	u32 meta = xdp->data - xdp->data_meta;
	struct sk_buff *skb;

	skb = napi_build_skb(xdp->data_hard_start, xdp->frame_sz);
	if (unlikely(!skb)) {
		xdp_free(ch, xdp);
		rx_count(&ch->rx.stats, &ch->rx.stats.no_memory);
		return;
	}
	skb_mark_for_recycle(skb);
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	__skb_put(skb, xdp->data_end - xdp->data);
	if (meta)
		skb_metadata_set(skb, meta);
	rx_skb_deliver(ch, skb, frame);
}

static int xdp_send(struct netvsc_channel *ch, struct xdp_buff *xdp)
{
	struct xdp_frame *frame = xdp_convert_buff_to_frame(xdp);
	struct netdev_queue *txq = netvsc_txq(ch);
	int err;

	if (unlikely(!frame))
		return -EOVERFLOW;

	__netif_tx_lock(txq, smp_processor_id());
	err = netvsc_tx_frame(ch, frame);
	__netif_tx_unlock(txq);
	if (!err)
		ch->rx.xdp_sent = true;
	return err;
}

static int xdp_redirect(struct netvsc_channel *ch, struct xdp_buff *xdp,
			struct bpf_prog *prog)
{
	int err = xdp_do_redirect(ch->nv->ndev, xdp, prog);

	if (!err)
		ch->rx.xdp_redirected = true;
	return err;
}

/* What is to be done with the frame fails: it is lost. */
static void xdp_failed(struct netvsc_channel *ch, const struct xdp_buff *xdp,
		       const struct bpf_prog *prog, u32 act)
{
	trace_xdp_exception(ch->nv->ndev, prog, act);
	rx_count(&ch->rx.stats, &ch->rx.stats.xdp_errors);
	xdp_free(ch, xdp);
}

static void xdp_act(struct netvsc_channel *ch, struct xdp_buff *xdp,
		    struct bpf_prog *prog, u32 act)
{
	struct netvsc_rx_stats *stats = &ch->rx.stats;

	switch (act) {
	case XDP_TX:
		if (xdp_send(ch, xdp))
			break;
		rx_count(stats, &stats->xdp_tx);
		return;
	case XDP_REDIRECT:
		if (xdp_redirect(ch, xdp, prog))
			break;
		rx_count(stats, &stats->xdp_redirect);
		return;
	case XDP_DROP:
		rx_count(stats, &stats->xdp_drop);
		xdp_free(ch, xdp);
		return;
	case XDP_ABORTED:
		break;
	default:
		bpf_warn_invalid_xdp_action(ch->nv->ndev, prog, act);
		break;
	}
	xdp_failed(ch, xdp, prog, act);
}

/**
 * rx_xdp() - let a program decide on a frame
 * @ch: the channel
 * @prog: the program
 * @frame: in one piece; its VLAN tag may move into the data
 *
 * Return: NVSP_STATUS_* for the host.
 */
u32 rx_xdp(struct netvsc_channel *ch, struct bpf_prog *prog,
	   struct rx_frame *frame)
{
	struct netvsc_rx *rx = &ch->rx;
	u32 len = xdp_len(frame), act;
	struct xdp_buff xdp;
	struct page *page;

	/* Left from the time before the program, when it could be coalesced */
	if (unlikely(len > XDP_FRAME_MAX)) {
		rx_count(&rx->stats, &rx->stats.xdp_errors);
		return NVSP_STATUS_SUCCESS;
	}

	page = page_pool_dev_alloc_pages(rx->pool);
	if (unlikely(!page)) {
		rx_count(&rx->stats, &rx->stats.no_memory);
		return NVSP_STATUS_FAILURE;
	}

	xdp_init_buff(&xdp, PAGE_SIZE, &rx->xdp_rxq);
	xdp_prepare_buff(&xdp, page_address(page), XDP_PACKET_HEADROOM, len,
			 true);
	xdp_copy(xdp.data, frame);

	act = bpf_prog_run_xdp(prog, &xdp);
	if (act == XDP_PASS) {
		xdp_pass(ch, &xdp, frame);
	} else {
		rx_account(rx, len, false);
		xdp_act(ch, &xdp, prog, act);
	}
	return NVSP_STATUS_SUCCESS;
}

/* What the frames of a poll have left to do */
void rx_xdp_flush(struct netvsc_channel *ch)
{
	struct netdev_queue *txq = netvsc_txq(ch);

	if (ch->rx.xdp_redirected)
		xdp_do_flush();
	if (ch->rx.xdp_sent) {
		__netif_tx_lock(txq, smp_processor_id());
		netvsc_tx_kick(ch);
		__netif_tx_unlock(txq);
	}
	ch->rx.xdp_redirected = false;
	ch->rx.xdp_sent = false;
}

static int xdp_xmit_frames(struct netvsc_channel *ch, int n,
			   struct xdp_frame **frames)
{
	int i;

	for (i = 0; i < n; i++)
		if (netvsc_tx_frame(ch, frames[i]))
			break;
	/* XDP_XMIT_FLUSH need not come: a program may drop what would bring it. */
	netvsc_tx_kick(ch);
	return i;
}

/**
 * netvsc_xdp_xmit() - frames that programs of other devices redirect here
 * @ndev: the net_device
 * @n: number of frames
 * @frames: the frames
 * @flags: XDP_XMIT_*
 *
 * Context: BH off: NAPI of another device, as a rule.
 *
 * Return: how many were taken, the first ones; or an error, if none can be.
 */
int netvsc_xdp_xmit(struct net_device *ndev, int n, struct xdp_frame **frames,
		    u32 flags)
{
	struct netvsc *nv = netvsc_priv(ndev);
	int cpu = smp_processor_id(), sent;
	struct netvsc_channel *ch;

	if (flags & ~XDP_XMIT_FLAGS_MASK)
		return -EINVAL;
	if (!netif_carrier_ok(ndev))
		return -ENETDOWN;

	ch = nv->channels[cpu % ndev->real_num_tx_queues];
	__netif_tx_lock(netvsc_txq(ch), cpu);
	sent = netvsc_vf_xdp_xmit(&nv->vf, n, frames, flags);
	if (sent < 0)
		sent = xdp_xmit_frames(ch, n, frames);
	__netif_tx_unlock(netvsc_txq(ch));
	return sent;
}

/* Programs come and go */

bool netvsc_xdp_mtu_ok(const struct netvsc *nv, unsigned int mtu)
{
	return !nv->xdp_on || mtu <= XDP_MTU_MAX;
}

/* Programs do not see coalesced frames, so the host stops before the first sees any. */
static void xdp_switch(struct netvsc *nv, bool on)
{
	if (nv->xdp_on == on)
		return;
	nv->xdp_on = on;
	netdev_update_features(nv->ndev);
}

/* Return: false, with nothing changed, if the host goes on coalescing. */
static bool xdp_prepare(struct netvsc *nv)
{
	xdp_switch(nv, true);
	if (likely(!(nv->ndev->features & NETIF_F_LRO)))
		return true;
	if (!rtnl_dereference(nv->xdp_prog))
		xdp_switch(nv, false);
	return false;
}

static int xdp_set_prog(struct netvsc *nv, struct bpf_prog *prog,
			struct netlink_ext_ack *extack)
{
	struct net_device *ndev = nv->ndev;
	struct bpf_prog *old;

	if (prog && ndev->mtu > XDP_MTU_MAX) {
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "MTU %u is too large for XDP, whose limit is %lu",
				       ndev->mtu, XDP_MTU_MAX);
		return -EINVAL;
	}

	if (prog && !xdp_prepare(nv)) {
		NL_SET_ERR_MSG_MOD(extack, "The host goes on coalescing packets");
		return -EBUSY;
	}
	old = rcu_replace_pointer(nv->xdp_prog, prog, lockdep_rtnl_is_held());
	netvsc_vf_set_xdp(nv, prog, extack);
	/* A frame that is under way in NAPI finishes with the old one. */
	if (old)
		bpf_prog_put(old);
	if (!prog)
		xdp_switch(nv, false);
	return 0;
}

int netvsc_bpf(struct net_device *ndev, struct netdev_bpf *bpf)
{
	switch (bpf->command) {
	case XDP_SETUP_PROG:
		return xdp_set_prog(netvsc_priv(ndev), bpf->prog, bpf->extack);
	default:
		return -EINVAL;
	}
}

int rx_xdp_start(struct netvsc_channel *ch)
{
	struct netvsc_rx *rx = &ch->rx;
	int err;

	err = xdp_rxq_info_reg(&rx->xdp_rxq, ch->nv->ndev, ch->index,
			       ch->napi.napi_id);
	if (err)
		return err;
	return xdp_rxq_info_reg_mem_model(&rx->xdp_rxq, MEM_TYPE_PAGE_POOL,
					  rx->pool);
}

void rx_xdp_stop(struct netvsc_channel *ch)
{
	if (xdp_rxq_info_is_reg(&ch->rx.xdp_rxq))
		xdp_rxq_info_unreg(&ch->rx.xdp_rxq);
}
