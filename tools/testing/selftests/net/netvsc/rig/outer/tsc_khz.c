// SPDX-License-Identifier: GPL-2.0
/*
 * Prints how many thousand times a second this machine's TSC counts, for the
 * emulated machine, which has the same one and cannot find that out where it
 * does not run all the time.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define SPAN_NS		50000000
#define TRIES		50

struct reading {
	int64_t ns;
	uint64_t tsc;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

/* Of several, that between whose two clock readings least has passed. */
static struct reading both(void)
{
	struct reading best = { 0 };
	int64_t shortest = INT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		int64_t before = now_ns();
		uint64_t tsc = __rdtsc();
		int64_t took = now_ns() - before;

		if (took >= shortest)
			continue;
		shortest = took;
		best.ns = before + took / 2;
		best.tsc = tsc;
	}
	return best;
}

int main(void)
{
	struct timespec span = { .tv_nsec = SPAN_NS };
	struct reading first, last;

	first = both();
	nanosleep(&span, NULL);
	last = both();
	printf("%.0f\n", (double)(last.tsc - first.tsc) * 1000000 /
	       (double)(last.ns - first.ns));
	return 0;
}
