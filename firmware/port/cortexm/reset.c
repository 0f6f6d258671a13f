// Vector table and reset: from power-on to startup().
#include <stdint.h>

#include "mpconfigboard.h"
#include "core.h"
#include "exceptions.h"
#include "startup.h"
#include "ticks.h"
#include "uart.h"
#include "net/lan9118.h"
#include "net/net.h"

extern uint32_t _stack_top, _handler_stack_top;

void Reset_Handler(void);

__attribute__((used, noreturn)) static void start(void) {
    SCB_CPACR |= 0xFu << 20; // FPU, where there is one: before its first instruction
    core_barrier();
    startup();
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

// An interrupt that the board does not list is never enabled.
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
        fault_handler, // SecureFault
        0, 0, 0,
        fault_handler, // SVC
        fault_handler, // debug monitor
        0,
        fault_handler, // PendSV
        net_tick_irq, // SysTick
    },
    .irq = { BOARD_IRQ_HANDLERS },
};
