// SPDX-License-Identifier: GPL-2.0
/*
 * A vPCI bus: how it is offered, used, ejected and taken away, and the messages
 * on its channel.
 */
#include <stdlib.h>
#include <string.h>

#include "hyperv.h"
#include "vm.h"
#include "vpci_bus.h"
#include "vpci_wire.h"

/* 44c4f61d-4444-4400-9d52-802e27ede19f, as it stands in memory */
static const struct guid vpci_type = { {
	0x1d, 0xf6, 0xc4, 0x44, 0x44, 0x44, 0x00, 0x44,
	0x9d, 0x52, 0x80, 0x2e, 0x27, 0xed, 0xe1, 0x9f,
} };

static const uint32_t slot = VPCI_SLOT(VPCI_DEVICE, 0);

static struct vpci *buses;

/* The PCI domain is bytes 4 and 5; the hypercall's device id takes 4 to 7. */
static struct guid make_instance(unsigned int seed)
{
	struct guid guid = { {
		0x48, 0x76, 0x70, 0x63, 0, 0, 0x01, 0x80,
		0xa5, 0x1c, 0x82, 0x59, 0x90, 0x15, 0x2e, 0,
	} };

	guid.b[4] = seed;
	guid.b[5] = seed >> 8;
	guid.b[15] = seed;
	return guid;
}

static uint32_t device_id(const struct vpci *bus)
{
	const uint8_t *b = bus->instance.b;

	return (uint32_t)b[5] << 24 | b[4] << 16 | b[7] << 8 | (b[6] & 0xf8);
}

