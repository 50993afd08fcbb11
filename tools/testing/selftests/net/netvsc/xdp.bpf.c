// SPDX-License-Identifier: GPL-2.0
/*
 * XDP programs of xdp.sh, vf_xdp.sh, jumbo.sh and control_loop.sh.  They look at ICMP
 * echo replies, and let all else pass, so that the guest keeps its addresses meanwhile.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Of the device that xdp.sh makes for frames to be redirected to. */
#define OTHER_IFINDEX	777777

/* The first byte of a ping's pattern: what a program has turned round once */
#define FRESH	0x5a
#define TURNED	0xa5

#define TAG_LEN		4

#define ICMP_ECHOREPLY	0
#define ICMP_ECHO	8

/* The C library's header for it wants one that is not there for this target. */
struct icmphdr {
	__u8 type;
	__u8 code;
	__u16 checksum;
	__be16 id;
	__be16 sequence;
};

/* Behind the addresses, and the tag of a VLAN if there is one */
struct echo {
	__be16 proto;
	struct iphdr ip;
	struct icmphdr icmp;
	__u8 time[16];			/* ping's own */
	__u8 pattern[2];
} __attribute__((packed));

static __always_inline struct echo *echo_reply(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct echo *echo = data + 2 * ETH_ALEN;

	if ((void *)(echo + 1) > end)
		return 0;
	if (echo->proto == bpf_htons(ETH_P_8021Q))
		echo = (void *)echo + TAG_LEN;
	if ((void *)(echo + 1) > end ||
	    echo->proto != bpf_htons(ETH_P_IP) || echo->ip.ihl != 5 ||
	    echo->ip.protocol != IPPROTO_ICMP ||
	    echo->icmp.type != ICMP_ECHOREPLY)
		return 0;
	return echo;
}

/* The checksum follows when @from becomes @to; both as they are in memory. */
static __always_inline void csum_replace(struct echo *echo, __u16 from,
					 __u16 to)
{
	__u32 sum = (__u16)~echo->icmp.checksum + (__u16)~from + to;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	echo->icmp.checksum = ~sum;
}

/* Makes a request out of a reply, once: the host's next reply is for ping. */
static __always_inline int turn_round(struct xdp_md *ctx, struct echo *echo)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	__u16 *type = (void *)&echo->icmp.type, *pattern = (void *)echo->pattern;
	__u16 type_was = *type, pattern_was = *pattern;
	__be32 addr = echo->ip.saddr;
	__u8 mac[ETH_ALEN];

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end ||
	    echo->pattern[0] != FRESH)
		return 0;

	__builtin_memcpy(mac, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, mac, ETH_ALEN);
	echo->ip.saddr = echo->ip.daddr;
	echo->ip.daddr = addr;

	echo->icmp.type = ICMP_ECHO;
	csum_replace(echo, type_was, *type);
	echo->pattern[0] = TURNED;
	csum_replace(echo, pattern_was, *pattern);
	return 1;
}

SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int xdp_drop(struct xdp_md *ctx)
{
	return echo_reply(ctx) ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int xdp_abort(struct xdp_md *ctx)
{
	return echo_reply(ctx) ? XDP_ABORTED : XDP_PASS;
}

SEC("xdp")
int xdp_unknown(struct xdp_md *ctx)
{
	return echo_reply(ctx) ? 42 : XDP_PASS;
}

SEC("xdp")
int xdp_tx(struct xdp_md *ctx)
{
	struct echo *echo = echo_reply(ctx);

	return echo && turn_round(ctx, echo) ? XDP_TX : XDP_PASS;
}

SEC("xdp")
int xdp_redirect_back(struct xdp_md *ctx)
{
	struct echo *echo = echo_reply(ctx);

	return echo && turn_round(ctx, echo) ?
	       bpf_redirect(ctx->ingress_ifindex, 0) : XDP_PASS;
}

SEC("xdp")
int xdp_redirect_away(struct xdp_md *ctx)
{
	return echo_reply(ctx) ? bpf_redirect(OTHER_IFINDEX, 0) : XDP_PASS;
}

/* Room in front and behind, as much as programs may count on. */
SEC("xdp")
int xdp_adjust(struct xdp_md *ctx)
{
	__u32 *meta;

	if (!echo_reply(ctx))
		return XDP_PASS;
	if (bpf_xdp_adjust_head(ctx, -192) || bpf_xdp_adjust_head(ctx, 192) ||
	    bpf_xdp_adjust_tail(ctx, 256) || bpf_xdp_adjust_tail(ctx, -256) ||
	    bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
		return XDP_ABORTED;
	meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) > (void *)(long)ctx->data)
		return XDP_ABORTED;
	*meta = 1;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
