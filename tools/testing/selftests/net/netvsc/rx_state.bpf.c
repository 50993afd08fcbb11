// SPDX-License-Identifier: GPL-2.0
/*
 * tc programs of rx_offloads.sh: what the driver has said of a TCP segment.
 * What they do not find is dropped, so that a connection shows it.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

static __always_inline int is_tcp(struct __sk_buff *skb)
{
	struct ethhdr *eth = (void *)(long)skb->data;
	struct iphdr *ip = (void *)(eth + 1);

	return (void *)(ip + 1) <= (void *)(long)skb->data_end &&
	       eth->h_proto == bpf_htons(ETH_P_IP) &&
	       ip->protocol == IPPROTO_TCP;
}

/* The checksum need not be computed any more. */
SEC("tc")
int rx_verified(struct __sk_buff *skb)
{
	if (is_tcp(skb) && bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY) < 0)
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

SEC("tc")
int rx_hashed(struct __sk_buff *skb)
{
	return is_tcp(skb) && !skb->hash ? TC_ACT_SHOT : TC_ACT_OK;
}

/* From a queue of the NIC's; the stack counts from 1. */
SEC("tc")
int rx_queued(struct __sk_buff *skb)
{
	return is_tcp(skb) && !skb->queue_mapping ? TC_ACT_SHOT : TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
