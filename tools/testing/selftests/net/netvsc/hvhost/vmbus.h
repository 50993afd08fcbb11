/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VMBus, the host's side, as the devices on it see it: they offer a channel,
 * learn when the guest opens and closes it, and exchange packets on it.
 * vmbus.c: messages; channel.c: channels; vmbus_step.c: what is done wrong when
 * the guest asks for something; gpadl.c: guest memory lent to the host; ring.c:
 * the two rings of a channel.
 *
 * Everything here runs with the host lock held.
 */
#ifndef HVHOST_VMBUS_H
#define HVHOST_VMBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct vm;
struct vmbus;
struct channel;
struct gpadl;
struct steps;

struct guid {
	uint8_t b[16];			/* as it stands in memory */
};

/**
 * struct channel_ops - what a device does when its channel changes
 * @open: rings are mapped; return false to refuse (the guest sees an error)
 * @close: the guest closed the channel, or it was rescinded while open; rings
 *	and GPADLs are still valid during the call and gone after it
 * @readable: the guest signalled: read until channel_read() says empty.  Also
 *	called when the guest made room in a ring that channel_write() had found
 *	full.
 * @released: no guest uses the channel any more (relid released, or VMBus
 *	unloaded); a rescinded channel is freed right after this
 * @gpadl_gone: the guest takes @gpadl away; the device must stop using it
 *	before it returns.  May be NULL.
 */
struct channel_ops {
	bool (*open)(void *ctx, struct channel *chan);
	void (*close)(void *ctx, struct channel *chan);
	void (*readable)(void *ctx, struct channel *chan);
	void (*released)(void *ctx, struct channel *chan);
	void (*gpadl_gone)(void *ctx, struct channel *chan,
			   struct gpadl *gpadl);
};

#define OFFER_USER_DATA		120

/* A flag of an offer, as in the protocol. */
#define OFFER_FLAG_ENUMERATE	0x0001

/**
 * struct channel_offer - what the guest is told of a channel
 * @type: interface type
 * @instance: this device; sub-channels have their parent's
 * @sub_index: 0 for a device, 1.. for its sub-channels
 * @mmio_mb: size of the register window that the guest should reserve
 */
struct channel_offer {
	struct guid type;
	struct guid instance;
	uint16_t sub_index;
	uint16_t mmio_mb;
	uint16_t flags;
	uint8_t user_data[OFFER_USER_DATA];
	const struct channel_ops *ops;
	void *ctx;
	struct steps *steps;		/* may be NULL */
};

struct vmbus *vmbus_create(struct vm *vm, uint32_t max_version);
void vmbus_destroy(struct vmbus *vmbus);

/* The machine it belongs to, for devices that reach into guest memory. */
struct vm *vmbus_vm(const struct vmbus *vmbus);

/* For struct hv_calls, with the vmbus as @ctx. */
uint16_t vmbus_post_message(void *vmbus, uint32_t connection_id, uint32_t type,
			    const void *payload, size_t len);
uint16_t vmbus_signal_event(void *vmbus, uint32_t connection_id,
			    uint16_t flag);

/* Offers it now, or as soon as the guest asks for offers. */
struct channel *vmbus_offer(struct vmbus *vmbus,
			    const struct channel_offer *offer);

/*
 * Takes a channel back.  ->close() (if open) is called at once, ->released()
 * once the guest has released the relid; the channel must not be used after
 * that.  A channel that was never offered to a guest is released at once.
 */
void vmbus_rescind(struct channel *chan);

/* Closes a channel whose guest broke the protocol: says why, then rescinds. */
__attribute__((format(printf, 2, 3)))
void channel_fail(struct channel *chan, const char *fmt, ...);

bool channel_is_open(const struct channel *chan);
/* Being taken back; freed after ->released(). */
bool channel_is_rescinded(const struct channel *chan);
uint32_t channel_relid(const struct channel *chan);
unsigned int channel_vp(const struct channel *chan);
/* Version that the guest and the host agreed on: major << 16 | minor. */
uint32_t vmbus_version(const struct vmbus *vmbus);

