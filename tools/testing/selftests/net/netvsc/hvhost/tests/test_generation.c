// SPDX-License-Identifier: GPL-2.0
/*
 * The table of host generations.
 */
#include "kselftest_harness.h"

#include "generation.h"
#include "nvsp_wire.h"
#include "vmbus_wire.h"

static const char *const names[] = {
	"ws2012r2", "ws2016", "ws2019", "ws2022", "azure",
};

#define NR_NAMES	(sizeof(names) / sizeof(names[0]))

TEST(each_by_its_name)
{
	unsigned int i;

	for (i = 0; i < NR_NAMES; i++) {
		ASSERT_NE(NULL, generation_find(names[i]));
		EXPECT_STREQ(names[i], generation_find(names[i])->name);
	}
	EXPECT_EQ(NULL, generation_find("ws2003"));
	EXPECT_EQ(NULL, generation_find(""));
	EXPECT_NE(NULL, generation_find(GENERATION_DEFAULT));
}

/* Nothing gets lost from one release to the next. */
TEST(newer_is_not_less)
{
	const struct generation *old, *gen;
	unsigned int i;

	for (i = 1; i < NR_NAMES; i++) {
		old = generation_find(names[i - 1]);
		gen = generation_find(names[i]);
		EXPECT_LE(old->vmbus, gen->vmbus);
		EXPECT_LE(old->nvsp, gen->nvsp);
		EXPECT_LE(old->vpci, gen->vpci);
		EXPECT_LT(old->build, gen->build);
		EXPECT_LE(old->udp_csum, gen->udp_csum);
		EXPECT_LE(old->rsc, gen->rsc);
		EXPECT_GE(old->short_indication, gen->short_indication);
	}
}

TEST(coalescing_needs_the_newest_protocol)
{
	unsigned int i;

	for (i = 0; i < NR_NAMES; i++)
		if (generation_find(names[i])->rsc)
			EXPECT_EQ(NVSP_V61, generation_find(names[i])->nvsp);
}

TEST_HARNESS_MAIN
