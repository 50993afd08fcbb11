/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A NIC of the guest: its port on the switch, its netvsp, and the VF that may
 * be assigned to it.  nic.c keeps the three together, in the order in which a
 * Hyper-V host does things.
 */
#ifndef HVHOST_NIC_H
#define HVHOST_NIC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "fault.h"

#define NIC_MAX		8

struct generation;
struct host;
struct vm;
struct vmbus;
struct vswitch;

struct host_config {
	const struct generation *gen;
	uint32_t max_nvsp;
	uint32_t mtu;
	unsigned int queues;		/* of each NIC */
};

struct host *host_create(struct vm *vm, struct vmbus *vmbus,
			 struct vswitch *vs, const struct host_config *config);

/*
 * Each returns NULL when it is done (or, for an eject, under way), or what is
 * wrong in a few words, for the line protocol.
 */
const char *host_nic_add(struct host *host, unsigned int id,
			 const uint8_t mac[6]);
const char *host_nic_remove(struct host *host, unsigned int id);
const char *host_nic_rescind(struct host *host, unsigned int id);
const char *host_nic_link(struct host *host, unsigned int id, bool up);
const char *host_nic_speed(struct host *host, unsigned int id, uint32_t mbit);
const char *host_nic_nvsp(struct host *host, unsigned int id, uint32_t version);
const char *host_nic_send_on(struct host *host, unsigned int id,
			     unsigned int channel);
const char *host_nic_network_change(struct host *host, unsigned int id);
const char *host_vf_add(struct host *host, unsigned int id);
const char *host_vf_eject(struct host *host, unsigned int id);
const char *host_vf_yank(struct host *host, unsigned int id);
const char *host_vf_link(struct host *host, unsigned int id, bool up);
/* The guest is told, and has so long to leave the VF. */
const char *host_vf_notice_link_off(struct host *host, unsigned int id,
				    unsigned int seconds);
const char *host_vf_hang(struct host *host, unsigned int id, bool hung);
const char *host_vf_reset(struct host *host, unsigned int id);
const char *host_vf_select(struct host *host, unsigned int id, bool on);
/*
 * The host keeps its hands off both paths of a NIC, goes on, or offers what has
 * piled up without taking anything.
 */
const char *host_hold(struct host *host, unsigned int id, bool hold);
const char *host_offer(struct host *host, unsigned int id);
const char *host_capture(struct host *host, unsigned int id, bool vf,
			 const char *file);

const char *host_fault(struct host *host, unsigned int id, enum fault_id fault,
		       uint32_t number);
const char *host_fault_step(struct host *host, unsigned int id,
			    const char *spec, const char *action,
			    uint32_t number);
const char *host_print_steps(struct host *host, unsigned int id, FILE *out);
const char *host_fault_off(struct host *host, unsigned int id);

/* `path`: what the guest has selected, and what has become of the VF. */
const char *host_print_path(struct host *host, unsigned int id, FILE *out);
/* `stats`: one "key=value ..." line for each NIC and path, one for VMBus. */
void host_print_stats(struct host *host, FILE *out);

#endif
