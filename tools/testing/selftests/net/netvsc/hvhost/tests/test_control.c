// SPDX-License-Identifier: GPL-2.0
/*
 * The line protocol and what it sets in motion: commands good and bad, the
 * order in which NICs and VFs come and go, and clients that misbehave.  The
 * devices are stand-ins that note what is asked of them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "command.h"
#include "control.h"
#include "generation.h"
#include "log.h"
#include "loop.h"
#include "netvsp.h"
#include "nic.h"
#include "uart.h"
#include "vmbus.h"
#include "vpci.h"
#include "vswitch.h"

/* Stand-ins */

static char trace[4096];

__attribute__((format(printf, 1, 2)))
static void note(const char *fmt, ...)
{
	size_t len = strlen(trace);
	va_list args;

	va_start(args, fmt);
	vsnprintf(trace + len, sizeof(trace) - len, fmt, args);
	va_end(args);
}

struct vswitch {
	int unused;
};

struct vnic {
	uint8_t mac[6];
	enum vpath selected;
};

struct vnic *vswitch_nic_add(struct vswitch *vs, unsigned int id,
			     const uint8_t mac[6])
{
	struct vnic *nic = calloc(1, sizeof(*nic));

	(void)vs;
	note("port+%u ", id);
	memcpy(nic->mac, mac, 6);
	return nic;
}

void vswitch_nic_del(struct vnic *nic)
{
	note("port- ");
	free(nic);
}

const uint8_t *vnic_mac(const struct vnic *nic)
{
	return nic->mac;
}

void vnic_select(struct vnic *nic, enum vpath path)
{
	nic->selected = path;
}

enum vpath vnic_selected(const struct vnic *nic)
{
	return nic->selected;
}

const struct vpath_stats *vnic_stats(const struct vnic *nic, enum vpath path)
{
	static const struct vpath_stats stats[NR_PATHS] = {
		{ 1, 2, 3, 4, 5, 6, 7 }, { 8, 9, 10, 11, 12, 13, 14 },
	};

	(void)nic;
	return &stats[path];
}

bool vnic_capture(struct vnic *nic, enum vpath path, const char *file)
{
	(void)nic;
	note("capture%d:%s ", path, file ? file : "-");
	return !file || strcmp(file, "/no/such");
}

struct netvsp {
	struct vnic *port;
	struct netvsp_config config;
};

/* Whether there is a guest that can be told of a VF */
static bool guest_listens;
static struct netvsp *last_netvsp;

struct netvsp *netvsp_create(struct vmbus *vmbus, struct vnic *nic,
			     const struct netvsp_config *config)
{
	struct netvsp *nv = calloc(1, sizeof(*nv));

	(void)vmbus;
	note("netvsp+%u,%x,%u ", config->instance_seed, config->max_nvsp,
	     config->mtu);
	nv->port = nic;
	nv->config = *config;
	last_netvsp = nv;
	return nv;
}

void netvsp_remove(struct netvsp *nv)
{
	note("netvsp- ");
	nv->port->selected = PATH_SYNTHETIC;	/* it must still be there */
	free(nv);
}

void netvsp_rescind(struct netvsp *nv)
{
	(void)nv;
	note("rescind ");
}

void netvsp_set_link(struct netvsp *nv, bool up)
{
	(void)nv;
	note("link%d ", up);
}

void netvsp_set_speed(struct netvsp *nv, uint32_t speed)
{
	(void)nv;
	note("speed%u ", speed);
}

void netvsp_set_name(struct netvsp *nv, const char *name)
{
	(void)nv;
	note("name'%s' ", name);
}

void netvsp_set_mtu(struct netvsp *nv, uint32_t mtu)
{
	(void)nv;
	note("mtu%u ", mtu);
}

void netvsp_set_max_nvsp(struct netvsp *nv, uint32_t version)
{
	(void)nv;
	note("nvsp%x ", version);
}

bool netvsp_send_on(struct netvsp *nv, unsigned int channel)
{
	(void)nv;
	note("send-on%u ", channel);
	return channel < 2;
}

bool netvsp_rescind_channel(struct netvsp *nv, unsigned int channel)
{
	(void)nv;
	note("rescind-channel%u ", channel);
	return channel == 1;
}

void netvsp_network_change(struct netvsp *nv)
{
	(void)nv;
	note("change ");
}

void netvsp_vf_association(struct netvsp *nv, bool present, uint32_t serial)
{
	note("assoc%d,%u ", present, serial);
	if (!present)
		nv->port->selected = PATH_SYNTHETIC;
	else if (guest_listens)
		nv->config.vf_announced(nv->config.ctx);
}

