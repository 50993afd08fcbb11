// SPDX-License-Identifier: GPL-2.0
/*
 * RNDIS messages of the guest: out of its send buffer or its memory, to where
 * they are understood, and the answers on their way.
 */
#include <string.h>

#include "mem.h"
#include "netvsp_dev.h"
#include "rndis_wire.h"
#include "vm.h"

static void handle_control(struct queue *q, const struct packet *pkt,
			   uint32_t len)
{
	struct netvsp *nv = q->nv;
	struct nvsp_rndis_done done = {
		.type = NVSP_RNDIS_DONE,
		.status = NVSP_SUCCESS,
	};
	uint8_t reply[RNDIS_REPLY_MAX];
	bool was_ready = nv->rndis.ready;
	const char *why;
	size_t reply_len;

	if (len > RNDIS_REQUEST_MAX) {
		netvsp_fail(nv, "RNDIS request too long");
		return;
	}
	if (step_rndis(nv, nv->msg, len)) {
		reply_len = rndis_refuse(nv->msg, reply);
		why = NULL;
	} else {
		why = rndis_control(&nv->rndis, nv->msg, len, reply,
				    &reply_len);
	}
	if (why) {
		netvsp_fail(nv, why);
		return;
	}
	reply_len = step_rndis_answer(nv, reply, reply_len);
	queue_complete(q, pkt, &done, sizeof(done));
	reply_len = fault_rndis_answer(&nv->faults, reply, reply_len);
	if (reply_len)
		netvsp_send_answer(nv, reply, reply_len);
	if (q->open && nv->rndis.offload_changed) {
		nv->rndis.offload_changed = false;
		reply_len = rndis_indicate_offload(&nv->rndis, reply);
		netvsp_send_indication(nv, reply, reply_len, RNDIS_I_OFFLOAD);
	}
	if (!was_ready && nv->rndis.ready)
		path_announce_vf(nv);
}

static void transmit(void *ctx, const struct frame *frame)
{
	struct queue *q = ctx;
	struct netvsp *nv = q->nv;
	struct netvsp_counts *counts = &nv->counts[q->index];

	if (!nv->rndis.link) {
		vnic_tx_dropped(nv->nic, PATH_SYNTHETIC);
		return;
	}
	counts->tx_frames++;
	counts->tx_csum += frame->gso == GSO_NONE && frame->needs_csum;
	counts->tx_lso += frame->gso != GSO_NONE;
	counts->tx_vlan += frame->vlan;
	counts->tx_hash += frame->hashed;
	vnic_transmit(nv->nic, PATH_SYNTHETIC, frame);
}

static void handle_data(struct queue *q, const struct packet *pkt,
			uint32_t len)
{
	struct netvsp *nv = q->nv;
	struct nvsp_rndis_done done = {
		.type = NVSP_RNDIS_DONE,
		.status = NVSP_SUCCESS,
	};
	const char *why = "RNDIS is not initialized";

	nv->counts[q->index].tx_messages++;
	if (nv->rndis.ready)
		why = rndis_packets(&nv->rndis, nv->msg, len, transmit, q);
	if (why) {
		netvsp_complain(nv, why);
		done.status = NVSP_INVALID_RNDIS;
	}
	if (!q->index)
		nv->last_done = pkt->trans_id;
	queue_complete(q, pkt, &done, sizeof(done));
}

/* What is in the send buffer comes first, then what the packet points to. */
static const char *gather(struct netvsp *nv, const struct packet *pkt,
			  const struct nvsp_rndis *rndis, uint32_t *len)
{
	const struct guest_mem *mem = vm_mem(vmbus_vm(nv->vmbus));
	const struct pkt_gpa *gpa;
	unsigned int i;

	*len = 0;
	if (rndis->section != NVSP_NO_SECTION) {
		if (!nv->send_buf)
			return "send section without a send buffer";
		if (rndis->section_len > SEND_SECTION_SIZE)
			return "send section overrun";
		if (!gpadl_read(nv->send_buf,
				(uint64_t)rndis->section * SEND_SECTION_SIZE,
				nv->msg, rndis->section_len))
			return "send section outside of the send buffer";
		*len = rndis->section_len;
	}
	for (i = 0; i < pkt->nr_gpas; i++) {
		gpa = &pkt->gpas[i];
		if (gpa->len > MSG_MAX - *len)
			return "RNDIS message too long";
		if (!mem_read(mem, gpa->gpa, nv->msg + *len, gpa->len))
			return "RNDIS message outside of memory";
		*len += gpa->len;
	}
	return NULL;
}

/*
 * Of the send buffer that the guest has just taken back.  Each channel has a ring of
 * its own, and nothing says which of two came first.
 */
static bool too_late(struct queue *q, const struct packet *pkt,
		     const struct nvsp_rndis *rndis)
{
	const struct nvsp_rndis_done done = {
		.type = NVSP_RNDIS_DONE,
		.status = NVSP_FAILURE,
	};

	if (rndis->section == NVSP_NO_SECTION || !q->nv->send_revoked)
		return false;
	netvsp_complain(q->nv, "send section of a buffer that was revoked");
	queue_complete(q, pkt, &done, sizeof(done));
	return true;
}

void netvsp_rndis(struct queue *q, const struct packet *pkt)
{
	struct netvsp *nv = q->nv;
	struct nvsp_rndis rndis;
	const char *why;
	uint32_t len;

	memcpy(&rndis, pkt->payload, sizeof(rndis));
	if (!nv->rndis.ndis) {
		netvsp_fail(nv, "RNDIS before the version of NDIS");
		return;
	}
	if (rndis.chan_type > NVSP_CHAN_CONTROL ||
	    (rndis.chan_type == NVSP_CHAN_CONTROL && q->index)) {
		netvsp_fail(nv, "RNDIS message of the wrong kind");
		return;
	}
	if (too_late(q, pkt, &rndis))
		return;
	why = gather(nv, pkt, &rndis, &len);
	if (why) {
		netvsp_fail(nv, why);
		return;
	}
	if (rndis.chan_type == NVSP_CHAN_CONTROL)
		handle_control(q, pkt, len);
	else
		handle_data(q, pkt, len);
}
