/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An Ethernet frame on its way through the host, with what the sender left to
 * do and what the receiver may know.  frame.c finishes frames in software.
 */
#ifndef HVHOST_FRAME_H
#define HVHOST_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX	(64 * 1024 + 256)	/* a TSO burst and its headers */
#define FRAME_HDR	14
/* Least payload of the segments of a guest's burst: bounds how many there are. */
#define FRAME_MIN_MSS	32

enum frame_gso { GSO_NONE, GSO_TCP4, GSO_TCP6 };

/**
 * struct frame - a frame; the bytes belong to the caller
 * @data: from the destination address on, without an 802.1Q tag
 * @needs_csum: the L4 checksum field holds the pseudo-header sum; the checksum
 *	goes to @csum_start + @csum_offset
 * @csum_good: checksums were checked, or never needed (it came from this host)
 * @needs_ipcsum: the IPv4 header checksum is still to be filled in
 * @gso_size: payload of each segment, bytes; with @gso only
 * @vlan: the frame carries @tci
 * @hashed: the guest has told its flow's hash
 */
struct frame {
	const uint8_t *data;
	uint32_t len;
	bool needs_csum;
	bool csum_good;
	bool needs_ipcsum;
	uint16_t csum_start;
	uint16_t csum_offset;
	enum frame_gso gso;
	uint16_t gso_size;
	uint16_t hdr_len;		/* Ethernet to the end of TCP */
	bool vlan;
	uint16_t tci;
	bool hashed;
};

/* Finishes checksums in @buf, a private copy of the frame's bytes. */
void frame_finish_csum(struct frame *frame, uint8_t *buf);

/*
 * Calls @emit for each segment of @frame with checksums filled in, until it
 * returns false; a frame without GSO gives one call.  False if its headers make
 * no sense.
 */
bool frame_segment(const struct frame *frame,
		   bool (*emit)(void *ctx, const struct frame *segment),
		   void *ctx);

/*
 * Finds where the L4 checksum belongs: sets csum_start, csum_offset and hdr_len
 * from the headers.  False for anything but whole TCP or UDP over IPv4 or IPv6.
 */
bool frame_locate_l4(struct frame *frame);

/*
 * Writes the headers of a GSO frame to @hdr (room for FRAME_GSO_HDR bytes) the
 * way a kernel wants them: IP length of the whole burst, pseudo-header sum with
 * that length.  Senders for NICs leave the length out of both.  Sets
 * csum_start, csum_offset and hdr_len; false if the headers make no sense.
 */
#define FRAME_GSO_HDR	256
bool frame_gso_headers(struct frame *frame, uint8_t *hdr);

/*
 * What a sender has to leave to a NIC that is to finish its frame: the sum of
 * the pseudo header in the L4 checksum field; in a burst without a length, and
 * the length of the IP header 0.  NULL, or what is not as it should be.
 */
const char *frame_check_request(const struct frame *frame);

/**
 * struct frame_csum - the state of the checksums of a frame that needs none
 * @ip: of the IPv4 header, or there is none
 * @l4: of TCP or UDP, or there is none
 */
struct frame_csum {
	bool ip, l4;
};

void frame_check_csum(const struct frame *frame, struct frame_csum *ok);
/* True if all is right. */
bool frame_csum_ok(const struct frame *frame);

/* What a frame carries, for those who report on its checksums. */
struct frame_proto {
	bool ip4, ip6;			/* a whole and plausible header */
	bool tcp, udp;			/* not a fragment, header within */
};

void frame_classify(const struct frame *frame, struct frame_proto *proto);

#endif
