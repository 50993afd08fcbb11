// SPDX-License-Identifier: GPL-2.0
/*
 * Which VF belongs to which netvsc.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_macvlan.h>
#include <linux/if_vlan.h>
#include <linux/pci.h>

#include "vf_internal.h"

struct pci_dev *netvsc_vf_pci_dev(const struct net_device *dev)
{
	struct device *parent;

	for (parent = dev->dev.parent; parent; parent = parent->parent)
		if (dev_is_pci(parent))
			return to_pci_dev(parent);
	return NULL;
}

/* A NIC of its own, as opposed to what is stacked on one. */
static bool vf_eligible(const struct net_device *dev)
{
	if (dev->type != ARPHRD_ETHER || dev->addr_len != ETH_ALEN)
		return false;
	if (is_vlan_dev(dev) || netif_is_macvlan(dev) ||
	    netif_is_bond_master(dev) || netif_is_team_master(dev) ||
	    netif_is_bridge_master(dev))
		return false;
	return !netvsc_dev_is(dev) && netvsc_vf_pci_dev(dev);
}

/*
 * The Hyper-V PCI bus names a slot after the serial number that the host knows
 * the device by; the PCI core appends "-1" and so on if the name is taken.
 */
bool netvsc_vf_slot_serial(const struct net_device *dev, u32 *serial)
{
	const struct pci_dev *pdev = netvsc_vf_pci_dev(dev);
	char number[16];

	if (!pdev || !pdev->slot)
		return false;
	strscpy(number, pci_slot_name(pdev->slot), sizeof(number));
	number[strcspn(number, "-")] = '\0';
	return !kstrtou32(number, 10, serial);
}

/*
 * Whether the VF's address is netvsc's: 2, or 1 if it is one that was set, which
 * another netvsc may have as well.
 */
static unsigned int vf_same_mac(const struct netvsc *nv,
				const struct net_device *vf)
{
	const struct net_device *ndev = nv->ndev;
	const u8 *mac = vf->perm_addr;

	/* Not filled in yet while the VF is being registered. */
	if (!is_valid_ether_addr(mac))
		mac = vf->dev_addr;
	if (ether_addr_equal(mac, ndev->perm_addr))
		return 2;
	return ether_addr_equal(mac, ndev->dev_addr);
}

/**
 * netvsc_vf_kinship() - how sure it is that a VF belongs to a netvsc
 * @nv: the netvsc
 * @vf: an eligible device
 *
 * Both signs can fail alone.  The serial number is that of a PCI device, which
 * may have several ports; and the association that brings it may be older than
 * the VF, or not there yet.  A VF that the host gave no address has a random
 * one.  An address that was set on netvsc may be that of any other NIC, of a bond of
 * both for one: there the number has to be the same.
 *
 * Return: 0 if it does not, else more for better signs.
 */
unsigned int netvsc_vf_kinship(struct netvsc *nv, const struct net_device *vf)
{
	struct netvsc_vf *nvf = &nv->vf;
	unsigned int mac = vf_same_mac(nv, vf);
	bool known, same;
	u32 serial;

	spin_lock_bh(&nvf->host_lock);
	known = nvf->assoc_present && netvsc_vf_slot_serial(vf, &serial);
	same = known && serial == nvf->assoc_serial;
	spin_unlock_bh(&nvf->host_lock);

	if (mac == 1 && !same)
		return 0;
	if (mac)
		return (same ? 4 : known ? 0 : 2) + mac;
	return same && vf->addr_assign_type == NET_ADDR_RANDOM ? 4 : 0;
}

struct netvsc *netvsc_vf_partner(const struct net_device *vf)
{
	unsigned int kinship, best = 0;
	struct netvsc *found = NULL;
	struct netvsc_vf *nvf;

	if (!vf_eligible(vf))
		return NULL;
	list_for_each_entry(nvf, &netvsc_vf_list, entry) {
		kinship = netvsc_vf_kinship(netvsc_of(nvf), vf);
		if (kinship > best) {
			best = kinship;
			found = netvsc_of(nvf);
		}
	}
	return found;
}

/* The netvsc that has @vf, as opposed to one that should. */
struct netvsc *netvsc_vf_owner(const struct net_device *vf)
{
	struct netvsc_vf *nvf;

	list_for_each_entry(nvf, &netvsc_vf_list, entry)
		if (nvf->vf == vf)
			return netvsc_of(nvf);
	return NULL;
}
