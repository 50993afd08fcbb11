// SPDX-License-Identifier: GPL-2.0
/*
 * RNDIS control: requests to the host's virtual NIC and their answers, and what
 * the host indicates on its own.  The objects that requests are about are in
 * rndis_oid.c; whether an answer makes sense is found out in rndis_parse.c.
 *
 * Each request waits NETVSC_HOST_TIMEOUT for the host at most, three times:
 * for the page that it is written to, for room in the ring, for the answer.
 */
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/slab.h>

#include "netvsc.h"
#include "rndis.h"
#include "rndis_parse.h"
#include "trace.h"

/* Room that an answer's information may take; what we ask for is far less. */
#define RNDIS_MAX_TRANSFER	0x4000
/* Room in the page for what goes with a request. */
#define RNDIS_INFO_MAX		(RNDIS_CONTROL_MAX - \
				 sizeof(struct rndis_hdr) - \
				 sizeof(struct rndis_oid_request))

static struct device *rndis_dev(struct netvsc *nv)
{
	return &nv->hdev->device;
}

/* Body of a message: what follows the header. */
static void *rndis_body(void *msg)
{
	return msg + sizeof(struct rndis_hdr);
}

/*
 * Opens a request of @len bytes of body, whose first field is the id.  Return:
 * the body, to be filled in; rndis_end() closes the request.
 */
static void *rndis_begin(struct netvsc *nv, u32 type, u32 len)
{
	struct rndis *rndis = &nv->rndis;
	struct rndis_hdr *hdr = rndis->page;
	long left = 1;

	mutex_lock(&rndis->lock);
	/* After a timeout the host may still have the last request to read. */
	if (!rndis->up)
		left = -ENODEV;
	else if (READ_ONCE(rndis->page_owner))
		left = netvsc_wait_host(nv, &rndis->released,
					NETVSC_HOST_TIMEOUT);
	if (left <= 0) {
		mutex_unlock(&rndis->lock);
		return ERR_PTR(left ?: -EBUSY);
	}

	memset(hdr, 0, RNDIS_CONTROL_MAX);
	hdr->type = cpu_to_le32(type);
	hdr->len = cpu_to_le32(sizeof(*hdr) + len);
	*(__le32 *)rndis_body(hdr) = cpu_to_le32(++rndis->sequence);
	return rndis_body(hdr);
}

static void rndis_end(struct netvsc *nv)
{
	mutex_unlock(&nv->rndis.lock);
}

static void rndis_await(struct rndis *rndis, u32 type, u64 transaction)
{
	spin_lock_bh(&rndis->reply_lock);
	rndis->awaited = type ? rndis->sequence : 0;
	rndis->awaited_type = type;
	rndis->page_owner = transaction;
	reinit_completion(&rndis->replied);
	reinit_completion(&rndis->released);
	spin_unlock_bh(&rndis->reply_lock);
}

/* From here on an answer that comes after all is stale. */
static void rndis_forget(struct rndis *rndis)
{
	spin_lock_bh(&rndis->reply_lock);
	rndis->awaited = 0;
	spin_unlock_bh(&rndis->reply_lock);
}

static void rndis_trace(struct netvsc *nv, const struct rndis_hdr *hdr)
{
	const struct rndis_oid_request *req = (const void *)(hdr + 1);
	u32 type = le32_to_cpu(hdr->type);
	bool oid = type == RNDIS_MSG_QUERY || type == RNDIS_MSG_SET;

	trace_rndis_request(nv->ndev, type, le32_to_cpu(req->id),
			    oid ? le32_to_cpu(req->oid) : 0,
			    oid ? le32_to_cpu(req->len) : 0);
}

/* Hands the open request to the host; an answer of @type is expected, or 0. */
static int rndis_send(struct netvsc *nv, u32 type)
{
	struct rndis *rndis = &nv->rndis;
	struct rndis_hdr *hdr = rndis->page;
	struct nvsp_ranges ranges;
	u64 transaction;
	int err;

	lockdep_assert_held(&rndis->lock);

	transaction = FIELD_PREP(NETVSC_TID_KIND, NETVSC_TID_RNDIS) |
		      rndis->sequence;
	nvsp_ranges_first(&ranges, rndis->page_dma, le32_to_cpu(hdr->len));

	rndis_await(rndis, type, transaction);
	rndis_trace(nv, hdr);
	err = nvsp_send_rndis_control(nv, transaction, &ranges);
	if (!err)
		return 0;

	spin_lock_bh(&rndis->reply_lock);
	rndis->awaited = 0;
	rndis->page_owner = 0;
	spin_unlock_bh(&rndis->reply_lock);
	return err;
}

/* What is wrong with an answer, the caller says: it knows what it was about. */
static int rndis_check(struct netvsc *nv, int err)
{
	if (err == -EPROTO)
		netvsc_count(nv, NETVSC_EV_BAD_RNDIS);
	return err;
}

