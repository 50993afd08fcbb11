/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading what the host says in RNDIS control: pure functions over bytes, which
 * find out whether a message makes sense.  No kernel objects here, and no
 * locks: a KUnit suite walks through them without a host.
 *
 * A body is what follows the header of a message.  Where one is said to be
 * ours, the host cannot change it any more.
 */
#ifndef _NETVSC_RNDIS_PARSE_H
#define _NETVSC_RNDIS_PARSE_H

#include <linux/types.h>

/**
 * struct rndis_view - bytes in the body of a message, checked to lie in there
 * @data: the first one
 * @len: how many
 */
struct rndis_view {
	const void *data;
	u32 len;
};

/**
 * struct rndis_limits - what the host takes in a message of packets
 * @max_packets: in one message, at least 1
 * @align_shift: each packet in it starts at a multiple of 1 << this
 */
struct rndis_limits {
	u32 max_packets;
	u32 align_shift;
};

/* More than a page would be a strange thing to align packets to. */
#define RNDIS_MAX_ALIGN_SHIFT	12

int rndis_status_to_errno(u32 status);
int rndis_parse_init(const void *body, u32 len, struct rndis_limits *limits);
int rndis_parse_set(const void *body, u32 len);
int rndis_parse_query(const void *body, u32 len, struct rndis_view *info);
bool rndis_parse_reply_id(const void *body, u32 len, u32 *id);
bool rndis_parse_indication(const void *body, u32 len, u32 *status);
int rndis_parse_link_speed(const void *data, u32 len, u32 *mbit);
u32 rndis_parse_name(const void *data, u32 len, char *name, u32 size);

#endif /* _NETVSC_RNDIS_PARSE_H */
