// SPDX-License-Identifier: GPL-2.0
/*
 * Booting: what passes for a kernel, and the memory map that it gets.
 */
#include <string.h>

#include "kselftest_harness.h"

#include "../boot.h"
#include "../vm.h"

#define GIB		(1ull << 30)
#define IMAGE_SIZE	8192

static uint8_t image[IMAGE_SIZE];

static struct setup_header *make_image(void)
{
	struct setup_header *hdr = (void *)(image + 0x1f1);

	memset(image, 0, sizeof(image));
	hdr->boot_flag = 0xaa55;
	hdr->header = 0x53726448;
	hdr->version = 0x020f;
	hdr->loadflags = LOADED_HIGH;
	hdr->xloadflags = XLF_KERNEL_64;
	hdr->setup_sects = 7;
	return hdr;
}

TEST(a_kernel_is_taken)
{
	make_image();
	EXPECT_EQ(NULL, bzimage_check(image, sizeof(image)));
}

TEST(what_is_no_kernel_is_not)
{
	struct setup_header *hdr = make_image();

	EXPECT_STREQ("too short", bzimage_check(image, 0));
	EXPECT_STREQ("too short", bzimage_check(image, 0x1f1 + 4));
	hdr->header = 0;
	EXPECT_STREQ("not a bzImage", bzimage_check(image, sizeof(image)));
	hdr = make_image();
	hdr->boot_flag = 0;
	EXPECT_STREQ("not a bzImage", bzimage_check(image, sizeof(image)));
	hdr = make_image();
	hdr->version = 0x0204;
	EXPECT_STREQ("its boot protocol is too old",
		     bzimage_check(image, sizeof(image)));
	hdr = make_image();
	hdr->xloadflags = 0;
	EXPECT_STREQ("not a 64-bit kernel",
		     bzimage_check(image, sizeof(image)));
	hdr = make_image();
	hdr->loadflags = 0;
	EXPECT_STREQ("not a bzImage but a zImage",
		     bzimage_check(image, sizeof(image)));
	hdr = make_image();
	hdr->setup_sects = 255;
	EXPECT_STREQ("cut short", bzimage_check(image, sizeof(image)));
}

static uint64_t usable(const struct boot_e820_entry *map, unsigned int count)
{
	uint64_t sum = 0;

	while (count--)
		sum += map[count].type == 1 ? map[count].size : 0;
	return sum;
}

static bool in_order(const struct boot_e820_entry *map, unsigned int count)
{
	unsigned int i;

	for (i = 1; i < count; i++)
		if (map[i].addr < map[i - 1].addr + map[i - 1].size)
			return false;
	return true;
}

TEST(the_memory_map_has_all_memory_once)
{
	struct boot_e820_entry map[E820_MAX_ENTRIES_ZEROPAGE];
	unsigned int count;

	count = e820_fill(map, GIB, 0);
	EXPECT_EQ(5, count);
	EXPECT_TRUE(in_order(map, count));
	EXPECT_EQ(GIB - 0x100000 + 0x9fc00, usable(map, count));
	EXPECT_EQ(GIB, map[4].addr + map[4].size);

	count = e820_fill(map, VM_RAM_LOW_END, 2 * GIB);
	EXPECT_EQ(6, count);
	EXPECT_TRUE(in_order(map, count));
	EXPECT_EQ(VM_RAM_LOW_END + 2 * GIB - 0x100000 + 0x9fc00,
		  usable(map, count));
	EXPECT_EQ(4 * GIB, map[5].addr);
}

TEST_HARNESS_MAIN