uint16_t vpci_retarget(void *ctx, uint64_t id, uint32_t address, uint32_t data,
		       uint8_t vector, uint64_t vp_mask)
{
	struct vpci *bus;

	(void)ctx;
	for (bus = buses; bus; bus = bus->next) {
		/* Guests differ in how they extend the id to 64 bits. */
		if (device_id(bus) == (uint32_t)id && !bus->over)
			break;
	}
	if (!bus || !vpci_irq_retarget(bus, address, data, vector, vp_mask))
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

/* Everything that the guest set up, back to how the bus was offered. */
static void reset(struct vpci *bus)
{
	if (bus->in_d0)
		vpci_window_unmap(bus);
	bus->in_d0 = false;
	vpci_config_reset(bus);
	vpci_irq_reset(bus);
	bus->fn->ops->reset(bus->fn->ctx);
}

static void fail(struct vpci *bus, const char *why)
{
	bus->over = true;
	channel_fail(bus->chan, "vPCI: %s", why);
}

/*
 * At most one packet waits for room: nothing more is read until it is out.
 * False if the channel is closed.
 */
static bool send(struct vpci *bus, uint16_t type, uint64_t trans_id,
		 const void *payload, size_t len)
{
	struct vpci_reply *reply = &bus->reply;
	enum ring_status status;

	status = channel_write(bus->chan, type, 0, trans_id, payload, len);
	if (status == RING_FULL) {
		reply->waiting = true;
		reply->type = type;
		reply->trans_id = trans_id;
		reply->len = len;
		memcpy(reply->data, payload, len);
	}
	return status != RING_BAD;
}

static bool send_waiting(struct vpci *bus)
{
	struct vpci_reply reply = bus->reply;

	if (!reply.waiting)
		return true;
	bus->reply.waiting = false;
	return send(bus, reply.type, reply.trans_id, reply.data, reply.len);
}

static bool complete(struct vpci *bus, const struct packet *pkt,
		     const void *payload, size_t len)
{
	if (!(pkt->flags & PKT_FLAG_COMPLETE))
		return true;
	return send(bus, PKT_COMPLETION, pkt->trans_id, payload, len);
}

static bool complete_status(struct vpci *bus, const struct packet *pkt,
			    uint32_t status)
{
	/* Guests drop packets that are no longer than a bare status. */
	uint32_t payload[2] = { status };

	return complete(bus, pkt, payload, sizeof(payload));
}

static bool on_version(struct vpci *bus, const struct packet *pkt)
{
	struct vpci_version_req req;

	memcpy(&req, pkt->payload, sizeof(req));
	if (req.version < VPCI_VERSION_1_1 || req.version > bus->max_version)
		return complete_status(bus, pkt, VPCI_REVISION_MISMATCH);
	bus->version = req.version;
	return complete_status(bus, pkt, VPCI_OK);
}

static struct vpci_function describe(const struct vpci *bus)
{
	const struct pci_function *fn = bus->fn;

	return (struct vpci_function){
		.vendor = fn->vendor,
		.device = fn->device,
		.revision = fn->class_rev,
		.prog_if = fn->class_rev >> 8,
		.subclass = fn->class_rev >> 16,
		.base_class = fn->class_rev >> 24,
		.subvendor = fn->subvendor,
		.subdevice = fn->subdevice,
		.slot = slot,
		.serial = fn->serial,
	};
}

static bool on_query_relations(struct vpci *bus, const struct packet *pkt)
{
	struct vpci_relations2 relations2 = {
		.type = VPCI_BUS_RELATIONS2,
		.count = 1,
		.function = describe(bus),
		.flags = VPCI_FUNCTION_HAS_NODE,
	};
	struct vpci_relations relations = {
		.type = VPCI_BUS_RELATIONS,
		.count = 1,
		.function = relations2.function,
	};

	(void)pkt;
	if (bus->version < VPCI_VERSION_1_3)
		return send(bus, PKT_INBAND, 0, &relations, sizeof(relations));
	return send(bus, PKT_INBAND, 0, &relations2, sizeof(relations2));
}

/* False if the request names a function that is not here. */
static bool right_slot(const struct packet *pkt)
{
	struct vpci_child_req req;

	memcpy(&req, pkt->payload, sizeof(req));
	return req.slot == slot;
}

static bool on_requirements(struct vpci *bus, const struct packet *pkt)
{
	struct vpci_requirements answer = { .status = VPCI_OK };
	unsigned int i;

	if (!right_slot(pkt))
		answer.status = VPCI_NO_SUCH_DEVICE;
	for (i = 0; i < PCI_NR_BARS && answer.status == VPCI_OK; i++)
		answer.probed[i] = vpci_probed_bar(bus, i);
	return complete(bus, pkt, &answer, sizeof(answer));
}

static bool on_d0_entry(struct vpci *bus, const struct packet *pkt)
{
	struct vpci_d0_entry req;

	memcpy(&req, pkt->payload, sizeof(req));
	/* A crash kernel finds it as the first one left it, and exits. */
	if (bus->in_d0)
		return complete_status(bus, pkt, VPCI_BAD_STATE);
	if (!vpci_window_map(bus, req.window))
		return complete_status(bus, pkt, VPCI_BAD_PARAMETER);
	bus->in_d0 = true;
	log_guest_info(&bus->news, "vpci",
		       "function %u in use, protocol %u.%u", bus->fn->serial,
		       bus->version >> 16, bus->version & 0xffff);
	return complete_status(bus, pkt, VPCI_OK);
}

static bool on_d0_exit(struct vpci *bus, const struct packet *pkt)
{
	reset(bus);
	return complete_status(bus, pkt, VPCI_OK);
}

static bool on_resources(struct vpci *bus, const struct packet *pkt)
{
	return complete_status(bus, pkt,
			       right_slot(pkt) ? VPCI_OK : VPCI_NO_SUCH_DEVICE);
}

static bool on_power(struct vpci *bus, const struct packet *pkt)
{
	struct vpci_power msg;

	memcpy(&msg, pkt->payload, sizeof(msg));
	msg.type = msg.slot == slot ? VPCI_OK : VPCI_NO_SUCH_DEVICE;
	return complete(bus, pkt, &msg, sizeof(msg));
}

static bool create_irq(struct vpci *bus, const struct packet *pkt,
		       uint32_t vector, uint16_t count, uint64_t vp_mask)
{
	struct vpci_created answer = { .status = VPCI_OK };
	const struct vpci_irq *irq = NULL;

	if (!right_slot(pkt))
		answer.status = VPCI_NO_SUCH_DEVICE;
	else if (count != 1)	/* runs of vectors are for MSI, this is MSI-X */
		answer.status = VPCI_NOT_SUPPORTED;
	else
		irq = vpci_irq_create(bus, vector, vp_mask);
	if (!irq) {
		if (answer.status == VPCI_OK)
			answer.status = VPCI_NO_RESOURCES;
		return complete(bus, pkt, &answer, sizeof(answer));
	}
	answer.message.count = 1;
	answer.message.address = irq->address;
	answer.message.data = irq->data;
	return complete(bus, pkt, &answer, sizeof(answer));
}

static uint64_t vp_list(const uint16_t *vps, uint16_t count)
{
	uint64_t mask = 0;

	while (count--) {
		if (vps[count] < 64)
			mask |= 1ull << vps[count];
	}
	return mask;
}

static bool on_create1(struct vpci *bus, const struct packet *pkt)
{
	struct vpci_create1 req;

	memcpy(&req, pkt->payload, sizeof(req));
	return create_irq(bus, pkt, req.vector, req.count, req.vp_mask);
}

/* @list: VPCI_INTERRUPT_VPS numbers, at an odd place of a packed message */
static bool create_irq_list(struct vpci *bus, const struct packet *pkt,
			    uint32_t vector, uint16_t count, uint16_t nr_vps,
			    const void *list)
{
	uint16_t vps[VPCI_INTERRUPT_VPS];

	if (nr_vps > VPCI_INTERRUPT_VPS)
		return complete_status(bus, pkt, VPCI_BAD_PARAMETER);
	memcpy(vps, list, sizeof(vps));
	return create_irq(bus, pkt, vector, count, vp_list(vps, nr_vps));
}

static bool on_create2(struct vpci *bus, const struct packet *pkt)
{
	struct vpci_create2 req;

	memcpy(&req, pkt->payload, sizeof(req));
	return create_irq_list(bus, pkt, req.vector, req.count, req.nr_vps,
			       req.vps);
}

static bool on_create3(struct vpci *bus, const struct packet *pkt)
{
	struct vpci_create3 req;

	memcpy(&req, pkt->payload, sizeof(req));
	return create_irq_list(bus, pkt, req.vector, req.count, req.nr_vps,
			       req.vps);
}

static bool on_delete(struct vpci *bus, const struct packet *pkt)
{
	struct vpci_delete req;

	memcpy(&req, pkt->payload, sizeof(req));
	vpci_irq_delete(bus, req.message.address, req.message.data);
	return complete_status(bus, pkt, VPCI_OK);
}

/* Side channels between a VF and its PF: this one has none. */
static bool on_block(struct vpci *bus, const struct packet *pkt)
{
	return complete_status(bus, pkt, VPCI_NOT_SUPPORTED);
}

static bool on_eject_complete(struct vpci *bus, const struct packet *pkt)
{
	if (!bus->eject_sent || !right_slot(pkt)) {
		fail(bus, "EJECTION_COMPLETE without EJECT");
		return false;
	}
	log_info("vpci", "function %u ejected", bus->fn->serial);
	vpci_yank(bus);
	return false;
}

static const struct handler {
	uint32_t type;
	uint32_t len;			/* what the message has at least */
	bool (*fn)(struct vpci *bus, const struct packet *pkt);
} handlers[] = {
	{ VPCI_QUERY_BUS_RELATIONS, 4, on_query_relations },
	{ VPCI_SET_POWER, sizeof(struct vpci_power), on_power },
	{ VPCI_QUERY_REQUIREMENTS, sizeof(struct vpci_child_req),
	  on_requirements },
	{ VPCI_D0_ENTRY, sizeof(struct vpci_d0_entry), on_d0_entry },
	{ VPCI_D0_EXIT, 4, on_d0_exit },
	{ VPCI_READ_BLOCK, sizeof(struct vpci_block_req), on_block },
	{ VPCI_WRITE_BLOCK, sizeof(struct vpci_block_req), on_block },
	{ VPCI_EJECT_COMPLETE, sizeof(struct vpci_child_req),
	  on_eject_complete },
	{ VPCI_RESOURCES_ASSIGNED, sizeof(struct vpci_child_req),
	  on_resources },
	{ VPCI_RESOURCES_ASSIGNED2, sizeof(struct vpci_child_req),
	  on_resources },
	{ VPCI_RESOURCES_RELEASED, sizeof(struct vpci_child_req),
	  on_resources },
	{ VPCI_CREATE_INTERRUPT, sizeof(struct vpci_create1), on_create1 },
	{ VPCI_CREATE_INTERRUPT2, sizeof(struct vpci_create2), on_create2 },
	{ VPCI_CREATE_INTERRUPT3, sizeof(struct vpci_create3), on_create3 },
	{ VPCI_DELETE_INTERRUPT, sizeof(struct vpci_delete), on_delete },
};

static const struct handler *find_handler(uint32_t type)
{
	unsigned int i;

	for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (handlers[i].type == type)
			return &handlers[i];
	}
	return NULL;
}

