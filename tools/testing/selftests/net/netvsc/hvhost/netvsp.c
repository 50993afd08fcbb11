// SPDX-License-Identifier: GPL-2.0
/*
 * NVSP, the protocol on the channel of a synthetic NIC: the session with its
 * version and buffers, RNDIS messages out of the guest's memory and into it,
 * and the two messages that make a VF transparent: which VF belongs to the NIC,
 * and which path the guest wants its frames on.
 *
 * What the guest has to be told waits here while its ring is full.  Completions
 * come first, then answers to RNDIS requests (which need a piece of the receive
 * buffer), then frames.
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "loop.h"
#include "mem.h"
#include "netvsp.h"
#include "netvsp_rx.h"
#include "nvsp_wire.h"
#include "rndis.h"
#include "rndis_wire.h"
#include "vm.h"
#include "vmbus.h"
#include "vswitch.h"

#define FRAME_SIZE_DEFAULT	1514
#define FRAME_SIZE_LARGEST	9216
#define SEND_SECTION_SIZE	6144
/* What a sub-allocation has beyond the largest frame: 1728 in all by default */
#define RECV_SUB_EXTRA		214
#define MAX_MDL_CHAIN		34
#define MSG_MAX			(128 * 1024)	/* RNDIS message of a guest */

#define READ_MAX		512	/* packets read in one turn */
#define OUT_STOP		256	/* no more reading beyond this */
#define CONTROL_MAX		64	/* RNDIS answers that may wait */
#define WAITING_HIGH		(RX_MAX_WAITING / 2)
#define WAITING_LOW		(RX_MAX_WAITING / 8)

/* No receive packet has this bit in its transaction id. */
#define TRANS_ASSOCIATION	(1ull << 63)

/* A message for the guest; @type of 0: an RNDIS message. */
struct out {
	struct out *next;
	uint16_t type;
	uint16_t flags;
	uint64_t trans_id;
	uint32_t len;
	uint8_t data[];
};

struct out_queue {
	struct out *first, **end;
	unsigned int count;
};

/* A data-path switch, and what its completion needs. */
struct late_switch {
	enum vpath path;
	uint16_t flags;
	uint64_t trans_id;
};

/**
 * struct netvsp - a synthetic NIC
 * @over: the channel is being taken back, by us or by a broken protocol
 * @removing: and nobody wants this object after that
 * @version: of NVSP; 0 before the guest and the host agreed on one
 * @send_buf: NULL while there is none
 * @squeezed: the uplink was told to wait
 * @more: goes on reading when one turn was not enough
 * @last_done: transaction id of the frames that were completed last
 * @late: runs while the data-path switch @late_switch has to wait
 */
struct netvsp {
	struct vmbus *vmbus;
	struct channel *chan;
	struct vnic *nic;
	unsigned int id;
	struct netvsp_config config;
	bool over, removing;

	bool open;
	uint32_t version;
	uint32_t caps;
	struct gpadl *send_buf;
	uint16_t send_id;
	struct rx_pool rx;
	struct rndis rndis;
	struct out_queue out, control;
	bool squeezed;
	struct loop_task more;

	bool vf_present;
	uint32_t vf_serial;
	bool vf_announced;

	struct fault_answers faults;
	uint64_t last_done;
	struct loop_timer late;
	struct late_switch late_switch;

	uint64_t protocol_errors;
	struct log_rate rate;
	struct packet pkt;
	uint8_t msg[MSG_MAX];
};

static const uint32_t versions[] = {
	NVSP_V1, NVSP_V2, NVSP_V4, NVSP_V5, NVSP_V6, NVSP_V61
};

/* The guest broke the protocol. */
static void fail(struct netvsp *nv, const char *why)
{
	nv->protocol_errors++;
	if (nv->over)
		return;
	nv->over = true;
	channel_fail(nv->chan, "nic %u: %s", nv->id, why);
}

/* vmbus.c says why and has failed the channel already. */
static void bad_ring(struct netvsp *nv)
{
	nv->protocol_errors++;
	nv->over = true;
}

static uint32_t msg_len(const struct netvsp *nv)
{
	return nv->version >= NVSP_V61 ? NVSP_LEN_V61 : NVSP_LEN_V1;
}

