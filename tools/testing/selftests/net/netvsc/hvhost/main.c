// SPDX-License-Identifier: GPL-2.0
/*
 * hvhost: puts the parts together, in the order in which they need each other,
 * and takes them down again when the guest is over.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot.h"
#include "console.h"
#include "control.h"
#include "generation.h"
#include "hyperv.h"
#include "log.h"
#include "loop.h"
#include "machine.h"
#include "nic.h"
#include "options.h"
#include "partition.h"
#include "uart.h"
#include "vmbus.h"
#include "vpci.h"
#include "vswitch.h"

#define COM2_BASE	0x2f8
#define COM2_IRQ	3

static int signal_fd;

/* Signals end the event loop; vCPU threads inherit the mask and never see them.
 */
static void got_signal(void *ctx, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)ctx;
	(void)events;
	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	log_info("main", "ended by signal %u (%s)", info.ssi_signo,
		 strsignal(info.ssi_signo));
	loop_stop(128 + info.ssi_signo);
}

static void catch_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0)
		die("cannot watch for signals: %s", strerror(errno));
	loop_fd_add(signal_fd, EPOLLIN, got_signal, NULL);
}

static void must(const char *fault, const char *what, unsigned int id)
{
	if (fault)
		die("%s %u: %s", what, id, fault);
}

static void capture(struct nic *nic, const char *dir, unsigned int id)
{
	char file[4096];

	if (!dir)
		return;
	if (mkdir(dir, 0777) && errno != EEXIST)
		die("--capture: cannot make %s: %s", dir, strerror(errno));
	snprintf(file, sizeof(file), "%s/nic%u-synthetic.pcapng", dir, id);
	must(nic_capture(nic, false, file), "--capture: NIC", id);
	snprintf(file, sizeof(file), "%s/nic%u-vf.pcapng", dir, id);
	must(nic_capture(nic, true, file), "--capture: NIC", id);
}

static struct host *create_network(struct vm *vm, struct vmbus *vmbus,
				   const struct options *opts)
{
	struct host_config config = {
		.gen = opts->gen,
		.max_nvsp = opts->nvsp_version,
		.mtu = opts->mtu,
		.queues = opts->queues,
	};
	struct vswitch *vs = vswitch_create();
	struct host *host;
	const char *why;
	struct nic *nic;
	unsigned int i;

	if (opts->tap && !vswitch_uplink_tap(vs, opts->tap))
		die("--tap: cannot use the tap device %s", opts->tap);
	host = host_create(vm, vmbus, vs, &config);
	for (i = 0; i < opts->nr_nics; i++) {
		must(host_nic_add(host, i, opts->macs[i]), "--nic: NIC", i);
		nic = host_nic(host, i, &why);
		must(why, "--nic: NIC", i);
		capture(nic, opts->capture, i);
		if (opts->vfs[i])
			must(nic_vf_add(nic), "--vf", i);
	}
	return host;
}

static struct vmbus *create_vmbus(struct vm *vm, const struct options *opts)
{
	struct vmbus *vmbus = vmbus_create(vm, opts->vmbus_version);
	struct hv_calls calls = {
		.post_message = vmbus_post_message,
		.signal_event = vmbus_signal_event,
		.vmbus = vmbus,
		.retarget = vpci_retarget,
	};

	hv_set_calls(vm, &calls);
	return vmbus;
}

static int run(const struct options *opts)
{
	struct boot_config boot = {
		.kernel = opts->kernel,
		.initrd = opts->initrd,
		.command_line = opts->append,
	};
	struct host *host;
	struct uart *uart;
	struct vm *vm;
	int status;

	hv_set_release(opts->gen->major, opts->gen->minor, opts->gen->build);
	vm = vm_create(opts->vcpus, (uint64_t)opts->memory_mb << 20);
	host_lock();
	boot_linux(vm, &boot);
	platform_create(vm);
	console_create(vm, opts->console);
	uart = uart_create(vm, COM2_BASE, COM2_IRQ, control_from_uart, NULL);
	host = create_network(vm, create_vmbus(vm, opts), opts);
	control_start(host, opts->control, uart);
	log_info("main", "%s, on %s, %u MiB, %u vCPU%s, %u NIC%s",
		 opts->kernel, opts->gen->name, opts->memory_mb, opts->vcpus,
		 opts->vcpus == 1 ? "" : "s", opts->nr_nics,
		 opts->nr_nics == 1 ? "" : "s");
	vm_start(vm);
	host_unlock();
	status = loop_run();
	vm_stop(vm);
	host_lock();
	console_close();
	control_stop();
	host_unlock();
	return status;
}

int main(int argc, char **argv)
{
	struct options opts;

	options_parse(&opts, argc, argv);
	catch_signals();
	return opts.check_kvm ? vm_check_kvm() : run(&opts);
}