/* False if there is nothing more to read: the channel is closed. */
static bool on_packet(struct vpci *bus, const struct packet *pkt)
{
	const struct handler *handler;
	uint32_t type;

	if (pkt->type != PKT_INBAND || pkt->len < sizeof(type)) {
		fail(bus, "a packet that is no message");
		return false;
	}
	memcpy(&type, pkt->payload, sizeof(type));
	if (type == VPCI_QUERY_VERSION &&
	    pkt->len >= sizeof(struct vpci_version_req))
		return on_version(bus, pkt);
	if (!bus->version) {
		fail(bus, "a message before the version is agreed on");
		return false;
	}
	handler = find_handler(type);
	if (!handler) {
		log_guest_error(&bus->rate, "vpci", "unknown message %x", type);
		return complete_status(bus, pkt, VPCI_NOT_IMPLEMENTED);
	}
	if (pkt->len < handler->len) {
		fail(bus, "a message that is too short");
		return false;
	}
	log_debug("vpci", "message %x", type);
	return handler->fn(bus, pkt);
}

static bool send_eject(struct vpci *bus)
{
	struct vpci_child_req msg = { .type = VPCI_EJECT, .slot = slot };

	bus->eject_due = false;
	return send(bus, PKT_INBAND, 0, &msg, sizeof(msg));
}