/* Queues of what waits for the guest */

static void queue_init(struct out_queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
	queue->count = 0;
}

static void queue_drop_first(struct out_queue *queue)
{
	struct out *out = queue->first;

	queue->first = out->next;
	if (!queue->first)
		queue->end = &queue->first;
	queue->count--;
	free(out);
}

static void queue_clear(struct out_queue *queue)
{
	while (queue->first)
		queue_drop_first(queue);
}

static void queue_add(struct out_queue *queue, uint16_t type, uint16_t flags,
		      uint64_t trans_id, const void *data, uint32_t len)
{
	struct out *out;

	out = malloc(sizeof(*out) + len);
	if (!out)
		die("out of memory");
	out->next = NULL;
	out->type = type;
	out->flags = flags;
	out->trans_id = trans_id;
	out->len = len;
	if (len)
		memcpy(out->data, data, len);
	*queue->end = out;
	queue->end = &out->next;
	queue->count++;
}

static bool flush_out(struct netvsp *nv)
{
	struct out *out;

	while (nv->open && nv->out.first) {
		out = nv->out.first;
		switch (channel_write(nv->chan, out->type, out->flags,
				      out->trans_id, out->data, out->len)) {
		case RING_OK:
			queue_drop_first(&nv->out);
			break;
		case RING_FULL:
			return false;
		default:
			bad_ring(nv);
			return false;
		}
	}
	return nv->open;
}

static bool flush_control(struct netvsp *nv)
{
	while (nv->open && nv->control.first) {
		switch (rx_control(&nv->rx, nv->chan, nv->control.first->data,
				   nv->control.first->len)) {
		case RX_NO_ROOM:
			return false;
		case RX_BAD_RING:
			bad_ring(nv);
			return false;
		default:
			queue_drop_first(&nv->control);
		}
	}
	return nv->open;
}

static bool rx_ready(const struct netvsp *nv)
{
	return nv->open && nv->rx.gpadl && nv->rndis.ready &&
	       nv->rndis.filter && nv->rndis.link;
}

static void flush_frames(struct netvsp *nv)
{
	const struct frame *frame;
	enum rx_result result;

	while ((frame = rx_first_waiting(&nv->rx))) {
		if (rx_ready(nv)) {
			result = rx_frame(&nv->rx, nv->chan, &nv->rndis,
					  frame);
			if (result == RX_NO_ROOM)
				break;
			if (result == RX_BAD_RING) {
				bad_ring(nv);
				return;
			}
		}
		rx_drop_first(&nv->rx);
	}
	if (nv->squeezed && nv->rx.nr_waiting <= WAITING_LOW) {
		nv->squeezed = false;
		vnic_room(nv->nic, PATH_SYNTHETIC);
	}
}

static void flush(struct netvsp *nv)
{
	if (flush_out(nv) && flush_control(nv) && nv->nic)
		flush_frames(nv);
}

static void send_out(struct netvsp *nv, uint16_t type, uint16_t flags,
		     uint64_t trans_id, const void *data, uint32_t len)
{
	enum ring_status status;

	if (!nv->open)
		return;
	if (!nv->out.first) {
		status = channel_write(nv->chan, type, flags, trans_id, data,
				       len);
		if (status == RING_OK)
			return;
		if (status != RING_FULL) {
			bad_ring(nv);
			return;
		}
	}
	queue_add(&nv->out, type, flags, trans_id, data, len);
}

static void send_control(struct netvsp *nv, const void *msg, uint32_t len)
{
	if (nv->control.count >= CONTROL_MAX) {
		fail(nv, "RNDIS answers are not taken");
		return;
	}
	queue_add(&nv->control, 0, 0, 0, msg, len);
	flush(nv);
}

/*
 * Messages have a fixed length, whatever they say.  One without an answer of
 * its own gets an empty completion (@msg: NULL).
 */
