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
struct nic;
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
 * Unless it is said otherwise, each returns NULL when it is done (or, for an eject,
 * under way), or what is wrong in a few words, for the line protocol.
 */
const char *host_nic_add(struct host *host, unsigned int id,
			 const uint8_t mac[6]);

/* NULL, with the reason in @why, if there is none, or if it is on its way out. */
struct nic *host_nic(struct host *host, unsigned int id, const char **why);
/* The same, or if it has no VF, or one that is on its way out. */
struct nic *host_nic_vf(struct host *host, unsigned int id, const char **why);

const char *nic_remove(struct nic *nic);
const char *nic_rescind(struct nic *nic);
const char *nic_link(struct nic *nic, bool up);
const char *nic_speed(struct nic *nic, uint32_t mbit);
/* @name: empty for none */
const char *nic_name(struct nic *nic, const char *name);
const char *nic_mtu(struct nic *nic, uint32_t mtu);
const char *nic_nvsp(struct nic *nic, uint32_t version);
const char *nic_send_on(struct nic *nic, uint32_t channel);
const char *nic_rescind_channel(struct nic *nic, uint32_t channel);
const char *nic_network_change(struct nic *nic);
const char *nic_vf_add(struct nic *nic);
const char *nic_vf_add_early(struct nic *nic);
/* The following of a NIC with a VF, see host_nic_vf() */
const char *nic_vf_eject(struct nic *nic);
const char *nic_vf_yank(struct nic *nic);
const char *nic_vf_link(struct nic *nic, bool up);
/* The guest is told, and has so long to leave the VF. */
const char *nic_vf_notice_link_off(struct nic *nic, unsigned int seconds);
const char *nic_vf_hang(struct nic *nic, bool hung);
const char *nic_vf_reset(struct nic *nic);
const char *nic_vf_select(struct nic *nic, bool on);
/*
 * The host keeps its hands off both paths of a NIC, goes on, or offers what has
 * piled up without taking anything.
 */
const char *nic_hold(struct nic *nic);
const char *nic_release(struct nic *nic);
const char *nic_offer(struct nic *nic);
const char *nic_capture(struct nic *nic, bool vf, const char *file);

const char *nic_fault(struct nic *nic, enum fault_id fault, uint32_t number);
const char *nic_fault_step(struct nic *nic, const char *spec,
			   const char *action, uint32_t number);
const char *nic_fault_off(struct nic *nic);
void nic_print_steps(struct nic *nic, FILE *out);

/* `path`: what the guest has selected, and what has become of the VF. */
void nic_print_path(struct nic *nic, FILE *out);
/* `stats`: one "key=value ..." line for each NIC and path, one for VMBus. */
void host_print_stats(struct host *host, FILE *out);

#endif
