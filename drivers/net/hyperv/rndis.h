/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RNDIS as Hyper-V's virtual NIC speaks it, and the NDIS objects inside its
 * requests: wire formats only.  The numbers that any RNDIS device shares are
 * in linux/rndis.h.
 */
#ifndef _NETVSC_RNDIS_H
#define _NETVSC_RNDIS_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/rndis.h>
#include <linux/types.h>

/* Every message; an offset counts from the end of this header. */
struct rndis_hdr {
	__le32 type;
	__le32 len;			/* of the message, this included */
};

struct rndis_initialize {
	__le32 id;
	__le32 major;
	__le32 minor;
	__le32 max_transfer;
};

struct rndis_initialize_done {
	__le32 id;
	__le32 status;
	__le32 major;
	__le32 minor;
	__le32 flags;
	__le32 medium;
	__le32 max_packets;
	__le32 max_transfer;
	__le32 alignment_shift;
	__le32 af_offset;
	__le32 af_len;
};

/* RNDIS_MSG_QUERY and RNDIS_MSG_SET */
struct rndis_oid_request {
	__le32 id;
	__le32 oid;
	__le32 len;
	__le32 offset;
	__le32 vc;
};

struct rndis_query_done {
	__le32 id;
	__le32 status;
	__le32 len;
	__le32 offset;
};

struct rndis_set_done {
	__le32 id;
	__le32 status;
};

struct rndis_indication {
	__le32 status;
	__le32 len;
	__le32 offset;
};

/* RNDIS_MSG_PACKET: one Ethernet frame */
struct rndis_packet {
	__le32 data_offset;
	__le32 data_len;
	__le32 oob_offset;
	__le32 oob_len;
	__le32 oob_count;
	__le32 info_offset;
	__le32 info_len;
	__le32 vc;
	__le32 reserved;
};

/* Per-packet info: a list of these, each with its payload behind it. */
struct rndis_info {
	__le32 size;			/* with the payload */
	__le32 type;
	__le32 offset;			/* of the payload, from here */
};

/* Types above this bit are not NDIS's own. */
#define RNDIS_INFO_INTERNAL	BIT(31)

enum rndis_info_type {
	RNDIS_INFO_CSUM		= 0,
	RNDIS_INFO_LSO		= 2,
	RNDIS_INFO_VLAN		= 6,
	RNDIS_INFO_HASH		= 8,
	RNDIS_INFO_HASH_INFO	= 9,		/* of what it is the hash */
	RNDIS_INFO_PACKET_ID	= RNDIS_INFO_INTERNAL | 1,
};

/* RNDIS_INFO_CSUM, guest to host */
#define RNDIS_CSUM_TX_IPV4	BIT(0)
#define RNDIS_CSUM_TX_IPV6	BIT(1)
#define RNDIS_CSUM_TX_TCP	BIT(2)
#define RNDIS_CSUM_TX_UDP	BIT(3)
#define RNDIS_CSUM_TX_L4_OFFSET	GENMASK(25, 16)

/* RNDIS_INFO_CSUM, host to guest */
#define RNDIS_CSUM_RX_TCP_GOOD	BIT(3)
#define RNDIS_CSUM_RX_UDP_GOOD	BIT(4)
#define RNDIS_CSUM_RX_IP_GOOD	BIT(5)
#define RNDIS_CSUM_RX_TCP_UNSET	BIT(7)	/* good, but not in the header */
#define RNDIS_CSUM_RX_IP_UNSET	BIT(8)	/* likewise */

/* RNDIS_INFO_HASH_INFO: protocols whose ports are in the hash */
#define RNDIS_HASH_L4		(BIT(9) | GENMASK(16, 12))

/*
 * RNDIS_INFO_PACKET_ID: the message holds a part of a frame that the host has
 * coalesced.  All parts are in one transfer packet, in order; what else there
 * is to say of the frame comes with the first.
 */
#define RNDIS_PACKET_ID_FLAGS	GENMASK(15, 8)
#define RNDIS_PACKET_ID_ID	GENMASK(31, 16)
#define RNDIS_PACKET_ID_PART	BIT(0)
#define RNDIS_PACKET_ID_FIRST	BIT(1)
#define RNDIS_PACKET_ID_LAST	BIT(2)

