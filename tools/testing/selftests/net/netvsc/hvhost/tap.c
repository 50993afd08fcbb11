// SPDX-License-Identifier: GPL-2.0
/*
 * A tap device with virtio-net headers: checksums and TCP segmentation that
 * the host's kernel left undone come as such, and go out as such.
 *
 * While the switch has no room, reading stops for a while: the device's queue
 * then holds the frames, and TCP on the other side sees no loss.  A guest that
 * never makes room does not stop the others for longer than PATIENCE_NS.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "tap.h"
#include "vswitch.h"

#define BATCH		64		/* frames in one wake-up */
#define PATIENCE_NS	(200 * 1000000ull)
#define TAG_LEN		4

struct tap {
	int fd;
	struct vswitch *vs;
	struct loop_fd *lfd;		/* NULL: the device is gone */
	struct loop_timer patience;
	struct log_rate rate;
	bool paused;
	uint8_t buf[FRAME_MAX + TAG_LEN];
};

/* Takes an 802.1Q tag out of the frame's bytes. */
static void strip_tag(struct frame *frame, uint8_t *data)
{
	if (frame->len < FRAME_HDR + TAG_LEN || data[12] != 0x81 || data[13])
		return;
	frame->vlan = true;
	frame->tci = data[14] << 8 | data[15];
	memmove(data + TAG_LEN, data, 12);
	frame->data = data + TAG_LEN;
	frame->len -= TAG_LEN;
	if (frame->needs_csum)
		frame->csum_start -= TAG_LEN;
}

static bool to_gso(uint8_t type, enum frame_gso *gso)
{
	switch (type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		*gso = GSO_NONE;
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		*gso = GSO_TCP4;
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		*gso = GSO_TCP6;
		return true;
	default:
		return false;
	}
}

static bool to_frame(const struct virtio_net_hdr *hdr, uint8_t *data,
		     uint32_t len, struct frame *frame)
{
	memset(frame, 0, sizeof(*frame));
	frame->data = data;
	frame->len = len;
	if (len < FRAME_HDR || !to_gso(hdr->gso_type, &frame->gso))
		return false;
	frame->csum_good = hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID;
	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		frame->needs_csum = true;
		frame->csum_good = true;
		frame->csum_start = hdr->csum_start;
		frame->csum_offset = hdr->csum_offset;
		if (frame->csum_start < FRAME_HDR + TAG_LEN ||
		    frame->csum_start + frame->csum_offset + 2u > len)
			return false;
	}
	strip_tag(frame, data);
	if (frame->gso == GSO_NONE)
		return true;
	frame->gso_size = hdr->gso_size;
	return frame->gso_size && frame_locate_l4(frame);
}

/* False when there is nothing more to read. */
static bool read_one(struct tap *tap)
{
	struct virtio_net_hdr hdr;
	struct frame frame;
	struct iovec iov[2];
	ssize_t n;

	iov[0].iov_base = &hdr;
	iov[0].iov_len = sizeof(hdr);
	iov[1].iov_base = tap->buf;
	iov[1].iov_len = sizeof(tap->buf);
	n = readv(tap->fd, iov, 2);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			log_guest_error(&tap->rate, "tap", "read: %s",
					strerror(errno));
		return false;
	}
	if ((size_t)n <= sizeof(hdr))
		return n > 0;
	if (to_frame(&hdr, tap->buf, n - sizeof(hdr), &frame))
		vswitch_from_uplink(tap->vs, &frame);
	else
		log_guest_error(&tap->rate, "tap",
				"dropped: %zd bytes that are no frame, GSO type %u",
				n - (ssize_t)sizeof(hdr), hdr.gso_type);
	return true;
}

static void pause_reading(struct tap *tap)
{
	tap->paused = true;
	loop_fd_events(tap->lfd, 0);
	loop_timer_set(&tap->patience, PATIENCE_NS);
}

/* Somebody has deleted it: the descriptor would be ready for ever. */
static void gone(struct tap *tap)
{
	log_error("tap", "the device is gone");
	loop_timer_cancel(&tap->patience);
	tap->paused = false;
	loop_fd_del(tap->lfd);
	tap->lfd = NULL;
}

static void readable(void *ctx, uint32_t events)
{
	struct tap *tap = ctx;
	unsigned int i;

	if (events & EPOLLERR) {
		gone(tap);
		return;
	}
	for (i = 0; i < BATCH; i++) {
		if (!vswitch_room(tap->vs)) {
			pause_reading(tap);
			return;
		}
		if (!read_one(tap))
			return;
	}
}

