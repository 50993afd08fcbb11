// SPDX-License-Identifier: GPL-2.0
/*
 * Booting Linux as its 64-bit boot protocol says: a bzImage, an initramfs and a
 * command line in memory, a filled-in zero page, identity-mapped page tables.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot.h"
#include "log.h"
#include "machine.h"

/* Where things go below 1 MiB. */
#define GDT_BASE		0x6000ull
#define ZERO_PAGE_BASE		0x7000ull
#define PAGE_TABLES_BASE	0x9000ull
#define COMMAND_LINE_BASE	0x20000ull
#define EBDA_BASE		0x9fc00ull
#define VGA_BASE		0xa0000ull
#define LOW_MEMORY_END		0x100000ull

#define SETUP_HEADER		0x1f1
#define MAGIC_OFFSET		0x202
#define MAGIC			0x53726448	/* "HdrS" */
#define BOOT_FLAG		0xaa55
#define MIN_PROTOCOL		0x020c		/* knows of 64-bit entry */
#define LOADER_UNDEFINED	0xff
#define ENTRY_64		0x200
#define SECTOR			512
#define VIDEO_NORMAL		0xffff

#define E820_RAM		1
#define E820_RESERVED		2
#define E820_ACPI		3

#define CODE_SELECTOR		0x10
#define DATA_SELECTOR		0x18

/* Page tables ------------------------------------------------------------- */

#define PTE_PRESENT_WRITE	0x003
#define PTE_LARGE		0x080
#define LARGE_PAGE		0x200000ull
#define NR_PTES			512
#define NR_DIRECTORIES		4		/* of 1 GiB each */

static void put(struct vm *vm, uint64_t gpa, const void *data, size_t len)
{
	if (!mem_write(vm_mem(vm), gpa, data, len))
		die("too little memory to boot");
}

static void put_page_tables(struct vm *vm)
{
	uint64_t directory = PAGE_TABLES_BASE + 2 * GUEST_PAGE_SIZE;
	uint64_t table[NR_PTES] = { 0 };
	uint64_t address = 0;
	unsigned int i, j;

	table[0] = (PAGE_TABLES_BASE + GUEST_PAGE_SIZE) | PTE_PRESENT_WRITE;
	put(vm, PAGE_TABLES_BASE, table, sizeof(table));
	for (i = 0; i < NR_DIRECTORIES; i++)
		table[i] = (directory + i * GUEST_PAGE_SIZE) |
			PTE_PRESENT_WRITE;
	put(vm, PAGE_TABLES_BASE + GUEST_PAGE_SIZE, table, sizeof(table));
	for (i = 0; i < NR_DIRECTORIES; i++) {
		for (j = 0; j < NR_PTES; j++, address += LARGE_PAGE)
			table[j] = address | PTE_LARGE | PTE_PRESENT_WRITE;
		put(vm, directory + i * GUEST_PAGE_SIZE, table, sizeof(table));
	}
}

void boot_set_entry(struct vm *vm, uint64_t rip, uint64_t rsi)
{
	static const uint64_t gdt[] = {
		0, 0,
		0x00af9b000000ffff,	/* 64-bit code */
		0x00cf93000000ffff,	/* data */
	};
	struct vm_entry entry = {
		.rip = rip,
		.rsi = rsi,
		.cr3 = PAGE_TABLES_BASE,
		.gdt = GDT_BASE,
		.gdt_size = sizeof(gdt),
		.code = CODE_SELECTOR,
		.data = DATA_SELECTOR,
	};

	put(vm, GDT_BASE, gdt, sizeof(gdt));
	put_page_tables(vm);
	vm_set_entry(vm, &entry);
}

/* Files ------------------------------------------------------------------- */

struct file {
	const char *name;
	uint8_t *data;
	size_t size;
};

static struct file open_file(const char *name, const char *what)
{
	struct file file = { .name = name };
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die("cannot read the %s %s: %s", what, name, strerror(errno));
	if (!S_ISREG(st.st_mode) || !st.st_size)
		die("the %s %s is not a file, or empty", what, name);
	file.size = st.st_size;
	file.data = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file.data == MAP_FAILED)
		die("cannot read the %s %s: %s", what, name, strerror(errno));
	close(fd);
	return file;
}

static void close_file(struct file *file)
{
	munmap(file->data, file->size);
}

/* The kernel -------------------------------------------------------------- */

static size_t setup_size(const struct setup_header *hdr)
{
	/* Zero means four, for images older than the hills. */
	return ((hdr->setup_sects ? hdr->setup_sects : 4) + 1) * SECTOR;
}

const char *bzimage_check(const void *image, size_t size)
{
	struct setup_header hdr;

	if (size < SETUP_HEADER + sizeof(hdr))
		return "too short";
	memcpy(&hdr, (const uint8_t *)image + SETUP_HEADER, sizeof(hdr));
	if (hdr.boot_flag != BOOT_FLAG || hdr.header != MAGIC)
		return "not a bzImage";
	if (hdr.version < MIN_PROTOCOL)
		return "its boot protocol is too old";
	if (!(hdr.loadflags & LOADED_HIGH))
		return "not a bzImage but a zImage";
	if (!(hdr.xloadflags & XLF_KERNEL_64))
		return "not a 64-bit kernel";
	if (size <= setup_size(&hdr) + ENTRY_64)
		return "cut short";
	return NULL;
}