/* RNDIS_INFO_LSO, guest to host, second version */
#define RNDIS_LSO_MSS		GENMASK(19, 0)
#define RNDIS_LSO_TCP_OFFSET	GENMASK(29, 20)
#define RNDIS_LSO_V2		BIT(30)
#define RNDIS_LSO_IPV6		BIT(31)

/* RNDIS_INFO_VLAN, both ways */
#define RNDIS_VLAN_PRIORITY	GENMASK(2, 0)
#define RNDIS_VLAN_DEI		BIT(3)
#define RNDIS_VLAN_ID		GENMASK(15, 4)

/* RNDIS_OID_GEN_FRIENDLY_NAME: so much UTF-16 at most, the end included */
#define RNDIS_NAME_CHARS	256

/* OID_GEN_RNDIS_CONFIG_PARAMETER; offsets count from here, text is UTF-16 */
struct rndis_config_param {
	__le32 name_offset;
	__le32 name_len;
	__le32 type;
	__le32 value_offset;
	__le32 value_len;
};

#define RNDIS_CONFIG_STRING	2

/* NDIS objects */

#define NDIS_OID_OFFLOAD_SET	0xfc01020c
#define NDIS_OID_OFFLOAD_QUERY	0xfc01020d

struct ndis_object {
	u8 type;
	u8 revision;
	__le16 size;
};

/* The link's speed in full; older hosts count it in 100 bit/s, up to 32 bits. */
#define NDIS_OID_LINK_STATE	0x00010207

#define NDIS_OBJECT_DEFAULT	0x80
#define NDIS_OBJECT_OFFLOAD	0xa7

struct ndis_link_state {
	struct ndis_object object;
	__le32 connect;
	__le32 duplex;
	__le32 padding;
	__le64 tx_speed;		/* bit/s; all ones: unknown */
	__le64 rx_speed;
	__le32 pause;
	__le32 autoneg;
};

#define NDIS_ENCAP_8023		BIT(1)

/* Two bits for each ability; either set means that there is some of it. */
#define NDIS_CSUM4_TCP_OPTIONS	GENMASK(3, 2)
#define NDIS_CSUM4_TCP		GENMASK(5, 4)
#define NDIS_CSUM4_UDP		GENMASK(7, 6)
#define NDIS_CSUM6_EXT_HEADERS	GENMASK(1, 0)
#define NDIS_CSUM6_TCP_OPTIONS	GENMASK(3, 2)
#define NDIS_CSUM6_TCP		GENMASK(5, 4)
#define NDIS_CSUM6_UDP		GENMASK(7, 6)
#define NDIS_LSO6_EXT_HEADERS	GENMASK(1, 0)
#define NDIS_LSO6_TCP_OPTIONS	GENMASK(3, 2)

struct ndis_csum_caps {
	__le32 encap;
	__le32 flags;
};

/* Large send of the second version */
struct ndis_lso_caps {
	__le32 encap4;
	__le32 max4;
	__le32 min_segs4;
	__le32 encap6;
	__le32 max6;
	__le32 min_segs6;
	__le32 flags6;
};

struct ndis_offload_caps {
	struct ndis_object object;
	struct ndis_csum_caps tx4;
	struct ndis_csum_caps rx4;
	struct ndis_csum_caps tx6;
	struct ndis_csum_caps rx6;
	__le32 lso_v1[4];
	__le32 ipsec_v1[7];
	struct ndis_lso_caps lso;
	__le32 flags;			/* revision 1 ends here */
	__le32 ipsec_v2[8];		/* revision 2 ends here */
	u8 rsc4;
	u8 rsc6;
	u8 padding[2];
	__le32 encap_gre[2];		/* revision 3 ends here */
};

#define NDIS_OFFLOAD_CAPS_SIZE_1 offsetof(struct ndis_offload_caps, ipsec_v2)
#define NDIS_OFFLOAD_CAPS_SIZE_2 offsetof(struct ndis_offload_caps, rsc4)
#define NDIS_OFFLOAD_CAPS_SIZE_3 sizeof(struct ndis_offload_caps)

