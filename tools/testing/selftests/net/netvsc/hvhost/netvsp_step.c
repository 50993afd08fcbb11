// SPDX-License-Identifier: GPL-2.0
/*
 * The steps of a NIC on its channel: requests of NVSP, answered by the completion
 * of their packet, and those of RNDIS, answered by a message.  All are asked for
 * on the first channel, which lives as long as the session.  An answer that is late
 * keeps back no other one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netvsp_dev.h"
#include "rndis_wire.h"

#define NS_PER_SECOND	1000000000ull

/* An answer that has to wait: a completion, or an RNDIS message. */
struct late_answer {
	struct late_answer *next;
	struct netvsp *nv;
	struct loop_timer timer;
	bool rndis;
	uint64_t trans_id;
	uint32_t len;
	uint8_t data[];
};

/* Requests that have an answer: its type, and where its status is. */
static const struct nvsp_step {
	uint32_t type;
	const char *name;
	uint32_t done;
	uint32_t status;
} nvsp_steps[] = {
	{ NVSP_INIT, "nvsp-init", NVSP_INIT_DONE,
	  offsetof(struct nvsp_init_done, status) },
	{ NVSP_RECV_BUF, "nvsp-recv-buf", NVSP_RECV_BUF_DONE,
	  offsetof(struct nvsp_recv_buf_done, status) },
	{ NVSP_SEND_BUF, "nvsp-send-buf", NVSP_SEND_BUF_DONE,
	  offsetof(struct nvsp_send_buf_done, status) },
	{ NVSP_SUBCHANNEL, "nvsp-subchannel", NVSP_SUBCHANNEL,
	  offsetof(struct nvsp_subchannel_done, status) },
	{ NVSP_SWITCH_PATH, "nvsp-switch", NVSP_RNDIS_DONE,
	  offsetof(struct nvsp_rndis_done, status) },
};

/* Late answers */

static void forget(struct late_answer *late)
{
	struct late_answer **p;

	for (p = &late->nv->late_answers; *p != late; p = &(*p)->next)
		;
	*p = late->next;
	loop_timer_cancel(&late->timer);
}

void steps_end(struct netvsp *nv)
{
	struct late_answer *late;

	while ((late = nv->late_answers)) {
		forget(late);
		free(late);
	}
	step_done(&nv->steps);
}

static void due(void *ctx)
{
	struct late_answer *late = ctx;

	/* A channel that fails on it takes the others along. */
	forget(late);
	log_info("netvsp", "nic %u: late answer", late->nv->id);
	if (late->rndis)
		netvsp_send_answer(late->nv, late->data, late->len);
	else
		queue_send(&late->nv->primary, PKT_COMPLETION, 0,
			   late->trans_id, late->data, late->len);
	free(late);
}

static void answer_late(struct netvsp *nv, bool rndis, uint64_t trans_id,
			const void *data, uint32_t len)
{
	struct late_answer *late = calloc(1, sizeof(*late) + len);

	if (!late)
		die("out of memory");
	late->nv = nv;
	late->rndis = rndis;
	late->trans_id = trans_id;
	late->len = len;
	memcpy(late->data, data, len);
	late->timer.fn = due;
	late->timer.ctx = late;
	late->next = nv->late_answers;
	nv->late_answers = late;
	loop_timer_set(&late->timer, nv->steps.number * NS_PER_SECOND);
}

/* NVSP */

static void refuse_nvsp(struct queue *q, const struct packet *pkt,
			const struct nvsp_step *step)
{
	uint32_t status = NVSP_FAILURE;
	uint8_t buf[NVSP_LEN_V1] = { 0 };

	memcpy(buf, &step->done, sizeof(step->done));
	memcpy(buf + step->status, &status, sizeof(status));
	step_done(&q->nv->steps);
	queue_complete(q, pkt, buf, sizeof(buf));
}

bool step_nvsp(struct queue *q, const struct packet *pkt, uint32_t type)
{
	size_t i;

	for (i = 0; i < sizeof(nvsp_steps) / sizeof(nvsp_steps[0]); i++) {
		if (nvsp_steps[i].type != type)
			continue;
		if (step_take(&q->nv->steps, nvsp_steps[i].name) != STEP_REFUSE)
			return false;
		refuse_nvsp(q, pkt, &nvsp_steps[i]);
		return true;
	}
	return false;
}

bool step_completion(struct netvsp *nv, const struct packet *pkt, uint8_t *buf,
		     uint32_t *len)
{
	struct steps *steps = &nv->steps;
	uint32_t keep = *len < 4 ? *len : 4;	/* the type */

	switch (steps->action) {
	case STEP_NEVER:
		return false;
	case STEP_LATE:
		answer_late(nv, false, pkt->trans_id, buf, *len);
		return false;
	case STEP_GARBAGE:
		step_garbage(steps, buf + keep, *len - keep);
		return true;
	case STEP_SHORT:
		/* The ring counts in units of 8 bytes. */
		*len = 0;
		return true;
	default:
		return true;
	}
}

/* RNDIS */

/* False: not a request that has an answer. */
static bool name_rndis(const uint8_t *msg, size_t len, char name[STEP_NAME_MAX])
{
	struct rndis_info req;
	struct rndis_hdr hdr;

	if (len < sizeof(hdr))
		return false;
	memcpy(&hdr, msg, sizeof(hdr));
	if (hdr.type == RNDIS_INITIALIZE) {
		snprintf(name, STEP_NAME_MAX, "rndis-init");
		return true;
	}
	if ((hdr.type != RNDIS_QUERY && hdr.type != RNDIS_SET) ||
	    len < sizeof(hdr) + sizeof(req))
		return false;
	memcpy(&req, msg + sizeof(hdr), sizeof(req));
	snprintf(name, STEP_NAME_MAX, "rndis-%s:%08x",
		 hdr.type == RNDIS_QUERY ? "query" : "set", req.oid);
	return true;
}

bool step_rndis(struct netvsp *nv, const uint8_t *msg, size_t len)
{
	char name[STEP_NAME_MAX];

	return name_rndis(msg, len, name) &&
	       step_take(&nv->steps, name) == STEP_REFUSE;
}

size_t step_rndis_answer(struct netvsp *nv, uint8_t *reply, size_t len)
{
	/* Type, length and the number of the request make it an answer. */
	const size_t keep = sizeof(struct rndis_hdr) + sizeof(uint32_t);
	struct steps *steps = &nv->steps;
	uint32_t ok = RNDIS_OK;

	if (len < keep + sizeof(ok))
		goto out;
	switch (steps->action) {
	case STEP_NEVER:
		len = 0;
		break;
	case STEP_LATE:
		answer_late(nv, true, 0, reply, len);
		len = 0;
		break;
	case STEP_GARBAGE:
		step_garbage(steps, reply + keep, len - keep);
		/* With any other status nobody looks at the rest. */
		if (len > keep + sizeof(ok))
			memcpy(reply + keep, &ok, sizeof(ok));
		break;
	case STEP_SHORT:
		len = keep;
		memcpy(reply + sizeof(uint32_t), &(uint32_t){ keep }, 4);
		break;
	default:
		break;
	}
out:
	step_done(steps);
	return len;
}
