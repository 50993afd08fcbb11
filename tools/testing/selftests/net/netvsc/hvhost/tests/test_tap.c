// SPDX-License-Identifier: GPL-2.0
/*
 * The uplink: frames and virtio-net headers both ways, on a socket pair that
 * keeps packets whole as a tap device does, and when reading has to wait.
 */
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "frame.h"
#include "log.h"
#include "loop.h"
#include "tap.h"
#include "vswitch.h"

#define TCP_HDR		54		/* Ethernet, IPv4 and TCP */

/* The switch */

static struct {
	bool room;
	unsigned int got, asked, complaints;
	struct frame frame;
	uint8_t data[FRAME_MAX];
} vs;

bool vswitch_room(const struct vswitch *unused)
{
	(void)unused;
	vs.asked++;
	return vs.room;
}

void vswitch_from_uplink(struct vswitch *unused, const struct frame *frame)
{
	(void)unused;
	vs.got++;
	vs.frame = *frame;
	memcpy(vs.data, frame->data, frame->len);
}

void log_guest_error(struct log_rate *rate, const char *unit, const char *fmt,
		     ...)
{
	(void)rate;
	(void)unit;
	(void)fmt;
	vs.complaints++;
}

/* The other end of the device */

FIXTURE(tap) {
	struct tap *tap;
	int fd;
	struct virtio_net_hdr hdr;
	uint8_t data[FRAME_MAX + 4];
};

FIXTURE_SETUP(tap)
{
	int fds[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
				fds));
	memset(&vs, 0, sizeof(vs));
	memset(&self->hdr, 0, sizeof(self->hdr));
	vs.room = true;
	self->fd = fds[1];
	self->tap = tap_attach(fds[0], NULL);
	ASSERT_NE(NULL, self->tap);
}

FIXTURE_TEARDOWN(tap)
{
	tap_close(self->tap);
	close(self->fd);
}

static void make_tcp(uint8_t *data, uint32_t len)
{
	memset(data, 0, len);
	data[0] = 2;
	data[6] = 4;
	data[12] = 8;
	data[14] = 0x45;
	data[16] = (len - 14) >> 8;
	data[17] = len - 14;
	data[22] = 64;
	data[23] = 6;
	data[26] = 10;
	data[30] = 10;
	data[46] = 5 << 4;
}

static void put_tag(uint8_t *data, uint32_t len, unsigned int tci)
{
	memmove(data + 16, data + 12, len - 12);
	data[12] = 0x81;
	data[13] = 0;
	data[14] = tci >> 8;
	data[15] = tci;
}

/* From the host's kernel, with the header as it stands. */
static void host_puts(FIXTURE_DATA(tap) *self, uint32_t len)
{
	struct iovec iov[2] = {
		{ &self->hdr, sizeof(self->hdr) }, { self->data, len },
	};

	if (writev(self->fd, iov, 2) == (ssize_t)(sizeof(self->hdr) + len))
		loop_run_pending();
}

/* What the host's kernel gets; the length of the frame, or -1. */
static ssize_t host_gets(FIXTURE_DATA(tap) *self)
{
	struct iovec iov[2] = {
		{ &self->hdr, sizeof(self->hdr) },
		{ self->data, sizeof(self->data) },
	};
	ssize_t n = readv(self->fd, iov, 2);

	return n < 0 ? n : n - (ssize_t)sizeof(self->hdr);
}

/* From the uplink */

TEST_F(tap, plain_frame)
{
	make_tcp(self->data, 100);
	host_puts(self, 100);
	ASSERT_EQ(1, vs.got);
	EXPECT_EQ(100, vs.frame.len);
	EXPECT_EQ(0, memcmp(vs.data, self->data, 100));
	EXPECT_FALSE(vs.frame.needs_csum);
	EXPECT_FALSE(vs.frame.csum_good);
	EXPECT_FALSE(vs.frame.vlan);
	EXPECT_EQ(GSO_NONE, vs.frame.gso);
	self->hdr.flags = VIRTIO_NET_HDR_F_DATA_VALID;
	host_puts(self, 100);
	ASSERT_EQ(2, vs.got);
	EXPECT_TRUE(vs.frame.csum_good);
	EXPECT_EQ(0, vs.complaints);
	host_puts(self, 13);			/* no whole header */
	EXPECT_EQ(2, vs.got);
	EXPECT_EQ(1, vs.complaints);
}

