// SPDX-License-Identifier: GPL-2.0
/*
 * The hypervisor's interface: hypercalls with good and bad input, the clock,
 * and how a guest ends.
 */
#include "kselftest_harness.h"

#include "fake_vm.h"

#define GUEST_OS_ID	0x40000000u
#define HYPERCALL	0x40000001u
#define VP_INDEX	0x40000002u
#define RESET		0x40000003u
#define TIME_REF_COUNT	0x40000020u
#define REFERENCE_TSC	0x40000021u
#define CRASH_P0	0x40000100u
#define CRASH_CTL	0x40000105u

#define POST_MESSAGE	0x5cull
#define SIGNAL_EVENT	0x5dull
#define RETARGET	0x7eull
#define FAST		0x10000ull
#define VAR(n)		((uint64_t)(n) << 17)

#define INPUT		0x8000u
#define HYPERCALL_PAGE	0x5000u
#define TSC_PAGE	0x6000u

/* What the last hypercall brought to its device. */
static struct {
	unsigned int calls;
	uint32_t connection, type, address, data;
	uint16_t flag;
	size_t len;
	uint8_t payload[HV_MESSAGE_PAYLOAD_MAX];
	uint64_t device, mask;
	uint8_t vector;
} got;

static uint16_t got_message(void *ctx, uint32_t connection, uint32_t type,
			    const void *payload, size_t len)
{
	(void)ctx;
	got.calls++;
	got.connection = connection;
	got.type = type;
	got.len = len;
	memcpy(got.payload, payload, len);
	return HV_STATUS_SUCCESS;
}

static uint16_t got_event(void *ctx, uint32_t connection, uint16_t flag)
{
	(void)ctx;
	got.calls++;
	got.connection = connection;
	got.flag = flag;
	return HV_STATUS_SUCCESS;
}

static uint16_t got_retarget(void *ctx, uint64_t device, uint32_t address,
			     uint32_t data, uint8_t vector, uint64_t mask)
{
	(void)ctx;
	got.calls++;
	got.device = device;
	got.address = address;
	got.data = data;
	got.vector = vector;
	got.mask = mask;
	return HV_STATUS_SUCCESS;
}

FIXTURE(hyperv) {
	struct vm *vm;
	struct hyperv *hv;
};

FIXTURE_SETUP(hyperv)
{
	const struct hv_calls calls = {
		.post_message = got_message,
		.signal_event = got_event,
		.retarget = got_retarget,
	};

	self->vm = fake_vm_create(3);
	self->hv = self->vm->hyperv;
	hv_set_calls(self->vm, &calls);
	ASSERT_TRUE(hv_msr_write(self->hv, 0, GUEST_OS_ID, 0x8100));
	ASSERT_TRUE(hv_msr_write(self->hv, 0, HYPERCALL, HYPERCALL_PAGE | 1));
}

FIXTURE_TEARDOWN(hyperv)
{
	fake_vm_free(self->vm);
}

static void put_input(struct vm *vm, uint64_t gpa, const void *in, size_t len)
{
	mem_write(&vm->mem, gpa, in, len);
}

TEST_F(hyperv, the_hypercall_page_writes_to_the_port)
{
	const uint8_t *page = mem_ptr(&self->vm->mem, HYPERCALL_PAGE, 8);
	uint64_t value;

	EXPECT_EQ(0xf3, page[0]);
	EXPECT_EQ(0xe6, page[4]);
	EXPECT_EQ(HV_HYPERCALL_PORT, page[5]);
	EXPECT_EQ(0xc3, page[6]);
	hv_msr_write(self->hv, 0, GUEST_OS_ID, 0);
	EXPECT_TRUE(hv_msr_read(self->hv, 0, HYPERCALL, &value));
	EXPECT_EQ(HYPERCALL_PAGE, value);
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  hv_hypercall(self->hv, SIGNAL_EVENT | FAST, 1, 0));
	hv_msr_write(self->hv, 0, HYPERCALL, HYPERCALL_PAGE | 1);
	EXPECT_TRUE(hv_msr_read(self->hv, 0, HYPERCALL, &value));
	EXPECT_EQ(HYPERCALL_PAGE, value);	/* not without an OS id */
}

