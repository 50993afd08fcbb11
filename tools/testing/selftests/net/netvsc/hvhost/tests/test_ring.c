// SPDX-License-Identifier: GPL-2.0
/*
 * Rings: what a well-behaved guest sees, what a hostile one gets, and that no
 * wake-up is lost between two ends that run in parallel.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "mem.h"
#include "ring.h"
#include "vmbus_wire.h"

#define MAX_PAGES	64
#define PAGE		GUEST_PAGE_SIZE

static struct packet pkt;		/* too big for a stack */
static const char *why;
static bool signal_;

/* Pages of a ring, scattered as a guest's may be. */
static uint8_t *pages[MAX_PAGES];
static struct ring_control *ctl;
static uint32_t size;

static void make_pages(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		pages[i] = aligned_alloc(PAGE, PAGE);
	for (i = 0; i < nr; i++)
		memset(pages[i], i ? 0xa5 : 0, PAGE);
	ctl = (void *)pages[0];
	ctl->features = RING_FEATURE_PENDING_SEND;
	size = (nr - 1) * PAGE;
}

static void poke(uint32_t at, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len; len--, at = (at + 1) % size)
		pages[1 + at / PAGE][at % PAGE] = *p++;
}

static void peek(uint32_t at, void *data, size_t len)
{
	uint8_t *p = data;

	for (; len; len--, at = (at + 1) % size)
		*p++ = pages[1 + at / PAGE][at % PAGE];
}

/* The guest puts a packet with this descriptor and what follows it. */
static void guest_put(struct pkt_desc desc, const void *rest, size_t len)
{
	uint64_t trailer = (uint64_t)ctl->write_index << 32;
	uint32_t at = ctl->write_index;

	poke(at, &desc, sizeof(desc));
	at = (at + sizeof(desc)) % size;
	poke(at, rest, len);
	at = (at + len) % size;
	poke(at, &trailer, sizeof(trailer));
	ctl->write_index = (at + sizeof(trailer)) % size;
}

static struct pkt_desc inband(size_t payload)
{
	return (struct pkt_desc){
		.type = PKT_INBAND,
		.offset8 = 2,
		.len8 = 2 + payload / 8,
		.flags = PKT_FLAG_COMPLETE,
		.trans_id = 0x1122334455667788,
	};
}

static struct ring reader(unsigned int nr)
{
	struct ring ring = { 0 };

	make_pages(nr);
	if (ring_init_reader(&ring, pages, nr))
		abort();
	return ring;
}

static struct ring writer(unsigned int nr)
{
	struct ring ring = { 0 };

	make_pages(nr);
	ctl->features = 0;
	if (ring_init_writer(&ring, pages, nr))
		abort();
	return ring;
}

static enum ring_status put(struct ring *ring, const void *payload, size_t len)
{
	struct iovec iov = { (void *)payload, len };

	return ring_write(ring, PKT_INBAND, 0, 7, &iov, 1, 0, &signal_, &why);
}

TEST(rings_need_two_pages_and_sane_indices)
{
	struct ring ring;

	make_pages(3);
	EXPECT_NE(NULL, ring_init_reader(&ring, pages, 0));
	EXPECT_NE(NULL, ring_init_reader(&ring, pages, 1));
	EXPECT_NE(NULL, ring_init_writer(&ring, pages, 1));
	ctl->read_index = size;
	ctl->write_index = 4;
	EXPECT_NE(NULL, ring_init_reader(&ring, pages, 3));
	EXPECT_NE(NULL, ring_init_writer(&ring, pages, 3));
	ctl->read_index = size - 8;
	ctl->write_index = size - 8;
	ctl->pending_send_size = 99;
	ctl->features = 0;
	EXPECT_EQ(NULL, ring_init_reader(&ring, pages, 3));
	EXPECT_EQ(NULL, ring_init_writer(&ring, pages, 3));
	EXPECT_EQ(RING_FEATURE_PENDING_SEND, ctl->features);
	EXPECT_EQ(0, ctl->pending_send_size);
}

