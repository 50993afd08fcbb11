// SPDX-License-Identifier: GPL-2.0
/*
 * Frames in RNDIS packet messages: out of those that the guest sends, and the
 * headers of those that it gets.
 */
#include <linux/if_ether.h>
#include <string.h>

#include "rndis.h"
#include "rndis_wire.h"

#define VLAN_TAG_LEN	4

/* The per-packet information of one frame that the host knows. */
struct ppis {
	bool has_csum, has_lso, has_vlan, has_hash;
	uint32_t csum, lso, vlan, hash;
};

static const char *take_ppi(const uint8_t *at, uint32_t len,
			    const struct rndis_ppi *ppi, struct ppis *ppis)
{
	uint32_t value, *where;
	bool *has;

	switch (ppi->type) {
	case PPI_CHECKSUM:
		where = &ppis->csum;
		has = &ppis->has_csum;
		break;
	case PPI_LSO:
		where = &ppis->lso;
		has = &ppis->has_lso;
		break;
	case PPI_VLAN:
		where = &ppis->vlan;
		has = &ppis->has_vlan;
		break;
	case PPI_HASH:
		where = &ppis->hash;
		has = &ppis->has_hash;
		break;
	default:
		/* What a hash is of, packet ids and the like are hints. */
		return NULL;
	}
	if (*has)
		return "packet information twice";
	if (len < sizeof(value))
		return "packet information without room for its value";
	memcpy(&value, at, sizeof(value));
	*where = value;
	*has = true;
	return NULL;
}

static const char *parse_ppis(const uint8_t *at, uint32_t len,
			      struct ppis *ppis)
{
	struct rndis_ppi ppi;
	const char *why;

	while (len) {
		if (len < sizeof(ppi))
			return "packet information cut off";
		memcpy(&ppi, at, sizeof(ppi));
		if (ppi.size < sizeof(ppi) || ppi.size > len)
			return "size of packet information";
		if (ppi.offset < sizeof(ppi) || ppi.offset > ppi.size)
			return "offset in packet information";
		why = take_ppi(at + ppi.offset, ppi.size - ppi.offset, &ppi,
			       ppis);
		if (why)
			return why;
		at += ppi.size;
		len -= ppi.size;
	}
	return NULL;
}

static const char *want_csum(const struct rndis *rn, struct frame *frame,
			     uint32_t info)
{
	uint32_t ip = info & (TXCSUM_IP4 | TXCSUM_IP6);
	uint32_t l4 = info & (TXCSUM_TCP | TXCSUM_UDP);
	uint32_t on = ip == TXCSUM_IP6 ? rn->tx_csum6 : rn->tx_csum4;
	struct frame_proto proto;

	frame_classify(frame, &proto);
	frame->needs_ipcsum = info & TXCSUM_IP4 && info & TXCSUM_IPHDR;
	if (frame->needs_ipcsum && (!proto.ip4 || !(on & NDIS_CSUM_IP)))
		return "checksum of an IP header that was not agreed on";
	if (!l4)
		return NULL;
	if (!ip || ip == (TXCSUM_IP4 | TXCSUM_IP6) ||
	    l4 == (TXCSUM_TCP | TXCSUM_UDP))
		return "checksum of more than one protocol, or of none";
	if (!(ip == TXCSUM_IP4 ? proto.ip4 : proto.ip6) ||
	    !(l4 == TXCSUM_TCP ? proto.tcp : proto.udp))
		return "checksum of another protocol than the frame's";
	if (!(on & (l4 == TXCSUM_TCP ? NDIS_CSUM_TCP : NDIS_CSUM_UDP)))
		return "checksum that was not agreed on";
	if (!frame_locate_l4(frame))
		return "checksum of a broken header";
	if (TXCSUM_OFFSET(info) && TXCSUM_OFFSET(info) != frame->csum_start)
		return "checksum with a wrong header offset";
	frame->needs_csum = true;
	return frame_check_request(frame);
}

static const char *want_lso(const struct rndis *rn, struct frame *frame,
			    uint32_t info)
{
	uint32_t mss = LSO_MSS(info);
	struct frame_proto proto;

	if (!(info & LSO_V2))
		return "large send, version 1";
	if (!(info & LSO_IP6 ? rn->lso6 : rn->lso4))
		return "large send that was not agreed on";
	frame->gso = info & LSO_IP6 ? GSO_TCP6 : GSO_TCP4;
	frame_classify(frame, &proto);
	if (!proto.tcp || (frame->gso == GSO_TCP6) != proto.ip6)
		return "large send of something else than TCP";
	if (!frame_locate_l4(frame))
		return "large send with a broken header";
	if (LSO_OFFSET(info) != frame->csum_start)
		return "large send with a wrong header offset";
	if (mss < FRAME_MIN_MSS || frame->hdr_len + mss > rn->frame_size)
		return "large send with segments too large or too small";
	if (frame->len > frame->hdr_len + NDIS_LSO_MAX)
		return "large send of more than is offered";
	if (frame->len <= frame->hdr_len + mss)
		return "large send of a single segment";
	frame->gso_size = mss;
	frame->needs_csum = true;
	frame->needs_ipcsum = frame->gso == GSO_TCP4;
	return frame_check_request(frame);
}

