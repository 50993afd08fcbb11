// SPDX-License-Identifier: GPL-2.0
/*
 * Which step goes wrong, and how.
 */
#include <string.h>

#include "kselftest_harness.h"

#include "step.h"

static struct steps steps;

FIXTURE(step) {
	char unused;
};

FIXTURE_SETUP(step)
{
	step_reset(&steps);
}

FIXTURE_TEARDOWN(step)
{
}

TEST_F(step, nothing_by_itself)
{
	EXPECT_EQ(STEP_NORMAL, step_take(&steps, "open"));
	EXPECT_EQ(1, steps.nr_trace);
	EXPECT_STREQ("open", steps.trace[0]);
}

TEST_F(step, by_name)
{
	EXPECT_EQ(NULL, step_arm(&steps, "rndis-set", "refuse", 1));
	EXPECT_EQ(STEP_NORMAL, step_take(&steps, "rndis-query:00010107"));
	EXPECT_EQ(STEP_REFUSE, step_take(&steps, "rndis-set:0001010e"));
	EXPECT_EQ(STEP_REFUSE, steps.action);
	step_done(&steps);
	EXPECT_EQ(STEP_NORMAL, steps.action);
	/* Each time, until it is over. */
	EXPECT_EQ(STEP_REFUSE, step_take(&steps, "rndis-set:fc01020c"));
	step_reset(&steps);
	EXPECT_EQ(STEP_NORMAL, step_take(&steps, "rndis-set:fc01020c"));
	EXPECT_EQ(1, steps.nr_trace);
}

TEST_F(step, by_object)
{
	EXPECT_EQ(NULL, step_arm(&steps, "rndis-set:0001010e", "late", 3));
	EXPECT_EQ(STEP_NORMAL, step_take(&steps, "rndis-set:fc01020c"));
	EXPECT_EQ(STEP_LATE, step_take(&steps, "rndis-set:0001010e"));
	EXPECT_EQ(3, steps.number);
}

TEST_F(step, by_index)
{
	EXPECT_EQ(NULL, step_arm(&steps, "gpadl#2", "never", 1));
	EXPECT_EQ(STEP_NORMAL, step_take(&steps, "gpadl"));
	EXPECT_EQ(STEP_NORMAL, step_take(&steps, "open"));
	EXPECT_EQ(STEP_NEVER, step_take(&steps, "gpadl"));
	EXPECT_EQ(STEP_NORMAL, step_take(&steps, "gpadl"));
}

TEST_F(step, part_of_a_name_is_no_name)
{
	EXPECT_EQ(NULL, step_arm(&steps, "nvsp", "short", 1));
	EXPECT_EQ(STEP_SHORT, step_take(&steps, "nvsp-init"));
	EXPECT_EQ(STEP_NORMAL, step_take(&steps, "nvspx"));
	EXPECT_EQ(STEP_NORMAL, step_take(&steps, "open"));
}

TEST_F(step, steps_that_there_are_not)
{
	static const char *const names[] = {
		"op", "opens", "open-", "nvs", "nvsp-", "nvsp-revoke", "rndis-",
		"rndis-query:", "rndis-query:0001010", "rndis-query:000101070",
		"rndis-query:0001010E", "rndis-queries:00010107",
		"rndis-init:00010107", "open:00010107", "x",
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		EXPECT_STREQ("no such step, try fault list",
			     step_arm(&steps, names[i], "late", 1));
	EXPECT_EQ(0, steps.nr_faults);
}

TEST_F(step, what_can_become_of_a_step)
{
	static const char *const actions[] = {
		"refuse", "late", "never", "garbage", "short", "signal",
	};
	static const struct {
		const char *name;
		bool refuse, wrong;
	} names[] = {
		/* Of VMBus, which alone can be signalled at */
		{ "open", true, false }, { "gpadl", true, false },
		{ "teardown", false, false }, { "nvsp-init", true, true },
		{ "nvsp-recv-buf", true, true },
		{ "nvsp-send-buf#7", true, true },
		{ "nvsp-subchannel", true, true },
		{ "nvsp-switch", true, false }, { "nvsp-switch#2", true, false },
		{ "rndis-init", true, true }, { "rndis-query", true, true },
		{ "rndis-set:0001010e", true, true },
		/* One of them is enough. */
		{ "nvsp", true, true }, { "nvsp-recv", true, true },
		{ "rndis", true, true },
	};
	const char *why;
	unsigned int i, j;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (j = 0; j < 6; j++) {
			step_reset(&steps);
			why = step_arm(&steps, names[i].name, actions[j], 1);
			EXPECT_EQ(j == 0 ? names[i].refuse :
				  j == 5 ? i < 3 :
				  j < 3 || names[i].wrong, !why) {
				TH_LOG("%s %s", names[i].name, actions[j]);
			}
		}
	}
}

TEST_F(step, what_makes_no_sense)
{
	unsigned int i;

	EXPECT_NE(NULL, step_arm(&steps, "open", "explode", 1));
	EXPECT_NE(NULL, step_arm(&steps, "open", "", 1));
	EXPECT_NE(NULL, step_arm(&steps, "", "refuse", 1));
	EXPECT_NE(NULL, step_arm(&steps, "#1", "refuse", 1));
	EXPECT_NE(NULL, step_arm(&steps, "open#", "refuse", 1));
	EXPECT_NE(NULL, step_arm(&steps, "open#0", "refuse", 1));
	EXPECT_NE(NULL, step_arm(&steps, "open#-1", "refuse", 1));
	EXPECT_NE(NULL, step_arm(&steps, "open#1x", "refuse", 1));
	EXPECT_NE(NULL, step_arm(&steps, "open#99999999999", "refuse", 1));
	EXPECT_NE(NULL, step_arm(&steps, "open", "late", STEP_MAX_LATE + 1));
	EXPECT_NE(NULL, step_arm(&steps, "a-name-that-is-longer-than-any-step",
				 "refuse", 1));
	EXPECT_EQ(0, steps.nr_faults);
	for (i = 0; i < STEP_FAULTS; i++)
		EXPECT_EQ(NULL, step_arm(&steps, "open", "refuse", 1));
	EXPECT_NE(NULL, step_arm(&steps, "open", "refuse", 1));
}

TEST_F(step, the_trace_goes_round)
{
	unsigned int i;

	for (i = 0; i < STEP_TRACE + 2; i++)
		step_take(&steps, i % 2 ? "gpadl" : "open");
	EXPECT_EQ(STEP_TRACE + 2, steps.nr_trace);
	EXPECT_STREQ("open", steps.trace[STEP_TRACE % STEP_TRACE]);
	EXPECT_STREQ("gpadl", steps.trace[(STEP_TRACE + 1) % STEP_TRACE]);
}

TEST_F(step, garbage_of_a_seed)
{
	uint8_t a[64], b[64];

	steps.number = 7;
	step_garbage(&steps, a, sizeof(a));
	step_garbage(&steps, b, sizeof(b));
	EXPECT_EQ(0, memcmp(a, b, sizeof(a)));
	steps.number = 8;
	step_garbage(&steps, b, sizeof(b));
	EXPECT_NE(0, memcmp(a, b, sizeof(a)));
}

TEST_HARNESS_MAIN
