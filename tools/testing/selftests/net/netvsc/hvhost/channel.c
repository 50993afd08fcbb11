// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a channel, from offer to release, and packets on it.
 */
#include "channel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpadl.h"
#include "hyperv.h"
#include "vm.h"

/* Offers */

static bool same_device(const struct channel_offer *a,
			const struct channel_offer *b)
{
	return !memcmp(&a->type, &b->type, sizeof(a->type)) &&
	       !memcmp(&a->instance, &b->instance, sizeof(a->instance)) &&
	       a->sub_index == b->sub_index;
}

/*
 * A guest that is still letting go of a device takes a second offer of the same
 * instance for an error of the host.
 */
static bool waits_for_release(const struct channel *chan)
{
	const struct channel *other;

	for (other = chan->vmbus->channels; other; other = other->next)
		if (other->rescinded &&
		    same_device(&other->offer, &chan->offer))
			return true;
	return false;
}

static uint32_t relid_alloc(struct vmbus *vmbus)
{
	uint32_t relid = vmbus->last_relid;
	unsigned int i;

	for (i = 0; i < VMBUS_MAX_RELID; i++) {
		relid = relid % VMBUS_MAX_RELID + 1;
		if (!vmbus->by_relid[relid])
			return vmbus->last_relid = relid;
	}
	return 0;
}

/*
 * No monitor page is offered, though hosts have it for NICs: there the guest
 * sets a bit and the host looks every 100 us.  Looking costs this host more
 * than the hypercall that the guest makes instead, and how its VMBus signals is
 * nothing that the guest's driver sees.
 */
static void offer_post(struct channel *chan)
{
	const struct channel_offer *offer = &chan->offer;
	struct vmbus *vmbus = chan->vmbus;
	struct msg_offer msg = {
		.hdr.type = MSG_OFFER,
		.type = offer->type,
		.instance = offer->instance,
		.flags = offer->flags,
		.mmio_mb = offer->mmio_mb,
		.sub_index = offer->sub_index,
		.dedicated = 1,
	};

	chan->relid = relid_alloc(vmbus);
	if (!chan->relid) {
		log_error("vmbus", "no relid left for a channel");
		return;
	}
	vmbus->by_relid[chan->relid] = chan;
	chan->state = CHAN_OFFERED;

	memcpy(msg.user_data, offer->user_data, sizeof(msg.user_data));
	msg.relid = chan->relid;
	msg.connection_id = VMBUS_CONN_EVENT | chan->relid;
	log_debug("vmbus", "channel %u offered", chan->relid);
	vmbus_post(vmbus, &msg, sizeof(msg));
}

void channel_offer_pending(struct vmbus *vmbus)
{
	struct channel *chan;

	if (!vmbus->offering)
		return;
	for (chan = vmbus->channels; chan; chan = chan->next)
		if (chan->state == CHAN_NEW && !chan->rescinded &&
		    !waits_for_release(chan))
			offer_post(chan);
}

struct channel *vmbus_offer(struct vmbus *vmbus,
			    const struct channel_offer *offer)
{
	struct channel *chan = calloc(1, sizeof(*chan)), **end;

	if (!chan)
		die("out of memory");
	chan->vmbus = vmbus;
	chan->offer = *offer;

	/* At the end: a guest gets its offers in the order they were made. */
	for (end = &vmbus->channels; *end; end = &(*end)->next)
		;
	*end = chan;
	channel_offer_pending(vmbus);
	return chan;
}

static void channel_free(struct channel *chan)
{
	struct channel **p;

	for (p = &chan->vmbus->channels; *p != chan; p = &(*p)->next)
		;
	*p = chan->next;
	free(chan);
}

/* The channel leaves the list only after this, so that its name stays taken. */
void channel_release(struct channel *chan, enum channel_state next)
{
	struct vmbus *vmbus = chan->vmbus;
	bool rescinded;

	channel_close(chan);
	while (chan->gpadls)
		channel_drop_gpadl(chan, chan->gpadls);
	if (chan->relid) {
		log_debug("vmbus", "channel %u released", chan->relid);
		vmbus->by_relid[chan->relid] = NULL;
		chan->relid = 0;
	}
	chan->state = next;

	/* The device may rescind it in the call, which is then for later. */
	rescinded = chan->rescinded;
	chan->offer.ops->released(chan->offer.ctx, chan);
	if (rescinded) {
		channel_free(chan);
		channel_offer_pending(vmbus);
	}
}

