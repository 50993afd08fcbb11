/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RNDIS and NDIS objects as they stand in memory that guest and host share, the
 * host's reading of them.  Offsets in messages count from the byte after
 * struct rndis_hdr.
 */
#ifndef HVHOST_RNDIS_WIRE_H
#define HVHOST_RNDIS_WIRE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum rndis_type {
	RNDIS_PACKET		= 1,
	RNDIS_INITIALIZE	= 2,
	RNDIS_HALT		= 3,
	RNDIS_QUERY		= 4,
	RNDIS_SET		= 5,
	RNDIS_RESET		= 6,
	RNDIS_INDICATE		= 7,
	RNDIS_KEEPALIVE		= 8,
};

#define RNDIS_DONE		0x80000000u	/* answer to a type */

#define RNDIS_OK		0x00000000u
#define RNDIS_E_FAILURE		0xc0000001u
#define RNDIS_E_NOT_SUPPORTED	0xc00000bbu
#define RNDIS_E_MULTICAST_FULL	0xc0010009u
#define RNDIS_E_NOT_READY	0xc0010011u
#define RNDIS_E_LENGTH		0xc0010014u
#define RNDIS_E_DATA		0xc0010015u

#define RNDIS_I_CONNECT		0x4001000bu
#define RNDIS_I_DISCONNECT	0x4001000cu
#define RNDIS_I_LINK_SPEED	0x40010013u
#define RNDIS_I_NETWORK_CHANGE	0x40010018u
#define RNDIS_I_OFFLOAD		0x40020006u

struct rndis_hdr {
	uint32_t type;
	uint32_t len;			/* this header included */
};

struct rndis_initialize {
	uint32_t request;
	uint32_t major, minor;
	uint32_t max_transfer;
};

struct rndis_initialize_done {
	uint32_t request;
	uint32_t status;
	uint32_t major, minor;
	uint32_t device_flags;
	uint32_t medium;
	uint32_t max_packets;
	uint32_t max_transfer;
	uint32_t align_shift;
	uint32_t af_list_offset, af_list_size;
};

struct rndis_info {			/* query or set */
	uint32_t request;
	uint32_t oid;
	uint32_t info_len;
	uint32_t info_offset;
	uint32_t vc;
};

struct rndis_query_done {
	uint32_t request;
	uint32_t status;
	uint32_t info_len;
	uint32_t info_offset;
};

struct rndis_done {			/* set or keep-alive */
	uint32_t request;
	uint32_t status;
};

struct rndis_reset_done {
	uint32_t status;
	uint32_t addressing_lost;
};

#define RNDIS_SPEED_PER_MBIT	10000u	/* speeds are in 100 bit/s */

struct rndis_indicate {
	uint32_t status;
	uint32_t buf_len;
	uint32_t buf_offset;
};

struct rndis_packet {
	uint32_t data_offset, data_len;
	uint32_t oob_offset, oob_len, oob_count;
	uint32_t ppi_offset, ppi_len;
	uint32_t vc;
	uint32_t reserved;
};

struct rndis_ppi {
	uint32_t size;
	uint32_t type;
	uint32_t offset;		/* of the value in this element */
};

#define PPI_CHECKSUM		0
#define PPI_LSO			2
#define PPI_VLAN		6
#define PPI_HASH		8	/* value */
#define PPI_HASH_INFO		9	/* function and type */
#define PPI_INTERNAL		0x80000000u
#define PPI_PACKET_ID		(PPI_INTERNAL | 1)

/* PPI_CHECKSUM from the guest; TCP header offset in bits 16 to 25. */
#define TXCSUM_IP4		(1u << 0)
#define TXCSUM_IP6		(1u << 1)
#define TXCSUM_TCP		(1u << 2)
#define TXCSUM_UDP		(1u << 3)
#define TXCSUM_IPHDR		(1u << 4)
#define TXCSUM_OFFSET(v)	((v) >> 16 & 0x3ff)

/* PPI_CHECKSUM to the guest. */
#define RXCSUM_TCP_BAD		(1u << 0)
#define RXCSUM_UDP_BAD		(1u << 1)
#define RXCSUM_IP_BAD		(1u << 2)
#define RXCSUM_TCP_GOOD		(1u << 3)
#define RXCSUM_UDP_GOOD		(1u << 4)
#define RXCSUM_IP_GOOD		(1u << 5)

/* PPI_LSO from the guest. */
#define LSO_MSS(v)		((v) & 0xfffff)
#define LSO_OFFSET(v)		((v) >> 20 & 0x3ff)
#define LSO_V2			(1u << 30)
#define LSO_IP6			(1u << 31)

/* PPI_PACKET_ID: which part of a coalesced frame this is. */
struct ppi_packet_id {
	uint8_t version;
	uint8_t flags;
	uint16_t id;
};

#define PACKET_ID_V1		1
#define PACKET_ID_PART		(1u << 0)
#define PACKET_ID_FIRST		(1u << 1)
#define PACKET_ID_LAST		(1u << 2)

