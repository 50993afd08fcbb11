// SPDX-License-Identifier: GPL-2.0
/*
 * The console: what the guest prints goes to a file or to the terminal, and
 * what is typed there goes to the guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#include "console.h"
#include "log.h"
#include "loop.h"
#include "uart.h"

#define COM1_BASE	0x3f8
#define COM1_IRQ	4
#define PATIENCE_MS	2000
/* What a pipe or a terminal takes that has room at all, CR before LF included */
#define PIECE		128

static struct console {
	struct uart *uart;
	int fd;				/* output; -1: nowhere */
	bool stuck;			/* nobody reads it */
	struct loop_fd *input;
	bool raw;
	struct termios saved;
} console = { .fd = -1 };

/* Waits for room, but only once for one who does not make any. */
static bool has_room(void)
{
	struct pollfd out = { .fd = console.fd, .events = POLLOUT };
	bool room;
	int n;

	do {
		n = poll(&out, 1, console.stuck ? 0 : PATIENCE_MS);
	} while (n < 0 && errno == EINTR);
	/* What else may be wrong, write() will say. */
	room = n;
	if (room == console.stuck)
		log_error("console", room ? "it is read again" :
					    "nobody reads it: output is lost");
	console.stuck = !room;
	return room;
}

/*
 * A reader that is slow holds the guest up, as a terminal does; one that has
 * gone away, or does not read any more, does not: this runs with the host lock
 * held.
 */
static void output(void *ctx, const uint8_t *data, size_t len)
{
	ssize_t n;

	(void)ctx;
	while (len && console.fd >= 0 && has_room()) {
		n = write(console.fd, data, len < PIECE ? len : PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			log_error("console", "cannot write: %s",
				  strerror(errno));
			console.fd = -1;
			return;
		}
		data += n;
		len -= n;
	}
}

static void input(void *ctx, uint32_t events)
{
	uint8_t data[256];
	ssize_t n;

	(void)ctx;
	(void)events;
	n = read(STDIN_FILENO, data, sizeof(data));
	if (n > 0) {
		uart_input(console.uart, data, n);
		return;
	}
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	loop_fd_del(console.input);
	console.input = NULL;
}

/* However hvhost ends, also by die() while the machine is set up. */
__attribute__((destructor))
static void give_back(void)
{
	if (console.raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &console.saved);
	console.raw = false;
}

/* Ctrl-C stays with the host, so that there is a way out. */
static void make_raw(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &console.saved))
		return;
	raw = console.saved;
	raw.c_iflag &= ~(ICRNL | INLCR | IXON);
	raw.c_lflag &= ~(ICANON | ECHO);
	console.raw = !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

/* A regular file is always ready, which epoll does not take. */
static bool input_can_be_watched(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC);
	bool ok;

	ok = fd >= 0 && !epoll_ctl(fd, EPOLL_CTL_ADD, STDIN_FILENO, &event);
	close(fd);
	return ok;
}

void console_create(struct vm *vm, const char *file)
{
	console.uart = uart_create(vm, COM1_BASE, COM1_IRQ, output, NULL);
	if (!file)
		return;
	if (strcmp(file, "-")) {
		console.fd = open(file, O_WRONLY | O_CREAT | O_TRUNC |
				  O_CLOEXEC | O_NOCTTY, 0644);
		if (console.fd < 0)
			die("cannot write the console to %s: %s", file,
			    strerror(errno));
		return;
	}
	console.fd = STDOUT_FILENO;
	if (isatty(STDIN_FILENO))
		make_raw();
	if (input_can_be_watched())
		console.input = loop_fd_add(STDIN_FILENO, EPOLLIN, input, NULL);
}

void console_close(void)
{
	uart_flush(console.uart);
	give_back();
}
