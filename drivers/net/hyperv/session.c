// SPDX-License-Identifier: GPL-2.0
/*
 * A NIC's session with the host, from the channel to the RNDIS state, and how
 * one with another configuration takes its place.
 */
#include <linux/etherdevice.h>

#include "netvsc.h"
#include "rndis.h"

static int netvsc_session_query(struct netvsc *nv)
{
	int err;

	err = rndis_query_u32(nv, RNDIS_OID_GEN_MAXIMUM_FRAME_SIZE,
			      &nv->max_mtu);
	if (!err && nv->max_mtu < ETH_MIN_MTU)
		err = -EPROTO;
	if (err) {
		netdev_err(nv->ndev, "no frame size from the host: %d\n", err);
		return err;
	}

	/* A NIC without offloads is a NIC still. */
	err = rndis_query_caps(nv, &nv->caps);
	if (!err)
		err = rndis_set_offloads(nv, &nv->caps,
					 nv->ndev->features);
	if (err) {
		netdev_warn(nv->ndev, "no offloads: %d\n", err);
		memset(&nv->caps, 0, sizeof(nv->caps));
	}

	netvsc_rss_query(nv);
	netvsc_link_query(nv);
	return 0;
}

static void netvsc_session_free(struct netvsc *nv)
{
	struct netvsc_channel *ch;
	unsigned int i;

	nvsp_free(nv);
	netvsc_for_each_channel(nv, i, ch)
		netvsc_tx_stop(ch);
}

/*
 * A session with one channel; netvsc_subchannels_open() finds it others.  What
 * goes wrong on the way is said here or by what is called, in one line.
 */
int netvsc_session_start(struct netvsc *nv)
{
	struct netvsc_channel *ch = nv->channels[0];
	int err;

	netvsc_queue_reset(nv);
	err = netvsc_tx_start(ch);
	if (err)
		return err;
	err = netvsc_channel_open(ch, nv->hdev->channel);
	if (err) {
		netdev_err(nv->ndev, "channel not opened: %d\n", err);
		goto free;
	}
	err = nvsp_connect(nv);
	if (err)
		goto disconnect;
	err = rndis_start(nv);
	if (err) {
		netdev_err(nv->ndev, "RNDIS not started: %d\n", err);
		goto disconnect;
	}
	err = netvsc_session_query(nv);
	if (err)
		goto halt;
	err = netvsc_subchannels_start(nv);
	if (err)
		goto halt;
	nv->nr_channels = 1;
	return 0;

halt:
	rndis_halt(nv);
disconnect:
	nvsp_disconnect(nv);
	netvsc_channel_close(ch);
free:
	netvsc_session_free(nv);
	return err;
}

void netvsc_session_stop(struct netvsc *nv)
{
	/* What could not be set up again after a failure is not there. */
	if (!nv->nr_channels)
		return;

	nv->nr_channels = 0;
	netvsc_subchannels_stop(nv);
	rndis_halt(nv);
	nvsp_disconnect(nv);
	netvsc_channel_close(nv->channels[0]);
	netvsc_session_free(nv);
}

/* As many channels as before, or as many as the user wants, or none. */
static int netvsc_session_widen(struct netvsc *nv, u32 channels)
{
	int err;

	netvsc_subchannels_open(nv);
	err = netvsc_channels_update(nv);
	if (nv->nr_channels >= channels)
		return 0;
	if (!err)
		netdev_err(nv->ndev, "the host has %u channels only\n",
			   nv->nr_channels);
	return err ?: -EIO;
}

/*
 * A new MTU that the host does not take is the user's mistake.  One that the
 * net_device has had is not: it is lowered, or there would be no session any more.
 */
static int netvsc_session_check_mtu(struct netvsc *nv)
{
	if (nv->config.mtu <= nv->max_mtu || nv->config.mtu == nv->ndev->mtu)
		return 0;
	netdev_err(nv->ndev, "the host takes an MTU of %u at most\n",
		   nv->max_mtu);
	return -ERANGE;
}

/**
 * netvsc_session_try() - a session, and the net_device in service
 * @nv: the NIC; registered, out of service and without a session
 * @config: what to ask the host for, which is then @nv's configuration
 * @channels: how many there have to be in the end; 0 if any number will do
 *
 * With a host that takes less than before, the MTU is lower then.
 *
 * Context: RTNL. Sleeps for the host.
 *
 * Return: 0, or an error without a session.
 */
int netvsc_session_try(struct netvsc *nv, const struct netvsc_config *config,
		       u32 channels)
{
	int err;

	nv->config = *config;
	err = netvsc_session_start(nv);
	if (err)
		return err;

	err = netvsc_session_widen(nv, channels);
	if (err)
		goto stop;
	err = netvsc_session_check_mtu(nv);
	if (err)
		goto stop;
	err = netvsc_netdev_resume(nv);
	if (err)
		goto stop;
	netvsc_netdev_lower_mtu(nv);
	return 0;

stop:
	netvsc_session_stop(nv);
	return err;
}

/**
 * netvsc_reconfigure() - a session with another configuration
 * @nv: the NIC; registered
 * @config: what to ask the host for
 * @channels: how many there have to be then; 0 if any number will do
 *
 * Most of what there is to configure is said when a session begins, so there
 * has to be a new one.  Packets to send wait meanwhile.  If the host does not
 * take it, it is asked for what there was before.
 *
 * Context: RTNL. Sleeps.
 *
 * Return: 0, or an error.  With one the old configuration is in force again,
 * or, if the host does not take that any more either, as soon as it does.
 */
int netvsc_reconfigure(struct netvsc *nv, const struct netvsc_config *config,
		       u32 channels)
{
	const struct netvsc_config old = nv->config;
	int err, err_old;

	netvsc_netdev_pause(nv);
	netvsc_session_stop(nv);

	err = netvsc_session_try(nv, config, channels);
	if (!err)
		return 0;

	err_old = netvsc_session_try(nv, &old, 0);
	if (err_old)
		netvsc_recover(nv, err_old);
	return err;
}
