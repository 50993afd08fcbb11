// SPDX-License-Identifier: GPL-2.0
/*
 * The load of the benchmark: bursts of packets out of a packet socket, timed;
 * sinks for UDP and TCP; a TCP sender that is told how much to send and when;
 * and a steady flow, of which no packet should be lost.
 *
 * Not pktgen: it waits for its last packet to be freed, which a driver that is
 * held up does not do, and for several packets at a time it sends one packet
 * several times, which drivers that keep notes in a packet do not survive.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Younger than the headers of some libraries. */
#define GSO_UDP_L4	5

/* One of two that are for local experiments. */
#define ETHERTYPE_FOREIGN	0x88b5

#define PACKET_MAX	65535
#define BURST_MAX	1024
#define BUFFER		(4 << 20)

static const char help[] =
"usage: load sender\n"
"           for each line DEVICE MAC ADDRESS COUNT BYTES [udp|tcp SIZE] on\n"
"           standard input, sends COUNT packets of BYTES for MAC and ADDRESS,\n"
"           UDP to port 9, or of a protocol that nobody speaks if ADDRESS is -;\n"
"           with a SIZE, packets that are to be cut into pieces that carry so\n"
"           much; prints how many nanoseconds that took\n"
"       load udp-sink PORT\n"
"           takes packets, and reads all that have come for each line on\n"
"           standard input\n"
"       load tcp-sink PORT\n"
"           reads what one connection brings\n"
"       load tcp-send ADDRESS PORT\n"
"           for each number on standard input, sends so many bytes\n"
"       load flow-send ADDRESS PORT COUNT\n"
"           sends COUNT packets each millisecond until it is terminated; prints\n"
"           how many and in how many nanoseconds\n"
"       load flow-sink PORT\n"
"           reads packets; for each line on standard input, prints how many\n"
"           have come since the last one, and the longest gap between two of\n"
"           them in nanoseconds\n";

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void usage(void)
{
	fputs(help, stderr);
	exit(2);
}

static long number(const char *text, long min, long max)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < min || value > max)
		usage();
	return value;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static uint32_t add_words(const void *from, size_t len)
{
	const uint8_t *p = from;
	uint32_t sum = 0;

	for (; len > 1; len -= 2, p += 2)
		sum += p[0] << 8 | p[1];
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* What is to be sent, and how the device is to cut it up. */
struct load {
	const char *device;
	uint8_t mac[ETH_ALEN];
	struct in_addr to;
	long count, bytes, size;
	bool tcp, foreign;
};

static size_t header_len(const struct load *load)
{
	return sizeof(struct ether_header) + sizeof(struct iphdr) +
	       (load->tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr));
}

/* The pseudo header's sum; the rest is for the device, or for nobody. */
static uint16_t pseudo_sum(const struct iphdr *ip, size_t l4)
{
	return htons(fold(add_words(&ip->saddr, 8) + ip->protocol + l4));
}

static void fill_packet(uint8_t *packet, const struct load *load)
{
	struct ether_header *eth = (void *)packet;
	struct iphdr *ip = (void *)(eth + 1);
	size_t l4 = load->bytes - sizeof(*eth) - sizeof(*ip);
	struct tcphdr *tcp = (void *)(ip + 1);
	struct udphdr *udp = (void *)(ip + 1);

	memset(packet, 0, load->bytes);
	memcpy(eth->ether_dhost, load->mac, ETH_ALEN);
	memcpy(eth->ether_shost, "\x02\x00\x00\x00\x00\x01", ETH_ALEN);
	eth->ether_type = htons(load->foreign ? ETHERTYPE_FOREIGN : ETHERTYPE_IP);
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = load->tcp ? IPPROTO_TCP : IPPROTO_UDP;
	ip->tot_len = htons(load->bytes - sizeof(*eth));
	ip->saddr = htonl(0xc6120001);		/* 198.18.0.0/15: benchmarks */
	ip->daddr = load->to.s_addr;
	ip->check = htons(~fold(add_words(ip, sizeof(*ip))));
	if (load->tcp) {
		tcp->source = htons(9);
		tcp->dest = htons(9);
		tcp->doff = 5;
		tcp->ack = 1;
		tcp->check = pseudo_sum(ip, l4);
		return;
	}
	udp->source = htons(9);
	udp->dest = htons(9);
	udp->len = htons(l4);
	if (load->size)
		udp->check = pseudo_sum(ip, l4);
}

