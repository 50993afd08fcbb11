// SPDX-License-Identifier: GPL-2.0
/*
 * The NICs of the guest: port on the switch, netvsp and VF, and the order in
 * which they come and go.
 *
 * A VF is announced on the NIC's own channel first and offered on a PCI bus
 * next, as openvmm does: the guest then knows which NIC the function belongs to
 * when it appears.  Until the guest's driver has said that it takes VFs, a VF
 * waits: otherwise the one of a guest that boots would race with its NIC for the
 * name eth0.  What was offered stays when that driver goes.  A VF added early does
 * not wait, and is offered before it is announced.
 *
 * An eject goes the other way round.  The guest is asked for the function and
 * takes the data path back itself while its driver lets go; the association
 * ends when it has.  If it ended first, the host would move the data path under
 * a guest that still sends and receives on the VF, and frames would be lost.
 * A guest that has not answered after a minute loses the function anyway.
 *
 * A yank has nothing to wait for: bus and association end at once, and frames
 * for the guest take the synthetic path from then on.
 *
 * A NIC that has a VF loses the VF first, and its own channel when the guest
 * has let go of that: drivers wait on the NIC's channel for the answer to the
 * data-path switch while the VF goes, and would wait for ever.
 */
#include "nic.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "generation.h"
#include "log.h"
#include "loop.h"
#include "netvsp.h"
#include "rndis.h"
#include "vmbus.h"
#include "vpci.h"
#include "vswitch.h"

#define EJECT_LIMIT_NS		(60 * 1000000000ull)

/* RNDIS has 32 bits for hundreds of bits per second. */
#define NIC_MAX_SPEED		(UINT32_MAX / 10000)

/* PCI domain of NIC 0's VF; vPCI buses cannot have domain 0. */
#define VF_FIRST_DOMAIN		2

/**
 * enum vf_state - the VF of a NIC
 * @VF_ABSENT: none
 * @VF_WAITING: not offered before the guest can be told of it
 * @VF_OFFERED: its bus is there for the guest to use
 * @VF_EJECTING: the guest was asked to give it up
 * @VF_LEAVING: taken away; the guest has not let go of the channel yet
 */
enum vf_state { VF_ABSENT, VF_WAITING, VF_OFFERED, VF_EJECTING, VF_LEAVING };

static const char *const vf_state_names[] = {
	"absent", "waiting", "offered", "ejecting", "leaving",
};

/**
 * struct nic - a NIC
 * @removed: it goes away, as soon as its VF has
 * @link, @speed, @vf_link, @held: as the line protocol set them
 */
struct nic {
	struct host *host;
	unsigned int id;
	bool removed;
	bool link;
	bool held;
	uint32_t speed;			/* Mbit/s */
	struct vnic *port;
	struct netvsp *netvsp;
	enum vf_state vf_state;
	bool vf_link;
	struct vf82599 *vf;
	struct vpci *bus;
	struct loop_timer eject_limit;
};

struct host {
	struct vm *vm;
	struct vmbus *vmbus;
	struct vswitch *vs;
	struct host_config config;
	struct nic *nics[NIC_MAX];
};

struct host *host_create(struct vm *vm, struct vmbus *vmbus,
			 struct vswitch *vs, const struct host_config *config)
{
	struct host *host = calloc(1, sizeof(*host));

	if (!host)
		die("out of memory");
	host->vm = vm;
	host->vmbus = vmbus;
	host->vs = vs;
	host->config = *config;
	return host;
}

struct nic *host_nic(struct host *host, unsigned int id, const char **why)
{
	struct nic *nic = id < NIC_MAX ? host->nics[id] : NULL;

	*why = NULL;
	if (!nic)
		*why = "no such NIC";
	else if (nic->removed)
		*why = "busy: the NIC is being removed";
	return *why ? NULL : nic;
}

struct nic *host_nic_vf(struct host *host, unsigned int id, const char **why)
{
	struct nic *nic = host_nic(host, id, why);

	if (!nic)
		return NULL;
	if (nic->vf_state == VF_ABSENT)
		*why = "the NIC has no VF";
	else if (nic->vf_state == VF_LEAVING)
		*why = "busy: the guest is letting go of the VF";
	return *why ? NULL : nic;
}

