/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading what the host says in NVSP: pure functions over bytes, which find out
 * whether a message makes sense.  No kernel objects here, and no locks: a KUnit
 * suite walks through them without a host.
 */
#ifndef _NETVSC_NVSP_PARSE_H
#define _NETVSC_NVSP_PARSE_H

#include <linux/types.h>

#include "nvsp.h"

/**
 * struct nvsp_sections - how the host cuts up a shared buffer
 * @size: of a section, in bytes, and not 0
 * @count: sections that lie in the buffer, at least 1
 */
struct nvsp_sections {
	u32 size;
	u32 count;
};

int nvsp_parse_rx_buffer(const struct nvsp_message *msg, u32 bytes,
			 struct nvsp_sections *sections);
int nvsp_parse_tx_buffer(const struct nvsp_message *msg, u32 bytes,
			 struct nvsp_sections *sections);
int nvsp_parse_subchannels(const struct nvsp_message *msg, u32 asked,
			   u32 *given);
bool nvsp_parse_association(const struct nvsp_message *msg, u32 len,
			    bool *present, u32 *serial);
bool nvsp_parse_switched(const void *msg, u32 len);
bool nvsp_rndis_ok(const void *msg, u32 len);

#endif /* _NETVSC_NVSP_PARSE_H */