static const char *want_vlan(struct frame *frame, uint32_t info)
{
	if (info >> 16)
		return "VLAN tag of more than 16 bits";
	/* priority, CFI and id stand in the opposite order here */
	frame->vlan = true;
	frame->tci = (info & 7) << 13 | (info >> 3 & 1) << 12 | info >> 4;
	return NULL;
}

/* What the guest asks the host to finish. */
static const char *want(const struct rndis *rn, const struct ppis *ppis,
			struct frame *frame)
{
	const char *why = NULL;

	if (ppis->has_vlan)
		why = want_vlan(frame, ppis->vlan);
	if (!why && ppis->has_lso)
		return want_lso(rn, frame, ppis->lso);
	if (!why && ppis->has_csum)
		why = want_csum(rn, frame, ppis->csum);
	return why;
}

static bool is_type(const struct frame *frame, uint16_t type)
{
	const uint8_t *at = frame->data + 12;

	return frame->len >= FRAME_HDR && (at[0] << 8 | at[1]) == type;
}

bool rndis_fits(const struct rndis *rn, const struct frame *frame)
{
	uint32_t most = rn->frame_size;

	/* A tag among the frame's bytes does not count. */
	if (is_type(frame, ETH_P_8021Q) || is_type(frame, ETH_P_8021AD))
		most += VLAN_TAG_LEN;
	return frame->len <= most;
}

static const char *to_frame(struct rndis *rn, const struct ppis *ppis,
			    struct frame *frame)
{
	const char *why;

	if (frame->len < FRAME_HDR || frame->len > FRAME_MAX)
		return "length of frame";
	if (!ppis->has_lso && !rndis_fits(rn, frame))
		return "frame larger than the MTU";
	frame->hashed = ppis->has_hash;
	/* Of a frame with two of them one is beside it. */
	if (!rn->vlan_inline && !ppis->has_vlan && is_type(frame, ETH_P_8021Q))
		why = "VLAN tag in the frame and not beside it";
	else
		why = want(rn, ppis, frame);
	if (why)
		rn->tx_bad_offload++;
	return why;
}

static void count_offload(struct rndis *rn, const struct frame *frame)
{
	if (frame->gso != GSO_NONE)
		rn->tx_lso++;
	else if (frame->needs_csum)
		rn->tx_csum++;
}

static bool inside(uint32_t offset, uint32_t len, uint32_t from, uint32_t to)
{
	return offset >= from && offset <= to && len <= to - offset;
}

/* @body follows the message header. */
static const char *parse_packet(struct rndis *rn, const uint8_t *body,
				uint32_t len, struct frame *frame)
{
	struct ppis ppis = { 0 };
	struct rndis_packet pkt;
	const char *why;

	if (len < sizeof(pkt))
		return "packet message too short";
	memcpy(&pkt, body, sizeof(pkt));
	if (pkt.oob_len || pkt.oob_count || pkt.vc)
		return "packet with out-of-band data";
	if (!inside(pkt.data_offset, pkt.data_len, sizeof(pkt), len))
		return "frame outside of its message";
	if (pkt.ppi_len) {
		if (!inside(pkt.ppi_offset, pkt.ppi_len, sizeof(pkt), len))
			return "packet information outside of its message";
		if (pkt.ppi_offset < pkt.data_offset + pkt.data_len &&
		    pkt.data_offset < pkt.ppi_offset + pkt.ppi_len)
			return "packet information overlaps the frame";
		why = parse_ppis(body + pkt.ppi_offset, pkt.ppi_len, &ppis);
		if (why)
			return why;
	}
	*frame = (struct frame){
		.data = body + pkt.data_offset,
		.len = pkt.data_len,
	};
	return to_frame(rn, &ppis, frame);
}

