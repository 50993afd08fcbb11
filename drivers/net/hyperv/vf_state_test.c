// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the VF's states: what must hold for every entry of the table,
 * the table once more as one looks at it, and the stories that it tells.
 */
#include <kunit/test.h>
#include <linux/module.h>

/* The machine has no outside, so the tests bring their own. */
#include "vf_state.c"

/* What must hold whatever the table says. */

static void check_entry(struct kunit *test, enum vf_state state,
			enum vf_input input, bool fit)
{
	const struct vf_step *step = vf_state_step(state, input, fit);
	bool leaves = state == VF_ACTIVE && step->next != VF_ACTIVE;
	bool enters = state != VF_ACTIVE && step->next == VF_ACTIVE;
	bool frees = state != VF_ABSENT && step->next == VF_ABSENT;
	u16 must = 0;

	KUNIT_ASSERT_LT(test, step->next, VF_NR_STATES);

	/* Transmit stops, the host turns, and what came is taken in. */
	if (leaves)
		must = VF_DO_STOP_TX | VF_DO_TO_VMBUS | VF_DO_DRAIN_RX;
	if (frees)
		must |= VF_DO_RELEASE;
	KUNIT_EXPECT_EQ_MSG(test, step->actions & must, must,
			    "%s, %s", vf_state_name(state),
			    vf_input_name(input));

	/* Nothing is done twice, or to a VF that is not there. */
	if (!leaves)
		KUNIT_EXPECT_FALSE(test, step->actions & VF_DO_STOP_TX);
	if (state == VF_ABSENT)
		KUNIT_EXPECT_FALSE(test, step->actions &
				   (VF_DO_CLOSE | VF_DO_RELEASE));
	KUNIT_EXPECT_EQ(test, frees, !!(step->actions & VF_DO_RELEASE));

	/* Transmit starts with the host's word, and in no other way. */
	KUNIT_EXPECT_EQ(test, enters, !!(step->actions & VF_DO_START_TX));
	if (enters) {
		KUNIT_EXPECT_EQ(test, state, VF_UP);
		KUNIT_EXPECT_EQ(test, input, VF_IN_SWITCH_ACKED);
		KUNIT_EXPECT_TRUE(test, fit);
	}

	/* The host is asked for a VF that is fit, and that it is not on. */
	if (step->actions & VF_DO_ASK) {
		KUNIT_EXPECT_EQ(test, step->next, VF_UP);
		KUNIT_EXPECT_TRUE(test, fit);
		KUNIT_EXPECT_FALSE(test, step->actions &
				   (VF_DO_TO_VMBUS | VF_DO_TAKE_BACK));
	}

	/* It is waited for where there is something to lose. */
	KUNIT_EXPECT_EQ(test, leaves, !!(step->actions & VF_DO_TO_VMBUS));

	/* Its word is kept, or it is told that the VF is not wanted. */
	KUNIT_EXPECT_EQ(test, input == VF_IN_SWITCH_ACKED &&
			step->next != VF_ACTIVE,
			!!(step->actions & VF_DO_TAKE_BACK));
	if (step->next == VF_UP && state != VF_UP)
		KUNIT_EXPECT_TRUE(test, step->actions & VF_DO_ASK);
}

static void every_entry_is_sound(struct kunit *test)
{
	unsigned int state, input;

	for (state = 0; state < VF_NR_STATES; state++) {
		for (input = 0; input < VF_NR_INPUTS; input++) {
			check_entry(test, state, input, false);
			check_entry(test, state, input, true);
		}
	}
}

static void every_name_is_there(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < VF_NR_STATES; i++)
		KUNIT_EXPECT_NOT_NULL(test, vf_state_name(i));
	for (i = 0; i < VF_NR_INPUTS; i++)
		KUNIT_EXPECT_NOT_NULL(test, vf_input_name(i));
}

/*
 * Where each input leads from (A)BSENT, (B)OUND, (U)P and ACTIVE (X), in this
 * order; first for a VF that is not fit, then for one that is.
 */
