// SPDX-License-Identifier: GPL-2.0
/*
 * The few devices that a PC kernel expects whatever it runs on: ACPI power
 * control, ways to reset, and a clock to take the date from.
 */
#include <time.h>

#include "log.h"
#include "machine.h"

#define PM1_SCI_ENABLED		0x0001
#define PM1_SLEEP_TYPE(v)	(((v) >> 10) & 7)
#define PM1_SLEEP_ENABLE	0x2000
#define SLEEP_TYPE_OFF		5		/* as \_S5 says */

#define KBD_COMMAND		0x64
#define KBD_PULSE_RESET		0xfe
#define RESET_CPU		0x04

#define CMOS_BASE		0x70
#define CMOS_NR_REGS		128
#define CMOS_STATUS_A		0x0a
#define CMOS_STATUS_B		0x0b
#define CMOS_STATUS_D		0x0d
#define CMOS_CENTURY		0x32

static struct platform {
	struct vm *vm;
	uint16_t pm1_status;
	uint16_t pm1_enable;
	uint16_t pm1_control;
	uint8_t cmos_index;
} platform;

static uint64_t pm1_event_read(void *ctx, uint64_t offset, unsigned int size)
{
	const struct platform *p = ctx;
	uint32_t both = p->pm1_status | (uint32_t)p->pm1_enable << 16;

	(void)size;
	return both >> (8 * offset);
}

/* Nothing ever raises an event, so the status has nothing to clear. */
static void pm1_event_write(void *ctx, uint64_t offset, unsigned int size,
			    uint64_t value)
{
	struct platform *p = ctx;

	if (offset == 2 && size == 2)
		p->pm1_enable = value;
}

static const struct vm_io pm1_event = {
	.read = pm1_event_read,
	.write = pm1_event_write,
};

static uint64_t pm1_control_read(void *ctx, uint64_t offset, unsigned int size)
{
	const struct platform *p = ctx;

	(void)size;
	return (p->pm1_control | PM1_SCI_ENABLED) >> (8 * offset);
}

static void pm1_control_write(void *ctx, uint64_t offset, unsigned int size,
			      uint64_t value)
{
	struct platform *p = ctx;

	if (offset || size != 2)
		return;
	p->pm1_control = value & ~PM1_SLEEP_ENABLE;
	if (!(value & PM1_SLEEP_ENABLE))
		return;
	if (PM1_SLEEP_TYPE(value) == SLEEP_TYPE_OFF)
		vm_end(p->vm, VM_OFF, "guest powered off");
}

static const struct vm_io pm1_control = {
	.read = pm1_control_read,
	.write = pm1_control_write,
};

static uint64_t reset_read(void *ctx, uint64_t offset, unsigned int size)
{
	(void)ctx;
	(void)offset;
	(void)size;
	return 0;
}

static void reset_write(void *ctx, uint64_t offset, unsigned int size,
			uint64_t value)
{
	struct platform *p = ctx;

	(void)offset;
	(void)size;
	if (value & RESET_CPU)
		vm_end(p->vm, VM_RESET, "guest reset through port 0x%x",
		       PLATFORM_RESET);
}

static const struct vm_io reset_port = {
	.read = reset_read,
	.write = reset_write,
};

/* There is no keyboard, but its controller is a well-known way to reset. */
static void kbd_write(void *ctx, uint64_t offset, unsigned int size,
		      uint64_t value)
{
	struct platform *p = ctx;

	(void)offset;
	(void)size;
	if (value == KBD_PULSE_RESET)
		vm_end(p->vm, VM_RESET, "guest reset through port 0x%x",
		       KBD_COMMAND);
}

static const struct vm_io kbd_port = { .write = kbd_write };

static uint8_t bcd(unsigned int value)
{
	return value / 10 % 10 << 4 | value % 10;
}

static uint8_t cmos_register(unsigned int index)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	switch (index) {
	case 0:
		return bcd(tm.tm_sec);
	case 2:
		return bcd(tm.tm_min);
	case 4:
		return bcd(tm.tm_hour);
	case 6:
		return bcd(tm.tm_wday + 1);
	case 7:
		return bcd(tm.tm_mday);
	case 8:
		return bcd(tm.tm_mon + 1);
	case 9:
		return bcd(tm.tm_year % 100);
	case CMOS_CENTURY:
		return bcd(19 + tm.tm_year / 100);
	case CMOS_STATUS_A:
		return 0x26;		/* 32768 Hz, no update under way */
	case CMOS_STATUS_B:
		return 0x02;		/* BCD, 24 hours */
	case CMOS_STATUS_D:
		return 0x80;		/* battery is good */
	default:
		return 0;
	}
}

static uint64_t cmos_read(void *ctx, uint64_t offset, unsigned int size)
{
	const struct platform *p = ctx;

	if (size != 1 || offset != 1)
		return ~0ull;
	return cmos_register(p->cmos_index);
}

static void cmos_write(void *ctx, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	struct platform *p = ctx;

	if (size == 1 && offset == 0)
		p->cmos_index = value % CMOS_NR_REGS;
}

static const struct vm_io cmos_ports = {
	.read = cmos_read,
	.write = cmos_write,
};

static void add(struct vm *vm, uint16_t base, uint16_t size,
		const struct vm_io *io)
{
	if (!vm_pio_add(vm, base, size, io, &platform))
		die("ports 0x%x to 0x%x are taken", base, base + size - 1);
}

void platform_create(struct vm *vm)
{
	platform.vm = vm;
	add(vm, PLATFORM_PM1_EVENT, 4, &pm1_event);
	add(vm, PLATFORM_PM1_CONTROL, 2, &pm1_control);
	add(vm, PLATFORM_RESET, 1, &reset_port);
	add(vm, KBD_COMMAND, 1, &kbd_port);
	add(vm, CMOS_BASE, 2, &cmos_ports);
}
