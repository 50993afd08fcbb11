// SPDX-License-Identifier: GPL-2.0
/*
 * Who gets which frame, what is counted, when the uplink has to wait, and what
 * a capture looks like.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "loop.h"
#include "tap.h"
#include "vswitch.h"

/* An uplink that only counts. */
struct tap {
	unsigned int sent, resumed, closed;
	bool full;
};

static struct tap the_tap;

struct tap *tap_open(const char *name, struct vswitch *vs)
{
	(void)vs;
	return strcmp(name, "none") ? &the_tap : NULL;
}

void tap_close(struct tap *tap)
{
	if (tap)
		tap->closed++;
}

bool tap_send(struct tap *tap, const struct frame *frame)
{
	(void)frame;
	if (tap->full)
		return false;
	tap->sent++;
	return true;
}

void tap_resume(struct tap *tap)
{
	tap->resumed++;
}

/* The end of a path. */
struct sink {
	unsigned int got, left;
	bool refuse, squeezed, picky;
};

static bool sink_deliver(void *ctx, const struct frame *frame)
{
	struct sink *sink = ctx;

	(void)frame;
	if (sink->refuse)
		return false;
	sink->got++;
	return true;
}

static bool sink_room(void *ctx)
{
	return !((struct sink *)ctx)->squeezed;
}

static bool sink_wants(void *ctx, const struct frame *frame)
{
	(void)frame;
	return !((struct sink *)ctx)->picky;
}

static void sink_left(void *ctx)
{
	((struct sink *)ctx)->left++;
}

static const struct vpath_ops sink_ops = {
	.deliver = sink_deliver,
	.room = sink_room,
	.wants = sink_wants,
	.left = sink_left,
};

static const uint8_t mac_a[6] = { 0x02, 0, 0, 0, 0, 0xa };
static const uint8_t mac_b[6] = { 0x02, 0, 0, 0, 0, 0xb };
static const uint8_t mac_far[6] = { 0x02, 0, 0, 0, 0, 0xf };
static const uint8_t mac_all[6] = { 255, 255, 255, 255, 255, 255 };
static const uint8_t mac_group[6] = { 0x33, 0x33, 0, 0, 0, 1 };

FIXTURE(vswitch) {
	struct vswitch *vs;
	struct vnic *a, *b;
	struct sink syn_a, vf_a, syn_b, vf_b;
	uint8_t data[100];
	struct frame frame;
};

FIXTURE_SETUP(vswitch)
{
	memset(&the_tap, 0, sizeof(the_tap));
	self->vs = vswitch_create();
	ASSERT_NE(NULL, self->vs);
	ASSERT_TRUE(vswitch_uplink_tap(self->vs, "tap0"));
	self->a = vswitch_nic_add(self->vs, 0, mac_a);
	self->b = vswitch_nic_add(self->vs, 1, mac_b);
	ASSERT_TRUE(self->a && self->b);
	vnic_set_path(self->a, PATH_SYNTHETIC, &sink_ops, &self->syn_a);
	vnic_set_path(self->a, PATH_VF, &sink_ops, &self->vf_a);
	vnic_set_path(self->b, PATH_SYNTHETIC, &sink_ops, &self->syn_b);
	vnic_set_path(self->b, PATH_VF, &sink_ops, &self->vf_b);
	self->frame.data = self->data;
	self->frame.len = sizeof(self->data);
}

FIXTURE_TEARDOWN(vswitch)
{
	vswitch_destroy(self->vs);
}

static struct frame *to(FIXTURE_DATA(vswitch) *self, const uint8_t dst[6],
			const uint8_t src[6])
{
	memcpy(self->data, dst, 6);
	memcpy(self->data + 6, src, 6);
	return &self->frame;
}

TEST_F(vswitch, unicast_from_uplink)
{
	vswitch_from_uplink(self->vs, to(self, mac_a, mac_far));
	EXPECT_EQ(1, self->syn_a.got);
	EXPECT_EQ(0, self->vf_a.got);
	EXPECT_EQ(0, self->syn_b.got);
	EXPECT_EQ(0, the_tap.sent);
	EXPECT_EQ(1, vnic_stats(self->a, PATH_SYNTHETIC)->rx_frames);
	EXPECT_EQ(100, vnic_stats(self->a, PATH_SYNTHETIC)->rx_bytes);
}