static const struct lead {
	enum vf_input input;
	const char *unfit;
	const char *fit;
} leads[] = {
	{ VF_IN_REGISTERED,	  "BBUX", "BBUX" },
	{ VF_IN_UNREGISTERED,	  "AAAA", "AAAA" },
	{ VF_IN_OPENED,		  "ABBX", "AUUX" },
	{ VF_IN_CLOSING,	  "ABBB", "ABBB" },
	{ VF_IN_CARRIER_ON,	  "ABBB", "AUUX" },
	{ VF_IN_CARRIER_OFF,	  "ABBB", "ABBB" },
	{ VF_IN_STALLED,	  "ABBB", "ABBB" },
	{ VF_IN_CHANGED,	  "ABBB", "AUUX" },
	{ VF_IN_RENAMED,	  "ABUX", "ABUX" },
	{ VF_IN_MOVED,		  "AAAA", "AAAA" },
	{ VF_IN_NETVSC_OPENED,	  "ABBX", "AUUX" },
	{ VF_IN_NETVSC_STOPPED,	  "ABBB", "ABBB" },
	{ VF_IN_NETVSC_MOVED,	  "AAAA", "AAAA" },
	{ VF_IN_ASSOCIATED,	  "ABBX", "AUUX" },
	{ VF_IN_DISSOCIATED,	  "ABBB", "ABBB" },
	{ VF_IN_SESSION_STARTED,  "ABBX", "AUUX" },
	{ VF_IN_SESSION_ENDING,	  "ABBB", "ABBB" },
	{ VF_IN_SWITCH_ACKED,	  "ABBX", "ABXX" },
	{ VF_IN_SWITCH_REFUSED,	  "ABUX", "ABUX" },
	{ VF_IN_SWITCH_TIMED_OUT, "ABUX", "ABUX" },
	{ VF_IN_DETACH,		  "AAAA", "AAAA" },
};

static_assert(ARRAY_SIZE(leads) == VF_NR_INPUTS);