static void nic_free(struct nic *nic)
{
	netvsp_remove(nic->netvsp);
	vswitch_nic_del(nic->port);
	nic->host->nics[nic->id] = NULL;
	log_info("nic", "%u: removed", nic->id);
	free(nic);
}

static const char *mac_check(const struct host *host, const uint8_t mac[6])
{
	static const uint8_t zero[6];
	unsigned int i;

	if (mac[0] & 1 || !memcmp(mac, zero, 6))
		return "not the address of a station";
	for (i = 0; i < NIC_MAX; i++)
		if (host->nics[i] &&
		    !memcmp(vnic_mac(host->nics[i]->port), mac, 6))
			return "address is in use";
	return NULL;
}

static void vf_announced(void *ctx);
static void vf_eject_overdue(void *ctx);

const char *host_nic_add(struct host *host, unsigned int id,
			 const uint8_t mac[6])
{
	struct netvsp_config config = {
		.instance_seed = id,
		.max_nvsp = host->config.max_nvsp,
		.mtu = host->config.mtu,
		.gen = host->config.gen,
		.queues = host->config.queues,
		.vf_announced = vf_announced,
	};
	const char *why;
	struct nic *nic;

	if (id >= NIC_MAX)
		return "NIC number too high";
	if (host->nics[id])
		return host->nics[id]->removed ?
		       "busy: the NIC is being removed" : "NIC exists";
	why = mac_check(host, mac);
	if (why)
		return why;

	nic = calloc(1, sizeof(*nic));
	if (!nic)
		return "out of memory";
	nic->host = host;
	nic->id = id;
	nic->link = true;
	nic->speed = config.gen->speed;
	nic->eject_limit.fn = vf_eject_overdue;
	nic->eject_limit.ctx = nic;
	nic->port = vswitch_nic_add(host->vs, id, mac);
	if (!nic->port)
		goto free_nic;
	config.ctx = nic;
	nic->netvsp = netvsp_create(host->vmbus, nic->port, &config);
	if (!nic->netvsp)
		goto del_port;

	host->nics[id] = nic;
	log_info("nic", "%u: added, %02x:%02x:%02x:%02x:%02x:%02x", id, mac[0],
		 mac[1], mac[2], mac[3], mac[4], mac[5]);
	return NULL;

del_port:
	vswitch_nic_del(nic->port);
free_nic:
	free(nic);
	return "cannot make a NIC";
}

/* The guest has let go of the bus, for whatever reason. */
static void vf_gone(void *ctx)
{
	struct nic *nic = ctx;

	loop_timer_cancel(&nic->eject_limit);
	if (nic->vf_state != VF_LEAVING)
		netvsp_vf_association(nic->netvsp, false, 0);
	vf82599_free(nic->vf);
	nic->vf = NULL;
	nic->bus = NULL;
	nic->vf_state = VF_ABSENT;
	log_info("nic", "%u: VF gone", nic->id);
	if (nic->removed)
		nic_free(nic);
}

static void vf_take(struct nic *nic)
{
	if (nic->vf_state == VF_WAITING) {
		vf_gone(nic);
		return;
	}
	loop_timer_cancel(&nic->eject_limit);
	nic->vf_state = VF_LEAVING;
	netvsp_vf_association(nic->netvsp, false, 0);
	/* A bus that no guest knows is gone in this call. */
	vpci_yank(nic->bus);
}

const char *nic_link(struct nic *nic, bool up)
{
	nic->link = up;
	netvsp_set_link(nic->netvsp, up);
	log_info("nic", "%u: link %s", nic->id, up ? "on" : "off");
	return NULL;
}

const char *nic_speed(struct nic *nic, uint32_t mbit)
{
	if (mbit > NIC_MAX_SPEED)
		return "faster than RNDIS can say";
	nic->speed = mbit;
	netvsp_set_speed(nic->netvsp, mbit);
	log_info("nic", "%u: speed %u Mbit/s", nic->id, mbit);
	return NULL;
}

const char *nic_name(struct nic *nic, const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++)
		if (i == RNDIS_NAME_MAX || name[i] < ' ' || name[i] > '~')
			return "a name is up to 255 characters of ASCII";
	netvsp_set_name(nic->netvsp, name);
	log_info("nic", "%u: name '%s'", nic->id, name);
	return NULL;
}

