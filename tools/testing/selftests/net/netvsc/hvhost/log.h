/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One line of log for each thing worth saying, on standard error, with the
 * time since start and the part of the host that speaks.  log.c
 */
#ifndef HVHOST_LOG_H
#define HVHOST_LOG_H

#include <stdint.h>

/**
 * struct log_rate - of lines that a guest can cause, lets some through only
 * @window: time that @count belongs to, in units of the limit, since start
 * @count: lines let through in it
 * @suppressed: lines held back since the last one that went through
 */
struct log_rate {
	uint64_t window;
	unsigned int count;
	unsigned int suppressed;
};

/* 0: errors only, 1: what happens (default), 2: every message */
extern int log_verbosity;

__attribute__((format(printf, 2, 3)))
void log_error(const char *unit, const char *fmt, ...);
__attribute__((format(printf, 2, 3)))
void log_info(const char *unit, const char *fmt, ...);
__attribute__((format(printf, 2, 3)))
void log_debug(const char *unit, const char *fmt, ...);

/*
 * For what a guest can cause again and again: ten errors a second, and so much more
 * of what happens that no test misses a line.  A log_rate is for one of the two.
 */
__attribute__((format(printf, 3, 4)))
void log_guest_error(struct log_rate *rate, const char *unit,
		     const char *fmt, ...);
__attribute__((format(printf, 3, 4)))
void log_guest_info(struct log_rate *rate, const char *unit,
		    const char *fmt, ...);

/* Says why in one line and exits with status 2: for wrong use and set-up. */
__attribute__((format(printf, 1, 2), noreturn))
void die(const char *fmt, ...);

#endif
