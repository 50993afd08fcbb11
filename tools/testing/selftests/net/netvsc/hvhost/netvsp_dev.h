/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inside of a NIC, for netvsp*.c only; others see netvsp.h.
 *
 * netvsp.c: what the rest of the host asks of it; netvsp_queue.c: a channel,
 * what comes in on it and what has to wait for it; netvsp_session.c: NVSP
 * messages; netvsp_rndis.c: RNDIS messages in and out of the guest's memory;
 * netvsp_subchannel.c: further channels; netvsp_path.c: the VF and the data
 * path; netvsp_rx.c: the receive buffer; netvsp_step.c: steps that go wrong.
 */
#ifndef HVHOST_NETVSP_DEV_H
#define HVHOST_NETVSP_DEV_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"
#include "log.h"
#include "loop.h"
#include "netvsp.h"
#include "netvsp_rx.h"
#include "nvsp_wire.h"
#include "rndis.h"
#include "step.h"
#include "vmbus.h"
#include "vswitch.h"

#define SEND_SECTION_SIZE	6144
/* RNDIS message of a guest */
#define MSG_MAX			(128 * 1024)

/* No receive packet has this bit in its transaction id. */
#define TRANS_ASSOCIATION	(1ull << 63)

/* A message for the guest; @type of 0: an RNDIS message. */
struct out {
	struct out *next;
	uint16_t type;
	uint16_t flags;
	uint64_t trans_id;
	uint32_t len;
	uint8_t data[];
};

struct out_queue {
	struct out *first, **end;
	unsigned int count;
};

/**
 * struct queue - a channel of a NIC
 * @nv: NULL once the NIC has done with a channel that the guest still has
 * @index: 0 for the primary one
 * @out: packets that wait for room in its ring
 * @waiting: frames that wait for room in its ring or the receive buffer
 * @stopped: too much waits in @out; nothing is read until it does not
 * @more: goes on reading when one turn was not enough
 */
struct queue {
	struct netvsp *nv;
	struct channel *chan;
	unsigned int index;
	bool open;
	bool stopped;
	struct out_queue out;
	struct rx_backlog waiting;
	struct loop_task more;
};

struct late_answer;

/* A data-path switch, how late it is, and what its completion needs. */
struct late_switch {
	enum vpath path;
	uint32_t seconds;
	uint16_t flags;
	uint64_t trans_id;
};

/**
 * struct netvsp - a synthetic NIC
 * @primary: its channel
 * @queues: that one, and those of the session that the guest asked for; NULL
 *	where it has given one back
 * @counts: of each channel, whoever had it
 * @over: the channel is being taken back, by us or because the guest broke a rule
 * @removing: and nobody wants this object after that
 * @version: of NVSP; 0 before the guest and the host agreed on one
 * @frame_asked: the size of frames that the guest wants, 0 if it has not said so;
 *	what it gets is in @rndis
 * @send_buf: NULL while there is none
 * @send_revoked: and there was one in this session
 * @lent: memory of the buffers, from the moment in which they are taken until the
 *	guest has its memory back, revoked or not
 * @control: RNDIS answers and indications that wait
 * @held: nothing is read from the guest, and nothing offered to it
 * @squeezed: the uplink was told to wait
 * @last_done: transaction id of the frames that were completed last
 * @steps: those that go wrong, and all that were taken
 * @late_answers: of those that are late
 * @late: runs while the data-path switch @late_switch has to wait
 * @pause: until the guest is not to be run for a while
 * @early: until the next packet that comes too early
 */
struct netvsp {
	struct vmbus *vmbus;
	struct queue primary;
	struct queue *queues[NETVSP_MAX_QUEUES];
	unsigned int nr_queues;
	struct netvsp_counts counts[NETVSP_MAX_QUEUES];
	struct vnic *nic;
	unsigned int id;
	struct netvsp_config config;
	bool over, removing;