void netvsp_get_state(const struct netvsp *nv, struct netvsp_state *state)
{
	(void)nv;
	*state = (struct netvsp_state){ .open = true, .nvsp_version = 0x60001 };
}

/* A channel in use, one that was, one that never was. */
bool netvsp_get_channel(const struct netvsp *nv, unsigned int index,
			struct netvsp_channel *state)
{
	(void)nv;
	*state = (struct netvsp_channel){ .counts = { 0, index == 1 } };
	if (!index)
		*state = (struct netvsp_channel){
			.counts = { 5, 6, 4, 1, 2, 3, 4 }, .open = true, .relid = 7, .vp = 3,
		};
	return index < 3;
}

const char *netvsp_fault(struct netvsp *nv, enum fault_id id, uint32_t number)
{
	(void)nv;
	note("fault%d,%u ", id, number);
	return number < 1000 ? NULL : "too many";
}

const char *netvsp_fault_step(struct netvsp *nv, const char *spec,
			      const char *action, uint32_t number)
{
	(void)nv;
	note("step:%s,%s,%u ", spec, action, number);
	return NULL;
}

void netvsp_print_steps(const struct netvsp *nv, FILE *out)
{
	(void)nv;
	fputs("open\n", out);
}

void netvsp_fault_off(struct netvsp *nv)
{
	(void)nv;
	note("nofault ");
}

struct vf82599 {
	struct vnic *port;
};

struct vf82599 *vf82599_create(struct vm *vm, struct vnic *nic,
			       uint32_t serial)
{
	struct vf82599 *vf = calloc(1, sizeof(*vf));

	(void)vm;
	note("vf+%u ", serial);
	vf->port = nic;
	return vf;
}

void vf82599_free(struct vf82599 *vf)
{
	note("vf- ");
	vf->port->mac[5] ^= 0;			/* it must still be there */
	free(vf);
}

const struct pci_function *vf82599_function(struct vf82599 *vf)
{
	static struct pci_function fn;

	(void)vf;
	return &fn;
}

void vf82599_set_bus(struct vf82599 *vf, struct vpci *bus)
{
	(void)vf;
	(void)bus;
	note("bus ");
}

void vf82599_set_link(struct vf82599 *vf, bool up)
{
	(void)vf;
	note("vflink%d ", up);
}

void vf82599_notice_link_off(struct vf82599 *vf, uint64_t limit_ns)
{
	(void)vf;
	note("vfnotice%u ", (unsigned int)(limit_ns / 1000000000));
}

void vf82599_reset(struct vf82599 *vf)
{
	(void)vf;
	note("vfreset ");
}

void vf82599_hold(struct vf82599 *vf, bool hold)
{
	(void)vf;
	note("vfhold%d ", hold);
}

void vf82599_offer_held(struct vf82599 *vf)
{
	(void)vf;
	note("vfoffer ");
}

void netvsp_hold(struct netvsp *nv, bool hold)
{
	(void)nv;
	note("hold%d ", hold);
}

void netvsp_offer_held(struct netvsp *nv)
{
	(void)nv;
	note("offer ");
}

/* @known: a guest has the bus, so that it goes when told to only */
static struct vpci {
	void (*gone)(void *ctx);
	void *ctx;
	bool known, in_d0;
} bus = { .known = true, .in_d0 = true };

void vpci_set_max_version(struct vpci *bus, uint32_t version)
{
	(void)bus;
	(void)version;
}

struct vpci *vpci_create(struct vm *vm, struct vmbus *vmbus,
			 const struct pci_function *fn,
			 unsigned int instance_seed, void (*gone)(void *ctx),
			 void *ctx)
{
	(void)vm;
	(void)vmbus;
	(void)fn;
	note("offer%u ", instance_seed);
	bus.gone = gone;
	bus.ctx = ctx;
	return &bus;
}

bool vpci_eject(struct vpci *b)
{
	note("eject ");
	return b->in_d0;
}

void vpci_yank(struct vpci *b)
{
	note("yank ");
	if (!b->known)
		b->gone(b->ctx);
}

uint32_t vmbus_version(const struct vmbus *vmbus)
{
	(void)vmbus;
	return 5 << 16 | 3;
}

void vmbus_get_stats(const struct vmbus *vmbus, struct vmbus_stats *stats)
{
	(void)vmbus;
	*stats = (struct vmbus_stats){ .channels = 2, .interrupts = 99 };
}

static char uart_text[8192];

void uart_input(struct uart *uart, const void *data, size_t len)
{
	(void)uart;
	strncat(uart_text, data, len);
}

/* One line through command_run() */

static struct host *host;
static char answer[16384];

static void collect(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	strncat(answer, text, len);
}

