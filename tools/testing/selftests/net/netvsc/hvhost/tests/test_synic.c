// SPDX-License-Identifier: GPL-2.0
/*
 * SynIC: messages one at a time and in order, interrupts only where the guest
 * wants them, and registers that take nonsense without harm.
 */
#include "kselftest_harness.h"

#include "fake_vm.h"

#define SCONTROL	0x40000080u
#define SVERSION	0x40000081u
#define SIEFP		0x40000082u
#define SIMP		0x40000083u
#define EOM		0x40000084u
#define SINT(n)		(0x40000090u + (n))
#define MASKED		0x10000u
#define POLLING		0x40000u

#define SIMP_PAGE	0x3000u
#define SIEFP_PAGE	0x4000u
#define VECTOR		0xf3

FIXTURE(synic) {
	struct vm *vm;
	struct hyperv *hv;
};

static bool set(struct hyperv *hv, unsigned int vp, uint32_t msr,
		uint64_t value)
{
	return hv_msr_write(hv, vp, msr, value);
}

FIXTURE_SETUP(synic)
{
	self->vm = fake_vm_create(2);
	self->hv = self->vm->hyperv;
	ASSERT_TRUE(set(self->hv, 1, SIMP, SIMP_PAGE | 1));
	ASSERT_TRUE(set(self->hv, 1, SIEFP, SIEFP_PAGE | 1));
	ASSERT_TRUE(set(self->hv, 1, SINT(2), VECTOR));
	ASSERT_TRUE(set(self->hv, 1, SCONTROL, 1));
}

FIXTURE_TEARDOWN(synic)
{
	fake_vm_free(self->vm);
}

/* The slot of SINT 2. */
static uint8_t *slot(struct vm *vm)
{
	return mem_ptr(&vm->mem, SIMP_PAGE + 2 * 256, 256);
}

static uint32_t slot_type(struct vm *vm)
{
	uint32_t type;

	memcpy(&type, slot(vm), sizeof(type));
	return type;
}

static void empty_slot(struct vm *vm)
{
	memset(slot(vm), 0, 4);
}

TEST_F(synic, messages_come_in_order_and_one_at_a_time)
{
	struct vm *vm = self->vm;

	EXPECT_TRUE(synic_post(vm, 1, 2, 1, "one", 3));
	EXPECT_TRUE(synic_post(vm, 1, 2, 1, "two", 3));
	EXPECT_TRUE(synic_post(vm, 1, 2, 1, "three", 5));
	EXPECT_EQ(1, vm->interrupts);
	EXPECT_EQ(1, vm->last_vp);
	EXPECT_EQ(VECTOR, vm->last_vector);
	EXPECT_EQ(1, slot_type(vm));
	EXPECT_EQ(3, slot(vm)[4]);
	EXPECT_EQ(1, slot(vm)[5]);	/* more is waiting */
	EXPECT_EQ(0, memcmp(slot(vm) + 16, "one", 3));

	/* An EOM without having emptied the slot changes nothing. */
	set(self->hv, 1, EOM, 0);
	EXPECT_EQ(0, memcmp(slot(vm) + 16, "one", 3));
	EXPECT_EQ(1, vm->interrupts);

	empty_slot(vm);
	set(self->hv, 1, EOM, 0);
	EXPECT_EQ(0, memcmp(slot(vm) + 16, "two", 3));
	EXPECT_EQ(1, slot(vm)[5]);
	empty_slot(vm);
	set(self->hv, 1, EOM, 0);
	EXPECT_EQ(5, slot(vm)[4]);
	EXPECT_EQ(0, slot(vm)[5]);	/* it was the last one */
	EXPECT_EQ(3, vm->interrupts);
	empty_slot(vm);
	set(self->hv, 1, EOM, 0);
	EXPECT_EQ(0, slot_type(vm));
	EXPECT_EQ(3, vm->interrupts);
}

TEST_F(synic, a_message_waits_until_its_source_is_unmasked)
{
	struct vm *vm = self->vm;

	set(self->hv, 1, SINT(2), MASKED | VECTOR);
	EXPECT_TRUE(synic_post(vm, 1, 2, 1, "x", 1));
	EXPECT_EQ(0, vm->interrupts);
	EXPECT_EQ(0, slot_type(vm));
	set(self->hv, 1, SINT(2), VECTOR);
	EXPECT_EQ(1, vm->interrupts);
	EXPECT_EQ(1, slot_type(vm));
}