static void complete(struct netvsp *nv, const struct packet *pkt,
		     const void *msg, uint32_t len)
{
	uint8_t buf[NVSP_LEN_V61] = { 0 };

	if (!(pkt->flags & PKT_FLAG_COMPLETE))
		return;
	if (msg)
		memcpy(buf, msg, len);
	send_out(nv, PKT_COMPLETION, 0, pkt->trans_id, buf,
		 msg ? msg_len(nv) : 0);
}

/* Session */

static bool version_known(const struct netvsp *nv, uint32_t version)
{
	unsigned int i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (versions[i] == version)
			return version <= nv->config.max_nvsp;
	return false;
}

static uint32_t usable_frame_size(const struct netvsp *nv, uint32_t wanted)
{
	uint32_t most = nv->config.mtu + FRAME_HDR;

	if (wanted < FRAME_SIZE_DEFAULT || wanted > FRAME_SIZE_LARGEST)
		wanted = FRAME_SIZE_DEFAULT;
	return wanted < most ? wanted : most;
}

static void handle_init(struct netvsp *nv, const struct packet *pkt)
{
	struct nvsp_init_done done = {
		.type = NVSP_INIT_DONE,
		.version = UINT32_MAX,
		.max_mdl_chain = MAX_MDL_CHAIN,
		.status = NVSP_NONE,
	};
	struct nvsp_init init;

	memcpy(&init, pkt->payload, sizeof(init));
	if (nv->version) {
		fail(nv, "NVSP initialized twice");
		return;
	}
	if (!fault_take(&nv->faults, FAULT_INIT_REFUSE) &&
	    version_known(nv, init.min_version)) {
		nv->version = init.min_version;
		nv->rndis.vlan_inline = nv->version < NVSP_V2;
		nv->rndis.frame_size = usable_frame_size(nv, 0);
		nv->rx.msg_len = msg_len(nv);
		done.status = NVSP_SUCCESS;
		if (nv->version == NVSP_V1)
			done.version = nv->version;
		log_info("netvsp", "nic %u: NVSP %u.%u", nv->id,
			 nv->version >> 16, nv->version & 0xffff);
	}
	complete(nv, pkt, &done, sizeof(done));
}

static void handle_ndis_config(struct netvsp *nv, const struct packet *pkt)
{
	struct nvsp_ndis_config config;

	memcpy(&config, pkt->payload, sizeof(config));
	if (nv->rx.gpadl) {
		fail(nv, "NDIS configuration after the receive buffer");
		return;
	}
	nv->caps = config.caps;
	nv->rndis.frame_size = usable_frame_size(nv, config.frame_size);
	nv->rndis.vlan_inline = !(config.caps & NVSP_CAP_8021Q);
	nv->rndis.rsc_offered = nv->config.rsc && config.caps & NVSP_CAP_RSC &&
				nv->version >= NVSP_V61;
	complete(nv, pkt, NULL, 0);
}

static void handle_recv_buf(struct netvsp *nv, const struct packet *pkt)
{
	uint32_t size = (nv->rndis.frame_size + RECV_SUB_EXTRA + 7) & ~7u;
	struct nvsp_recv_buf_done done = {
		.type = NVSP_RECV_BUF_DONE,
		.status = NVSP_FAILURE,
	};
	struct nvsp_buffer buf;
	struct gpadl *gpadl;

	memcpy(&buf, pkt->payload, sizeof(buf));
	gpadl = channel_gpadl(nv->chan, buf.gpadl);
	if (!fault_take(&nv->faults, FAULT_RXBUF_REFUSE) && gpadl &&
	    gpadl != nv->send_buf &&
	    rx_setup(&nv->rx, gpadl, buf.id, size)) {
		done.status = NVSP_SUCCESS;
		done.sections = 1;
		done.sub_size = size;
		done.sub_count = nv->rx.count;
		done.end = size * nv->rx.count;
	}
	complete(nv, pkt, &done, sizeof(done));
}

