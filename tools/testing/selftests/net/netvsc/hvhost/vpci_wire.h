/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What goes over a vPCI channel: the payloads of in-band packets and of
 * completions, in all four versions of the protocol.  Formats only.
 */
#ifndef HVHOST_VPCI_WIRE_H
#define HVHOST_VPCI_WIRE_H

#include <assert.h>
#include <stdint.h>

#define VPCI_VERSION_1_0	0x00010000u	/* without its formats */
#define VPCI_VERSION_1_1	0x00010001u
#define VPCI_VERSION_1_2	0x00010002u
#define VPCI_VERSION_1_3	0x00010003u
#define VPCI_VERSION_1_4	0x00010004u

enum vpci_type {
	VPCI_BUS_RELATIONS		= 0x42490000,
	VPCI_QUERY_BUS_RELATIONS	= 0x42490001,
	VPCI_SET_POWER			= 0x42490004,
	VPCI_QUERY_REQUIREMENTS		= 0x42490005,
	VPCI_D0_ENTRY			= 0x42490007,
	VPCI_D0_EXIT			= 0x42490008,
	VPCI_READ_BLOCK			= 0x42490009,
	VPCI_WRITE_BLOCK		= 0x4249000a,
	VPCI_EJECT			= 0x4249000b,
	VPCI_EJECT_COMPLETE		= 0x4249000f,
	VPCI_RESOURCES_ASSIGNED		= 0x42490010,
	VPCI_RESOURCES_RELEASED		= 0x42490011,
	VPCI_QUERY_VERSION		= 0x42490013,
	VPCI_CREATE_INTERRUPT		= 0x42490014,
	VPCI_DELETE_INTERRUPT		= 0x42490015,
	VPCI_RESOURCES_ASSIGNED2	= 0x42490016,
	VPCI_CREATE_INTERRUPT2		= 0x42490017,
	VPCI_BUS_RELATIONS2		= 0x42490019,
	VPCI_CREATE_INTERRUPT3		= 0x4249001b,
};

/* NTSTATUS values; a guest takes any with the top bit set as an error. */
#define VPCI_OK				0x00000000u
#define VPCI_NOT_IMPLEMENTED		0xc0000002u
#define VPCI_BAD_PARAMETER		0xc000000du
#define VPCI_NO_SUCH_DEVICE		0xc000000eu
#define VPCI_REVISION_MISMATCH		0xc0000059u
#define VPCI_NO_RESOURCES		0xc000009au
#define VPCI_NOT_SUPPORTED		0xc00000bbu
#define VPCI_BAD_STATE			0xc0000184u

/* A slot number: device in bits 0 to 4, function in bits 5 to 7. */
#define VPCI_SLOT(dev, fn)		((uint32_t)(dev) | (uint32_t)(fn) << 5)

struct vpci_version_req {
	uint32_t type;
	uint32_t version;
};

struct vpci_child_req {			/* requirements, released, eject */
	uint32_t type;
	uint32_t slot;
};

struct vpci_function {
	uint16_t vendor;
	uint16_t device;
	uint8_t revision;
	uint8_t prog_if;
	uint8_t subclass;
	uint8_t base_class;
	uint16_t subvendor;
	uint16_t subdevice;
	uint32_t slot;
	uint32_t serial;
};

struct vpci_relations {			/* 1.1 and 1.2 */
	uint32_t type;
	uint32_t count;
	struct vpci_function function;
};

#define VPCI_FUNCTION_HAS_NODE	1

struct vpci_relations2 {		/* from 1.3 on */
	uint32_t type;
	uint32_t count;
	struct vpci_function function;
	uint32_t flags;
	uint16_t node;
	uint16_t reserved;
};

struct vpci_requirements {		/* completion */
	uint32_t status;
	uint32_t probed[6];
};

struct vpci_d0_entry {
	uint32_t type;
	uint32_t reserved;
	uint64_t window;
};

struct vpci_power {
	uint32_t type;			/* of the completion: status */
	uint32_t slot;
	uint32_t state;
	uint32_t reserved;
};

struct vpci_block_req {
	uint32_t type;
	uint32_t block;
	uint32_t slot;
	uint32_t len;
};

#define VPCI_INTERRUPT_VPS	32

struct vpci_create1 {
	uint32_t type;
	uint32_t slot;
	uint8_t vector;
	uint8_t mode;
	uint16_t count;
	uint32_t reserved;
	uint64_t vp_mask;
};

struct vpci_create2 {
	uint32_t type;
	uint32_t slot;
	uint8_t vector;
	uint8_t mode;
	uint16_t count;
	uint16_t nr_vps;
	uint16_t vps[VPCI_INTERRUPT_VPS];
} __attribute__((packed));

struct vpci_create3 {
	uint32_t type;
	uint32_t slot;
	uint32_t vector;
	uint8_t mode;
	uint8_t reserved;
	uint16_t count;
	uint16_t nr_vps;
	uint16_t vps[VPCI_INTERRUPT_VPS];
} __attribute__((packed));

/* What the guest writes into an MSI-X entry. */
struct vpci_message {
	uint16_t reserved;
	uint16_t count;
	uint32_t data;
	uint64_t address;
};

struct vpci_created {			/* completion */
	uint32_t status;
	uint32_t reserved;
	struct vpci_message message;
};

struct vpci_delete {
	uint32_t type;
	uint32_t slot;
	struct vpci_message message;
};

static_assert(sizeof(struct vpci_function) == 20, "function description");
static_assert(sizeof(struct vpci_relations) == 28, "bus relations");
static_assert(sizeof(struct vpci_relations2) == 36, "bus relations 2");
static_assert(sizeof(struct vpci_requirements) == 28, "requirements");
static_assert(sizeof(struct vpci_d0_entry) == 16, "D0 entry");
static_assert(sizeof(struct vpci_create1) == 24, "create interrupt");
static_assert(sizeof(struct vpci_create2) == 78, "create interrupt 2");
static_assert(sizeof(struct vpci_create3) == 82, "create interrupt 3");
static_assert(sizeof(struct vpci_created) == 24, "created interrupt");
static_assert(sizeof(struct vpci_delete) == 24, "delete interrupt");

#endif
