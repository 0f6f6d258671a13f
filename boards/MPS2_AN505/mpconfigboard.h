// Arm MPS2 FPGA image AN505 (Cortex-M33 in an IoT Kit), as QEMU's mps2-an505 has it, by its
// addresses for Secure state. Arm Application Note AN505, tables "memory map" and "interrupts".
#define MICROPY_HW_BOARD_NAME       "MPS2_AN505"
#define MICROPY_HW_MCU_NAME         "Cortex-M33 (emulated)"

// What agents get when the configuration does not say.
#define WASM3_POOL_BYTES            (128 * 1024)

#define BOARD_CLOCK_HZ              (20000000)
#define BOARD_TICKS_HZ              (BOARD_CLOCK_HZ)
#define BOARD_WATCHDOG_HZ           (BOARD_CLOCK_HZ)

#define BOARD_TIMER0_BASE           (0x50000000)
#define BOARD_TIMER0_IRQ            (3)
#define BOARD_TIMER1_BASE           (0x50001000)
#define BOARD_TIMER1_IRQ            (4)

#define BOARD_UART0_BASE            (0x50200000)
#define BOARD_UART0_RX_IRQ          (32)

#define BOARD_WATCHDOG_BASE         (0x50081000)

#define BOARD_LAN9118_BASE          (0x52000000)
#define BOARD_LAN9118_IRQ           (48)

#define BOARD_IRQ_COUNT             (49)
#define BOARD_IRQ_HANDLERS \
    [BOARD_UART0_RX_IRQ] = uart_rx_irq, \
    [BOARD_TIMER0_IRQ] = ticks_wrap_irq, \
    [BOARD_TIMER1_IRQ] = ticks_wake_irq, \
    [BOARD_LAN9118_IRQ] = lan9118_irq,

// The 16 MB PSRAM, which the emulator backs with a file, stands for NOR flash. The file
// system takes its first 4 MB, the agent store the rest.
#define BOARD_FLASH_BASE            (0x80000000)
#define BOARD_FLASH_BYTES           (16 * 1024 * 1024)
#define BOARD_FLASH_FS_BYTES        (4 * 1024 * 1024)