const char *nic_mtu(struct nic *nic, uint32_t mtu)
{
	if (mtu < NETVSP_MIN_MTU || mtu > NETVSP_MAX_MTU)
		return "an MTU is 68 to 9202";
	netvsp_set_mtu(nic->netvsp, mtu);
	log_info("nic", "%u: MTU %u at most", nic->id, mtu);
	return NULL;
}

const char *nic_nvsp(struct nic *nic, uint32_t version)
{
	netvsp_set_max_nvsp(nic->netvsp, version);
	log_info("nic", "%u: NVSP 0x%05x at most", nic->id, version);
	return NULL;
}

const char *nic_send_on(struct nic *nic, uint32_t channel)
{
	if (!netvsp_send_on(nic->netvsp, channel))
		return "the guest has no such channel";
	log_info("nic", "%u: send on channel %u", nic->id, channel);
	return NULL;
}

const char *nic_rescind_channel(struct nic *nic, uint32_t channel)
{
	if (!netvsp_rescind_channel(nic->netvsp, channel))
		return "the guest has no such sub-channel";
	log_info("nic", "%u: channel %u rescinded", nic->id, channel);
	return NULL;
}

const char *nic_network_change(struct nic *nic)
{
	netvsp_network_change(nic->netvsp);
	log_info("nic", "%u: network change", nic->id);
	return NULL;
}

static bool vf_offer(struct nic *nic)
{
	struct host *host = nic->host;

	nic->bus = vpci_create(host->vm, host->vmbus, vf82599_function(nic->vf),
			       VF_FIRST_DOMAIN + nic->id, vf_gone, nic);
	if (!nic->bus)
		return false;
	vpci_set_max_version(nic->bus, host->config.gen->vpci);
	vf82599_set_bus(nic->vf, nic->bus);
	nic->vf_state = VF_OFFERED;
	log_info("nic", "%u: VF offered", nic->id);
	return true;
}

/* The guest has been told of the VF, in this session and perhaps before. */
static void vf_announced(void *ctx)
{
	struct nic *nic = ctx;

	if (nic->vf_state != VF_WAITING || vf_offer(nic))
		return;
	log_error("nic", "%u: cannot make a PCI bus", nic->id);
	vf_gone(nic);
}

static const char *vf_add(struct nic *nic, bool early)
{
	uint32_t serial = nic->id + 1;

	if (nic->vf_state == VF_WAITING || nic->vf_state == VF_OFFERED)
		return "the NIC has a VF";
	if (nic->vf_state != VF_ABSENT)
		return "busy: the guest is letting go of the last VF";

	nic->vf = vf82599_create(nic->host->vm, nic->port, serial);
	if (!nic->vf)
		return "cannot make a VF";
	nic->vf_link = true;
	vf82599_set_link(nic->vf, true);
	if (nic->held)
		vf82599_hold(nic->vf, true);
	nic->vf_state = VF_WAITING;
	log_info("nic", "%u: VF added, serial %u", nic->id, serial);
	if (early && !vf_offer(nic)) {
		vf_gone(nic);
		return "cannot make a PCI bus";
	}
	netvsp_vf_association(nic->netvsp, true, serial);
	return nic->vf ? NULL : "cannot make a PCI bus";
}

const char *nic_vf_add(struct nic *nic)
{
	return vf_add(nic, false);
}

const char *nic_vf_add_early(struct nic *nic)
{
	return vf_add(nic, true);
}

static void vf_eject_overdue(void *ctx)
{
	struct nic *nic = ctx;

	log_error("nic", "%u: the guest does not give the VF up; taking it",
		  nic->id);
	vf_take(nic);
}

/* A NIC that is being removed may be gone when this returns. */
static void vf_eject(struct nic *nic)
{
	if (nic->vf_state == VF_WAITING) {
		vf_take(nic);
		return;
	}
	nic->vf_state = VF_EJECTING;
	loop_timer_set(&nic->eject_limit, EJECT_LIMIT_NS);
	log_info("nic", "%u: VF to be ejected", nic->id);
	if (!vpci_eject(nic->bus)) {
		log_info("nic", "%u: no guest uses the VF", nic->id);
		vf_take(nic);
	}
}

const char *nic_vf_eject(struct nic *nic)
{
	if (nic->vf_state == VF_EJECTING)
		return "busy: the VF is being ejected";

	vf_eject(nic);
	return NULL;
}

