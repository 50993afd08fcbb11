/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the guest cannot find by itself: VMBus with the windows that vPCI
 * registers come from, two serial ports, and how to switch off.  The windows
 * are where vm.h has no RAM, the ports are those of console.c and main.c.
 */
DefinitionBlock ("dsdt.aml", "DSDT", 2, "HVHOST", "HVHOST  ", 1)
{
	/* Sleep type 5 in the PM1a control register ends the VM. */
	Name (\_S5, Package () { 5, 5, 0, 0 })

	Scope (\_SB)
	{
		Device (VMBS)
		{
			/* A method, as iasl wants longer names of a Name(). */
			Method (_HID)
			{
				Return ("VMBUS")
			}
			Name (_UID, 0)
			/* 128 MiB, below the IOAPIC; 512 MiB, up to 64 GiB */
			Name (_CRS, ResourceTemplate ()
			{
				DWordMemory (ResourceProducer, PosDecode,
					MinFixed, MaxFixed, NonCacheable,
					ReadWrite, 0x0, 0xf0000000, 0xf7ffffff,
					0x0, 0x08000000)
				QWordMemory (ResourceProducer, PosDecode,
					MinFixed, MaxFixed, NonCacheable,
					ReadWrite, 0x0, 0xfe0000000,
					0xfffffffff, 0x0, 0x20000000)
			})
			Method (_STA)
			{
				Return (0x0f)
			}
		}

		Device (COM1)
		{
			Name (_HID, EisaId ("PNP0501"))
			Name (_UID, 1)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x03f8, 0x03f8, 0x00, 0x08)
				IRQNoFlags () { 4 }
			})
		}

		Device (COM2)
		{
			Name (_HID, EisaId ("PNP0501"))
			Name (_UID, 2)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x02f8, 0x02f8, 0x00, 0x08)
				IRQNoFlags () { 3 }
			})
		}
	}
}