TEST_F(vswitch, only_the_selected_path)
{
	EXPECT_EQ(PATH_SYNTHETIC, vnic_selected(self->a));
	vnic_select(self->a, PATH_VF);
	vswitch_from_uplink(self->vs, to(self, mac_a, mac_far));
	vswitch_from_uplink(self->vs, to(self, mac_all, mac_far));
	EXPECT_EQ(0, self->syn_a.got);
	EXPECT_EQ(2, self->vf_a.got);
	EXPECT_EQ(1, self->syn_b.got);
	EXPECT_EQ(0, self->vf_b.got);
}

TEST_F(vswitch, closed_path_drops)
{
	vnic_set_path(self->a, PATH_VF, NULL, NULL);
	vnic_select(self->a, PATH_VF);
	vswitch_from_uplink(self->vs, to(self, mac_a, mac_far));
	EXPECT_EQ(0, self->syn_a.got);
	EXPECT_EQ(1, vnic_stats(self->a, PATH_VF)->rx_dropped);
	self->syn_b.refuse = true;
	vswitch_from_uplink(self->vs, to(self, mac_b, mac_far));
	EXPECT_EQ(1, vnic_stats(self->b, PATH_SYNTHETIC)->rx_dropped);
	EXPECT_EQ(0, vnic_stats(self->b, PATH_SYNTHETIC)->rx_frames);
}

TEST_F(vswitch, filtered_is_not_dropped)
{
	self->syn_a.picky = true;
	vswitch_from_uplink(self->vs, to(self, mac_group, mac_far));
	EXPECT_EQ(0, self->syn_a.got);
	EXPECT_EQ(0, vnic_stats(self->a, PATH_SYNTHETIC)->rx_dropped);
	EXPECT_EQ(1, self->syn_b.got);
}

TEST_F(vswitch, transmit)
{
	vnic_transmit(self->a, PATH_SYNTHETIC, to(self, mac_b, mac_a));
	EXPECT_EQ(1, self->syn_b.got);
	EXPECT_EQ(0, the_tap.sent);
	vnic_transmit(self->a, PATH_SYNTHETIC, to(self, mac_far, mac_a));
	EXPECT_EQ(1, the_tap.sent);
	vnic_transmit(self->a, PATH_SYNTHETIC, to(self, mac_all, mac_a));
	EXPECT_EQ(2, the_tap.sent);
	EXPECT_EQ(2, self->syn_b.got);
	EXPECT_EQ(3, vnic_stats(self->a, PATH_SYNTHETIC)->tx_frames);
	EXPECT_EQ(300, vnic_stats(self->a, PATH_SYNTHETIC)->tx_bytes);
	EXPECT_EQ(0, self->syn_a.got);
}

TEST_F(vswitch, never_back_to_the_sender)
{
	vnic_set_promiscuous(self->a, PATH_SYNTHETIC, true);
	vnic_transmit(self->a, PATH_SYNTHETIC, to(self, mac_a, mac_a));
	vnic_transmit(self->a, PATH_VF, to(self, mac_a, mac_a));
	vnic_transmit(self->a, PATH_VF, to(self, mac_all, mac_a));
	EXPECT_EQ(0, self->syn_a.got);
	EXPECT_EQ(0, self->vf_a.got);
	EXPECT_EQ(1, the_tap.sent);
}

TEST_F(vswitch, path_not_selected_is_counted_and_forwarded)
{
	vnic_transmit(self->a, PATH_VF, to(self, mac_far, mac_a));
	EXPECT_EQ(1, the_tap.sent);
	EXPECT_EQ(1, vnic_stats(self->a, PATH_VF)->tx_unselected);
	vnic_select(self->a, PATH_VF);
	vnic_transmit(self->a, PATH_VF, to(self, mac_far, mac_a));
	EXPECT_EQ(1, vnic_stats(self->a, PATH_VF)->tx_unselected);
	EXPECT_EQ(2, vnic_stats(self->a, PATH_VF)->tx_frames);
}