/* Without @emit it only looks for what is wrong. */
static const char *walk(struct rndis *rn, const uint8_t *msg, size_t len,
			void (*emit)(void *ctx, const struct frame *frame),
			void *ctx)
{
	unsigned int count = 0;
	struct rndis_hdr hdr;
	struct frame frame;
	const char *why;

	do {
		if (len < sizeof(hdr))
			return "message cut off";
		memcpy(&hdr, msg, sizeof(hdr));
		if (hdr.type != RNDIS_PACKET)
			return "no packet on the data channel";
		if (hdr.len < sizeof(hdr) || hdr.len > len)
			return "length of message";
		if (++count > RNDIS_MAX_PACKETS)
			return "too many packets in one message";
		why = parse_packet(rn, msg + sizeof(hdr),
				   hdr.len - sizeof(hdr), &frame);
		if (why)
			return why;
		if (emit) {
			count_offload(rn, &frame);
			emit(ctx, &frame);
		}
		msg += hdr.len;
		len -= hdr.len;
	} while (len);
	return NULL;
}

const char *rndis_packets(struct rndis *rn, const uint8_t *msg, size_t len,
			  void (*emit)(void *ctx, const struct frame *frame),
			  void *ctx)
{
	const char *why = walk(rn, msg, len, NULL, NULL);

	return why ? why : walk(rn, msg, len, emit, ctx);
}

static uint32_t rx_csum_info(const struct rndis *rn, const struct frame *frame)
{
	struct frame_proto proto;
	struct frame_csum ok = { true, true };
	uint32_t info = 0;
	uint32_t on;

	frame_classify(frame, &proto);
	if (!proto.ip4 && !proto.ip6)
		return 0;
	on = proto.ip4 ? rn->rx_csum4 : rn->rx_csum6;
	if (!frame->csum_good)
		frame_check_csum(frame, &ok);
	if (proto.ip4 && on & NDIS_CSUM_IP)
		info |= ok.ip ? RXCSUM_IP_GOOD : RXCSUM_IP_BAD;
	if (proto.tcp && on & NDIS_CSUM_TCP)
		info |= ok.l4 ? RXCSUM_TCP_GOOD : RXCSUM_TCP_BAD;
	if (proto.udp && on & NDIS_CSUM_UDP)
		info |= ok.l4 ? RXCSUM_UDP_GOOD : RXCSUM_UDP_BAD;
	return info;
}

static uint32_t put_ppi(uint8_t *at, uint32_t type, const void *value)
{
	struct rndis_ppi ppi = {
		.size = sizeof(ppi) + 4,
		.type = type,
		.offset = sizeof(ppi),
	};

	memcpy(at, &ppi, sizeof(ppi));
	memcpy(at + sizeof(ppi), value, 4);
	return ppi.size;
}

static uint32_t put_part(const struct rndis *rn, const struct rndis_part *part,
			 uint8_t *at)
{
	struct ppi_packet_id id = {
		.version = PACKET_ID_V1,
		.flags = PACKET_ID_PART,
		.id = rn->packet_id,
	};

	if (part->first)
		id.flags |= PACKET_ID_FIRST;
	if (part->last)
		id.flags |= PACKET_ID_LAST;
	return put_ppi(at, PPI_PACKET_ID, &id);
}

uint32_t rndis_rx_header(const struct rndis *rn, const struct frame *frame,
			 const struct rndis_part *part, uint8_t *buf)
{
	uint32_t at = sizeof(struct rndis_hdr) + sizeof(struct rndis_packet);
	struct rndis_hdr hdr = { .type = RNDIS_PACKET };
	struct rndis_packet pkt = {
		.data_len = part->len,
		.ppi_offset = sizeof(pkt),
	};
	uint32_t first_ppi = at;
	uint32_t value;

	/* What the parts of a frame have in common goes with the first. */
	if (!part->part || part->first) {
		value = rx_csum_info(rn, frame);
		at += put_ppi(buf + at, PPI_CHECKSUM, &value);
		if (frame->vlan && !rn->vlan_inline) {
			value = frame->tci >> 13 | (frame->tci >> 12 & 1) << 3 |
				(frame->tci & 0xfff) << 4;
			at += put_ppi(buf + at, PPI_VLAN, &value);
		}
		if (part->hash.info) {
			at += put_ppi(buf + at, PPI_HASH, &part->hash.value);
			at += put_ppi(buf + at, PPI_HASH_INFO,
				      &part->hash.info);
		}
	}
	if (part->part)
		at += put_part(rn, part, buf + at);
	pkt.ppi_len = at - first_ppi;
	if (!pkt.ppi_len)
		pkt.ppi_offset = 0;
	pkt.data_offset = at - sizeof(hdr);
	hdr.len = at + part->len;
	memcpy(buf, &hdr, sizeof(hdr));
	memcpy(buf + sizeof(hdr), &pkt, sizeof(pkt));
	return at;
}
