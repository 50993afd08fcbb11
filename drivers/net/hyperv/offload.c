// SPDX-License-Identifier: GPL-2.0
/*
 * NDIS objects about offloads: reading what the host's NIC can do, and writing
 * what it shall.
 */
#include <linux/errno.h>
#include <linux/if_ether.h>
#include <linux/minmax.h>
#include <linux/netdevice.h>
#include <linux/string.h>

#include "offload.h"

/**
 * offload_query_init() - the question
 * @query: filled in
 * @gen: of the host
 *
 * Return: bytes of @query that this host expects.
 */
u32 offload_query_init(struct ndis_offload_caps *query,
		       enum offload_generation gen)
{
	u16 size;

	memset(query, 0, sizeof(*query));
	query->object.type = NDIS_OBJECT_OFFLOAD;
	query->object.revision = gen;
	switch (gen) {
	case OFFLOAD_GEN_1:
		size = NDIS_OFFLOAD_CAPS_SIZE_1;
		break;
	case OFFLOAD_GEN_2:
		size = NDIS_OFFLOAD_CAPS_SIZE_2;
		break;
	default:
		size = NDIS_OFFLOAD_CAPS_SIZE_3;
		break;
	}
	query->object.size = cpu_to_le16(size);
	return size;
}

/* Of the two bits of an ability one is enough. */
static bool offload_can(__le32 flags, u32 all_of)
{
	u32 have = le32_to_cpu(flags);

	have |= (have & 0xaaaaaaaa) >> 1;
	all_of &= 0x55555555;
	return (have & all_of) == all_of;
}

static void offload_add_tso(struct netvsc_caps *caps,
			    netdev_features_t feature, __le32 max,
			    __le32 min_segs)
{
	u32 size = min_t(u32, le32_to_cpu(max), GSO_LEGACY_MAX_SIZE);

	/* Less than a few segments is not worth the trouble. */
	if (size < 4 * ETH_DATA_LEN)
		return;

	caps->features |= feature;
	caps->tso_max = caps->tso_max ? min(caps->tso_max, size) : size;
	caps->tso_min_segs = max(caps->tso_min_segs, le32_to_cpu(min_segs));
}

static void offload_add_ipv4(struct netvsc_caps *caps,
			     const struct ndis_offload_caps *host,
			     enum offload_generation gen)
{
	if (!offload_can(host->tx4.flags,
			 NDIS_CSUM4_TCP | NDIS_CSUM4_TCP_OPTIONS))
		return;

	caps->features |= NETIF_F_IP_CSUM;
	caps->tx_csum |= NETVSC_CSUM_TCP4;
	/* UDP is beyond what older hosts can be told to do. */
	if (gen >= OFFLOAD_GEN_3 &&
	    offload_can(host->tx4.flags, NDIS_CSUM4_UDP))
		caps->tx_csum |= NETVSC_CSUM_UDP4;
	if (host->lso.encap4 & cpu_to_le32(NDIS_ENCAP_8023))
		offload_add_tso(caps, NETIF_F_TSO, host->lso.max4,
				host->lso.min_segs4);
}

static void offload_add_ipv6(struct netvsc_caps *caps,
			     const struct ndis_offload_caps *host,
			     enum offload_generation gen)
{
	if (!offload_can(host->tx6.flags, NDIS_CSUM6_TCP |
			 NDIS_CSUM6_TCP_OPTIONS | NDIS_CSUM6_EXT_HEADERS))
		return;

	caps->features |= NETIF_F_IPV6_CSUM;
	caps->tx_csum |= NETVSC_CSUM_TCP6;
	if (gen >= OFFLOAD_GEN_3 &&
	    offload_can(host->tx6.flags, NDIS_CSUM6_UDP))
		caps->tx_csum |= NETVSC_CSUM_UDP6;
	if ((host->lso.encap6 & cpu_to_le32(NDIS_ENCAP_8023)) &&
	    offload_can(host->lso.flags6,
			NDIS_LSO6_EXT_HEADERS | NDIS_LSO6_TCP_OPTIONS))
		offload_add_tso(caps, NETIF_F_TSO6, host->lso.max6,
				host->lso.min_segs6);
}

