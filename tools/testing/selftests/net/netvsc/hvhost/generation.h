/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generations of Hyper-V hosts: what a guest finds on each.  generation.c
 */
#ifndef HVHOST_GENERATION_H
#define HVHOST_GENERATION_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct generation - a release of Hyper-V, as its guests see it
 * @name: as `--host` takes it
 * @major, @minor, @build: of the hypervisor, in CPUID
 * @vmbus: newest VMBus version
 * @nvsp: newest NVSP version, as in the protocol
 * @vpci: newest version of vPCI
 * @speed: of the NICs, Mbit/s
 * @udp_csum: fills in UDP checksums; TCP's all do
 * @rsc: coalesces TCP segments for guests that want it
 * @short_indication: the length of an indication leaves out the data that
 *	follow it in the same range
 */
struct generation {
	const char *name;
	uint16_t major, minor;
	uint32_t build;
	uint32_t vmbus;
	uint32_t nvsp;
	uint32_t vpci;
	uint32_t speed;
	bool udp_csum;
	bool rsc;
	bool short_indication;
};

#define GENERATION_DEFAULT	"ws2022"

/* NULL if there is none of this name. */
const struct generation *generation_find(const char *name);

#endif
