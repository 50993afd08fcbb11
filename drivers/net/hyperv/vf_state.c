// SPDX-License-Identifier: GPL-2.0
/*
 * The state machine of the transparent VF, as a table.
 *
 * Two rules shape it.  The way to the VF is one step at a time, and the last
 * one needs the host's word; the way back is one step from anywhere, because
 * whoever takes the VF away does not wait.
 */
#include <linux/array_size.h>
#include <linux/build_bug.h>

#include "vf_state.h"

/* [0] if the VF is not fit, [1] if it is. */
struct vf_entry {
	struct vf_step step[2];
};

#define STEP(to, todo)		{ .next = VF_##to, .actions = (todo) }
#define GO(to, todo)		{ .step = { [0 ... 1] = STEP(to, todo) } }
#define IF_FIT(yes, no)		{ .step = { no, yes } }
#define STAY(state)		GO(state, 0)

static const struct vf_entry in_absent[] = {
	[VF_IN_REGISTERED]	 = GO(BOUND, VF_DO_FOLLOW),
	[VF_IN_UNREGISTERED]	 = STAY(ABSENT),
	[VF_IN_OPENED]		 = STAY(ABSENT),
	[VF_IN_CLOSING]		 = STAY(ABSENT),
	[VF_IN_CARRIER_ON]	 = STAY(ABSENT),
	[VF_IN_CARRIER_OFF]	 = STAY(ABSENT),
	[VF_IN_STALLED]		 = STAY(ABSENT),
	[VF_IN_CHANGED]		 = STAY(ABSENT),
	[VF_IN_RENAMED]		 = STAY(ABSENT),
	[VF_IN_MOVED]		 = STAY(ABSENT),
	[VF_IN_NETVSC_OPENED]	 = STAY(ABSENT),
	[VF_IN_NETVSC_STOPPED]	 = STAY(ABSENT),
	[VF_IN_NETVSC_MOVED]	 = STAY(ABSENT),
	[VF_IN_ASSOCIATED]	 = STAY(ABSENT),
	[VF_IN_DISSOCIATED]	 = STAY(ABSENT),
	[VF_IN_SESSION_STARTED]	 = STAY(ABSENT),
	[VF_IN_SESSION_ENDING]	 = STAY(ABSENT),
	/* Too late: the VF is gone, and the host must not deliver to it. */
	[VF_IN_SWITCH_ACKED]	 = GO(ABSENT, VF_DO_TAKE_BACK),
	[VF_IN_SWITCH_REFUSED]	 = STAY(ABSENT),
	[VF_IN_SWITCH_TIMED_OUT] = STAY(ABSENT),
	[VF_IN_DETACH]		 = STAY(ABSENT),
};

static const struct vf_entry in_bound[] = {
	/* One VF at a time; vf_bind.c leaves a second one alone. */
	[VF_IN_REGISTERED]	 = STAY(BOUND),
	[VF_IN_UNREGISTERED]	 = GO(ABSENT, VF_DO_RELEASE),
	[VF_IN_OPENED]		 = IF_FIT(STEP(UP, VF_DO_ASK), STEP(BOUND, 0)),
	[VF_IN_CLOSING]		 = STAY(BOUND),
	[VF_IN_CARRIER_ON]	 = IF_FIT(STEP(UP, VF_DO_ASK), STEP(BOUND, 0)),
	[VF_IN_CARRIER_OFF]	 = STAY(BOUND),
	[VF_IN_STALLED]		 = STAY(BOUND),
	[VF_IN_CHANGED]		 = IF_FIT(STEP(UP, VF_DO_ASK), STEP(BOUND, 0)),
	[VF_IN_RENAMED]		 = STAY(BOUND),
	[VF_IN_MOVED]		 = GO(ABSENT, VF_DO_RELEASE),
	[VF_IN_NETVSC_OPENED]	 = IF_FIT(STEP(UP, VF_DO_FOLLOW | VF_DO_ASK),
					  STEP(BOUND, VF_DO_FOLLOW)),
	[VF_IN_NETVSC_STOPPED]	 = GO(BOUND, VF_DO_CLOSE),
	[VF_IN_NETVSC_MOVED]	 = GO(ABSENT, VF_DO_CLOSE | VF_DO_RELEASE),
	[VF_IN_ASSOCIATED]	 = IF_FIT(STEP(UP, VF_DO_ASK), STEP(BOUND, 0)),
	[VF_IN_DISSOCIATED]	 = STAY(BOUND),
	[VF_IN_SESSION_STARTED]	 = IF_FIT(STEP(UP, VF_DO_ASK), STEP(BOUND, 0)),
	[VF_IN_SESSION_ENDING]	 = STAY(BOUND),
	/* The link was lost while the host made up its mind. */
	[VF_IN_SWITCH_ACKED]	 = GO(BOUND, VF_DO_TAKE_BACK),
	[VF_IN_SWITCH_REFUSED]	 = STAY(BOUND),
	[VF_IN_SWITCH_TIMED_OUT] = STAY(BOUND),
	[VF_IN_DETACH]		 = GO(ABSENT, VF_DO_CLOSE | VF_DO_RELEASE),
};

