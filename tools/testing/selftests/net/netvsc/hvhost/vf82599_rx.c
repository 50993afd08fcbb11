// SPDX-License-Identifier: GPL-2.0
/*
 * The receive ring of the 82599 VF: frames from the switch are finished as the
 * network would have them, and written into the guest's buffers.  Without RSS
 * (ixgbevf's Hyper-V flavour has one queue) all goes to the first ring.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "vf82599.h"

#define VLAN_TAG	4

struct delivery {
	struct vf82599 *vf;
	bool written;
	bool dropped;
};

static uint32_t buffer_size(struct vf_queue *q)
{
	uint32_t srrctl = *vfq_reg(q, VFQ_SRRCTL);

	if ((srrctl & VF_SRRCTL_TYPE) != VF_SRRCTL_ONE_BUFFER)
		return 0;
	return (srrctl & VF_SRRCTL_PKT_KB) * 1024;
}

static bool strips_vlan(struct vf_queue *q)
{
	return *vfq_reg(q, VFQ_CONTROL) & VFQ_VLAN_STRIP;
}

/* Bytes @frame takes in the ring's buffers. */
static uint32_t ring_len(struct vf_queue *q, const struct frame *frame)
{
	return frame->len + (frame->vlan && !strips_vlan(q) ? VLAN_TAG : 0);
}

static uint32_t descs_for(struct vf_queue *q, const struct frame *frame)
{
	uint32_t size = buffer_size(q);

	return size ? (ring_len(q, frame) + size - 1) / size : UINT32_MAX;
}

static void report_checksums(const struct frame *frame, struct vf_rx_done *done)
{
	struct frame_proto proto;

	frame_classify(frame, &proto);
	if (proto.ip4)
		done->types |= VF_RXD_TYPE_IPV4;
	if (proto.ip6)
		done->types |= VF_RXD_TYPE_IPV6;
	if (proto.tcp)
		done->types |= VF_RXD_TYPE_TCP;
	if (proto.udp)
		done->types |= VF_RXD_TYPE_UDP;
	/* What was not checked is left to the guest. */
	if (!frame->csum_good && !frame_csum_ok(frame))
		return;
	if (proto.ip4)
		done->status |= VF_RXD_IP_CHECKED;
	if (proto.tcp || proto.udp)
		done->status |= VF_RXD_L4_CHECKED;
}

/*
 * The guest takes a length that is not 0 for a finished descriptor: it must be
 * the last thing to appear.
 */
static bool write_done(struct vf82599 *vf, uint64_t address,
		       const struct vf_rx_done *done)
{
	const size_t first = offsetof(struct vf_rx_done, len);

	if (!mem_write(vf->mem, address, done, first))
		return false;
	atomic_thread_fence(memory_order_release);
	return mem_write(vf->mem, address + first, &done->len,
			 sizeof(*done) - first);
}

/* One buffer; false if the queue was stopped. */
static bool fill(struct vf82599 *vf, struct vf_queue *q, const uint8_t *data,
		 uint32_t len, const struct vf_rx_done *done)
{
	uint32_t *head = vfq_reg(q, VFQ_HEAD);
	uint64_t address = q->base + *head * sizeof(struct vf_rx_desc);
	struct vf_rx_desc desc;

	if (!mem_read(vf->mem, address, &desc, sizeof(desc)) ||
	    !mem_write(vf->mem, desc.packet, data, len) ||
	    !write_done(vf, address, done)) {
		vf_queue_stop(vf, q, "descriptor %u points to no memory",
			      *head);
		return false;
	}
	*head = (*head + 1) % q->size;
	return true;
}

static const uint8_t *insert_tag(const struct frame *frame, uint8_t *buf)
{
	memcpy(buf, frame->data, 12);
	buf[12] = 0x81;
	buf[13] = 0;
	buf[14] = frame->tci >> 8;
	buf[15] = frame->tci;
	memcpy(buf + 16, frame->data + 12, frame->len - 12);
	return buf;
}

/* A finished frame that fits the ring's free descriptors. */
static bool write_frame(struct vf82599 *vf, struct vf_queue *q,
			const struct frame *frame)
{
	uint32_t len = ring_len(q, frame), size = buffer_size(q);
	uint8_t tagged[VF_FRAME_MAX + VLAN_TAG];
	const uint8_t *data = frame->data;
	struct vf_rx_done last = { 0 }, done;
	uint32_t at, part;

	report_checksums(frame, &last);
	last.status |= VF_RXD_DONE | VF_RXD_END;
	if (len != frame->len) {
		data = insert_tag(frame, tagged);
	} else if (frame->vlan) {
		last.status |= VF_RXD_VLAN;
		last.vlan = frame->tci;
	}
	for (at = 0; at < len; at += part) {
		part = len - at < size ? len - at : size;
		done = last;
		done.len = part;
		if (at + part < len)
			done.status = VF_RXD_DONE;
		if (!fill(vf, q, data + at, part, &done))
			return false;
	}
	vf->rx_frames++;
	vf->rx_bytes += frame->len;
	vf->rx_multicast += frame->data[0] & 1;
	return true;
}

