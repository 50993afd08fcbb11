/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Capture files in pcapng format, one interface each.  pcapng.c
 */
#ifndef HVHOST_PCAPNG_H
#define HVHOST_PCAPNG_H

#include <stdbool.h>

#include "frame.h"

struct pcapng;

/* NULL: cannot be written (errno says why). */
struct pcapng *pcapng_open(const char *file, const char *if_name);
void pcapng_close(struct pcapng *cap);

/*
 * The frame as it stands: bursts whole, checksums unfinished, with its 802.1Q
 * tag.  @to_guest: direction as the guest's interface has it.
 */
void pcapng_write(struct pcapng *cap, const struct frame *frame,
		  bool to_guest);

#endif
