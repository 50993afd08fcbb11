/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VMBus on the wire: the messages that set channels up, and what the two rings
 * of a channel look like in guest memory.  Layouts only; x86 is little-endian,
 * and so is everything here.
 */
#ifndef HVHOST_VMBUS_WIRE_H
#define HVHOST_VMBUS_WIRE_H

#include <assert.h>
#include <stdint.h>

#include "vmbus.h"

#define VMBUS_SINT			2
#define VMBUS_MESSAGE_TYPE		1	/* SynIC message that is ours */

/* Message connections: 1 for every host, 4 for those that speak 5.0. */
#define VMBUS_CONN_LEGACY		1
#define VMBUS_CONN_MODERN		4
/* An event connection for each channel, made from its relid and the SINT. */
#define VMBUS_CONN_EVENT		(VMBUS_SINT << 12)

#define VMBUS_VERSION(major, minor)	((uint32_t)(major) << 16 | (minor))
#define VMBUS_V3_0			VMBUS_VERSION(3, 0)
#define VMBUS_V4_0			VMBUS_VERSION(4, 0)
#define VMBUS_V4_1			VMBUS_VERSION(4, 1)
#define VMBUS_V5_0			VMBUS_VERSION(5, 0)
#define VMBUS_V5_1			VMBUS_VERSION(5, 1)
#define VMBUS_V5_2			VMBUS_VERSION(5, 2)
#define VMBUS_V5_3			VMBUS_VERSION(5, 3)

/* Relids double as event flags, of which a page has 2048. */
#define VMBUS_MAX_RELID			2047
/* target_vp of a channel that wants no interrupts */
#define VMBUS_VP_NONE			UINT32_MAX

#define VMBUS_STATUS_OK			0u
#define VMBUS_STATUS_FAILED		0xc0000001u

enum vmbus_msg_type {
	MSG_OFFER			= 1,
	MSG_RESCIND			= 2,
	MSG_REQUEST_OFFERS		= 3,
	MSG_ALL_OFFERS_DELIVERED	= 4,
	MSG_OPEN			= 5,
	MSG_OPEN_RESULT			= 6,
	MSG_CLOSE			= 7,
	MSG_GPADL_HEADER		= 8,
	MSG_GPADL_BODY			= 9,
	MSG_GPADL_CREATED		= 10,
	MSG_GPADL_TEARDOWN		= 11,
	MSG_GPADL_TORNDOWN		= 12,
	MSG_RELID_RELEASED		= 13,
	MSG_INITIATE_CONTACT		= 14,
	MSG_VERSION_RESPONSE		= 15,
	MSG_UNLOAD			= 16,
	MSG_UNLOAD_RESPONSE		= 17,
	MSG_MODIFY			= 22,
	MSG_MODIFY_RESPONSE		= 24,
};

struct msg_hdr {
	uint32_t type;
	uint32_t pad;
};

struct msg_contact {
	struct msg_hdr hdr;
	uint32_t version;
	uint32_t target_vp;		/* that takes our messages */
	union {
		uint64_t interrupt_page;	/* before 5.0 */
		struct {
			uint8_t sint;
			uint8_t vtl;
			uint8_t unused[6];
		};
	};
	uint64_t monitor_page[2];
};

struct msg_version_response {
	struct msg_hdr hdr;
	uint8_t supported;
	uint8_t state;			/* 0: connected */
	uint16_t pad;
	uint32_t connection_id;		/* from 5.0 on; the version before */
};

struct msg_offer {
	struct msg_hdr hdr;
	struct guid type;
	struct guid instance;
	uint8_t unused[16];
	uint16_t flags;
	uint16_t mmio_mb;
	uint8_t user_data[OFFER_USER_DATA];
	uint16_t sub_index;
	uint16_t unused2;
	uint32_t relid;
	uint8_t monitor_id;
	uint8_t monitor_used;
	uint16_t dedicated;		/* bit 0: signals on connection_id */
	uint32_t connection_id;
};

/* Rescind, close and relid released. */
struct msg_relid {
	struct msg_hdr hdr;
	uint32_t relid;
};

struct msg_open {
	struct msg_hdr hdr;
	uint32_t relid;
	uint32_t open_id;
	uint32_t ring_gpadl;
	uint32_t target_vp;
	uint32_t downstream_page;	/* first page of the host's ring */
	uint8_t user_data[OFFER_USER_DATA];
};

struct msg_open_result {
	struct msg_hdr hdr;
	uint32_t relid;
	uint32_t open_id;
	uint32_t status;
};

struct msg_modify {
	struct msg_hdr hdr;
	uint32_t relid;
	uint32_t target_vp;
};

struct msg_modify_response {
	struct msg_hdr hdr;
	uint32_t relid;
	uint32_t status;
};

/* Followed by as much of the range list as the message holds. */
struct msg_gpadl_header {
	struct msg_hdr hdr;
	uint32_t relid;
	uint32_t gpadl;
	uint16_t list_len;		/* of the whole list, bytes */
	uint16_t nr_ranges;
};

struct msg_gpadl_body {
	struct msg_hdr hdr;
	uint32_t number;
	uint32_t gpadl;
};

struct msg_gpadl_created {
	struct msg_hdr hdr;
	uint32_t relid;
	uint32_t gpadl;
	uint32_t status;
};

struct msg_gpadl_teardown {
	struct msg_hdr hdr;
	uint32_t relid;
	uint32_t gpadl;
};

struct msg_gpadl_torndown {
	struct msg_hdr hdr;
	uint32_t gpadl;
};

static_assert(sizeof(struct msg_contact) == 40, "initiate contact");
static_assert(sizeof(struct msg_version_response) == 16, "version response");
static_assert(sizeof(struct msg_offer) == 196, "offer");
static_assert(sizeof(struct msg_relid) == 12, "relid");
static_assert(sizeof(struct msg_open) == 148, "open");
static_assert(sizeof(struct msg_open_result) == 20, "open result");
static_assert(sizeof(struct msg_gpadl_header) == 20, "GPADL header");
static_assert(sizeof(struct msg_gpadl_body) == 16, "GPADL body");
static_assert(sizeof(struct msg_gpadl_created) == 20, "GPADL created");

/*
 * Where a range of guest memory is, in GPADLs and GPA-direct packets: a frame
 * number for each page that [offset, offset + len) touches follows.
 */
struct gpa_range {
	uint32_t len;
	uint32_t offset;
};

/* First page of a ring.  Indices are byte offsets into the pages after it. */
struct ring_control {
	uint32_t write_index;
	uint32_t read_index;
	uint32_t interrupt_mask;
	uint32_t pending_send_size;
	uint32_t unused[12];
	uint32_t features;
};

#define RING_FEATURE_PENDING_SEND	1u

static_assert(sizeof(struct ring_control) == 68, "ring control");

/* Lengths are in units of 8 bytes. */
struct pkt_desc {
	uint16_t type;
	uint16_t offset8;		/* of the payload */
	uint16_t len8;			/* header and payload */
	uint16_t flags;
	uint64_t trans_id;
};

struct pkt_xfer_hdr {
	uint16_t set;
	uint8_t sender_owns_set;
	uint8_t unused;
	uint32_t nr_ranges;
};

struct pkt_gpa_hdr {
	uint32_t unused;
	uint32_t nr_ranges;
};

static_assert(sizeof(struct pkt_desc) == 16, "packet descriptor");

#endif
