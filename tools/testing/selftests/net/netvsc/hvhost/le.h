/* SPDX-License-Identifier: GPL-2.0 */
/* Little-endian numbers of some bytes, as in PCI configuration space. */
#ifndef HVHOST_LE_H
#define HVHOST_LE_H

#include <stdint.h>

static inline uint32_t get_le(const uint8_t *p, unsigned int size)
{
	uint32_t value = 0;

	while (size--)
		value = value << 8 | p[size];
	return value;
}

static inline void put_le(uint8_t *p, unsigned int size, uint32_t value)
{
	for (; size--; value >>= 8)
		*p++ = value;
}

#endif
