/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The line protocol, on a Unix socket and on the guest's second serial port.
 * control.c
 */
#ifndef HVHOST_CONTROL_H
#define HVHOST_CONTROL_H

#include <stddef.h>

struct host;
struct uart;

/* @socket_path and @uart may each be NULL. */
void control_start(struct host *host, const char *socket_path,
		   struct uart *uart);
void control_stop(void);	/* removes the socket */

/*
 * Carries out one line; the answer ("ok ..." or "error: ...", each line ending
 * in a newline, the last line of an answer being the one that starts with ok or
 * error) is written to @out through @write.
 */
void control_line(struct host *host, char *line,
		  void (*write)(void *ctx, const char *text, size_t len),
		  void *ctx);

#endif
