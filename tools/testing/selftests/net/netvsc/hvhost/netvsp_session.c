// SPDX-License-Identifier: GPL-2.0
/*
 * NVSP, the protocol on the channel of a synthetic NIC: the session with its
 * version and its buffers.
 */
#include <string.h>

#include "generation.h"
#include "netvsp_dev.h"
#include "rndis_wire.h"

#define FRAME_SIZE_DEFAULT	1514
#define FRAME_SIZE_LARGEST	9216
/* What a sub-allocation has beyond the largest frame: 1728 in all, or more */
#define RECV_SUB_EXTRA		214
#define MAX_MDL_CHAIN		34
/* From one packet that comes too early to the next */
#define EARLY_NS		1000000

static const uint32_t versions[] = {
	NVSP_V1, NVSP_V2, NVSP_V4, NVSP_V5, NVSP_V6, NVSP_V61
};

uint32_t session_msg_len(const struct netvsp *nv)
{
	return nv->version >= NVSP_V61 ? NVSP_LEN_V61 : NVSP_LEN_V1;
}

/*
 * Packets that come too early: from when the guest has said all of itself, with the
 * receive buffer next, until it is told that the host has that.
 */

/* Return: false if there is to be no other one. */
static bool send_early(struct netvsp *nv)
{
	const char *why;

	if (!fault_take(&nv->faults, FAULT_XFER_EARLY))
		return false;
	why = fault_send_early(nv->primary.chan, &nv->rx);
	if (channel_is_rescinded(nv->primary.chan))
		netvsp_bad_ring(nv);
	return !why;
}

void session_early(void *ctx)
{
	struct netvsp *nv = ctx;

	loop_timer_cancel(&nv->early);
	if (!nv->rx.gpadl && send_early(nv))
		loop_timer_set(&nv->early, EARLY_NS);
}

/* Version and what else the guest says of itself */

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

static void handle_init(struct queue *q, const struct packet *pkt)
{
	struct nvsp_init_done done = {
		.type = NVSP_INIT_DONE,
		.version = UINT32_MAX,
		.max_mdl_chain = MAX_MDL_CHAIN,
		.status = NVSP_NONE,
	};
	struct netvsp *nv = q->nv;
	struct nvsp_init init;

	memcpy(&init, pkt->payload, sizeof(init));
	if (nv->version) {
		netvsp_fail(nv, "NVSP initialized twice");
		return;
	}
	if (!fault_take(&nv->faults, FAULT_INIT_REFUSE) &&
	    version_known(nv, init.min_version)) {
		nv->version = init.min_version;
		nv->rndis.vlan_inline = nv->version < NVSP_V2;
		nv->rndis.frame_size = usable_frame_size(nv, 0);
		nv->rx.msg_len = session_msg_len(nv);
		done.status = NVSP_SUCCESS;
		if (nv->version == NVSP_V1)
			done.version = nv->version;
		log_guest_info(&nv->news, "netvsp", "nic %u: NVSP %u.%u",
			       nv->id, nv->version >> 16,
			       nv->version & 0xffff);
	}
	queue_complete(q, pkt, &done, sizeof(done));
}

static void handle_ndis_config(struct queue *q, const struct packet *pkt)
{
	struct netvsp *nv = q->nv;
	struct nvsp_ndis_config config;

	memcpy(&config, pkt->payload, sizeof(config));
	if (nv->rx.gpadl) {
		netvsp_fail(nv, "NDIS configuration after the receive buffer");
		return;
	}
	nv->caps = config.caps;
	nv->frame_asked = config.frame_size;
	nv->rndis.frame_size = usable_frame_size(nv, config.frame_size);
	nv->rndis.vlan_inline = !(config.caps & NVSP_CAP_8021Q);
	nv->rndis.rsc_offered = nv->config.gen->rsc &&
				config.caps & NVSP_CAP_RSC &&
				nv->version >= NVSP_V61;
	queue_complete(q, pkt, NULL, 0);
}

static void handle_ndis_version(struct queue *q, const struct packet *pkt)
{
	struct netvsp *nv = q->nv;
	struct nvsp_ndis_version ndis;

	memcpy(&ndis, pkt->payload, sizeof(ndis));
	if (nv->rndis.ndis) {
		netvsp_fail(nv, "version of NDIS twice");
		return;
	}
	if ((ndis.major != 5 && ndis.major != 6) || ndis.minor > UINT16_MAX) {
		netvsp_fail(nv, "unknown version of NDIS");
		return;
	}
	nv->rndis.ndis = NDIS_VERSION(ndis.major, ndis.minor);
	queue_complete(q, pkt, NULL, 0);
	session_early(nv);
}

/* Buffers */

/* Answers to RNDIS requests have to fit as well, however small frames are. */
static uint32_t recv_sub_size(const struct netvsp *nv)
{
	uint32_t most = nv->rndis.frame_size;

	if (most < FRAME_SIZE_DEFAULT)
		most = FRAME_SIZE_DEFAULT;
	return (most + RECV_SUB_EXTRA + 7) & ~7u;
}

