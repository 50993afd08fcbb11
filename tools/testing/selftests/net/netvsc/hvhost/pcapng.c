// SPDX-License-Identifier: GPL-2.0
/*
 * Writes pcapng: a section header, one interface, and an enhanced packet block
 * with time and direction for each frame.  What was written reaches the file
 * once per pass of the event loop, so that a reader sees it soon but not at the
 * price of a system call for each frame.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "pcapng.h"

#define BLOCK_SECTION	0x0a0d0d0a
#define BLOCK_INTERFACE	1
#define BLOCK_PACKET	6
#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define LINKTYPE_ETHERNET 1

#define OPT_END		0
#define OPT_APPLICATION	4	/* section */
#define OPT_IF_NAME	2	/* interface */
#define OPT_IF_TSRESOL	9	/* interface */
#define OPT_FLAGS	2	/* packet */
#define FLAG_INBOUND	1
#define FLAG_OUTBOUND	2

struct pcapng {
	FILE *file;
	struct loop_task flush;
	bool failed;
};

/* A block under construction; big enough for all but packet data. */
struct block {
	uint8_t buf[256];
	uint32_t len;
};

static void block_put(struct block *block, const void *data, uint32_t len)
{
	if (len)
		memcpy(block->buf + block->len, data, len);
	block->len += len;
	while (block->len & 3)
		block->buf[block->len++] = 0;
}

static void block_put32(struct block *block, uint32_t v)
{
	block_put(block, &v, sizeof(v));
}

static void block_option(struct block *block, uint16_t code, const void *data,
			 uint16_t len)
{
	uint16_t head[2] = { code, len };

	block_put(block, head, sizeof(head));
	block_put(block, data, len);
}

static void write_out(struct pcapng *cap, const void *data, size_t len)
{
	if (!len || cap->failed || fwrite(data, 1, len, cap->file) == len)
		return;
	cap->failed = true;
	log_error("capture", "cannot write: %s", strerror(errno));
}

static void block_write(struct pcapng *cap, struct block *block)
{
	uint32_t total = block->len + 4;

	memcpy(block->buf + 4, &total, sizeof(total));
	block_put32(block, total);
	write_out(cap, block->buf, block->len);
}

static void block_start(struct block *block, uint32_t type)
{
	block->len = 0;
	block_put32(block, type);
	block_put32(block, 0);
}

static void write_section(struct pcapng *cap)
{
	static const uint16_t version[2] = { 1, 0 };
	struct block block;

	block_start(&block, BLOCK_SECTION);
	block_put32(&block, BYTE_ORDER_MAGIC);
	block_put(&block, version, sizeof(version));
	block_put32(&block, UINT32_MAX);	/* length: not known */
	block_put32(&block, UINT32_MAX);
	block_option(&block, OPT_APPLICATION, "hvhost", 6);
	block_option(&block, OPT_END, NULL, 0);
	block_write(cap, &block);
}

static void write_interface(struct pcapng *cap, const char *name)
{
	static const uint16_t linktype[2] = { LINKTYPE_ETHERNET, 0 };
	static const uint8_t ns = 9;		/* 10^-9 seconds */
	struct block block;

	block_start(&block, BLOCK_INTERFACE);
	block_put(&block, linktype, sizeof(linktype));
	block_put32(&block, 0);			/* no limit of length */
	block_option(&block, OPT_IF_NAME, name, strnlen(name, 64));
	block_option(&block, OPT_IF_TSRESOL, &ns, sizeof(ns));
	block_option(&block, OPT_END, NULL, 0);
	block_write(cap, &block);
}

static void flush(void *ctx)
{
	struct pcapng *cap = ctx;

	if (!fflush(cap->file) || cap->failed)
		return;
	cap->failed = true;
	log_error("capture", "cannot write: %s", strerror(errno));
}

/*
 * A pipe may have the host wait for whoever reads it: only what can be truncated, a
 * file, will do.
 */
static FILE *open_file(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
	FILE *file = NULL;
	int err;

	if (fd < 0)
		return NULL;
	if (!ftruncate(fd, 0))
		file = fdopen(fd, "w");
	if (file)
		return file;
	err = errno;
	close(fd);
	errno = err;
	return NULL;
}

struct pcapng *pcapng_open(const char *file, const char *if_name)
{
	struct pcapng *cap;

	cap = calloc(1, sizeof(*cap));
	if (!cap)
		return NULL;
	cap->file = open_file(file);
	if (!cap->file) {
		free(cap);
		return NULL;
	}
	cap->flush.fn = flush;
	cap->flush.ctx = cap;
	write_section(cap);
	write_interface(cap, if_name);
	loop_task_queue(&cap->flush);
	return cap;
}

void pcapng_close(struct pcapng *cap)
{
	if (!cap)
		return;
	loop_task_cancel(&cap->flush);
	flush(cap);
	fclose(cap->file);
	free(cap);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

void pcapng_write(struct pcapng *cap, const struct frame *frame, bool to_guest)
{
	uint32_t flags = to_guest ? FLAG_INBOUND : FLAG_OUTBOUND;
	uint32_t len = frame->len + (frame->vlan ? 4 : 0);
	uint8_t tag[4] = { 0x81, 0, frame->tci >> 8, frame->tci };
	uint32_t split = frame->vlan ? 12 : 0;
	uint32_t pad = -len & 3;
	uint64_t now = now_ns();
	struct block head, tail;
	uint32_t total;

	if (frame->len < FRAME_HDR || frame->len > FRAME_MAX)
		return;
	block_start(&head, BLOCK_PACKET);
	block_put32(&head, 0);
	block_put32(&head, now >> 32);
	block_put32(&head, now);
	block_put32(&head, len);
	block_put32(&head, len);
	tail.len = 0;
	block_option(&tail, OPT_FLAGS, &flags, sizeof(flags));
	block_option(&tail, OPT_END, NULL, 0);
	total = head.len + len + pad + tail.len + 4;
	memcpy(head.buf + 4, &total, sizeof(total));
	block_put32(&tail, total);

	write_out(cap, head.buf, head.len);
	write_out(cap, frame->data, split);
	if (frame->vlan)
		write_out(cap, tag, sizeof(tag));
	write_out(cap, frame->data + split, frame->len - split);
	write_out(cap, "\0\0\0", pad);
	write_out(cap, tail.buf, tail.len);
	loop_task_queue(&cap->flush);
}