/*
 * Sends the open request and waits for its answer of @type.  Return: 0 with the
 * body of the answer in @reply, or an error.
 */
static int rndis_exchange(struct netvsc *nv, u32 type)
{
	struct rndis *rndis = &nv->rndis;
	long left;
	int err;

	err = rndis_send(nv, type);
	if (err)
		return err;

	left = netvsc_wait_host(nv, &rndis->replied, NETVSC_HOST_TIMEOUT);
	rndis_forget(rndis);
	if (left < 0)
		return left;
	/* Forgetting and answering exclude each other: look once more. */
	if (!left && !try_wait_for_completion(&rndis->replied)) {
		netvsc_count(nv, NETVSC_EV_TIMEOUT);
		return -ETIMEDOUT;
	}
	return 0;
}

static void *rndis_begin_oid(struct netvsc *nv, u32 type, u32 oid,
			     const void *info, u32 len)
{
	struct rndis_oid_request *req;

	if (WARN_ON_ONCE(len > RNDIS_INFO_MAX))
		return ERR_PTR(-EINVAL);
	req = rndis_begin(nv, type, sizeof(*req) + len);
	if (IS_ERR(req))
		return req;

	req->oid = cpu_to_le32(oid);
	req->len = cpu_to_le32(len);
	req->offset = cpu_to_le32(sizeof(*req));
	memcpy(req + 1, info, len);
	return req;
}

/**
 * rndis_set() - set an object of the host's NIC
 * @nv: the NIC
 * @oid: which object
 * @info: its new value
 * @len: bytes of it, at most RNDIS_INFO_MAX
 *
 * Context: sleeps.
 *
 * Return: 0, -ENODEV without a session, -EOPNOTSUPP if the host does not know
 * the object, -EIO if it refuses, -EPROTO, -ETIMEDOUT, or -EBUSY.
 */
int rndis_set(struct netvsc *nv, u32 oid, const void *info, u32 len)
{
	struct rndis *rndis = &nv->rndis;
	void *req;
	int err;

	req = rndis_begin_oid(nv, RNDIS_MSG_SET, oid, info, len);
	if (IS_ERR(req))
		return PTR_ERR(req);

	err = rndis_exchange(nv, RNDIS_MSG_SET_C);
	if (!err)
		err = rndis_check(nv, rndis_parse_set(rndis->reply,
						      rndis->reply_len));
	rndis_end(nv);
	return err;
}

static int rndis_query_reply(struct netvsc *nv, void *out, u32 size)
{
	struct rndis *rndis = &nv->rndis;
	struct rndis_view info;
	int err;

	err = rndis_parse_query(rndis->reply, rndis->reply_len, &info);
	if (err)
		return err;
	if (info.len > size)
		return -EPROTO;
	memcpy(out, info.data, info.len);
	return info.len;
}

/**
 * rndis_query() - ask for an object of the host's NIC
 * @nv: the NIC
 * @oid: which object
 * @out: what goes with the question, if anything, and then the answer
 * @in_len: bytes that go with the question
 * @size: room for the answer
 *
 * Context: sleeps.
 *
 * Return: bytes of the answer, or an error as of rndis_set().
 */
int rndis_query(struct netvsc *nv, u32 oid, void *out, u32 in_len, u32 size)
{
	void *req;
	int ret;

	req = rndis_begin_oid(nv, RNDIS_MSG_QUERY, oid, out, in_len);
	if (IS_ERR(req))
		return PTR_ERR(req);

	ret = rndis_exchange(nv, RNDIS_MSG_QUERY_C);
	if (!ret)
		ret = rndis_check(nv, rndis_query_reply(nv, out, size));
	rndis_end(nv);
	return ret;
}

int rndis_start(struct netvsc *nv)
{
	struct rndis *rndis = &nv->rndis;
	struct rndis_limits limits;
	struct rndis_initialize *req;
	int err;

	mutex_lock(&rndis->lock);
	rndis->up = true;
	rndis->filter = 0;
	/* What the last channel had not given back went with it. */
	WRITE_ONCE(rndis->page_owner, 0);
	mutex_unlock(&rndis->lock);

	req = rndis_begin(nv, RNDIS_MSG_INIT, sizeof(*req));
	if (IS_ERR(req))
		return PTR_ERR(req);

	req->major = cpu_to_le32(RNDIS_MAJOR_VERSION);
	req->minor = cpu_to_le32(RNDIS_MINOR_VERSION);
	req->max_transfer = cpu_to_le32(RNDIS_MAX_TRANSFER);

	err = rndis_exchange(nv, RNDIS_MSG_INIT_C);
	if (!err)
		err = rndis_check(nv, rndis_parse_init(rndis->reply,
						       rndis->reply_len,
						       &limits));
	if (!err)
		tx_limits_set(&nv->tx_limits, limits.max_packets,
			      limits.align_shift);
	else
		rndis->up = false;
	rndis_end(nv);
	return err;
}

