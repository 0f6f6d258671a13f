// QEMU's RISC-V machine virt with 32 bits (hw/riscv/virt.c has its memory map and interrupts).
#include "devices/flash_ivshmem.h"

#define MICROPY_HW_BOARD_NAME       "QEMU_RV32"
#define MICROPY_HW_MCU_NAME         "RV32IMC (emulated)"

// What agents get when the configuration does not say.
#define WASM3_POOL_BYTES            (96 * 1024)

// The machine has no clock of its own; 160 MHz is an ESP32-C3's.
#define BOARD_CLOCK_HZ              (160000000)
#define BOARD_TICKS_HZ              (10000000)

#define BOARD_TEST_BASE             (0x00100000)
#define BOARD_CLINT_BASE            (0x02000000)
#define BOARD_PLIC_BASE             (0x0C000000)
#define BOARD_FWCFG_BASE            (0x10100000)
#define BOARD_PCI_CONFIG_BASE       (0x30000000)

#define BOARD_UART0_BASE            (0x10000000)
#define BOARD_UART0_RX_IRQ          (10)

#define BOARD_IRQ_COUNT             (11)
#define BOARD_IRQ_HANDLERS \
    [BOARD_UART0_RX_IRQ] = uart_rx_irq,

// 16 MB of a PCI device, which the emulator backs with a file, stand for NOR flash. The file
// system takes the first 4 MB, the agent store the rest.
#define BOARD_FLASH_BASE            (0x40000000)
#define BOARD_FLASH_BYTES           (16 * 1024 * 1024)
#define BOARD_FLASH_FS_BYTES        (4 * 1024 * 1024)
#define BOARD_FLASH_REGISTERS_BASE  (0x42000000)
#define BOARD_EARLY_INIT()          flash_ivshmem_map()
