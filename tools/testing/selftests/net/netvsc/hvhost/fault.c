// SPDX-License-Identifier: GPL-2.0
/*
 * Faults of a host, by name: the messages that are wrong, each in one way only,
 * and the answers that are.  What is random here is so by a seed, so that a run
 * can be had again.
 */
#include "fault.h"

#include <string.h>

#include "netvsp_rx.h"
#include "nvsp_wire.h"
#include "rndis_wire.h"
#include "vmbus.h"
#include "vmbus_wire.h"

const struct fault fault_list[NR_FAULTS] = {
	[FAULT_SWITCH_REFUSE] = { "switch-refuse", "COUNT",
		"data-path switch completed with a failure" },
	[FAULT_SWITCH_LATE] = { "switch-late", "SECONDS",
		"data-path switch done and completed later" },
	[FAULT_SWITCH_NEVER] = { "switch-never", "COUNT",
		"data-path switch neither done nor completed" },
	[FAULT_SWITCH_PAUSED] = { "switch-paused", "SECONDS",
		"the guest is not run for a while before the switch is done" },
	[FAULT_QUERY_GARBAGE] = { "rndis-query-garbage", "COUNT",
		"RNDIS query answered with bytes outside of the answer" },
	[FAULT_NO_ANSWER] = { "rndis-no-answer", "COUNT",
		"RNDIS request taken but not answered" },
	[FAULT_INIT_REFUSE] = { "init-refuse", "COUNT",
		"NVSP version refused, whichever the guest names" },
	[FAULT_RXBUF_REFUSE] = { "rxbuf-refuse", "COUNT",
		"receive buffer refused" },
	[FAULT_XFER_EARLY] = { "xfer-early", "COUNT",
		"transfer packets before there is a receive buffer, one each ms" },
	[FAULT_NVSP_SHORT] = { "nvsp-short", "COUNT",
		"NVSP message without a type" },
	[FAULT_NVSP_UNKNOWN] = { "nvsp-unknown", "COUNT",
		"NVSP message of an unknown type" },
	[FAULT_NVSP_RANDOM] = { "nvsp-random", "SEED",
		"NVSP message of random bytes and length" },
	[FAULT_ASSOC_SHORT] = { "assoc-short", "COUNT",
		"VF association cut off before the serial number" },
	[FAULT_XFER_RANGE] = { "xfer-range-outside", "COUNT",
		"range that ends outside of the receive buffer" },
	[FAULT_XFER_SET] = { "xfer-bad-set", "COUNT",
		"transfer pages of a set that the guest did not name" },
	[FAULT_XFER_COUNT] = { "xfer-count", "COUNT",
		"more ranges announced than the packet holds" },
	[FAULT_RNDIS_SHORT] = { "rndis-short", "COUNT",
		"RNDIS message shorter than its header" },
	[FAULT_RNDIS_LENGTH] = { "rndis-length", "COUNT",
		"RNDIS message longer than its range" },
	[FAULT_RNDIS_DATA] = { "rndis-data-offset", "COUNT",
		"frame outside of its RNDIS message" },
	[FAULT_RNDIS_INFO] = { "rndis-info", "COUNT",
		"per-packet info that overruns its place" },
	[FAULT_RNDIS_UNKNOWN] = { "rndis-unknown", "COUNT",
		"RNDIS message of an unknown type" },
	[FAULT_RSC_NO_FIRST] = { "rsc-no-first", "COUNT",
		"coalesced frame of which only the last part comes" },
	[FAULT_RSC_NO_LAST] = { "rsc-no-last", "COUNT",
		"coalesced frame of which only the first part comes" },
	[FAULT_RSC_TOO_LONG] = { "rsc-too-long", "COUNT",
		"coalesced frame of parts that are longer than 64 KiB in all" },
	[FAULT_COMPLETION_UNKNOWN] = { "completion-unknown", "COUNT",
		"completion of a packet that never was" },
	[FAULT_COMPLETION_TWICE] = { "completion-twice", "COUNT",
		"another completion of the last packet" },
};

enum fault_id fault_find(const char *name)
{
	enum fault_id id;

	for (id = 0; id < NR_FAULTS; id++)
		if (!strcmp(fault_list[id].name, name))
			break;
	return id;
}

/* What guests call their receive buffer, before they say so */
#define EARLY_SET	0xcafe

/* Answers */

const char *fault_arm(struct fault_answers *answers, enum fault_id id,
		      uint32_t number)
{
	if (strcmp(fault_list[id].number, "SECONDS")) {
		answers->left[id] = number;
		return NULL;
	}
	if (number > FAULT_MAX_LATE)
		return "later than an hour";
	answers->seconds[id] = number;
	answers->left[id] = 1;
	return NULL;
}

bool fault_take(struct fault_answers *answers, enum fault_id id)
{
	if (!answers->left[id])
		return false;
	answers->left[id]--;
	return true;
}

