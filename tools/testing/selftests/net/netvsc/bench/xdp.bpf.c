// SPDX-License-Identifier: GPL-2.0
/* Two programs that do as little as can be: drop, and send back. */
#include <linux/bpf.h>
#include <linux/if_ether.h>

__attribute__((section("drop"), used))
int xdp_drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}

__attribute__((section("tx"), used))
int xdp_tx(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	unsigned short word;
	int i;

	if (data + sizeof(*eth) > end)
		return XDP_DROP;
	for (i = 0; i < ETH_ALEN / 2; i++) {
		word = ((unsigned short *)eth->h_dest)[i];
		((unsigned short *)eth->h_dest)[i] =
			((unsigned short *)eth->h_source)[i];
		((unsigned short *)eth->h_source)[i] = word;
	}
	return XDP_TX;
}

char bench_license[] __attribute__((section("license"), used)) = "GPL";