static const char *say(const char *line)
{
	char copy[1024];

	answer[0] = '\0';
	trace[0] = '\0';
	snprintf(copy, sizeof(copy), "%s", line);
	command_run(host, copy, false, collect, NULL);
	return answer;
}

static void make_host(void)
{
	static const struct host_config config = {
		.max_nvsp = 0x60001, .mtu = 9000,
	};
	struct host_config with_gen = config;
	static struct vswitch vs;

	log_verbosity = 0;
	guest_listens = true;
	with_gen.gen = generation_find("ws2022");
	host = host_create(NULL, NULL, &vs, &with_gen);
}

static void with_nic(void)
{
	make_host();
	say("nic 0 add 00:15:5d:00:00:01");
}

static void with_vf(void)
{
	with_nic();
	say("vf 0 add");
}

TEST(nic_add_and_remove)
{
	make_host();
	EXPECT_STREQ("ok\n", say("nic 0 add 00:15:5d:0a:bC:01"));
	EXPECT_STREQ("port+0 netvsp+0,60001,9000 ", trace);
	EXPECT_STREQ("error: NIC exists\n", say("nic 0 add 00:15:5d:00:00:02"));
	EXPECT_STREQ("error: address is in use\n",
		     say("nic 1 add 00:15:5D:0A:BC:01"));
	EXPECT_STREQ("ok\n", say("nic 0 speed 40000"));
	EXPECT_STREQ("speed40000 ", trace);
	EXPECT_STREQ("error: faster than RNDIS can say\n",
		     say("nic 0 speed 429497"));
	EXPECT_STREQ("error: say how many Mbit/s\n", say("nic 0 speed fast"));
	EXPECT_STREQ("ok\n", say("nic 0 name  Blue network "));
	EXPECT_STREQ("name'Blue network' ", trace);
	EXPECT_STREQ("ok\n", say("nic 0 name"));
	EXPECT_STREQ("name'' ", trace);
	EXPECT_STREQ("error: a name is up to 255 characters of ASCII\n",
		     say("nic 0 name \xc3\xa4"));
	EXPECT_STREQ("error: no such NIC\n", say("nic 1 name none"));
	EXPECT_STREQ("ok\n", say("nic 0 mtu 1400"));
	EXPECT_STREQ("mtu1400 ", trace);
	EXPECT_STREQ("error: an MTU is 68 to 9202\n", say("nic 0 mtu 67"));
	EXPECT_STREQ("error: an MTU is 68 to 9202\n", say("nic 0 mtu 9203"));
	EXPECT_STREQ("error: say how many bytes\n", say("nic 0 mtu large"));
	EXPECT_STREQ("ok\n", say("nic 0 nvsp 2"));
	EXPECT_STREQ("nvsp30002 ", trace);
	EXPECT_STREQ("error: say 1, 2, 4, 5, 6 or 6.1\n",
		     say("nic 0 nvsp 3"));
	EXPECT_STREQ("error: no such NIC\n", say("nic 1 nvsp 2"));
	EXPECT_STREQ("ok\n", say("nic 0 send-on 1"));
	EXPECT_STREQ("send-on1 ", trace);
	EXPECT_STREQ("error: the guest has no such channel\n",
		     say("nic 0 send-on 2"));
	EXPECT_STREQ("error: say which channel\n", say("nic 0 send-on it"));
	EXPECT_STREQ("ok\n", say("nic 0 rescind-channel 1"));
	EXPECT_STREQ("rescind-channel1 ", trace);
	EXPECT_STREQ("error: the guest has no such sub-channel\n",
		     say("nic 0 rescind-channel 0"));
	EXPECT_STREQ("error: say which channel\n",
		     say("nic 0 rescind-channel"));
	EXPECT_STREQ("ok\n", say("nic 0 network-change"));
	EXPECT_STREQ("change ", trace);
	EXPECT_STREQ("ok\n", say("nic 0 link off"));
	EXPECT_STREQ("link0 ", trace);
	EXPECT_STREQ("ok\n", say("nic 0 remove"));
	EXPECT_STREQ("netvsp- port- ", trace);
	EXPECT_STREQ("error: no such NIC\n", say("nic 0 remove"));
	EXPECT_STREQ("error: no such NIC\n", say("nic 0 link on"));
	EXPECT_STREQ("ok\n", say("nic 7 add 00:15:5d:0a:bc:01"));
}

TEST(vf_announced_then_offered)
{
	with_nic();
	EXPECT_STREQ("ok\n", say("vf 0 add"));
	EXPECT_STREQ("vf+1 vflink1 assoc1,1 offer2 bus ", trace);
	EXPECT_STREQ("error: the NIC has a VF\n", say("vf 0 add"));
	EXPECT_STREQ("ok\n", say("vf 0 link off"));
	EXPECT_STREQ("vflink0 ", trace);
}

