// SPDX-License-Identifier: GPL-2.0
/*
 * VMBus messages: the connection to the guest, and what it asks about channels
 * and GPADLs.
 *
 * A request that names something the guest does not have is answered with a
 * failure where the protocol has an answer, and logged where it has none.
 */
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "gpadl.h"
#include "hyperv.h"
#include "vm.h"

#define complain(vmbus, ...) \
	log_guest_error(&(vmbus)->complaints, "vmbus", __VA_ARGS__)

static const uint32_t versions[] = {
	VMBUS_V3_0, VMBUS_V4_0, VMBUS_V4_1, VMBUS_V5_0, VMBUS_V5_1, VMBUS_V5_2,
	VMBUS_V5_3,
};

void vmbus_post(struct vmbus *vmbus, const void *msg, size_t len)
{
	vmbus->messages_out++;
	if (!synic_post(vmbus->vm, vmbus->vp, vmbus->sint, VMBUS_MESSAGE_TYPE,
			msg, len))
		complain(vmbus, "no processor %u to take a message", vmbus->vp);
}

static void vmbus_post_bare(struct vmbus *vmbus, uint32_t type)
{
	struct msg_hdr msg = { .type = type };

	vmbus_post(vmbus, &msg, sizeof(msg));
}

/* The connection */

static struct channel *first_in_use(struct vmbus *vmbus)
{
	struct channel *chan;

	for (chan = vmbus->channels; chan; chan = chan->next)
		if (chan->relid)
			return chan;
	return NULL;
}

/* The guest has let go of everything: it unloads, or starts afresh. */
static void vmbus_disconnect(struct vmbus *vmbus)
{
	struct channel *chan;

	vmbus->version = 0;
	vmbus->offering = false;
	/* Devices may offer and rescind meanwhile: start over each time. */
	while ((chan = first_in_use(vmbus)))
		channel_release(chan, CHAN_NEW);
	for (chan = vmbus->channels; chan; chan = chan->next)
		chan->state = CHAN_NEW;
	vmbus_late_clear(vmbus);
	synic_flush(vmbus->vm);
}

static bool version_known(const struct vmbus *vmbus, uint32_t version)
{
	unsigned int i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (versions[i] == version)
			return version <= vmbus->max_version;
	return false;
}

static void on_contact(struct vmbus *vmbus, const void *payload, size_t len)
{
	struct msg_version_response answer = {
		.hdr.type = MSG_VERSION_RESPONSE,
	};
	const struct msg_contact *msg = payload;

	(void)len;
	/* A kernel started by kexec may not have said goodbye. */
	if (vmbus->version)
		vmbus_disconnect(vmbus);

	vmbus->vp = msg->target_vp;
	vmbus->sint = VMBUS_SINT;
	if (msg->version >= VMBUS_V5_0 && msg->sint < 16)
		vmbus->sint = msg->sint;

	if (version_known(vmbus, msg->version)) {
		vmbus->version = msg->version;
		answer.supported = 1;
		answer.connection_id = msg->version >= VMBUS_V5_0 ?
				       VMBUS_CONN_MODERN : msg->version;
	}
	log_guest_info(&vmbus->news, "vmbus",
		       "guest asks for version %u.%u: %s", msg->version >> 16,
		       msg->version & 0xffff,
		       answer.supported ? "connected" : "not supported");
	vmbus_post(vmbus, &answer, sizeof(answer));
}

static void on_unload(struct vmbus *vmbus, const void *payload, size_t len)
{
	(void)payload;
	(void)len;
	log_guest_info(&vmbus->news, "vmbus", "guest disconnects");
	vmbus_disconnect(vmbus);
	vmbus_post_bare(vmbus, MSG_UNLOAD_RESPONSE);
}

static void on_request_offers(struct vmbus *vmbus, const void *payload,
			      size_t len)
{
	struct channel *chan;

	(void)payload;
	(void)len;
	for (chan = vmbus->channels; chan; chan = chan->next)
		if (chan->state == CHAN_RETURNED)
			chan->state = CHAN_NEW;
	vmbus->offering = true;
	channel_offer_pending(vmbus);
	vmbus_post_bare(vmbus, MSG_ALL_OFFERS_DELIVERED);
}

/* Channels */

static struct channel *find_channel(struct vmbus *vmbus, uint32_t relid,
				    const char *what)
{
	struct channel *chan = NULL;

	if (relid <= VMBUS_MAX_RELID)
		chan = vmbus->by_relid[relid];
	if (!chan)
		complain(vmbus, "%s names relid %u, which is not in use", what,
			 relid);
	return chan;
}