static void fill_vnet(struct virtio_net_hdr *vnet, const struct load *load)
{
	memset(vnet, 0, sizeof(*vnet));
	if (!load->size)
		return;
	vnet->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	vnet->gso_type = load->tcp ? VIRTIO_NET_HDR_GSO_TCPV4 :
				     GSO_UDP_L4;
	vnet->hdr_len = header_len(load);
	vnet->gso_size = load->size;
	vnet->csum_start = sizeof(struct ether_header) + sizeof(struct iphdr);
	vnet->csum_offset = load->tcp ? offsetof(struct tcphdr, check) :
					offsetof(struct udphdr, check);
}

static int packet_socket(const char *device)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex(device),
	};
	int one = 1, room = 256 << 20;
	int fd;

	if (!at.sll_ifindex)
		die(device);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || bind(fd, (void *)&at, sizeof(at)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)))
		die("packet socket");
	return fd;
}

static int64_t send_burst(int fd, void *packet, size_t len, long count)
{
	static struct mmsghdr msgs[BURST_MAX];
	struct iovec iov = { packet, len };
	int64_t start;
	int sent;
	long i;

	for (i = 0; i < count; i++) {
		msgs[i].msg_hdr.msg_iov = &iov;
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	start = now_ns();
	for (i = 0; i < count; i += sent) {
		sent = sendmmsg(fd, msgs + i, count - i, 0);
		if (sent <= 0) {
			fprintf(stderr, "load: packet %ld: %s\n", i,
				strerror(errno));
			exit(1);
		}
	}
	return now_ns() - start;
}

/* The socket is left open until the next burst: closing it frees memory. */
static void send_packets(int argc, char **arg)
{
	static uint8_t buf[sizeof(struct virtio_net_hdr) + PACKET_MAX];
	struct load load = { .device = arg[0] };
	uint8_t *mac = load.mac;
	static int fd = -1;

	load.foreign = argc == 5 && !strcmp(arg[2], "-");
	if ((argc != 5 && argc != 7) ||
	    sscanf(arg[1], "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0],
		   &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) != 6 ||
	    (!load.foreign && inet_pton(AF_INET, arg[2], &load.to) != 1))
		usage();
	load.count = number(arg[3], 1, BURST_MAX);
	if (argc == 7) {
		load.tcp = !strcmp(arg[5], "tcp");
		if (!load.tcp && strcmp(arg[5], "udp"))
			usage();
		load.size = number(arg[6], 1, PACKET_MAX);
	}
	load.bytes = number(arg[4], header_len(&load), PACKET_MAX);

	fill_vnet((void *)buf, &load);
	fill_packet(buf + sizeof(struct virtio_net_hdr), &load);
	if (fd >= 0)
		close(fd);
	fd = packet_socket(load.device);
	printf("%lld\n", (long long)
	       send_burst(fd, buf, sizeof(struct virtio_net_hdr) + load.bytes,
			  load.count));
	fflush(stdout);
}

#define WORDS_MAX	8

/* One process for all of them: others that come and go free memory. */
static void sender(void)
{
	char *words[WORDS_MAX], *word, line[256];
	int count;

	while (fgets(line, sizeof(line), stdin)) {
		count = 0;
		for (word = strtok(line, " \n"); word && count < WORDS_MAX;
		     word = strtok(NULL, " \n"))
			words[count++] = word;
		send_packets(count, words);
	}
}

static int listener(int type, long port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int room = BUFFER, one = 1;
	int fd;

	fd = socket(AF_INET, type, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (void *)&at, sizeof(at)))
		die("socket");
	return fd;
}

/* Of its length, and that is all that anybody wants of it. */
static bool read_one(int fd)
{
	return recv(fd, NULL, 0, MSG_DONTWAIT | MSG_TRUNC) >= 0;
}

