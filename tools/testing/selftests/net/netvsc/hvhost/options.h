/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The command line.  options.c
 */
#ifndef HVHOST_OPTIONS_H
#define HVHOST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "nic.h"

struct options {
	bool check_kvm;
	const char *kernel;
	const char *initrd;
	const char *append;
	const char *console;		/* "-": standard input and output */
	const char *control;
	const char *tap;
	const char *capture;
	unsigned int memory_mb;
	unsigned int vcpus;
	unsigned int nr_nics;
	uint8_t macs[NIC_MAX][6];
	bool vfs[NIC_MAX];		/* present at boot */
	const struct generation *gen;
	uint32_t vmbus_version;
	uint32_t nvsp_version;
	uint32_t mtu;
	unsigned int queues;		/* of each NIC */
};

/* Ends the program with one line if it makes no sense, or after --help. */
void options_parse(struct options *opts, int argc, char **argv);

#endif