TEST_F(tap, checksum_left_to_do)
{
	make_tcp(self->data, 100);
	self->hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	self->hdr.csum_start = 34;
	self->hdr.csum_offset = 16;
	host_puts(self, 100);
	ASSERT_EQ(1, vs.got);
	EXPECT_TRUE(vs.frame.needs_csum);
	EXPECT_TRUE(vs.frame.csum_good);
	EXPECT_EQ(34, vs.frame.csum_start);
	EXPECT_EQ(16, vs.frame.csum_offset);
	self->hdr.csum_start = 10;		/* in the Ethernet header */
	host_puts(self, 100);
	self->hdr.csum_start = 83;		/* ends after the frame */
	host_puts(self, 100);
	EXPECT_EQ(1, vs.got);
}

TEST_F(tap, tag_is_taken_out)
{
	uint8_t plain[100];

	make_tcp(plain, 100);
	memcpy(self->data, plain, 100);
	put_tag(self->data, 100, 0xa123);
	self->hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	self->hdr.csum_start = 38;
	self->hdr.csum_offset = 16;
	host_puts(self, 104);
	ASSERT_EQ(1, vs.got);
	EXPECT_TRUE(vs.frame.vlan);
	EXPECT_EQ(0xa123, vs.frame.tci);
	EXPECT_EQ(100, vs.frame.len);
	EXPECT_EQ(34, vs.frame.csum_start);
	EXPECT_EQ(0, memcmp(vs.data, plain, 100));
}

TEST_F(tap, burst)
{
	make_tcp(self->data, 5000);
	self->hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV4 |
			     VIRTIO_NET_HDR_GSO_ECN;
	self->hdr.gso_size = 1448;
	host_puts(self, 5000);
	ASSERT_EQ(1, vs.got);
	EXPECT_EQ(GSO_TCP4, vs.frame.gso);
	EXPECT_EQ(1448, vs.frame.gso_size);
	EXPECT_EQ(TCP_HDR, vs.frame.hdr_len);
	self->hdr.gso_size = 0;
	host_puts(self, 5000);
	self->hdr.gso_size = 1448;
	self->hdr.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	host_puts(self, 5000);
	EXPECT_EQ(1, vs.got);
}

/* To the uplink */

TEST_F(tap, send_plain)
{
	uint8_t data[100];
	struct frame frame = { .data = data, .len = 100 };

	make_tcp(data, 100);
	EXPECT_TRUE(tap_send(self->tap, &frame));
	ASSERT_EQ(100, host_gets(self));
	EXPECT_EQ(0, self->hdr.flags);
	EXPECT_EQ(0, self->hdr.gso_type);
	EXPECT_EQ(0, memcmp(data, self->data, 100));
	frame.csum_good = true;
	EXPECT_TRUE(tap_send(self->tap, &frame));
	ASSERT_EQ(100, host_gets(self));
	EXPECT_EQ(VIRTIO_NET_HDR_F_DATA_VALID, self->hdr.flags);
	frame.len = 13;
	EXPECT_FALSE(tap_send(self->tap, &frame));
	EXPECT_EQ(-1, host_gets(self));
}

