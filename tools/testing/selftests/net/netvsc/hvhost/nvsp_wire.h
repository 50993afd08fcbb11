/* SPDX-License-Identifier: GPL-2.0 */
/*
 * NVSP as it stands on the channel of a NIC, the host's reading of it.  All
 * fields are little-endian, and so is every machine that this runs on.
 */
#ifndef HVHOST_NVSP_WIRE_H
#define HVHOST_NVSP_WIRE_H

#include <assert.h>
#include <stdint.h>

#define NVSP_V1		0x00002
#define NVSP_V2		0x30002
#define NVSP_V4		0x40000
#define NVSP_V5		0x50000
#define NVSP_V6		0x60000
#define NVSP_V61	0x60001

/* Every message is as long as the longest of its version. */
#define NVSP_LEN_V1	28
#define NVSP_LEN_V61	40

enum nvsp_type {
	NVSP_INIT		= 1,
	NVSP_INIT_DONE		= 2,

	NVSP_NDIS_VERSION	= 100,
	NVSP_RECV_BUF		= 101,
	NVSP_RECV_BUF_DONE	= 102,
	NVSP_RECV_BUF_REVOKE	= 103,
	NVSP_SEND_BUF		= 104,
	NVSP_SEND_BUF_DONE	= 105,
	NVSP_SEND_BUF_REVOKE	= 106,
	NVSP_RNDIS		= 107,
	NVSP_RNDIS_DONE		= 108,

	NVSP_NDIS_CONFIG	= 125,		/* from version 2 on */

	NVSP_VF_ASSOCIATION	= 128,		/* from version 4 on */
	NVSP_SWITCH_PATH	= 129,

	NVSP_OID_QUERY_EX	= 131,		/* from version 5 on */
	NVSP_OID_QUERY_EX_DONE	= 132,
	NVSP_SUBCHANNEL		= 133,
	NVSP_SEND_TABLE		= 134,
};

enum nvsp_status {
	NVSP_NONE		= 0,
	NVSP_SUCCESS		= 1,
	NVSP_FAILURE		= 2,
	NVSP_INVALID_RNDIS	= 5,
};

struct nvsp_init {
	uint32_t type;
	uint32_t min_version;
	uint32_t max_version;
};

struct nvsp_init_done {
	uint32_t type;
	uint32_t version;		/* told to version 1 guests only */
	uint32_t max_mdl_chain;
	uint32_t status;
};

struct nvsp_ndis_version {
	uint32_t type;
	uint32_t major, minor;
};

struct nvsp_buffer {			/* receive or send buffer */
	uint32_t type;
	uint32_t gpadl;
	uint16_t id;
	uint16_t reserved;
};

struct nvsp_recv_buf_done {
	uint32_t type;
	uint32_t status;
	uint32_t sections;		/* never more than one */
	uint32_t offset;
	uint32_t sub_size;
	uint32_t sub_count;
	uint32_t end;
};

struct nvsp_send_buf_done {
	uint32_t type;
	uint32_t status;
	uint32_t section_size;
};

struct nvsp_revoke {
	uint32_t type;
	uint16_t id;
	uint16_t reserved;
};

#define NVSP_CHAN_DATA		0
#define NVSP_CHAN_CONTROL	1
#define NVSP_NO_SECTION		0xffffffffu

struct nvsp_rndis {
	uint32_t type;
	uint32_t chan_type;
	uint32_t section;
	uint32_t section_len;
};

struct nvsp_rndis_done {
	uint32_t type;
	uint32_t status;
};

#define NVSP_CAP_SRIOV		(1u << 2)
#define NVSP_CAP_8021Q		(1u << 3)
#define NVSP_CAP_TEAMING	(1u << 5)
#define NVSP_CAP_RSC		(1u << 7)

struct nvsp_ndis_config {
	uint32_t type;
	uint32_t frame_size;		/* MTU and Ethernet header */
	uint32_t reserved;
	uint32_t caps;			/* low half of a 64-bit field */
	uint32_t caps_high;
};

struct nvsp_vf_association {
	uint32_t type;
	uint32_t allocated;
	uint32_t serial;
};

#define NVSP_PATH_SYNTHETIC	0
#define NVSP_PATH_VF		1

struct nvsp_switch_path {
	uint32_t type;
	uint32_t path;
};

struct nvsp_oid_query_ex_done {
	uint32_t type;
	uint32_t status;
	uint32_t bytes;
};

#define NVSP_SUBCHANNEL_ALLOCATE 1

struct nvsp_subchannel {
	uint32_t type;
	uint32_t op;
	uint32_t count;
};

struct nvsp_subchannel_done {
	uint32_t type;
	uint32_t status;
	uint32_t count;
};

#define NVSP_SEND_TABLE_ENTRIES	16

struct nvsp_send_table {
	uint32_t type;
	uint32_t count;
	uint32_t offset;		/* of @entry in this message */
	uint32_t pad[7];
	uint32_t entry[NVSP_SEND_TABLE_ENTRIES];
};

static_assert(sizeof(struct nvsp_init) == 12, "NVSP init");
static_assert(sizeof(struct nvsp_init_done) == 16, "NVSP init done");
static_assert(sizeof(struct nvsp_ndis_version) == 12, "NVSP NDIS version");
static_assert(sizeof(struct nvsp_buffer) == 12, "NVSP buffer");
static_assert(sizeof(struct nvsp_recv_buf_done) == NVSP_LEN_V1,
	      "NVSP receive buffer done");
static_assert(sizeof(struct nvsp_send_buf_done) == 12, "NVSP send buffer done");
static_assert(sizeof(struct nvsp_revoke) == 8, "NVSP revoke");
static_assert(sizeof(struct nvsp_rndis) == 16, "NVSP RNDIS");
static_assert(sizeof(struct nvsp_rndis_done) == 8, "NVSP RNDIS done");
static_assert(sizeof(struct nvsp_ndis_config) == 20, "NVSP NDIS config");
static_assert(sizeof(struct nvsp_vf_association) == 12, "NVSP association");
static_assert(sizeof(struct nvsp_switch_path) == 8, "NVSP switch path");
static_assert(sizeof(struct nvsp_oid_query_ex_done) == 12, "NVSP OID query");
static_assert(sizeof(struct nvsp_subchannel) == 12, "NVSP subchannel");
static_assert(sizeof(struct nvsp_subchannel_done) == 12, "NVSP subchannel");
static_assert(sizeof(struct nvsp_send_table) == NVSP_LEN_V61 + 64,
	      "NVSP send table");

#endif