TEST(read_inband)
{
	struct ring ring = reader(3);

	EXPECT_EQ(RING_EMPTY, ring_read(&ring, &pkt, &signal_, &why));
	guest_put(inband(16), "0123456789abcdef", 16);
	ASSERT_EQ(RING_OK, ring_read(&ring, &pkt, &signal_, &why));
	EXPECT_EQ(PKT_INBAND, pkt.type);
	EXPECT_EQ(PKT_FLAG_COMPLETE, pkt.flags);
	EXPECT_EQ(0x1122334455667788, pkt.trans_id);
	EXPECT_EQ(16, pkt.len);
	EXPECT_EQ(0, memcmp(pkt.payload, "0123456789abcdef", 16));
	EXPECT_FALSE(signal_);
	EXPECT_EQ(40, ctl->read_index);
	EXPECT_EQ(RING_EMPTY, ring_read(&ring, &pkt, &signal_, &why));
}

TEST(read_wraps_at_every_offset)
{
	uint8_t data[48];
	uint32_t at;

	for (at = 0; at < 128; at += 8) {
		struct ring ring = reader(3);

		memset(data, at, sizeof(data));
		ctl->read_index = size - at - 8;
		ctl->write_index = size - at - 8;
		ASSERT_EQ(NULL, ring_init_reader(&ring, pages, 3));
		guest_put(inband(48), data, 48);
		ASSERT_EQ(RING_OK, ring_read(&ring, &pkt, &signal_, &why));
		EXPECT_EQ(48, pkt.len);
		EXPECT_EQ(0, memcmp(pkt.payload, data, 48));
		EXPECT_EQ(ctl->write_index, ctl->read_index);
	}
}

TEST(reader_masks_until_empty)
{
	struct ring ring = reader(3);

	guest_put(inband(8), "abcdefgh", 8);
	guest_put(inband(8), "ijklmnop", 8);
	EXPECT_EQ(RING_OK, ring_read(&ring, &pkt, &signal_, &why));
	EXPECT_EQ(1, ctl->interrupt_mask);
	EXPECT_EQ(RING_OK, ring_read(&ring, &pkt, &signal_, &why));
	EXPECT_EQ(1, ctl->interrupt_mask);
	EXPECT_EQ(RING_EMPTY, ring_read(&ring, &pkt, &signal_, &why));
	EXPECT_EQ(0, ctl->interrupt_mask);
}

TEST(silent_until_it_is_read)
{
	struct ring ring = reader(3);

	ring_silence(&ring);
	EXPECT_EQ(1, ctl->interrupt_mask);
	guest_put(inband(8), "abcdefgh", 8);
	EXPECT_EQ(RING_OK, ring_read(&ring, &pkt, &signal_, &why));
	EXPECT_EQ(RING_EMPTY, ring_read(&ring, &pkt, &signal_, &why));
	EXPECT_EQ(0, ctl->interrupt_mask);
}

TEST(reader_does_not_trust_write_index)
{
	static const uint32_t bad[] = { 4, 7, 2 * PAGE, 2 * PAGE + 8,
					0x80000000, 0xfffffff8, 0xffffffff };
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ring ring = reader(3);

		ctl->write_index = bad[i];
		EXPECT_EQ(RING_BAD, ring_read(&ring, &pkt, &signal_, &why));
	}
}

/* The guest may scribble on our index; we do not look. */
TEST(reader_keeps_its_own_index)
{
	struct ring ring = reader(3);

	guest_put(inband(8), "abcdefgh", 8);
	ctl->read_index = 0xdeadbeef;
	EXPECT_EQ(RING_OK, ring_read(&ring, &pkt, &signal_, &why));
	EXPECT_EQ(32, ctl->read_index);
}

TEST(reader_checks_headers)
{
	static const struct {
		uint16_t offset8, len8;
	} bad[] = {
		{ 0, 0 }, { 2, 0 }, { 2, 1 }, { 0, 2 }, { 1, 3 }, { 4, 3 },
		{ 0xffff, 3 }, { 2, 4 }, { 2, 0xffff }, { 0xffff, 0xffff },
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ring ring = reader(3);
		struct pkt_desc desc = inband(8);

		desc.offset8 = bad[i].offset8;
		desc.len8 = bad[i].len8;
		guest_put(desc, "abcdefgh", 8);
		EXPECT_EQ(RING_BAD, ring_read(&ring, &pkt, &signal_, &why)) {
			TH_LOG("case %u", i);
		}
	}
}