TEST(vf_offered_then_announced)
{
	with_nic();
	EXPECT_STREQ("ok\n", say("vf 0 add-early"));
	EXPECT_STREQ("vf+1 vflink1 offer2 bus assoc1,1 ", trace);
	EXPECT_STREQ("error: the NIC has a VF\n", say("vf 0 add-early"));
	EXPECT_STREQ("ok\n", say("vf 0 eject"));
	bus.gone(bus.ctx);

	guest_listens = false;
	EXPECT_STREQ("ok\n", say("vf 0 add-early"));
	EXPECT_STREQ("vf+1 vflink1 offer2 bus assoc1,1 ", trace);
	EXPECT_STREQ("selected=synthetic vf=offered\nok\n", say("path 0"));
}

TEST(vf_waits_for_a_guest)
{
	with_nic();
	guest_listens = false;
	EXPECT_STREQ("ok\n", say("vf 0 add"));
	EXPECT_STREQ("vf+1 vflink1 assoc1,1 ", trace);
	EXPECT_STREQ("selected=synthetic vf=waiting\nok\n", say("path 0"));
	EXPECT_STREQ("error: the NIC has a VF\n", say("vf 0 add"));
	EXPECT_STREQ("ok\n", say("vf 0 eject"));
	EXPECT_STREQ("assoc0,0 vf- ", trace);
	EXPECT_STREQ("ok\n", say("vf 0 add"));
	EXPECT_STREQ("ok\n", say("vf 0 yank"));
	EXPECT_STREQ("assoc0,0 vf- ", trace);

	/* It is offered once, in how many sessions it may be announced. */
	EXPECT_STREQ("ok\n", say("vf 0 add"));
	trace[0] = '\0';
	last_netvsp->config.vf_announced(last_netvsp->config.ctx);
	EXPECT_STREQ("offer2 bus ", trace);
	last_netvsp->config.vf_announced(last_netvsp->config.ctx);
	EXPECT_STREQ("offer2 bus ", trace);
	EXPECT_STREQ("selected=synthetic vf=offered\nok\n", say("path 0"));
	bus.gone(bus.ctx);

	EXPECT_STREQ("ok\n", say("vf 0 add"));
	EXPECT_STREQ("ok\n", say("nic 0 remove"));
	EXPECT_STREQ("assoc0,0 vf- netvsp- port- ", trace);
}

TEST(notice_to_a_guest_that_is_on_the_vf)
{
	with_vf();
	/* It has nothing to leave. */
	EXPECT_STREQ("ok\n", say("vf 0 link off notice"));
	EXPECT_STREQ("vflink0 ", trace);
	say("vf 0 link on");
	say("vf 0 select on");
	EXPECT_STREQ("ok\n", say("vf 0 link off notice"));
	EXPECT_STREQ("vfnotice2 ", trace);
	EXPECT_NE(NULL, strstr(say("stats"), "path=vf present=1 selected=1 link=0"));
	EXPECT_STREQ("ok\n", say("vf 0 link off notice 60"));
	EXPECT_STREQ("vfnotice60 ", trace);
	EXPECT_EQ(0, strncmp(say("vf 0 link off notice x"), "error: ", 7));
	EXPECT_EQ(0, strncmp(say("vf 0 link off notice 601"), "error: ", 7));
	EXPECT_EQ(0, strncmp(say("vf 0 link on notice"), "error: ", 7));
	EXPECT_EQ(0, strncmp(say("vf 0 link off soon"), "error: ", 7));
}

TEST(vf_reset)
{
	with_nic();
	EXPECT_STREQ("error: the NIC has no VF\n", say("vf 0 reset"));
	say("vf 0 add");
	EXPECT_STREQ("ok\n", say("vf 0 reset"));
	EXPECT_STREQ("vfreset ", trace);
	EXPECT_EQ(0, strncmp(say("vf 0 reset now"), "error: ", 7));
}

TEST(nic_goes_before_its_vf)
{
	with_vf();
	EXPECT_STREQ("ok\n", say("nic 0 rescind"));
	EXPECT_STREQ("rescind ", trace);
	EXPECT_NE(NULL, strstr(say("stats"), "state=offered"));
	EXPECT_STREQ("ok\n", say("nic 0 remove"));
	EXPECT_STREQ("eject ", trace);
}