static void handle_send_buf(struct netvsp *nv, const struct packet *pkt)
{
	struct nvsp_send_buf_done done = {
		.type = NVSP_SEND_BUF_DONE,
		.status = NVSP_FAILURE,
	};
	struct nvsp_buffer buf;
	struct gpadl *gpadl;

	memcpy(&buf, pkt->payload, sizeof(buf));
	gpadl = channel_gpadl(nv->chan, buf.gpadl);
	if (gpadl && !nv->send_buf && gpadl != nv->rx.gpadl &&
	    gpadl_size(gpadl) >= SEND_SECTION_SIZE) {
		nv->send_buf = gpadl;
		nv->send_id = buf.id;
		done.status = NVSP_SUCCESS;
		done.section_size = SEND_SECTION_SIZE;
	}
	complete(nv, pkt, &done, sizeof(done));
}

static void handle_recv_revoke(struct netvsp *nv, const struct packet *pkt)
{
	struct nvsp_revoke revoke;

	memcpy(&revoke, pkt->payload, sizeof(revoke));
	if (!nv->rx.gpadl || revoke.id != nv->rx.id) {
		fail(nv, "receive buffer revoked that is not there");
		return;
	}
	rx_revoke(&nv->rx);
	complete(nv, pkt, NULL, 0);
}

static void handle_send_revoke(struct netvsp *nv, const struct packet *pkt)
{
	struct nvsp_revoke revoke;

	memcpy(&revoke, pkt->payload, sizeof(revoke));
	if (!nv->send_buf || revoke.id != nv->send_id) {
		fail(nv, "send buffer revoked that is not there");
		return;
	}
	nv->send_buf = NULL;
	complete(nv, pkt, NULL, 0);
}

static void handle_nothing(struct netvsp *nv, const struct packet *pkt)
{
	complete(nv, pkt, NULL, 0);
}

static void handle_subchannel(struct netvsp *nv, const struct packet *pkt)
{
	struct nvsp_subchannel_done done = {
		.type = NVSP_SUBCHANNEL,
		.status = NVSP_FAILURE,
	};

	complete(nv, pkt, &done, sizeof(done));
}

static void handle_oid_query_ex(struct netvsp *nv, const struct packet *pkt)
{
	struct nvsp_oid_query_ex_done done = {
		.type = NVSP_OID_QUERY_EX_DONE,
		.status = RNDIS_E_NOT_SUPPORTED,
	};

	complete(nv, pkt, &done, sizeof(done));
}

/* The VF */

static void announce_vf(struct netvsp *nv)
{
	struct nvsp_vf_association assoc = {
		.type = NVSP_VF_ASSOCIATION,
		.allocated = nv->vf_present,
		.serial = nv->vf_serial,
	};
	uint8_t buf[NVSP_LEN_V61] = { 0 };

	if (!nv->open || !nv->rndis.ready || nv->version < NVSP_V4 ||
	    !(nv->caps & NVSP_CAP_SRIOV) || nv->vf_announced == nv->vf_present)
		return;
	nv->vf_announced = nv->vf_present;
	memcpy(buf, &assoc, sizeof(assoc));
	log_info("netvsp", "nic %u: VF %u %s", nv->id, nv->vf_serial,
		 nv->vf_present ? "associated" : "dissociated");
	send_out(nv, PKT_INBAND, PKT_FLAG_COMPLETE, TRANS_ASSOCIATION, buf,
		 msg_len(nv));
}

/*
 * A path that is not there cannot be selected; hosts acknowledge the request
 * nevertheless, and traffic stays where it was.
 */
static void switch_data_path(struct netvsp *nv, enum vpath path)
{
	if (path == PATH_VF && !nv->vf_present) {
		log_info("netvsp", "nic %u: no VF to switch to", nv->id);
		return;
	}
	vnic_select(nv->nic, path);
}

static void switch_late(void *ctx)
{
	struct netvsp *nv = ctx;
	const struct late_switch *sw = &nv->late_switch;

	loop_timer_cancel(&nv->late);
	log_info("netvsp", "nic %u: late data-path switch", nv->id);
	switch_data_path(nv, sw->path);
	if (sw->flags & PKT_FLAG_COMPLETE)
		send_out(nv, PKT_COMPLETION, 0, sw->trans_id, NULL, 0);
}

/* Whether it was decided that the host does not simply switch. */
static bool switch_fault(struct netvsp *nv, const struct packet *pkt,
			 enum vpath path)
{
	struct nvsp_rndis_done done = {
		.type = NVSP_RNDIS_DONE,
		.status = NVSP_FAILURE,
	};