TEST(reader_wants_header_and_trailer)
{
	uint32_t n;

	for (n = 8; n <= 16; n += 8) {
		struct ring ring = reader(3);

		ctl->write_index = n;
		EXPECT_EQ(RING_BAD, ring_read(&ring, &pkt, &signal_, &why));
	}
}

TEST(longest_packet)
{
	static uint8_t data[PKT_MAX_LEN + 8];
	struct ring ring = reader(24);

	memset(data, 0x5a, sizeof(data));
	guest_put(inband(PKT_MAX_LEN), data, PKT_MAX_LEN);
	ASSERT_EQ(RING_OK, ring_read(&ring, &pkt, &signal_, &why));
	EXPECT_EQ(PKT_MAX_LEN, pkt.len);
	EXPECT_EQ(0, memcmp(pkt.payload, data, PKT_MAX_LEN));
	guest_put(inband(PKT_MAX_LEN + 8), data, PKT_MAX_LEN + 8);
	EXPECT_EQ(RING_BAD, ring_read(&ring, &pkt, &signal_, &why));
}

/* A GPA-direct packet: words of the range list, then 8 bytes of payload. */
static enum ring_status read_gpa(uint32_t nr_ranges, const uint64_t *words,
				 unsigned int nr_words)
{
	struct ring ring = reader(24);
	uint64_t *buf = calloc(nr_words + 2, 8);
	struct pkt_desc desc = {
		.type = PKT_GPA_DIRECT,
		.offset8 = 3 + nr_words,
		.len8 = 4 + nr_words,
	};

	buf[0] = (uint64_t)nr_ranges << 32;
	memcpy(buf + 1, words, nr_words * 8);
	memcpy(buf + 1 + nr_words, "payload", 8);
	guest_put(desc, buf, (nr_words + 2) * 8);
	free(buf);
	return ring_read(&ring, &pkt, &signal_, &why);
}

#define RANGE(offset, len)	((uint64_t)(offset) << 32 | (len))

TEST(gpa_direct)
{
	const uint64_t words[] = {
		RANGE(0x100, 0x20), 0x10,
		RANGE(0xff0, 0x1020), 0x20, 0x40, 0x30,
		RANGE(0, 0x1000), 0x50,
	};

	ASSERT_EQ(RING_OK, read_gpa(3, words, 8));
	EXPECT_STREQ("payload", (const char *)pkt.payload);
	EXPECT_EQ(8, pkt.len);
	ASSERT_EQ(5, pkt.nr_gpas);
	EXPECT_EQ(0x10100, pkt.gpas[0].gpa);
	EXPECT_EQ(0x20, pkt.gpas[0].len);
	EXPECT_EQ(0x20ff0, pkt.gpas[1].gpa);
	EXPECT_EQ(0x10, pkt.gpas[1].len);
	EXPECT_EQ(0x40000, pkt.gpas[2].gpa);
	EXPECT_EQ(0x1000, pkt.gpas[2].len);
	EXPECT_EQ(0x30000, pkt.gpas[3].gpa);
	EXPECT_EQ(0x10, pkt.gpas[3].len);
	EXPECT_EQ(0x50000, pkt.gpas[4].gpa);
	EXPECT_EQ(0x1000, pkt.gpas[4].len);

	EXPECT_EQ(RING_OK, read_gpa(0, words, 0));
	EXPECT_EQ(0, pkt.nr_gpas);
}

TEST(gpa_direct_hostile)
{
	const uint64_t empty[] = { RANGE(0, 0), 1 };
	const uint64_t off[] = { RANGE(0x1000, 8), 1 };
	const uint64_t cut[] = { RANGE(0xfff, 2), 1 };
	const uint64_t endless[] = { RANGE(0, 0xffffffff), 1 };
	const uint64_t high[] = { RANGE(0, 8), 1ull << 52 };
	const uint64_t good[] = { RANGE(0, 8), 1 };
	static uint64_t many[PKT_MAX_PAGES + 2] = {
		RANGE(0, (PKT_MAX_PAGES + 1) * 4096),
	};

	EXPECT_EQ(RING_BAD, read_gpa(1, empty, 2));
	EXPECT_EQ(RING_BAD, read_gpa(1, off, 2));
	EXPECT_EQ(RING_BAD, read_gpa(1, cut, 2));
	EXPECT_EQ(RING_BAD, read_gpa(1, endless, 2));
	EXPECT_EQ(RING_BAD, read_gpa(1, high, 2));
	EXPECT_EQ(RING_BAD, read_gpa(2, good, 2));
	EXPECT_EQ(RING_BAD, read_gpa(1, good, 0));
	EXPECT_EQ(RING_BAD, read_gpa(PKT_MAX_GPA_RANGES + 1, good, 2));
	EXPECT_EQ(RING_BAD, read_gpa(0xffffffff, good, 2));
	EXPECT_EQ(RING_BAD, read_gpa(1, many, PKT_MAX_PAGES + 2));
	EXPECT_EQ(RING_OK, read_gpa(1, good, 2));
}

