/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The event loop, and the one lock of the host.  loop.c
 *
 * Every device of the host runs with the host lock held: vCPU threads take it
 * when an exit needs a device, the loop takes it around each callback.  No
 * callback blocks, but for the console's, which waits a little for a reader that
 * is slow (console.c).  All functions here but loop_run() are called with the
 * lock held, unless they say otherwise.
 */
#ifndef HVHOST_LOOP_H
#define HVHOST_LOOP_H

#include <stdbool.h>
#include <stdint.h>

void host_lock(void);
void host_unlock(void);

struct loop_fd;

/**
 * loop_fd_add() - call back when a descriptor is ready
 * @fd: descriptor; the loop does not own it
 * @events: EPOLLIN, EPOLLOUT, ... (level triggered)
 * @fn: called with the lock held and the events that are ready
 *
 * Return: the registration; never NULL (memory running out ends the program).
 */
struct loop_fd *loop_fd_add(int fd, uint32_t events,
			    void (*fn)(void *ctx, uint32_t events), void *ctx);
void loop_fd_events(struct loop_fd *lfd, uint32_t events);
/* May be called from a callback, its own included. */
void loop_fd_del(struct loop_fd *lfd);

/**
 * struct loop_timer - one-shot timer, embedded in its owner
 *
 * Set @fn and @ctx once; zero the rest.  Setting an armed timer moves it.
 */
struct loop_timer {
	void (*fn)(void *ctx);
	void *ctx;
	uint64_t due;			/* CLOCK_MONOTONIC, ns; 0: not armed */
	struct loop_timer *next;
};

void loop_timer_set(struct loop_timer *timer, uint64_t delay_ns);
void loop_timer_cancel(struct loop_timer *timer);

/**
 * struct loop_task - work put off to the loop thread, embedded in its owner
 *
 * Runs once for any number of loop_task_queue() calls before it runs.
 */
struct loop_task {
	void (*fn)(void *ctx);
	void *ctx;
	bool queued;
	struct loop_task *next;
};

void loop_task_queue(struct loop_task *task);
void loop_task_cancel(struct loop_task *task);

uint64_t loop_now_ns(void);		/* CLOCK_MONOTONIC; any context */

/* Runs until loop_stop(); takes the lock itself.  Returns its status. */
int loop_run(void);
void loop_stop(int status);

/* Runs what is due now, without waiting: for unit tests. */
void loop_run_pending(void);

#endif