TEST_F(vswitch, promiscuous)
{
	vnic_set_promiscuous(self->b, PATH_SYNTHETIC, true);
	vswitch_from_uplink(self->vs, to(self, mac_a, mac_far));
	vnic_transmit(self->a, PATH_SYNTHETIC, to(self, mac_far, mac_a));
	vswitch_from_uplink(self->vs, to(self, mac_far, mac_a));
	EXPECT_EQ(3, self->syn_b.got);
	EXPECT_EQ(1, self->syn_a.got);
	EXPECT_EQ(1, the_tap.sent);
	/* Of the path that has asked for it, while it is selected. */
	vnic_select(self->b, PATH_VF);
	vswitch_from_uplink(self->vs, to(self, mac_a, mac_far));
	EXPECT_EQ(3, self->syn_b.got);
	EXPECT_EQ(0, self->vf_b.got);
}

TEST_F(vswitch, changed_address)
{
	vnic_set_mac(self->a, mac_far);
	EXPECT_EQ(0, memcmp(mac_far, vnic_mac(self->a), 6));
	vswitch_from_uplink(self->vs, to(self, mac_far, mac_b));
	vswitch_from_uplink(self->vs, to(self, mac_a, mac_b));
	EXPECT_EQ(1, self->syn_a.got);
}

TEST_F(vswitch, odd_lengths)
{
	self->frame.len = 13;
	vswitch_from_uplink(self->vs, to(self, mac_a, mac_far));
	vnic_transmit(self->a, PATH_SYNTHETIC, to(self, mac_far, mac_a));
	self->frame.len = FRAME_MAX + 1;
	vnic_transmit(self->a, PATH_SYNTHETIC, to(self, mac_far, mac_a));
	EXPECT_EQ(0, self->syn_a.got);
	EXPECT_EQ(0, the_tap.sent);
	EXPECT_EQ(2, vnic_stats(self->a, PATH_SYNTHETIC)->tx_dropped);
	EXPECT_EQ(0, vnic_stats(self->a, PATH_SYNTHETIC)->tx_frames);
}

TEST_F(vswitch, uplink_that_takes_no_more)
{
	the_tap.full = true;
	vnic_transmit(self->a, PATH_VF, to(self, mac_far, mac_a));
	vnic_transmit(self->a, PATH_VF, to(self, mac_b, mac_a));
	EXPECT_EQ(1, self->syn_b.got);
	EXPECT_EQ(2, vnic_stats(self->a, PATH_VF)->tx_frames);
	EXPECT_EQ(1, vnic_stats(self->a, PATH_VF)->tx_dropped);
	EXPECT_EQ(0, vnic_stats(self->a, PATH_SYNTHETIC)->tx_dropped);
}

TEST_F(vswitch, uplink_waits_for_room)
{
	EXPECT_TRUE(vswitch_room(self->vs));
	self->syn_a.squeezed = true;
	EXPECT_FALSE(vswitch_room(self->vs));
	the_tap.resumed = 0;
	self->syn_b.squeezed = true;
	self->syn_a.squeezed = false;
	vnic_room(self->a, PATH_SYNTHETIC);
	EXPECT_EQ(0, the_tap.resumed);
	self->syn_b.squeezed = false;
	vnic_room(self->b, PATH_SYNTHETIC);
	EXPECT_EQ(1, the_tap.resumed);
}

/* A NIC that goes, or takes the other path, must not hold the uplink up. */
TEST_F(vswitch, uplink_does_not_wait_for_those_who_left)
{
	self->syn_a.squeezed = true;
	the_tap.resumed = 0;
	vnic_select(self->a, PATH_VF);
	EXPECT_EQ(1, the_tap.resumed);
	vnic_select(self->a, PATH_SYNTHETIC);
	EXPECT_FALSE(vswitch_room(self->vs));
	vnic_set_path(self->a, PATH_SYNTHETIC, NULL, NULL);
	EXPECT_TRUE(vswitch_room(self->vs));
	EXPECT_EQ(2, the_tap.resumed);
	self->syn_b.squeezed = true;
	vswitch_nic_del(self->b);
	EXPECT_EQ(3, the_tap.resumed);
}

TEST_F(vswitch, a_path_is_told_when_it_was_left)
{
	vnic_select(self->a, PATH_VF);
	vnic_select(self->a, PATH_VF);
	EXPECT_EQ(1, self->syn_a.left);
	EXPECT_EQ(0, self->vf_a.left);
	vnic_select(self->a, PATH_SYNTHETIC);
	EXPECT_EQ(1, self->vf_a.left);
	EXPECT_EQ(0, self->syn_b.left + self->vf_b.left);
}

