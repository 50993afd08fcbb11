// SPDX-License-Identifier: GPL-2.0
/*
 * A synthetic NIC as the rest of the host has it: offered and taken back, with
 * its cable, its VF, its faults and what there is to say of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generation.h"
#include "netvsp_dev.h"
#include "rndis_wire.h"

struct channel *netvsp_offer(struct queue *q, const struct channel_ops *ops)
{
	struct channel_offer offer = {
		.type = { {
			0x63, 0x51, 0x61, 0xf8, 0x3e, 0xdf, 0xc5, 0x46,
			0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e
		} },
		.instance = { {
			0x4e, 0x56, 0x53, 0x50, 0x00, 0x00, 0x4c, 0x4e,
			0x9d, 0x41, 0x00, 0x15, 0x5d, 0x00, 0x00, q->nv->id
		} },
		.sub_index = q->index,
		.flags = OFFER_FLAG_ENUMERATE,
		.ops = ops,
		.ctx = q,
		.steps = &q->nv->steps,
	};

	return vmbus_offer(q->nv->vmbus, &offer);
}

struct netvsp *netvsp_create(struct vmbus *vmbus, struct vnic *nic,
			     const struct netvsp_config *config)
{
	struct netvsp *nv;

	nv = calloc(1, sizeof(*nv));
	if (!nv)
		return NULL;
	nv->vmbus = vmbus;
	nv->nic = nic;
	nv->id = config->instance_seed;
	nv->config = *config;
	if (!nv->config.queues)
		nv->config.queues = 1;
	nv->rndis.nic = nic;
	nv->rndis.link = true;
	nv->rndis.gen = config->gen;
	nv->rndis.speed = config->gen->speed;
	nv->rndis.queues = nv->config.queues;
	nv->late.fn = path_switch_late;
	nv->late.ctx = nv;
	nv->pause.fn = path_pause;
	nv->pause.ctx = nv;
	nv->early.fn = session_early;
	nv->early.ctx = nv;
	memcpy(nv->rndis.perm_mac, vnic_mac(nic), sizeof(nv->rndis.perm_mac));
	queue_init(&nv->primary, nv, 0);
	nv->queues[0] = &nv->primary;
	nv->nr_queues = 1;
	out_init(&nv->control);
	rx_init(&nv->rx);
	rndis_reset(&nv->rndis);
	nv->primary.chan = netvsp_offer(&nv->primary, &netvsp_primary_ops);
	if (!nv->primary.chan) {
		free(nv);
		return NULL;
	}
	return nv;
}

void netvsp_remove(struct netvsp *nv)
{
	struct channel *chan = nv->primary.chan;
	bool over = nv->over;

	/* The switch port may be gone when this returns. */
	vnic_set_path(nv->nic, PATH_SYNTHETIC, NULL, NULL);
	nv->nic = NULL;
	nv->rndis.nic = NULL;
	nv->removing = true;
	nv->over = true;
	if (!chan)
		netvsp_destroy(nv);
	else if (!over)
		vmbus_rescind(chan);
}

void netvsp_rescind(struct netvsp *nv)
{
	if (nv->over)
		return;
	nv->over = true;
	vmbus_rescind(nv->primary.chan);
}

static void indicate(struct netvsp *nv, uint32_t status, const void *data,
		     size_t len)
{
	uint8_t buf[RNDIS_REPLY_MAX];

	if (!nv->primary.open || !nv->rndis.ready)
		return;
	len = rndis_indicate(&nv->rndis, buf, status, data, len);
	netvsp_send_indication(nv, buf, len, status);
}

void netvsp_set_link(struct netvsp *nv, bool up)
{
	if (nv->rndis.link == up)
		return;
	nv->rndis.link = up;
	indicate(nv, up ? RNDIS_I_CONNECT : RNDIS_I_DISCONNECT, NULL, 0);
}

void netvsp_set_speed(struct netvsp *nv, uint32_t speed)
{
	uint32_t units = speed * RNDIS_SPEED_PER_MBIT;

	nv->rndis.speed = speed;
	if (nv->caps & NVSP_CAP_TEAMING)
		indicate(nv, RNDIS_I_LINK_SPEED, &units, sizeof(units));
}

void netvsp_set_name(struct netvsp *nv, const char *name)
{
	snprintf(nv->rndis.name, sizeof(nv->rndis.name), "%s", name);
}

