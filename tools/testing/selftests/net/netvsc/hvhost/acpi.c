// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI tables: RSDP, XSDT, FADT, FACS and MADT, made to fit the VM, and the
 * DSDT as iasl compiled it.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "log.h"
#include "machine.h"

#define PACKED		__attribute__((packed))

static const uint8_t dsdt_aml[] = {
#include "dsdt.aml.h"
};

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} PACKED;

struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;		/* of the first 20 bytes */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t ext_checksum;
	uint8_t reserved[3];
} PACKED;
static_assert(sizeof(struct acpi_rsdp) == 36, "RSDP");

struct acpi_xsdt {
	struct acpi_header hdr;
	uint64_t tables[2];
} PACKED;

struct acpi_register {
	uint8_t space;
	uint8_t bits;
	uint8_t offset;
	uint8_t access;
	uint64_t address;
} PACKED;

#define ACPI_SPACE_IO	1

struct acpi_fadt {
	struct acpi_header hdr;
	uint32_t facs;
	uint32_t dsdt;
	uint8_t reserved0;
	uint8_t profile;
	uint16_t sci;
	uint32_t smi_command;
	uint8_t smi_values[4];
	uint32_t pm1a_event;
	uint32_t pm1b_event;
	uint32_t pm1a_control;
	uint32_t pm1b_control;
	uint32_t pm2_control;
	uint32_t pm_timer;
	uint32_t gpe0;
	uint32_t gpe1;
	uint8_t pm1_event_len;
	uint8_t pm1_control_len;
	uint8_t pm2_control_len;
	uint8_t pm_timer_len;
	uint8_t gpe_lens[3];
	uint8_t cstate_control;
	uint16_t c2_latency;
	uint16_t c3_latency;
	uint16_t flush[2];
	uint8_t duty[2];
	uint8_t alarms[2];
	uint8_t century;
	uint16_t boot_arch;
	uint8_t reserved1;
	uint32_t flags;
	struct acpi_register reset;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor_revision;
	uint64_t x_facs;
	uint64_t x_dsdt;
	struct acpi_register x_pm1a_event;
	struct acpi_register x_pm1b_event;
	struct acpi_register x_pm1a_control;
	struct acpi_register x_pm1b_control;
	struct acpi_register x_others[4];
	struct acpi_register sleep[2];
} PACKED;
static_assert(sizeof(struct acpi_fadt) == 268, "FADT of revision 5");
static_assert(offsetof(struct acpi_fadt, flags) == 112, "FADT flags");

#define FADT_WBINVD		(1u << 0)
#define FADT_C1			(1u << 2)
#define FADT_NO_POWER_BUTTON	(1u << 4)
#define FADT_NO_SLEEP_BUTTON	(1u << 5)
#define FADT_RESET		(1u << 10)
#define FADT_LEGACY_DEVICES	(1u << 0)
#define FADT_NO_VGA		(1u << 2)
#define FADT_CMOS_CENTURY	0x32
#define NO_C_STATE		0xfff

struct acpi_facs {
	char signature[4];
	uint32_t length;
	uint32_t words[6];
	uint8_t version;
	uint8_t reserved[31];
} PACKED;
static_assert(sizeof(struct acpi_facs) == 64, "FACS");

struct madt_lapic {
	uint8_t type, length;
	uint8_t processor;
	uint8_t apic_id;
	uint32_t flags;
} PACKED;

struct madt_ioapic {
	uint8_t type, length;
	uint8_t id;
	uint8_t reserved;
	uint32_t address;
	uint32_t gsi_base;
} PACKED;

struct madt_override {
	uint8_t type, length;
	uint8_t bus;
	uint8_t irq;
	uint32_t gsi;
	uint16_t flags;
} PACKED;

struct madt_nmi {
	uint8_t type, length;
	uint8_t processor;
	uint16_t flags;
	uint8_t lint;
} PACKED;

struct acpi_madt {
	struct acpi_header hdr;
	uint32_t lapic;
	uint32_t flags;
	struct madt_ioapic ioapic;
	struct madt_override timer;
	struct madt_override sci;
	struct madt_nmi nmi;
	struct madt_lapic lapics[VM_MAX_VCPUS];	/* cut to what there is */
} PACKED;

#define MADT_PCAT_COMPAT	1
#define MADT_ENABLED		1
#define MADT_LEVEL_HIGH		0x000d
#define MADT_ALL_PROCESSORS	0xff

/* Where the next table goes. */
struct layout {
	const struct guest_mem *mem;
	uint64_t next;
};

static uint8_t checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint8_t sum = 0;

	while (len--)
		sum += *p++;
	return -sum;
}

static uint64_t place(struct layout *layout, const void *table, size_t len)
{
	uint64_t gpa = (layout->next + 63) & ~63ull;

	layout->next = gpa + len;
	if (layout->next > ACPI_TABLES_BASE + ACPI_TABLES_SIZE ||
	    !mem_write(layout->mem, gpa, table, len))
		die("no room for the ACPI tables");
	return gpa;
}

