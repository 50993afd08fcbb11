/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One ring of a channel: packets in guest memory, between one writer and one
 * reader.  ring.c
 *
 * The guest runs while we look: each index and each header is copied once and
 * the copy is checked.  Our own index of a ring never comes from the guest.
 */
#ifndef HVHOST_RING_H
#define HVHOST_RING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vmbus.h"

struct ring_control;

/**
 * struct ring - the host's end of a ring
 * @ctl: first page
 * @pages: the data pages after it; the array belongs to the GPADL
 * @size: bytes of data
 * @index: where the host reads or writes next
 * @waiting: (writing) the guest was asked to signal when it makes room
 * @masked: (reading) the guest was told not to signal
 */
struct ring {
	struct ring_control *ctl;
	uint8_t *const *pages;
	uint32_t size;
	uint32_t index;
	bool waiting;
	bool masked;
};

/* @pages: control page and at least one data page; NULL or what is wrong. */
const char *ring_init_reader(struct ring *ring, uint8_t *const *pages,
			     unsigned int nr_pages);
const char *ring_init_writer(struct ring *ring, uint8_t *const *pages,
			     unsigned int nr_pages);

/**
 * ring_read() - take the next packet
 * @pkt: filled on RING_OK
 * @signal: set if the guest waits for the room that this made
 * @why: on RING_BAD, what the guest did
 *
 * The guest is told to keep silent from the first packet until the ring is
 * found empty.
 */
enum ring_status ring_read(struct ring *ring, struct packet *pkt, bool *signal,
			   const char **why);

/**
 * ring_write() - put a packet
 * @iov: header of the type and payload, in pieces, the header's length a
 *	multiple of 8; the first @header bytes are the header
 * @signal: set if the guest has to be interrupted
 */
enum ring_status ring_write(struct ring *ring, uint16_t type, uint16_t flags,
			    uint64_t trans_id, const struct iovec *iov,
			    unsigned int nr_iov, uint32_t header,
			    bool *signal, const char **why);

/* The guest is to keep silent, whatever it writes, until a ring_read(). */
void ring_silence(struct ring *ring);

/* Room for packets right now, as the guest's rules count it. */
uint32_t ring_room(const struct ring *ring);

#endif