	if (fault_take(&nv->faults, FAULT_SWITCH_NEVER))
		return true;
	if (fault_take(&nv->faults, FAULT_SWITCH_REFUSE)) {
		complete(nv, pkt, &done, sizeof(done));
		return true;
	}
	if (!fault_take(&nv->faults, FAULT_SWITCH_LATE))
		return false;
	nv->late_switch = (struct late_switch){
		path, pkt->flags, pkt->trans_id
	};
	loop_timer_set(&nv->late, nv->faults.late_seconds * 1000000000ull);
	return true;
}

static void handle_switch_path(struct netvsp *nv, const struct packet *pkt)
{
	struct nvsp_switch_path sw;
	enum vpath path;

	memcpy(&sw, pkt->payload, sizeof(sw));
	if (sw.path > NVSP_PATH_VF) {
		fail(nv, "unknown data path");
		return;
	}
	path = sw.path == NVSP_PATH_VF ? PATH_VF : PATH_SYNTHETIC;
	/* One after the other, also those that are late. */
	if (nv->late.due)
		switch_late(nv);
	if (switch_fault(nv, pkt, path))
		return;
	switch_data_path(nv, path);
	complete(nv, pkt, NULL, 0);
}

/* RNDIS */

/* With a single channel, all of the guest's traffic belongs on it. */
static void send_table(struct netvsp *nv)
{
	struct nvsp_send_table table = {
		.type = NVSP_SEND_TABLE,
		.count = NVSP_SEND_TABLE_ENTRIES,
		.offset = offsetof(struct nvsp_send_table, entry),
	};

	if (nv->version >= NVSP_V5)
		send_out(nv, PKT_INBAND, 0, 0, &table, sizeof(table));
}

static void handle_control(struct netvsp *nv, const struct packet *pkt,
			   uint32_t len)
{
	struct nvsp_rndis_done done = {
		.type = NVSP_RNDIS_DONE,
		.status = NVSP_SUCCESS,
	};
	uint8_t reply[RNDIS_REPLY_MAX];
	bool was_ready = nv->rndis.ready;
	const char *why;
	size_t reply_len;

	if (len > RNDIS_REQUEST_MAX) {
		fail(nv, "RNDIS request too long");
		return;
	}
	why = rndis_control(&nv->rndis, nv->msg, len, reply, &reply_len);
	if (why) {
		fail(nv, why);
		return;
	}
	complete(nv, pkt, &done, sizeof(done));
	reply_len = fault_rndis_answer(&nv->faults, reply, reply_len);
	if (reply_len)
		send_control(nv, reply, reply_len);
	if (nv->open && nv->rndis.offload_changed) {
		nv->rndis.offload_changed = false;
		send_control(nv, reply,
			     rndis_indicate_offload(&nv->rndis, reply));
	}
	if (!was_ready && nv->rndis.ready) {
		send_table(nv);
		announce_vf(nv);
	}
}

static void transmit(void *ctx, const struct frame *frame)
{
	struct netvsp *nv = ctx;

	if (nv->rndis.link)
		vnic_transmit(nv->nic, PATH_SYNTHETIC, frame);
}