const char *nic_remove(struct nic *nic)
{
	nic->removed = true;
	if (nic->vf_state == VF_ABSENT)
		nic_free(nic);
	else if (nic->vf_state == VF_WAITING || nic->vf_state == VF_OFFERED)
		vf_eject(nic);
	return NULL;
}

/*
 * Its VF stays, and the guest may send on it, on a path that is not selected: what
 * comes in is for the NIC's own channel and dropped, until the VF's path is selected.
 */
const char *nic_rescind(struct nic *nic)
{
	log_info("nic", "%u: rescinded", nic->id);
	netvsp_rescind(nic->netvsp);
	return NULL;
}

const char *nic_vf_yank(struct nic *nic)
{
	log_info("nic", "%u: VF yanked", nic->id);
	vf_take(nic);
	return NULL;
}

const char *nic_vf_link(struct nic *nic, bool up)
{
	nic->vf_link = up;
	vf82599_set_link(nic->vf, up);
	log_info("nic", "%u: VF link %s", nic->id, up ? "on" : "off");
	return NULL;
}

const char *nic_vf_notice_link_off(struct nic *nic, unsigned int seconds)
{
	if (vnic_selected(nic->port) != PATH_VF)
		return nic_vf_link(nic, false);
	nic->vf_link = false;
	vf82599_notice_link_off(nic->vf, seconds * 1000000000ull);
	log_info("nic", "%u: VF link off, with %u s notice", nic->id, seconds);
	return NULL;
}

const char *nic_vf_hang(struct nic *nic, bool hung)
{
	vf82599_set_hung(nic->vf, hung);
	log_info("nic", "%u: VF %s", nic->id, hung ? "hangs" : "works again");
	return NULL;
}

const char *nic_vf_reset(struct nic *nic)
{
	vf82599_reset(nic->vf);
	log_info("nic", "%u: VF reset", nic->id);
	return NULL;
}

const char *nic_vf_select(struct nic *nic, bool on)
{
	vnic_select(nic->port, on ? PATH_VF : PATH_SYNTHETIC);
	return NULL;
}

static const char *set_held(struct nic *nic, bool hold)
{
	nic->held = hold;
	if (nic->vf)
		vf82599_hold(nic->vf, hold);
	netvsp_hold(nic->netvsp, hold);
	log_info("nic", "%u: %s", nic->id, hold ? "held" : "released");
	return NULL;
}

const char *nic_hold(struct nic *nic)
{
	return set_held(nic, true);
}

const char *nic_release(struct nic *nic)
{
	return set_held(nic, false);
}

const char *nic_offer(struct nic *nic)
{
	if (!nic->held)
		return "the NIC is not held";
	if (nic->vf)
		vf82599_offer_held(nic->vf);
	netvsp_offer_held(nic->netvsp);
	return NULL;
}

const char *nic_capture(struct nic *nic, bool vf, const char *file)
{
	if (!vnic_capture(nic->port, vf ? PATH_VF : PATH_SYNTHETIC, file))
		return "cannot write the file";
	return NULL;
}

const char *nic_fault(struct nic *nic, enum fault_id fault, uint32_t number)
{
	log_info("nic", "%u: fault %s %u", nic->id, fault_list[fault].name,
		 number);
	return netvsp_fault(nic->netvsp, fault, number);
}

const char *nic_fault_step(struct nic *nic, const char *spec,
			   const char *action, uint32_t number)
{
	log_info("nic", "%u: fault at step %s: %s %u", nic->id, spec, action,
		 number);
	return netvsp_fault_step(nic->netvsp, spec, action, number);
}

void nic_print_steps(struct nic *nic, FILE *out)
{
	netvsp_print_steps(nic->netvsp, out);
}

void nic_print_path(struct nic *nic, FILE *out)
{
	fprintf(out, "selected=%s vf=%s\n",
		vnic_selected(nic->port) == PATH_VF ? "vf" : "synthetic",
		vf_state_names[nic->vf_state]);
}

const char *nic_fault_off(struct nic *nic)
{
	netvsp_fault_off(nic->netvsp);
	log_info("nic", "%u: no faults", nic->id);
	return NULL;
}