/* Values of the fields below; 0 leaves things as they are. */
#define NDIS_SET_CSUM_OFF	1
#define NDIS_SET_CSUM_TX	2
#define NDIS_SET_CSUM_RX	3
#define NDIS_SET_CSUM_TX_RX	4
#define NDIS_SET_OFF		1
#define NDIS_SET_ON		2

struct ndis_offload_set {
	struct ndis_object object;
	u8 ip4_csum;
	u8 tcp4_csum;
	u8 udp4_csum;
	u8 tcp6_csum;
	u8 udp6_csum;
	u8 lso_v1;
	u8 ipsec_v1;
	u8 lso4;
	u8 lso6;
	u8 tcp_connection4;
	u8 tcp_connection6;
	u8 reserved;
	__le32 flags;			/* revision 1 ends here */
	u8 ipsec_v2;
	u8 ipsec_v2_ip4;		/* revision 2 ends here */
	u8 rsc4;
	u8 rsc6;
	u8 encap;
	u8 encap_types;
	u8 padding[2];
};

#define NDIS_OFFLOAD_SET_SIZE_2	offsetof(struct ndis_offload_set, rsc4)
#define NDIS_OFFLOAD_SET_SIZE_3	sizeof(struct ndis_offload_set)

/* OID_GEN_RECEIVE_SCALE_CAPABILITIES and OID_GEN_RECEIVE_SCALE_PARAMETERS */

#define NDIS_OID_RSS_CAPS	0x00010203
#define NDIS_OID_RSS_PARAMS	0x00010204

#define NDIS_OBJECT_RSS_CAPS	0x88
#define NDIS_OBJECT_RSS_PARAMS	0x89

#define NDIS_RSS_CAP_TCP4	BIT(8)
#define NDIS_RSS_CAP_TCP6	BIT(9)
#define NDIS_RSS_CAP_UDP4	BIT(11)
#define NDIS_RSS_CAP_UDP6	BIT(12)

/* Hash function in the low byte, what it looks at above. */
#define NDIS_HASH_TOEPLITZ	BIT(0)
#define NDIS_HASH_IPV4		BIT(8)
#define NDIS_HASH_TCP4		BIT(9)
#define NDIS_HASH_IPV6		BIT(10)
#define NDIS_HASH_TCP6		BIT(12)
#define NDIS_HASH_UDP4		BIT(14)
#define NDIS_HASH_UDP6		BIT(15)

struct ndis_rss_caps {
	struct ndis_object object;
	__le32 flags;			/* NDIS_RSS_CAP_*, hash functions */
	__le32 nr_messages;
	__le32 nr_queues;
	__le16 nr_entries;
	u8 padding[2];
};

#define NDIS_RSS_CAPS_SIZE	offsetof(struct ndis_rss_caps, padding)

#define NDIS_RSS_OFF		BIT(4)

/* Offsets count from here. */
struct ndis_rss_params {
	struct ndis_object object;
	__le16 flags;
	__le16 base_cpu;
	__le32 hashes;
	__le16 table_size;		/* in bytes */
	__le16 padding1;
	__le32 table_offset;
	__le16 key_size;
	__le16 padding2;
	__le32 key_offset;
	__le32 masks_offset;
	__le32 nr_masks;
	__le32 mask_size;
};

static_assert(sizeof(struct rndis_packet) == 36);
static_assert(sizeof(struct rndis_initialize_done) == 44);
static_assert(sizeof(struct ndis_link_state) == 40);
static_assert(sizeof(struct ndis_csum_caps) * 4 == 32);
static_assert(NDIS_OFFLOAD_CAPS_SIZE_1 == 112);
static_assert(NDIS_OFFLOAD_CAPS_SIZE_3 == 156);
static_assert(NDIS_OFFLOAD_SET_SIZE_2 == 22);
static_assert(NDIS_OFFLOAD_SET_SIZE_3 == 28);
static_assert(NDIS_RSS_CAPS_SIZE == 18);
static_assert(sizeof(struct ndis_rss_params) == 40);

#endif /* _NETVSC_RNDIS_H */