static void handle_data(struct netvsp *nv, const struct packet *pkt,
			uint32_t len)
{
	struct nvsp_rndis_done done = {
		.type = NVSP_RNDIS_DONE,
		.status = NVSP_SUCCESS,
	};
	const char *why = "RNDIS is not initialized";

	if (nv->rndis.ready)
		why = rndis_packets(&nv->rndis, nv->msg, len, transmit, nv);
	if (why) {
		nv->protocol_errors++;
		done.status = NVSP_INVALID_RNDIS;
		log_guest_error(&nv->rate, "netvsp", "nic %u: %s", nv->id, why);
	}
	nv->last_done = pkt->trans_id;
	complete(nv, pkt, &done, sizeof(done));
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

static void handle_rndis(struct netvsp *nv, const struct packet *pkt)
{
	struct nvsp_rndis rndis;
	const char *why;
	uint32_t len;

	memcpy(&rndis, pkt->payload, sizeof(rndis));
	if (rndis.chan_type > NVSP_CHAN_CONTROL) {
		fail(nv, "unknown kind of RNDIS message");
		return;
	}
	why = gather(nv, pkt, &rndis, &len);
	if (why) {
		fail(nv, why);
		return;
	}
	if (rndis.chan_type == NVSP_CHAN_CONTROL)
		handle_control(nv, pkt, len);
	else
		handle_data(nv, pkt, len);
}

/* Messages by type: from which version on, how long at least. */
static const struct handler {
	uint32_t type;
	uint32_t version;
	uint32_t len;
	void (*handle)(struct netvsp *nv, const struct packet *pkt);
} handlers[] = {
	{ NVSP_RNDIS, NVSP_V1, sizeof(struct nvsp_rndis), handle_rndis },
	{ NVSP_INIT, 0, sizeof(struct nvsp_init), handle_init },
	{ NVSP_NDIS_VERSION, NVSP_V1, sizeof(struct nvsp_ndis_version),
	  handle_nothing },
	{ NVSP_NDIS_CONFIG, NVSP_V2, sizeof(struct nvsp_ndis_config),
	  handle_ndis_config },
	{ NVSP_RECV_BUF, NVSP_V1, sizeof(struct nvsp_buffer),
	  handle_recv_buf },
	{ NVSP_SEND_BUF, NVSP_V1, sizeof(struct nvsp_buffer),
	  handle_send_buf },
	{ NVSP_RECV_BUF_REVOKE, NVSP_V1, sizeof(struct nvsp_revoke),
	  handle_recv_revoke },
	{ NVSP_SEND_BUF_REVOKE, NVSP_V1, sizeof(struct nvsp_revoke),
	  handle_send_revoke },
	{ NVSP_SWITCH_PATH, NVSP_V4, sizeof(struct nvsp_switch_path),
	  handle_switch_path },
	{ NVSP_SUBCHANNEL, NVSP_V5, sizeof(struct nvsp_subchannel),
	  handle_subchannel },
	{ NVSP_OID_QUERY_EX, NVSP_V5, sizeof(uint32_t), handle_oid_query_ex },
};

static void handle_message(struct netvsp *nv, const struct packet *pkt)
{
	const struct handler *handler;
	uint32_t type;
	unsigned int i;

	if (pkt->len < sizeof(type)) {
		fail(nv, "NVSP message without a type");
		return;
	}
	memcpy(&type, pkt->payload, sizeof(type));
	for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		handler = &handlers[i];
		if (handler->type != type)
			continue;
		if (nv->version < handler->version)
			break;
		if (pkt->len < handler->len) {
			fail(nv, "NVSP message too short");
			return;
		}
		handler->handle(nv, pkt);
		return;
	}
	fail(nv, "NVSP message of an unknown type, or not in this version");
}

static void handle_completion(struct netvsp *nv, const struct packet *pkt)
{
	struct nvsp_rndis_done done;

	/* Guests may ignore that we would like to hear of this one. */
	if (pkt->trans_id == TRANS_ASSOCIATION || pkt->trans_id == FAULT_TRANS)
		return;
	if (pkt->len < sizeof(done)) {
		fail(nv, "completion too short");
		return;
	}
	memcpy(&done, pkt->payload, sizeof(done));
	if (done.type != NVSP_RNDIS_DONE)
		fail(nv, "completion of an unknown type");
	else if (!rx_complete(&nv->rx, pkt->trans_id))
		fail(nv, "completion of a packet that was not sent");
}

static void handle_packet(struct netvsp *nv, const struct packet *pkt)
{
	switch (pkt->type) {
	case PKT_INBAND:
	case PKT_GPA_DIRECT:
		handle_message(nv, pkt);
		break;
	case PKT_COMPLETION:
		handle_completion(nv, pkt);
		break;
	default:
		fail(nv, "packet of an unknown type");
	}
}

/* Port of the switch */

