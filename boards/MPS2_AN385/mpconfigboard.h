// Arm MPS2 FPGA image AN385 (Cortex-M3), as QEMU's mps2-an385 has it.
// Arm Application Note AN385, tables "memory map" and "interrupt assignment".
#define MICROPY_HW_BOARD_NAME       "MPS2_AN385"
#define MICROPY_HW_MCU_NAME         "Cortex-M3 (emulated)"

// What agents get when the configuration does not say.
#define WASM3_POOL_BYTES            (64 * 1024)

#define BOARD_CLOCK_HZ              (25000000)
#define BOARD_TICKS_HZ              (BOARD_CLOCK_HZ)
#define BOARD_WATCHDOG_HZ           (BOARD_CLOCK_HZ)

#define BOARD_TIMER0_BASE           (0x40000000)
#define BOARD_TIMER0_IRQ            (8)
#define BOARD_TIMER1_BASE           (0x40001000)
#define BOARD_TIMER1_IRQ            (9)

#define BOARD_UART0_BASE            (0x40004000)
#define BOARD_UART0_RX_IRQ          (0)

#define BOARD_WATCHDOG_BASE         (0x40008000)

#define BOARD_LAN9118_BASE          (0x40200000)
#define BOARD_LAN9118_IRQ           (13)

#define BOARD_IRQ_COUNT             (32)
#define BOARD_IRQ_HANDLERS \
    [BOARD_UART0_RX_IRQ] = uart_rx_irq, \
    [BOARD_TIMER0_IRQ] = ticks_wrap_irq, \
    [BOARD_TIMER1_IRQ] = ticks_wake_irq, \
    [BOARD_LAN9118_IRQ] = lan9118_irq,

// The 16 MB PSRAM, which the emulator backs with a file, stands for NOR flash. The file
// system takes its first 4 MB, the agent store the rest.
#define BOARD_FLASH_BASE            (0x21000000)
#define BOARD_FLASH_BYTES           (16 * 1024 * 1024)
#define BOARD_FLASH_FS_BYTES        (4 * 1024 * 1024)
