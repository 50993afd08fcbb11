// SPDX-License-Identifier: GPL-2.0
/*
 * The command line: what hvhost is told, checked before anything is made of it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generation.h"
#include "log.h"
#include "machine.h"
#include "netvsp.h"
#include "options.h"

#define DEFAULT_MEMORY_MB	1024
#define DEFAULT_MTU		1500
#define DEFAULT_QUEUES		8

enum {
	OPT_KERNEL = 1, OPT_INITRD, OPT_APPEND, OPT_MEMORY, OPT_VCPUS,
	OPT_CONSOLE, OPT_CONTROL, OPT_TAP, OPT_NIC, OPT_VF, OPT_VMBUS,
	OPT_NVSP, OPT_MTU, OPT_QUEUES, OPT_CAPTURE, OPT_VERBOSE, OPT_QUIET,
	OPT_CHECK_KVM, OPT_HELP, OPT_HOST,
};

static const struct option long_options[] = {
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "initrd", required_argument, NULL, OPT_INITRD },
	{ "append", required_argument, NULL, OPT_APPEND },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "vcpus", required_argument, NULL, OPT_VCPUS },
	{ "console", required_argument, NULL, OPT_CONSOLE },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "tap", required_argument, NULL, OPT_TAP },
	{ "nic", required_argument, NULL, OPT_NIC },
	{ "vf", required_argument, NULL, OPT_VF },
	{ "host", required_argument, NULL, OPT_HOST },
	{ "vmbus", required_argument, NULL, OPT_VMBUS },
	{ "nvsp", required_argument, NULL, OPT_NVSP },
	{ "mtu", required_argument, NULL, OPT_MTU },
	{ "nic-queues", required_argument, NULL, OPT_QUEUES },
	{ "capture", required_argument, NULL, OPT_CAPTURE },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "check-kvm", no_argument, NULL, OPT_CHECK_KVM },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
"NAME\n"
"    hvhost - run a Linux guest on a small Hyper-V host\n"
"\n"
"SYNOPSIS\n"
"    hvhost --kernel FILE [OPTION]...\n"
"    hvhost --check-kvm\n"
"\n"
"DESCRIPTION\n"
"    Boots a Linux kernel in a VM on /dev/kvm whose guest sees Hyper-V: VMBus,\n"
"    synthetic NICs (netvsc), and for each NIC an SR-IOV VF that can come and\n"
"    go.  The log is written to standard error.\n"
"\n"
"  The guest\n"
"    --kernel FILE      kernel, a 64-bit bzImage\n"
"    --initrd FILE      initramfs\n"
"    --append STRING    kernel command line (default: console=ttyS0); it comes\n"
"                       after pci=noearly, as there is nothing to be found early\n"
"    --memory MIB       memory, 64 to 60416 (default: 1024)\n"
"    --vcpus N          virtual processors, 1 to 8 (default: 1)\n"
"    --console FILE     where the first serial port's output goes; - is the\n"
"                       terminal, both ways (default: nowhere)\n"
"\n"
"  Network\n"
"    --nic MAC          a NIC with this address; the first is NIC 0; up to 8\n"
"    --vf N             NIC N has its VF from the start\n"
"    --tap NAME         tap device that the switch is connected to\n"
"    --mtu N            largest MTU of the NICs, 68 to 9202 (default: 1500)\n"
"    --nic-queues N     channels that a NIC can have, 1 to 64 (default: 8)\n"
"    --capture DIR      write DIR/nicN-synthetic.pcapng and DIR/nicN-vf.pcapng\n"
"    --host NAME        what host this is: ws2012r2, ws2016, ws2019, ws2022 or\n"
"                       azure (default: ws2022); decides on versions, offloads\n"
"                       and the NICs' speed\n"
"    --vmbus X.Y        newest VMBus version to agree to (default: the host's)\n"
"    --nvsp X.Y         newest NVSP version to agree to: 1.0, 2.0, 4.0, 5.0,\n"
"                       6.0 or 6.1 (default: the host's)\n"
"\n"
"  Operation\n"
"    --control SOCKET   Unix socket that takes commands, one a line; `help` is\n"
"                       one.  The guest's second serial port takes them too,\n"
"                       but for `capture`\n"
"    --verbose          log every message\n"
"    --quiet            log errors only\n"
"    --check-kvm        find out whether this KVM can run guests, and end\n"
"    --help             this text\n"
"\n"
"EXIT STATUS\n"
"    0  the guest powered off, or a `quit` command was given\n"
"    1  internal failure\n"
"    2  wrong use, or something needed is missing\n"
"    3  the guest panicked\n"
"    4  the guest reset itself\n"
"    5  this KVM cannot run guests\n"
"    128 + N  ended by signal N\n";

static unsigned int number(const char *option, const char *text,
			   unsigned int min, unsigned int max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < min ||
	    value > max)
		die("--%s takes a number from %u to %u, not '%s'", option, min,
		    max, text);
	return value;
}

static void add_nic(struct options *opts, const char *text)
{
	uint8_t *mac = opts->macs[opts->nr_nics];
	int end = -1;

	if (opts->nr_nics == NIC_MAX)
		die("--nic: more than %d NICs", NIC_MAX);
	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0],
		   &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], &end) != 6 ||
	    end != 17 || text[end])
		die("--nic takes a MAC address like 02:00:00:00:00:01, not '%s'",
		    text);
	if (mac[0] & 1)
		die("--nic: %s is a multicast address", text);
	opts->nr_nics++;
}

static const struct generation *generation(const char *text)
{
	const struct generation *gen = generation_find(text);

	if (!gen)
		die("--host takes ws2012r2, ws2016, ws2019, ws2022 or azure, "
		    "not '%s'", text);
	return gen;
}

static uint32_t vmbus_version(const char *text)
{
	unsigned int major, minor;
	int end = -1;

	if (sscanf(text, "%u.%u%n", &major, &minor, &end) != 2 || end < 0 ||
	    text[end] || major > 0xffff || minor > 0xffff)
		die("--vmbus takes a version like 5.3, not '%s'", text);
	return major << 16 | minor;
}

static uint32_t nvsp_version(const char *text)
{
	static const struct {
		const char *text;
		uint32_t version;
	} versions[] = {
		{ "1.0", 0x00002 }, { "2.0", 0x30002 }, { "4.0", 0x40000 },
		{ "5.0", 0x50000 }, { "6.0", 0x60000 }, { "6.1", 0x60001 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (!strcmp(text, versions[i].text))
			return versions[i].version;
	die("--nvsp takes 1.0, 2.0, 4.0, 5.0, 6.0 or 6.1, not '%s'", text);
}

static void one_option(struct options *opts, int option, const char *arg)
{
	switch (option) {
	case OPT_KERNEL:
		opts->kernel = arg;
		break;
	case OPT_INITRD:
		opts->initrd = arg;
		break;
	case OPT_APPEND:
		opts->append = arg;
		break;
	case OPT_MEMORY:
		opts->memory_mb = number("memory", arg, VM_MIN_MEMORY_MB,
					 VM_MAX_MEMORY_MB);
		break;
	case OPT_VCPUS:
		opts->vcpus = number("vcpus", arg, 1, VM_MAX_VCPUS);
		break;
	case OPT_CONSOLE:
		opts->console = arg;
		break;
	case OPT_CONTROL:
		opts->control = arg;
		break;
	case OPT_TAP:
		opts->tap = arg;
		break;
	case OPT_NIC:
		add_nic(opts, arg);
		break;
	case OPT_VF:
		opts->vfs[number("vf", arg, 0, NIC_MAX - 1)] = true;
		break;
	case OPT_HOST:
		opts->gen = generation(arg);
		break;
	case OPT_VMBUS:
		opts->vmbus_version = vmbus_version(arg);
		break;
	case OPT_NVSP:
		opts->nvsp_version = nvsp_version(arg);
		break;
	case OPT_MTU:
		opts->mtu = number("mtu", arg, NETVSP_MIN_MTU, NETVSP_MAX_MTU);
		break;
	case OPT_QUEUES:
		opts->queues = number("nic-queues", arg, 1, NETVSP_MAX_QUEUES);
		break;
	case OPT_CAPTURE:
		opts->capture = arg;
		break;
	case OPT_VERBOSE:
		log_verbosity = 2;
		break;
	case OPT_QUIET:
		log_verbosity = 0;
		break;
	case OPT_CHECK_KVM:
		opts->check_kvm = true;
		break;
	case OPT_HELP:
		fputs(help, stdout);
		exit(0);
	}
}

static void check(const struct options *opts)
{
	unsigned int i;

	if (opts->check_kvm)
		return;
	if (!opts->kernel)
		die("--kernel is missing (try --help)");
	for (i = opts->nr_nics; i < NIC_MAX; i++)
		if (opts->vfs[i])
			die("--vf %u: there is no NIC %u", i, i);
}

void options_parse(struct options *opts, int argc, char **argv)
{
	int option;

	*opts = (struct options) {
		.append = "console=ttyS0",
		.memory_mb = DEFAULT_MEMORY_MB,
		.vcpus = 1,
		.gen = generation_find(GENERATION_DEFAULT),
		.mtu = DEFAULT_MTU,
		.queues = DEFAULT_QUEUES,
	};
	opterr = 0;
	for (;;) {
		option = getopt_long(argc, argv, ":", long_options, NULL);
		if (option < 0)
			break;
		if (option == ':')
			die("%s needs a value (try --help)", argv[optind - 1]);
		if (option == '?')
			die("unknown option %s (try --help)", argv[optind - 1]);
		one_option(opts, option, optarg);
	}
	if (optind < argc)
		die("'%s' is not an option (try --help)", argv[optind]);
	if (!opts->vmbus_version)
		opts->vmbus_version = opts->gen->vmbus;
	if (!opts->nvsp_version)
		opts->nvsp_version = opts->gen->nvsp;
	check(opts);
}