static bool ready(struct vf82599 *vf)
{
	return vf->master && !vf->hung && vf->rx[0].size;
}

static bool wait_for_descs(struct vf82599 *vf, const struct frame *frame)
{
	struct vf_waiting *waiting;

	if (vf->nr_backlog >= (vf->held ? VF_HELD_MAX : VF_BACKLOG_MAX))
		return false;
	waiting = malloc(sizeof(*waiting) + frame->len);
	if (!waiting)
		return false;
	memcpy(waiting->data, frame->data, frame->len);
	waiting->frame = *frame;
	waiting->frame.data = waiting->data;
	waiting->burst = vf->bursts;
	waiting->next = NULL;
	*vf->backlog_end = waiting;
	vf->backlog_end = &waiting->next;
	vf->nr_backlog++;
	return true;
}

/* Each frame as it will be on the wire, for a whole burst in turn. */
static bool deliver_one(void *ctx, const struct frame *frame)
{
	struct delivery *delivery = ctx;
	struct vf82599 *vf = delivery->vf;
	struct vf_queue *q = &vf->rx[0];
	uint32_t descs;

	descs = descs_for(q, frame);
	if (frame->len > VF_FRAME_MAX || descs >= q->size)
		delivery->dropped = true;
	else if (vf->held || vf->backlog || descs > vf_queue_used(q))
		delivery->dropped = !wait_for_descs(vf, frame);
	else if (write_frame(vf, q, frame))
		delivery->written = true;
	else
		delivery->dropped = true;
	/* A part that is missing is the end of what this burst is good for. */
	return !delivery->dropped;
}

static bool deliver(void *ctx, const struct frame *frame)
{
	struct delivery delivery = { .vf = ctx };
	struct vf82599 *vf = ctx;
	struct vf_waiting **end = vf->backlog_end, *waiting;

	vf->bursts++;
	if (!vf->cable || !ready(vf) ||
	    !frame_segment(frame, deliver_one, &delivery))
		return false;
	if (delivery.written)
		vf_queue_interrupt(vf, &vf->rx[0]);
	if (!delivery.dropped)
		return true;
	for (waiting = *end; waiting; waiting = waiting->next)
		waiting->burst = 0;
	return false;
}

/* A burst may be cut into some 45 frames. */
static bool room(void *ctx)
{
	struct vf82599 *vf = ctx;

	if (vf->nr_backlog < (vf->held ? VF_HELD_MAX : VF_BACKLOG_MAX) / 2)
		return true;
	vf->full = true;
	return false;
}

const struct vpath_ops vf_path_ops = {
	.deliver = deliver,
	.room = room,
	.left = vf_link_left,
};

static struct vf_waiting *take_waiting(struct vf82599 *vf)
{
	struct vf_waiting *waiting = vf->backlog;

	vf->backlog = waiting->next;
	if (!vf->backlog)
		vf->backlog_end = &vf->backlog;
	vf->nr_backlog--;
	return waiting;
}

/* Whole bursts are what the switch counts, here as well. */
static void lose(struct vf82599 *vf, const struct vf_waiting *waiting)
{
	if (!waiting->burst || waiting->burst == vf->lost_burst)
		return;
	vf->lost_burst = waiting->burst;
	vnic_dropped(vf->nic, PATH_VF);
}

static void tell_room(struct vf82599 *vf)
{
	if (!vf->full || vf->nr_backlog >= VF_BACKLOG_MAX / 2)
		return;
	vf->full = false;
	vnic_room(vf->nic, PATH_VF);
}

void vf_rx_continue(struct vf82599 *vf)
{
	struct vf_queue *q = &vf->rx[0];
	struct vf_waiting *waiting;
	bool written = false;
	uint32_t descs;

	while (ready(vf) && !vf->held && vf->backlog) {
		/* The guest may have changed the buffers' size since. */
		descs = descs_for(q, &vf->backlog->frame);
		if (descs < q->size && descs > vf_queue_used(q))
			break;
		waiting = take_waiting(vf);
		if (descs < q->size && write_frame(vf, q, &waiting->frame))
			written = true;
		else
			lose(vf, waiting);
		free(waiting);
	}
	if (written)
		vf_queue_interrupt(vf, q);
	tell_room(vf);
}

void vf_rx_drop_waiting(struct vf82599 *vf)
{
	struct vf_waiting *waiting;

	while (vf->backlog) {
		waiting = take_waiting(vf);
		lose(vf, waiting);
		free(waiting);
	}
	tell_room(vf);
}
