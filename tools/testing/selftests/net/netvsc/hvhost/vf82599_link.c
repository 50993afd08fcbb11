// SPDX-License-Identifier: GPL-2.0
/*
 * The link of the 82599 VF: what the guest is told of it, and the cable.  A
 * cable that is pulled takes both away at once.  A host that means to take it
 * can give notice: the guest is told first, and its frames pass until it has
 * left the path for the other one.
 */
#include "vf82599.h"

static void tell(struct vf82599 *vf, bool up)
{
	if (vf->link == up)
		return;
	vf->link = up;
	log_info("vf", "VF %u: link %s", vf->function.serial,
		 up ? "up" : "down");
	/* ixgbevf looks at VFLINKS on this, or else every two seconds. */
	vf_misc_interrupt(vf);
}

/* What has come over the cable by now is the VF's to deliver. */
static void pull(struct vf82599 *vf, const char *why)
{
	loop_timer_cancel(&vf->notice);
	vf->cable = false;
	log_info("vf", "VF %u: cable pulled: %s", vf->function.serial, why);
}

static void notice_over(void *ctx)
{
	struct vf82599 *vf = ctx;

	pull(vf, "the guest has not left");
	vf_rx_drop_waiting(vf);
}

void vf_link_init(struct vf82599 *vf)
{
	vf->link = true;
	vf->cable = true;
	vf->notice.fn = notice_over;
	vf->notice.ctx = vf;
}

void vf_link_free(struct vf82599 *vf)
{
	loop_timer_cancel(&vf->notice);
}

void vf_link_left(void *ctx)
{
	struct vf82599 *vf = ctx;

	if (vf->notice.due)
		pull(vf, "the guest has left");
}

void vf82599_set_link(struct vf82599 *vf, bool up)
{
	loop_timer_cancel(&vf->notice);
	vf->cable = up;
	if (!up)
		vf_rx_drop_waiting(vf);
	tell(vf, up);
}

void vf82599_notice_link_off(struct vf82599 *vf, uint64_t limit_ns)
{
	if (!vf->cable)
		return;
	loop_timer_set(&vf->notice, limit_ns);
	tell(vf, false);
}
