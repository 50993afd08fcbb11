/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Modules of the kernel have its version, and say none.  DKMS replaces one only
 * by a module that does.
 */
#include <linux/module.h>

MODULE_VERSION("7.3");
