/* SPDX-License-Identifier: GPL-2.0 */
/*
 * NVSP, the protocol between the guest's network driver and the host's
 * network service: wire formats only.
 */
#ifndef _NETVSC_NVSP_H
#define _NETVSC_NVSP_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define NVSP_VERSION_1		0x00000002
#define NVSP_VERSION_2		0x00030002
#define NVSP_VERSION_4		0x00040000
#define NVSP_VERSION_5		0x00050000
#define NVSP_VERSION_6		0x00060000
#define NVSP_VERSION_6_1	0x00060001

enum nvsp_type {
	NVSP_INIT			= 1,
	NVSP_INIT_DONE			= 2,

	NVSP_NDIS_VERSION		= 100,
	NVSP_RX_BUFFER			= 101,
	NVSP_RX_BUFFER_DONE		= 102,
	NVSP_RX_BUFFER_REVOKE		= 103,
	NVSP_TX_BUFFER			= 104,
	NVSP_TX_BUFFER_DONE		= 105,
	NVSP_TX_BUFFER_REVOKE		= 106,
	NVSP_RNDIS			= 107,
	NVSP_RNDIS_DONE			= 108,

	NVSP_NDIS_CONFIG		= 125,	/* from version 2 on */

	NVSP_VF_ASSOCIATION		= 128,	/* from version 4 on */
	NVSP_SWITCH_DATA_PATH		= 129,

	NVSP_SUBCHANNELS		= 133,	/* from version 5 on */
	NVSP_SEND_TABLE			= 134,
};

enum nvsp_status {
	NVSP_STATUS_SUCCESS		= 1,
	NVSP_STATUS_FAILURE		= 2,
	NVSP_STATUS_BAD_RNDIS		= 5,
	NVSP_STATUS_BUSY		= 6,
};

/* Names of the two shared buffers, chosen by the guest. */
#define NVSP_RX_BUFFER_ID	0xcafe
#define NVSP_TX_BUFFER_ID	0

/* NVSP_RNDIS: all of the message is in the packet's GPA ranges. */
#define NVSP_NO_SECTION		0xffffffff

struct nvsp_init {
	__le32 lowest;
	__le32 highest;
};

struct nvsp_init_done {
	__le32 version;			/* not filled in by newer hosts */
	__le32 max_mdl_chain;
	__le32 status;
};

struct nvsp_ndis_version {
	__le32 major;
	__le32 minor;
};

/* NVSP_RX_BUFFER and NVSP_TX_BUFFER */
struct nvsp_buffer {
	__le32 gpadl;
	__le16 id;
	__le16 reserved;
};

struct nvsp_rx_buffer_done {
	__le32 status;
	__le32 nr_groups;		/* of sections of one size: always 1 */
	__le32 offset;
	__le32 section_size;
	__le32 nr_sections;
	__le32 end;
};

struct nvsp_tx_buffer_done {
	__le32 status;
	__le32 section_size;
};

/* NVSP_RX_BUFFER_REVOKE and NVSP_TX_BUFFER_REVOKE */
struct nvsp_revoke {
	__le16 id;
	__le16 reserved;
};

enum nvsp_rndis_channel {
	NVSP_RNDIS_DATA,
	NVSP_RNDIS_CONTROL,
};

struct nvsp_rndis {
	__le32 channel;			/* enum nvsp_rndis_channel */
	__le32 section;
	__le32 section_len;
};

struct nvsp_rndis_done {
	__le32 status;
};

#define NVSP_CAP_SRIOV		BIT_ULL(2)
#define NVSP_CAP_8021Q		BIT_ULL(3)
#define NVSP_CAP_TEAMING	BIT_ULL(5)	/* link speed is reported */
#define NVSP_CAP_RSC		BIT_ULL(7)	/* frames may come in parts */

struct nvsp_ndis_config {
	__le32 mtu;			/* with the Ethernet header */
	__le32 reserved;
	__le64 capabilities;
} __packed;

struct nvsp_vf_association {
	__le32 allocated;
	__le32 serial;			/* of the VF; with allocated only */
};

#define NVSP_SUBCHANNELS_ALLOCATE	1

struct nvsp_subchannels {
	__le32 operation;
	__le32 count;
};

struct nvsp_subchannels_done {
	__le32 status;
	__le32 count;
};

/* The channel for a hash; entries are of 32 bits. */
struct nvsp_send_table {
	__le32 count;
	__le32 offset;			/* from the start of the message */
};

enum nvsp_data_path {
	NVSP_PATH_SYNTHETIC,
	NVSP_PATH_VF,
};

struct nvsp_switch_data_path {
	__le32 active;			/* enum nvsp_data_path */
};

/* Messages of every version go out at the size of version 6.1's. */
struct nvsp_message {
	__le32 type;
	union {
		struct nvsp_init init;
		struct nvsp_init_done init_done;
		struct nvsp_ndis_version ndis_version;
		struct nvsp_buffer buffer;
		struct nvsp_rx_buffer_done rx_buffer_done;
		struct nvsp_tx_buffer_done tx_buffer_done;
		struct nvsp_revoke revoke;
		struct nvsp_rndis rndis;
		struct nvsp_rndis_done rndis_done;
		struct nvsp_ndis_config ndis_config;
		struct nvsp_vf_association vf_association;
		struct nvsp_switch_data_path switch_data_path;
		struct nvsp_subchannels subchannels;
		struct nvsp_subchannels_done subchannels_done;
		struct nvsp_send_table send_table;
		__le32 words[9];
	};
} __packed;

static_assert(sizeof(struct nvsp_message) == 40);
static_assert(sizeof(struct nvsp_ndis_config) == 16);
static_assert(sizeof(struct nvsp_rx_buffer_done) == 24);

/* What a message of one kind needs at least, its type included. */
#define nvsp_size(member) \
	(sizeof(__le32) + sizeof_field(struct nvsp_message, member))

#endif /* _NETVSC_NVSP_H */