/* Packet types and flags on a ring. */
#define PKT_INBAND		6
#define PKT_XFER_PAGES		7
#define PKT_GPA_DIRECT		9
#define PKT_COMPLETION		11
#define PKT_FLAG_COMPLETE	1	/* sender wants a completion */

struct pkt_range {			/* of a PKT_XFER_PAGES packet */
	uint32_t len;
	uint32_t offset;
};

#define PKT_MAX_LEN		(64 * 1024)
#define PKT_MAX_GPA_RANGES	64
#define PKT_MAX_PAGES		1024

/* A run of guest memory that a GPA-direct packet points to, page by page. */
struct pkt_gpa {
	uint64_t gpa;
	uint32_t len;			/* within one page */
};

/**
 * struct packet - a packet that was read from the guest: a checked copy
 * @payload: what follows the type's own header, @len bytes (padded to 8)
 * @gpas: memory of a GPA-direct packet, in order
 */
struct packet {
	uint16_t type;
	uint16_t flags;
	uint64_t trans_id;
	uint32_t len;
	const uint8_t *payload;
	unsigned int nr_gpas;
	struct pkt_gpa gpas[PKT_MAX_PAGES];
	uint8_t buf[PKT_MAX_LEN];
};

enum ring_status {
	RING_OK,
	RING_EMPTY,		/* read: nothing there */
	RING_FULL,		/* write: no room; ->readable() follows */
	RING_BAD,		/* the guest broke the ring: channel_fail() */
};

/**
 * channel_read() - take the next packet out of the guest's ring
 * @pkt: filled on RING_OK
 *
 * Signals the guest when it waits for room.  On RING_BAD the channel has been
 * failed already; the caller just returns.
 */
enum ring_status channel_read(struct channel *chan, struct packet *pkt);

/*
 * Nothing will be read for a while: the guest need not signal what it writes,
 * until channel_read() has found the ring empty.
 */
void channel_silence(struct channel *chan);

/**
 * channel_write() - put a packet into the guest's inbound ring
 * @type: PKT_INBAND, PKT_COMPLETION or PKT_XFER_PAGES
 * @payload: after the header of the type; padded to 8 bytes by the ring
 *
 * Interrupts the guest as the ring's rules say.
 */
enum ring_status channel_write(struct channel *chan, uint16_t type,
			       uint16_t flags, uint64_t trans_id,
			       const void *payload, size_t len);

/* As channel_write(), for PKT_XFER_PAGES with its header. */
enum ring_status channel_write_xfer(struct channel *chan, uint64_t trans_id,
				    uint16_t xfer_set,
				    const struct pkt_range *ranges,
				    unsigned int nr_ranges,
				    const void *payload, size_t len);

/*
 * As channel_write(), for packets that are wrong on purpose: the first @header
 * bytes of @data stand where the type has its header, whatever they are.
 */
enum ring_status channel_write_raw(struct channel *chan, uint16_t type,
				   uint16_t flags, uint64_t trans_id,
				   const void *data, size_t len, size_t header);

/* A GPADL that the guest made for this channel; NULL if there is none. */
struct gpadl *channel_gpadl(struct channel *chan, uint32_t id);
uint32_t gpadl_id(const struct gpadl *gpadl);
uint64_t gpadl_size(const struct gpadl *gpadl);
/* False, and nothing done, if [offset, offset + len) is not inside it. */
bool gpadl_read(const struct gpadl *gpadl, uint64_t offset, void *buf,
		size_t len);
bool gpadl_write(struct gpadl *gpadl, uint64_t offset, const void *buf,
		 size_t len);

/* What the guest has of the bus now, and how much it was told and has said. */
struct vmbus_stats {
	uint64_t messages_in, messages_out, interrupts;
	unsigned int channels, open_channels, gpadls;
	unsigned int gpadl_pages;	/* that the guest has lent */
};

void vmbus_get_stats(const struct vmbus *vmbus, struct vmbus_stats *stats);

#endif