void tap_resume(struct tap *tap)
{
	if (!tap->paused)
		return;
	tap->paused = false;
	loop_timer_cancel(&tap->patience);
	loop_fd_events(tap->lfd, EPOLLIN);
}

/* The one without room loses frames from now on, as at a switch port. */
static void out_of_patience(void *ctx)
{
	struct tap *tap = ctx;
	unsigned int i;

	for (i = 0; i < BATCH && read_one(tap); i++)
		;
	if (vswitch_room(tap->vs))
		tap_resume(tap);
	else
		loop_timer_set(&tap->patience, PATIENCE_NS);
}

static int open_device(const char *name)
{
	static const int hdr_len = sizeof(struct virtio_net_hdr);
	unsigned int offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 |
				TUN_F_TSO_ECN;
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd;

	if (!name[0] || strlen(name) >= sizeof(ifr.ifr_name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	memcpy(ifr.ifr_name, name, strlen(name));
	if (ioctl(fd, TUNSETIFF, &ifr) ||
	    ioctl(fd, TUNSETVNETHDRSZ, &hdr_len) ||
	    ioctl(fd, TUNSETOFFLOAD, offloads)) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

struct tap *tap_attach(int fd, struct vswitch *vs)
{
	struct tap *tap;

	tap = calloc(1, sizeof(*tap));
	if (!tap) {
		close(fd);
		return NULL;
	}
	tap->fd = fd;
	tap->vs = vs;
	tap->patience.fn = out_of_patience;
	tap->patience.ctx = tap;
	tap->lfd = loop_fd_add(fd, EPOLLIN, readable, tap);
	return tap;
}

struct tap *tap_open(const char *name, struct vswitch *vs)
{
	int fd = open_device(name);

	if (fd >= 0)
		return tap_attach(fd, vs);
	log_error("tap", "%s: %s", name, strerror(errno));
	return NULL;
}

void tap_close(struct tap *tap)
{
	if (!tap)
		return;
	loop_timer_cancel(&tap->patience);
	loop_fd_del(tap->lfd);
	close(tap->fd);
	free(tap);
}

static void to_header(const struct frame *frame, struct virtio_net_hdr *hdr)
{
	uint16_t tag = frame->vlan ? TAG_LEN : 0;

	memset(hdr, 0, sizeof(*hdr));
	if (frame->needs_csum || frame->gso != GSO_NONE) {
		hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr->csum_start = frame->csum_start + tag;
		hdr->csum_offset = frame->csum_offset;
	} else if (frame->csum_good) {
		hdr->flags = VIRTIO_NET_HDR_F_DATA_VALID;
	}
	if (frame->gso == GSO_NONE)
		return;
	hdr->gso_type = frame->gso == GSO_TCP4 ? VIRTIO_NET_HDR_GSO_TCPV4 :
						 VIRTIO_NET_HDR_GSO_TCPV6;
	hdr->gso_size = frame->gso_size;
	hdr->hdr_len = frame->hdr_len + tag;
}

static bool send_parts(struct tap *tap, const struct frame *frame,
		       const uint8_t *head, uint32_t head_len)
{
	uint8_t tag[TAG_LEN] = { 0x81, 0, frame->tci >> 8, frame->tci };
	struct virtio_net_hdr hdr;
	struct iovec iov[5] = {
		{ &hdr, sizeof(hdr) },
		{ (void *)head, 12 },
		{ tag, frame->vlan ? sizeof(tag) : 0 },
		{ (void *)(head + 12), head_len - 12 },
		{ (void *)(frame->data + head_len), frame->len - head_len },
	};

	to_header(frame, &hdr);
	if (writev(tap->fd, iov, 5) > 0)
		return true;
	log_guest_error(&tap->rate, "tap", "write: %s", strerror(errno));
	return false;
}

bool tap_send(struct tap *tap, const struct frame *frame)
{
	uint8_t head[FRAME_GSO_HDR];
	struct frame fixed = *frame;
	uint8_t buf[FRAME_MAX];

	if (!tap->lfd || frame->len < FRAME_HDR || frame->len > FRAME_MAX)
		return false;
	if (frame->gso != GSO_NONE) {
		if (!frame_gso_headers(&fixed, head))
			return false;
		return send_parts(tap, &fixed, head, fixed.hdr_len);
	}
	if (frame->needs_ipcsum) {
		/* virtio has no word for it. */
		memcpy(buf, frame->data, frame->len);
		frame_finish_csum(&fixed, buf);
	}
	return send_parts(tap, &fixed, fixed.data, FRAME_HDR);
}