TEST(eject_ends_the_association_last)
{
	with_vf();
	EXPECT_STREQ("ok\n", say("vf 0 eject"));
	EXPECT_STREQ("eject ", trace);
	EXPECT_NE(NULL, strstr(say("stats"), "state=ejecting"));
	EXPECT_STREQ("error: busy: the VF is being ejected\n",
		     say("vf 0 eject"));
	EXPECT_STREQ("error: busy: the guest is letting go of the last VF\n",
		     say("vf 0 add"));
	EXPECT_STREQ("", trace);
	bus.gone(bus.ctx);
	EXPECT_STREQ("assoc0,0 vf- ", trace);
	EXPECT_STREQ("error: the NIC has no VF\n", say("vf 0 eject"));
	EXPECT_STREQ("ok\n", say("vf 0 add"));
}

TEST(yank_does_not_wait)
{
	with_vf();
	EXPECT_STREQ("ok\n", say("vf 0 yank"));
	EXPECT_STREQ("assoc0,0 yank ", trace);
	EXPECT_NE(NULL, strstr(say("stats"), "present=1 selected=0"));
	EXPECT_NE(NULL, strstr(say("stats"), "state=leaving"));
	EXPECT_STREQ("selected=synthetic vf=leaving\nok\n", say("path 0"));
	EXPECT_STREQ("error: say which NIC\n", say("path"));
	EXPECT_STREQ("error: busy: the guest is letting go of the VF\n",
		     say("vf 0 yank"));
	bus.gone(bus.ctx);
	EXPECT_STREQ("vf- ", trace);
	EXPECT_NE(NULL, strstr(say("stats"), "state=absent"));
}

TEST(yank_of_a_vf_that_is_being_ejected)
{
	with_vf();
	say("vf 0 eject");
	EXPECT_STREQ("ok\n", say("vf 0 yank"));
	EXPECT_STREQ("assoc0,0 yank ", trace);
	bus.gone(bus.ctx);
}

TEST(eject_that_no_guest_can_answer)
{
	with_vf();
	bus.in_d0 = false;
	EXPECT_STREQ("ok\n", say("vf 0 eject"));
	EXPECT_STREQ("eject assoc0,0 yank ", trace);
	bus.gone(bus.ctx);

	bus.known = false;
	EXPECT_STREQ("ok\n", say("vf 0 add"));
	EXPECT_STREQ("ok\n", say("vf 0 eject"));
	EXPECT_STREQ("eject assoc0,0 yank vf- ", trace);
	EXPECT_STREQ("ok\n", say("vf 0 add"));
}

/* The bus went by itself, as when the guest broke its protocol. */
TEST(bus_that_fails)
{
	with_vf();
	trace[0] = '\0';
	bus.gone(bus.ctx);
	EXPECT_STREQ("assoc0,0 vf- ", trace);
	EXPECT_STREQ("ok\n", say("vf 0 add"));
}

/* The guest may wait on the NIC's channel while its VF goes. */
TEST(nic_with_vf_goes_when_its_vf_has)
{
	with_vf();
	EXPECT_STREQ("ok\n", say("nic 0 remove"));
	EXPECT_STREQ("eject ", trace);
	EXPECT_STREQ("error: busy: the NIC is being removed\n",
		     say("vf 0 add"));
	EXPECT_STREQ("error: busy: the NIC is being removed\n",
		     say("nic 0 add 00:15:5d:00:00:02"));
	EXPECT_NE(NULL, strstr(say("stats"), "nic=0 path=vf"));
	bus.gone(bus.ctx);
	EXPECT_STREQ("assoc0,0 vf- netvsp- port- ", trace);
	EXPECT_STREQ("ok\n", say("nic 0 add 00:15:5d:00:00:02"));

	say("vf 0 add");
	say("vf 0 yank");
	EXPECT_STREQ("ok\n", say("nic 0 remove"));
	EXPECT_STREQ("", trace);
	bus.gone(bus.ctx);
	EXPECT_STREQ("vf- netvsp- port- ", trace);

	bus.known = false;
	bus.in_d0 = false;
	say("nic 0 add 00:15:5d:00:00:02");
	say("vf 0 add");
	EXPECT_STREQ("ok\n", say("nic 0 remove"));
	EXPECT_STREQ("eject assoc0,0 yank vf- netvsp- port- ", trace);
}