static void udp_sink(long port)
{
	int fd = listener(SOCK_DGRAM, port);
	char line[32];

	do {
		while (read_one(fd))
			;
		puts("ready");
		fflush(stdout);
	} while (fgets(line, sizeof(line), stdin));
}

static void tcp_sink(long port)
{
	static uint8_t buf[1 << 20];
	int fd = listener(SOCK_STREAM, port);

	if (listen(fd, 1))
		die("listen");
	puts("ready");
	fflush(stdout);
	fd = accept(fd, NULL, NULL);
	if (fd < 0)
		die("accept");
	while (recv(fd, buf, sizeof(buf), 0) > 0)
		;
}

static void send_bytes(int fd, long bytes)
{
	static const uint8_t buf[1 << 16];
	ssize_t len;

	for (; bytes > 0; bytes -= len) {
		len = send(fd, buf, bytes < (long)sizeof(buf) ? bytes :
			   (long)sizeof(buf), 0);
		if (len < 0)
			die("send");
	}
}

static void tcp_send(const char *address, long port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	char line[32];
	int room = BUFFER, one = 1;
	int fd;

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		usage();
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ||
	    connect(fd, (void *)&to, sizeof(to)))
		die("connect");
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		send_bytes(fd, number(line, 1, 1L << 30));
		puts("sent");
		fflush(stdout);
	}
}

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

#define FLOW_PAYLOAD	8
#define FLOW_MAX	100
#define MILLISECOND	1000000
#define JUMP		(1000 * MILLISECOND)

/* Cut up by the stack: packets that come one behind the other cost less. */
static int flow_socket(const char *address, long port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int size = FLOW_PAYLOAD;
	int fd;

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		usage();
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)) ||
	    connect(fd, (void *)&to, sizeof(to)))
		die("socket");
	return fd;
}

/* What the stack does not take counts as sent: the user has lost it as well. */
static void flow_send(const char *address, long port, long count)
{
	static const uint8_t buf[FLOW_MAX * FLOW_PAYLOAD];
	int fd = flow_socket(address, port);
	int64_t start = now_ns(), next = start;
	struct timespec until;
	uint64_t sent;

	signal(SIGTERM, end);
	for (sent = 0; !ended; sent += count) {
		(void)!send(fd, buf, count * FLOW_PAYLOAD, MSG_DONTWAIT);
		next += MILLISECOND;
		/* Under the instruction clock, an idle guest's time may jump. */
		if (now_ns() - next > JUMP)
			next = now_ns();
		until.tv_sec = next / 1000000000;
		until.tv_nsec = next % 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
	printf("%llu %lld\n", (unsigned long long)sent,
	       (long long)(now_ns() - start));
}

static void flow_sink(long port)
{
	struct pollfd fds[] = {
		{ .fd = listener(SOCK_DGRAM, port), .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	int64_t last = 0, gap = 0, now;
	unsigned long long count = 0;
	char line[32];

	puts("ready");
	fflush(stdout);
	while (poll(fds, 2, -1) > 0) {
		while (read_one(fds[0].fd)) {
			now = now_ns();
			if (count++ && now - last > gap)
				gap = now - last;
			last = now;
		}
		if (!fds[1].revents)
			continue;
		if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
			return;
		printf("%llu %lld\n", count, (long long)gap);
		fflush(stdout);
		count = 0;
		gap = 0;
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "--help")) {
		fputs(help, stdout);
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(what, "sender") && argc == 2)
		sender();
	else if (!strcmp(what, "udp-sink") && argc == 3)
		udp_sink(number(argv[2], 1, 65535));
	else if (!strcmp(what, "tcp-sink") && argc == 3)
		tcp_sink(number(argv[2], 1, 65535));
	else if (!strcmp(what, "tcp-send") && argc == 4)
		tcp_send(argv[2], number(argv[3], 1, 65535));
	else if (!strcmp(what, "flow-send") && argc == 5)
		flow_send(argv[2], number(argv[3], 1, 65535),
			  number(argv[4], 1, FLOW_MAX));
	else if (!strcmp(what, "flow-sink") && argc == 3)
		flow_sink(number(argv[2], 1, 65535));
	else
		usage();
	return 0;
}
