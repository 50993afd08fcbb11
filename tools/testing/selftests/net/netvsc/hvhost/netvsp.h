/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host half of a synthetic NIC.  netvsp_dev.h says in which file what is;
 * RNDIS is in rndis.c and rndis_packet.c.
 */
#ifndef HVHOST_NETVSP_H
#define HVHOST_NETVSP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "fault.h"

#define NETVSP_MAX_QUEUES	64	/* as Hyper-V has it */

struct generation;
struct netvsp;
struct vmbus;
struct vnic;

#define NETVSP_MIN_MTU	68
#define NETVSP_MAX_MTU	9202	/* what NVSP's largest frame leaves */

/**
 * struct netvsp_config - what this host offers
 * @instance_seed: makes the instance GUID; the NIC's number
 * @max_nvsp: highest NVSP version, as in the protocol: 0x00002, 0x30002,
 *	0x40000, 0x50000, 0x60000, 0x60001
 * @mtu: largest MTU
 * @queues: channels, the primary one included, 1 to NETVSP_MAX_QUEUES
 * @gen: what this generation of hosts can do besides
 * @vf_announced: called with @ctx when the guest has been told that the NIC has a
 *	VF, also from netvsp_vf_association(); may take the VF away again
 */
struct netvsp_config {
	unsigned int instance_seed;
	uint32_t max_nvsp;
	uint32_t mtu;
	unsigned int queues;
	const struct generation *gen;
	void (*vf_announced)(void *ctx);
	void *ctx;
};

/* What a test or `stats` wants to know of the guest's side. */
struct netvsp_state {
	bool open;			/* channel open */
	bool rndis_ready;		/* RNDIS initialized */
	uint32_t nvsp_version;
	uint32_t packet_filter;
	uint32_t mtu;
	uint32_t mtu_asked;		/* by the guest; 0: it has not said */
	bool vf_announced;
	uint64_t protocol_errors;
	uint64_t tx_csum, tx_lso;	/* left to the host, see struct rndis */
	uint64_t tx_bad_offload;
	bool rx_csum, rsc;		/* switched on by the guest */
	uint32_t rx_held;		/* packets that the guest has not completed */
};

struct netvsp_counts {
	uint64_t rx_frames;		/* put on the ring for the guest */
	uint64_t tx_frames;		/* taken out of that of the guest */
	uint64_t tx_messages;		/* VMBus packets that they came in */
	/* Of these frames: what was left to the host */
	uint64_t tx_csum, tx_lso, tx_vlan, tx_hash;
};

/* A channel of the NIC; @relid is 0 while there is none. */
struct netvsp_channel {
	struct netvsp_counts counts;
	bool open;
	uint32_t relid;
	unsigned int vp;
	unsigned int waiting;		/* frames without room */
};

struct netvsp *netvsp_create(struct vmbus *vmbus, struct vnic *nic,
			     const struct netvsp_config *config);
/* Rescinds the channel; frees itself when the guest has released it. */
void netvsp_remove(struct netvsp *nv);

/* Rescinds the channel as well, but the NIC stays, without one. */
void netvsp_rescind(struct netvsp *nv);

void netvsp_set_link(struct netvsp *nv, bool up);

/*
 * While it is held, nothing is taken from the guest's rings, nothing is put on
 * them, and the guest is not told to signal; frames for it pile up.  Letting go
 * does all that was left.
 */
void netvsp_hold(struct netvsp *nv, bool hold);
/* What has piled up, as far as there is room, without taking anything. */
void netvsp_offer_held(struct netvsp *nv);

/* The physical NIC's, Mbit/s; guests that asked for it are told. */
void netvsp_set_speed(struct netvsp *nv, uint32_t speed);
/* ASCII, at most RNDIS_NAME_MAX characters, or empty for none. */
void netvsp_set_name(struct netvsp *nv, const char *name);
/* The largest that guests get from their next session on. */
void netvsp_set_mtu(struct netvsp *nv, uint32_t mtu);
/* The highest that guests get from their next session on. */
void netvsp_set_max_nvsp(struct netvsp *nv, uint32_t version);
/* The guest should find out anew which network this is. */
void netvsp_network_change(struct netvsp *nv);
/* Another send table.  Return: false if the channel is not open. */
bool netvsp_send_on(struct netvsp *nv, unsigned int channel);
/* Takes a sub-channel back.  Return: false if the guest has no such one. */
bool netvsp_rescind_channel(struct netvsp *nv, unsigned int channel);

/**
 * netvsp_vf_association() - tell the guest whether a VF belongs to this NIC
 * @present: allocated to it, or not
 * @serial: of the VF, as vPCI reports it; not 0 when present
 *
 * Remembered, and sent again to a guest that opens the channel later.  Taking
 * the VF away selects the synthetic path.
 */
void netvsp_vf_association(struct netvsp *nv, bool present, uint32_t serial);

/*
 * Sends a wrong message now, or has answers go wrong; @number: see the list of
 * faults.  NULL, or why not.
 */
const char *netvsp_fault(struct netvsp *nv, enum fault_id id, uint32_t number);
/* Has a step go wrong; see step.h.  NULL, or what is wrong with that. */
const char *netvsp_fault_step(struct netvsp *nv, const char *spec,
			      const char *action, uint32_t number);
/* The steps that were taken since the last netvsp_fault_off(). */
void netvsp_print_steps(const struct netvsp *nv, FILE *out);
/* All answers are good ones again, and a switch that is late is done. */
void netvsp_fault_off(struct netvsp *nv);

void netvsp_get_state(const struct netvsp *nv, struct netvsp_state *state);
/* False: the NIC has no channel of this number, and will not. */
bool netvsp_get_channel(const struct netvsp *nv, unsigned int index,
			struct netvsp_channel *state);

#endif
