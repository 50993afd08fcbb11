/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Receive side scaling: which of its channels the guest wants a frame on.
 * rss.c
 */
#ifndef HVHOST_RSS_H
#define HVHOST_RSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame;

#define RSS_TABLE	128
#define RSS_KEY_LEN	40

/* Of the capabilities: Toeplitz, TCP and UDP over IPv4 and IPv6. */
#define RSS_CAPS	0x00001b01u

/**
 * struct rss - what the guest has set
 * @on: hashes are computed, frames spread by them
 * @known: flags of what was ever set, without which it cannot be left unchanged
 * @types: hash types, as in the protocol
 * @table: channel for each value of the lower bits of the hash; a table that
 *	the guest gave shorter goes on from its start
 */
struct rss {
	bool on;
	uint16_t known;
	uint32_t types;
	uint8_t key[RSS_KEY_LEN];
	uint8_t table[RSS_TABLE];
};

/**
 * struct rss_hash - the hash of a frame
 * @info: function and type of the hash, as in the protocol; 0: there is none
 */
struct rss_hash {
	uint32_t value;
	uint32_t info;
};

/**
 * rss_set() - carry out the guest's parameters
 * @queues: how many channels a table may name
 * @info: struct ndis_rss_params, with key and table somewhere behind it
 *
 * Return: an RNDIS status.  Nothing changes if they make no sense.
 */
uint32_t rss_set(struct rss *rss, unsigned int queues, const uint8_t *info,
		 size_t len);

/* Without a hash: off, or a frame of which the guest wants none. */
struct rss_hash rss_hash(const struct rss *rss, const struct frame *frame);

/* The channel for a hash; the first for frames without. */
unsigned int rss_queue(const struct rss *rss, const struct rss_hash *hash);

/* The Toeplitz hash of @len bytes, at most RSS_KEY_LEN - 4. */
uint32_t rss_toeplitz(const uint8_t key[RSS_KEY_LEN], const uint8_t *data,
		      size_t len);

#endif
