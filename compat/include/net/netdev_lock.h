/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For kernels without net_device instance locks: what the header of that name
 * holds for drivers is in netdevice.h there.
 */
#include <linux/netdevice.h>

static inline void netdev_lock_ops(struct net_device *dev)
{
}

static inline void netdev_unlock_ops(struct net_device *dev)
{
}
