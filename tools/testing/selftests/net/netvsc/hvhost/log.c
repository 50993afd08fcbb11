// SPDX-License-Identifier: GPL-2.0
/*
 * The log: a line is put together in a buffer and leaves in one write, so that
 * lines of different threads never mix.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define LINE_MAX_LEN	1024

/* At most @lines in @seconds */
struct limit {
	unsigned int lines, seconds;
};

static const struct limit error_limit = { 10, 1 };
static const struct limit info_limit = { 200, 10 };

int log_verbosity = 1;

static uint64_t since_start_ms(void)
{
	static uint64_t start;
	struct timespec ts;
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	if (!start)
		start = now;
	return now - start;
}

/* The first line decides what zero is; make that the start of the program. */
__attribute__((constructor))
static void log_start_clock(void)
{
	since_start_ms();
}

static void emit(const char *unit, const char *fmt, va_list args)
{
	uint64_t ms = since_start_ms();
	char line[LINE_MAX_LEN];
	size_t len;
	int n;

	n = snprintf(line, sizeof(line), "[%5llu.%03u] %s: ",
		     (unsigned long long)(ms / 1000), (unsigned int)(ms % 1000),
		     unit);
	len = n;
	n = vsnprintf(line + len, sizeof(line) - len - 1, fmt, args);
	if (n < 0)
		return;
	len += n;
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	/* A log that cannot be written is nobody's error. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

void log_error(const char *unit, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	emit(unit, fmt, args);
	va_end(args);
}

void log_info(const char *unit, const char *fmt, ...)
{
	va_list args;

	if (log_verbosity < 1)
		return;
	va_start(args, fmt);
	emit(unit, fmt, args);
	va_end(args);
}

void log_debug(const char *unit, const char *fmt, ...)
{
	va_list args;

	if (log_verbosity < 2)
		return;
	va_start(args, fmt);
	emit(unit, fmt, args);
	va_end(args);
}

/* True if the line may go; what was held back before it is owned up to. */
static bool rate_pass(struct log_rate *rate, const struct limit *limit,
		      const char *unit)
{
	uint64_t now = since_start_ms() / 1000 / limit->seconds;

	if (now != rate->window) {
		rate->window = now;
		rate->count = 0;
	}
	if (rate->count >= limit->lines) {
		rate->suppressed++;
		return false;
	}
	rate->count++;
	if (rate->suppressed) {
		log_error(unit, "%u more lines like these were held back",
			  rate->suppressed);
		rate->suppressed = 0;
	}
	return true;
}

void log_guest_error(struct log_rate *rate, const char *unit,
		     const char *fmt, ...)
{
	va_list args;

	if (!rate_pass(rate, &error_limit, unit))
		return;
	va_start(args, fmt);
	emit(unit, fmt, args);
	va_end(args);
}

void log_guest_info(struct log_rate *rate, const char *unit,
		    const char *fmt, ...)
{
	va_list args;

	if (log_verbosity < 1 || !rate_pass(rate, &info_limit, unit))
		return;
	va_start(args, fmt);
	emit(unit, fmt, args);
	va_end(args);
}

void die(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("hvhost: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}