enum rndis_oid {
	OID_SUPPORTED_LIST		= 0x00010101,
	OID_HARDWARE_STATUS		= 0x00010102,
	OID_MEDIA_SUPPORTED		= 0x00010103,
	OID_MEDIA_IN_USE		= 0x00010104,
	OID_MAXIMUM_LOOKAHEAD		= 0x00010105,
	OID_MAXIMUM_FRAME_SIZE		= 0x00010106,
	OID_LINK_SPEED			= 0x00010107,
	OID_TRANSMIT_BUFFER_SPACE	= 0x00010108,
	OID_RECEIVE_BUFFER_SPACE	= 0x00010109,
	OID_TRANSMIT_BLOCK_SIZE		= 0x0001010a,
	OID_RECEIVE_BLOCK_SIZE		= 0x0001010b,
	OID_VENDOR_ID			= 0x0001010c,
	OID_VENDOR_DESCRIPTION		= 0x0001010d,
	OID_PACKET_FILTER		= 0x0001010e,
	OID_CURRENT_LOOKAHEAD		= 0x0001010f,
	OID_DRIVER_VERSION		= 0x00010110,
	OID_MAXIMUM_TOTAL_SIZE		= 0x00010111,
	OID_MAC_OPTIONS			= 0x00010113,
	OID_MEDIA_CONNECT_STATUS	= 0x00010114,
	OID_MAXIMUM_SEND_PACKETS	= 0x00010115,
	OID_VENDOR_DRIVER_VERSION	= 0x00010116,
	OID_NETWORK_LAYER_ADDRESSES	= 0x00010118,
	OID_RSS_CAPABILITIES		= 0x00010203,
	OID_RSS_PARAMETERS		= 0x00010204,
	OID_MAX_LINK_SPEED		= 0x00010206,
	OID_LINK_STATE			= 0x00010207,
	OID_CONFIG_PARAMETER		= 0x0001021b,
	OID_XMIT_OK			= 0x00020101,
	OID_RCV_OK			= 0x00020102,
	OID_XMIT_ERROR			= 0x00020103,
	OID_RCV_ERROR			= 0x00020104,
	OID_RCV_NO_BUFFER		= 0x00020105,
	OID_FRIENDLY_NAME		= 0x00020216,
	OID_BYTES_RCV			= 0x00020219,
	OID_BYTES_XMIT			= 0x0002021a,
	OID_RCV_DISCARDS		= 0x0002021b,
	OID_PERMANENT_ADDRESS		= 0x01010101,
	OID_CURRENT_ADDRESS		= 0x01010102,
	OID_MULTICAST_LIST		= 0x01010103,
	OID_MAXIMUM_LIST_SIZE		= 0x01010104,
	OID_ENCAPSULATION		= 0x0101010a,
	OID_RCV_ERROR_ALIGNMENT		= 0x01020101,
	OID_XMIT_ONE_COLLISION		= 0x01020102,
	OID_XMIT_MORE_COLLISIONS	= 0x01020103,
	OID_OFFLOAD_CONFIG		= 0xfc01020b,
	OID_OFFLOAD_PARAMETERS		= 0xfc01020c,
	OID_OFFLOAD_CAPABILITIES	= 0xfc01020d,
};

#define FILTER_DIRECTED		(1u << 0)
#define FILTER_MULTICAST	(1u << 1)
#define FILTER_ALL_MULTICAST	(1u << 2)
#define FILTER_BROADCAST	(1u << 3)
#define FILTER_PROMISCUOUS	(1u << 5)

struct ndis_obj {
	uint8_t type;
	uint8_t revision;
	uint16_t size;
};

#define NDIS_OBJ_DEFAULT	0x80
#define NDIS_OBJ_RSS_CAPS	0x88
#define NDIS_OBJ_RSS_PARAMS	0x89
#define NDIS_OBJ_OFFLOAD	0xa7
#define NDIS_OBJ_ENCAPSULATION	0xa8

#define NDIS_ENCAP_8023		2

/* Each property of a checksum offload has a field of two bits. */
#define NDIS_CSUM_OPTIONS	0x001	/* IPv4 options, IPv6 extensions */
#define NDIS_CSUM_TCP_OPTIONS	0x004
#define NDIS_CSUM_TCP		0x010
#define NDIS_CSUM_UDP		0x040
#define NDIS_CSUM_IP		0x100

struct ndis_offload {
	struct ndis_obj obj;
	uint32_t ip4_tx_encap, ip4_tx_csum, ip4_rx_encap, ip4_rx_csum;
	uint32_t ip6_tx_encap, ip6_tx_csum, ip6_rx_encap, ip6_rx_csum;
	uint32_t lso_v1[4];
	uint32_t ipsec_v1[7];
	uint32_t lso4_encap, lso4_max, lso4_min_segments;
	uint32_t lso6_encap, lso6_max, lso6_min_segments, lso6_options;
	uint32_t flags;
	uint32_t ipsec_v2[8];		/* from revision 2 on */
	uint8_t rsc4, rsc6;		/* from revision 3 on */
	uint8_t pad[2];
	uint32_t gre[2];
};