TEST(stats)
{
	with_vf();
	EXPECT_STREQ("nic=0 path=synthetic selected=1 open=1 link=1 rx_frames=1"
		     " rx_bytes=2 tx_frames=3 tx_bytes=4 rx_dropped=5"
		     " tx_unselected=6 tx_dropped=7 rndis=0 nvsp=0x60001"
		     " filter=0 mtu=0 vf_announced=0 protocol_errors=0 speed=25000"
		     " tx_bad_offload=0 tx_csum=0 tx_lso=0 rx_csum=0 rsc=0"
		     " rx_held=0 mtu_asked=0\n"
		     "nic=0 path=vf present=1 selected=0 link=1 rx_frames=8"
		     " rx_bytes=9 tx_frames=10 tx_bytes=11 rx_dropped=12"
		     " tx_unselected=13 tx_dropped=14 state=offered\n"
		     "nic=0 channel=0 open=1 relid=7 vp=3 rx_frames=5"
		     " tx_frames=6 waiting=0 tx_messages=4 tx_csum=1 tx_lso=2"
		     " tx_vlan=3 tx_hash=4\n"
		     "nic=0 channel=1 open=0 relid=0 vp=0 rx_frames=0"
		     " tx_frames=1 waiting=0 tx_messages=0 tx_csum=0 tx_lso=0"
		     " tx_vlan=0 tx_hash=0\n"
		     "bus=vmbus version=5.3 channels=2 open=0 gpadls=0 gpadl_pages=0"
		     " messages_in=0 messages_out=0 interrupts=99 host=ws2022\n"
		     "ok\n", say("stats"));
}

TEST(stats_of_interest)
{
	/* One more than it takes */
	char many[] = "stats a b c d e f g h i j k l m n o p q";

	with_vf();
	EXPECT_STREQ("nic=0 path=synthetic link=1 rx_frames=1\n"
		     "nic=0 path=vf link=1 rx_frames=8\n"
		     "nic=0 channel=0 rx_frames=5\n"
		     "nic=0 channel=1 rx_frames=0\n"
		     "ok\n", say("stats rx_frames link"));
	EXPECT_STREQ("nic=0 path=vf rx_frames=8\nok\n",
		     say("stats path=vf rx_frames"));
	EXPECT_STREQ("nic=0 path=vf state=offered\nok\n", say("stats state"));
	EXPECT_STREQ("nic=0 channel=0 open=1\nnic=0 channel=1 open=0\nok\n",
		     say("stats channel= open"));
	EXPECT_STREQ("bus=vmbus open=0 host=ws2022\nok\n",
		     say("stats bus=vmbus open host"));
	/* All of the line, and not of one that only begins like it */
	EXPECT_EQ(0, strncmp(say("stats channel=1"), "nic=0 channel=1 open=0 ",
			     23));
	EXPECT_STREQ("ok\n", say("stats channel=1 path=vf"));
	EXPECT_STREQ("ok\n", say("stats rx_frame path=v"));
	EXPECT_STREQ("ok\n", say("stats nic=1 rx_frames"));
	EXPECT_EQ(0, strncmp(say(many), "error: ", 7));
}

TEST(hold)
{
	with_nic();
	EXPECT_STREQ("error: the NIC is not held\n", say("offer 0"));
	EXPECT_STREQ("ok\n", say("hold 0"));
	EXPECT_STREQ("hold1 ", trace);
	EXPECT_STREQ("ok\n", say("offer 0"));
	EXPECT_STREQ("offer ", trace);
	EXPECT_STREQ("ok\n", say("vf 0 add"));
	EXPECT_NE(NULL, strstr(trace, "vfhold1 "));
	EXPECT_STREQ("ok\n", say("offer 0"));
	EXPECT_STREQ("vfoffer offer ", trace);
	EXPECT_STREQ("ok\n", say("release 0"));
	EXPECT_STREQ("vfhold0 hold0 ", trace);
	EXPECT_STREQ("error: no such NIC\n", say("hold 1"));
	EXPECT_STREQ("error: usage: hold N\n", say("hold 0 x"));
	EXPECT_STREQ("error: usage: release N\n", say("release 0 now"));
	EXPECT_STREQ("error: usage: offer N\n", say("offer 0 it"));
}

TEST(capture)
{
	with_nic();
	EXPECT_STREQ("ok\n", say("capture 0 vf /tmp/a file.pcapng"));
	EXPECT_STREQ("capture1:/tmp/a file.pcapng ", trace);
	EXPECT_STREQ("ok\n", say("capture 0 synthetic x"));
	EXPECT_STREQ("capture0:x ", trace);
	EXPECT_STREQ("ok\n", say("capture 0 vf off"));
	EXPECT_STREQ("capture1:- ", trace);
	EXPECT_STREQ("ok\n", say("capture 0 off"));
	EXPECT_STREQ("capture0:- capture1:- ", trace);
	EXPECT_STREQ("error: cannot write the file\n",
		     say("capture 0 vf /no/such"));
}

