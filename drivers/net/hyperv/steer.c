// SPDX-License-Identifier: GPL-2.0
/*
 * Reading and writing the tables that steer flows to channels.  No device and
 * no state: what the host says goes in, what the driver may use comes out.
 */
#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/ethtool.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "nvsp.h"
#include "rndis.h"
#include "steer.h"

/**
 * steer_read_send_table() - the host's choice of channels for sending
 * @msg: NVSP_SEND_TABLE message
 * @len: its bytes, at least those of the message type
 * @version: of NVSP
 * @channels: that a NIC can have
 * @table: STEER_SEND_ENTRIES entries; written on success only
 *
 * Hosts of NVSP 6 and before give the offset of the table as if there were no
 * padding in front of it; whether there is can be seen from the length.
 *
 * Return: 0, or -EPROTO for a message that makes no sense.
 */
int steer_read_send_table(const void *msg, u32 len, u32 version, u32 channels,
			  u8 *table)
{
	const u32 size = STEER_SEND_ENTRIES * sizeof(__le32);
	__le32 entries[STEER_SEND_ENTRIES];
	struct nvsp_message head = {};
	u32 offset, i;

	if (len < nvsp_size(send_table))
		return -EPROTO;
	memcpy(&head, msg, nvsp_size(send_table));
	if (le32_to_cpu(head.send_table.count) != STEER_SEND_ENTRIES)
		return -EPROTO;

	offset = le32_to_cpu(head.send_table.offset);
	if (version <= NVSP_VERSION_6 && len >= sizeof(head) + size)
		offset = sizeof(head);
	if (offset < nvsp_size(send_table) || offset > len ||
	    size > len - offset)
		return -EPROTO;

	memcpy(entries, msg + offset, size);
	for (i = 0; i < STEER_SEND_ENTRIES; i++)
		if (le32_to_cpu(entries[i]) >= channels)
			return -EPROTO;
	for (i = 0; i < STEER_SEND_ENTRIES; i++)
		table[i] = le32_to_cpu(entries[i]);
	return 0;
}

/* A host's ability, and the hash that it stands for. */
static const struct {
	u32 cap;
	u32 hash;
} steer_caps[] = {
	{ NDIS_RSS_CAP_TCP4,	NDIS_HASH_TCP4 },
	{ NDIS_RSS_CAP_TCP6,	NDIS_HASH_TCP6 },
	{ NDIS_RSS_CAP_UDP4,	NDIS_HASH_UDP4 },
	{ NDIS_RSS_CAP_UDP6,	NDIS_HASH_UDP6 },
};

/**
 * steer_read_caps() - what the host can do to spread received packets
 * @info: answer to OID_GEN_RECEIVE_SCALE_CAPABILITIES
 * @len: its bytes
 * @caps: filled in on success
 *
 * Return: 0, or -EPROTO for an answer that makes no sense.
 */
int steer_read_caps(const void *info, u32 len, struct steer_rss_caps *caps)
{
	struct ndis_rss_caps host;
	u32 flags, i;

	if (len < NDIS_RSS_CAPS_SIZE)
		return -EPROTO;
	memcpy(&host, info, NDIS_RSS_CAPS_SIZE);
	if (host.object.type != NDIS_OBJECT_RSS_CAPS ||
	    le16_to_cpu(host.object.size) < NDIS_RSS_CAPS_SIZE ||
	    !host.nr_queues)
		return -EPROTO;

	memset(caps, 0, sizeof(*caps));
	caps->queues = le32_to_cpu(host.nr_queues);
	flags = le32_to_cpu(host.flags);
	if (!(flags & NDIS_HASH_TOEPLITZ))
		return 0;

	/* Addresses alone are what every host can hash. */
	caps->hashes = NDIS_HASH_IPV4 | NDIS_HASH_IPV6;
	for (i = 0; i < ARRAY_SIZE(steer_caps); i++)
		if (flags & steer_caps[i].cap)
			caps->hashes |= steer_caps[i].hash;
	caps->entries = min_t(u16, le16_to_cpu(host.nr_entries),
			      STEER_RSS_MAX_ENTRIES);
	return 0;
}

static void steer_rss_head(struct ndis_rss_params *params)
{
	memset(params, 0, sizeof(*params));
	params->object.type = NDIS_OBJECT_RSS_PARAMS;
	params->object.revision = 2;
	params->object.size = cpu_to_le16(sizeof(*params));
}

/**
 * steer_write_rss() - OID_GEN_RECEIVE_SCALE_PARAMETERS, as the host reads it
 * @rss: what it is to do
 * @to: room for STEER_RSS_WIRE_BYTES
 *
 * Return: bytes written.
 */
