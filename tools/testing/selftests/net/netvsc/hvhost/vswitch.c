// SPDX-License-Identifier: GPL-2.0
/*
 * Which frame goes where.  The ports are known, so nothing is learned: a
 * unicast address that is no NIC's belongs to the uplink.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "pcapng.h"
#include "tap.h"
#include "vswitch.h"

struct vport {
	const struct vpath_ops *ops;
	void *ctx;
	bool promiscuous;
	struct vpath_stats stats;
	struct pcapng *capture;
};

struct vnic {
	struct vnic *next;
	struct vswitch *vs;
	unsigned int id;
	uint8_t mac[6];
	enum vpath selected;
	struct log_rate news;
	struct vport ports[NR_PATHS];
};

struct vswitch {
	struct vnic *nics;
	struct tap *uplink;
};

static const char *const path_names[] = { "synthetic", "vf" };

struct vswitch *vswitch_create(void)
{
	return calloc(1, sizeof(struct vswitch));
}

void vswitch_destroy(struct vswitch *vs)
{
	if (!vs)
		return;
	while (vs->nics)
		vswitch_nic_del(vs->nics);
	tap_close(vs->uplink);
	free(vs);
}

bool vswitch_uplink_tap(struct vswitch *vs, const char *tap_name)
{
	tap_close(vs->uplink);
	vs->uplink = NULL;
	if (!tap_name)
		return true;
	vs->uplink = tap_open(tap_name, vs);
	return vs->uplink;
}

struct vnic *vswitch_nic_add(struct vswitch *vs, unsigned int id,
			     const uint8_t mac[6])
{
	struct vnic *nic;

	nic = calloc(1, sizeof(*nic));
	if (!nic)
		return NULL;
	nic->vs = vs;
	nic->id = id;
	memcpy(nic->mac, mac, sizeof(nic->mac));
	nic->next = vs->nics;
	vs->nics = nic;
	return nic;
}

void vswitch_nic_del(struct vnic *nic)
{
	struct vnic **at;
	int path;

	if (!nic)
		return;
	for (at = &nic->vs->nics; *at != nic; at = &(*at)->next)
		;
	*at = nic->next;
	for (path = 0; path < NR_PATHS; path++)
		pcapng_close(nic->ports[path].capture);
	/* The uplink may have waited for this one. */
	if (nic->vs->uplink && vswitch_room(nic->vs))
		tap_resume(nic->vs->uplink);
	free(nic);
}

void vnic_room(struct vnic *nic, enum vpath path)
{
	(void)path;
	if (nic->vs->uplink && vswitch_room(nic->vs))
		tap_resume(nic->vs->uplink);
}

void vnic_dropped(struct vnic *nic, enum vpath path)
{
	nic->ports[path].stats.rx_dropped++;
}

void vnic_tx_dropped(struct vnic *nic, enum vpath path)
{
	nic->ports[path].stats.tx_dropped++;
}

void vnic_set_path(struct vnic *nic, enum vpath path,
		   const struct vpath_ops *ops, void *ctx)
{
	nic->ports[path].ops = ops;
	nic->ports[path].ctx = ctx;
	if (!ops)
		nic->ports[path].promiscuous = false;
	vnic_room(nic, path);
}

void vnic_select(struct vnic *nic, enum vpath path)
{
	struct vport *before = &nic->ports[nic->selected];

	if (nic->selected == path)
		return;
	nic->selected = path;
	log_guest_info(&nic->news, "vswitch", "nic %u: path %s selected",
		       nic->id, path_names[path]);
	if (before->ops && before->ops->left)
		before->ops->left(before->ctx);
	vnic_room(nic, path);
}

enum vpath vnic_selected(const struct vnic *nic)
{
	return nic->selected;
}

const uint8_t *vnic_mac(const struct vnic *nic)
{
	return nic->mac;
}

void vnic_set_mac(struct vnic *nic, const uint8_t mac[6])
{
	memcpy(nic->mac, mac, sizeof(nic->mac));
}

void vnic_set_promiscuous(struct vnic *nic, enum vpath path, bool on)
{
	nic->ports[path].promiscuous = on;
}

const struct vpath_stats *vnic_stats(const struct vnic *nic, enum vpath path)
{
	return &nic->ports[path].stats;
}

bool vnic_capture(struct vnic *nic, enum vpath path, const char *file)
{
	struct vport *port = &nic->ports[path];
	char name[32];

	pcapng_close(port->capture);
	port->capture = NULL;
	if (!file)
		return true;
	snprintf(name, sizeof(name), "nic%u-%s", nic->id, path_names[path]);
	port->capture = pcapng_open(file, name);
	if (port->capture)
		return true;
	log_error("capture", "%s: %s", file, strerror(errno));
	return false;
}

bool vswitch_room(const struct vswitch *vs)
{
	const struct vport *port;
	const struct vnic *nic;

	for (nic = vs->nics; nic; nic = nic->next) {
		port = &nic->ports[nic->selected];
		if (port->ops && port->ops->room && !port->ops->room(port->ctx))
			return false;
	}
	return true;
}

static void deliver(struct vnic *nic, const struct frame *frame)
{
	struct vport *port = &nic->ports[nic->selected];

	if (port->ops && port->ops->wants &&
	    !port->ops->wants(port->ctx, frame))
		return;
	if (!port->ops || !port->ops->deliver(port->ctx, frame)) {
		port->stats.rx_dropped++;
		return;
	}
	port->stats.rx_frames++;
	port->stats.rx_bytes += frame->len;
	if (port->capture)
		pcapng_write(port->capture, frame, true);
}

/*
 * To all NICs that should see the frame, but never back to @from (NULL: the
 * uplink).  True if it was for one NIC alone.
 */
static bool to_nics(struct vswitch *vs, struct vnic *from,
		    const struct frame *frame)
{
	bool group = frame->data[0] & 1;
	bool found = false;
	struct vnic *nic;
	bool match;

	for (nic = vs->nics; nic; nic = nic->next) {
		match = !group && !memcmp(frame->data, nic->mac, 6);
		found |= match;
		if (nic == from)
			continue;
		if (match || group || nic->ports[nic->selected].promiscuous)
			deliver(nic, frame);
	}
	return found;
}

void vswitch_from_uplink(struct vswitch *vs, const struct frame *frame)
{
	if (frame->len < FRAME_HDR)
		return;
	to_nics(vs, NULL, frame);
}

void vnic_transmit(struct vnic *nic, enum vpath path,
		   const struct frame *frame)
{
	struct vport *port = &nic->ports[path];

	if (frame->len < FRAME_HDR || frame->len > FRAME_MAX) {
		port->stats.tx_dropped++;
		return;
	}
	port->stats.tx_frames++;
	port->stats.tx_bytes += frame->len;
	if (path != nic->selected)
		port->stats.tx_unselected++;
	if (port->capture)
		pcapng_write(port->capture, frame, false);
	if (to_nics(nic->vs, nic, frame) || !nic->vs->uplink)
		return;
	if (!tap_send(nic->vs->uplink, frame))
		port->stats.tx_dropped++;
}