TEST(wrong_commands)
{
	static const char *const lines[] = {
		"nonsense", "nic", "nic 8 add 00:15:5d:00:00:09", "nic x remove",
		"nic -1 remove", "nic 00 remove", "nic 1", "nic 1 fly",
		"nic 1 add", "nic 1 add 00:15:5d:00:00", "nic 1 add 1:2:3:4:5:6",
		"nic 1 add 00:15:5d:00:00:0g", "nic 1 add 00:15:5d:00:00:011",
		"nic 1 add 01:15:5d:00:00:01", "nic 1 add 00:00:00:00:00:00",
		"nic 1 add 00-15-5d-00-00-01", "nic 1 add 00:15:5d:00:00:02 x",
		"nic 0 network-change now", "steps", "steps x",
		"nic 0 remove now", "nic 0 link", "nic 0 link up", "vf", "vf 0",
		"vf 0 fly", "vf 1 add", "vf 0 eject", "vf 0 yank", "vf 0 add it",
		"vf 0 link on", "help me", "quit now", "capture",
		"capture 0", "capture 0 vf", "capture 0 both x", "capture 1 vf x",
		"capture 0 off x", "HELP", "fault", "fault 0", "fault 1 off",
		"fault 0 off 1", "fault 0 none", "fault 0 nvsp-short x",
		"fault 0 nvsp-short -1", "fault 0 nvsp-short 4294967296",
		"fault 0 nvsp-short 1 1", "fault list 0", "fault 1 nvsp-short",
	};
	unsigned int i;

	with_nic();
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		EXPECT_EQ(0, strncmp(say(lines[i]), "error: ", 7)) {
			TH_LOG("'%s' gives '%s'", lines[i], answer);
		}
		EXPECT_EQ(strlen(answer) - 1, strcspn(answer, "\n"));
		EXPECT_STREQ("", trace);
	}
}

TEST(help_names_every_command)
{
	make_host();
	say("help");
	EXPECT_NE(NULL, strstr(answer, "nic N add MAC"));
	EXPECT_NE(NULL, strstr(answer, "vf N eject"));
	EXPECT_NE(NULL, strstr(answer, "mark TEXT"));
	EXPECT_NE(NULL, strstr(answer, "quit"));
	EXPECT_STREQ("ok\n", answer + strlen(answer) - 3);
}

TEST(faults)
{
	char expected[64];

	with_nic();
	EXPECT_STREQ("ok\n", say("fault 0 nvsp-short"));
	snprintf(expected, sizeof(expected), "fault%d,1 ", FAULT_NVSP_SHORT);
	EXPECT_STREQ(expected, trace);
	EXPECT_STREQ("ok\n", say("fault 0 switch-late  7 "));
	snprintf(expected, sizeof(expected), "fault%d,7 ", FAULT_SWITCH_LATE);
	EXPECT_STREQ(expected, trace);
	EXPECT_STREQ("ok\n", say("fault 0 step rndis-set#2 late 9"));
	EXPECT_STREQ("step:rndis-set#2,late,9 ", trace);
	EXPECT_STREQ("ok\n", say("fault 0 step open refuse"));
	EXPECT_STREQ("step:open,refuse,1 ", trace);
	EXPECT_STREQ("error: that is no number\n",
		     say("fault 0 step open late soon"));
	EXPECT_STREQ("open\nok\n", say("steps 0"));
	EXPECT_STREQ("error: no such NIC\n", say("steps 1"));
	EXPECT_STREQ("ok\n", say("fault 0 off"));
	EXPECT_STREQ("nofault ", trace);
	EXPECT_STREQ("error: too many\n", say("fault 0 nvsp-short 1000"));
	say("fault list");
	EXPECT_NE(NULL, strstr(answer, "switch-late"));
	EXPECT_NE(NULL, strstr(answer, "completion-twice"));
	EXPECT_STREQ("ok\n", answer + strlen(answer) - 3);
}

TEST(mark_answers_with_the_time)
{
	unsigned int micros;
	long long secs;

	make_host();
	say("  mark\tsomething  happens ");
	EXPECT_EQ(2, sscanf(answer, "ok %lld.%6u\n", &secs, &micros));
	EXPECT_LT(1000000000, secs);
	EXPECT_EQ('\n', answer[strlen(answer) - 1]);
}

/* The serial port: bytes as they come */

static void from_uart(const char *text)
{
	control_from_uart(NULL, (const uint8_t *)text, strlen(text));
}

TEST(serial_port)
{
	static char longline[2000];

	make_host();
	from_uart("stats\n");			/* nobody listens yet */
	control_start(host, NULL, (struct uart *)&host);
	from_uart("nic 0 a");
	EXPECT_STREQ("", uart_text);
	from_uart("dd 00:15:5d:00:00:01\r\n\n  \nvf 0 add\nvf 0 add\n");
	EXPECT_STREQ("ok\nok\nerror: the NIC has a VF\n", uart_text);

	uart_text[0] = '\0';
	memset(longline, 'x', sizeof(longline) - 1);
	from_uart(longline);
	from_uart("\nvf 0 link on\n");
	EXPECT_STREQ("error: line longer than 512 bytes\nok\n", uart_text);
	uart_text[0] = '\0';
	control_from_uart(NULL, (const uint8_t *)"vf\0 0\n", 6);
	EXPECT_STREQ("error: line with a zero byte\n", uart_text);
	control_stop();
}

