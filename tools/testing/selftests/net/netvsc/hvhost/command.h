/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands of the line protocol.
 * command.c
 */
#ifndef HVHOST_COMMAND_H
#define HVHOST_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct host;

/* Takes @len bytes of an answer. */
typedef void (*command_write_fn)(void *ctx, const char *text, size_t len);

/**
 * command_run() - carries out one line
 * @line: without its newline; is written to
 * @from_guest: the guest says it, who may not use all of them
 * @write: takes the answer, lines that each end in a newline; the last one, and no
 *	other, starts with "ok" or "error:"
 */
void command_run(struct host *host, char *line, bool from_guest,
		 command_write_fn write, void *ctx);

#endif