TEST_F(hyperv, pages_outside_of_memory_do_no_harm)
{
	EXPECT_TRUE(hv_msr_write(self->hv, 0, HYPERCALL, ~0ull));
	EXPECT_TRUE(hv_msr_write(self->hv, 0, REFERENCE_TSC, ~0ull));
}

TEST_F(hyperv, post_message)
{
	uint32_t in[64] = { 4, 0, 1, 5 };

	memcpy(&in[4], "hello", 5);
	put_input(self->vm, INPUT, in, sizeof(in));
	EXPECT_EQ(0, hv_hypercall(self->hv, POST_MESSAGE, INPUT, 0));
	EXPECT_EQ(4, got.connection);
	EXPECT_EQ(1, got.type);
	EXPECT_EQ(5, got.len);
	EXPECT_EQ(0, memcmp(got.payload, "hello", 5));

	in[3] = HV_MESSAGE_PAYLOAD_MAX + 1;
	put_input(self->vm, INPUT, in, sizeof(in));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  hv_hypercall(self->hv, POST_MESSAGE, INPUT, 0));
	EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_INPUT,
		  hv_hypercall(self->hv, POST_MESSAGE | FAST, INPUT, 0));
	EXPECT_EQ(1, got.calls);
}

TEST_F(hyperv, input_has_to_be_aligned_and_in_one_page_of_memory)
{
	static const uint64_t bad[] = {
		INPUT + 4, INPUT + 0xf08, FAKE_RAM, ~7ull, 1ull << 63,
	};
	unsigned int i;

	for (i = 0; i < 5; i++)
		EXPECT_EQ(HV_STATUS_INVALID_ALIGNMENT,
			  hv_hypercall(self->hv, POST_MESSAGE, bad[i], 0));
	EXPECT_EQ(0, got.calls);
}

TEST_F(hyperv, signal_event_fast_and_slow)
{
	uint64_t in = 7 | 3ull << 32;

	EXPECT_EQ(0, hv_hypercall(self->hv, SIGNAL_EVENT | FAST, in, 0));
	EXPECT_EQ(7, got.connection);
	EXPECT_EQ(3, got.flag);
	in = 8;
	put_input(self->vm, INPUT, &in, sizeof(in));
	EXPECT_EQ(0, hv_hypercall(self->hv, SIGNAL_EVENT, INPUT, 0));
	EXPECT_EQ(8, got.connection);
	EXPECT_EQ(0, got.flag);
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  hv_hypercall(self->hv, SIGNAL_EVENT | FAST, 1ull << 48, 0));
	EXPECT_EQ(2, got.calls);
}

struct retarget {
	uint64_t partition, device;
	uint32_t source, reserved0, address, data;
	uint64_t reserved1;
	uint32_t vector, flags;
	uint64_t target[4];
};

static const struct retarget good = {
	.partition = ~0ull,
	.device = 0x1234,
	.source = 1,
	.address = 0xfee00000,
	.data = 0x42,
	.vector = 0x31,
};

static uint64_t retarget(struct vm *vm, const struct retarget *in,
			 unsigned int var)
{
	put_input(vm, INPUT, in, sizeof(*in));
	return hv_hypercall(vm->hyperv, RETARGET | VAR(var), INPUT, 0);
}

TEST_F(hyperv, retarget_to_a_mask)
{
	struct retarget in = good;

	in.target[0] = 6;
	EXPECT_EQ(0, retarget(self->vm, &in, 0));
	EXPECT_EQ(0x1234, got.device);
	EXPECT_EQ(0xfee00000, got.address);
	EXPECT_EQ(0x42, got.data);
	EXPECT_EQ(0x31, got.vector);
	EXPECT_EQ(6, got.mask);
	in.target[0] = 8;		/* there are three vCPUs */
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(self->vm, &in, 0));
}

TEST_F(hyperv, retarget_to_a_set)
{
	struct retarget in = good;

	in.flags = 2;
	in.target[0] = 0;		/* sparse */
	in.target[1] = 1;		/* bank 0 */
	in.target[2] = 4;
	EXPECT_EQ(0, retarget(self->vm, &in, 2));
	EXPECT_EQ(4, got.mask);
	/* The size of the set has to agree with its banks. */
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(self->vm, &in, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(self->vm, &in, 3));
	in.target[1] = 2;		/* vCPUs 64 to 127 */
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(self->vm, &in, 2));
	in.target[0] = 1;		/* all */
	in.target[1] = 0;
	EXPECT_EQ(0, retarget(self->vm, &in, 1));
	EXPECT_EQ(7, got.mask);
	in.target[0] = 2;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(self->vm, &in, 1));
}

