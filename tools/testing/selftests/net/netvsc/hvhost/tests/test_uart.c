// SPDX-License-Identifier: GPL-2.0
/*
 * The serial port as Linux's 8250 driver uses it.
 */
#include "kselftest_harness.h"

#include "../loop.h"
#include "../uart.h"
#include "fake_vm.h"

#define BASE	0x3f8

enum { DATA, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCRATCH };

static char sent[4096];
static size_t nr_sent;

static void output(void *ctx, const uint8_t *data, size_t len)
{
	(void)ctx;
	memcpy(sent + nr_sent, data, len);
	nr_sent += len;
}

FIXTURE(uart) {
	struct vm *vm;
	struct uart *uart;
};

FIXTURE_SETUP(uart)
{
	nr_sent = 0;
	self->vm = fake_vm_create(1);
	self->uart = uart_create(self->vm, BASE, 4, output, NULL);
}

/* A port lives as long as the program. */
FIXTURE_TEARDOWN(uart)
{
	uart_flush(self->uart);
	free(self->uart);
	fake_vm_free(self->vm);
}

static uint8_t in(struct vm *vm, unsigned int reg)
{
	return io_read(&vm->pio, BASE + reg, 1);
}

static void out(struct vm *vm, unsigned int reg, uint8_t value)
{
	io_write(&vm->pio, BASE + reg, 1, value);
}

TEST_F(uart, looks_like_a_16550a)
{
	struct vm *vm = self->vm;

	out(vm, IIR_FCR, 1);
	EXPECT_EQ(0xc1, in(vm, IIR_FCR));
	out(vm, IIR_FCR, 0);
	EXPECT_EQ(0x01, in(vm, IIR_FCR));
	out(vm, SCRATCH, 0xa5);
	EXPECT_EQ(0xa5, in(vm, SCRATCH));
	out(vm, IER, 0xff);
	EXPECT_EQ(0x0f, in(vm, IER));
	out(vm, LCR, 0x83);
	out(vm, DATA, 0x34);
	out(vm, IER, 0x12);
	EXPECT_EQ(0x34, in(vm, DATA));
	EXPECT_EQ(0x12, in(vm, IER));
	out(vm, LCR, 0x03);
	EXPECT_EQ(0x0f, in(vm, IER));
	EXPECT_EQ(0, nr_sent);
}

TEST_F(uart, loopback)
{
	struct vm *vm = self->vm;

	out(vm, MCR, 0x1a);		/* loop, OUT2, RTS */
	EXPECT_EQ(0x90, in(vm, MSR) & 0xf0);
	out(vm, DATA, 'x');
	EXPECT_EQ(0x61, in(vm, LSR));
	EXPECT_EQ('x', in(vm, DATA));
	EXPECT_EQ(0x60, in(vm, LSR));
	out(vm, MCR, 0x0b);
	EXPECT_EQ(0xb0, in(vm, MSR) & 0xf0);
	uart_flush(self->uart);
	EXPECT_EQ(0, nr_sent);
}

TEST_F(uart, output_goes_by_lines)
{
	struct vm *vm = self->vm;

	out(vm, DATA, 'h');
	out(vm, DATA, 'i');
	EXPECT_EQ(0, nr_sent);
	out(vm, DATA, '\n');
	ASSERT_EQ(3, nr_sent);
	EXPECT_EQ(0, memcmp(sent, "hi\n", 3));
	out(vm, DATA, '$');
	while (nr_sent < 4)		/* a prompt comes a little later */
		loop_run_pending();
	EXPECT_EQ('$', sent[3]);
}

TEST_F(uart, the_transmitter_asks_for_more)
{
	struct vm *vm = self->vm;

	out(vm, IIR_FCR, 1);
	out(vm, IER, 2);
	EXPECT_TRUE(vm->irq_level);
	EXPECT_EQ(0xc2, in(vm, IIR_FCR));
	EXPECT_FALSE(vm->irq_level);	/* told once */
	EXPECT_EQ(0xc1, in(vm, IIR_FCR));
	out(vm, DATA, 'x');
	EXPECT_TRUE(vm->irq_level);
	EXPECT_EQ(2, vm->irq_edges);
	out(vm, IER, 0);
	EXPECT_FALSE(vm->irq_level);
	out(vm, IER, 2);		/* the test at startup */
	EXPECT_EQ(0xc2, in(vm, IIR_FCR));
}

TEST_F(uart, input_waits_for_room)
{
	struct vm *vm = self->vm;
	unsigned int i;

	uart_input(self->uart, "0123456", 7);
	out(vm, IIR_FCR, 0x81);		/* FIFO, eight bytes */
	out(vm, IIR_FCR, 0x87);		/* and emptied */
	out(vm, IER, 1);
	EXPECT_EQ(0, vm->irq_edges);
	out(vm, MCR, 0x0b);		/* ready to receive */
	EXPECT_EQ(0xcc, in(vm, IIR_FCR));
	uart_input(self->uart, "789abcdefghijklmnopqrstuvwxyz", 29);
	EXPECT_EQ(0xc4, in(vm, IIR_FCR));
	EXPECT_EQ(1, vm->irq_edges);
	for (i = 0; i < 36; i++) {
		EXPECT_EQ(0x61, in(vm, LSR));
		EXPECT_EQ("0123456789abcdefghijklmnopqrstuvwxyz"[i],
			  in(vm, DATA));
	}
	EXPECT_EQ(0x60, in(vm, LSR));
	EXPECT_EQ(0xc1, in(vm, IIR_FCR));
	EXPECT_FALSE(vm->irq_level);
}

/* A guest that never reads gets a bounded amount, and what comes later again. */
TEST_F(uart, input_that_nobody_reads)
{
	const size_t most = 64 * 1024, piece = 1024;
	struct vm *vm = self->vm;
	uint8_t bytes[1024];
	size_t i;

	out(vm, IIR_FCR, 0x81);
	for (i = 0; i < piece; i++)
		bytes[i] = i % 251;
	for (i = 0; i < most / piece - 1; i++)
		uart_input(self->uart, bytes, piece);
	uart_input(self->uart, bytes, piece - 1);
	uart_input(self->uart, "most of this is lost", 20);
	uart_input(self->uart, "and what follows", 16);
	out(vm, MCR, 0x0b);
	uart_input(self->uart, "also where there is room again", 30);
	for (i = 0; i < most - 1; i++)
		ASSERT_EQ(i % piece % 251, in(vm, DATA));
	EXPECT_EQ('m', in(vm, DATA));
	EXPECT_EQ(0x60, in(vm, LSR));
	uart_input(self->uart, bytes, piece);
	for (i = 0; i < piece; i++)
		ASSERT_EQ(i % 251, in(vm, DATA));
	EXPECT_EQ(0x60, in(vm, LSR));
}

TEST_F(uart, wide_accesses_do_nothing)
{
	io_write(&self->vm->pio, BASE, 4, 0x61616161);
	EXPECT_EQ(0xffffffff, io_read(&self->vm->pio, BASE, 4));
	EXPECT_EQ(0xff, io_read(&self->vm->pio, BASE + 8, 1));
	EXPECT_EQ(0xffff, io_read(&self->vm->pio, BASE + 7, 2));
	uart_flush(self->uart);
	EXPECT_EQ(0, nr_sent);
}

TEST_HARNESS_MAIN
