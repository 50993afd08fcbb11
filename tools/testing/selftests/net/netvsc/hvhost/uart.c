// SPDX-License-Identifier: GPL-2.0
/*
 * A 16550A whose wire is infinitely fast: the transmitter is always empty, so a
 * guest that has seen the FIFO writes 16 bytes at a time.  Each access costs an
 * exit; what is written is gathered by KVM where it can, and by lines here.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "log.h"
#include "loop.h"
#include "uart.h"
#include "vm.h"

#define UART_PORTS	8
#define FIFO_SIZE	16

enum { DATA, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCRATCH };

#define IER_RX		0x01
#define IER_TX		0x02
#define IER_LINE	0x04
#define IER_MODEM	0x08
#define IER_ALL		0x0f

#define IIR_NONE	0x01
#define IIR_MODEM	0x00
#define IIR_TX		0x02
#define IIR_RX		0x04
#define IIR_LINE	0x06
#define IIR_TIMEOUT	0x0c
#define IIR_FIFO	0xc0

#define FCR_ENABLE	0x01
#define FCR_CLEAR_RX	0x02
#define FCR_TRIGGER(v)	((v) >> 6 & 3)

#define LCR_DLAB	0x80

#define MCR_DTR		0x01
#define MCR_RTS		0x02
#define MCR_OUT1	0x04
#define MCR_OUT2	0x08
#define MCR_LOOP	0x10
#define MCR_ALL		0x1f

#define LSR_READY	0x01
#define LSR_OVERRUN	0x02
#define LSR_TX_EMPTY	0x60		/* holding and shift register */

#define MSR_CTS		0x10
#define MSR_DSR		0x20
#define MSR_RI		0x40
#define MSR_DCD		0x80

#define OUT_SIZE	512
#define OUT_DELAY_NS	2000000
#define BACKLOG_SIZE	(64 * 1024)

/**
 * struct uart - a port
 * @tx_pending: the transmitter became empty and the guest has not been told
 * @msr_delta: lines that changed since the guest last read them
 * @fifo: received bytes that the guest can read, @rx_len of them from @rx_pos
 * @backlog: input that waits for room in @fifo, as that does
 * @overrun: there was too much; no more is taken until the guest has read this
 * @out: output that waits for the end of its line
 */
struct uart {
	struct vm *vm;
	unsigned int irq;
	void (*output)(void *ctx, const uint8_t *data, size_t len);
	void *ctx;

	uint8_t ier, fcr, lcr, mcr, scratch;
	uint8_t divisor[2];
	uint8_t line_errors;
	uint8_t msr_delta;
	bool tx_pending;
	bool irq_level;

	uint8_t fifo[FIFO_SIZE];
	unsigned int rx_pos, rx_len;
	uint8_t backlog[BACKLOG_SIZE];
	size_t backlog_pos, backlog_len;
	bool overrun;
	struct log_rate rate;

	uint8_t out[OUT_SIZE];
	size_t out_len;
	struct loop_timer out_timer;
};

static unsigned int trigger_level(const struct uart *uart)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };

	if (!(uart->fcr & FCR_ENABLE))
		return 1;
	return levels[FCR_TRIGGER(uart->fcr)];
}

/* What the guest would read from IIR, most urgent first. */
static uint8_t pending(const struct uart *uart)
{
	if (uart->ier & IER_LINE && uart->line_errors)
		return IIR_LINE;
	if (uart->ier & IER_RX && uart->rx_len)
		return uart->rx_len >= trigger_level(uart) ? IIR_RX :
							      IIR_TIMEOUT;
	if (uart->ier & IER_TX && uart->tx_pending)
		return IIR_TX;
	if (uart->ier & IER_MODEM && uart->msr_delta)
		return IIR_MODEM;
	return IIR_NONE;
}

static void update_irq(struct uart *uart)
{
	bool level = pending(uart) != IIR_NONE;

	if (level == uart->irq_level)
		return;
	uart->irq_level = level;
	vm_irq_line(uart->vm, uart->irq, level);
}

/* Receiving --------------------------------------------------------------- */

static bool receive(struct uart *uart, uint8_t byte)
{
	unsigned int size = uart->fcr & FCR_ENABLE ? FIFO_SIZE : 1;

	if (uart->rx_len >= size)
		return false;
	uart->fifo[(uart->rx_pos + uart->rx_len++) % FIFO_SIZE] = byte;
	return true;
}

/*
 * Input waits until the guest says that it is ready to receive, which Linux does
 * when the port is opened and after it has emptied the FIFO.
 */
static void refill(struct uart *uart)
{
	if (!(uart->mcr & MCR_RTS) || uart->mcr & MCR_LOOP)
		return;
	while (uart->backlog_len &&
	       receive(uart, uart->backlog[uart->backlog_pos])) {
		uart->backlog_pos = (uart->backlog_pos + 1) % BACKLOG_SIZE;
		uart->backlog_len--;
	}
	if (!uart->backlog_len)
		uart->overrun = false;
}

static uint8_t read_data(struct uart *uart)
{
	uint8_t byte;

	if (!uart->rx_len)
		return 0;
	byte = uart->fifo[uart->rx_pos];
	uart->rx_pos = (uart->rx_pos + 1) % FIFO_SIZE;
	uart->rx_len--;
	if (!uart->rx_len)
		refill(uart);
	return byte;
}

void uart_input(struct uart *uart, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	size_t i;

	if (uart->overrun)
		return;
	for (i = 0; i < len && uart->backlog_len < BACKLOG_SIZE; i++)
		uart->backlog[(uart->backlog_pos + uart->backlog_len++) %
			      BACKLOG_SIZE] = bytes[i];
	if (i < len) {
		uart->overrun = true;
		log_guest_error(&uart->rate, "uart",
				"the guest does not read the serial port with IRQ %u: input is lost",
				uart->irq);
	}
	refill(uart);
	update_irq(uart);
}

