// SPDX-License-Identifier: GPL-2.0
/*
 * The transmit rings of the 82599 VF: descriptors are read once and checked,
 * frames are gathered from guest memory and given to the switch.
 */
#include <stdlib.h>
#include <string.h>

#include "vf82599.h"

#define DESCS_PER_KICK	256		/* a task goes on after that */
#define MIN_FRAME	FRAME_HDR
#define MIN_IP		20
#define VLAN_TAG	4

#define TCP_HDR_MIN	20
#define TCP_CSUM	16
#define UDP_CSUM	6
#define SCTP_CSUM	8

void vf_tx_reset(struct vf82599 *vf, unsigned int index)
{
	struct vf_tx *tx = &vf->tx_state[index];

	memset(tx->contexts, 0, sizeof(tx->contexts));
	tx->open = false;
	tx->len = 0;
}

/* The bytes of a tag in the frame itself, for a guest that puts it there. */
static void take_tag(struct vf_tx *tx, struct frame *frame)
{
	if (frame->vlan || tx->len < MIN_FRAME + VLAN_TAG ||
	    tx->buf[12] != 0x81 || tx->buf[13])
		return;
	frame->vlan = true;
	frame->tci = tx->buf[14] << 8 | tx->buf[15];
	memmove(tx->buf + VLAN_TAG, tx->buf, 12);
	frame->data = tx->buf + VLAN_TAG;
	frame->len -= VLAN_TAG;
	if (frame->needs_csum)
		frame->csum_start -= VLAN_TAG;
	if (frame->gso != GSO_NONE)
		frame->hdr_len -= VLAN_TAG;
}

