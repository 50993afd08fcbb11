// SPDX-License-Identifier: GPL-2.0
/*
 * The event loop: timers in order, tasks once, descriptors deleted from their
 * own callback; and the bounds of guest memory.
 */
#include <sys/epoll.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "loop.h"
#include "mem.h"

static char order[16];
static unsigned int calls;

static void append(void *ctx)
{
	order[calls++] = *(const char *)ctx;
}

TEST(timers_fire_in_order_of_time)
{
	struct loop_timer a = { .fn = append, .ctx = "a" };
	struct loop_timer b = { .fn = append, .ctx = "b" };
	struct loop_timer c = { .fn = append, .ctx = "c" };

	loop_timer_set(&a, 20000000);
	loop_timer_set(&b, 10000000);
	loop_timer_set(&c, 0);
	loop_timer_set(&b, 3000000000ull);
	while (calls < 2)
		loop_run_pending();
	EXPECT_STREQ("ca", order);
	EXPECT_NE(0, b.due);
	loop_timer_cancel(&b);
	loop_run_pending();
	EXPECT_EQ(0, b.due);
	EXPECT_EQ(2, calls);
}

TEST(a_task_runs_once_for_many_requests)
{
	struct loop_task a = { .fn = append, .ctx = "a" };
	struct loop_task b = { .fn = append, .ctx = "b" };

	loop_task_queue(&a);
	loop_task_queue(&b);
	loop_task_queue(&a);
	loop_task_cancel(&b);
	loop_run_pending();
	EXPECT_STREQ("a", order);
	loop_task_queue(&b);
	loop_run_pending();
	EXPECT_STREQ("ab", order);
}

static struct loop_fd *reader;

static void take(void *ctx, uint32_t events)
{
	(void)events;
	append(ctx);
	loop_fd_del(reader);
}

TEST(a_descriptor_may_delete_itself)
{
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	reader = loop_fd_add(fds[0], EPOLLIN, take, "x");
	loop_run_pending();
	EXPECT_EQ(0, calls);
	ASSERT_EQ(1, write(fds[1], "!", 1));
	loop_run_pending();
	loop_run_pending();
	EXPECT_STREQ("x", order);
}

static void stop(void *ctx)
{
	(void)ctx;
	loop_stop(42);
	loop_stop(43);
}

TEST(the_first_stop_decides)
{
	struct loop_timer timer = { .fn = stop };

	loop_timer_set(&timer, 1000);
	EXPECT_EQ(42, loop_run());
}

TEST(memory_has_bounds)
{
	struct guest_mem mem = { 0 };
	uint8_t *ram = malloc(8192), buf[16];

	mem_add(&mem, 0x10000, 8192, ram);
	EXPECT_EQ(ram, mem_ptr(&mem, 0x10000, 1));
	EXPECT_EQ(ram, mem_ptr(&mem, 0x10000, 8192));
	EXPECT_EQ(NULL, mem_ptr(&mem, 0x10000, 8192 + 1));
	EXPECT_EQ(NULL, mem_ptr(&mem, 0x10000, UINT64_MAX));
	EXPECT_EQ(NULL, mem_ptr(&mem, 0x10000, 0));
	EXPECT_EQ(NULL, mem_ptr(&mem, 0xffff, 1));
	EXPECT_EQ(NULL, mem_ptr(&mem, 0x12000, 1));
	EXPECT_EQ(NULL, mem_ptr(&mem, UINT64_MAX, 1));
	EXPECT_TRUE(mem_write(&mem, 0x11ff0, "0123456789abcdef", 16));
	EXPECT_TRUE(mem_read(&mem, 0x11ff0, buf, 16));
	EXPECT_EQ(0, memcmp(buf, "0123456789abcdef", 16));
	EXPECT_FALSE(mem_read(&mem, 0x11ff1, buf, 16));
	free(ram);
}

TEST_HARNESS_MAIN
