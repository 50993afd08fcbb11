/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The states of the transparent VF, what moves them, and what a move asks of
 * the driver.  No kernel objects here: vf_state.c is a table, and vf_path.c carries
 * it out.
 */
#ifndef _NETVSC_VF_STATE_H
#define _NETVSC_VF_STATE_H

#include <linux/bits.h>
#include <linux/types.h>

/**
 * enum vf_state - how far a VF has come
 * @VF_ABSENT: there is none
 * @VF_BOUND: enslaved, and it receives; not fit to transmit
 * @VF_UP: fit to transmit; the host still delivers to the synthetic channels
 * @VF_ACTIVE: the host delivers to the VF, and the guest transmits on it
 * @VF_NR_STATES: number of states
 */
enum vf_state {
	VF_ABSENT,
	VF_BOUND,
	VF_UP,
	VF_ACTIVE,
	VF_NR_STATES
};

/**
 * enum vf_input - what happens to a VF or its netvsc
 * @VF_IN_REGISTERED: a VF has been found and enslaved
 * @VF_IN_UNREGISTERED: the VF is on its way out
 * @VF_IN_OPENED: the VF is administratively up
 * @VF_IN_CLOSING: the VF is about to go down, but still works
 * @VF_IN_CARRIER_ON: the VF has a link
 * @VF_IN_CARRIER_OFF: the VF has lost its link
 * @VF_IN_STALLED: the VF does not send what it is given
 * @VF_IN_CHANGED: something on which it depends whether the VF is fit, and that has
 *	no input of its own: MTU, MAC, VLANs, XDP, sleep, the end of a penalty
 * @VF_IN_RENAMED: the VF has another name
 * @VF_IN_MOVED: the VF is leaving for another network namespace
 * @VF_IN_NETVSC_OPENED: netvsc came up
 * @VF_IN_NETVSC_STOPPED: netvsc goes down
 * @VF_IN_NETVSC_MOVED: netvsc is leaving for another network namespace
 * @VF_IN_ASSOCIATED: the host says that the VF belongs to this netvsc
 * @VF_IN_DISSOCIATED: the host says that it does not
 * @VF_IN_SESSION_STARTED: netvsc can talk with its host again
 * @VF_IN_SESSION_ENDING: netvsc is about to leave its session
 * @VF_IN_SWITCH_ACKED: the host delivers to the VF
 * @VF_IN_SWITCH_REFUSED: the host does not, and says so
 * @VF_IN_SWITCH_TIMED_OUT: the host has not answered; it may do so yet
 * @VF_IN_DETACH: netvsc goes away
 * @VF_NR_INPUTS: number of inputs
 */
enum vf_input {
	VF_IN_REGISTERED,
	VF_IN_UNREGISTERED,
	VF_IN_OPENED,
	VF_IN_CLOSING,
	VF_IN_CARRIER_ON,
	VF_IN_CARRIER_OFF,
	VF_IN_STALLED,
	VF_IN_CHANGED,
	VF_IN_RENAMED,
	VF_IN_MOVED,
	VF_IN_NETVSC_OPENED,
	VF_IN_NETVSC_STOPPED,
	VF_IN_NETVSC_MOVED,
	VF_IN_ASSOCIATED,
	VF_IN_DISSOCIATED,
	VF_IN_SESSION_STARTED,
	VF_IN_SESSION_ENDING,
	VF_IN_SWITCH_ACKED,
	VF_IN_SWITCH_REFUSED,
	VF_IN_SWITCH_TIMED_OUT,
	VF_IN_DETACH,
	VF_NR_INPUTS
};

/*
 * Actions, carried out from the lowest bit to the highest: a VF is left before
 * it is closed, closed before it is released, and brought in line with netvsc
 * before the host is asked for it.
 */
#define VF_DO_STOP_TX	BIT(0)	/* nothing more is given to the VF */
#define VF_DO_DRAIN_TX	BIT(1)	/* wait until what it was given is sent */
#define VF_DO_TO_VMBUS	BIT(2)	/* host: deliver to the channels again; wait */
#define VF_DO_DRAIN_RX	BIT(3)	/* take in what the VF has received */
#define VF_DO_CLOSE	BIT(4)	/* bring the VF down */
#define VF_DO_RELEASE	BIT(5)	/* undo the enslavement */
#define VF_DO_FOLLOW	BIT(6)	/* give it netvsc's settings, bring it up */
#define VF_DO_ASK	BIT(7)	/* host: deliver to the VF */
#define VF_DO_TAKE_BACK	BIT(8)	/* host: it is not wanted any more */
#define VF_DO_START_TX	BIT(9)	/* transmit on the VF */

/* The orderly way out of VF_ACTIVE. */
#define VF_DO_LEAVE	(VF_DO_STOP_TX | VF_DO_DRAIN_TX | VF_DO_TO_VMBUS | \
			 VF_DO_DRAIN_RX)

/**
 * struct vf_step - outcome of an input
 * @next: the state from now on
 * @actions: VF_DO_*, to be carried out once @next is the state
 */
struct vf_step {
	u8 next;
	u16 actions;
};

/**
 * vf_state_step() - what an input does in a state
 * @state: of the VF
 * @input: what happened
 * @fit: the VF could carry traffic: netvsc is open and its session runs, the VF is
 *	up with a link, associated, and has the settings of netvsc (vf_fit()).
 *	Only inputs that can go both ways look at it.
 *
 * Context: any.
 *
 * Return: the step, never NULL for a valid @state and @input.
 */
const struct vf_step *vf_state_step(enum vf_state state, enum vf_input input,
				    bool fit);

const char *vf_state_name(enum vf_state state);
const char *vf_input_name(enum vf_input input);

#endif /* _NETVSC_VF_STATE_H */
