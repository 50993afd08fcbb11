// SPDX-License-Identifier: GPL-2.0
/*
 * The event loop: epoll for descriptors, one timerfd for all timers, and an
 * eventfd with which other threads wake it when they queue a task.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"

#define BATCH		32
#define NS_PER_SEC	1000000000ull

struct loop_fd {
	int fd;
	void (*fn)(void *ctx, uint32_t events);
	void *ctx;
	bool dead;
	struct loop_fd *next_dead;
};

static struct {
	int epoll;			/* 0: not set up yet */
	int timer_fd;
	int wake_fd;
	uint64_t armed;			/* what timer_fd is set to */
	struct loop_timer *timers;	/* by time due */
	struct loop_task *first_task;
	struct loop_task **last_task;
	struct loop_fd *dead;
	bool stopped;
	int status;
	bool running;
	pthread_t thread;
} loop;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void host_lock(void)
{
	pthread_mutex_lock(&lock);
}

void host_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

uint64_t loop_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

/* A registration of the loop's own: no callback, told apart by its address. */
static void watch_own(int fd, void *tag)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = tag };

	if (fd < 0 || epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &event))
		die("cannot set up the event loop: %s", strerror(errno));
}

static void loop_set_up(void)
{
	if (loop.epoll)
		return;
	loop.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop.epoll < 0)
		die("cannot set up the event loop: %s", strerror(errno));
	loop.timer_fd = timerfd_create(CLOCK_MONOTONIC,
				       TFD_NONBLOCK | TFD_CLOEXEC);
	watch_own(loop.timer_fd, &loop.timer_fd);
	loop.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	watch_own(loop.wake_fd, &loop.wake_fd);
	loop.last_task = &loop.first_task;
}

struct loop_fd *loop_fd_add(int fd, uint32_t events,
			    void (*fn)(void *ctx, uint32_t events), void *ctx)
{
	struct epoll_event event = { .events = events };
	struct loop_fd *lfd;

	loop_set_up();
	lfd = calloc(1, sizeof(*lfd));
	if (!lfd)
		die("out of memory");
	lfd->fd = fd;
	lfd->fn = fn;
	lfd->ctx = ctx;
	event.data.ptr = lfd;
	if (epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &event))
		die("cannot watch descriptor %d: %s", fd, strerror(errno));
	return lfd;
}

void loop_fd_events(struct loop_fd *lfd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = lfd };

	if (epoll_ctl(loop.epoll, EPOLL_CTL_MOD, lfd->fd, &event))
		log_error("loop", "cannot watch descriptor %d: %s", lfd->fd,
			  strerror(errno));
}

/* An event for it may be on its way already: freed after the next batch. */
void loop_fd_del(struct loop_fd *lfd)
{
	if (!lfd || lfd->dead)
		return;
	epoll_ctl(loop.epoll, EPOLL_CTL_DEL, lfd->fd, NULL);
	lfd->dead = true;
	lfd->next_dead = loop.dead;
	loop.dead = lfd;
}

static void bury(void)
{
	struct loop_fd *lfd;

	while ((lfd = loop.dead)) {
		loop.dead = lfd->next_dead;
		free(lfd);
	}
}

