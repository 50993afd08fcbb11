/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers and descriptors of the 82599 VF, as ixgbevf uses them.
 */
#ifndef HVHOST_VF82599_REGS_H
#define HVHOST_VF82599_REGS_H

#include <assert.h>
#include <stdint.h>

#define VF_VENDOR		0x8086
#define VF_DEVICE_HYPERV	0x152e

#define VF_BAR_REGS		0
#define VF_BAR_MSIX		3
#define VF_BAR_SIZE		0x4000

/* Configuration space */
#define VF_CFG_COMMAND		0x04
#define VF_CFG_CAPABILITIES	0x34
#define VF_CFG_MSIX		0x70
#define VF_CFG_MSIX_CONTROL	0x72
#define VF_CFG_PCIE		0xa0
#define VF_CFG_DEVICE_CONTROL	0xa8
#define VF_CFG_MAC		0x201	/* Hyper-V's PF driver puts it there */

#define VF_COMMAND_MASTER	0x0004
#define VF_DEVICE_RESET		0x8000
#define VF_MSIX_ENABLE		0x8000
#define VF_MSIX_MASK_ALL	0x4000

/* BAR 3 */
#define VF_MSIX_VECTORS		3
#define VF_MSIX_PBA		0x2000
#define VF_MSIX_ENTRY_MASK	1u

/* BAR 0 */
#define VF_CTRL			0x0000
#define VF_STATUS		0x0008
#define VF_LINKS		0x0010
#define VF_FRTIMER		0x0048
#define VF_EICR			0x0100
#define VF_EICS			0x0104
#define VF_EIMS			0x0108
#define VF_EIMC			0x010c
#define VF_EIAC			0x0110
#define VF_EIAM			0x0114
#define VF_IVAR(n)		(0x0120 + 4 * (n))
#define VF_IVAR_MISC		0x0140
#define VF_RX_QUEUES		0x1000
#define VF_TX_QUEUES		0x2000
#define VF_QUEUES_SIZE		0x0200
#define VF_NR_QUEUES		8

/* Counters, in what would be the first queue's block */
#define VF_GPRC			0x101c
#define VF_GORC_LOW		0x1020
#define VF_GORC_HIGH		0x1024
#define VF_MPRC			0x1034
#define VF_GPTC			0x201c
#define VF_GOTC_LOW		0x2020
#define VF_GOTC_HIGH		0x2024

/* A queue's block of 0x40 bytes, both ways */
#define VFQ_BASE_LOW		0x00
#define VFQ_BASE_HIGH		0x04
#define VFQ_LEN			0x08
#define VFQ_HEAD		0x10
#define VFQ_SRRCTL		0x14
#define VFQ_TAIL		0x18
#define VFQ_CONTROL		0x28
#define VFQ_WRITEBACK_LOW	0x38
#define VFQ_WRITEBACK_HIGH	0x3c

#define VF_CTRL_RESET		0x04000000u
#define VF_LINKS_UP		0x40000000u
#define VF_LINKS_10G		0x30000000u
#define VF_IVAR_VALID		0x80
#define VF_CAUSES		0x7u	/* one for each MSI-X vector */

#define VFQ_ENABLE		0x02000000u
#define VFQ_FLUSH		0x04000000u	/* acts once, reads 0 */
#define VFQ_VLAN_STRIP		0x40000000u
#define VFQ_WRITEBACK_ON	0x1u

#define VF_SRRCTL_PKT_KB	0x7fu
#define VF_SRRCTL_TYPE		0x0e000000u
#define VF_SRRCTL_ONE_BUFFER	0x02000000u

/* Rings are 128-byte aligned, and a multiple of 8 descriptors long. */
#define VF_RING_ALIGN		128u
#define VF_RING_MAX		0x000fff80u

struct vf_rx_desc {
	uint64_t packet;
	uint64_t header;
};

struct vf_rx_done {
	uint16_t types;
	uint16_t header;
	uint32_t hash;
	uint32_t status;
	uint16_t len;
	uint16_t vlan;
};

#define VF_RXD_DONE		0x0001u
#define VF_RXD_END		0x0002u
#define VF_RXD_VLAN		0x0008u
#define VF_RXD_L4_CHECKED	0x0020u
#define VF_RXD_IP_CHECKED	0x0040u

#define VF_RXD_TYPE_IPV4	0x0010u
#define VF_RXD_TYPE_IPV6	0x0040u
#define VF_RXD_TYPE_TCP		0x0100u
#define VF_RXD_TYPE_UDP		0x0200u

struct vf_tx_desc {			/* a data descriptor */
	uint64_t address;
	uint32_t command;
	uint32_t options;
};

#define VF_TXD_LEN		0x0000ffffu
#define VF_TXD_TYPE		0x00f00000u
#define VF_TXD_CONTEXT		0x00200000u
#define VF_TXD_DATA		0x00300000u
#define VF_TXD_END		0x01000000u
#define VF_TXD_REPORT		0x08000000u
#define VF_TXD_ADVANCED		0x20000000u
#define VF_TXD_VLAN		0x40000000u
#define VF_TXD_SEGMENT		0x80000000u
#define VF_TXD_STATUS		12	/* offset of the word that gets DONE */
#define VF_TXD_DONE		0x1u

#define VF_TXO_INDEX(options)	((options) >> 4 & 7)
#define VF_TXO_IP_CSUM		0x00000100u
#define VF_TXO_L4_CSUM		0x00000200u
#define VF_TXO_LEN(options)	((options) >> 14)

struct vf_tx_context {
	uint32_t lens;			/* VLAN, MAC length, IP length */
	uint32_t seed;
	uint32_t command;
	uint32_t mss;			/* MSS, L4 length, index */
};

#define VF_TXC_IP_LEN(lens)	((lens) & 0x1ff)
#define VF_TXC_MAC_LEN(lens)	((lens) >> 9 & 0x7f)
#define VF_TXC_VLAN(lens)	((lens) >> 16)
#define VF_TXC_IPV4		0x00000400u
#define VF_TXC_L4_TYPE		0x00001800u
#define VF_TXC_UDP		0x00000000u
#define VF_TXC_TCP		0x00000800u
#define VF_TXC_SCTP		0x00001000u
#define VF_TXC_INDEX(mss)	((mss) >> 4 & 7)
#define VF_TXC_L4_LEN(mss)	((mss) >> 8 & 0xff)
#define VF_TXC_MSS(mss)		((mss) >> 16)
#define VF_NR_CONTEXTS		2

static_assert(sizeof(struct vf_rx_desc) == 16, "receive descriptor");
static_assert(sizeof(struct vf_rx_done) == 16, "receive write-back");
static_assert(sizeof(struct vf_tx_desc) == 16, "transmit descriptor");
static_assert(sizeof(struct vf_tx_context) == 16, "context descriptor");

#endif