/* Sending ----------------------------------------------------------------- */

void uart_flush(struct uart *uart)
{
	size_t len = uart->out_len;

	loop_timer_cancel(&uart->out_timer);
	uart->out_len = 0;
	if (len)
		uart->output(uart->ctx, uart->out, len);
}

static void flush_late(void *ctx)
{
	uart_flush(ctx);
}

static void send(struct uart *uart, uint8_t byte)
{
	uart->out[uart->out_len++] = byte;
	if (byte == '\n' || uart->out_len == OUT_SIZE)
		uart_flush(uart);
	else if (uart->out_len == 1)
		loop_timer_set(&uart->out_timer, OUT_DELAY_NS);
}

static void write_data(struct uart *uart, uint8_t byte)
{
	if (!(uart->mcr & MCR_LOOP))
		send(uart, byte);
	else if (!receive(uart, byte))
		uart->line_errors |= LSR_OVERRUN;
	uart->tx_pending = true;
}

/* Registers --------------------------------------------------------------- */

static uint8_t modem_lines(const struct uart *uart)
{
	uint8_t lines = 0;

	if (!(uart->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	if (uart->mcr & MCR_RTS)
		lines |= MSR_CTS;
	if (uart->mcr & MCR_DTR)
		lines |= MSR_DSR;
	if (uart->mcr & MCR_OUT1)
		lines |= MSR_RI;
	if (uart->mcr & MCR_OUT2)
		lines |= MSR_DCD;
	return lines;
}

static void write_mcr(struct uart *uart, uint8_t value)
{
	uint8_t before = modem_lines(uart);

	uart->mcr = value & MCR_ALL;
	uart->msr_delta |= (before ^ modem_lines(uart)) >> 4;
	refill(uart);
}

static void write_ier(struct uart *uart, uint8_t value)
{
	/* Enabling it asks at once whether the transmitter is empty: it is. */
	if (value & ~uart->ier & IER_TX)
		uart->tx_pending = true;
	uart->ier = value & IER_ALL;
}

static void write_fcr(struct uart *uart, uint8_t value)
{
	/* Turning the FIFO on or off empties it. */
	if (value & FCR_CLEAR_RX || (value ^ uart->fcr) & FCR_ENABLE)
		uart->rx_len = 0;
	uart->fcr = value;
	refill(uart);
}

static uint8_t read_iir(struct uart *uart)
{
	uint8_t iir = pending(uart);

	if (iir == IIR_TX)
		uart->tx_pending = false;
	if (uart->fcr & FCR_ENABLE)
		iir |= IIR_FIFO;
	return iir;
}

static uint8_t read_lsr(struct uart *uart)
{
	uint8_t lsr = LSR_TX_EMPTY | uart->line_errors;

	uart->line_errors = 0;
	if (uart->rx_len)
		lsr |= LSR_READY;
	return lsr;
}

static uint8_t read_msr(struct uart *uart)
{
	uint8_t msr = modem_lines(uart) | uart->msr_delta;

	uart->msr_delta = 0;
	return msr;
}

static uint8_t read_register(struct uart *uart, unsigned int reg)
{
	switch (reg) {
	case DATA:
		return uart->lcr & LCR_DLAB ? uart->divisor[0] :
					      read_data(uart);
	case IER:
		return uart->lcr & LCR_DLAB ? uart->divisor[1] : uart->ier;
	case IIR_FCR:
		return read_iir(uart);
	case LCR:
		return uart->lcr;
	case MCR:
		return uart->mcr;
	case LSR:
		return read_lsr(uart);
	case MSR:
		return read_msr(uart);
	default:
		return uart->scratch;
	}
}

static void write_register(struct uart *uart, unsigned int reg, uint8_t value)
{
	switch (reg) {
	case DATA:
		if (uart->lcr & LCR_DLAB)
			uart->divisor[0] = value;
		else
			write_data(uart, value);
		break;
	case IER:
		if (uart->lcr & LCR_DLAB)
			uart->divisor[1] = value;
		else
			write_ier(uart, value);
		break;
	case IIR_FCR:
		write_fcr(uart, value);
		break;
	case LCR:
		uart->lcr = value;
		break;
	case MCR:
		write_mcr(uart, value);
		break;
	case SCRATCH:
		uart->scratch = value;
		break;
	default:			/* LSR and MSR are read-only */
		break;
	}
}

static uint64_t uart_read(void *ctx, uint64_t offset, unsigned int size)
{
	struct uart *uart = ctx;
	uint8_t value;

	if (size != 1)
		return ~0ull;
	value = read_register(uart, offset);
	update_irq(uart);
	return value;
}

static void uart_write(void *ctx, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	struct uart *uart = ctx;

	if (size != 1)
		return;
	write_register(uart, offset, value);
	update_irq(uart);
}

static const struct vm_io uart_io = {
	.read = uart_read,
	.write = uart_write,
};

struct uart *uart_create(struct vm *vm, uint16_t base, unsigned int irq,
			 void (*output)(void *ctx, const uint8_t *data,
					size_t len), void *ctx)
{
	struct uart *uart = calloc(1, sizeof(*uart));

	if (!uart)
		die("out of memory");
	uart->vm = vm;
	uart->irq = irq;
	uart->output = output;
	uart->ctx = ctx;
	uart->divisor[0] = 1;
	uart->out_timer.fn = flush_late;
	uart->out_timer.ctx = uart;
	if (!vm_pio_add(vm, base, UART_PORTS, &uart_io, uart))
		die("the ports of a serial line at 0x%x are taken", base);
	vm_pio_gather(vm, base + DATA);
	return uart;
}
