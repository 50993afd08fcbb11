/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For kernels without net_device instance locks: what the header of that name
 * holds for drivers is in netdevice.h there.
 */
#include <linux/netdevice.h>
