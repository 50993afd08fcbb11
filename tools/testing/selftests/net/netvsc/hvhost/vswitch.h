/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The virtual switch: NICs with two paths each, an uplink, captures.
 * vswitch.c; the uplink on a tap device: tap.c; capture files: pcapng.c
 *
 * A frame for a NIC's address goes to the path that its guest has selected and
 * never to the other one; a broadcast or multicast frame likewise.  A frame
 * that cannot be delivered (path closed, no buffers) is dropped and counted,
 * as a switch port does.
 */
#ifndef HVHOST_VSWITCH_H
#define HVHOST_VSWITCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "frame.h"

struct vswitch;
struct vnic;

enum vpath { PATH_SYNTHETIC, PATH_VF, NR_PATHS };

/**
 * struct vpath_ops - the device at the end of a path
 * @deliver: false if the frame was dropped
 * @room: false while a frame would be dropped for want of buffers, but buffers
 *	are on their way; the uplink then waits a little.  The device calls
 *	vnic_room() when that is over.  May be NULL.
 * @wants: false if the guest's filter is not for this frame, which then does
 *	not count as dropped.  May be NULL.
 * @left: the guest has selected the other path.  May be NULL.
 */
struct vpath_ops {
	bool (*deliver)(void *ctx, const struct frame *frame);
	bool (*room)(void *ctx);
	bool (*wants)(void *ctx, const struct frame *frame);
	void (*left)(void *ctx);
};

/* A burst that is one frame for the switch counts as one in all of them. */
struct vpath_stats {
	uint64_t rx_frames, rx_bytes;	/* to the guest */
	uint64_t tx_frames, tx_bytes;	/* from the guest */
	uint64_t rx_dropped;		/* for the guest, not deliverable */
	uint64_t tx_unselected;		/* sent on the path not selected */
	uint64_t tx_dropped;		/* no link, no frame, or uplink did not take it */
};

struct vswitch *vswitch_create(void);
void vswitch_destroy(struct vswitch *vs);

/* Attaches the uplink; NULL @tap_name: frames for it go nowhere, uncounted. */
bool vswitch_uplink_tap(struct vswitch *vs, const char *tap_name);

struct vnic *vswitch_nic_add(struct vswitch *vs, unsigned int id,
			     const uint8_t mac[6]);
void vswitch_nic_del(struct vnic *nic);

/* A path without ops is closed. */
void vnic_set_path(struct vnic *nic, enum vpath path,
		   const struct vpath_ops *ops, void *ctx);
/* What the guest asked for with the data-path switch. */
void vnic_select(struct vnic *nic, enum vpath path);
enum vpath vnic_selected(const struct vnic *nic);
const uint8_t *vnic_mac(const struct vnic *nic);
void vnic_set_mac(struct vnic *nic, const uint8_t mac[6]);
/* The path also gets what is for others, while it is the selected one. */
void vnic_set_promiscuous(struct vnic *nic, enum vpath path, bool on);
/* A path whose ->room() said no has room again. */
void vnic_room(struct vnic *nic, enum vpath path);

/*
 * A frame that ->deliver() took is not delivered after all, or a part of it is not.
 * It stays one of rx_frames, which were counted then.
 */
void vnic_dropped(struct vnic *nic, enum vpath path);

/* A frame from the guest. */
void vnic_transmit(struct vnic *nic, enum vpath path,
		   const struct frame *frame);
/* The guest has sent one that does not come as far as the switch. */
void vnic_tx_dropped(struct vnic *nic, enum vpath path);
const struct vpath_stats *vnic_stats(const struct vnic *nic, enum vpath path);

/* Capture of one path; NULL @file ends it.  False: cannot be written. */
bool vnic_capture(struct vnic *nic, enum vpath path, const char *file);

/* tap.c's way in: a frame from the uplink. */
void vswitch_from_uplink(struct vswitch *vs, const struct frame *frame);
/* False: the uplink had better wait for vnic_room(). */
bool vswitch_room(const struct vswitch *vs);

#endif