static void print_counters(const struct nic *nic, enum vpath path, FILE *out)
{
	const struct vpath_stats *st = vnic_stats(nic->port, path);

	fprintf(out, " rx_frames=%" PRIu64 " rx_bytes=%" PRIu64
		" tx_frames=%" PRIu64 " tx_bytes=%" PRIu64
		" rx_dropped=%" PRIu64 " tx_unselected=%" PRIu64
		" tx_dropped=%" PRIu64,
		st->rx_frames, st->rx_bytes, st->tx_frames, st->tx_bytes,
		st->rx_dropped, st->tx_unselected, st->tx_dropped);
}

static void print_synthetic(const struct nic *nic, FILE *out)
{
	struct netvsp_state st;

	netvsp_get_state(nic->netvsp, &st);
	fprintf(out, "nic=%u path=synthetic selected=%d open=%d link=%d",
		nic->id, vnic_selected(nic->port) == PATH_SYNTHETIC, st.open,
		nic->link);
	print_counters(nic, PATH_SYNTHETIC, out);
	fprintf(out, " rndis=%d nvsp=%#x filter=%#x mtu=%u vf_announced=%d"
		" protocol_errors=%" PRIu64 " speed=%u tx_bad_offload=%" PRIu64
		" tx_csum=%" PRIu64 " tx_lso=%" PRIu64 " rx_csum=%d rsc=%d"
		" rx_held=%u mtu_asked=%u\n", st.rndis_ready,
		st.nvsp_version, st.packet_filter, st.mtu, st.vf_announced,
		st.protocol_errors, nic->speed, st.tx_bad_offload, st.tx_csum,
		st.tx_lso, st.rx_csum, st.rsc, st.rx_held,
		st.mtu_asked);
}

/* One line for each channel that the guest has, or has used. */
static void print_channels(const struct nic *nic, FILE *out)
{
	struct netvsp_channel ch;
	unsigned int i;

	for (i = 0; netvsp_get_channel(nic->netvsp, i, &ch); i++) {
		if (!ch.relid && !ch.counts.rx_frames && !ch.counts.tx_frames)
			continue;
		fprintf(out, "nic=%u channel=%u open=%d relid=%u vp=%u"
			" rx_frames=%" PRIu64 " tx_frames=%" PRIu64
			" waiting=%u tx_messages=%" PRIu64 " tx_csum=%" PRIu64
			" tx_lso=%" PRIu64 " tx_vlan=%" PRIu64
			" tx_hash=%" PRIu64 "\n",
			nic->id, i, ch.open, ch.relid, ch.vp,
			ch.counts.rx_frames, ch.counts.tx_frames, ch.waiting,
			ch.counts.tx_messages, ch.counts.tx_csum,
			ch.counts.tx_lso, ch.counts.tx_vlan, ch.counts.tx_hash);
	}
}

static void print_vf(const struct nic *nic, FILE *out)
{
	bool selected = vnic_selected(nic->port) == PATH_VF;
	const char *state = vf_state_names[nic->vf_state];

	if (nic->vf_state == VF_OFFERED && selected)
		state = "active";
	fprintf(out, "nic=%u path=vf present=%d selected=%d link=%d", nic->id,
		nic->vf_state != VF_ABSENT, selected,
		nic->vf && nic->vf_link);
	print_counters(nic, PATH_VF, out);
	fprintf(out, " state=%s\n", state);
}

static void print_vmbus(const struct host *host, FILE *out)
{
	uint32_t version = vmbus_version(host->vmbus);
	struct vmbus_stats st;

	vmbus_get_stats(host->vmbus, &st);
	fprintf(out, "bus=vmbus version=%u.%u channels=%u open=%u gpadls=%u"
		" gpadl_pages=%u messages_in=%" PRIu64 " messages_out=%" PRIu64
		" interrupts=%" PRIu64 " host=%s\n", version >> 16,
		version & 0xffff, st.channels, st.open_channels, st.gpadls,
		st.gpadl_pages, st.messages_in, st.messages_out, st.interrupts,
		host->config.gen->name);
}

void host_print_stats(struct host *host, FILE *out)
{
	unsigned int i;

	for (i = 0; i < NIC_MAX; i++) {
		if (!host->nics[i])
			continue;
		print_synthetic(host->nics[i], out);
		print_vf(host->nics[i], out);
		print_channels(host->nics[i], out);
	}
	print_vmbus(host, out);
}
