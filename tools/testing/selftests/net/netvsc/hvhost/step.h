/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Steps: what a guest has to ask the host for before a NIC works, and to give
 * it back.  A step can be refused, answered late, never, with garbage or too
 * short, as far as its answer has something to be wrong; a channel that is not open
 * yet can be signalled; and each leaves its name,
 * so that a test can learn which there are.  What can become of which: step.c; where
 * they are taken: vmbus_step.c, netvsp_step.c
 */
#ifndef HVHOST_STEP_H
#define HVHOST_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * enum step_action - what becomes of a step
 * @STEP_NORMAL: what should
 * @STEP_REFUSE: not done, and the guest is told
 * @STEP_LATE: done, and the guest is told later
 * @STEP_NEVER: done, but the guest is never told
 * @STEP_GARBAGE: done, and the answer is random after what makes it an answer
 * @STEP_SHORT: done, and the answer is cut off after that
 * @STEP_SIGNAL: done, and before it is told, the guest is interrupted for the channel
 */
enum step_action {
	STEP_NORMAL, STEP_REFUSE, STEP_LATE, STEP_NEVER, STEP_GARBAGE,
	STEP_SHORT, STEP_SIGNAL,
};

#define STEP_NAME_MAX	28		/* with the zero at the end */
#define STEP_FAULTS	4		/* at a time */
#define STEP_TRACE	128
#define STEP_MAX_LATE	3600		/* seconds */

/**
 * struct step_fault - something to go wrong
 * @name: of a step, or the part of names before "-" or ":"
 * @index: only at this one of the steps that match, from 1 on; 0: at each
 * @number: seconds for STEP_LATE, seed for STEP_GARBAGE
 * @seen: how many have matched
 */
struct step_fault {
	char name[STEP_NAME_MAX];
	uint32_t index;
	enum step_action action;
	uint32_t number;
	uint32_t seen;
};

/**
 * struct steps - the steps of a NIC
 * @trace: the names of the last ones, @nr_trace in all
 * @action, @number: of the one that is being taken
 */
struct steps {
	struct step_fault faults[STEP_FAULTS];
	unsigned int nr_faults;
	char trace[STEP_TRACE][STEP_NAME_MAX];
	unsigned int nr_trace;
	enum step_action action;
	uint32_t number;
};

/**
 * step_arm() - have a step go wrong until step_reset()
 * @spec: NAME or NAME#INDEX
 * @action: refuse, late, never, garbage or short, as far as that does something to
 *	the step, or to one of those that begin with NAME
 *
 * Return: NULL, or what is wrong with it.
 */
const char *step_arm(struct steps *steps, const char *spec, const char *action,
		     uint32_t number);
/* Nothing goes wrong, and nothing is remembered. */
void step_reset(struct steps *steps);

/* A step is taken; what becomes of it, as is then in @steps too. */
enum step_action step_take(struct steps *steps, const char *name);
/* It is over. */
void step_done(struct steps *steps);

/* Makes bytes of the step's seed. */
void step_garbage(const struct steps *steps, uint8_t *at, size_t len);

#endif