#define NDIS_OFFLOAD_LEN_1	offsetof(struct ndis_offload, ipsec_v2)
#define NDIS_OFFLOAD_LEN_2	offsetof(struct ndis_offload, rsc4)
#define NDIS_OFFLOAD_LEN_3	sizeof(struct ndis_offload)

#define NDIS_LSO_MAX		0xf53cu	/* what a Hyper-V switch offers */

struct ndis_offload_params {
	struct ndis_obj obj;
	uint8_t ip4, tcp4, udp4, tcp6, udp6;
	uint8_t lso_v1, ipsec_v1, lso4, lso6, chimney4, chimney6, reserved;
	uint32_t flags;
	uint8_t ipsec_v2[2];		/* from revision 2 on */
	uint8_t rsc4, rsc6;		/* from revision 3 on */
	uint8_t encap[2];
	uint8_t pad[2];
};

#define NDIS_PARAMS_LEN_1	offsetof(struct ndis_offload_params, ipsec_v2)
#define NDIS_PARAMS_LEN_3	(offsetof(struct ndis_offload_params, rsc6) + 1)

#define NDIS_RSS_CAPS_LEN	18

struct ndis_rss_caps {
	struct ndis_obj obj;
	uint32_t flags;
	uint32_t interrupts;
	uint32_t queues;
	uint16_t table_entries;
	uint16_t pad;
};

#define NDIS_RSS_SAME_HASH	0x02
#define NDIS_RSS_SAME_TABLE	0x04
#define NDIS_RSS_SAME_KEY	0x08
#define NDIS_RSS_DISABLE	0x10

#define NDIS_HASH_FUNCTION	0xffu
#define NDIS_HASH_TOEPLITZ	0x01u
#define NDIS_HASH_IP4		0x0100u
#define NDIS_HASH_TCP4		0x0200u
#define NDIS_HASH_IP6		0x0400u
#define NDIS_HASH_TCP6		0x1000u
#define NDIS_HASH_UDP4		0x4000u
#define NDIS_HASH_UDP6		0x8000u

struct ndis_rss_params {
	struct ndis_obj obj;
	uint16_t flags;
	uint16_t base_cpu;
	uint32_t hash_info;
	uint16_t table_len, pad0;
	uint32_t table_offset;
	uint16_t key_len, pad1;
	uint32_t key_offset;
};

struct ndis_link_state {
	struct ndis_obj obj;
	uint32_t connect;
	uint32_t duplex;
	uint32_t pad;
	uint64_t xmit_speed, rcv_speed;
	uint32_t pause;
	uint32_t auto_negotiation;
};

struct ndis_encapsulation {
	struct ndis_obj obj;
	uint32_t ip4_on, ip4_type, ip4_header;
	uint32_t ip6_on, ip6_type, ip6_header;
};

struct rndis_config_param {
	uint32_t name_offset, name_len;
	uint32_t type;
	uint32_t value_offset, value_len;
};

#define CONFIG_PARAM_STRING	2	/* UTF-16 */

static_assert(sizeof(struct rndis_hdr) == 8, "RNDIS header");
static_assert(sizeof(struct rndis_initialize) == 16, "RNDIS init");
static_assert(sizeof(struct rndis_initialize_done) == 44, "RNDIS init done");
static_assert(sizeof(struct rndis_info) == 20, "RNDIS query and set");
static_assert(sizeof(struct rndis_query_done) == 16, "RNDIS query done");
static_assert(sizeof(struct rndis_done) == 8, "RNDIS set done");
static_assert(sizeof(struct rndis_reset_done) == 8, "RNDIS reset done");
static_assert(sizeof(struct rndis_indicate) == 12, "RNDIS indicate");
static_assert(sizeof(struct rndis_packet) == 36, "RNDIS packet");
static_assert(sizeof(struct rndis_ppi) == 12, "RNDIS packet information");
static_assert(sizeof(struct ppi_packet_id) == 4, "RNDIS packet id");
static_assert(sizeof(struct ndis_obj) == 4, "NDIS object");
static_assert(NDIS_OFFLOAD_LEN_1 == 112, "NDIS offload, revision 1");
static_assert(NDIS_OFFLOAD_LEN_2 == 144, "NDIS offload, revision 2");
static_assert(NDIS_OFFLOAD_LEN_3 == 156, "NDIS offload, revision 3");
static_assert(NDIS_PARAMS_LEN_1 == 20, "NDIS offload parameters");
static_assert(NDIS_PARAMS_LEN_3 == 24, "NDIS offload parameters");
static_assert(sizeof(struct ndis_offload_params) == 28,
	      "NDIS offload parameters");
static_assert(offsetof(struct ndis_rss_caps, pad) == NDIS_RSS_CAPS_LEN,
	      "NDIS RSS capabilities");
static_assert(sizeof(struct ndis_rss_params) == 28, "NDIS RSS parameters");
static_assert(sizeof(struct ndis_link_state) == 40, "NDIS link state");
static_assert(sizeof(struct ndis_encapsulation) == 28, "NDIS encapsulation");
static_assert(sizeof(struct rndis_config_param) == 20, "RNDIS parameter");

#endif
