/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which channel a flow belongs to: the tables that say so in either direction,
 * as they are on the wire and as the driver has them.
 */
#ifndef _NETVSC_STEER_H
#define _NETVSC_STEER_H

#include <linux/types.h>

/* Entries of the host's table for what the guest sends; a power of two. */
#define STEER_SEND_ENTRIES	16

/* The table for what the guest receives is as long as the host says. */
#define STEER_RSS_MAX_ENTRIES	256
#define STEER_RSS_KEY_BYTES	40

/**
 * struct steer_rss - how the host is to spread what the guest receives
 * @hashes: NDIS_HASH_*, what is looked at of a packet
 * @entries: in use of @table, at most STEER_RSS_MAX_ENTRIES
 * @key: of the Toeplitz hash
 * @table: a channel for each value of the hash's low bits
 */
struct steer_rss {
	u32 hashes;
	u16 entries;
	u8 key[STEER_RSS_KEY_BYTES];
	u8 table[STEER_RSS_MAX_ENTRIES];
};

/**
 * struct steer_rss_caps - what the host can do of that
 * @hashes: NDIS_HASH_* that it knows, 0 if it knows no Toeplitz hash
 * @queues: channels that it can spread over, at least 1
 * @entries: of the table
 */
struct steer_rss_caps {
	u32 hashes;
	u32 queues;
	u16 entries;
};

/* Room for the wire form of a struct steer_rss. */
#define STEER_RSS_WIRE_BYTES \
	(40 + STEER_RSS_MAX_ENTRIES * 4 + STEER_RSS_KEY_BYTES)

int steer_read_send_table(const void *msg, u32 len, u32 version, u32 channels,
			  u8 *table);
int steer_read_caps(const void *info, u32 len, struct steer_rss_caps *caps);
u32 steer_write_rss(const struct steer_rss *rss, void *to);
u32 steer_write_rss_off(void *to);
void steer_spread(u8 *table, unsigned int entries, unsigned int channels);
bool steer_within(const struct steer_rss *rss, unsigned int channels);
bool steer_fields_to_hashes(u32 flow_type, u64 fields, u32 *hashes);
u64 steer_hashes_to_fields(u32 flow_type, u32 hashes);

#endif /* _NETVSC_STEER_H */
