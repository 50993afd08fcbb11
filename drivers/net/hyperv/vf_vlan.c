// SPDX-License-Identifier: GPL-2.0
/*
 * VLANs that a VF receives for its netvsc.
 *
 * A VF's driver may drop the packets, or the tags, of VLANs that nobody has asked
 * it for; one that has no filter to set lets all of them pass.  What netvsc is to
 * receive, the stack has told it, also of VLANs of what is stacked on it; and the
 * VF gives back exactly what it was given, because others may have VLANs on it.
 */
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>

#include "vf_internal.h"

static const __be16 vlan_protos[NETVSC_VF_VLAN_KINDS] = {
	cpu_to_be16(ETH_P_8021Q), cpu_to_be16(ETH_P_8021AD),
};

static unsigned int vlan_kind(__be16 proto)
{
	return proto == vlan_protos[1];
}

static void vf_give_vlan(struct netvsc *nv, unsigned int kind, u16 vid)
{
	struct netvsc_vf *nvf = &nv->vf;
	int err;

	err = vlan_vid_add(nvf->vf, vlan_protos[kind], vid);
	if (!err)
		__set_bit(vid, nvf->vlans[kind].given);
	if (!err || err == -EOPNOTSUPP)
		return;
	nvf->vlan_refused = true;
	netdev_info(nv->ndev, "VF %s does not take VLAN %u (%d): not used\n",
		    netdev_name(nvf->vf), vid, err);
}

static void vf_take_vlan(struct netvsc_vf *nvf, unsigned int kind, u16 vid)
{
	if (__test_and_clear_bit(vid, nvf->vlans[kind].given))
		vlan_vid_del(nvf->vf, vlan_protos[kind], vid);
}

/* What was refused once is asked for again. */
void netvsc_vf_follow_vlans(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	unsigned int kind;
	unsigned long vid;

	nvf->vlan_refused = false;
	for (kind = 0; kind < NETVSC_VF_VLAN_KINDS; kind++)
		for_each_andnot_bit(vid, nvf->vlans[kind].wanted,
				    nvf->vlans[kind].given, VLAN_N_VID)
			vf_give_vlan(nv, kind, vid);
}

void netvsc_vf_forget_vlans(struct netvsc *nv)
{
	struct netvsc_vf *nvf = &nv->vf;
	unsigned int kind;
	unsigned long vid;

	for (kind = 0; kind < NETVSC_VF_VLAN_KINDS; kind++)
		for_each_set_bit(vid, nvf->vlans[kind].given, VLAN_N_VID)
			vf_take_vlan(nvf, kind, vid);
	nvf->vlan_refused = false;
}

/**
 * netvsc_vf_vlan_add() - netvsc is to receive a VLAN
 * @nv: the netvsc
 * @proto: of its tag
 * @vid: its id
 *
 * Context: ndo_vlan_rx_add_vid. RTNL.
 */
void netvsc_vf_vlan_add(struct netvsc *nv, __be16 proto, u16 vid)
{
	unsigned int kind = vlan_kind(proto);
	struct netvsc_vf *nvf = &nv->vf;

	/* VLAN 0 is for priorities, and the stack adds it to the VF itself. */
	if (!vid)
		return;
	__set_bit(vid, nvf->vlans[kind].wanted);
	if (!nvf->vf)
		return;
	vf_give_vlan(nv, kind, vid);
	netvsc_vf_feed(nv, VF_IN_CHANGED);
}

/**
 * netvsc_vf_vlan_del() - undo netvsc_vf_vlan_add()
 * @nv: the netvsc
 * @proto: of the VLAN's tag
 * @vid: its id
 *
 * Context: ndo_vlan_rx_kill_vid. RTNL.
 */
void netvsc_vf_vlan_del(struct netvsc *nv, __be16 proto, u16 vid)
{
	unsigned int kind = vlan_kind(proto);
	struct netvsc_vf *nvf = &nv->vf;

	__clear_bit(vid, nvf->vlans[kind].wanted);
	if (!nvf->vf)
		return;
	vf_take_vlan(nvf, kind, vid);
	/* It may have been the one that the VF did not take. */
	if (nvf->vlan_refused)
		netvsc_vf_todo(nvf, NETVSC_VF_FOLLOW);
}