static void handle_recv_buf(struct queue *q, const struct packet *pkt)
{
	struct netvsp *nv = q->nv;
	uint32_t size = recv_sub_size(nv);
	struct nvsp_recv_buf_done done = {
		.type = NVSP_RECV_BUF_DONE,
		.status = NVSP_FAILURE,
	};
	struct nvsp_buffer buf;
	struct gpadl *gpadl;

	memcpy(&buf, pkt->payload, sizeof(buf));
	if (nv->version >= NVSP_V2 && !nv->frame_asked) {
		netvsp_fail(nv, "receive buffer before the NDIS configuration");
		return;
	}
	gpadl = channel_gpadl(q->chan, buf.gpadl);
	if (!fault_take(&nv->faults, FAULT_RXBUF_REFUSE) && gpadl &&
	    gpadl != nv->send_buf &&
	    rx_setup(&nv->rx, gpadl, buf.id, size)) {
		done.status = NVSP_SUCCESS;
		done.sections = 1;
		done.sub_size = size;
		done.sub_count = nv->rx.count;
		done.end = size * nv->rx.count;
		nv->lent[0] = gpadl;
		send_early(nv);
	}
	queue_complete(q, pkt, &done, sizeof(done));
}

static void handle_send_buf(struct queue *q, const struct packet *pkt)
{
	struct nvsp_send_buf_done done = {
		.type = NVSP_SEND_BUF_DONE,
		.status = NVSP_FAILURE,
	};
	struct netvsp *nv = q->nv;
	struct nvsp_buffer buf;
	struct gpadl *gpadl;

	memcpy(&buf, pkt->payload, sizeof(buf));
	gpadl = channel_gpadl(q->chan, buf.gpadl);
	if (gpadl && !nv->send_buf && gpadl != nv->rx.gpadl &&
	    gpadl_size(gpadl) >= SEND_SECTION_SIZE) {
		nv->send_buf = gpadl;
		nv->lent[1] = gpadl;
		nv->send_id = buf.id;
		nv->send_revoked = false;
		done.status = NVSP_SUCCESS;
		done.section_size = SEND_SECTION_SIZE;
	}
	queue_complete(q, pkt, &done, sizeof(done));
}

static void handle_recv_revoke(struct queue *q, const struct packet *pkt)
{
	struct netvsp *nv = q->nv;
	struct nvsp_revoke revoke;

	memcpy(&revoke, pkt->payload, sizeof(revoke));
	if (!nv->rx.gpadl || revoke.id != nv->rx.id) {
		netvsp_fail(nv, "receive buffer revoked that is not there");
		return;
	}
	rx_revoke(&nv->rx);
	queue_complete(q, pkt, NULL, 0);
}

static void handle_send_revoke(struct queue *q, const struct packet *pkt)
{
	struct netvsp *nv = q->nv;
	struct nvsp_revoke revoke;

	memcpy(&revoke, pkt->payload, sizeof(revoke));
	if (!nv->send_buf || revoke.id != nv->send_id) {
		netvsp_fail(nv, "send buffer revoked that is not there");
		return;
	}
	nv->send_buf = NULL;
	nv->send_revoked = true;
	queue_complete(q, pkt, NULL, 0);
}

/* The rest */

static void handle_oid_query_ex(struct queue *q, const struct packet *pkt)
{
	struct nvsp_oid_query_ex_done done = {
		.type = NVSP_OID_QUERY_EX_DONE,
		.status = RNDIS_E_NOT_SUPPORTED,
	};

	queue_complete(q, pkt, &done, sizeof(done));
}

/* Messages by type: from which version on, how long at least. */
static const struct handler {
	uint32_t type;
	uint32_t version;
	uint32_t len;
	void (*handle)(struct queue *q, const struct packet *pkt);
} handlers[] = {
	{ NVSP_RNDIS, NVSP_V1, sizeof(struct nvsp_rndis), netvsp_rndis },
	{ NVSP_INIT, 0, sizeof(struct nvsp_init), handle_init },
	{ NVSP_NDIS_VERSION, NVSP_V1, sizeof(struct nvsp_ndis_version),
	  handle_ndis_version },
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
	  path_switch },
	{ NVSP_SUBCHANNEL, NVSP_V5, sizeof(struct nvsp_subchannel),
	  subchannels_request },
	{ NVSP_OID_QUERY_EX, NVSP_V5, sizeof(uint32_t), handle_oid_query_ex },
};

void session_message(struct queue *q, const struct packet *pkt)
{
	struct netvsp *nv = q->nv;
	const struct handler *handler;
	uint32_t type;
	unsigned int i;

	if (pkt->len < sizeof(type)) {
		netvsp_fail(nv, "NVSP message without a type");
		return;
	}
	memcpy(&type, pkt->payload, sizeof(type));
	for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		handler = &handlers[i];
		if (handler->type != type)
			continue;
		if (nv->version < handler->version)
			break;
		if (q->index && type != NVSP_RNDIS)
			break;
		if (pkt->len < handler->len) {
			netvsp_fail(nv, "NVSP message too short");
			return;
		}
		if (!step_nvsp(q, pkt, type))
			handler->handle(q, pkt);
		/* Also of one that nobody completes. */
		step_done(&nv->steps);
		return;
	}
	netvsp_fail(nv, "NVSP message that is not known or not allowed here");
}

void session_start(struct netvsp *nv)
{
	rndis_reset(&nv->rndis);
	nv->rndis.frame_size = usable_frame_size(nv, 0);
	nv->version = 0;
	nv->caps = 0;
	nv->frame_asked = 0;
	nv->send_revoked = false;
	nv->vf_announced = false;
}

void session_end(struct netvsp *nv)
{
	nv->version = 0;
	nv->send_buf = NULL;
	memset(nv->lent, 0, sizeof(nv->lent));
	nv->last_done = 0;
	loop_timer_cancel(&nv->late);
	loop_timer_cancel(&nv->pause);
	loop_timer_cancel(&nv->early);
	steps_end(nv);
	rx_reset(&nv->rx);
	rndis_reset(&nv->rndis);
}