/*
 * The last request of a session; others fail from now on.  The host does not
 * answer this one, but gives the page back.
 */
void rndis_halt(struct netvsc *nv)
{
	struct rndis *rndis = &nv->rndis;
	void *req;

	req = rndis_begin(nv, RNDIS_MSG_HALT, sizeof(__le32));
	if (IS_ERR(req))
		mutex_lock(&rndis->lock);
	else if (!rndis_send(nv, 0))
		netvsc_wait_host(nv, &rndis->released, NETVSC_HOST_TIMEOUT);
	/* Under the same lock, so that no request follows this one. */
	rndis->up = false;
	rndis_end(nv);
}

/* NAPI: the host has read the message in the page. */
void rndis_handle_released(struct netvsc *nv, u64 transaction)
{
	struct rndis *rndis = &nv->rndis;

	spin_lock(&rndis->reply_lock);
	if (!rndis->page_owner || rndis->page_owner != transaction) {
		spin_unlock(&rndis->reply_lock);
		netvsc_count(nv, NETVSC_EV_BAD_TRANSACTION);
		return;
	}
	WRITE_ONCE(rndis->page_owner, 0);
	complete(&rndis->released);
	spin_unlock(&rndis->reply_lock);
}

static u32 rndis_handle_reply(struct netvsc *nv, u32 type, const void *body,
			      u32 len)
{
	struct rndis *rndis = &nv->rndis;
	u32 id;

	if (!rndis_parse_reply_id(body, len, &id))
		return NVSP_STATUS_BAD_RNDIS;
	trace_rndis_answer(nv->ndev, type, id, len);

	spin_lock(&rndis->reply_lock);
	if (!rndis->awaited || rndis->awaited != id ||
	    rndis->awaited_type != type) {
		spin_unlock(&rndis->reply_lock);
		netvsc_count(nv, NETVSC_EV_STALE_REPLY);
		return NVSP_STATUS_SUCCESS;
	}

	memcpy(rndis->reply, body, len);
	rndis->reply_len = len;
	rndis->awaited = 0;
	complete(&rndis->replied);
	spin_unlock(&rndis->reply_lock);
	return NVSP_STATUS_SUCCESS;
}

static u32 rndis_handle_indication(struct netvsc *nv, const void *body, u32 len)
{
	u32 status;

	if (!rndis_parse_indication(body, len, &status))
		return NVSP_STATUS_BAD_RNDIS;
	trace_rndis_indication(nv->ndev, status);

	switch (status) {
	case RNDIS_STATUS_MEDIA_CONNECT:
		netvsc_link_event(nv, NETVSC_LINK_UP);
		break;
	case RNDIS_STATUS_MEDIA_DISCONNECT:
		netvsc_link_event(nv, NETVSC_LINK_DOWN);
		break;
	case RNDIS_STATUS_NETWORK_CHANGE:
		netvsc_link_event(nv, NETVSC_LINK_CHANGED);
		break;
	case RNDIS_STATUS_LINK_SPEED_CHANGE:
		netvsc_link_event(nv, NETVSC_LINK_SPEED);
		break;
	}
	return NVSP_STATUS_SUCCESS;
}

/*
 * NAPI: a message that is no packet, in memory shared with the host, of @len
 * bytes; @type comes from a copy of its header, and decides.
 */
u32 rndis_handle_control(struct netvsc *nv, u32 type, const void *body,
			 u32 len)
{
	if (len > RNDIS_CONTROL_MAX)
		return NVSP_STATUS_BAD_RNDIS;

	switch (type) {
	case RNDIS_MSG_INIT_C:
	case RNDIS_MSG_QUERY_C:
	case RNDIS_MSG_SET_C:
		return rndis_handle_reply(nv, type, body, len);
	case RNDIS_MSG_INDICATE:
		return rndis_handle_indication(nv, body, len);
	default:
		return NVSP_STATUS_BAD_RNDIS;
	}
}

int rndis_setup(struct netvsc *nv)
{
	struct rndis *rndis = &nv->rndis;

	mutex_init(&rndis->lock);
	spin_lock_init(&rndis->reply_lock);
	init_completion(&rndis->replied);
	init_completion(&rndis->released);

	rndis->reply = kzalloc(RNDIS_CONTROL_MAX, GFP_KERNEL);
	if (!rndis->reply)
		return -ENOMEM;

	rndis->page = dma_alloc_coherent(rndis_dev(nv), RNDIS_CONTROL_MAX,
					 &rndis->page_dma, GFP_KERNEL);
	if (!rndis->page) {
		kfree(rndis->reply);
		return -ENOMEM;
	}
	return 0;
}

/* The channel is closed: the page is ours whatever the host said. */
void rndis_discard(struct netvsc *nv)
{
	struct rndis *rndis = &nv->rndis;

	dma_free_coherent(rndis_dev(nv), RNDIS_CONTROL_MAX, rndis->page,
			  rndis->page_dma);
	kfree(rndis->reply);
}
