/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The uplink of the switch on a tap device of the host.  tap.c
 */
#ifndef HVHOST_TAP_H
#define HVHOST_TAP_H

#include <stdbool.h>

#include "frame.h"

struct tap;
struct vswitch;

/* NULL (and a line of log): no such device, or no right to it. */
struct tap *tap_open(const char *name, struct vswitch *vs);
/* The same on a descriptor that is at hand, does not block, and is then ours. */
struct tap *tap_attach(int fd, struct vswitch *vs);
void tap_close(struct tap *tap);

/* False (and now and then a line of log) if the device did not take the frame. */
bool tap_send(struct tap *tap, const struct frame *frame);

/* The switch has room again: go on reading if reading was put off. */
void tap_resume(struct tap *tap);

#endif
