// Arm MPS3 FPGA image AN547 (Cortex-M55 in a Corstone SSE-300), as QEMU's mps3-an547 has it, by
// its addresses for Secure state. Arm Application Note AN547, tables "memory map" and "interrupt
// map".
#define MICROPY_HW_BOARD_NAME       "MPS3_AN547"
#define MICROPY_HW_MCU_NAME         "Cortex-M55 (emulated)"

// What agents get when the configuration does not say.
#define WASM3_POOL_BYTES            (128 * 1024)

#define BOARD_CLOCK_HZ              (32000000)
#define BOARD_TICKS_HZ              (8000000)
#define BOARD_WATCHDOG_HZ           (32000)

#define BOARD_COUNTER_BASE          (0x58100000)
#define BOARD_COUNTER_HZ            (BOARD_CLOCK_HZ)
#define BOARD_TIMER0_BASE           (0x58000000)
#define BOARD_TIMER0_IRQ            (3)

#define BOARD_UART0_BASE            (0x59303000)
#define BOARD_UART0_RX_IRQ          (33)

#define BOARD_WATCHDOG_BASE         (0x5802E000)

#define BOARD_LAN9118_BASE          (0x51400000)
#define BOARD_LAN9118_IRQ           (49)

#define BOARD_IRQ_COUNT             (50)
#define BOARD_IRQ_HANDLERS \
    [BOARD_UART0_RX_IRQ] = uart_rx_irq, \
    [BOARD_TIMER0_IRQ] = ticks_wake_irq, \
    [BOARD_LAN9118_IRQ] = lan9118_irq,

// The first 16 MB of the DDR memory, which the emulator backs with a file, stand for NOR flash.
// The file system takes the first 4 MB, the agent store the rest.
#define BOARD_FLASH_BASE            (0x60000000)
#define BOARD_FLASH_BYTES           (16 * 1024 * 1024)
#define BOARD_FLASH_FS_BYTES        (4 * 1024 * 1024)
