// SPDX-License-Identifier: GPL-2.0
/*
 * What a NIC does to frames in hardware, in software: checksums, and cutting
 * a TCP burst into segments.  Frames come from a guest or from the network, so
 * that no length in their headers is believed.
 */
#include <string.h>

#include "frame.h"

#define ETHERTYPE_IPV4	0x0800
#define ETHERTYPE_IPV6	0x86dd

#define PROTO_TCP	6
#define PROTO_UDP	17

#define IP6_HOPOPTS	0
#define IP6_ROUTING	43
#define IP6_FRAGMENT	44
#define IP6_DSTOPTS	60

#define TCP_FIN		0x01
#define TCP_PSH		0x08
#define TCP_CWR		0x80

/*
 * Where things are in a frame: @l3 the IP header, @end the end of the IP
 * packet (a short frame is padded after it), @l4 the transport header or 0.
 */
struct layout {
	bool ip6;
	uint32_t l3, l4, end;
	uint32_t l4_hdr;
	uint8_t proto;
};

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint64_t sum(const uint8_t *p, uint32_t len, uint64_t start)
{
	while (len > 1) {
		start += get16(p);
		p += 2;
		len -= 2;
	}
	if (len)
		start += *p << 8;
	return start;
}

static uint16_t fold(uint64_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

static bool layout_ipv4(const struct frame *frame, struct layout *lay)
{
	const uint8_t *ip = frame->data + lay->l3;
	uint32_t room = frame->len - lay->l3;
	uint32_t hdr, total;

	if (room < 20 || ip[0] >> 4 != 4)
		return false;
	hdr = (ip[0] & 0xf) * 4;
	total = get16(ip + 2);
	/* A burst may be too long for the field, and senders leave it at 0. */
	if (frame->gso != GSO_NONE)
		total = room;
	if (hdr < 20 || total < hdr || total > room)
		return false;
	lay->end = lay->l3 + total;
	lay->proto = ip[9];
	if (!(get16(ip + 6) & 0x3fff))
		lay->l4 = lay->l3 + hdr;
	return true;
}

static bool layout_ipv6(const struct frame *frame, struct layout *lay)
{
	const uint8_t *ip = frame->data + lay->l3;
	uint32_t room = frame->len - lay->l3;
	uint32_t total, at, ext;
	uint8_t next;

	if (room < 40 || ip[0] >> 4 != 6)
		return false;
	total = 40 + get16(ip + 4);
	if (frame->gso != GSO_NONE)
		total = room;
	if (total > room)
		return false;
	lay->ip6 = true;
	lay->end = lay->l3 + total;
	next = ip[6];
	for (at = 40; next == IP6_HOPOPTS || next == IP6_ROUTING ||
	     next == IP6_DSTOPTS; at += ext) {
		if (total - at < 8)
			return true;
		ext = (ip[at + 1] + 1) * 8;
		if (ext > total - at)
			return true;
		next = ip[at];
	}
	lay->proto = next;
	if (next != IP6_FRAGMENT)
		lay->l4 = lay->l3 + at;
	return true;
}

/* False if it is not IP, or the IP header is broken. */
static bool find_layout(const struct frame *frame, struct layout *lay)
{
	uint32_t room;
	bool ok;

	memset(lay, 0, sizeof(*lay));
	if (frame->len < FRAME_HDR)
		return false;
	lay->l3 = FRAME_HDR;
	switch (get16(frame->data + 12)) {
	case ETHERTYPE_IPV4:
		ok = layout_ipv4(frame, lay);
		break;
	case ETHERTYPE_IPV6:
		ok = layout_ipv6(frame, lay);
		break;
	default:
		return false;
	}
	if (!ok || !lay->l4)
		return ok;

	room = lay->end - lay->l4;
	if (lay->proto == PROTO_UDP && room >= 8)
		lay->l4_hdr = 8;
	else if (lay->proto == PROTO_TCP && room >= 20)
		lay->l4_hdr = (frame->data[lay->l4 + 12] >> 4) * 4;
	if (lay->l4_hdr < 8 || lay->l4_hdr > room ||
	    (lay->proto == PROTO_TCP && lay->l4_hdr < 20))
		lay->l4 = 0;
	return true;
}

static uint64_t pseudo_sum(const uint8_t *l3, const struct layout *lay,
			   uint32_t l4_len)
{
	uint64_t s = lay->proto + (l4_len >> 16) + (l4_len & 0xffff);

	return lay->ip6 ? sum(l3 + 8, 32, s) : sum(l3 + 12, 8, s);
}

static uint32_t csum_field(const struct layout *lay)
{
	return lay->proto == PROTO_TCP ? 16 : 6;
}

static void fill_ipcsum(uint8_t *ip)
{
	put16(ip + 10, 0);
	put16(ip + 10, ~fold(sum(ip, (ip[0] & 0xf) * 4, 0)));
}

bool frame_locate_l4(struct frame *frame)
{
	struct layout lay;

	if (!find_layout(frame, &lay) || !lay.l4)
		return false;
	frame->csum_start = lay.l4;
	frame->csum_offset = csum_field(&lay);
	frame->hdr_len = lay.l4 + lay.l4_hdr;
	return true;
}

void frame_classify(const struct frame *frame, struct frame_proto *proto)
{
	struct layout lay;

	memset(proto, 0, sizeof(*proto));
	if (!find_layout(frame, &lay))
		return;
	proto->ip4 = !lay.ip6;
	proto->ip6 = lay.ip6;
	proto->tcp = lay.l4 && lay.proto == PROTO_TCP;
	proto->udp = lay.l4 && lay.proto == PROTO_UDP;
}

void frame_finish_csum(struct frame *frame, uint8_t *buf)
{
	uint32_t start = frame->csum_start;
	struct layout lay;
	uint32_t field, end;
	uint16_t csum;
	bool ip;

	frame->data = buf;
	ip = find_layout(frame, &lay);
	if (frame->needs_ipcsum && ip && !lay.ip6)
		fill_ipcsum(buf + lay.l3);
	frame->needs_ipcsum = false;
	if (!frame->needs_csum)
		return;

	frame->needs_csum = false;
	frame->csum_good = true;
	field = start + frame->csum_offset;
	end = ip && lay.end > start ? lay.end : frame->len;
	if (field + 2 > end)
		return;
	csum = ~fold(sum(buf + start, end - start, 0));
	/* For UDP, 0 means that there is no checksum; TCP takes either. */
	put16(buf + field, csum ? csum : 0xffff);
}

/* The headers of one segment, or of a burst that a kernel will cut. */
static void fix_ip_length(uint8_t *hdr, const struct layout *lay, uint32_t len)
{
	uint8_t *ip = hdr + lay->l3;
	uint32_t l3_len = len - lay->l3;

	if (lay->ip6) {
		l3_len -= 40;
		put16(ip + 4, l3_len > 0xffff ? 0 : l3_len);
		return;
	}
	put16(ip + 2, l3_len > 0xffff ? 0 : l3_len);
	fill_ipcsum(ip);
}

static bool gso_layout(const struct frame *frame, struct layout *lay)
{
	if (!frame->gso_size || !find_layout(frame, lay) || !lay->l4)
		return false;
	if (lay->proto != PROTO_TCP || lay->ip6 != (frame->gso == GSO_TCP6))
		return false;
	return lay->l4 + lay->l4_hdr <= FRAME_GSO_HDR;
}

bool frame_gso_headers(struct frame *frame, uint8_t *hdr)
{
	struct layout lay;
	uint32_t hdr_len;

	if (!gso_layout(frame, &lay))
		return false;
	hdr_len = lay.l4 + lay.l4_hdr;
	memcpy(hdr, frame->data, hdr_len);
	fix_ip_length(hdr, &lay, frame->len);
	put16(hdr + lay.l4 + 16, fold(pseudo_sum(hdr + lay.l3, &lay,
						 frame->len - lay.l4)));
	frame->csum_start = lay.l4;
	frame->csum_offset = 16;
	frame->hdr_len = hdr_len;
	return true;
}

const char *frame_check_request(const struct frame *frame)
{
	bool burst = frame->gso != GSO_NONE;
	const uint8_t *l3;
	struct layout lay;
	uint16_t want;

	if (!find_layout(frame, &lay) || !lay.l4)
		return "no TCP or UDP";
	l3 = frame->data + lay.l3;
	if (burst && get16(l3 + (lay.ip6 ? 4 : 2)))
		return "length of IP not left open";
	if (burst && !lay.ip6 && get16(l3 + 10))
		return "checksum of IP not left open";
	want = fold(pseudo_sum(l3, &lay, burst ? 0 : lay.end - lay.l4));
	if (get16(frame->data + lay.l4 + csum_field(&lay)) != want)
		return "not the sum of the pseudo header";
	return NULL;
}

static void segment_one(const struct frame *frame, const struct layout *lay,
			uint32_t at, uint32_t count, uint32_t index,
			uint8_t *buf)
{
	uint32_t hdr_len = lay->l4 + lay->l4_hdr;
	uint32_t len = hdr_len + count;
	uint8_t *tcp = buf + lay->l4;
	uint8_t *ip = buf + lay->l3;

	memcpy(buf, frame->data, hdr_len);
	memcpy(buf + hdr_len, frame->data + hdr_len + at, count);
	if (!lay->ip6)
		put16(ip + 4, get16(ip + 4) + index);
	fix_ip_length(buf, lay, len);
	put32(tcp + 4, get32(tcp + 4) + at);
	if (hdr_len + at + count < frame->len)
		tcp[13] &= ~(TCP_FIN | TCP_PSH);
	if (index)
		tcp[13] &= ~TCP_CWR;
	put16(tcp + 16, 0);
	put16(tcp + 16, ~fold(sum(tcp, len - lay->l4,
				  pseudo_sum(ip, lay, len - lay->l4))));
}

static bool segment_burst(const struct frame *frame,
			  bool (*emit)(void *ctx, const struct frame *segment),
			  void *ctx)
{
	uint32_t hdr_len, total, at, count, index = 0;
	uint8_t buf[FRAME_MAX];
	struct frame segment;
	struct layout lay;

	if (frame->len > FRAME_MAX || !gso_layout(frame, &lay))
		return false;
	hdr_len = lay.l4 + lay.l4_hdr;
	total = frame->len - hdr_len;
	for (at = 0; at < total || !index; at += count) {
		count = total - at;
		if (count > frame->gso_size)
			count = frame->gso_size;
		segment_one(frame, &lay, at, count, index++, buf);
		segment = (struct frame){
			.data = buf,
			.len = hdr_len + count,
			.csum_good = true,
			.csum_start = lay.l4,
			.csum_offset = 16,
			.hdr_len = hdr_len,
			.vlan = frame->vlan,
			.tci = frame->tci,
		};
		if (!emit(ctx, &segment))
			break;
	}
	return true;
}

bool frame_segment(const struct frame *frame,
		   bool (*emit)(void *ctx, const struct frame *segment),
		   void *ctx)
{
	uint8_t buf[FRAME_MAX];
	struct frame whole;

	if (frame->gso != GSO_NONE)
		return segment_burst(frame, emit, ctx);
	if (frame->len < FRAME_HDR || frame->len > FRAME_MAX)
		return false;
	if (!frame->needs_csum && !frame->needs_ipcsum) {
		emit(ctx, frame);
		return true;
	}
	memcpy(buf, frame->data, frame->len);
	whole = *frame;
	frame_finish_csum(&whole, buf);
	emit(ctx, &whole);
	return true;
}

static bool l4_csum_ok(const uint8_t *data, const struct layout *lay)
{
	uint32_t len = lay->end - lay->l4;

	/* UDP over IPv4 may do without. */
	if (lay->proto == PROTO_UDP && !get16(data + lay->l4 + 6))
		return !lay->ip6;
	return fold(sum(data + lay->l4, len,
			pseudo_sum(data + lay->l3, lay, len))) == 0xffff;
}

void frame_check_csum(const struct frame *frame, struct frame_csum *ok)
{
	const uint8_t *data = frame->data;
	struct layout lay;

	ok->ip = true;
	ok->l4 = true;
	if (!find_layout(frame, &lay))
		return;
	if (!lay.ip6)
		ok->ip = fold(sum(data + lay.l3, (data[lay.l3] & 0xf) * 4,
				  0)) == 0xffff;
	if (lay.l4)
		ok->l4 = l4_csum_ok(data, &lay);
}

bool frame_csum_ok(const struct frame *frame)
{
	struct frame_csum ok;

	frame_check_csum(frame, &ok);
	return ok.ip && ok.l4;
}