TEST_F(tap, send_checksum_and_tag)
{
	uint8_t data[100];
	struct frame frame = {
		.data = data, .len = 100, .needs_csum = true, .csum_start = 34,
		.csum_offset = 16, .needs_ipcsum = true, .vlan = true,
		.tci = 0xa123,
	};
	struct frame whole = { .data = self->data, .len = 100 };

	make_tcp(data, 100);
	data[50] = 0x14;			/* the sum of the pseudo-header */
	data[51] = 0x48;
	ASSERT_TRUE(tap_send(self->tap, &frame));
	ASSERT_EQ(104, host_gets(self));
	EXPECT_EQ(0x81, self->data[12]);
	EXPECT_EQ(0, self->data[13]);
	EXPECT_EQ(0xa1, self->data[14]);
	EXPECT_EQ(0x23, self->data[15]);
	EXPECT_EQ(0, memcmp(data, self->data, 12));
	EXPECT_EQ(0, data[24] | data[25]);	/* the caller's is untouched */
	/* All checksums are there now, of IP and of TCP. */
	EXPECT_EQ(0, self->hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
	memmove(self->data + 12, self->data + 16, 88);
	EXPECT_TRUE(frame_csum_ok(&whole));

	frame.needs_ipcsum = false;
	ASSERT_TRUE(tap_send(self->tap, &frame));
	ASSERT_EQ(104, host_gets(self));
	EXPECT_EQ(VIRTIO_NET_HDR_F_NEEDS_CSUM, self->hdr.flags);
	EXPECT_EQ(38, self->hdr.csum_start);
	EXPECT_EQ(16, self->hdr.csum_offset);
}

/* A NIC's burst has no lengths in its headers; the kernel wants them. */
TEST_F(tap, send_burst)
{
	static uint8_t data[5000];
	struct frame frame = {
		.data = data, .len = sizeof(data), .gso = GSO_TCP4,
		.gso_size = 1448, .needs_csum = true,
	};

	make_tcp(data, sizeof(data));
	data[16] = 0;
	data[17] = 0;
	ASSERT_TRUE(tap_send(self->tap, &frame));
	ASSERT_EQ(5000, host_gets(self));
	EXPECT_EQ(VIRTIO_NET_HDR_GSO_TCPV4, self->hdr.gso_type);
	EXPECT_EQ(1448, self->hdr.gso_size);
	EXPECT_EQ(TCP_HDR, self->hdr.hdr_len);
	EXPECT_EQ(VIRTIO_NET_HDR_F_NEEDS_CSUM, self->hdr.flags);
	EXPECT_EQ(34, self->hdr.csum_start);
	EXPECT_EQ((5000 - 14) >> 8, self->data[16]);
	EXPECT_EQ((5000 - 14) & 0xff, self->data[17]);
	EXPECT_EQ(0, memcmp(data + TCP_HDR, self->data + TCP_HDR, 4900));
}

/* Waiting */

TEST_F(tap, waits_for_room)
{
	make_tcp(self->data, 100);
	vs.room = false;
	host_puts(self, 100);
	host_puts(self, 100);
	EXPECT_EQ(0, vs.got);
	tap_resume(self->tap);			/* but there is none */
	loop_run_pending();
	EXPECT_EQ(0, vs.got);
	vs.room = true;
	tap_resume(self->tap);
	loop_run_pending();
	EXPECT_EQ(2, vs.got);
}

TEST_F(tap, patience_ends)
{
	uint64_t start = loop_now_ns(), end = start + 10000000000ull;

	make_tcp(self->data, 100);
	vs.room = false;
	host_puts(self, 100);
	EXPECT_EQ(0, vs.got);
	while (!vs.got && loop_now_ns() < end)
		loop_run_pending();
	EXPECT_EQ(1, vs.got);
	EXPECT_LE(200000000ull, loop_now_ns() - start);
}

/* As a device that is deleted: what it had not taken yet is an error here. */
static void host_goes(FIXTURE_DATA(tap) *self)
{
	uint8_t data[100];
	struct frame frame = { .data = data, .len = sizeof(data) };

	make_tcp(data, sizeof(data));
	tap_send(self->tap, &frame);
	close(self->fd);
	self->fd = -1;
	loop_run_pending();
}

TEST_F(tap, device_goes)
{
	uint8_t data[100];
	struct frame frame = { .data = data, .len = sizeof(data) };

	make_tcp(data, sizeof(data));
	host_goes(self);
	EXPECT_EQ(0, vs.asked);
	EXPECT_FALSE(tap_send(self->tap, &frame));
	EXPECT_EQ(0, vs.complaints);
}

TEST_F(tap, device_goes_while_reading_waits)
{
	make_tcp(self->data, 100);
	vs.room = false;
	host_puts(self, 100);
	host_goes(self);
	vs.room = true;
	vs.asked = 0;
	tap_resume(self->tap);
	loop_run_pending();
	EXPECT_EQ(0, vs.got);
	EXPECT_EQ(0, vs.asked);
}

TEST_HARNESS_MAIN
