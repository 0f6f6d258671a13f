// Vector table and reset: from power-on to main().
#include <stdint.h>

#include "py/mpconfig.h"
#include "cortexm.h"
#include "fault.h"
#include "ticks.h"
#include "uart.h"
#include "net/lan9118.h"
#include "net/net.h"

extern uint32_t _stack_bottom, _stack_top, _handler_guard, _handler_stack_top;
extern uint32_t _sidata, _sdata, _edata, _sbss, _ebss;

int main(void);
void Reset_Handler(void);

static void copy_data(void) {
    for (uint32_t *from = &_sidata, *to = &_sdata; to < &_edata;) {
        *to++ = *from++;
    }
    for (uint32_t *to = &_sbss; to < &_ebss;) {
        *to++ = 0;
    }
}

static void mpu_forbid(uint32_t region, uint32_t address, uint32_t log2_bytes) {
    MPU_RBAR = address | 0x10 | region; // VALID: `region` counts
    MPU_RASR = (log2_bytes - 1) << 1 | 1; // no access, enabled
}

// Both stacks grow down to memory that nobody may touch: 16 MB below RAM, where the process
// stack ends, and 256 bytes below the handlers' stack. Everywhere else as without an MPU.
static void guard_stacks(void) {
    mpu_forbid(0, (uint32_t)&_stack_bottom - (1u << 24), 24);
    mpu_forbid(1, (uint32_t)&_handler_guard, 8);
    MPU_CTRL = 5; // enabled, background map for the rest
    __asm volatile ("dsb\nisb" ::: "memory");
}

__attribute__((used, noreturn)) static void start(void) {
    SCB_CPACR |= 0xFu << 20; // FPU: full access, before the first VFP instruction
    __asm volatile ("dsb\nisb" ::: "memory");
    copy_data();
    guard_stacks();
    fault_init();
    uart_init();
    ticks_init();
    main();
    cortexm_reset();
}

// Python runs on the process stack; handlers have one of their own (MSP, from the vector
// table), so that they still work when the process stack has overflowed.
__attribute__((naked)) void Reset_Handler(void) {
    __asm volatile (
        "ldr r0, =_stack_top\n"
        "msr psp, r0\n"
        "mov r0, #2\n" // CONTROL.SPSEL
        "msr control, r0\n"
        "isb\n"
        "b start\n");
}

typedef void (*vector_t)(void);

// An interrupt that is not listed is never enabled.
__attribute__((used, section(".isr_vector")))
static const struct {
    uint32_t *stack;
    vector_t system[15];
    vector_t irq[BOARD_IRQ_COUNT];
} isr_vector = {
    .stack = &_handler_stack_top,
    .system = {
        Reset_Handler,
        fault_handler, // NMI
        fault_handler, // HardFault
        fault_handler, // MemManage
        fault_handler, // BusFault
        fault_handler, // UsageFault
        0, 0, 0, 0,
        fault_handler, // SVC
        fault_handler, // debug monitor
        0,
        fault_handler, // PendSV
        net_tick_irq, // SysTick
    },
    .irq = {
        [BOARD_UART0_RX_IRQ] = uart_rx_irq,
        [BOARD_TIMER0_IRQ] = ticks_wrap_irq,
        [BOARD_TIMER1_IRQ] = ticks_wake_irq,
        [BOARD_LAN9118_IRQ] = lan9118_irq,
    },
};