/* One switch serves both protocols, so the host has to know both. */
static void offload_add_rsc(struct netvsc_caps *caps,
			    const struct ndis_offload_caps *host,
			    enum offload_generation gen)
{
	if (gen < OFFLOAD_GEN_3 || !host->rsc4 || !host->rsc6)
		return;

	caps->rsc = true;
	caps->features |= NETIF_F_LRO;
}

/**
 * offload_parse_caps() - the answer
 * @data: of the host; ours
 * @len: its bytes
 * @gen: of the host
 * @caps: filled in, with nothing on failure
 *
 * An older host's object ends early, and what is missing it cannot do.
 *
 * Return: 0, or -EPROTO.
 */
int offload_parse_caps(const void *data, u32 len, enum offload_generation gen,
		       struct netvsc_caps *caps)
{
	struct ndis_offload_caps host = {};
	u32 size;

	memset(caps, 0, sizeof(*caps));
	if (len < NDIS_OFFLOAD_CAPS_SIZE_1)
		return -EPROTO;
	memcpy(&host, data, NDIS_OFFLOAD_CAPS_SIZE_1);

	size = le16_to_cpu(host.object.size);
	if (host.object.type != NDIS_OBJECT_OFFLOAD ||
	    size < NDIS_OFFLOAD_CAPS_SIZE_1 || size > len)
		return -EPROTO;
	memcpy(&host, data, min_t(u32, size, sizeof(host)));

	offload_add_ipv4(caps, &host, gen);
	offload_add_ipv6(caps, &host, gen);
	offload_add_rsc(caps, &host, gen);
	return 0;
}

/*
 * Checksums to compute are asked for packet by packet, so the host may as well
 * always be ready to; what it does with received packets is its own doing.
 */
static u8 offload_csum(const struct netvsc_caps *caps, u32 kind, bool rx)
{
	if (!(caps->tx_csum & kind))
		return 0;
	return rx ? NDIS_SET_CSUM_TX_RX : NDIS_SET_CSUM_TX;
}

static u8 offload_switch(bool can, bool on)
{
	if (!can)
		return 0;
	return on ? NDIS_SET_ON : NDIS_SET_OFF;
}

/**
 * offload_set_init() - what the host shall do
 * @set: filled in
 * @gen: of the host
 * @caps: what it can do
 * @features: NETIF_F_RXCSUM and NETIF_F_LRO, if wanted
 *
 * Return: bytes of @set that this host expects.
 */
u32 offload_set_init(struct ndis_offload_set *set, enum offload_generation gen,
		     const struct netvsc_caps *caps,
		     netdev_features_t features)
{
	u16 size = gen >= OFFLOAD_GEN_3 ? NDIS_OFFLOAD_SET_SIZE_3 :
					  NDIS_OFFLOAD_SET_SIZE_2;
	bool rx = features & NETIF_F_RXCSUM;
	bool lro = features & NETIF_F_LRO;

	*set = (struct ndis_offload_set) {
		.object.type = NDIS_OBJECT_DEFAULT,
		.object.revision = 3,
		.object.size = cpu_to_le16(size),
		/* The stack computes IPv4 header checksums itself. */
		.ip4_csum = NDIS_SET_CSUM_OFF,
		.tcp4_csum = offload_csum(caps, NETVSC_CSUM_TCP4, rx),
		.udp4_csum = offload_csum(caps, NETVSC_CSUM_UDP4, rx),
		.tcp6_csum = offload_csum(caps, NETVSC_CSUM_TCP6, rx),
		.udp6_csum = offload_csum(caps, NETVSC_CSUM_UDP6, rx),
		.lso4 = offload_switch(caps->features & NETIF_F_TSO, true),
		.lso6 = offload_switch(caps->features & NETIF_F_TSO6, true),
		.rsc4 = offload_switch(caps->rsc, lro),
		.rsc6 = offload_switch(caps->rsc, lro),
	};
	return size;
}
