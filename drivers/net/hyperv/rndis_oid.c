// SPDX-License-Identifier: GPL-2.0
/*
 * The objects of the host's NIC that RNDIS requests read and set: numbers, the
 * address, the packet filter, offloads.
 */
#include <linux/etherdevice.h>

#include "netvsc.h"
#include "rndis.h"
#include "rndis_parse.h"

/* No filter that anybody asks for. */
#define RNDIS_FILTER_UNKNOWN	U32_MAX

/* The answer is whole, but not what was asked for. */
static int rndis_senseless(struct netvsc *nv)
{
	netvsc_count(nv, NETVSC_EV_BAD_RNDIS);
	return -EPROTO;
}

int rndis_query_u32(struct netvsc *nv, u32 oid, u32 *value)
{
	__le32 answer;
	int len;

	len = rndis_query(nv, oid, &answer, 0, sizeof(answer));
	if (len < 0)
		return len;
	if (len != sizeof(answer))
		return rndis_senseless(nv);

	*value = le32_to_cpu(answer);
	return 0;
}

/* From hosts that have it, as the older object ends at 429 Gbit/s. */
static int rndis_query_link_state(struct netvsc *nv, u32 *mbit)
{
	/* Newer revisions may be longer. */
	__le64 state[2 * sizeof(struct ndis_link_state) / sizeof(__le64)];
	int len;

	if (nv->nvsp.version < NVSP_VERSION_5)
		return -EOPNOTSUPP;
	len = rndis_query(nv, NDIS_OID_LINK_STATE, state, 0, sizeof(state));
	if (len < 0)
		return len;
	return rndis_parse_link_speed(state, len, mbit);
}

/**
 * rndis_query_speed() - ask for the link's speed
 * @nv: the NIC
 * @mbit: Mbit/s, on success
 *
 * Context: sleeps.
 *
 * Return: 0, -ENODATA if the host does not know, or an error as of rndis_set().
 */
int rndis_query_speed(struct netvsc *nv, u32 *mbit)
{
	u32 units;
	int err;

	if (!rndis_query_link_state(nv, mbit))
		return 0;

	/* In units of 100 bit/s */
	err = rndis_query_u32(nv, RNDIS_OID_GEN_LINK_SPEED, &units);
	if (err)
		return err;
	*mbit = units / 10000;
	return *mbit ? 0 : -ENODATA;
}

static int rndis_query_address(struct netvsc *nv, u32 oid, u8 *mac)
{
	int len;

	len = rndis_query(nv, oid, mac, 0, ETH_ALEN);
	if (len < 0)
		return len;
	if (len != ETH_ALEN || !is_valid_ether_addr(mac))
		return rndis_senseless(nv);
	return 0;
}

int rndis_query_mac(struct netvsc *nv, u8 *mac)
{
	return rndis_query_address(nv, RNDIS_OID_802_3_PERMANENT_ADDRESS, mac);
}

/**
 * rndis_query_name() - ask for the name that the host's administrator chose
 * @nv: the NIC
 * @name: in UTF-8, and terminated, if there is one
 * @size: room in @name
 *
 * Context: sleeps.
 *
 * Return: bytes of @name without its end, 0 if there is none, or an error as of
 * rndis_set().
 */
int rndis_query_name(struct netvsc *nv, char *name, u32 size)
{
	__le16 answer[RNDIS_NAME_CHARS];
	int len;

	len = rndis_query(nv, RNDIS_OID_GEN_FRIENDLY_NAME, answer, 0,
			  sizeof(answer));
	if (len < 0)
		return len;
	return rndis_parse_name(answer, len, name, size);
}

static void rndis_put_utf16(__le16 *to, const char *ascii, u32 n)
{
	while (n--)
		*to++ = cpu_to_le16(*ascii++);
}

int rndis_set_mac(struct netvsc *nv, const u8 *mac)
{
	static const char name[] = "NetworkAddress";
	char value[2 * ETH_ALEN + 1];
	struct {
		struct rndis_config_param param;
		__le16 name[sizeof(name) - 1];
		__le16 value[sizeof(value) - 1];
	} info = {
		.param.name_offset = cpu_to_le32(sizeof(info.param)),
		.param.name_len = cpu_to_le32(sizeof(info.name)),
		.param.type = cpu_to_le32(RNDIS_CONFIG_STRING),
		.param.value_offset = cpu_to_le32(sizeof(info.param) +
						  sizeof(info.name)),
		.param.value_len = cpu_to_le32(sizeof(info.value)),
	};

	snprintf(value, sizeof(value), "%pm", mac);
	rndis_put_utf16(info.name, name, ARRAY_SIZE(info.name));
	rndis_put_utf16(info.value, value, ARRAY_SIZE(info.value));

	return rndis_set(nv, RNDIS_OID_GEN_RNDIS_CONFIG_PARAMETER, &info,
			 sizeof(info));
}

/* Makes @mac the host's idea of our address, unless it is already. */
int rndis_sync_mac(struct netvsc *nv, const u8 *mac)
{
	u8 current_mac[ETH_ALEN];
	int err;

	err = rndis_query_address(nv, RNDIS_OID_802_3_CURRENT_ADDRESS,
				  current_mac);
	if (err || ether_addr_equal_unaligned(mac, current_mac))
		return err;
	return rndis_set_mac(nv, mac);
}

int rndis_set_filter(struct netvsc *nv, u32 filter)
{
	__le32 value = cpu_to_le32(filter);
	struct rndis *rndis = &nv->rndis;
	int err;

	if (READ_ONCE(rndis->filter) == filter)
		return 0;

	err = rndis_set(nv, RNDIS_OID_GEN_CURRENT_PACKET_FILTER, &value,
			sizeof(value));
	/* A host that said nothing may have set it all the same. */
	WRITE_ONCE(rndis->filter, err ? RNDIS_FILTER_UNKNOWN : filter);
	return err;
}

static enum offload_generation rndis_generation(const struct netvsc *nv)
{
	if (nv->nvsp.version >= NVSP_VERSION_5)
		return OFFLOAD_GEN_3;
	if (nv->nvsp.version >= NVSP_VERSION_4)
		return OFFLOAD_GEN_2;
	return OFFLOAD_GEN_1;
}

int rndis_query_caps(struct netvsc *nv, struct netvsc_caps *caps)
{
	enum offload_generation gen = rndis_generation(nv);
	struct ndis_offload_caps host;
	int len;

	memset(caps, 0, sizeof(*caps));
	len = offload_query_init(&host, gen);
	len = rndis_query(nv, NDIS_OID_OFFLOAD_QUERY, &host, len, sizeof(host));
	if (len < 0)
		return len;
	if (offload_parse_caps(&host, len, gen, caps))
		return rndis_senseless(nv);
	return 0;
}

/**
 * rndis_set_offloads() - tell the host what it shall do
 * @nv: the NIC
 * @caps: what it can do
 * @features: NETIF_F_RXCSUM and NETIF_F_LRO, if wanted
 *
 * Context: sleeps.
 *
 * Return: 0, or an error as of rndis_set(): then nothing has changed.
 */
int rndis_set_offloads(struct netvsc *nv, const struct netvsc_caps *caps,
		       netdev_features_t features)
{
	struct ndis_offload_set set;
	u32 len;

	len = offload_set_init(&set, rndis_generation(nv), caps, features);
	return rndis_set(nv, NDIS_OID_OFFLOAD_SET, &set, len);
}
