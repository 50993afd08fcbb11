// SPDX-License-Identifier: GPL-2.0
/*
 * How much a guest can have the host say.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "log.h"

/* Standard error, for as long as lines are counted */
FIXTURE(log) {
	int saved;
	int fd;
};

FIXTURE_SETUP(log)
{
	char name[] = "/tmp/hvhost-log-XXXXXX";

	self->fd = mkstemp(name);
	ASSERT_LE(0, self->fd);
	unlink(name);
	self->saved = dup(STDERR_FILENO);
	ASSERT_LE(0, self->saved);
	dup2(self->fd, STDERR_FILENO);
}

FIXTURE_TEARDOWN(log)
{
	close(self->fd);
	close(self->saved);
}

/* Ends the counting. */
static unsigned int lines(FIXTURE_DATA(log) *self)
{
	unsigned int count = 0;
	char text[4096];
	ssize_t len, i;

	dup2(self->saved, STDERR_FILENO);
	lseek(self->fd, 0, SEEK_SET);
	while ((len = read(self->fd, text, sizeof(text))) > 0)
		for (i = 0; i < len; i++)
			count += text[i] == '\n';
	return count;
}

/* In the second, or the ten, in which they are said, another may begin. */

TEST_F(log, errors_of_a_guest)
{
	struct log_rate rate = { 0 };
	unsigned int i, count;

	for (i = 0; i < 1000; i++)
		log_guest_error(&rate, "test", "%u", i);
	count = lines(self);
	EXPECT_LE(10, count);
	EXPECT_GE(21, count);
}

TEST_F(log, news_of_a_guest)
{
	struct log_rate rate = { 0 };
	unsigned int i, count;

	for (i = 0; i < 1000; i++)
		log_guest_info(&rate, "test", "%u", i);
	count = lines(self);
	EXPECT_LE(200, count);
	EXPECT_GE(401, count);
}

TEST_F(log, no_news_when_quiet)
{
	struct log_rate rate = { 0 };

	log_verbosity = 0;
	log_guest_info(&rate, "test", "x");
	log_guest_error(&rate, "test", "x");
	EXPECT_EQ(1, lines(self));
	EXPECT_EQ(1, rate.count);
}

TEST_HARNESS_MAIN
