// Flash as QEMU's PCI device ivshmem-plain, slot 1: a second piece of memory that has a file behind
// it, where the machine itself can have but one. Its registers are BAR 0, the memory is BAR 2,
// which has 64 bits (QEMU's docs/specs/ivshmem-spec).
#include "mpconfigboard.h"
#include "reg.h"
#include "flash_ivshmem.h"
#include "fault.h"

#define CONFIG(offset)  REG32(BOARD_PCI_CONFIG_BASE + (1 << 15) + (offset))
#define ID              CONFIG(0x00)
#define ID_IVSHMEM      (0x11101AF4)
#define COMMAND         CONFIG(0x04)
#define COMMAND_MEMORY  (1u << 1)
#define BAR(n)          CONFIG(0x10 + 4 * (n))

void flash_ivshmem_map(void) {
    if (ID != ID_IVSHMEM) {
        fault_stop("no flash: the emulator has no ivshmem-plain in PCI slot 1");
    }
    BAR(0) = BOARD_FLASH_REGISTERS_BASE;
    BAR(2) = BOARD_FLASH_BASE;
    BAR(3) = 0;
    COMMAND = COMMAND_MEMORY;
}
