/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For kernels that ask for hash fields and the number of rings through
 * get_rxnfc() and set_rxnfc(): these two, made of what the driver has.
 * Included in front of the file with the ethtool_ops, and of no other.
 */
#ifndef _NETVSC_COMPAT_RXFH_H
#define _NETVSC_COMPAT_RXFH_H

#ifdef NETVSC_COMPAT_RXNFC
#include "../drivers/net/hyperv/netvsc.h"

static int compat_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info,
			    u32 *rules)
{
	struct ethtool_rxfh_fields fields = { .flow_type = info->flow_type };
	int err;

	switch (info->cmd) {
	case ETHTOOL_GRXRINGS:
		info->data = netvsc_get_rx_ring_count(dev);
		return 0;
	case ETHTOOL_GRXFH:
		err = netvsc_get_rxfh_fields(dev, &fields);
		info->data = fields.data;
		return err;
	default:
		return -EOPNOTSUPP;
	}
}

static int compat_set_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info)
{
	struct ethtool_rxfh_fields fields = {
		.data = info->data,
		.flow_type = info->flow_type,
	};

	if (info->cmd != ETHTOOL_SRXFH)
		return -EOPNOTSUPP;
	return netvsc_set_rxfh_fields(dev, &fields, NULL);
}

/* Two of the three become one. */
#define get_rx_ring_count		get_rxnfc
#define netvsc_get_rx_ring_count	compat_get_rxnfc
#define get_rxfh_fields			get_rxnfc
#define netvsc_get_rxfh_fields		compat_get_rxnfc
#define set_rxfh_fields			set_rxnfc
#define netvsc_set_rxfh_fields		compat_set_rxnfc
#endif

#endif /* _NETVSC_COMPAT_RXFH_H */
