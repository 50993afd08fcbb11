/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The line protocol on a Unix socket and on the guest's second serial port.
 * control.c
 */
#ifndef HVHOST_CONTROL_H
#define HVHOST_CONTROL_H

#include <stddef.h>
#include <stdint.h>

struct host;
struct uart;

/* @socket_path and @uart may each be NULL. */
void control_start(struct host *host, const char *socket_path,
		   struct uart *uart);
void control_stop(void);	/* removes the socket */

/*
 * What the guest sends on its second serial port: the callback for
 * uart_create(), @ctx is not used.  Bytes before control_start() are dropped.
 */
void control_from_uart(void *ctx, const uint8_t *data, size_t len);

#endif