static void on_readable(void *ctx, struct channel *chan)
{
	static struct packet pkt;	/* too big for the stack */
	struct vpci *bus = ctx;

	if (bus->over || !send_waiting(bus))
		return;
	if (bus->eject_due && !bus->reply.waiting && !send_eject(bus))
		return;
	while (!bus->reply.waiting) {
		if (channel_read(chan, &pkt) != RING_OK || !on_packet(bus, &pkt))
			return;
		if (bus->eject_due && !bus->reply.waiting && !send_eject(bus))
			return;
	}
}

static bool on_open(void *ctx, struct channel *chan)
{
	(void)ctx;
	(void)chan;
	return true;
}

static void on_close(void *ctx, struct channel *chan)
{
	struct vpci *bus = ctx;

	/* Not we alone do that: a ring may be bad, or its GPADL taken away. */
	bus->over |= channel_is_rescinded(chan);
	bus->version = 0;
	bus->reply.waiting = false;
	bus->eject_due = false;
	reset(bus);
	/* Unloading the driver gives the function up as well as an answer. */
	if (bus->eject_sent && !bus->over) {
		bus->over = true;
		vmbus_rescind(chan);
	}
}

static void on_released(void *ctx, struct channel *chan)
{
	void (*gone)(void *ctx);
	struct vpci *bus = ctx;
	struct vpci **at;

	(void)chan;
	if (!bus->over)
		return;
	for (at = &buses; *at != bus; at = &(*at)->next)
		;
	*at = bus->next;
	gone = bus->gone;
	ctx = bus->gone_ctx;
	free(bus);
	gone(ctx);
}

static const struct channel_ops vpci_channel_ops = {
	.open = on_open,
	.close = on_close,
	.readable = on_readable,
	.released = on_released,
};

struct vpci *vpci_create(struct vm *vm, struct vmbus *vmbus,
			 const struct pci_function *fn,
			 unsigned int instance_seed,
			 void (*gone)(void *ctx), void *ctx)
{
	struct channel_offer offer = {
		.type = vpci_type,
		.instance = make_instance(instance_seed),
		.flags = OFFER_FLAG_ENUMERATE,
		.ops = &vpci_channel_ops,
	};
	struct vpci *bus;

	bus = calloc(1, sizeof(*bus));
	if (!bus)
		return NULL;
	bus->vm = vm;
	bus->fn = fn;
	bus->gone = gone;
	bus->gone_ctx = ctx;
	bus->max_version = VPCI_VERSION_1_4;
	bus->instance = offer.instance;
	vpci_config_init(bus);
	bus->next = buses;
	buses = bus;

	offer.ctx = bus;
	bus->chan = vmbus_offer(vmbus, &offer);
	if (bus->chan)
		return bus;
	buses = bus->next;
	free(bus);
	return NULL;
}

void vpci_set_max_version(struct vpci *bus, uint32_t version)
{
	bus->max_version = version;
}

bool vpci_eject(struct vpci *bus)
{
	if (bus->over || bus->eject_sent || !bus->in_d0)
		return false;
	bus->eject_sent = true;
	bus->eject_due = bus->reply.waiting;
	return bus->eject_due || send_eject(bus);
}

void vpci_yank(struct vpci *bus)
{
	if (bus->over)
		return;
	bus->over = true;
	log_debug("vpci", "function %u taken away", bus->fn->serial);
	/* As ->close() does; but a bus may go without ever being open. */
	reset(bus);
	vmbus_rescind(bus->chan);
}