static void fill_header(struct acpi_header *hdr, const char *signature,
			uint8_t revision, uint32_t length)
{
	memcpy(hdr->signature, signature, sizeof(hdr->signature));
	hdr->length = length;
	hdr->revision = revision;
	memcpy(hdr->oem_id, "HVHOST", sizeof(hdr->oem_id));
	memcpy(hdr->oem_table_id, "HVHOST  ", sizeof(hdr->oem_table_id));
	hdr->oem_revision = 1;
	memcpy(hdr->creator_id, "HVHO", sizeof(hdr->creator_id));
	hdr->creator_revision = 1;
}

static uint64_t place_sdt(struct layout *layout, struct acpi_header *hdr)
{
	hdr->checksum = 0;
	hdr->checksum = checksum(hdr, hdr->length);
	return place(layout, hdr, hdr->length);
}

static uint64_t place_facs(struct layout *layout)
{
	struct acpi_facs facs = {
		.signature = { 'F', 'A', 'C', 'S' },
		.length = sizeof(facs),
		.version = 2,
	};

	return place(layout, &facs, sizeof(facs));
}

static struct acpi_register port(uint16_t address, uint8_t bytes)
{
	return (struct acpi_register) {
		.space = ACPI_SPACE_IO,
		.bits = bytes * 8,
		.access = bytes == 1 ? 1 : 2,
		.address = address,
	};
}

static uint64_t place_fadt(struct layout *layout, uint64_t facs, uint64_t dsdt)
{
	struct acpi_fadt fadt = {
		.facs = facs,
		.dsdt = dsdt,
		.sci = PLATFORM_SCI,
		.pm1a_event = PLATFORM_PM1_EVENT,
		.pm1a_control = PLATFORM_PM1_CONTROL,
		.pm1_event_len = 4,
		.pm1_control_len = 2,
		.c2_latency = NO_C_STATE,
		.c3_latency = NO_C_STATE,
		.century = FADT_CMOS_CENTURY,
		.boot_arch = FADT_LEGACY_DEVICES | FADT_NO_VGA,
		.flags = FADT_WBINVD | FADT_C1 | FADT_NO_POWER_BUTTON |
			FADT_NO_SLEEP_BUTTON | FADT_RESET,
		.reset = port(PLATFORM_RESET, 1),
		.reset_value = PLATFORM_RESET_VALUE,
		.minor_revision = 1,
		.x_dsdt = dsdt,
		.x_pm1a_event = port(PLATFORM_PM1_EVENT, 4),
		.x_pm1a_control = port(PLATFORM_PM1_CONTROL, 2),
	};

	fill_header(&fadt.hdr, "FACP", 5, sizeof(fadt));
	return place_sdt(layout, &fadt.hdr);
}

static uint64_t place_madt(struct layout *layout, unsigned int nr_vcpus)
{
	struct acpi_madt madt = {
		.lapic = LAPIC_BASE,
		.flags = MADT_PCAT_COMPAT,
		.ioapic = {
			.type = 1,
			.length = sizeof(madt.ioapic),
			.address = IOAPIC_BASE,
		},
		/* KVM wires the timer, IRQ 0, to pin 2 as PCs do. */
		.timer = {
			.type = 2,
			.length = sizeof(madt.timer),
			.gsi = 2,
		},
		.sci = {
			.type = 2,
			.length = sizeof(madt.sci),
			.irq = PLATFORM_SCI,
			.gsi = PLATFORM_SCI,
			.flags = MADT_LEVEL_HIGH,
		},
		.nmi = {
			.type = 4,
			.length = sizeof(madt.nmi),
			.processor = MADT_ALL_PROCESSORS,
			.lint = 1,
		},
	};
	unsigned int i;

	for (i = 0; i < nr_vcpus; i++) {
		madt.lapics[i].length = sizeof(madt.lapics[i]);
		madt.lapics[i].processor = i;
		madt.lapics[i].apic_id = i;
		madt.lapics[i].flags = MADT_ENABLED;
	}
	fill_header(&madt.hdr, "APIC", 4,
		    offsetof(struct acpi_madt, lapics[nr_vcpus]));
	return place_sdt(layout, &madt.hdr);
}

uint64_t acpi_install(struct vm *vm)
{
	struct layout layout = {
		.mem = vm_mem(vm),
		.next = ACPI_TABLES_BASE + sizeof(struct acpi_rsdp),
	};
	struct acpi_rsdp rsdp = {
		.signature = { 'R', 'S', 'D', ' ', 'P', 'T', 'R', ' ' },
		.oem_id = { 'H', 'V', 'H', 'O', 'S', 'T' },
		.revision = 2,
		.length = sizeof(rsdp),
	};
	struct acpi_xsdt xsdt = { 0 };
	uint64_t dsdt, facs;

	dsdt = place(&layout, dsdt_aml, sizeof(dsdt_aml));
	facs = place_facs(&layout);
	xsdt.tables[0] = place_fadt(&layout, facs, dsdt);
	xsdt.tables[1] = place_madt(&layout, vm_nr_vcpus(vm));
	fill_header(&xsdt.hdr, "XSDT", 1, sizeof(xsdt));
	rsdp.xsdt = place_sdt(&layout, &xsdt.hdr);
	rsdp.checksum = checksum(&rsdp, 20);
	rsdp.ext_checksum = checksum(&rsdp, sizeof(rsdp));
	if (!mem_write(layout.mem, ACPI_TABLES_BASE, &rsdp, sizeof(rsdp)))
		die("no room for the ACPI tables");
	return ACPI_TABLES_BASE;
}