TEST_F(synic, a_message_waits_until_synic_is_on)
{
	struct vm *vm = self->vm;

	set(self->hv, 1, SCONTROL, 0);
	EXPECT_TRUE(synic_post(vm, 1, 2, 1, "x", 1));
	EXPECT_EQ(0, slot_type(vm));
	set(self->hv, 1, SCONTROL, 1);
	EXPECT_EQ(1, slot_type(vm));
}

TEST_F(synic, flush_drops_what_waits)
{
	struct vm *vm = self->vm;

	synic_post(vm, 1, 2, 1, "one", 3);
	synic_post(vm, 1, 2, 1, "two", 3);
	synic_flush(vm);
	empty_slot(vm);
	set(self->hv, 1, EOM, 0);
	EXPECT_EQ(0, slot_type(vm));
}

TEST_F(synic, posting_to_what_is_not_there_fails)
{
	struct vm *vm = self->vm;
	uint8_t big[241] = { 0 };

	EXPECT_FALSE(synic_post(vm, 2, 2, 1, "x", 1));
	EXPECT_FALSE(synic_post(vm, 1, 16, 1, "x", 1));
	EXPECT_FALSE(synic_post(vm, 1, 2, 1, big, sizeof(big)));
	EXPECT_FALSE(synic_post(vm, 1, 2, 0, "x", 1));
	EXPECT_TRUE(synic_post(vm, 1, 2, 1, big, 240));
}

TEST_F(synic, a_queue_that_nobody_reads_ends)
{
	unsigned int i;

	for (i = 0; i < 10000; i++)
		if (!synic_post(self->vm, 1, 2, 1, "x", 1))
			break;
	EXPECT_LT(i, 10000);
}

TEST_F(synic, pages_outside_of_memory_are_never_touched)
{
	struct vm *vm = self->vm;

	set(self->hv, 1, SIMP, ~0xfffull | 1);
	set(self->hv, 1, SIEFP, (uint64_t)FAKE_RAM | 1);
	EXPECT_TRUE(synic_post(vm, 1, 2, 1, "x", 1));
	EXPECT_FALSE(synic_signal(vm, 1, 2, 0));
	EXPECT_EQ(0, vm->interrupts);
	set(self->hv, 1, SIMP, SIMP_PAGE | 1);
	EXPECT_EQ(1, slot_type(vm));
}

TEST_F(synic, an_event_flag_interrupts_once_until_it_is_taken)
{
	struct vm *vm = self->vm;
	uint8_t *flags = mem_ptr(&vm->mem, SIEFP_PAGE + 2 * 256, 256);

	EXPECT_TRUE(synic_signal(vm, 1, 2, 9));
	EXPECT_FALSE(synic_signal(vm, 1, 2, 9));
	EXPECT_EQ(1, vm->interrupts);
	EXPECT_EQ(2, flags[1]);
	EXPECT_TRUE(synic_signal(vm, 1, 2, 2047));
	EXPECT_EQ(2, vm->interrupts);
	EXPECT_EQ(0x80, flags[255]);
	flags[1] = 0;
	EXPECT_TRUE(synic_signal(vm, 1, 2, 9));
	EXPECT_EQ(3, vm->interrupts);
	EXPECT_FALSE(synic_signal(vm, 1, 2, 2048));
	EXPECT_FALSE(synic_signal(vm, 1, 16, 0));
	EXPECT_FALSE(synic_signal(vm, 9, 2, 0));
	EXPECT_FALSE(synic_signal(vm, 0, 2, 0));	/* never set up */
	/* The guest looks at the flags by itself. */
	set(self->hv, 1, SINT(2), POLLING | VECTOR);
	EXPECT_FALSE(synic_signal(vm, 1, 2, 10));
	EXPECT_EQ(6, flags[1]);
	EXPECT_EQ(3, vm->interrupts);
}

TEST_F(synic, registers)
{
	uint64_t value;

	EXPECT_TRUE(hv_msr_read(self->hv, 0, SVERSION, &value));
	EXPECT_EQ(1, value);
	EXPECT_FALSE(set(self->hv, 0, SVERSION, 1));
	EXPECT_TRUE(hv_msr_read(self->hv, 0, SINT(15), &value));
	EXPECT_EQ(MASKED, value);
	/* An unmasked source needs a vector that the processor can take. */
	EXPECT_FALSE(set(self->hv, 0, SINT(3), 15));
	EXPECT_TRUE(set(self->hv, 0, SINT(3), 16));
	EXPECT_FALSE(set(self->hv, 0, 0x40000085u, 0));
	EXPECT_FALSE(hv_msr_read(self->hv, 0, 0x4000008fu, &value));
}

TEST_HARNESS_MAIN