void netvsp_set_mtu(struct netvsp *nv, uint32_t mtu)
{
	nv->config.mtu = mtu;
}

void netvsp_set_max_nvsp(struct netvsp *nv, uint32_t version)
{
	nv->config.max_nvsp = version;
}

void netvsp_network_change(struct netvsp *nv)
{
	indicate(nv, RNDIS_I_NETWORK_CHANGE, NULL, 0);
}

void netvsp_hold(struct netvsp *nv, bool hold)
{
	unsigned int i;

	nv->held = hold;
	for (i = 0; i < nv->nr_queues; i++) {
		if (!nv->queues[i] || !nv->queues[i]->open)
			continue;
		if (hold)
			channel_silence(nv->queues[i]->chan);
		else
			queue_run(nv->queues[i]);
	}
}

void netvsp_offer_held(struct netvsp *nv)
{
	bool held = nv->held;

	nv->held = false;
	netvsp_flush(nv);
	nv->held = held;
}

void netvsp_vf_association(struct netvsp *nv, bool present, uint32_t serial)
{
	nv->vf_present = present;
	if (present)
		nv->vf_serial = serial;
	else
		vnic_select(nv->nic, PATH_SYNTHETIC);
	path_announce_vf(nv);
}

const char *netvsp_fault(struct netvsp *nv, enum fault_id id, uint32_t number)
{
	const char *why;

	if (id < NR_FAULT_ANSWERS)
		return fault_arm(&nv->faults, id, number);
	if (!nv->primary.open)
		return "the guest has not opened the NIC";
	why = fault_send(id, number, nv->primary.chan, &nv->rx, nv->last_done);
	if (channel_is_rescinded(nv->primary.chan))
		netvsp_bad_ring(nv);
	/* As in queue_send() */
	netvsp_flush(nv);
	return why;
}

const char *netvsp_fault_step(struct netvsp *nv, const char *spec,
			      const char *action, uint32_t number)
{
	return step_arm(&nv->steps, spec, action, number);
}

void netvsp_print_steps(const struct netvsp *nv, FILE *out)
{
	const struct steps *steps = &nv->steps;
	unsigned int i = 0;

	if (steps->nr_trace > STEP_TRACE)
		i = steps->nr_trace - STEP_TRACE;
	for (; i < steps->nr_trace; i++)
		fprintf(out, "%s\n", steps->trace[i % STEP_TRACE]);
}

void netvsp_fault_off(struct netvsp *nv)
{
	memset(&nv->faults, 0, sizeof(nv->faults));
	step_reset(&nv->steps);
	if (nv->late.due)
		path_switch_late(nv);
}

void netvsp_get_state(const struct netvsp *nv, struct netvsp_state *state)
{
	*state = (struct netvsp_state){
		.open = nv->primary.open,
		.rndis_ready = nv->rndis.ready,
		.nvsp_version = nv->version,
		.packet_filter = nv->rndis.filter,
		.mtu = nv->rndis.frame_size - FRAME_HDR,
		.mtu_asked = nv->frame_asked > FRAME_HDR ?
			     nv->frame_asked - FRAME_HDR : 0,
		.vf_announced = nv->vf_announced,
		.protocol_errors = nv->protocol_errors,
		.tx_csum = nv->rndis.tx_csum,
		.tx_lso = nv->rndis.tx_lso,
		.tx_bad_offload = nv->rndis.tx_bad_offload,
		.rx_csum = nv->rndis.rx_csum4 & NDIS_CSUM_TCP,
		.rsc = nv->rndis.rsc4 && nv->rndis.rsc6,
		.rx_held = nv->rx.busy + nv->rx.malformed,
	};
}

bool netvsp_get_channel(const struct netvsp *nv, unsigned int index,
			struct netvsp_channel *state)
{
	const struct queue *q = NULL;

	if (index >= nv->config.queues)
		return false;
	if (index < nv->nr_queues)
		q = nv->queues[index];
	*state = (struct netvsp_channel){ .counts = nv->counts[index] };
	if (!q || !q->chan)
		return true;
	state->open = q->open;
	state->relid = channel_relid(q->chan);
	state->vp = q->open ? channel_vp(q->chan) : 0;
	state->waiting = q->waiting.count;
	return true;
}