/* The machine's files are out of the guest's reach. */
TEST(capture_is_not_for_the_guest)
{
	with_nic();
	control_start(host, NULL, (struct uart *)&host);
	trace[0] = '\0';
	from_uart("capture 0 vf /tmp/file\ncapture 0 off\n");
	EXPECT_STREQ("error: capture: on the control socket only\n"
		     "error: capture: on the control socket only\n", uart_text);
	EXPECT_STREQ("", trace);
	control_stop();
}

/* The socket */

static char path[64];

static int connect_to(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memcpy(addr.sun_path, path, sizeof(path));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void start(void)
{
	make_host();
	snprintf(path, sizeof(path), "/tmp/hvhost-test-%d", getpid());
	control_start(host, path, NULL);
}

static const char *take(int fd)
{
	static char text[16384];
	ssize_t n;

	loop_run_pending();
	n = read(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void send_text(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
}

TEST(clients_have_lines_of_their_own)
{
	struct stat st;
	int a, b;

	start();
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(0600, st.st_mode & 0777);
	a = connect_to();
	b = connect_to();
	send_text(a, "nic 0 add 00:15:");
	loop_run_pending();
	send_text(b, "nic 1 add 00:15:5d:00:00:02\nvf 5");
	EXPECT_STREQ("ok\n", take(b));
	send_text(a, "5d:00:00:01\n");
	EXPECT_STREQ("ok\n", take(a));
	EXPECT_STREQ("", take(b));
	send_text(b, " add\n");
	EXPECT_STREQ("error: no such NIC\n", take(b));
	/* What was asked before the end is answered, then it is closed. */
	send_text(a, "vf 0 add\n");
	shutdown(a, SHUT_WR);
	EXPECT_STREQ("ok\n", take(a));
	EXPECT_EQ(0, read(a, &st, 1));
	control_stop();
	EXPECT_EQ(0, read(b, &st, 1));
	EXPECT_NE(0, stat(path, &st));
}

/* It asks and does not read, until it is dropped; others go on. */
TEST(client_that_does_not_read)
{
	unsigned int i;
	ssize_t n = 0;
	int a, b;

	start();
	a = connect_to();
	for (i = 0; i < 20000 && n >= 0; i++) {
		n = send(a, "help\nhelp\nhelp\n", 15, MSG_NOSIGNAL);
		loop_run_pending();
	}
	EXPECT_GT(0, n);
	b = connect_to();
	send_text(b, "stats\n");
	EXPECT_NE(NULL, strstr(take(b), "ok\n"));
	control_stop();
}

TEST(slow_client_gets_all_of_it)
{
	unsigned int i, count, oks = 0;
	char text[512], last = 0, before = 0;
	ssize_t n, j;
	int a, size = 4096;

	start();
	a = connect_to();
	setsockopt(a, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* More than the socket holds, and not too much for what holds the rest */
	send_text(a, "help\n");
	count = 64000 / strlen(take(a));
	for (i = 0; i < count; i++)
		send_text(a, "help\n");
	shutdown(a, SHUT_WR);
	for (;;) {
		loop_run_pending();
		n = read(a, text, sizeof(text));
		if (n <= 0)
			break;
		for (j = 0; j < n; j++) {
			oks += before == '\n' && last == 'o' && text[j] == 'k';
			before = last;
			last = text[j];
		}
	}
	EXPECT_EQ(0, n);
	EXPECT_EQ(count, oks);
	control_stop();
}

TEST(client_that_hangs_up_at_once)
{
	unsigned int i;

	start();
	for (i = 0; i < 100; i++) {
		int fd = connect_to();

		ASSERT_LE(0, fd);
		send_text(fd, "help\nhelp\nstats\n");
		close(fd);
		loop_run_pending();
	}
	control_stop();
}

TEST(stale_socket_is_replaced)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "/tmp/hvhost-test-%d",
		 getpid());
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	close(fd);
	start();
	fd = connect_to();
	ASSERT_LE(0, fd);
	send_text(fd, "help\n");
	EXPECT_NE(NULL, strstr(take(fd), "ok\n"));
	control_stop();
}

/* quit ends loop_run() with status 0, and is answered. */
TEST(quit)
{
	int fd;

	start();
	fd = connect_to();
	send_text(fd, "quit\n");
	EXPECT_EQ(0, loop_run());
	EXPECT_STREQ("ok\n", take(fd));
	control_stop();
}

TEST_HARNESS_MAIN
