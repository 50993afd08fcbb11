// SPDX-License-Identifier: GPL-2.0
/*
 * Which step goes wrong, and in what way.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "step.h"

static const struct {
	const char *name;
	enum step_action action;
} actions[] = {
	{ "refuse", STEP_REFUSE },
	{ "late", STEP_LATE },
	{ "never", STEP_NEVER },
	{ "garbage", STEP_GARBAGE },
	{ "short", STEP_SHORT },
	{ "signal", STEP_SIGNAL },
};

#define REFUSE		(1u << STEP_REFUSE)
#define NO_ANSWER	(1u << STEP_LATE | 1u << STEP_NEVER)
#define WRONG_ANSWER	(1u << STEP_GARBAGE | 1u << STEP_SHORT)
#define SIGNAL		(1u << STEP_SIGNAL)

/**
 * struct step - a step that there is
 * @object: its name ends with ":" and an OID
 * @actions: what can become of it, bits by enum step_action
 */
static const struct step {
	const char *name;
	bool object;
	unsigned int actions;
} steps_known[] = {
	/* Of VMBus: nothing but a status is in the answers. */
	{ "open", false, REFUSE | NO_ANSWER | SIGNAL },
	{ "gpadl", false, REFUSE | NO_ANSWER | SIGNAL },
	{ "teardown", false, NO_ANSWER | SIGNAL },
	{ "nvsp-init", false, REFUSE | NO_ANSWER | WRONG_ANSWER },
	{ "nvsp-recv-buf", false, REFUSE | NO_ANSWER | WRONG_ANSWER },
	{ "nvsp-send-buf", false, REFUSE | NO_ANSWER | WRONG_ANSWER },
	{ "nvsp-subchannel", false, REFUSE | NO_ANSWER | WRONG_ANSWER },
	/* Its answer is empty. */
	{ "nvsp-switch", false, REFUSE | NO_ANSWER },
	{ "rndis-init", false, REFUSE | NO_ANSWER | WRONG_ANSWER },
	{ "rndis-query", true, REFUSE | NO_ANSWER | WRONG_ANSWER },
	{ "rndis-set", true, REFUSE | NO_ANSWER | WRONG_ANSWER },
};

static enum step_action find_action(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(actions[i].name, name))
			return actions[i].action;
	return STEP_NORMAL;
}

/* NAME or NAME#INDEX */
static bool parse_spec(struct step_fault *fault, const char *spec)
{
	size_t len = strcspn(spec, "#");
	unsigned long index;
	char *end;

	if (!len || len >= sizeof(fault->name))
		return false;
	memcpy(fault->name, spec, len);
	if (!spec[len])
		return true;
	errno = 0;
	index = strtoul(spec + len + 1, &end, 10);
	if (spec[len + 1] < '1' || spec[len + 1] > '9' || *end || errno ||
	    index > UINT32_MAX)
		return false;
	fault->index = index;
	return true;
}

static bool matches(const struct step_fault *fault, const char *name)
{
	size_t len = strlen(fault->name);

	return !strncmp(fault->name, name, len) &&
	       (!name[len] || name[len] == '-' || name[len] == ':');
}

/* As the steps have it: eight digits */
static bool is_object(const struct step_fault *fault, const char *step)
{
	size_t len = strlen(step);

	return !strncmp(fault->name, step, len) && fault->name[len] == ':' &&
	       strspn(fault->name + len + 1, "0123456789abcdef") == 8 &&
	       !fault->name[len + 1 + 8];
}

/* All that can become of the steps that @fault is for */
static unsigned int possible(const struct step_fault *fault)
{
	const struct step *step = steps_known;
	unsigned int actions = 0;
	size_t i;

	for (i = 0; i < sizeof(steps_known) / sizeof(*step); i++, step++)
		if (matches(fault, step->name) ||
		    (step->object && is_object(fault, step->name)))
			actions |= step->actions;
	return actions;
}

const char *step_arm(struct steps *steps, const char *spec, const char *action,
		     uint32_t number)
{
	struct step_fault fault = { .number = number };
	unsigned int actions;

	fault.action = find_action(action);
	if (fault.action == STEP_NORMAL)
		return "say refuse, late, never, garbage, short or signal";
	if (fault.action == STEP_LATE && number > STEP_MAX_LATE)
		return "later than an hour";
	if (!parse_spec(&fault, spec))
		return "say NAME or NAME#INDEX, as in rndis-set#2";
	actions = possible(&fault);
	if (!actions)
		return "no such step, try fault list";
	if (!(actions & 1u << fault.action))
		return "that would change nothing at this step, try fault list";
	if (steps->nr_faults == STEP_FAULTS)
		return "too many at a time";
	steps->faults[steps->nr_faults++] = fault;
	return NULL;
}

void step_reset(struct steps *steps)
{
	memset(steps, 0, sizeof(*steps));
}

enum step_action step_take(struct steps *steps, const char *name)
{
	char *trace = steps->trace[steps->nr_trace++ % STEP_TRACE];
	struct step_fault *fault = steps->faults;
	unsigned int i;

	memset(trace, 0, STEP_NAME_MAX);
	memcpy(trace, name, strnlen(name, STEP_NAME_MAX - 1));
	steps->action = STEP_NORMAL;
	for (i = 0; i < steps->nr_faults; i++, fault++) {
		if (!matches(fault, name))
			continue;
		fault->seen++;
		if (fault->index && fault->index != fault->seen)
			continue;
		steps->action = fault->action;
		steps->number = fault->number;
	}
	return steps->action;
}

void step_done(struct steps *steps)
{
	steps->action = STEP_NORMAL;
}

/* Not a good generator, but everywhere the same. */
void step_garbage(const struct steps *steps, uint8_t *at, size_t len)
{
	uint32_t state = steps->number;

	while (len--) {
		state = state * 1664525 + 1013904223;
		*at++ = state >> 24;
	}
}