void vmbus_rescind(struct channel *chan)
{
	struct msg_relid msg = { .hdr.type = MSG_RESCIND };

	if (chan->rescinded)
		return;
	chan->rescinded = true;
	channel_close(chan);
	if (!chan->relid) {
		channel_release(chan, CHAN_NEW);
		return;
	}
	log_debug("vmbus", "channel %u rescinded", chan->relid);
	/* A guest that is disconnecting releases everything without a word. */
	if (!chan->vmbus->version)
		return;
	msg.relid = chan->relid;
	vmbus_post(chan->vmbus, &msg, sizeof(msg));
}

void channel_fail(struct channel *chan, const char *fmt, ...)
{
	char why[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	log_guest_error(&chan->vmbus->complaints, "vmbus",
			"channel %u closed: %s", chan->relid, why);
	vmbus_rescind(chan);
}

/* Open and close */

static bool vp_ok(const struct vmbus *vmbus, uint32_t vp)
{
	return vp < vm_nr_vcpus(vmbus->vm) || vp == VMBUS_VP_NONE;
}

static const char *channel_map_rings(struct channel *chan, uint32_t id,
				     uint32_t downstream)
{
	struct gpadl *gpadl = channel_find_gpadl(chan, id);
	uint8_t *const *pages;
	const char *why;

	if (!gpadl || !gpadl_is_complete(gpadl))
		return "rings in a GPADL that the channel does not have";
	pages = gpadl_whole_pages(gpadl);
	if (!pages)
		return "rings that are not made of whole pages";
	if (downstream >= gpadl->nr_pages)
		return "second ring beyond its GPADL";

	why = ring_init_reader(&chan->in, pages, downstream);
	if (!why)
		why = ring_init_writer(&chan->out, pages + downstream,
				       gpadl->nr_pages - downstream);
	if (!why)
		chan->ring_gpadl = gpadl;
	return why;
}

const char *channel_open(struct channel *chan, const struct msg_open *msg)
{
	const char *why;

	if (chan->rescinded)
		return "rescinded";
	if (chan->state == CHAN_OPEN)
		return "already open";
	if (!vp_ok(chan->vmbus, msg->target_vp))
		return "interrupts for a processor that is not there";
	why = channel_map_rings(chan, msg->ring_gpadl, msg->downstream_page);
	if (why)
		return why;

	chan->vp = msg->target_vp;
	chan->state = CHAN_OPEN;
	chan->opening = true;
	chan->interrupt_owed = false;
	if (chan->offer.ops->open(chan->offer.ctx, chan)) {
		/* The device may have failed it in the call. */
		if (chan->state == CHAN_OPEN)
			return NULL;
		why = "failed while it was opened";
	} else {
		why = "refused by the device";
	}
	chan->opening = false;
	chan->ring_gpadl = NULL;
	chan->state = CHAN_OFFERED;
	return why;
}

static void signal_vp(struct channel *chan, unsigned int vp)
{
	struct vmbus *vmbus = chan->vmbus;

	vmbus->interrupts += synic_signal(vmbus->vm, vp, vmbus->sint,
					  chan->relid);
}

void channel_signal(struct channel *chan)
{
	log_info("vmbus", "channel %u: signalled out of turn", chan->relid);
	signal_vp(chan, chan->vp == VMBUS_VP_NONE ? 0 : chan->vp);
}

static void channel_interrupt(struct channel *chan)
{
	if (chan->opening) {
		chan->interrupt_owed = true;
		return;
	}
	if (chan->vp != VMBUS_VP_NONE)
		signal_vp(chan, chan->vp);
}

void channel_opened(struct channel *chan)
{
	chan->opening = false;
	if (chan->interrupt_owed)
		channel_interrupt(chan);
	/* The guest may have written first, and signals only an empty ring. */
	chan->offer.ops->readable(chan->offer.ctx, chan);
}

void channel_close(struct channel *chan)
{
	if (chan->state != CHAN_OPEN || chan->closing)
		return;
	chan->closing = true;
	chan->offer.ops->close(chan->offer.ctx, chan);
	chan->closing = false;
	chan->opening = false;
	chan->ring_gpadl = NULL;
	chan->state = CHAN_OFFERED;
	log_debug("vmbus", "channel %u closed", chan->relid);
}

const char *channel_retarget(struct channel *chan, uint32_t vp)
{
	if (chan->state != CHAN_OPEN)
		return "not open";
	if (!vp_ok(chan->vmbus, vp))
		return "interrupts for a processor that is not there";
	chan->vp = vp;
	return NULL;
}

bool channel_is_open(const struct channel *chan)
{
	return chan->state == CHAN_OPEN;
}

bool channel_is_rescinded(const struct channel *chan)
{
	return chan->rescinded;
}

uint32_t channel_relid(const struct channel *chan)
{
	return chan->relid;
}

unsigned int channel_vp(const struct channel *chan)
{
	return chan->vp;
}

/* GPADLs */

void channel_add_gpadl(struct channel *chan, struct gpadl *gpadl)
{
	gpadl->next = chan->gpadls;
	chan->gpadls = gpadl;
	chan->vmbus->nr_gpadls++;
	chan->vmbus->gpadl_words += gpadl->nr_words;
}

struct gpadl *channel_find_gpadl(struct channel *chan, uint32_t id)
{
	struct gpadl *gpadl;

	for (gpadl = chan->gpadls; gpadl; gpadl = gpadl->next)
		if (gpadl->id == id)
			return gpadl;
	return NULL;
}

void channel_drop_gpadl(struct channel *chan, struct gpadl *gpadl)
{
	struct gpadl **p;

	/* A closed channel's device has forgotten its GPADLs in ->close(). */
	if (chan->state == CHAN_OPEN && gpadl_is_complete(gpadl) &&
	    chan->offer.ops->gpadl_gone)
		chan->offer.ops->gpadl_gone(chan->offer.ctx, chan, gpadl);

	for (p = &chan->gpadls; *p != gpadl; p = &(*p)->next)
		;
	*p = gpadl->next;
	chan->vmbus->nr_gpadls--;
	chan->vmbus->gpadl_words -= gpadl->nr_words;
	gpadl_free(gpadl);
}

struct gpadl *channel_gpadl(struct channel *chan, uint32_t id)
{
	struct gpadl *gpadl = channel_find_gpadl(chan, id);

	return gpadl && gpadl_is_complete(gpadl) ? gpadl : NULL;
}

/* Packets */

enum ring_status channel_read(struct channel *chan, struct packet *pkt)
{
	enum ring_status status;
	const char *why;
	bool signal;

	if (chan->state != CHAN_OPEN)
		return RING_EMPTY;
	status = ring_read(&chan->in, pkt, &signal, &why);
	if (status == RING_BAD)
		channel_fail(chan, "outbound ring: %s", why);
	else if (signal)
		channel_interrupt(chan);
	return status;
}

void channel_silence(struct channel *chan)
{
	if (chan->state == CHAN_OPEN)
		ring_silence(&chan->in);
}

static enum ring_status channel_put(struct channel *chan, uint16_t type,
				    uint16_t flags, uint64_t trans_id,
				    const struct iovec *iov,
				    unsigned int nr_iov, uint32_t header)
{
	enum ring_status status;
	const char *why;
	bool signal;

	if (chan->state != CHAN_OPEN)
		return RING_BAD;
	status = ring_write(&chan->out, type, flags, trans_id, iov, nr_iov,
			    header, &signal, &why);
	if (status == RING_BAD)
		channel_fail(chan, "inbound ring: %s", why);
	else if (signal)
		channel_interrupt(chan);
	return status;
}

enum ring_status channel_write(struct channel *chan, uint16_t type,
			       uint16_t flags, uint64_t trans_id,
			       const void *payload, size_t len)
{
	struct iovec iov = { (void *)payload, len };

	return channel_put(chan, type, flags, trans_id, &iov, 1, 0);
}

enum ring_status channel_write_raw(struct channel *chan, uint16_t type,
				   uint16_t flags, uint64_t trans_id,
				   const void *data, size_t len, size_t header)
{
	struct iovec iov = { (void *)data, len };

	return channel_put(chan, type, flags, trans_id, &iov, 1, header);
}

enum ring_status channel_write_xfer(struct channel *chan, uint64_t trans_id,
				    uint16_t xfer_set,
				    const struct pkt_range *ranges,
				    unsigned int nr_ranges,
				    const void *payload, size_t len)
{
	struct pkt_xfer_hdr hdr = { .set = xfer_set, .nr_ranges = nr_ranges };
	struct iovec iov[3] = {
		{ &hdr, sizeof(hdr) },
		{ (void *)ranges, nr_ranges * sizeof(*ranges) },
		{ (void *)payload, len },
	};

	return channel_put(chan, PKT_XFER_PAGES, PKT_FLAG_COMPLETE, trans_id,
			   iov, 3, iov[0].iov_len + iov[1].iov_len);
}