static const struct vf_entry in_up[] = {
	[VF_IN_REGISTERED]	 = STAY(UP),
	[VF_IN_UNREGISTERED]	 = GO(ABSENT, VF_DO_RELEASE),
	/* Every good sign is a reason to ask again a host that refused. */
	[VF_IN_OPENED]		 = IF_FIT(STEP(UP, VF_DO_ASK), STEP(BOUND, 0)),
	[VF_IN_CLOSING]		 = GO(BOUND, 0),
	[VF_IN_CARRIER_ON]	 = IF_FIT(STEP(UP, VF_DO_ASK), STEP(BOUND, 0)),
	[VF_IN_CARRIER_OFF]	 = GO(BOUND, 0),
	[VF_IN_STALLED]		 = GO(BOUND, 0),
	[VF_IN_CHANGED]		 = IF_FIT(STEP(UP, VF_DO_ASK), STEP(BOUND, 0)),
	[VF_IN_RENAMED]		 = STAY(UP),
	[VF_IN_MOVED]		 = GO(ABSENT, VF_DO_RELEASE),
	[VF_IN_NETVSC_OPENED]	 = IF_FIT(STEP(UP, VF_DO_FOLLOW | VF_DO_ASK),
					  STEP(BOUND, VF_DO_FOLLOW)),
	[VF_IN_NETVSC_STOPPED]	 = GO(BOUND, VF_DO_CLOSE),
	[VF_IN_NETVSC_MOVED]	 = GO(ABSENT, VF_DO_CLOSE | VF_DO_RELEASE),
	[VF_IN_ASSOCIATED]	 = IF_FIT(STEP(UP, VF_DO_ASK), STEP(BOUND, 0)),
	[VF_IN_DISSOCIATED]	 = GO(BOUND, 0),
	[VF_IN_SESSION_STARTED]	 = IF_FIT(STEP(UP, VF_DO_ASK), STEP(BOUND, 0)),
	[VF_IN_SESSION_ENDING]	 = GO(BOUND, 0),
	[VF_IN_SWITCH_ACKED]	 = IF_FIT(STEP(ACTIVE, VF_DO_START_TX),
					  STEP(BOUND, VF_DO_TAKE_BACK)),
	[VF_IN_SWITCH_REFUSED]	 = STAY(UP),
	/* It may do it yet, and is taken at its word when it does. */
	[VF_IN_SWITCH_TIMED_OUT] = STAY(UP),
	[VF_IN_DETACH]		 = GO(ABSENT, VF_DO_CLOSE | VF_DO_RELEASE),
};

