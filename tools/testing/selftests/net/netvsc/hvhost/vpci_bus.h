/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inside of a vPCI bus, for the files that make it up:
 * life and messages: vpci.c; configuration space and BARs: vpci_config.c;
 * interrupt messages: vpci_irq.c
 */
#ifndef HVHOST_VPCI_BUS_H
#define HVHOST_VPCI_BUS_H

#include "log.h"
#include "vmbus.h"
#include "vpci.h"

#define VPCI_MAX_MESSAGES	64
#define VPCI_HEADER_SIZE	64

struct vpci_bar {
	struct vpci *bus;
	unsigned int index;
	bool mapped;
	uint64_t base;			/* as mapped */
};

/* An interrupt message: what the function sends, and what comes of it. */
struct vpci_irq {
	bool used;
	uint8_t vector;
	uint32_t data;
	uint64_t address;
	uint64_t vp_mask;
};

/* An answer that the ring had no room for. */
struct vpci_reply {
	bool waiting;
	uint16_t type;
	uint64_t trans_id;
	uint8_t data[64];
	size_t len;
};

/**
 * struct vpci - a bus
 * @over: the channel is being rescinded; nothing more is said on it
 * @version: agreed protocol version, 0 before
 * @in_d0: the guest has given a window for configuration space
 * @eject_sent: the guest was asked to give the function up
 * @eject_due: but @reply must go out first
 * @header: configuration space up to 0x40, and which bits a guest may write
 * @selected: slot written to the window's first page
 */
struct vpci {
	struct vpci *next;
	struct vm *vm;
	struct channel *chan;
	const struct pci_function *fn;
	void (*gone)(void *ctx);
	void *gone_ctx;

	struct guid instance;
	bool over;
	uint32_t version;
	uint32_t max_version;
	bool in_d0;
	bool eject_sent;
	bool eject_due;
	struct vpci_reply reply;

	uint64_t window;
	uint32_t selected;
	uint8_t header[VPCI_HEADER_SIZE];
	uint8_t writable[VPCI_HEADER_SIZE];
	struct vpci_bar bars[PCI_NR_BARS];

	struct vpci_irq irqs[VPCI_MAX_MESSAGES];
	struct log_rate rate, news;
};

/* vpci_config.c */
void vpci_config_init(struct vpci *bus);
bool vpci_window_map(struct vpci *bus, uint64_t base);
void vpci_window_unmap(struct vpci *bus);
/* What reads back after all ones were written to a BAR. */
uint32_t vpci_probed_bar(const struct vpci *bus, unsigned int bar);

/* vpci_irq.c */
const struct vpci_irq *vpci_irq_create(struct vpci *bus, uint32_t vector,
				       uint64_t vp_mask);
void vpci_irq_delete(struct vpci *bus, uint64_t address, uint32_t data);
void vpci_irq_reset(struct vpci *bus);
/* The hypercall's part: false if the bus has no such message. */
bool vpci_irq_retarget(struct vpci *bus, uint32_t address, uint32_t data,
		       uint8_t vector, uint64_t vp_mask);

#endif