u32 steer_write_rss(const struct steer_rss *rss, void *to)
{
	struct ndis_rss_params *params = to;
	__le32 *table = (void *)(params + 1);
	u32 i, size = rss->entries * sizeof(*table);

	steer_rss_head(params);
	params->hashes = cpu_to_le32(rss->hashes | NDIS_HASH_TOEPLITZ);
	params->table_size = cpu_to_le16(size);
	params->table_offset = cpu_to_le32(sizeof(*params));
	params->key_size = cpu_to_le16(sizeof(rss->key));
	params->key_offset = cpu_to_le32(sizeof(*params) + size);

	for (i = 0; i < rss->entries; i++)
		table[i] = cpu_to_le32(rss->table[i]);
	memcpy(table + rss->entries, rss->key, sizeof(rss->key));
	return sizeof(*params) + size + sizeof(rss->key);
}

/**
 * steer_write_rss_off() - the same, to have all packets on the first channel
 * @to: room for STEER_RSS_WIRE_BYTES
 *
 * Return: bytes written.
 */
u32 steer_write_rss_off(void *to)
{
	struct ndis_rss_params *params = to;

	steer_rss_head(params);
	params->flags = cpu_to_le16(NDIS_RSS_OFF);
	return sizeof(*params);
}

/**
 * steer_spread() - the table that nobody has an opinion on
 * @table: written
 * @entries: of it
 * @channels: to spread over, at least 1
 */
void steer_spread(u8 *table, unsigned int entries, unsigned int channels)
{
	unsigned int i;

	for (i = 0; i < entries; i++)
		table[i] = ethtool_rxfh_indir_default(i, channels);
}

/**
 * steer_within() - whether a table does with so many channels
 * @rss: the table
 * @channels: how many
 *
 * Return: true if all entries are below @channels.
 */
bool steer_within(const struct steer_rss *rss, unsigned int channels)
{
	unsigned int i;

	for (i = 0; i < rss->entries; i++)
		if (rss->table[i] >= channels)
			return false;
	return true;
}

#define STEER_ADDRESSES	(RXH_IP_SRC | RXH_IP_DST)
#define STEER_PORTS	(RXH_L4_B_0_1 | RXH_L4_B_2_3)

/* The hash over ports of a kind of flow, and the one over addresses only. */
static const struct {
	u32 flow_type;
	u32 ports;
	u32 addresses;
} steer_flows[] = {
	{ TCP_V4_FLOW,	NDIS_HASH_TCP4,	NDIS_HASH_IPV4 },
	{ UDP_V4_FLOW,	NDIS_HASH_UDP4,	NDIS_HASH_IPV4 },
	{ IPV4_FLOW,	0,		NDIS_HASH_IPV4 },
	{ TCP_V6_FLOW,	NDIS_HASH_TCP6,	NDIS_HASH_IPV6 },
	{ UDP_V6_FLOW,	NDIS_HASH_UDP6,	NDIS_HASH_IPV6 },
	{ IPV6_FLOW,	0,		NDIS_HASH_IPV6 },
};

/**
 * steer_fields_to_hashes() - take up a wish for fields to hash
 * @flow_type: TCP_V4_FLOW and so on
 * @fields: RXH_*
 * @hashes: NDIS_HASH_*; changed as asked
 *
 * Return: false if that cannot be had of any host.
 */
bool steer_fields_to_hashes(u32 flow_type, u64 fields, u32 *hashes)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steer_flows); i++) {
		if (steer_flows[i].flow_type != flow_type)
			continue;
		if (fields == STEER_ADDRESSES) {
			*hashes &= ~steer_flows[i].ports;
			return true;
		}
		*hashes |= steer_flows[i].ports;
		return steer_flows[i].ports &&
		       fields == (STEER_ADDRESSES | STEER_PORTS);
	}
	return false;
}

/**
 * steer_hashes_to_fields() - what is hashed of a kind of flow
 * @flow_type: TCP_V4_FLOW and so on
 * @hashes: NDIS_HASH_* in use
 *
 * Return: RXH_*, 0 if such flows are not hashed.
 */
u64 steer_hashes_to_fields(u32 flow_type, u32 hashes)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steer_flows); i++) {
		if (steer_flows[i].flow_type != flow_type)
			continue;
		if (hashes & steer_flows[i].ports)
			return STEER_ADDRESSES | STEER_PORTS;
		return hashes & steer_flows[i].addresses ? STEER_ADDRESSES : 0;
	}
	return 0;
}