static void on_open(struct vmbus *vmbus, const void *payload, size_t len)
{
	const struct msg_open *msg = payload;
	struct msg_open_result answer = {
		.hdr.type = MSG_OPEN_RESULT,
		.relid = msg->relid,
		.open_id = msg->open_id,
		.status = VMBUS_STATUS_OK,
	};
	const char *why = "no such channel";
	struct channel *chan;

	(void)len;
	chan = find_channel(vmbus, msg->relid, "open");
	if (chan)
		why = vmbus_step(chan, "open");
	if (chan && !why)
		why = channel_open(chan, msg);
	if (why) {
		complain(vmbus, "channel %u not opened: %s", msg->relid, why);
		answer.status = VMBUS_STATUS_FAILED;
	}
	if (!chan)
		vmbus_post(vmbus, &answer, sizeof(answer));
	else if (!vmbus_step_answer(chan, &answer, sizeof(answer)))
		return;
	if (!why) {
		log_debug("vmbus", "channel %u open, processor %u", msg->relid,
			  msg->target_vp);
		channel_opened(chan);
	}
}

static void on_close(struct vmbus *vmbus, const void *payload, size_t len)
{
	const struct msg_relid *msg = payload;
	struct channel *chan;

	(void)len;
	chan = find_channel(vmbus, msg->relid, "close");
	if (!chan)
		return;
	/* It may cross a rescind, which has closed the channel. */
	if (chan->state != CHAN_OPEN && !chan->rescinded)
		complain(vmbus, "close of channel %u, which is not open",
			 msg->relid);
	channel_close(chan);
}

static void on_modify(struct vmbus *vmbus, const void *payload, size_t len)
{
	const struct msg_modify *msg = payload;
	struct msg_modify_response answer = {
		.hdr.type = MSG_MODIFY_RESPONSE,
		.relid = msg->relid,
		.status = VMBUS_STATUS_OK,
	};
	const char *why = "no such channel";
	struct channel *chan;

	(void)len;
	if (vmbus->version < VMBUS_V4_1) {
		complain(vmbus, "modify channel before version 4.1");
		return;
	}
	chan = find_channel(vmbus, msg->relid, "modify");
	if (chan)
		why = channel_retarget(chan, msg->target_vp);
	if (why) {
		complain(vmbus, "channel %u not modified: %s", msg->relid, why);
		answer.status = VMBUS_STATUS_FAILED;
	}
	if (vmbus->version >= VMBUS_V5_3)
		vmbus_post(vmbus, &answer, sizeof(answer));
}

static void on_relid_released(struct vmbus *vmbus, const void *payload,
			      size_t len)
{
	const struct msg_relid *msg = payload;
	struct channel *chan;

	(void)len;
	chan = find_channel(vmbus, msg->relid, "relid released");
	if (chan)
		channel_release(chan, CHAN_RETURNED);
}

/* GPADLs */

static void gpadl_answer(struct vmbus *vmbus, uint32_t relid, uint32_t id,
			 const char *why)
{
	struct msg_gpadl_created msg = {
		.hdr.type = MSG_GPADL_CREATED,
		.relid = relid,
		.gpadl = id,
		.status = why ? VMBUS_STATUS_FAILED : VMBUS_STATUS_OK,
	};

	if (why)
		complain(vmbus, "channel %u: GPADL %#x refused: %s", relid, id,
			 why);
	else
		log_debug("vmbus", "channel %u: GPADL %#x", relid, id);
	if (relid <= VMBUS_MAX_RELID && vmbus->by_relid[relid])
		vmbus_step_answer(vmbus->by_relid[relid], &msg, sizeof(msg));
	else
		vmbus_post(vmbus, &msg, sizeof(msg));
}

/* More of the list of a GPADL: answers when it is all there, or no good. */
static void gpadl_feed(struct channel *chan, struct gpadl *gpadl,
		       const void *data, size_t len)
{
	const char *why = gpadl_append(gpadl, data, len);
	uint32_t id = gpadl_id(gpadl);

	if (!why && !gpadl_received(gpadl))
		return;
	if (!why)
		why = vmbus_step(chan, "gpadl");
	if (!why)
		why = gpadl_complete(gpadl, vm_mem(chan->vmbus->vm));
	if (why)
		channel_drop_gpadl(chan, gpadl);
	gpadl_answer(chan->vmbus, chan->relid, id, why);
}