TEST(gpa_direct_without_its_header)
{
	struct ring ring = reader(3);
	struct pkt_desc desc = inband(8);

	desc.type = PKT_GPA_DIRECT;
	guest_put(desc, "abcdefgh", 8);
	EXPECT_EQ(RING_BAD, ring_read(&ring, &pkt, &signal_, &why));
}

/* Room exceeds the guest's wish with the second packet, and only then. */
TEST(guest_is_signalled_once_when_there_is_room)
{
	struct ring ring = reader(2);
	unsigned int i, signals = 0;

	for (i = 0; i < 127; i++)
		guest_put(inband(8), "abcdefgh", 8);
	ctl->pending_send_size = 64;	/* 32 are free now */
	EXPECT_EQ(RING_OK, ring_read(&ring, &pkt, &signal_, &why));
	EXPECT_FALSE(signal_);
	EXPECT_EQ(RING_OK, ring_read(&ring, &pkt, &signal_, &why));
	EXPECT_TRUE(signal_);
	while (ring_read(&ring, &pkt, &signal_, &why) == RING_OK)
		signals += signal_;
	EXPECT_EQ(0, signals);
}

TEST(guest_that_polls_is_not_signalled)
{
	struct ring ring = reader(2);
	unsigned int i;

	ctl->features = 0;
	for (i = 0; i < 127; i++)
		guest_put(inband(8), "abcdefgh", 8);
	ctl->pending_send_size = 64;
	while (ring_read(&ring, &pkt, &signal_, &why) == RING_OK)
		EXPECT_FALSE(signal_);
}

TEST(written_packet)
{
	struct ring ring = writer(3);
	struct pkt_desc desc;
	uint64_t trailer;
	char text[16];

	ASSERT_EQ(RING_OK, put(&ring, "hello", 5));
	EXPECT_TRUE(signal_);
	EXPECT_EQ(32, ctl->write_index);
	ASSERT_EQ(RING_OK, put(&ring, "world", 6));
	EXPECT_FALSE(signal_);		/* it was not empty */
	peek(32, &desc, sizeof(desc));
	EXPECT_EQ(PKT_INBAND, desc.type);
	EXPECT_EQ(2, desc.offset8);
	EXPECT_EQ(3, desc.len8);
	EXPECT_EQ(7, desc.trans_id);
	peek(48, text, 8);
	EXPECT_EQ(0, memcmp(text, "world\0\0\0", 8));
	peek(56, &trailer, 8);
	EXPECT_EQ(32ull << 32, trailer);
}

TEST(written_header_counts_into_the_offset)
{
	struct ring ring = writer(3);
	struct iovec iov[2] = { { "12345678abcdefgh", 16 }, { "x", 1 } };
	struct pkt_desc desc;

	ASSERT_EQ(RING_OK, ring_write(&ring, PKT_XFER_PAGES, 1, 0, iov, 2, 16,
				      &signal_, &why));
	peek(0, &desc, sizeof(desc));
	EXPECT_EQ(4, desc.offset8);
	EXPECT_EQ(5, desc.len8);
	EXPECT_EQ(1, desc.flags);
}

TEST(masked_guest_is_not_interrupted)
{
	struct ring ring = writer(3);

	ctl->interrupt_mask = 1;
	EXPECT_EQ(RING_OK, put(&ring, "x", 1));
	EXPECT_FALSE(signal_);
	ctl->read_index = ctl->write_index;
	ctl->interrupt_mask = 0;
	EXPECT_EQ(RING_OK, put(&ring, "x", 1));
	EXPECT_TRUE(signal_);
}

