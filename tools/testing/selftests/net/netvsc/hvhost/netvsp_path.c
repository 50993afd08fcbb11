// SPDX-License-Identifier: GPL-2.0
/*
 * The two messages that make a VF transparent: which VF belongs to the NIC, and
 * which path the guest wants its frames on.
 */
#include <string.h>

#include "netvsp_dev.h"
#include "vm.h"

/*
 * From a request to the pause, and from the pause to the switch: where the guest is
 * slow as well, it waits for the host by then, and sees how late it is.
 */
#define AROUND_PAUSE_NS		500000000
#define NS_PER_SECOND		1000000000ull

void path_announce_vf(struct netvsp *nv)
{
	struct nvsp_vf_association assoc = {
		.type = NVSP_VF_ASSOCIATION,
		.allocated = nv->vf_present,
		.serial = nv->vf_serial,
	};
	uint8_t buf[NVSP_LEN_V61] = { 0 };

	if (!nv->primary.open || !nv->rndis.ready || nv->version < NVSP_V4 ||
	    !(nv->caps & NVSP_CAP_SRIOV) || nv->vf_announced == nv->vf_present)
		return;
	nv->vf_announced = nv->vf_present;
	memcpy(buf, &assoc, sizeof(assoc));
	log_guest_info(&nv->news, "netvsp", "nic %u: VF %u %s", nv->id,
		       nv->vf_serial,
		       nv->vf_present ? "associated" : "dissociated");
	queue_send(&nv->primary, PKT_INBAND, PKT_FLAG_COMPLETE,
		   TRANS_ASSOCIATION, buf, session_msg_len(nv));
	if (nv->vf_present && nv->config.vf_announced)
		nv->config.vf_announced(nv->config.ctx);
}

/*
 * A path that is not there cannot be selected; hosts acknowledge the request
 * nevertheless, and traffic stays where it was.
 */
static void switch_data_path(struct netvsp *nv, enum vpath path)
{
	if (path == PATH_VF && !nv->vf_present) {
		log_guest_info(&nv->news, "netvsp",
			       "nic %u: no VF to switch to", nv->id);
		return;
	}
	vnic_select(nv->nic, path);
}

void path_switch_late(void *ctx)
{
	struct netvsp *nv = ctx;
	const struct late_switch *sw = &nv->late_switch;

	loop_timer_cancel(&nv->late);
	loop_timer_cancel(&nv->pause);
	log_info("netvsp", "nic %u: late data-path switch", nv->id);
	switch_data_path(nv, sw->path);
	if (sw->flags & PKT_FLAG_COMPLETE)
		queue_send(&nv->primary, PKT_COMPLETION, 0, sw->trans_id, NULL,
			   0);
}

void path_pause(void *ctx)
{
	struct netvsp *nv = ctx;

	vm_pause(vmbus_vm(nv->vmbus),
		 nv->late_switch.seconds * NS_PER_SECOND);
}

/* Whether it was decided that the host does not simply switch. */
static bool switch_fault(struct queue *q, const struct packet *pkt,
			 enum vpath path)
{
	struct netvsp *nv = q->nv;
	struct nvsp_rndis_done done = {
		.type = NVSP_RNDIS_DONE,
		.status = NVSP_FAILURE,
	};
	enum fault_id late = FAULT_SWITCH_LATE;
	uint64_t around = 0;
	uint32_t seconds;

	if (fault_take(&nv->faults, FAULT_SWITCH_NEVER))
		return true;
	if (fault_take(&nv->faults, FAULT_SWITCH_REFUSE)) {
		queue_complete(q, pkt, &done, sizeof(done));
		return true;
	}
	if (fault_take(&nv->faults, FAULT_SWITCH_PAUSED)) {
		late = FAULT_SWITCH_PAUSED;
		around = 2 * AROUND_PAUSE_NS;
		loop_timer_set(&nv->pause, AROUND_PAUSE_NS);
	} else if (!fault_take(&nv->faults, FAULT_SWITCH_LATE)) {
		return false;
	}
	seconds = nv->faults.seconds[late];
	nv->late_switch = (struct late_switch){
		path, seconds, pkt->flags, pkt->trans_id
	};
	loop_timer_set(&nv->late, seconds * NS_PER_SECOND + around);
	return true;
}

void path_switch(struct queue *q, const struct packet *pkt)
{
	struct netvsp *nv = q->nv;
	struct nvsp_switch_path sw;
	enum vpath path;

	memcpy(&sw, pkt->payload, sizeof(sw));
	if (sw.path > NVSP_PATH_VF) {
		netvsp_fail(nv, "unknown data path");
		return;
	}
	path = sw.path == NVSP_PATH_VF ? PATH_VF : PATH_SYNTHETIC;
	/* One after the other, also those that are late. */
	if (nv->late.due)
		path_switch_late(nv);
	/* Its completion may have found a broken ring. */
	if (!q->open)
		return;
	if (switch_fault(q, pkt, path))
		return;
	switch_data_path(nv, path);
	queue_complete(q, pkt, NULL, 0);
}