static bool deliver(void *ctx, const struct frame *frame)
{
	struct netvsp *nv = ctx;

	if (!rx_ready(nv))
		return false;
	if (!rx_first_waiting(&nv->rx) && !nv->control.first) {
		switch (rx_frame(&nv->rx, nv->chan, &nv->rndis, frame)) {
		case RX_DONE:
			return true;
		case RX_NO_ROOM:
			break;
		case RX_BAD_RING:
			bad_ring(nv);
			return false;
		default:
			return false;
		}
	}
	return rx_wait(&nv->rx, frame);
}

static bool room(void *ctx)
{
	struct netvsp *nv = ctx;

	if (nv->rx.nr_waiting < WAITING_HIGH)
		return true;
	nv->squeezed = true;
	return false;
}

/* A guest that wants nothing at all loses frames; filters do not count. */
static bool wants(void *ctx, const struct frame *frame)
{
	struct netvsp *nv = ctx;

	return !nv->rndis.filter || rndis_wants(&nv->rndis, frame);
}

static const struct vpath_ops port_ops = {
	.deliver = deliver,
	.room = room,
	.wants = wants,
};

/* Channel */

static bool chan_open(void *ctx, struct channel *chan)
{
	struct netvsp *nv = ctx;

	(void)chan;
	if (!nv->nic)
		return false;
	rndis_reset(&nv->rndis);
	nv->rndis.frame_size = usable_frame_size(nv, 0);
	nv->version = 0;
	nv->caps = 0;
	nv->vf_announced = false;
	nv->open = true;
	vnic_set_path(nv->nic, PATH_SYNTHETIC, &port_ops, nv);
	return true;
}

/*
 * The data path outlives the session: a guest that closes the channel and opens
 * it again, as for a new MTU, need not select the VF again.  It ends with the
 * channel, and when the guest lets go of that.
 */
static void chan_close(void *ctx, struct channel *chan)
{
	struct netvsp *nv = ctx;

	nv->open = false;
	nv->version = 0;
	nv->send_buf = NULL;
	nv->squeezed = false;
	nv->last_done = 0;
	loop_timer_cancel(&nv->late);
	queue_clear(&nv->out);
	queue_clear(&nv->control);
	rx_reset(&nv->rx);
	rndis_reset(&nv->rndis);
	if (!nv->nic)
		return;
	vnic_set_path(nv->nic, PATH_SYNTHETIC, NULL, NULL);
	if (channel_is_rescinded(chan))
		vnic_select(nv->nic, PATH_SYNTHETIC);
}

/* A busy guest must not keep the others from the host: @more comes later. */
static void read_packets(struct netvsp *nv)
{
	unsigned int i;

	for (i = 0; i < READ_MAX; i++) {
		if (!nv->open || nv->over || nv->out.count >= OUT_STOP)
			return;
		switch (channel_read(nv->chan, &nv->pkt)) {
		case RING_OK:
			handle_packet(nv, &nv->pkt);
			break;
		case RING_BAD:
			bad_ring(nv);
			return;
		default:
			return;
		}
	}
	loop_task_queue(&nv->more);
}

static void read_and_flush(void *ctx)
{
	struct netvsp *nv = ctx;

	flush(nv);
	read_packets(nv);
	flush(nv);
}

static void chan_readable(void *ctx, struct channel *chan)
{
	(void)chan;
	read_and_flush(ctx);
}

static void destroy(struct netvsp *nv)
{
	loop_task_cancel(&nv->more);
	loop_timer_cancel(&nv->late);
	queue_clear(&nv->out);
	queue_clear(&nv->control);
	rx_reset(&nv->rx);
	free(nv);
}

static void chan_released(void *ctx, struct channel *chan)
{
	struct netvsp *nv = ctx;

	if (nv->removing) {
		destroy(nv);
		return;
	}
	/* The next guest finds the address that the host gave. */
	vnic_set_mac(nv->nic, nv->rndis.perm_mac);
	vnic_select(nv->nic, PATH_SYNTHETIC);
	if (channel_is_rescinded(chan))
		nv->chan = NULL;
}

static void chan_gpadl_gone(void *ctx, struct channel *chan,
			    struct gpadl *gpadl)
{
	struct netvsp *nv = ctx;

	(void)chan;
	if (gpadl == nv->rx.gpadl)
		rx_revoke(&nv->rx);
	if (gpadl == nv->send_buf)
		nv->send_buf = NULL;
}

