/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's first serial port, on a terminal or in a file.  console.c
 */
#ifndef HVHOST_CONSOLE_H
#define HVHOST_CONSOLE_H

struct vm;

/* @file: "-" for standard input and output, NULL for nowhere. */
void console_create(struct vm *vm, const char *file);
/* Writes out what is left and gives the terminal back. */
void console_close(void);

#endif
