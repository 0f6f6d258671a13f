// Interrupts go to their drivers. Exceptions must not happen: say on the serial port what
// happened, then reset.
#include <stdbool.h>
#include <stdint.h>

#include "core.h"
#include "fault.h"
#include "ticks.h"
#include "uart.h"

// What the trap's entry pushes.
typedef struct {
    uint32_t ra, t[7], a[8];
} frame_t;

#define CAUSE_LOAD      (5)
#define CAUSE_STORE     (7)
#define CAUSE_INTERRUPT (1u << 31)
#define CAUSE_TIMER     (7)
#define CAUSE_EXTERNAL  (11)

extern uint32_t _stack_bottom, _handler_guard, _handler_stack_top;

// An interrupt that the board does not list is never enabled.
static void (*const irq_handlers[BOARD_IRQ_COUNT])(void) = { BOARD_IRQ_HANDLERS };

static void handle_external(void) {
    for (uint32_t irq; (irq = PLIC_CLAIM) != 0;) {
        irq_handlers[irq]();
        PLIC_CLAIM = irq;
    }
}

static const char *exception_name(uint32_t cause) {
    static const char *const names[] = {
        [0] = "misaligned jump", [1] = "instruction fault", [2] = "illegal instruction",
        [3] = "breakpoint", [4] = "misaligned load", [CAUSE_LOAD] = "load fault",
        [6] = "misaligned store", [CAUSE_STORE] = "store fault", [11] = "environment call",
    };
    const char *name = cause < sizeof(names) / sizeof(names[0]) ? names[cause] : 0;
    return name ? name : "unexpected exception";
}

static bool within(uint32_t address, uint32_t start, uint32_t bytes) {
    return address - start < bytes;
}

static const char *stack_verdict(uint32_t cause, uint32_t address) {
    if (cause != CAUSE_LOAD && cause != CAUSE_STORE) {
        return "";
    }
    if (within(address, (uint32_t)&_handler_guard, CORE_HANDLER_GUARD_BYTES)) {
        return "handler stack overflow\r\n";
    }
    uint32_t guard = (uint32_t)&_stack_bottom - CORE_GUARD_BYTES;
    return within(address, guard, CORE_GUARD_BYTES) ? "C stack overflow\r\n" : "";
}

__attribute__((noreturn)) static void report(const frame_t *frame, uint32_t cause) {
    fault_begin(exception_name(cause));
    fault_put(stack_verdict(cause, CSR_READ(mtval)));
    fault_put_hex("a0=", frame->a[0]);
    fault_put_hex("a1=", frame->a[1]);
    fault_put_hex("a2=", frame->a[2]);
    fault_put_hex("a3=", frame->a[3]);
    fault_put("\r\n");
    fault_put_hex("pc=", CSR_READ(mepc));
    fault_put_hex("ra=", frame->ra);
    fault_put_hex("sp=", CSR_READ(mscratch));
    fault_put_hex("cause=", cause);
    fault_put_hex("address=", CSR_READ(mtval));
    fault_end(RESETCAUSE_FAULT);
}

__attribute__((used)) static void trap(const frame_t *frame, uint32_t cause) {
    if (cause == (CAUSE_INTERRUPT | CAUSE_TIMER)) {
        ticks_wake_irq();
    } else if (cause == (CAUSE_INTERRUPT | CAUSE_EXTERNAL)) {
        handle_external();
    } else {
        report(frame, cause);
    }
}

// Traps have a stack of their own, which waits in mscratch, so that they still work when
// Python's has overflowed. A fault in a handler is reported on Python's.
__attribute__((naked, aligned(4))) static void trap_entry(void) {
    __asm volatile (
        "csrrw sp, mscratch, sp\n"
        "addi sp, sp, -64\n"
        "sw ra, 0(sp)\n"
        "sw t0, 4(sp)\n"
        "sw t1, 8(sp)\n"
        "sw t2, 12(sp)\n"
        "sw t3, 16(sp)\n"
        "sw t4, 20(sp)\n"
        "sw t5, 24(sp)\n"
        "sw t6, 28(sp)\n"
        "sw a0, 32(sp)\n"
        "sw a1, 36(sp)\n"
        "sw a2, 40(sp)\n"
        "sw a3, 44(sp)\n"
        "sw a4, 48(sp)\n"
        "sw a5, 52(sp)\n"
        "sw a6, 56(sp)\n"
        "sw a7, 60(sp)\n"
        "mv a0, sp\n"
        "csrr a1, mcause\n"
        "call trap\n"
        "lw ra, 0(sp)\n"
        "lw t0, 4(sp)\n"
        "lw t1, 8(sp)\n"
        "lw t2, 12(sp)\n"
        "lw t3, 16(sp)\n"
        "lw t4, 20(sp)\n"
        "lw t5, 24(sp)\n"
        "lw t6, 28(sp)\n"
        "lw a0, 32(sp)\n"
        "lw a1, 36(sp)\n"
        "lw a2, 40(sp)\n"
        "lw a3, 44(sp)\n"
        "lw a4, 48(sp)\n"
        "lw a5, 52(sp)\n"
        "lw a6, 56(sp)\n"
        "lw a7, 60(sp)\n"
        "addi sp, sp, 64\n"
        "csrrw sp, mscratch, sp\n"
        "mret\n");
}

void fault_init(void) {
    CSR_WRITE(mscratch, &_handler_stack_top);
    CSR_WRITE(mtvec, trap_entry);
    CSR_SET(mstatus, MSTATUS_MIE);
}