size_t fault_rndis_answer(struct fault_answers *answers, uint8_t *msg,
			  size_t len)
{
	struct rndis_query_done done;
	struct rndis_hdr hdr;

	if (len < sizeof(hdr) + sizeof(done))
		return len && fault_take(answers, FAULT_NO_ANSWER) ? 0 : len;
	if (fault_take(answers, FAULT_NO_ANSWER))
		return 0;
	memcpy(&hdr, msg, sizeof(hdr));
	if (hdr.type != (RNDIS_QUERY | RNDIS_DONE) ||
	    !fault_take(answers, FAULT_QUERY_GARBAGE))
		return len;

	/* Their sum wraps around to a place inside the message. */
	memcpy(&done, msg + sizeof(hdr), sizeof(done));
	done.status = RNDIS_OK;
	done.info_len = 0x7fffffff;
	done.info_offset = 0x80000011;
	memcpy(msg + sizeof(hdr), &done, sizeof(done));
	return len;
}

/* Messages */

/**
 * struct message - a packet, or an RNDIS message for the receive buffer
 * @type: of the packet; 0: an RNDIS message
 * @header: how many bytes at the start of @data the packet's type has for
 *	itself
 */
struct message {
	uint16_t type;
	uint16_t flags;
	uint64_t trans_id;
	uint32_t header;
	uint32_t len;
	uint8_t data[256];
};

static void put(struct message *msg, const void *data, uint32_t len)
{
	memcpy(msg->data + msg->len, data, len);
	msg->len += len;
}

/* Not a good generator, but everywhere the same. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void make_random(struct message *msg, uint32_t seed)
{
	uint32_t state = seed, i;

	msg->type = PKT_INBAND;
	msg->len = 8 + next_random(&state) % 120;
	for (i = 0; i < msg->len; i++)
		msg->data[i] = next_random(&state);
	/* Whatever it is, it is not one of the known types. */
	msg->data[3] |= 0x80;
}

static void make_inband(struct message *msg, enum fault_id id,
			const struct rx_pool *rx)
{
	struct nvsp_vf_association assoc = {
		.type = NVSP_VF_ASSOCIATION,
		.allocated = 1,
	};
	uint32_t type = 0xfeed;

	msg->type = PKT_INBAND;
	if (id == FAULT_NVSP_UNKNOWN) {
		put(msg, &type, sizeof(type));
		msg->len = rx->msg_len;
	} else if (id == FAULT_ASSOC_SHORT) {
		put(msg, &assoc, offsetof(struct nvsp_vf_association, serial));
	}
	/* The ring counts in 8 bytes: of a shorter message nothing is left. */
}

static void make_xfer(struct message *msg, enum fault_id id,
		      const struct rx_pool *rx)
{
	struct nvsp_rndis rndis = {
		.type = NVSP_RNDIS,
		.section = NVSP_NO_SECTION,
	};
	struct pkt_xfer_hdr hdr = { .set = rx->id, .nr_ranges = 1 };
	struct pkt_range range = { .len = 100 };

	if (id == FAULT_XFER_EARLY) {
		hdr.set = EARLY_SET;
		range.offset = 8;
	}
	if (id == FAULT_XFER_SET)
		hdr.set ^= 0x5a5a;
	if (id == FAULT_XFER_COUNT)
		hdr.nr_ranges = 0x20000001;
	if (id == FAULT_XFER_RANGE)
		range.offset = gpadl_size(rx->gpadl) - range.len + 1;

	msg->type = PKT_XFER_PAGES;
	msg->flags = PKT_FLAG_COMPLETE;
	msg->trans_id = FAULT_TRANS;
	put(msg, &hdr, sizeof(hdr));
	put(msg, &range, sizeof(range));
	msg->header = msg->len;
	put(msg, &rndis, sizeof(rndis));
	msg->len = msg->header + rx->msg_len;
}

static void make_rndis(struct message *msg, enum fault_id id)
{
	struct rndis_packet packet = {
		.ppi_offset = sizeof(packet),
		.ppi_len = 16,
		.data_offset = sizeof(packet) + 16,
		.data_len = 60,
	};
	struct rndis_ppi ppi = {
		.size = 16,
		.type = PPI_CHECKSUM,
		.offset = sizeof(ppi),
	};
	struct rndis_hdr hdr = {
		.type = RNDIS_PACKET,
		.len = sizeof(hdr) + sizeof(packet) + 16 + 60,
	};
	uint32_t len = hdr.len;

	if (id == FAULT_RNDIS_SHORT)
		len = 4;
	if (id == FAULT_RNDIS_LENGTH)
		hdr.len += 1;
	if (id == FAULT_RNDIS_DATA)
		packet.data_offset = UINT32_MAX - 7;
	if (id == FAULT_RNDIS_INFO)
		ppi.size = 17;
	if (id == FAULT_RNDIS_UNKNOWN)
		hdr.type = 0x55;

	put(msg, &hdr, sizeof(hdr));
	put(msg, &packet, sizeof(packet));
	put(msg, &ppi, sizeof(ppi));
	msg->len = len;
}

