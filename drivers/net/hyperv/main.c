// SPDX-License-Identifier: GPL-2.0
/*
 * The module and the VMBus driver: a device's way in and out.
 */
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

#include "netvsc.h"

static int netvsc_init_parts(struct netvsc *nv)
{
	int err;

	netvsc_netdev_init(nv);
	nvsp_init(nv);
	netvsc_subchannels_init(nv);
	netvsc_rss_init(nv);
	err = rndis_setup(nv);
	if (err)
		return err;
	err = netvsc_vf_init(nv);
	if (err)
		goto rndis;
	if (netvsc_channel_get(nv, 0))
		return 0;

	err = -ENOMEM;
	netvsc_vf_uninit(nv);
rndis:
	rndis_discard(nv);
	return err;
}

static void netvsc_uninit_parts(struct netvsc *nv)
{
	netvsc_subchannels_uninit(nv);
	netvsc_vf_uninit(nv);
	netvsc_channels_free(nv);
	rndis_discard(nv);
}

/*
 * The host's name for the NIC is its alias, until the user has another one, which no
 * later session asks for.  A host that gives none is as good.
 */
static void netvsc_alias_set(struct netvsc *nv)
{
	char name[IFALIASZ];
	int len;

	len = rndis_query_name(nv, name, sizeof(name));
	if (len > 0 && dev_set_alias(nv->ndev, name, len) < 0)
		netdev_warn(nv->ndev, "no memory for the host's name\n");
}

/* A device that was never registered does not take it along when it goes. */
static void netvsc_alias_clear(struct netvsc *nv)
{
	dev_set_alias(nv->ndev, NULL, 0);
}

static int netvsc_register(struct netvsc *nv)
{
	struct net_device *ndev = nv->ndev;
	u8 mac[ETH_ALEN];
	int err;

	nv->config.mtu = ETH_DATA_LEN;
	err = netvsc_session_start(nv);
	if (err)
		return err;

	err = rndis_query_mac(nv, mac);
	if (err) {
		netdev_err(ndev, "no MAC address from the host: %d\n", err);
		goto stop;
	}
	eth_hw_addr_set(ndev, mac);
	netvsc_netdev_sync_mac(nv);
	ndev->mtu = min_t(u32, ETH_DATA_LEN, nv->max_mtu);
	netvsc_features_register(nv);
	nv->config.mtu = ndev->mtu;
	err = netvsc_channels_serve(nv, 1);
	if (err)
		goto stop;

	netvsc_alias_set(nv);
	err = register_netdevice(ndev);
	if (err)
		goto clear;
	return 0;

clear:
	netvsc_alias_clear(nv);
stop:
	netvsc_session_stop(nv);
	return err;
}

/* Each queue costs memory, most of it in its qdisc. */
static unsigned int netvsc_max_queues(void)
{
	return min_t(unsigned int, num_possible_cpus(), NETVSC_MAX_CHANNELS);
}

static int netvsc_probe(struct hv_device *hdev,
			const struct hv_vmbus_device_id *id)
{
	struct net_device *ndev;
	struct netvsc *nv;
	int err;

	/* The bus sets the streaming mask only. */
	err = dma_set_mask_and_coherent(&hdev->device, DMA_BIT_MASK(64));
	if (err)
		return err;

	ndev = alloc_etherdev_mq(sizeof(*nv), netvsc_max_queues());
	if (!ndev)
		return -ENOMEM;
	nv = netvsc_priv(ndev);
	nv->ndev = ndev;
	nv->hdev = hdev;

	err = netvsc_init_parts(nv);
	if (err)
		goto free;
	hv_set_drvdata(hdev, nv);

	/*
	 * As soon as the host knows that we take VFs, it may offer one.  With
	 * RTNL held that cannot be registered, and take a name, before us.
	 */
	rtnl_lock();
	err = netvsc_register(nv);
	if (!err) {
		netvsc_vf_attach(nv);
		netvsc_subchannels_open_later(nv);
	}
	rtnl_unlock();
	if (err)
		goto uninit;

	netvsc_link_look(nv, 0);
	return 0;

uninit:
	disable_delayed_work_sync(&nv->link_work);
	hv_set_drvdata(hdev, NULL);
	netvsc_subchannels_gone();
	netvsc_uninit_parts(nv);
free:
	free_netdev(ndev);
	return err;
}

static void netvsc_remove(struct hv_device *hdev)
{
	struct netvsc *nv = hv_get_drvdata(hdev);

	netvsc_vf_detach(nv);
	disable_delayed_work_sync(&nv->recover_work);
	/* No carrier change may come after the net_device's last. */
	disable_delayed_work_sync(&nv->link_work);
	unregister_netdev(nv->ndev);

	rtnl_lock();
	netvsc_session_stop(nv);
	rtnl_unlock();
	cancel_work_sync(&nv->filter_work);

	hv_set_drvdata(hdev, NULL);
	netvsc_subchannels_gone();
	netvsc_uninit_parts(nv);
	free_netdev(nv->ndev);
}

static int netvsc_suspend(struct hv_device *hdev)
{
	struct netvsc *nv = hv_get_drvdata(hdev);

	cancel_delayed_work_sync(&nv->recover_work);
	cancel_delayed_work_sync(&nv->link_work);
	rtnl_lock();
	netvsc_netdev_pause(nv);
	netvsc_session_stop(nv);
	rtnl_unlock();
	return 0;
}

static int netvsc_resume(struct hv_device *hdev)
{
	struct netvsc *nv = hv_get_drvdata(hdev);
	int err;

	rtnl_lock();
	/* The guest may be at another place of the network. */
	set_bit(NETVSC_LINK_UP, &nv->link_events);
	err = netvsc_session_try(nv, &nv->config, 0);
	if (err)
		netvsc_recover(nv, err);
	rtnl_unlock();
	return err;
}

static const struct hv_vmbus_device_id netvsc_ids[] = {
	{ HV_NIC_GUID },
	{ }
};
MODULE_DEVICE_TABLE(vmbus, netvsc_ids);

static struct hv_driver netvsc_driver = {
	.name		= KBUILD_MODNAME,
	.probe		= netvsc_probe,
	.remove		= netvsc_remove,
	.suspend	= netvsc_suspend,
	.resume		= netvsc_resume,
	.id_table	= netvsc_ids,
	/* In order: the first NIC of the host is eth0. */
	.driver.probe_type = PROBE_FORCE_SYNCHRONOUS,
};

static int __init netvsc_init(void)
{
	int err;

	/* First the notifier: a VF may be registered while a NIC probes. */
	err = netvsc_vf_notifier_register();
	if (err)
		return err;
	err = vmbus_driver_register(&netvsc_driver);
	if (err)
		netvsc_vf_notifier_unregister();
	return err;
}

static void __exit netvsc_exit(void)
{
	vmbus_driver_unregister(&netvsc_driver);
	netvsc_vf_notifier_unregister();
}

module_init(netvsc_init);
module_exit(netvsc_exit);

MODULE_DESCRIPTION("Network interface of a Hyper-V guest");
MODULE_LICENSE("GPL");
