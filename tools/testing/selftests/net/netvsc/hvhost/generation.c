// SPDX-License-Identifier: GPL-2.0
/*
 * The table of host generations.  Where the facts come from:
 *
 * VMBus: the list of versions and Windows releases in the kernel's
 * include/linux/hyperv.h (3.0 is 2012 R2, 4.0 the first of Windows 10, which
 * 2016 belongs to, 5.2 is 2019, 5.3 is 2022).  Azure's hosts may have newer
 * ones; 5.3 is the newest that hvhost speaks.
 *
 * NVSP: version 5 has sub-channels, which vRSS of 2012 R2 brought; version 6
 * has the messages of PacketDirect (openvmm's netvsp/src/protocol.rs), which is
 * new in 2016; coalescing needs 6.1 and is a feature "of 2019 and later", as
 * Documentation/networking/device_drivers/ethernet/microsoft/netvsc.rst of
 * Linux 7.3 and before says.
 *
 * UDP checksums: the same document, "2016 and Azure support checksum offload
 * for TCP and UDP, 2012 only for TCP".  LSO, version 2 over IPv4 and IPv6, all
 * of them have; version 1 none.  The largest send is openvmm's.
 *
 * vPCI: comments at the list of versions in pci-hyperv.c: 1.1 is Windows 10,
 * 1.2 is RS1 (2016 was built from it), 1.3 comes between 2019 and 2022, 1.4 is
 * 2022.  2012 R2 has SR-IOV too, and says so over NVSP, but its vPCI is older
 * than all that Linux speaks.
 *
 * Speed: hosts from 2016 on report that of the physical NIC (and its changes, to
 * guests with the teaming capability), 2012 R2 a fixed one: messages of the
 * kernel's commits that query it.  Which NIC there is, is this table's choice.
 *
 * Short indications: a comment in netvsc_drv.c of the same kernels, "pre-Fe",
 * which is before 2022.
 */
#include <stddef.h>
#include <string.h>

#include "generation.h"
#include "nvsp_wire.h"
#include "vmbus_wire.h"
#include "vpci_wire.h"

static const struct generation generations[] = {
	{
		.name = "ws2012r2",
		.major = 6, .minor = 3, .build = 9600,
		.vmbus = VMBUS_V3_0,
		.nvsp = NVSP_V5,
		.vpci = VPCI_VERSION_1_0,
		.speed = 10000,
		.short_indication = true,
	}, {
		.name = "ws2016",
		.major = 10, .minor = 0, .build = 14393,
		.vmbus = VMBUS_V4_0,
		.nvsp = NVSP_V6,
		.vpci = VPCI_VERSION_1_2,
		.speed = 10000,
		.udp_csum = true,
		.short_indication = true,
	}, {
		.name = "ws2019",
		.major = 10, .minor = 0, .build = 17763,
		.vmbus = VMBUS_V5_2,
		.nvsp = NVSP_V61,
		.vpci = VPCI_VERSION_1_2,
		.speed = 25000,
		.udp_csum = true,
		.rsc = true,
		.short_indication = true,
	}, {
		.name = "ws2022",
		.major = 10, .minor = 0, .build = 20348,
		.vmbus = VMBUS_V5_3,
		.nvsp = NVSP_V61,
		.vpci = VPCI_VERSION_1_4,
		.speed = 25000,
		.udp_csum = true,
		.rsc = true,
	}, {
		.name = "azure",
		.major = 10, .minor = 0, .build = 22477,
		.vmbus = VMBUS_V5_3,
		.nvsp = NVSP_V61,
		.vpci = VPCI_VERSION_1_4,
		.speed = 100000,
		.udp_csum = true,
		.rsc = true,
	},
};

const struct generation *generation_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(generations) / sizeof(generations[0]); i++)
		if (!strcmp(generations[i].name, name))
			return &generations[i];
	return NULL;
}