unsigned int e820_fill(struct boot_e820_entry *map, uint64_t low, uint64_t high)
{
	const struct boot_e820_entry entries[] = {
		{ 0, EBDA_BASE, E820_RAM },
		{ EBDA_BASE, VGA_BASE - EBDA_BASE, E820_RESERVED },
		{ ACPI_TABLES_BASE, ACPI_TABLES_SIZE, E820_ACPI },
		{ ACPI_TABLES_BASE + ACPI_TABLES_SIZE,
		  LOW_MEMORY_END - ACPI_TABLES_BASE - ACPI_TABLES_SIZE,
		  E820_RESERVED },
		{ LOW_MEMORY_END, low - LOW_MEMORY_END, E820_RAM },
		{ 1ull << 32, high, E820_RAM },
	};
	unsigned int count = high ? 6 : 5;

	memcpy(map, entries, count * sizeof(*map));
	return count;
}

static void set_memory_map(struct vm *vm, struct boot_params *zero)
{
	const struct guest_mem *mem = vm_mem(vm);
	uint64_t high = mem->nr_regions > 1 ? mem->regions[1].size : 0;

	zero->e820_entries = e820_fill(zero->e820_table, mem->regions[0].size,
				       high);
}

/* Loads the protected-mode part and returns where it is. */
static uint64_t load_kernel(struct vm *vm, const struct file *file,
			    const struct setup_header *hdr)
{
	uint64_t base = hdr->pref_address;
	size_t setup = setup_size(hdr);
	size_t size = file->size - setup;
	uint64_t room = hdr->init_size > size ? hdr->init_size : size;

	if (base < LOW_MEMORY_END || !mem_ptr(vm_mem(vm), base, room))
		die("too little memory: the kernel %s needs %llu MiB to unpack",
		    file->name, (unsigned long long)((base + room) >> 20) + 1);
	put(vm, base, file->data + setup, size);
	return base;
}

/* As high as the kernel can take it, out of the way of what it unpacks. */
static void load_initrd(struct vm *vm, const char *name, uint64_t kernel_end,
			struct setup_header *hdr)
{
	uint64_t top = vm_mem(vm)->regions[0].size;
	struct file file;
	uint64_t base;

	if (!name)
		return;
	file = open_file(name, "initrd");
	if (top > (uint64_t)hdr->initrd_addr_max + 1)
		top = (uint64_t)hdr->initrd_addr_max + 1;
	base = (top - file.size) & ~(GUEST_PAGE_SIZE - 1ull);
	if (file.size > top || base < kernel_end)
		die("too little memory: the initrd %s has %zu MiB", name,
		    (file.size >> 20) + 1);
	put(vm, base, file.data, file.size);
	hdr->ramdisk_image = base;
	hdr->ramdisk_size = file.size;
	close_file(&file);
}

/*
 * There is no configuration space to find PCI devices in, but on some processors
 * the kernel goes through all of it in search of AGP bridges: 16,000 exits that
 * take seconds one level down.
 */
#define NO_EARLY_PCI		"pci=noearly "

static void load_command_line(struct vm *vm, const char *text,
			      struct setup_header *hdr)
{
	size_t prefix = sizeof(NO_EARLY_PCI) - 1;
	size_t len = strlen(text);

	if (prefix + len > hdr->cmdline_size)
		die("the kernel command line has %zu characters; this kernel takes %zu",
		    len, hdr->cmdline_size - prefix);
	put(vm, COMMAND_LINE_BASE, NO_EARLY_PCI, prefix);
	put(vm, COMMAND_LINE_BASE + prefix, text, len + 1);
	hdr->cmd_line_ptr = COMMAND_LINE_BASE;
}

static uint64_t header_end(const uint8_t *image)
{
	/* The jump at the start of the header says where it ends. */
	return MAGIC_OFFSET + image[0x201];
}

static void copy_header(struct boot_params *zero, const struct file *file)
{
	size_t size = header_end(file->data) - SETUP_HEADER;

	if (size > sizeof(zero->hdr))
		size = sizeof(zero->hdr);
	memcpy(&zero->hdr, file->data + SETUP_HEADER, size);
}

void boot_linux(struct vm *vm, const struct boot_config *config)
{
	struct file file = open_file(config->kernel, "kernel");
	const char *fault = bzimage_check(file.data, file.size);
	struct boot_params zero = { 0 };
	struct setup_header *hdr = &zero.hdr;
	uint64_t base;

	if (fault)
		die("cannot boot the kernel %s: %s", config->kernel, fault);
	copy_header(&zero, &file);
	hdr->type_of_loader = LOADER_UNDEFINED;
	hdr->vid_mode = VIDEO_NORMAL;
	base = load_kernel(vm, &file, hdr);
	hdr->code32_start = base;
	load_initrd(vm, config->initrd, base + hdr->init_size, hdr);
	load_command_line(vm, config->command_line, hdr);
	set_memory_map(vm, &zero);
	zero.acpi_rsdp_addr = acpi_install(vm);
	put(vm, ZERO_PAGE_BASE, &zero, sizeof(zero));
	boot_set_entry(vm, base + ENTRY_64, ZERO_PAGE_BASE);
	close_file(&file);
}