static const struct channel_ops chan_ops = {
	.open = chan_open,
	.close = chan_close,
	.readable = chan_readable,
	.released = chan_released,
	.gpadl_gone = chan_gpadl_gone,
};

struct netvsp *netvsp_create(struct vmbus *vmbus, struct vnic *nic,
			     const struct netvsp_config *config)
{
	struct channel_offer offer = {
		.type = { {
			0x63, 0x51, 0x61, 0xf8, 0x3e, 0xdf, 0xc5, 0x46,
			0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e
		} },
		.instance = { {
			0x4e, 0x56, 0x53, 0x50, 0x00, 0x00, 0x4c, 0x4e,
			0x9d, 0x41, 0x00, 0x15, 0x5d, 0x00, 0x00,
			config->instance_seed
		} },
		.flags = OFFER_FLAG_ENUMERATE,
		.ops = &chan_ops,
	};
	struct netvsp *nv;

	nv = calloc(1, sizeof(*nv));
	if (!nv)
		return NULL;
	nv->vmbus = vmbus;
	nv->nic = nic;
	nv->id = config->instance_seed;
	nv->config = *config;
	nv->rndis.nic = nic;
	nv->rndis.link = true;
	nv->more.fn = read_and_flush;
	nv->more.ctx = nv;
	nv->late.fn = switch_late;
	nv->late.ctx = nv;
	memcpy(nv->rndis.perm_mac, vnic_mac(nic), sizeof(nv->rndis.perm_mac));
	queue_init(&nv->out);
	queue_init(&nv->control);
	rx_init(&nv->rx);
	rndis_reset(&nv->rndis);
	offer.ctx = nv;
	nv->chan = vmbus_offer(vmbus, &offer);
	if (!nv->chan) {
		free(nv);
		return NULL;
	}
	return nv;
}

void netvsp_remove(struct netvsp *nv)
{
	struct channel *chan = nv->chan;
	bool over = nv->over;

	/* The switch port may be gone when this returns. */
	vnic_set_path(nv->nic, PATH_SYNTHETIC, NULL, NULL);
	nv->nic = NULL;
	nv->rndis.nic = NULL;
	nv->removing = true;
	nv->over = true;
	if (!chan)
		destroy(nv);
	else if (!over)
		vmbus_rescind(chan);
}

void netvsp_set_link(struct netvsp *nv, bool up)
{
	uint8_t buf[RNDIS_REPLY_MAX];
	size_t len;

	if (nv->rndis.link == up)
		return;
	nv->rndis.link = up;
	if (!nv->open || !nv->rndis.ready)
		return;
	len = rndis_indicate(buf, up ? RNDIS_I_CONNECT : RNDIS_I_DISCONNECT,
			     NULL, 0);
	send_control(nv, buf, len);
}

void netvsp_vf_association(struct netvsp *nv, bool present, uint32_t serial)
{
	nv->vf_present = present;
	if (present)
		nv->vf_serial = serial;
	else
		vnic_select(nv->nic, PATH_SYNTHETIC);
	announce_vf(nv);
}

const char *netvsp_fault(struct netvsp *nv, enum fault_id id, uint32_t number)
{
	const char *why;

	if (id < NR_FAULT_ANSWERS)
		return fault_arm(&nv->faults, id, number);
	if (!nv->open)
		return "the guest has not opened the NIC";
	why = fault_send(id, number, nv->chan, &nv->rx, nv->last_done);
	if (channel_is_rescinded(nv->chan))
		bad_ring(nv);
	return why;
}

void netvsp_fault_off(struct netvsp *nv)
{
	memset(&nv->faults, 0, sizeof(nv->faults));
}

void netvsp_get_state(const struct netvsp *nv, struct netvsp_state *state)
{
	*state = (struct netvsp_state){
		.open = nv->open,
		.rndis_ready = nv->rndis.ready,
		.nvsp_version = nv->version,
		.packet_filter = nv->rndis.filter,
		.mtu = nv->rndis.frame_size - FRAME_HDR,
		.vf_announced = nv->vf_announced,
		.protocol_errors = nv->protocol_errors,
	};
}
