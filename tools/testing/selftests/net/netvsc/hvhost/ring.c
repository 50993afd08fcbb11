// SPDX-License-Identifier: GPL-2.0
/*
 * Packets in and out of a channel's rings, with the rules of who signals whom.
 */
#include "ring.h"

#include <string.h>

#include "mem.h"
#include "vmbus_wire.h"

/* After each packet: where it started, in the upper half of 8 bytes. */
#define TRAILER		8u

#define load(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define full_barrier()	__atomic_thread_fence(__ATOMIC_SEQ_CST)

static uint32_t ring_advance(const struct ring *ring, uint32_t index,
			     uint32_t len)
{
	index += len;
	return index >= ring->size ? index - ring->size : index;
}

static uint32_t ring_used(const struct ring *ring, uint32_t read,
			  uint32_t write)
{
	return write >= read ? write - read : ring->size - read + write;
}

static bool index_ok(const struct ring *ring, uint32_t index)
{
	return index < ring->size && index % 8 == 0;
}

/* Bytes at @index up to the end of its page. */
static uint32_t ring_chunk(const struct ring *ring, uint32_t index,
			   uint32_t len, uint8_t **p)
{
	uint32_t offset = index % GUEST_PAGE_SIZE;
	uint32_t left = GUEST_PAGE_SIZE - offset;

	*p = ring->pages[index / GUEST_PAGE_SIZE] + offset;
	return len < left ? len : left;
}

static void ring_get(const struct ring *ring, uint32_t index, void *buf,
		     uint32_t len)
{
	uint8_t *to = buf, *from;

	while (len) {
		uint32_t n = ring_chunk(ring, index, len, &from);

		memcpy(to, from, n);
		index = ring_advance(ring, index, n);
		to += n;
		len -= n;
	}
}

/* Returns the index after what was put. */
static uint32_t ring_put(const struct ring *ring, uint32_t index,
			 const void *buf, uint32_t len)
{
	const uint8_t *from = buf;
	uint8_t *to;

	while (len) {
		uint32_t n = ring_chunk(ring, index, len, &to);

		memcpy(to, from, n);
		index = ring_advance(ring, index, n);
		from += n;
		len -= n;
	}
	return index;
}

static const char *ring_init(struct ring *ring, uint8_t *const *pages,
			     unsigned int nr_pages)
{
	if (nr_pages < 2)
		return "ring without data pages";

	*ring = (struct ring){
		.ctl = (struct ring_control *)(void *)pages[0],
		.pages = pages + 1,
		.size = (nr_pages - 1) * GUEST_PAGE_SIZE,
	};
	return NULL;
}

const char *ring_init_reader(struct ring *ring, uint8_t *const *pages,
			     unsigned int nr_pages)
{
	const char *why = ring_init(ring, pages, nr_pages);

	if (why)
		return why;
	ring->index = load(&ring->ctl->read_index);
	if (!index_ok(ring, ring->index))
		return "outbound ring starts with a bad read index";
	store(&ring->ctl->interrupt_mask, 0);
	return NULL;
}

const char *ring_init_writer(struct ring *ring, uint8_t *const *pages,
			     unsigned int nr_pages)
{
	const char *why = ring_init(ring, pages, nr_pages);

	if (why)
		return why;
	ring->index = load(&ring->ctl->write_index);
	if (!index_ok(ring, ring->index))
		return "inbound ring starts with a bad write index";
	/* Says that this host uses pending_send_size in both rings. */
	__atomic_or_fetch(&ring->ctl->features, RING_FEATURE_PENDING_SEND,
			  __ATOMIC_RELEASE);
	store(&ring->ctl->pending_send_size, 0);
	return NULL;
}

uint32_t ring_room(const struct ring *ring)
{
	uint32_t read = load(&ring->ctl->read_index);

	if (!index_ok(ring, read))
		return 0;
	return ring->size - ring_used(ring, read, ring->index);
}

/* Splits a range list of a GPA-direct header into pages. */
static const char *gpa_ranges(struct packet *pkt, const uint8_t *hdr,
			      uint32_t len)
{
	struct pkt_gpa_hdr gh;
	struct gpa_range range;
	unsigned int r;

	if (len < sizeof(gh))
		return "GPA-direct header too short";
	memcpy(&gh, hdr, sizeof(gh));
	hdr += sizeof(gh);
	len -= sizeof(gh);
	if (gh.nr_ranges > PKT_MAX_GPA_RANGES)
		return "too many GPA ranges";

	for (r = 0; r < gh.nr_ranges; r++) {
		if (len < sizeof(range))
			return "GPA ranges beyond the header";
		memcpy(&range, hdr, sizeof(range));
		hdr += sizeof(range);
		len -= sizeof(range);
		if (!range.len || range.offset >= GUEST_PAGE_SIZE)
			return "GPA range is empty or starts off its page";

		while (range.len) {
			uint32_t n = GUEST_PAGE_SIZE - range.offset;
			uint64_t pfn;

			if (len < sizeof(pfn))
				return "GPA range beyond the header";
			if (pkt->nr_gpas == PKT_MAX_PAGES)
				return "too many pages";
			memcpy(&pfn, hdr, sizeof(pfn));
			hdr += sizeof(pfn);
			len -= sizeof(pfn);
			if (pfn > UINT64_MAX >> GUEST_PAGE_SHIFT)
				return "page number out of range";

			if (n > range.len)
				n = range.len;
			pkt->gpas[pkt->nr_gpas].gpa =
				(pfn << GUEST_PAGE_SHIFT) + range.offset;
			pkt->gpas[pkt->nr_gpas++].len = n;
			range.len -= n;
			range.offset = 0;
		}
	}
	return NULL;
}