TEST_F(hyperv, retarget_checks_its_input)
{
	struct retarget in = good;

	in.target[0] = 1;
	in.vector = 15;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(self->vm, &in, 0));
	in.vector = 256;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(self->vm, &in, 0));
	in.vector = 255;
	in.source = 2;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(self->vm, &in, 0));
	in.source = 1;
	in.partition = 0;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(self->vm, &in, 0));
	EXPECT_EQ(0, got.calls);
}

TEST_F(hyperv, calls_that_are_not_there)
{
	EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_CODE,
		  hv_hypercall(self->hv, 0x02, 0, 0));
	EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_CODE,
		  hv_hypercall(self->hv, 0x8001, 0, 0));
	/* Reserved bits, repetitions. */
	EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_INPUT,
		  hv_hypercall(self->hv, SIGNAL_EVENT | FAST | 1ull << 63, 1,
			       0));
	EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_INPUT,
		  hv_hypercall(self->hv, SIGNAL_EVENT | FAST | 1ull << 32, 1,
			       0));
	EXPECT_EQ(0, got.calls);
}

TEST_F(hyperv, the_counter_and_the_page_agree)
{
	struct {
		uint32_t sequence, reserved;
		uint64_t scale, offset;
	} page;
	uint64_t value, by_page;

	self->vm->ref_time = 1000000;
	self->vm->tsc = 5000000000ull;
	EXPECT_TRUE(hv_msr_read(self->hv, 0, TIME_REF_COUNT, &value));
	EXPECT_EQ(1000000, value);
	hv_msr_write(self->hv, 0, REFERENCE_TSC, TSC_PAGE | 1);
	EXPECT_TRUE(hv_msr_read(self->hv, 0, TIME_REF_COUNT, &value));
	EXPECT_EQ(1000000, value);
	self->vm->tsc += FAKE_TSC_HZ;	/* a second */
	EXPECT_TRUE(hv_msr_read(self->hv, 0, TIME_REF_COUNT, &value));
	mem_read(&self->vm->mem, TSC_PAGE, &page, sizeof(page));
	by_page = ((unsigned __int128)self->vm->tsc * page.scale >> 64) +
		page.offset;
	EXPECT_NE(0, page.sequence);
	EXPECT_EQ(value, by_page);
	EXPECT_LE(10999999, value);
	EXPECT_GE(11000001, value);
}

TEST_F(hyperv, each_vcpu_has_its_index)
{
	uint64_t value;

	EXPECT_TRUE(hv_msr_read(self->hv, 2, VP_INDEX, &value));
	EXPECT_EQ(2, value);
	EXPECT_FALSE(hv_msr_write(self->hv, 2, VP_INDEX, 0));
	EXPECT_FALSE(hv_msr_read(self->hv, 2, 0x400001ffu, &value));
	EXPECT_FALSE(hv_msr_write(self->hv, 2, 0x40000070u, 0));
}

TEST_F(hyperv, a_panic_ends_the_guest)
{
	hv_msr_write(self->hv, 0, CRASH_P0 + 3, INPUT);
	hv_msr_write(self->hv, 0, CRASH_P0 + 4, 12);
	put_input(self->vm, INPUT, "first\nsecond", 12);
	hv_msr_write(self->hv, 0, CRASH_CTL, 0);
	EXPECT_EQ(-1, self->vm->ended);
	hv_msr_write(self->hv, 0, CRASH_CTL, 3ull << 62);
	EXPECT_EQ(VM_PANICKED, self->vm->ended);
	/* A message that is not in memory, or longer than it may be. */
	hv_msr_write(self->hv, 0, CRASH_P0 + 3, FAKE_RAM - 8);
	hv_msr_write(self->hv, 0, CRASH_P0 + 4, ~0ull);
	hv_msr_write(self->hv, 0, CRASH_CTL, 3ull << 62);
}

TEST_F(hyperv, a_reset_ends_the_guest)
{
	hv_msr_write(self->hv, 0, RESET, 0);
	EXPECT_EQ(-1, self->vm->ended);
	hv_msr_write(self->hv, 0, RESET, 1);
	EXPECT_EQ(VM_RESET, self->vm->ended);
}

TEST_HARNESS_MAIN
