// SPDX-License-Identifier: GPL-2.0
/*
 * The console, and whoever is at the other end of it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "console.h"
#include "log.h"
#include "loop.h"
#include "uart.h"

/* Of four pages, which a pipe fills one by one */
#define PIPE_SIZE	16384
#define SECOND_NS	1000000000ull

/* The serial port that is played: what the guest sends goes to the console. */

static void (*print)(void *ctx, const uint8_t *data, size_t len);

struct uart *uart_create(struct vm *vm, uint16_t base, unsigned int irq,
			 void (*output)(void *ctx, const uint8_t *data,
					size_t len), void *ctx)
{
	(void)vm;
	(void)base;
	(void)irq;
	(void)ctx;
	print = output;
	return NULL;
}

void uart_flush(struct uart *uart)
{
	(void)uart;
}

static void guest_prints(size_t len)
{
	static uint8_t text[2 * PIPE_SIZE];

	memset(text, 'x', len);
	print(NULL, text, len);
}

/* The reader of a pipe */
FIXTURE(console) {
	char name[64];
	int fd;
};

FIXTURE_SETUP(console)
{
	log_verbosity = 0;
	snprintf(self->name, sizeof(self->name), "/tmp/hvhost-console-%d",
		 getpid());
	ASSERT_EQ(0, mkfifo(self->name, 0600));
	self->fd = open(self->name, O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(PIPE_SIZE, fcntl(self->fd, F_SETPIPE_SZ, PIPE_SIZE));
	console_create(NULL, self->name);
}

FIXTURE_TEARDOWN(console)
{
	console_close();
	close(self->fd);
	unlink(self->name);
}

/* All that there is; how much. */
static size_t drain(int fd)
{
	char text[PIPE_SIZE];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text, sizeof(text))) > 0)
		len += n;
	return len;
}

TEST_F(console, what_is_printed_is_read)
{
	guest_prints(1000);
	EXPECT_EQ(1000, drain(self->fd));
	guest_prints(PIPE_SIZE / 2);
	EXPECT_EQ(PIPE_SIZE / 2, drain(self->fd));
}

TEST_F(console, reader_that_does_not_read)
{
	uint64_t start = loop_now_ns(), waited;

	guest_prints(2 * PIPE_SIZE);
	waited = loop_now_ns() - start;
	EXPECT_LE(SECOND_NS, waited);
	EXPECT_GE(10 * SECOND_NS, waited);
	/* It was waited for once. */
	start = loop_now_ns();
	guest_prints(PIPE_SIZE);
	EXPECT_GE(SECOND_NS, loop_now_ns() - start);
	EXPECT_LE(PIPE_SIZE / 2, drain(self->fd));
	guest_prints(1000);
	EXPECT_EQ(1000, drain(self->fd));
}

static bool is_raw(int fd)
{
	struct termios now;

	return !tcgetattr(fd, &now) && !(now.c_lflag & ICANON);
}

/* However hvhost ends, the terminal is as it was. */
TEST(terminal_is_given_back)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), fd, status;
	pid_t child;

	ASSERT_LE(0, master);
	ASSERT_EQ(0, grantpt(master) | unlockpt(master));
	fd = open(ptsname(master), O_RDWR | O_NOCTTY);
	ASSERT_LE(0, fd);
	ASSERT_FALSE(is_raw(fd));
	child = fork();
	if (!child) {
		dup2(fd, STDIN_FILENO);
		console_create(NULL, "-");
		if (!is_raw(fd))
			_exit(1);
		die("the next part cannot be made");
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(2, WEXITSTATUS(status));
	EXPECT_FALSE(is_raw(fd));
}

TEST_HARNESS_MAIN
