// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt messages of a vPCI bus: the pairs of address and data that guests
 * put into MSI-X entries, and the vCPU and vector that each stands for.
 */
#include <string.h>

#include "vm.h"
#include "vpci_bus.h"

/* Vectors below are exceptions; a local APIC does not take them. */
#define FIRST_VECTOR		16
#define MSI_ADDRESS		0xfee00000ull

/*
 * Data values are never used twice, so that an entry that a guest forgot to
 * rewrite is seen as stale and cannot hit a newer message.
 */
static uint32_t next_data = 0x100;

static struct vpci_irq *find_irq(struct vpci *bus, uint64_t address,
				 uint32_t data)
{
	unsigned int i;

	for (i = 0; i < VPCI_MAX_MESSAGES; i++) {
		if (bus->irqs[i].used && bus->irqs[i].data == data &&
		    bus->irqs[i].address == address)
			return &bus->irqs[i];
	}
	return NULL;
}

const struct vpci_irq *vpci_irq_create(struct vpci *bus, uint32_t vector,
				       uint64_t vp_mask)
{
	struct vpci_irq *irq;
	unsigned int i;

	if (vector < FIRST_VECTOR || vector > 0xff)
		return NULL;
	for (i = 0; i < VPCI_MAX_MESSAGES && bus->irqs[i].used; i++)
		;
	if (i == VPCI_MAX_MESSAGES)
		return NULL;
	irq = &bus->irqs[i];
	irq->used = true;
	irq->vector = vector;
	irq->vp_mask = vp_mask;
	irq->address = MSI_ADDRESS | i << 12;
	irq->data = next_data++;
	return irq;
}

void vpci_irq_delete(struct vpci *bus, uint64_t address, uint32_t data)
{
	struct vpci_irq *irq = find_irq(bus, address, data);

	/* A guest that resumes from hibernation deletes what is long gone. */
	if (irq)
		irq->used = false;
}

void vpci_irq_reset(struct vpci *bus)
{
	memset(bus->irqs, 0, sizeof(bus->irqs));
}

bool vpci_irq_retarget(struct vpci *bus, uint32_t address, uint32_t data,
		       uint8_t vector, uint64_t vp_mask)
{
	struct vpci_irq *irq = find_irq(bus, address, data);

	if (!irq || vector < FIRST_VECTOR || !vp_mask)
		return false;
	irq->vector = vector;
	irq->vp_mask = vp_mask;
	return true;
}

void vpci_msi(struct vpci *bus, uint64_t address, uint32_t data)
{
	const struct vpci_irq *irq = find_irq(bus, address, data);
	unsigned int vp;

	if (!irq) {
		log_guest_error(&bus->rate, "vpci",
				"MSI %llx/%x is no message of this bus",
				(unsigned long long)address, data);
		return;
	}
	vp = irq->vp_mask ? __builtin_ctzll(irq->vp_mask) : VM_MAX_VCPUS;
	if (vp >= vm_nr_vcpus(bus->vm)) {
		log_guest_error(&bus->rate, "vpci",
				"MSI %x for no vCPU there is (mask %llx)", data,
				(unsigned long long)irq->vp_mask);
		return;
	}
	vm_signal_vector(bus->vm, vp, irq->vector);
}
