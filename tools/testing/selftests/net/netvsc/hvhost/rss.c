// SPDX-License-Identifier: GPL-2.0
/*
 * Receive side scaling as NDIS has it: the guest's key and table, the Toeplitz
 * hash of addresses and ports.
 */
#include "rss.h"

#include <string.h>

#include "frame.h"
#include "rndis_wire.h"

#define IP4_ADDRESSES	(FRAME_HDR + 12)
#define IP6_ADDRESSES	(FRAME_HDR + 8)

uint32_t rss_toeplitz(const uint8_t key[RSS_KEY_LEN], const uint8_t *data,
		      size_t len)
{
	uint32_t window = (uint32_t)key[0] << 24 | key[1] << 16 | key[2] << 8 |
			  key[3];
	uint32_t hash = 0;
	unsigned int bit;
	size_t i;

	for (i = 0; i < len; i++) {
		for (bit = 8; bit--;) {
			if (data[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (key[i + 4] >> bit & 1);
		}
	}
	return hash;
}

static bool inside(size_t offset, size_t len, size_t total)
{
	return offset <= total && len <= total - offset;
}

/* What the guest does not change must have been set before. */
static bool kept(const struct rss *rss, const struct ndis_rss_params *par,
		 uint16_t unchanged)
{
	return par->flags & unchanged & rss->known;
}

static bool set_types(struct rss *rss, const struct ndis_rss_params *par)
{
	if (par->flags & NDIS_RSS_SAME_HASH)
		return kept(rss, par, NDIS_RSS_SAME_HASH);
	if ((par->hash_info & NDIS_HASH_FUNCTION) != NDIS_HASH_TOEPLITZ)
		return false;
	rss->types = par->hash_info & ~NDIS_HASH_FUNCTION;
	rss->known |= NDIS_RSS_SAME_HASH;
	return true;
}

static bool set_key(struct rss *rss, const struct ndis_rss_params *par,
		    const uint8_t *info, size_t len)
{
	if (par->flags & NDIS_RSS_SAME_KEY)
		return kept(rss, par, NDIS_RSS_SAME_KEY);
	if (par->key_len != RSS_KEY_LEN ||
	    !inside(par->key_offset, par->key_len, len))
		return false;
	memcpy(rss->key, info + par->key_offset, RSS_KEY_LEN);
	rss->known |= NDIS_RSS_SAME_KEY;
	return true;
}

static bool set_table(struct rss *rss, const struct ndis_rss_params *par,
		      unsigned int queues, const uint8_t *info, size_t len)
{
	size_t entries = par->table_len / sizeof(uint32_t), i;
	uint32_t queue;

	if (par->flags & NDIS_RSS_SAME_TABLE)
		return kept(rss, par, NDIS_RSS_SAME_TABLE);
	if (!entries || entries > RSS_TABLE ||
	    par->table_len % sizeof(uint32_t) ||
	    !inside(par->table_offset, par->table_len, len))
		return false;
	for (i = 0; i < RSS_TABLE; i++) {
		memcpy(&queue, info + par->table_offset +
			       i % entries * sizeof(queue), sizeof(queue));
		if (queue >= queues)
			return false;
		rss->table[i] = queue;
	}
	rss->known |= NDIS_RSS_SAME_TABLE;
	return true;
}

uint32_t rss_set(struct rss *rss, unsigned int queues, const uint8_t *info,
		 size_t len)
{
	struct ndis_rss_params par;
	struct rss next = *rss;

	if (len < sizeof(par))
		return RNDIS_E_LENGTH;
	memcpy(&par, info, sizeof(par));
	if (par.obj.type != NDIS_OBJ_RSS_PARAMS)
		return RNDIS_E_DATA;
	if (par.flags & NDIS_RSS_DISABLE ||
	    !(par.flags & NDIS_RSS_SAME_HASH ||
	      par.hash_info & NDIS_HASH_FUNCTION)) {
		rss->on = false;
		return RNDIS_OK;
	}
	if (!set_types(&next, &par) || !set_key(&next, &par, info, len) ||
	    !set_table(&next, &par, queues, info, len))
		return RNDIS_E_DATA;
	next.on = true;
	*rss = next;
	return RNDIS_OK;
}

/* The type of hash that fits best of those that the guest wants; 0: none. */
static uint32_t hash_type(uint32_t types, const struct frame_proto *proto)
{
	uint32_t l4, l3 = 0;

	if (proto->ip4) {
		l4 = proto->tcp ? NDIS_HASH_TCP4 :
		     proto->udp ? NDIS_HASH_UDP4 : 0;
		l3 = NDIS_HASH_IP4;
	} else if (proto->ip6) {
		l4 = proto->tcp ? NDIS_HASH_TCP6 :
		     proto->udp ? NDIS_HASH_UDP6 : 0;
		l3 = NDIS_HASH_IP6;
	} else {
		return 0;
	}
	return types & l4 ? l4 : types & l3;
}

struct rss_hash rss_hash(const struct rss *rss, const struct frame *frame)
{
	struct rss_hash hash = { 0 };
	uint8_t data[RSS_KEY_LEN - 4];
	struct frame_proto proto;
	struct frame copy = *frame;
	uint32_t type, len;

	if (!rss->on)
		return hash;
	frame_classify(frame, &proto);
	type = hash_type(rss->types, &proto);
	if (!type)
		return hash;

	/* Source address, destination address, source port, destination port */
	len = proto.ip4 ? 8 : 32;
	memcpy(data, frame->data + (proto.ip4 ? IP4_ADDRESSES : IP6_ADDRESSES),
	       len);
	if (!(type & (NDIS_HASH_IP4 | NDIS_HASH_IP6))) {
		if (!frame_locate_l4(&copy))
			return hash;
		memcpy(data + len, frame->data + copy.csum_start, 4);
		len += 4;
	}
	hash.info = NDIS_HASH_TOEPLITZ | type;
	hash.value = rss_toeplitz(rss->key, data, len);
	return hash;
}

unsigned int rss_queue(const struct rss *rss, const struct rss_hash *hash)
{
	return hash->info ? rss->table[hash->value % RSS_TABLE] : 0;
}
