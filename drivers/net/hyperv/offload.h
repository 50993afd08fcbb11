/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the host's NIC can do for a packet, and what it is told to do: the two
 * NDIS objects about offloads.  Pure functions, like those of rndis_parse.h.
 */
#ifndef _NETVSC_OFFLOAD_H
#define _NETVSC_OFFLOAD_H

#include <linux/bits.h>
#include <linux/netdev_features.h>
#include <linux/types.h>

#include "rndis.h"

/**
 * struct netvsc_caps - what the host's NIC can do, from its offload query
 * @tx_csum: NETVSC_CSUM_* that it can compute
 * @tso_max: largest TSO packet, or 0
 * @tso_min_segs: TSO packets of fewer segments are not for this host
 * @rsc: it can coalesce received segments
 * @features: NETIF_F_* that follow from the above
 */
struct netvsc_caps {
	u32 tx_csum;
	u32 tso_max;
	u32 tso_min_segs;
	bool rsc;
	netdev_features_t features;
};

#define NETVSC_CSUM_TCP4	BIT(0)
#define NETVSC_CSUM_UDP4	BIT(1)
#define NETVSC_CSUM_TCP6	BIT(2)
#define NETVSC_CSUM_UDP6	BIT(3)

/**
 * enum offload_generation - what a host knows of offloads, by its NVSP version
 * @OFFLOAD_GEN_1: NVSP 1 and 2: first revision of the query
 * @OFFLOAD_GEN_2: NVSP 4: second revision; no checksums of UDP
 * @OFFLOAD_GEN_3: NVSP 5 and later: UDP, and received segments coalesced
 */
enum offload_generation {
	OFFLOAD_GEN_1 = 1,
	OFFLOAD_GEN_2,
	OFFLOAD_GEN_3,
};

u32 offload_query_init(struct ndis_offload_caps *query,
		       enum offload_generation gen);
int offload_parse_caps(const void *data, u32 len, enum offload_generation gen,
		       struct netvsc_caps *caps);
u32 offload_set_init(struct ndis_offload_set *set, enum offload_generation gen,
		     const struct netvsc_caps *caps,
		     netdev_features_t features);

#endif /* _NETVSC_OFFLOAD_H */
