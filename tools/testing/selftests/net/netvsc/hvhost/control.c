// SPDX-License-Identifier: GPL-2.0
/*
 * Those who speak the line protocol: any number on a Unix socket, and the guest
 * on its second serial port. Its commands are in command.c.
 */
#include "control.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "command.h"
#include "log.h"
#include "loop.h"
#include "uart.h"

#define LINE_LIMIT	512
#define OUTPUT_LIMIT	(64 * 1024)
#define MAX_CLIENTS	32

/* Lines out of bytes */

/**
 * struct liner - the line that a client is sending
 * @from_guest: the client is the guest
 * @too_long: what has come of it does not fit, the rest is skipped
 */
struct liner {
	size_t len;
	bool from_guest;
	bool too_long;
	char buf[LINE_LIMIT + 1];
};

static void liner_end(struct liner *in, struct host *host,
		      command_write_fn write, void *ctx)
{
	static const char long_line[] = "error: line longer than 512 bytes\n";
	static const char zero_byte[] = "error: line with a zero byte\n";
	bool too_long = in->too_long;
	size_t len = in->len;

	static_assert(LINE_LIMIT == 512, "which the answer says");
	in->len = 0;
	in->too_long = false;
	if (too_long) {
		write(ctx, long_line, sizeof(long_line) - 1);
		return;
	}
	if (len && in->buf[len - 1] == '\r')
		len--;
	in->buf[len] = '\0';
	if (memchr(in->buf, '\0', len))
		write(ctx, zero_byte, sizeof(zero_byte) - 1);
	else if (in->buf[strspn(in->buf, " \t")])
		command_run(host, in->buf, in->from_guest, write, ctx);
}

static void liner_feed(struct liner *in, struct host *host, const char *data,
		       size_t len, command_write_fn write, void *ctx)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (data[i] == '\n')
			liner_end(in, host, write, ctx);
		else if (in->len == LINE_LIMIT)
			in->too_long = true;
		else
			in->buf[in->len++] = data[i];
	}
}

/* Clients */

/**
 * struct client - who speaks on the socket
 * @out: what could not be sent yet, @out_len bytes
 * @ended: it sends no more; closed when it has its answers
 * @dead: to be closed in any case
 */
struct client {
	struct client *next;
	int fd;
	struct loop_fd *lfd;
	struct liner in;
	size_t out_len;
	bool ended;
	bool dead;
	char out[OUTPUT_LIMIT];
};

static struct {
	struct host *host;
	struct uart *uart;
	struct liner uart_in;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int fd;
	struct loop_fd *lfd;
	struct client *clients;
	unsigned int nr_clients;
} control = { .fd = -1, .uart_in.from_guest = true };

static void client_close(struct client *client)
{
	struct client **p;

	for (p = &control.clients; *p != client; p = &(*p)->next)
		;
	*p = client->next;
	control.nr_clients--;
	loop_fd_del(client->lfd);
	close(client->fd);
	free(client);
}

/* Returns how much was sent. */
static size_t client_send(struct client *client, const char *text, size_t len)
{
	ssize_t n;

	do {
		n = send(client->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		client->dead = true;
	return 0;
}

static void client_write(void *ctx, const char *text, size_t len)
{
	struct client *client = ctx;
	size_t n;

	if (client->dead)
		return;
	if (!client->out_len) {
		n = client_send(client, text, len);
		text += n;
		len -= n;
	}
	if (client->dead || !len)
		return;
	if (len > sizeof(client->out) - client->out_len) {
		log_error("control", "a client does not read its answers");
		client->dead = true;
		return;
	}
	memcpy(client->out + client->out_len, text, len);
	client->out_len += len;
}

static void client_flush(struct client *client)
{
	size_t n;

	if (client->dead || !client->out_len)
		return;
	n = client_send(client, client->out, client->out_len);
	client->out_len -= n;
	memmove(client->out, client->out + n, client->out_len);
}

static void client_read(struct client *client)
{
	char data[1024];
	ssize_t n;

	n = recv(client->fd, data, sizeof(data), MSG_DONTWAIT);
	if (n > 0)
		liner_feed(&client->in, control.host, data, n, client_write,
			   client);
	else if (!n)
		client->ended = true;
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		client->dead = true;
}

static void client_ready(void *ctx, uint32_t events)
{
	struct client *client = ctx;

	if (events & EPOLLERR)
		client->dead = true;
	if (events & EPOLLOUT)
		client_flush(client);
	/* EPOLLHUP comes with the last data, which is to be read first. */
	if (events & (EPOLLIN | EPOLLHUP) && !client->dead && !client->ended)
		client_read(client);

	if (client->dead || (client->ended && !client->out_len)) {
		client_close(client);
		return;
	}
	loop_fd_events(client->lfd, (client->ended ? 0 : EPOLLIN) |
				    (client->out_len ? EPOLLOUT : 0));
}

static void control_accept(void *ctx, uint32_t events)
{
	struct client *client;
	int fd;

	(void)ctx;
	(void)events;
	fd = accept4(control.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	client = control.nr_clients < MAX_CLIENTS ? calloc(1, sizeof(*client)) :
						    NULL;
	if (!client) {
		log_error("control", "too many clients");
		close(fd);
		return;
	}
	client->fd = fd;
	client->next = control.clients;
	control.clients = client;
	control.nr_clients++;
	client->lfd = loop_fd_add(fd, EPOLLIN, client_ready, client);
}

/* A socket file that nobody listens on is what an earlier run left behind. */
static void remove_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, err;

	if (lstat(addr->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	err = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	if (err && errno == ECONNREFUSED)
		unlink(addr->sun_path);
	close(fd);
}

static void control_listen(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t size = strlen(path) + 1;
	mode_t mask;

	if (size > sizeof(addr.sun_path))
		die("control socket %s: name is too long", path);
	memcpy(addr.sun_path, path, size);
	remove_stale(&addr);

	control.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			    0);
	mask = umask(0177);
	if (control.fd < 0 ||
	    bind(control.fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(control.fd, 8))
		die("control socket %s: %s", path, strerror(errno));
	umask(mask);
	memcpy(control.path, path, size);
	control.lfd = loop_fd_add(control.fd, EPOLLIN, control_accept, NULL);
}

/* The guest's serial port */

static void uart_write(void *ctx, const char *text, size_t len)
{
	uart_input(ctx, text, len);
}

void control_from_uart(void *ctx, const uint8_t *data, size_t len)
{
	(void)ctx;
	if (control.uart)
		liner_feed(&control.uart_in, control.host, (const char *)data,
			   len, uart_write, control.uart);
}

void control_start(struct host *host, const char *socket_path,
		   struct uart *uart)
{
	control.host = host;
	control.uart = uart;
	if (socket_path)
		control_listen(socket_path);
}

void control_stop(void)
{
	control.uart = NULL;
	if (control.fd < 0)
		return;
	while (control.clients)
		client_close(control.clients);
	loop_fd_del(control.lfd);
	close(control.fd);
	unlink(control.path);
	control.fd = -1;
}