/* The body messages of a GPADL name its id only. */
static struct channel *find_receiving(struct vmbus *vmbus, uint32_t id,
				      struct gpadl **gpadl)
{
	struct channel *chan;

	for (chan = vmbus->channels; chan; chan = chan->next) {
		*gpadl = channel_find_gpadl(chan, id);
		if (*gpadl && !gpadl_is_complete(*gpadl))
			return chan;
	}
	return NULL;
}

static void on_gpadl_header(struct vmbus *vmbus, const void *payload,
			    size_t len)
{
	const struct msg_gpadl_header *msg = payload;
	struct channel *chan;
	struct gpadl *gpadl;
	const char *why;

	chan = find_channel(vmbus, msg->relid, "GPADL");
	why = "no such channel";
	if (!chan || chan->rescinded)
		goto refuse;
	why = "id is in use";
	if (channel_find_gpadl(chan, msg->gpadl) ||
	    find_receiving(vmbus, msg->gpadl, &gpadl))
		goto refuse;
	why = "too many";
	if (vmbus->nr_gpadls >= GPADL_MAX ||
	    vmbus->gpadl_words + msg->list_len / 8 > GPADL_MAX_WORDS)
		goto refuse;
	why = "range list of odd length";
	gpadl = gpadl_new(msg->gpadl, msg->list_len, msg->nr_ranges);
	if (!gpadl)
		goto refuse;

	channel_add_gpadl(chan, gpadl);
	gpadl_feed(chan, gpadl, msg + 1, len - sizeof(*msg));
	return;

refuse:
	gpadl_answer(vmbus, msg->relid, msg->gpadl, why);
}

static void on_gpadl_body(struct vmbus *vmbus, const void *payload, size_t len)
{
	const struct msg_gpadl_body *msg = payload;
	struct channel *chan;
	struct gpadl *gpadl;

	/* Of a refused one they still come, and have been answered. */
	chan = find_receiving(vmbus, msg->gpadl, &gpadl);
	if (!chan) {
		complain(vmbus, "rest of GPADL %#x without its start",
			 msg->gpadl);
		return;
	}
	gpadl_feed(chan, gpadl, msg + 1, len - sizeof(*msg));
}

static void on_gpadl_teardown(struct vmbus *vmbus, const void *payload,
			      size_t len)
{
	const struct msg_gpadl_teardown *msg = payload;
	struct msg_gpadl_torndown answer = {
		.hdr.type = MSG_GPADL_TORNDOWN,
		.gpadl = msg->gpadl,
	};
	struct channel *chan;
	struct gpadl *gpadl;

	(void)len;
	chan = find_channel(vmbus, msg->relid, "GPADL teardown");
	if (!chan)
		return;
	gpadl = channel_find_gpadl(chan, msg->gpadl);
	if (!gpadl) {
		complain(vmbus, "channel %u: teardown of GPADL %#x, unknown",
			 msg->relid, msg->gpadl);
		return;
	}

	if (gpadl == chan->ring_gpadl)
		channel_fail(chan, "rings taken away while open");
	channel_drop_gpadl(chan, gpadl);
	/* It cannot be refused. */
	vmbus_step(chan, "teardown");
	vmbus_step_answer(chan, &answer, sizeof(answer));
}

/* Messages in */

static const struct handler {
	size_t min_len;
	void (*fn)(struct vmbus *vmbus, const void *payload, size_t len);
	bool always;			/* also without a connection */
} handlers[] = {
	[MSG_REQUEST_OFFERS] = { sizeof(struct msg_hdr), on_request_offers, 0 },
	[MSG_OPEN] = { sizeof(struct msg_open), on_open, 0 },
	[MSG_CLOSE] = { sizeof(struct msg_relid), on_close, 0 },
	[MSG_GPADL_HEADER] = { sizeof(struct msg_gpadl_header),
			       on_gpadl_header, 0 },
	[MSG_GPADL_BODY] = { sizeof(struct msg_gpadl_body), on_gpadl_body, 0 },
	[MSG_GPADL_TEARDOWN] = { sizeof(struct msg_gpadl_teardown),
				 on_gpadl_teardown, 0 },
	[MSG_RELID_RELEASED] = { sizeof(struct msg_relid), on_relid_released,
				 0 },
	[MSG_INITIATE_CONTACT] = { sizeof(struct msg_contact), on_contact, 1 },
	[MSG_UNLOAD] = { sizeof(struct msg_hdr), on_unload, 1 },
	[MSG_MODIFY] = { sizeof(struct msg_modify), on_modify, 0 },
};

