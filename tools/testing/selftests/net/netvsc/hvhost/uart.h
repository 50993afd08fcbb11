/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A 16550A serial port.  uart.c
 */
#ifndef HVHOST_UART_H
#define HVHOST_UART_H

#include <stddef.h>
#include <stdint.h>

struct uart;
struct vm;

/**
 * uart_create() - a port at @base with interrupt @irq
 * @output: what the guest sends, as it sends it
 */
struct uart *uart_create(struct vm *vm, uint16_t base, unsigned int irq,
			 void (*output)(void *ctx, const uint8_t *data,
					size_t len), void *ctx);

/*
 * Input for the guest, delivered as it reads.  What comes while 64 KiB wait is lost,
 * and so is all that follows, until the guest has read what waits.
 */
void uart_input(struct uart *uart, const void *data, size_t len);

/* Hands over what waits for the end of its line. */
void uart_flush(struct uart *uart);

#endif