static void lead_name(const struct lead *lead, char *name)
{
	strscpy(name, vf_input_name(lead->input), KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(lead, leads, lead_name);

static void input_leads_there(struct kunit *test)
{
	static const char letter[VF_NR_STATES] = {
		[VF_ABSENT] = 'A', [VF_BOUND] = 'B', [VF_UP] = 'U',
		[VF_ACTIVE] = 'X',
	};
	const struct lead *lead = test->param_value;
	const struct vf_step *step;
	unsigned int state;

	for (state = 0; state < VF_NR_STATES; state++) {
		step = vf_state_step(state, lead->input, false);
		KUNIT_EXPECT_EQ(test, letter[step->next], lead->unfit[state]);
		step = vf_state_step(state, lead->input, true);
		KUNIT_EXPECT_EQ(test, letter[step->next], lead->fit[state]);
	}
}

/* Stories: what happens, is the VF fit then, and what comes of it. */

struct scene {
	enum vf_input input;
	bool fit;
	enum vf_state state;
	u16 actions;
};

#define NOT_FIT	false
#define FIT	true
#define SCENES	16

static const struct story {
	const char *name;
	enum vf_state start;
	struct scene scenes[SCENES];
	unsigned int nr;
} stories[] = {
	{ "plug", VF_ABSENT, {
		{ VF_IN_ASSOCIATED, NOT_FIT, VF_ABSENT, 0 },
		{ VF_IN_REGISTERED, NOT_FIT, VF_BOUND, VF_DO_FOLLOW },
		{ VF_IN_OPENED, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_RENAMED, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_CARRIER_ON, FIT, VF_UP, VF_DO_ASK },
		{ VF_IN_SWITCH_ACKED, FIT, VF_ACTIVE, VF_DO_START_TX },
	}, 6 },
	{ "plug, association last", VF_ABSENT, {
		{ VF_IN_REGISTERED, NOT_FIT, VF_BOUND, VF_DO_FOLLOW },
		{ VF_IN_OPENED, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_CARRIER_ON, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_ASSOCIATED, FIT, VF_UP, VF_DO_ASK },
		{ VF_IN_SWITCH_ACKED, FIT, VF_ACTIVE, VF_DO_START_TX },
		{ VF_IN_RENAMED, FIT, VF_ACTIVE, 0 },
	}, 6 },
	{ "plug while netvsc is down", VF_ABSENT, {
		{ VF_IN_REGISTERED, NOT_FIT, VF_BOUND, VF_DO_FOLLOW },
		{ VF_IN_ASSOCIATED, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_NETVSC_OPENED, NOT_FIT, VF_BOUND, VF_DO_FOLLOW },
		{ VF_IN_OPENED, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_CARRIER_ON, FIT, VF_UP, VF_DO_ASK },
	}, 5 },
	{ "eject", VF_ACTIVE, {
		{ VF_IN_CLOSING, FIT, VF_BOUND, VF_DO_LEAVE },
		{ VF_IN_DISSOCIATED, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_UNREGISTERED, NOT_FIT, VF_ABSENT, VF_DO_RELEASE },
	}, 3 },
	{ "eject, the host's word first", VF_ACTIVE, {
		{ VF_IN_DISSOCIATED, NOT_FIT, VF_BOUND, VF_DO_LEAVE },
		{ VF_IN_CLOSING, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_UNREGISTERED, NOT_FIT, VF_ABSENT, VF_DO_RELEASE },
	}, 3 },
	{ "yank", VF_ACTIVE, {
		{ VF_IN_CARRIER_OFF, NOT_FIT, VF_BOUND,
		  VF_DO_LEAVE & ~VF_DO_DRAIN_TX },
		{ VF_IN_CLOSING, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_UNREGISTERED, NOT_FIT, VF_ABSENT, VF_DO_RELEASE },
		{ VF_IN_DISSOCIATED, NOT_FIT, VF_ABSENT, 0 },
	}, 4 },
	{ "link off and on", VF_ACTIVE, {
		{ VF_IN_CARRIER_OFF, NOT_FIT, VF_BOUND,
		  VF_DO_LEAVE & ~VF_DO_DRAIN_TX },
		{ VF_IN_CARRIER_ON, FIT, VF_UP, VF_DO_ASK },
		{ VF_IN_SWITCH_ACKED, FIT, VF_ACTIVE, VF_DO_START_TX },
	}, 3 },
	{ "VF hangs, is reset by its driver, and tried again", VF_ACTIVE, {
		{ VF_IN_STALLED, NOT_FIT, VF_BOUND,
		  VF_DO_LEAVE & ~VF_DO_DRAIN_TX },
		{ VF_IN_CARRIER_OFF, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_CARRIER_ON, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_CHANGED, FIT, VF_UP, VF_DO_ASK },
	}, 4 },
	{ "link off and on at once", VF_ACTIVE, {
		{ VF_IN_CARRIER_ON, NOT_FIT, VF_BOUND, VF_DO_LEAVE },
		{ VF_IN_CARRIER_ON, FIT, VF_UP, VF_DO_ASK },
	}, 2 },
	{ "down and up by hand", VF_ACTIVE, {
		{ VF_IN_CLOSING, FIT, VF_BOUND, VF_DO_LEAVE },
		{ VF_IN_CARRIER_OFF, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_OPENED, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_CARRIER_ON, FIT, VF_UP, VF_DO_ASK },
	}, 4 },
	{ "switch refused, then not", VF_BOUND, {
		{ VF_IN_CARRIER_ON, FIT, VF_UP, VF_DO_ASK },
		{ VF_IN_SWITCH_REFUSED, FIT, VF_UP, 0 },
		{ VF_IN_RENAMED, FIT, VF_UP, 0 },
		{ VF_IN_ASSOCIATED, FIT, VF_UP, VF_DO_ASK },
		{ VF_IN_SWITCH_ACKED, FIT, VF_ACTIVE, VF_DO_START_TX },
	}, 5 },
	{ "switch not answered", VF_UP, {
		{ VF_IN_SWITCH_TIMED_OUT, FIT, VF_UP, 0 },
		{ VF_IN_CARRIER_ON, FIT, VF_UP, VF_DO_ASK },
	}, 2 },
	{ "switch answered too late", VF_UP, {
		{ VF_IN_SWITCH_TIMED_OUT, FIT, VF_UP, 0 },
		{ VF_IN_SWITCH_ACKED, FIT, VF_ACTIVE, VF_DO_START_TX },
	}, 2 },
	{ "link lost while the host is asked", VF_UP, {
		{ VF_IN_SWITCH_ACKED, NOT_FIT, VF_BOUND, VF_DO_TAKE_BACK },
		{ VF_IN_CARRIER_OFF, NOT_FIT, VF_BOUND, 0 },
	}, 2 },
	{ "VF gone while the host is asked", VF_UP, {
		{ VF_IN_UNREGISTERED, NOT_FIT, VF_ABSENT, VF_DO_RELEASE },
		{ VF_IN_SWITCH_ACKED, NOT_FIT, VF_ABSENT, VF_DO_TAKE_BACK },
	}, 2 },
	{ "link lost and found while the host is asked", VF_UP, {
		{ VF_IN_CARRIER_OFF, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_CARRIER_ON, FIT, VF_UP, VF_DO_ASK },
		{ VF_IN_SWITCH_ACKED, FIT, VF_ACTIVE, VF_DO_START_TX },
	}, 3 },
	{ "netvsc down and up", VF_ACTIVE, {
		{ VF_IN_NETVSC_STOPPED, FIT, VF_BOUND,
		  VF_DO_LEAVE | VF_DO_CLOSE },
		/* What VF_DO_CLOSE itself sets off. */
		{ VF_IN_CLOSING, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_CARRIER_OFF, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_NETVSC_OPENED, NOT_FIT, VF_BOUND, VF_DO_FOLLOW },
		{ VF_IN_OPENED, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_CARRIER_ON, FIT, VF_UP, VF_DO_ASK },
		{ VF_IN_SWITCH_ACKED, FIT, VF_ACTIVE, VF_DO_START_TX },
	}, 7 },
	{ "VF refuses a larger MTU", VF_ACTIVE, {
		{ VF_IN_CHANGED, NOT_FIT, VF_BOUND, VF_DO_LEAVE },
		{ VF_IN_CARRIER_ON, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_CHANGED, FIT, VF_UP, VF_DO_ASK },
	}, 3 },
	{ "new session", VF_ACTIVE, {
		{ VF_IN_SESSION_ENDING, FIT, VF_BOUND, VF_DO_LEAVE },
		{ VF_IN_CARRIER_ON, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_SESSION_STARTED, NOT_FIT, VF_BOUND, 0 },
		{ VF_IN_ASSOCIATED, FIT, VF_UP, VF_DO_ASK },
	}, 4 },
	{ "VF taken to another namespace", VF_ACTIVE, {
		{ VF_IN_CLOSING, FIT, VF_BOUND, VF_DO_LEAVE },
		{ VF_IN_MOVED, NOT_FIT, VF_ABSENT, VF_DO_RELEASE },
	}, 2 },
	{ "netvsc taken to another namespace", VF_ACTIVE, {
		{ VF_IN_NETVSC_STOPPED, FIT, VF_BOUND,
		  VF_DO_LEAVE | VF_DO_CLOSE },
		{ VF_IN_NETVSC_MOVED, NOT_FIT, VF_ABSENT,
		  VF_DO_CLOSE | VF_DO_RELEASE },
	}, 2 },
	{ "netvsc removed", VF_ACTIVE, {
		{ VF_IN_DETACH, FIT, VF_ABSENT,
		  VF_DO_LEAVE | VF_DO_CLOSE | VF_DO_RELEASE },
		{ VF_IN_CLOSING, NOT_FIT, VF_ABSENT, 0 },
		{ VF_IN_NETVSC_STOPPED, NOT_FIT, VF_ABSENT, 0 },
	}, 3 },
};

static void story_name(const struct story *story, char *name)
{
	strscpy(name, story->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(story, stories, story_name);

static void story_goes_like_that(struct kunit *test)
{
	const struct story *story = test->param_value;
	enum vf_state state = story->start;
	const struct scene *scene;
	const struct vf_step *step;
	unsigned int i;

	for (i = 0; i < story->nr; i++) {
		scene = &story->scenes[i];
		step = vf_state_step(state, scene->input, scene->fit);
		KUNIT_EXPECT_EQ_MSG(test, step->next, scene->state,
				    "scene %u: %s", i,
				    vf_input_name(scene->input));
		KUNIT_EXPECT_EQ_MSG(test, step->actions, scene->actions,
				    "scene %u: %s", i,
				    vf_input_name(scene->input));
		state = step->next;
	}
}

static struct kunit_case vf_state_cases[] = {
	KUNIT_CASE(every_entry_is_sound),
	KUNIT_CASE(every_name_is_there),
	KUNIT_CASE_PARAM(input_leads_there, lead_gen_params),
	KUNIT_CASE_PARAM(story_goes_like_that, story_gen_params),
	{}
};

static struct kunit_suite vf_state_suite = {
	.name = "netvsc_vf_state",
	.test_cases = vf_state_cases,
};

kunit_test_suite(vf_state_suite);

MODULE_DESCRIPTION("KUnit tests of the Hyper-V network driver's VF states");
MODULE_LICENSE("GPL");