static void make_completion(struct message *msg, uint64_t trans_id)
{
	struct nvsp_rndis_done done = {
		.type = NVSP_RNDIS_DONE,
		.status = NVSP_SUCCESS,
	};

	msg->type = PKT_COMPLETION;
	msg->trans_id = trans_id;
	put(msg, &done, sizeof(done));
}

static void make(struct message *msg, enum fault_id id, uint32_t seed,
		 const struct rx_pool *rx, uint64_t last)
{
	memset(msg, 0, sizeof(*msg));
	switch (id) {
	case FAULT_NVSP_RANDOM:
		make_random(msg, seed);
		break;
	case FAULT_NVSP_SHORT:
	case FAULT_NVSP_UNKNOWN:
	case FAULT_ASSOC_SHORT:
		make_inband(msg, id, rx);
		break;
	case FAULT_XFER_EARLY:
	case FAULT_XFER_RANGE:
	case FAULT_XFER_SET:
	case FAULT_XFER_COUNT:
		make_xfer(msg, id, rx);
		break;
	case FAULT_COMPLETION_UNKNOWN:
		make_completion(msg, 0xdead0000beef);
		break;
	case FAULT_COMPLETION_TWICE:
		make_completion(msg, last);
		break;
	default:
		make_rndis(msg, id);
	}
}

static const char *sent_or_why(enum rx_result result)
{
	switch (result) {
	case RX_DONE:
		return NULL;
	case RX_NO_ROOM:
		return "the guest has no room for it";
	default:
		return "not sent";
	}
}

static const char *send_message(const struct message *msg,
				struct channel *chan, struct rx_pool *rx)
{
	enum ring_status status;

	if (!msg->type)
		return sent_or_why(rx_control(rx, chan, msg->data, msg->len));
	status = channel_write_raw(chan, msg->type, msg->flags, msg->trans_id,
				   msg->data, msg->len, msg->header);
	if (status == RING_FULL)
		return "the guest has no room for it";
	if (status != RING_OK)
		return "not sent";
	if (msg->flags & PKT_FLAG_COMPLETE)
		rx->malformed++;
	return NULL;
}

const char *fault_send_early(struct channel *chan, struct rx_pool *rx)
{
	struct message msg;

	make(&msg, FAULT_XFER_EARLY, 0, rx, 0);
	return send_message(&msg, chan, rx);
}

/* Coalesced frames */

#define PART_DATA	1000
#define PARTS_MAX	80		/* more than any frame */

struct part {
	struct rndis_hdr hdr;
	struct rndis_packet packet;
	struct rndis_ppi ppi;
	struct ppi_packet_id id;
	uint8_t data[PART_DATA];
};

static void make_part(struct part *part, uint8_t flags)
{
	*part = (struct part){
		.hdr = { RNDIS_PACKET, sizeof(*part) },
		.packet = {
			.ppi_offset = sizeof(part->packet),
			.ppi_len = sizeof(part->ppi) + sizeof(part->id),
			.data_offset = offsetof(struct part, data) -
				       sizeof(part->hdr),
			.data_len = PART_DATA,
		},
		.ppi = {
			.size = sizeof(part->ppi) + sizeof(part->id),
			.type = PPI_PACKET_ID,
			.offset = sizeof(part->ppi),
		},
		.id = { PACKET_ID_V1, PACKET_ID_PART | flags, 0x77 },
	};
}

static enum rx_result send_parts(enum fault_id id, struct channel *chan,
				 struct rx_pool *rx)
{
	struct part first, middle, last;
	struct iovec parts[PARTS_MAX];
	unsigned int i;

	make_part(&first, PACKET_ID_FIRST);
	make_part(&middle, 0);
	make_part(&last, PACKET_ID_LAST);
	for (i = 0; i < PARTS_MAX; i++)
		parts[i] = (struct iovec){ &middle, sizeof(middle) };
	parts[0].iov_base = &first;
	parts[PARTS_MAX - 1].iov_base = &last;
	if (id == FAULT_RSC_NO_FIRST)
		return rx_messages(rx, chan, &parts[PARTS_MAX - 1], 1);
	return rx_messages(rx, chan, parts,
			   id == FAULT_RSC_NO_LAST ? 1 : PARTS_MAX);
}

static bool is_coalesced(enum fault_id id)
{
	return id >= FAULT_RSC_NO_FIRST && id <= FAULT_RSC_TOO_LONG;
}

const char *fault_send(enum fault_id id, uint32_t number, struct channel *chan,
		       struct rx_pool *rx, uint64_t last)
{
	uint32_t count = id == FAULT_NVSP_RANDOM ? 1 : number;
	struct message msg;
	const char *why;

	if (count > FAULT_MAX_SEND)
		return "too many at once";
	if (!rx->gpadl)
		return "the guest has not set the NIC up";
	if (id == FAULT_COMPLETION_TWICE && !last)
		return "the guest has not sent anything";

	make(&msg, id, number, rx, last);
	for (; count; count--) {
		if (is_coalesced(id))
			why = sent_or_why(send_parts(id, chan, rx));
		else
			why = send_message(&msg, chan, rx);
		if (why)
			return why;
	}
	return NULL;
}