static uint32_t crc32c(const uint8_t *p, uint32_t len)
{
	uint32_t crc = ~0u;
	int bit;

	while (len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* Not the Internet checksum, so that it is done here. */
static const char *finish_sctp(const struct vf_tx *tx, uint32_t l4)
{
	uint32_t crc = 0;

	/* A burst is TCP, and the sum of more than a frame would take its time. */
	if (tx->len > VF_FRAME_MAX)
		return "checksum of a frame that is too long";
	if (l4 + SCTP_CSUM + sizeof(crc) > tx->len)
		return "checksum beyond the frame";
	memcpy(tx->buf + l4 + SCTP_CSUM, &crc, sizeof(crc));
	crc = crc32c(tx->buf + l4, tx->len - l4);
	memcpy(tx->buf + l4 + SCTP_CSUM, &crc, sizeof(crc));
	return NULL;
}

/* NULL, or what is wrong with the context for this frame. */
static const char *apply_checksum(const struct vf_tx *tx,
				  const struct vf_tx_context *context,
				  struct frame *frame)
{
	uint32_t l3 = VF_TXC_MAC_LEN(context->lens);
	uint32_t l4 = l3 + VF_TXC_IP_LEN(context->lens);
	uint32_t type = context->command & VF_TXC_L4_TYPE;

	if (l3 < MIN_FRAME || l4 < l3 + MIN_IP)
		return "checksum of a header that is not there";
	if (type == VF_TXC_SCTP)
		return finish_sctp(tx, l4);
	if (type != VF_TXC_TCP && type != VF_TXC_UDP)
		return "checksum of an unknown protocol";
	frame->csum_start = l4;
	frame->csum_offset = type == VF_TXC_TCP ? TCP_CSUM : UDP_CSUM;
	if (l4 + frame->csum_offset + 2 > tx->len)
		return "checksum beyond the frame";
	frame->needs_csum = true;
	return NULL;
}

static const char *apply_segmentation(const struct vf_tx *tx,
				      const struct vf_tx_context *context,
				      struct frame *frame)
{
	uint32_t l4_len = VF_TXC_L4_LEN(context->mss);
	uint32_t mss = VF_TXC_MSS(context->mss);

	if (!frame->needs_csum || frame->csum_offset != TCP_CSUM)
		return "segmentation without a TCP checksum";
	if (l4_len < TCP_HDR_MIN || mss < FRAME_MIN_MSS)
		return "segmentation with a bad header length or MSS";
	frame->hdr_len = frame->csum_start + l4_len;
	if (frame->hdr_len >= tx->len)
		return "segmentation of a frame without payload";
	if (VF_TXO_LEN(tx->options) != tx->len - frame->hdr_len)
		return "payload length that does not match the buffers";
	frame->gso_size = mss;
	frame->gso = context->command & VF_TXC_IPV4 ? GSO_TCP4 : GSO_TCP6;
	return NULL;
}

static const char *describe(const struct vf_tx *tx, struct frame *frame)
{
	const struct vf_tx_context *context;
	unsigned int index = VF_TXO_INDEX(tx->options);
	const char *wrong = NULL;

	if (index >= VF_NR_CONTEXTS)
		return "context that is not there";
	context = &tx->contexts[index];
	if (tx->len < MIN_FRAME)
		return "frame shorter than its header";
	if (tx->command & VF_TXD_VLAN) {
		frame->vlan = true;
		frame->tci = VF_TXC_VLAN(context->lens);
	}
	if (tx->options & VF_TXO_L4_CSUM)
		wrong = apply_checksum(tx, context, frame);
	if (wrong)
		return wrong;
	frame->needs_ipcsum = tx->options & VF_TXO_IP_CSUM;
	if (tx->command & VF_TXD_SEGMENT)
		return apply_segmentation(tx, context, frame);
	if (tx->len > VF_FRAME_MAX)
		return "frame that is too long";
	if (VF_TXO_LEN(tx->options) != tx->len)
		return "frame length that does not match the buffers";
	return NULL;
}

static void count(struct vf82599 *vf, const struct frame *frame)
{
	uint32_t segments = 1;

	if (frame->gso != GSO_NONE)
		segments = (frame->len - frame->hdr_len + frame->gso_size - 1) /
			   frame->gso_size;
	vf->tx_frames += segments;
	vf->tx_bytes += frame->len + (segments - 1) * frame->hdr_len;
}

/* False if the queue was stopped. */
static bool send_frame(struct vf82599 *vf, struct vf_queue *q,
		       struct vf_tx *tx)
{
	struct frame frame = { .data = tx->buf, .len = tx->len };
	const char *wrong = describe(tx, &frame);

	if (wrong) {
		vf_queue_stop(vf, q, "%s", wrong);
		return false;
	}
	take_tag(tx, &frame);
	/* Nobody hears a port without link; the ring moves on all the same. */
	if (!vf->cable) {
		vnic_tx_dropped(vf->nic, PATH_VF);
		return true;
	}
	count(vf, &frame);
	vnic_transmit(vf->nic, PATH_VF, &frame);
	return true;
}

static bool gather(struct vf82599 *vf, struct vf_queue *q, struct vf_tx *tx,
		   const struct vf_tx_desc *desc)
{
	uint32_t len = desc->command & VF_TXD_LEN;

	if (!tx->buf)
		tx->buf = malloc(FRAME_MAX);
	if (!tx->buf) {
		vf_queue_stop(vf, q, "out of memory");
		return false;
	}
	if (!tx->open) {
		tx->open = true;
		tx->len = 0;
		tx->command = desc->command;
		tx->options = desc->options;
	}
	if (len > FRAME_MAX - tx->len ||
	    !mem_read(vf->mem, desc->address, tx->buf + tx->len, len)) {
		vf_queue_stop(vf, q, "no %u bytes at %llx to send", len,
			      (unsigned long long)desc->address);
		return false;
	}
	tx->len += len;
	return true;
}

static bool report(struct vf82599 *vf, struct vf_queue *q, uint64_t address)
{
	uint32_t status = VF_TXD_DONE;

	if (mem_write(vf->mem, address + VF_TXD_STATUS, &status,
		      sizeof(status)))
		return true;
	vf_queue_stop(vf, q, "the ring is no memory");
	return false;
}

/* One descriptor; false if the queue was stopped. */
static bool process(struct vf82599 *vf, struct vf_queue *q, struct vf_tx *tx,
		    uint64_t address, bool *reported)
{
	struct vf_tx_context context;
	struct vf_tx_desc desc;

	if (!mem_read(vf->mem, address, &desc, sizeof(desc))) {
		vf_queue_stop(vf, q, "the ring is no memory");
		return false;
	}
	memcpy(&context, &desc, sizeof(context));
	switch (desc.command & (VF_TXD_TYPE | VF_TXD_ADVANCED)) {
	case VF_TXD_CONTEXT | VF_TXD_ADVANCED:
		if (VF_TXC_INDEX(context.mss) >= VF_NR_CONTEXTS || tx->open) {
			vf_queue_stop(vf, q, "misplaced context");
			return false;
		}
		tx->contexts[VF_TXC_INDEX(context.mss)] = context;
		break;
	case VF_TXD_DATA | VF_TXD_ADVANCED:
		if (!gather(vf, q, tx, &desc))
			return false;
		if (!(desc.command & VF_TXD_END))
			break;
		tx->open = false;
		if (!send_frame(vf, q, tx))
			return false;
		break;
	default:
		vf_queue_stop(vf, q, "descriptor of type %x", desc.command);
		return false;
	}
	if (!(desc.command & VF_TXD_REPORT))
		return true;
	*reported = true;
	return report(vf, q, address);
}

/* Where the guest asked for the head, if it did. */
static void write_back_head(struct vf82599 *vf, struct vf_queue *q)
{
	uint32_t low = *vfq_reg(q, VFQ_WRITEBACK_LOW);
	uint64_t address = *vfq_reg(q, VFQ_WRITEBACK_HIGH);

	if (!(low & VFQ_WRITEBACK_ON))
		return;
	address = address << 32 | (low & ~3u);
	if (!mem_write(vf->mem, address, vfq_reg(q, VFQ_HEAD), 4))
		vf_queue_stop(vf, q, "head write-back to %llx",
			      (unsigned long long)address);
}

void vf_tx_kick(struct vf82599 *vf, unsigned int index)
{
	struct vf_tx *tx = &vf->tx_state[index];
	struct vf_queue *q = &vf->tx[index];
	unsigned int budget = DESCS_PER_KICK;
	uint32_t *head = vfq_reg(q, VFQ_HEAD);
	bool reported = false;
	uint64_t at;

	if (!vf->master || vf->held || vf->hung)
		return;
	for (; budget && vf_queue_used(q); budget--) {
		at = q->base + *head * sizeof(struct vf_tx_desc);
		if (!process(vf, q, tx, at, &reported))
			break;
		*head = (*head + 1) % q->size;
	}
	if (reported) {
		write_back_head(vf, q);
		vf_queue_interrupt(vf, q);
	}
	if (vf_queue_used(q))
		loop_task_queue(&vf->tx_task);
}

void vf_tx_task(void *ctx)
{
	struct vf82599 *vf = ctx;
	unsigned int i;

	for (i = 0; i < VF_NR_QUEUES; i++)
		vf_tx_kick(vf, i);
}