static const struct vf_entry in_active[] = {
	[VF_IN_REGISTERED]	 = STAY(ACTIVE),
	[VF_IN_UNREGISTERED]	 = GO(ABSENT, VF_DO_LEAVE | VF_DO_RELEASE),
	[VF_IN_OPENED]		 = STAY(ACTIVE),
	[VF_IN_CLOSING]		 = GO(BOUND, VF_DO_LEAVE),
	/* It may have been off for a moment, and the VF not be ready yet. */
	[VF_IN_CARRIER_ON]	 = IF_FIT(STEP(ACTIVE, 0),
					  STEP(BOUND, VF_DO_LEAVE)),
	/* Without a link nothing that it was given will ever be sent. */
	[VF_IN_CARRIER_OFF]	 = GO(BOUND, VF_DO_LEAVE & ~VF_DO_DRAIN_TX),
	[VF_IN_STALLED]		 = GO(BOUND, VF_DO_LEAVE & ~VF_DO_DRAIN_TX),
	[VF_IN_CHANGED]		 = IF_FIT(STEP(ACTIVE, 0),
					  STEP(BOUND, VF_DO_LEAVE)),
	[VF_IN_RENAMED]		 = STAY(ACTIVE),
	[VF_IN_MOVED]		 = GO(ABSENT, VF_DO_LEAVE | VF_DO_RELEASE),
	[VF_IN_NETVSC_OPENED]	 = GO(ACTIVE, VF_DO_FOLLOW),
	[VF_IN_NETVSC_STOPPED]	 = GO(BOUND, VF_DO_LEAVE | VF_DO_CLOSE),
	[VF_IN_NETVSC_MOVED]	 = GO(ABSENT, VF_DO_LEAVE | VF_DO_CLOSE |
					      VF_DO_RELEASE),
	[VF_IN_ASSOCIATED]	 = STAY(ACTIVE),
	[VF_IN_DISSOCIATED]	 = GO(BOUND, VF_DO_LEAVE),
	[VF_IN_SESSION_STARTED]	 = STAY(ACTIVE),
	[VF_IN_SESSION_ENDING]	 = GO(BOUND, VF_DO_LEAVE),
	[VF_IN_SWITCH_ACKED]	 = STAY(ACTIVE),
	/* Answers to a request that was not made. */
	[VF_IN_SWITCH_REFUSED]	 = STAY(ACTIVE),
	[VF_IN_SWITCH_TIMED_OUT] = STAY(ACTIVE),
	[VF_IN_DETACH]		 = GO(ABSENT, VF_DO_LEAVE | VF_DO_CLOSE |
					      VF_DO_RELEASE),
};

static_assert(ARRAY_SIZE(in_absent) == VF_NR_INPUTS);
static_assert(ARRAY_SIZE(in_bound) == VF_NR_INPUTS);
static_assert(ARRAY_SIZE(in_up) == VF_NR_INPUTS);
static_assert(ARRAY_SIZE(in_active) == VF_NR_INPUTS);

static const struct vf_entry * const machine[VF_NR_STATES] = {
	[VF_ABSENT]	= in_absent,
	[VF_BOUND]	= in_bound,
	[VF_UP]		= in_up,
	[VF_ACTIVE]	= in_active,
};

const struct vf_step *vf_state_step(enum vf_state state, enum vf_input input,
				    bool fit)
{
	return &machine[state][input].step[fit];
}

const char *vf_state_name(enum vf_state state)
{
	static const char * const names[VF_NR_STATES] = {
		[VF_ABSENT]	= "absent",
		[VF_BOUND]	= "bound",
		[VF_UP]		= "up",
		[VF_ACTIVE]	= "active",
	};

	return names[state];
}

const char *vf_input_name(enum vf_input input)
{
	static const char * const names[VF_NR_INPUTS] = {
		[VF_IN_REGISTERED]	 = "registered",
		[VF_IN_UNREGISTERED]	 = "unregistered",
		[VF_IN_OPENED]		 = "opened",
		[VF_IN_CLOSING]		 = "closing",
		[VF_IN_CARRIER_ON]	 = "carrier on",
		[VF_IN_CARRIER_OFF]	 = "carrier off",
		[VF_IN_STALLED]		 = "stalled",
		[VF_IN_CHANGED]		 = "changed",
		[VF_IN_RENAMED]		 = "renamed",
		[VF_IN_MOVED]		 = "moved",
		[VF_IN_NETVSC_OPENED]	 = "netvsc opened",
		[VF_IN_NETVSC_STOPPED]	 = "netvsc stopped",
		[VF_IN_NETVSC_MOVED]	 = "netvsc moved",
		[VF_IN_ASSOCIATED]	 = "associated",
		[VF_IN_DISSOCIATED]	 = "dissociated",
		[VF_IN_SESSION_STARTED]	 = "session started",
		[VF_IN_SESSION_ENDING]	 = "session ending",
		[VF_IN_SWITCH_ACKED]	 = "switch acked",
		[VF_IN_SWITCH_REFUSED]	 = "switch refused",
		[VF_IN_SWITCH_TIMED_OUT] = "switch timed out",
		[VF_IN_DETACH]		 = "detach",
	};

	return names[input];
}