	uint32_t version;
	uint32_t caps;
	uint32_t frame_asked;
	struct gpadl *send_buf;
	uint16_t send_id;
	bool send_revoked;
	struct gpadl *lent[2];
	struct rx_pool rx;
	struct rndis rndis;
	struct out_queue control;
	bool held;
	bool squeezed;

	bool vf_present;
	uint32_t vf_serial;
	bool vf_announced;

	struct fault_answers faults;
	struct steps steps;
	struct late_answer *late_answers;
	uint64_t last_done;
	struct loop_timer late;
	struct loop_timer pause;
	struct loop_timer early;
	struct late_switch late_switch;

	uint64_t protocol_errors;
	struct log_rate rate, news;
	struct packet pkt;
	uint8_t msg[MSG_MAX];
};

/* netvsp.c */

struct channel *netvsp_offer(struct queue *q, const struct channel_ops *ops);

/* netvsp_queue.c */

extern const struct channel_ops netvsp_primary_ops;
extern const struct vpath_ops netvsp_port_ops;

/* The guest broke the protocol. */
void netvsp_fail(struct netvsp *nv, const char *why);
/* The same, where that is no reason to end all. */
void netvsp_complain(struct netvsp *nv, const char *why);
/* A channel has been failed already, which was said. */
void netvsp_bad_ring(struct netvsp *nv);
/* Whatever waits and finds room. */
void netvsp_flush(struct netvsp *nv);
void netvsp_destroy(struct netvsp *nv);

void queue_init(struct queue *q, struct netvsp *nv, unsigned int index);
/* Reads what the guest has put; writes what waits, on all channels. */
void queue_run(struct queue *q);
/* Nothing waits any more; it is not open. */
void queue_clear(struct queue *q);
void queue_readable(void *q, struct channel *chan);

/* What nobody has asked for just now, and then whatever waits. */
void queue_send(struct queue *q, uint16_t type, uint16_t flags,
		uint64_t trans_id, const void *data, uint32_t len);
/*
 * Completes a packet of the guest, if it wants that.  Messages have a fixed
 * length, whatever they say.  One without an answer of its own gets an empty
 * completion (@msg: NULL).
 */
void queue_complete(struct queue *q, const struct packet *pkt, const void *msg,
		    uint32_t len);
/* An RNDIS answer; a guest that takes none has broken the protocol. */
void netvsp_send_answer(struct netvsp *nv, const void *msg, uint32_t len);
/* What the guest has not asked for: it is not to blame if too many wait. */
void netvsp_send_indication(struct netvsp *nv, const void *msg, uint32_t len,
			    uint32_t status);

void out_init(struct out_queue *out);

/* netvsp_session.c */

void session_start(struct netvsp *nv);
void session_end(struct netvsp *nv);
/* Runs while packets are sent that come too early. */
void session_early(void *nv);
void session_message(struct queue *q, const struct packet *pkt);
uint32_t session_msg_len(const struct netvsp *nv);

/* netvsp_subchannel.c */

void subchannels_request(struct queue *q, const struct packet *pkt);
/* They all go, with the session. */
void subchannels_end(struct netvsp *nv);

/* netvsp_rndis.c */

/* A message of which @rndis, checked for its length, is the header. */
void netvsp_rndis(struct queue *q, const struct packet *pkt);

/* netvsp_step.c */

/* True if the request was refused, and answered. */
bool step_nvsp(struct queue *q, const struct packet *pkt, uint32_t type);
/* False if the completion that answers a step is not for now. */
bool step_completion(struct netvsp *nv, const struct packet *pkt, uint8_t *buf,
		     uint32_t *len);
/* True if the request is to be refused. */
bool step_rndis(struct netvsp *nv, const uint8_t *msg, size_t len);
/* What becomes of its answer; 0: nothing for now. */
size_t step_rndis_answer(struct netvsp *nv, uint8_t *reply, size_t len);
void steps_end(struct netvsp *nv);

/* netvsp_path.c */

void path_announce_vf(struct netvsp *nv);
void path_switch(struct queue *q, const struct packet *pkt);
void path_switch_late(void *nv);
void path_pause(void *nv);

#endif