/* Copies the packet at our index, of which @avail bytes are there. */
static const char *ring_parse(const struct ring *ring, struct packet *pkt,
			      uint32_t avail, uint32_t *taken)
{
	uint32_t len, offset, start;
	struct pkt_desc desc;

	if (avail < sizeof(desc) + TRAILER)
		return "packet shorter than its header";
	ring_get(ring, ring->index, &desc, sizeof(desc));
	len = desc.len8 * 8u;
	offset = desc.offset8 * 8u;
	if (len < sizeof(desc) || offset < sizeof(desc) || offset > len)
		return "packet header makes no sense";
	if (len + TRAILER > avail)
		return "packet goes beyond the write index";
	if (len - sizeof(desc) > PKT_MAX_LEN)
		return "packet too long";

	start = ring_advance(ring, ring->index, sizeof(desc));
	ring_get(ring, start, pkt->buf, len - sizeof(desc));
	*taken = len + TRAILER;

	pkt->type = desc.type;
	pkt->flags = desc.flags;
	pkt->trans_id = desc.trans_id;
	pkt->len = len - offset;
	pkt->payload = pkt->buf + (offset - sizeof(desc));
	pkt->nr_gpas = 0;
	if (desc.type != PKT_GPA_DIRECT)
		return NULL;
	return gpa_ranges(pkt, pkt->buf, offset - sizeof(desc));
}

/*
 * Gives @taken bytes back.  A guest that waits for room has said how much; it
 * is signalled once, by the packet that makes the room exceed that.  The order
 * of index, wish and write index matters: the guest does it the other way.
 */
static bool ring_consume(struct ring *ring, uint32_t taken)
{
	uint32_t wish, write, room;

	ring->index = ring_advance(ring, ring->index, taken);
	store(&ring->ctl->read_index, ring->index);
	full_barrier();

	if (!(load(&ring->ctl->features) & RING_FEATURE_PENDING_SEND))
		return false;
	wish = load(&ring->ctl->pending_send_size);
	if (!wish)
		return false;
	write = load(&ring->ctl->write_index);
	if (!index_ok(ring, write))
		return false;	/* the next read says so */
	room = ring->size - ring_used(ring, ring->index, write);
	return room > wish && room - taken <= wish;
}

static void ring_mask(struct ring *ring, bool masked)
{
	if (ring->masked == masked)
		return;
	ring->masked = masked;
	store(&ring->ctl->interrupt_mask, masked);
	/* The guest writes, then looks at the mask: unmask, then look again. */
	full_barrier();
}

void ring_silence(struct ring *ring)
{
	ring_mask(ring, true);
}

enum ring_status ring_read(struct ring *ring, struct packet *pkt, bool *signal,
			   const char **why)
{
	uint32_t write, taken;

	*signal = false;
	write = load(&ring->ctl->write_index);
	if (write == ring->index) {
		ring_mask(ring, false);
		write = load(&ring->ctl->write_index);
		if (write == ring->index)
			return RING_EMPTY;
	}
	ring_mask(ring, true);

	if (!index_ok(ring, write)) {
		*why = "bad write index";
		return RING_BAD;
	}
	*why = ring_parse(ring, pkt, ring_used(ring, ring->index, write),
			  &taken);
	if (*why)
		return RING_BAD;

	*signal = ring_consume(ring, taken);
	return RING_OK;
}

/* Asks for a signal unless there is room after all. */
static bool ring_wait_room(struct ring *ring, uint32_t need)
{
	ring->waiting = true;
	store(&ring->ctl->pending_send_size, need);
	full_barrier();
	return ring_room(ring) <= need;
}

enum ring_status ring_write(struct ring *ring, uint16_t type, uint16_t flags,
			    uint64_t trans_id, const struct iovec *iov,
			    unsigned int nr_iov, uint32_t header,
			    bool *signal, const char **why)
{
	static const uint8_t zeros[8];
	uint32_t start = ring->index, index, need, pad;
	struct pkt_desc desc;
	size_t len = 0;
	uint64_t trailer;
	unsigned int i;

	*signal = false;
	for (i = 0; i < nr_iov; i++)
		len += iov[i].iov_len;
	pad = -len & 7;
	if (len > PKT_MAX_LEN || sizeof(desc) + len + pad + TRAILER >=
				 ring->size) {
		*why = "inbound ring too small for a packet";
		return RING_BAD;
	}
	if (!index_ok(ring, load(&ring->ctl->read_index))) {
		*why = "bad read index";
		return RING_BAD;
	}

	/* A ring filled to the last byte would look empty. */
	need = sizeof(desc) + len + pad + TRAILER;
	if (ring_room(ring) <= need && ring_wait_room(ring, need))
		return RING_FULL;
	if (ring->waiting) {
		ring->waiting = false;
		store(&ring->ctl->pending_send_size, 0);
	}

	desc = (struct pkt_desc){
		.type = type,
		.flags = flags,
		.trans_id = trans_id,
		.offset8 = (sizeof(desc) + header) / 8,
		.len8 = (sizeof(desc) + len + pad) / 8,
	};
	trailer = (uint64_t)start << 32;

	index = ring_put(ring, start, &desc, sizeof(desc));
	for (i = 0; i < nr_iov; i++)
		index = ring_put(ring, index, iov[i].iov_base, iov[i].iov_len);
	index = ring_put(ring, index, zeros, pad);
	index = ring_put(ring, index, &trailer, sizeof(trailer));

	ring->index = index;
	store(&ring->ctl->write_index, index);
	full_barrier();

	/*
	 * Whoever drains the ring masks it; the unmasked reader of a ring that
	 * was not empty has been interrupted by the packet before this one.
	 */
	*signal = !load(&ring->ctl->interrupt_mask) &&
		  load(&ring->ctl->read_index) == start;
	return RING_OK;
}