/* Sets the timerfd to the first timer, if it is not. */
static void arm(void)
{
	uint64_t due = loop.timers ? loop.timers->due : 0;
	struct itimerspec spec = {
		.it_value.tv_sec = due / NS_PER_SEC,
		.it_value.tv_nsec = due % NS_PER_SEC,
	};

	if (due == loop.armed)
		return;
	loop.armed = due;
	timerfd_settime(loop.timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void unlink_timer(struct loop_timer *timer)
{
	struct loop_timer **link = &loop.timers;

	if (!timer->due)
		return;
	while (*link && *link != timer)
		link = &(*link)->next;
	if (*link)
		*link = timer->next;
	timer->due = 0;
	timer->next = NULL;
}

void loop_timer_set(struct loop_timer *timer, uint64_t delay_ns)
{
	struct loop_timer **link = &loop.timers;

	loop_set_up();
	unlink_timer(timer);
	timer->due = loop_now_ns() + delay_ns;
	while (*link && (*link)->due <= timer->due)
		link = &(*link)->next;
	timer->next = *link;
	*link = timer;
	arm();
}

void loop_timer_cancel(struct loop_timer *timer)
{
	if (!timer->due)
		return;
	unlink_timer(timer);
	arm();
}

/* A timer that sets itself again waits for the next round, however short. */
static void run_timers(void)
{
	uint64_t now = loop_now_ns();
	struct loop_timer *timer;

	while ((timer = loop.timers) && timer->due <= now) {
		unlink_timer(timer);
		timer->fn(timer->ctx);
	}
	arm();
}

static void wake(void)
{
	uint64_t one = 1;

	if (loop.running && pthread_equal(loop.thread, pthread_self()))
		return;
	/* Fails only when it is as awake as can be. */
	if (write(loop.wake_fd, &one, sizeof(one)) < 0)
		return;
}

void loop_task_queue(struct loop_task *task)
{
	bool first;

	if (task->queued)
		return;
	loop_set_up();
	first = !loop.first_task;
	task->queued = true;
	task->next = NULL;
	*loop.last_task = task;
	loop.last_task = &task->next;
	if (first)
		wake();
}

void loop_task_cancel(struct loop_task *task)
{
	struct loop_task **link = &loop.first_task;

	if (!task->queued)
		return;
	while (*link != task)
		link = &(*link)->next;
	*link = task->next;
	if (loop.last_task == &task->next)
		loop.last_task = link;
	task->queued = false;
}

/*
 * What is queued meanwhile waits behind the marker for the next round, so that
 * a task that queues itself cannot keep descriptors waiting.
 */
static void run_tasks(void)
{
	struct loop_task marker = { 0 };
	struct loop_task *task;

	if (!loop.first_task)
		return;
	loop_task_queue(&marker);
	while ((task = loop.first_task) != &marker) {
		loop_task_cancel(task);
		task->fn(task->ctx);
	}
	loop_task_cancel(&marker);
}

static void drain(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) > 0)
		continue;
}

static void run_events(const struct epoll_event *events, int count)
{
	struct loop_fd *lfd;
	int i;

	for (i = 0; i < count; i++) {
		if (events[i].data.ptr == &loop.wake_fd) {
			drain(loop.wake_fd);
			continue;
		}
		if (events[i].data.ptr == &loop.timer_fd) {
			drain(loop.timer_fd);
			loop.armed = 0;
			continue;
		}
		lfd = events[i].data.ptr;
		if (!lfd->dead)
			lfd->fn(lfd->ctx, events[i].events);
	}
	run_timers();
	run_tasks();
	bury();
}

int loop_run(void)
{
	struct epoll_event events[BATCH];
	int count, timeout;

	host_lock();
	loop_set_up();
	loop.thread = pthread_self();
	loop.running = true;
	while (!loop.stopped) {
		timeout = loop.first_task ? 0 : -1;
		host_unlock();
		count = epoll_wait(loop.epoll, events, BATCH, timeout);
		host_lock();
		run_events(events, count);
	}
	loop.running = false;
	loop.stopped = false;
	host_unlock();
	return loop.status;
}

/* The first reason to stop is the one that counts. */
void loop_stop(int status)
{
	loop_set_up();
	if (loop.stopped)
		return;
	loop.stopped = true;
	loop.status = status;
	wake();
}

void loop_run_pending(void)
{
	struct epoll_event events[BATCH];
	int rounds = 1000;
	int count;

	loop_set_up();
	do {
		count = epoll_wait(loop.epoll, events, BATCH, 0);
		run_events(events, count);
	} while ((count > 0 || loop.first_task) && --rounds);
}