TEST_F(vswitch, no_uplink)
{
	ASSERT_TRUE(vswitch_uplink_tap(self->vs, NULL));
	EXPECT_EQ(1, the_tap.closed);
	vnic_transmit(self->a, PATH_SYNTHETIC, to(self, mac_far, mac_a));
	EXPECT_EQ(0, the_tap.sent);
	EXPECT_FALSE(vswitch_uplink_tap(self->vs, "none"));
}

static uint32_t word(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Walks the blocks of a capture; counts those that are frames. */
static unsigned int check_capture(struct __test_metadata *_metadata,
				  const uint8_t *buf, size_t len,
				  const uint8_t **frames)
{
	unsigned int nr = 0;
	uint32_t total;
	size_t at;

	for (at = 0; at < len; at += total) {
		ASSERT_LE(at + 12, len);
		total = word(buf + at + 4);
		ASSERT_EQ(0, total % 4);
		ASSERT_LE(at + total, len);
		ASSERT_EQ(total, word(buf + at + total - 4));
		if (word(buf + at) == 6)
			frames[nr++] = buf + at;
	}
	return nr;
}

TEST_F(vswitch, capture)
{
	char name[] = "/tmp/hvhost-capture-XXXXXX";
	int fd = mkstemp(name);
	const uint8_t *frames[8];
	uint8_t buf[4096];
	ssize_t len;

	ASSERT_LE(0, fd);
	ASSERT_TRUE(vnic_capture(self->a, PATH_SYNTHETIC, name));
	self->frame.len = 61;
	memset(self->data + 12, 0x5a, sizeof(self->data) - 12);
	vswitch_from_uplink(self->vs, to(self, mac_a, mac_far));
	self->frame.vlan = true;
	self->frame.tci = 0x6007;
	vnic_transmit(self->a, PATH_SYNTHETIC, to(self, mac_far, mac_a));
	vnic_transmit(self->a, PATH_VF, to(self, mac_far, mac_a));
	vswitch_from_uplink(self->vs, to(self, mac_b, mac_far));

	/* It can be read while it grows. */
	loop_run_pending();
	len = pread(fd, buf, sizeof(buf), 0);
	ASSERT_LT(0, len);
	ASSERT_EQ(2, check_capture(_metadata, buf, len, frames));
	EXPECT_EQ(0x0a0d0d0a, word(buf));
	EXPECT_EQ(0x1a2b3c4d, word(buf + 8));
	EXPECT_EQ(61, word(frames[0] + 20));
	EXPECT_EQ(0, memcmp(frames[0] + 28, mac_a, 6));
	/* Direction is the option after the padded frame. */
	EXPECT_EQ(1, word(frames[0] + 28 + 64 + 4));
	EXPECT_EQ(65, word(frames[1] + 20));
	EXPECT_EQ(0x81, frames[1][28 + 12]);
	EXPECT_EQ(0x60, frames[1][28 + 14]);
	EXPECT_EQ(0x07, frames[1][28 + 15]);
	EXPECT_EQ(0x5a, frames[1][28 + 16]);
	EXPECT_EQ(2, word(frames[1] + 28 + 68 + 4));

	ASSERT_TRUE(vnic_capture(self->a, PATH_SYNTHETIC, NULL));
	vswitch_from_uplink(self->vs, to(self, mac_a, mac_far));
	loop_run_pending();
	EXPECT_EQ(len, pread(fd, buf, sizeof(buf), 0));
	EXPECT_FALSE(vnic_capture(self->a, PATH_VF, "/nonexistent/dir/file"));
}

/* Nobody reads it, or somebody does, slowly: the host waits for neither. */
TEST_F(vswitch, no_capture_to_a_pipe)
{
	char dir[] = "/tmp/hvhost-capture-XXXXXX", name[64];
	int fd;

	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(name, sizeof(name), "%s/pipe", dir);
	ASSERT_EQ(0, mkfifo(name, 0600));
	EXPECT_FALSE(vnic_capture(self->a, PATH_VF, name));
	fd = open(name, O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, fd);
	EXPECT_FALSE(vnic_capture(self->a, PATH_VF, name));
	close(fd);
	unlink(name);
	rmdir(dir);
	close(fd);
	unlink(name);
}

TEST_HARNESS_MAIN