TEST(full_ring_asks_for_a_signal)
{
	struct ring ring = writer(2);
	unsigned int i;

	/* 127 of 128 places: the last would make it look empty. */
	for (i = 0; i < 127; i++)
		ASSERT_EQ(RING_OK, put(&ring, "abcdefgh", 8));
	EXPECT_EQ(32, ring_room(&ring));
	EXPECT_EQ(RING_FULL, put(&ring, "abcdefgh", 8));
	EXPECT_EQ(32, ctl->pending_send_size);
	EXPECT_EQ(RING_FULL, put(&ring, "abcdefghabcdefgh", 16));
	EXPECT_EQ(40, ctl->pending_send_size);
	ctl->read_index = 32;
	EXPECT_EQ(RING_OK, put(&ring, "abcdefgh", 8));
	EXPECT_EQ(0, ctl->pending_send_size);
	EXPECT_EQ(0, ctl->write_index);
}

TEST(writer_does_not_trust_read_index)
{
	static const uint32_t bad[] = { 4, PAGE, PAGE + 8, 0xfffffff8 };
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ring ring = writer(2);

		ctl->read_index = bad[i];
		EXPECT_EQ(RING_BAD, put(&ring, "x", 1));
	}
}

TEST(packet_that_never_fits)
{
	static uint8_t data[PKT_MAX_LEN + 1];
	struct ring ring = writer(2);

	EXPECT_EQ(RING_BAD, put(&ring, data, PAGE - 24));
	EXPECT_EQ(RING_OK, put(&ring, data, PAGE - 32));
	ring = writer(40);
	EXPECT_EQ(RING_BAD, put(&ring, data, PKT_MAX_LEN + 1));
	EXPECT_EQ(RING_OK, put(&ring, data, PKT_MAX_LEN));
}

/* Whatever stands in the ring, reading ends and stays within bounds. */
TEST(garbage)
{
	unsigned int round, i, n;

	srandom(1);
	for (round = 0; round < 500; round++) {
		struct ring ring = reader(2 + round % 8);
		enum ring_status status;

		for (i = 0; i < size; i += 2) {
			uint16_t word = random();

			if (random() % 2)
				word &= 0xf;
			poke(i, &word, 2);
		}
		ctl->write_index = random() % size & ~7u;
		ctl->pending_send_size = random();
		n = 0;
		do {
			status = ring_read(&ring, &pkt, &signal_, &why);
			ASSERT_LT(n++, size);
		} while (status == RING_OK);
	}
}

#define PARALLEL	50000

static struct ring par_in, par_out;
static sem_t to_reader, to_writer;

static void *par_write(void *arg)
{
	unsigned int i, seed = 1;
	uint32_t data[64];
	bool signal;
	const char *w;

	(void)arg;
	for (i = 0; i < PARALLEL; i++) {
		struct iovec iov = { data, 8 * (1 + rand_r(&seed) % 32) };

		data[0] = i;
		data[iov.iov_len / 4 - 1] = i;
		while (ring_write(&par_out, PKT_INBAND, 0, i, &iov, 1, 0,
				  &signal, &w) == RING_FULL)
			sem_wait(&to_writer);
		if (signal)
			sem_post(&to_reader);
	}
	return NULL;
}

/* A lost wake-up hangs this one, and the harness ends it. */
TEST(no_wakeup_is_lost)
{
	enum ring_status status;
	unsigned int i = 0;
	pthread_t thread;

	make_pages(2);
	ASSERT_EQ(NULL, ring_init_writer(&par_out, pages, 2));
	ASSERT_EQ(NULL, ring_init_reader(&par_in, pages, 2));
	sem_init(&to_reader, 0, 0);
	sem_init(&to_writer, 0, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, par_write, NULL));
	while (i < PARALLEL) {
		uint32_t first, last;

		status = ring_read(&par_in, &pkt, &signal_, &why);
		if (status == RING_EMPTY) {
			sem_wait(&to_reader);
			continue;
		}
		ASSERT_EQ(RING_OK, status);
		memcpy(&first, pkt.payload, 4);
		memcpy(&last, pkt.payload + pkt.len - 4, 4);
		ASSERT_EQ(i, first);
		ASSERT_EQ(i, last);
		ASSERT_EQ(i, pkt.trans_id);
		i++;
		if (signal_)
			sem_post(&to_writer);
	}
	pthread_join(thread, NULL);
}

TEST_HARNESS_MAIN
