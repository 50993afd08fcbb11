/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RNDIS, the language of a NIC's guest: control in rndis.c, frames in
 * rndis_packet.c.  Both work on copies of what the guest sent, and know nothing
 * of channels and buffers.
 */
#ifndef HVHOST_RNDIS_H
#define HVHOST_RNDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "rss.h"

struct generation;
struct vnic;

#define NDIS_VERSION(major, minor)	((uint32_t)(major) << 16 | (minor))

#define RNDIS_MAX_PACKETS	8	/* in one message */
#define RNDIS_ALIGN_SHIFT	3
#define RNDIS_MULTICAST_MAX	64
#define RNDIS_NAME_MAX		255	/* characters */
#define RNDIS_REPLY_MAX		1024
#define RNDIS_REQUEST_MAX	8192
/* More than the headers of a frame to the guest can take. */
#define RNDIS_RX_HDR_MAX	128

/**
 * struct rndis - the RNDIS side of a NIC
 * @nic: port of the switch; NULL when the NIC is on its way out
 * @perm_mac: the address that the host gave it
 * @gen: what the host can do
 * @name: that the host's administrator gave it, ASCII; empty for none
 * @speed: of the link, Mbit/s
 * @link: cable plugged in
 * @queues: how many channels the NIC can have
 * @rsc_offered: the host can coalesce and the guest's NVSP version allows it
 * @frame_size: MTU and Ethernet header
 * @ndis: version that the guest speaks, NDIS_VERSION(); 0 before it said so
 * @ready: initialized and not halted
 * @vlan_inline: the guest does not know tags outside of the frame
 * @tx_csum: frames whose checksum the guest left to the host
 * @tx_lso: frames whose segmentation it did
 * @tx_bad_offload: messages refused because the host was asked to finish a frame
 *	in a way that makes no sense, or that was not agreed on
 * @offload_changed: the guest should be told of its new configuration
 */
struct rndis {
	struct vnic *nic;
	uint8_t perm_mac[6];
	const struct generation *gen;
	char name[RNDIS_NAME_MAX + 1];
	uint32_t speed;
	bool link;
	unsigned int queues;

	bool rsc_offered;
	uint32_t frame_size;
	uint32_t ndis;
	bool ready;
	bool vlan_inline;
	bool offload_changed;
	uint64_t tx_csum, tx_lso;
	uint64_t tx_bad_offload;
	uint32_t filter;
	uint32_t tx_csum4, tx_csum6, rx_csum4, rx_csum6;
	bool lso4, lso6, rsc4, rsc6;
	unsigned int nr_multicast;
	uint8_t multicast[RNDIS_MULTICAST_MAX][6];
	uint16_t packet_id;
	struct rss rss;
};

/* As after the guest opened the channel. */
void rndis_reset(struct rndis *rn);

/**
 * rndis_control() - carry out a control message
 * @reply: room for RNDIS_REPLY_MAX bytes
 * @reply_len: set; 0 for a message without answer
 *
 * Return: NULL, or in what way the message breaks the protocol.
 */
const char *rndis_control(struct rndis *rn, const uint8_t *msg, size_t len,
			  uint8_t *reply, size_t *reply_len);

/*
 * The answer that a request of this host fails, without carrying it out: to
 * initialize, query or set.  Returns its length.
 */
size_t rndis_refuse(const uint8_t *msg, uint8_t *reply);

/* An indication in @buf (RNDIS_REPLY_MAX bytes); returns its length. */
size_t rndis_indicate(const struct rndis *rn, uint8_t *buf, uint32_t status,
		      const void *data, size_t len);
size_t rndis_indicate_offload(const struct rndis *rn, uint8_t *buf);

/* Would the guest's packet filter let the frame pass? */
bool rndis_wants(const struct rndis *rn, const struct frame *frame);

/* Whether a frame without segmentation keeps within the MTU. */
bool rndis_fits(const struct rndis *rn, const struct frame *frame);

/**
 * rndis_packets() - take frames out of a data message
 * @msg: one packet message or several in a row
 * @emit: called for each frame, but for none if any of them is malformed
 *
 * Return: NULL, or what is wrong.
 */
const char *rndis_packets(struct rndis *rn, const uint8_t *msg, size_t len,
			  void (*emit)(void *ctx, const struct frame *frame),
			  void *ctx);

/**
 * struct rndis_part - what one message to the guest holds of a frame
 * @part: of several; a frame in one piece has no flags of this kind
 * @len: bytes of the frame in it
 * @hash: of the whole frame
 */
struct rndis_part {
	bool part, first, last;
	uint32_t len;
	struct rss_hash hash;
};

/*
 * The message header for (a part of) @frame, whose checksums are finished; the
 * bytes of the frame follow it.  @buf has room for RNDIS_RX_HDR_MAX bytes.
 */
uint32_t rndis_rx_header(const struct rndis *rn, const struct frame *frame,
			 const struct rndis_part *part, uint8_t *buf);

#endif