static void vmbus_message(struct vmbus *vmbus, const void *payload, size_t len)
{
	const struct handler *handler = NULL;
	struct msg_hdr hdr;

	if (len < sizeof(hdr)) {
		complain(vmbus, "message of %zu bytes", len);
		return;
	}
	memcpy(&hdr, payload, sizeof(hdr));
	log_debug("vmbus", "message %u, %zu bytes", hdr.type, len);

	if (hdr.type < sizeof(handlers) / sizeof(handlers[0]))
		handler = &handlers[hdr.type];
	if (!handler || !handler->fn)
		complain(vmbus, "message of unknown type %u", hdr.type);
	else if (len < handler->min_len)
		complain(vmbus, "message of type %u is too short: %zu bytes",
			 hdr.type, len);
	else if (!vmbus->version && !handler->always)
		complain(vmbus, "message of type %u without a connection",
			 hdr.type);
	else
		handler->fn(vmbus, payload, len);
}

uint16_t vmbus_post_message(void *ctx, uint32_t connection_id, uint32_t type,
			    const void *payload, size_t len)
{
	uint64_t copy[HV_MESSAGE_PAYLOAD_MAX / 8];
	struct vmbus *vmbus = ctx;

	/* A host without 5.0 has no such connection, which tells the guest. */
	if (connection_id != VMBUS_CONN_LEGACY &&
	    (connection_id != VMBUS_CONN_MODERN ||
	     vmbus->max_version < VMBUS_V5_0))
		return HV_STATUS_INVALID_CONNECTION_ID;
	if (type != VMBUS_MESSAGE_TYPE || len > sizeof(copy))
		return HV_STATUS_INVALID_PARAMETER;

	/* Aligned for the structures, and out of the guest's reach. */
	memcpy(copy, payload, len);
	vmbus->messages_in++;
	vmbus_message(vmbus, copy, len);
	return HV_STATUS_SUCCESS;
}

uint16_t vmbus_signal_event(void *ctx, uint32_t connection_id, uint16_t flag)
{
	uint32_t relid = connection_id - VMBUS_CONN_EVENT;
	struct vmbus *vmbus = ctx;
	struct channel *chan;

	if (relid > VMBUS_MAX_RELID || !vmbus->by_relid[relid])
		return HV_STATUS_INVALID_CONNECTION_ID;
	if (flag)
		return HV_STATUS_INVALID_PARAMETER;

	chan = vmbus->by_relid[relid];
	if (channel_is_open(chan))
		chan->offer.ops->readable(chan->offer.ctx, chan);
	return HV_STATUS_SUCCESS;
}

/* The bus */

struct vmbus *vmbus_create(struct vm *vm, uint32_t max_version)
{
	struct vmbus *vmbus = calloc(1, sizeof(*vmbus));

	if (!vmbus)
		die("out of memory");
	vmbus->vm = vm;
	vmbus->max_version = max_version;
	vmbus->sint = VMBUS_SINT;
	return vmbus;
}

void vmbus_destroy(struct vmbus *vmbus)
{
	struct channel *chan;

	vmbus_disconnect(vmbus);
	while ((chan = vmbus->channels)) {
		vmbus->channels = chan->next;
		free(chan);
	}
	free(vmbus);
}

struct vm *vmbus_vm(const struct vmbus *vmbus)
{
	return vmbus->vm;
}

uint32_t vmbus_version(const struct vmbus *vmbus)
{
	return vmbus->version;
}

void vmbus_get_stats(const struct vmbus *vmbus, struct vmbus_stats *stats)
{
	const struct channel *chan;
	const struct gpadl *gpadl;

	*stats = (struct vmbus_stats){
		.messages_in = vmbus->messages_in,
		.messages_out = vmbus->messages_out,
		.interrupts = vmbus->interrupts,
		.gpadls = vmbus->nr_gpadls,
	};
	for (chan = vmbus->channels; chan; chan = chan->next) {
		for (gpadl = chan->gpadls; gpadl; gpadl = gpadl->next)
			stats->gpadl_pages += gpadl->nr_pages;
		if (!chan->relid || chan->rescinded)
			continue;
		stats->channels++;
		stats->open_channels += chan->state == CHAN_OPEN;
	}
}
