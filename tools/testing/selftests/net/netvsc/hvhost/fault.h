/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults: what a broken or hostile host does to a guest.  fault.c
 *
 * Some are messages, sent at once; the others change the next answer to
 * something that the guest asks.  netvsp.c arms them; where they take effect is
 * up to netvsp_session.c, netvsp_rndis.c and netvsp_path.c.
 */
#ifndef HVHOST_FAULT_H
#define HVHOST_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel;
struct rx_pool;

/* Transaction id of transfer packets that make no sense. */
#define FAULT_TRANS	(1ull << 63 | 1)
#define FAULT_MAX_SEND	256		/* messages at once */
#define FAULT_MAX_LATE	3600		/* seconds */

enum fault_id {
	FAULT_SWITCH_REFUSE,
	FAULT_SWITCH_LATE,
	FAULT_SWITCH_NEVER,
	FAULT_SWITCH_PAUSED,
	FAULT_QUERY_GARBAGE,
	FAULT_NO_ANSWER,
	FAULT_INIT_REFUSE,
	FAULT_RXBUF_REFUSE,
	FAULT_XFER_EARLY,
	NR_FAULT_ANSWERS,

	FAULT_NVSP_SHORT = NR_FAULT_ANSWERS,
	FAULT_NVSP_UNKNOWN,
	FAULT_NVSP_RANDOM,
	FAULT_ASSOC_SHORT,
	FAULT_XFER_RANGE,
	FAULT_XFER_SET,
	FAULT_XFER_COUNT,
	FAULT_RNDIS_SHORT,
	FAULT_RNDIS_LENGTH,
	FAULT_RNDIS_DATA,
	FAULT_RNDIS_INFO,
	FAULT_RNDIS_UNKNOWN,
	FAULT_RSC_NO_FIRST,
	FAULT_RSC_NO_LAST,
	FAULT_RSC_TOO_LONG,
	FAULT_COMPLETION_UNKNOWN,
	FAULT_COMPLETION_TWICE,
	NR_FAULTS
};

/**
 * struct fault - an entry of the list of faults
 * @number: what a number after the name means: "COUNT", "SEED" or "SECONDS"
 */
struct fault {
	const char *name;
	const char *number;
	const char *help;
};

/* The list, by enum fault_id. */
extern const struct fault fault_list[NR_FAULTS];

/* NR_FAULTS if there is none of this name. */
enum fault_id fault_find(const char *name);

/**
 * struct fault_answers - answers of a NIC that are to be wrong
 * @left: how many more times
 * @seconds: of those that take SECONDS
 */
struct fault_answers {
	uint32_t left[NR_FAULT_ANSWERS];
	uint32_t seconds[NR_FAULT_ANSWERS];
};

/* @number: as after the name.  NULL, or what is wrong with it. */
const char *fault_arm(struct fault_answers *answers, enum fault_id id,
		      uint32_t number);
/* Whether this time is one of those, which is then over. */
bool fault_take(struct fault_answers *answers, enum fault_id id);

/* An RNDIS answer on its way; returns its new length, 0 to keep silent. */
size_t fault_rndis_answer(struct fault_answers *answers, uint8_t *msg,
			  size_t len);

/*
 * Sends a packet for the receive buffer of a guest that has none yet.  NULL, or
 * why it was not sent.
 */
const char *fault_send_early(struct channel *chan, struct rx_pool *rx);

/**
 * fault_send() - send a message that no good host sends
 * @number: how many, or the seed
 * @rx: receive buffer of the session
 * @last: transaction id of the packet of frames that was completed last
 *
 * Return: NULL, or why it was not sent.
 */
const char *fault_send(enum fault_id id, uint32_t number, struct channel *chan,
		       struct rx_pool *rx, uint64_t last);

#endif
