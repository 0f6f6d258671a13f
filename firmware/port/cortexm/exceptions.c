// Exceptions that must not happen: say on the serial port what happened, then reset.
#include <stdbool.h>
#include <stdint.h>

#include "core.h"
#include "exceptions.h"
#include "fault.h"

// What the core pushes when it takes an exception.
typedef struct {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
} frame_t;

// Only the watchdog makes it.
#define NMI             (2)

// The core could not push a frame: there is none to print. An Armv8-M core also leaves sp at
// the limit then.
#define CFSR_STACKING   (1u << 4 | 1u << 12)
// A stack would have gone below its limit register (Armv8-M).
#define CFSR_STKOF      (1u << 20)
#define CFSR_MMFAR_OK   (1u << 7)
#define CFSR_BFAR_OK    (1u << 15)

extern uint32_t _stack_bottom, _handler_guard;

static const char *exception_name(uint32_t number) {
    static const char *const names[] = {
        [2] = "watchdog", [3] = "hard fault", [4] = "memory fault", [5] = "bus fault",
        [6] = "usage fault", [7] = "secure fault", [11] = "SVC",
        [12] = "debug monitor", [14] = "PendSV", [15] = "SysTick",
    };
    const char *name = number < 16 ? names[number] : "unexpected interrupt";
    return name ? name : "unexpected exception";
}

static uint32_t fault_address(uint32_t cfsr) {
    if (cfsr & CFSR_MMFAR_OK) {
        return SCB_MMFAR;
    }
    return cfsr & CFSR_BFAR_OK ? SCB_BFAR : 0;
}

// Where the process stack has overflowed, sp is close to its bottom or below it.
static const char *stack_verdict(uint32_t cfsr, uint32_t sp) {
    uint32_t address = fault_address(cfsr);
    uint32_t guard = (uint32_t)&_handler_guard;
    if (address >= guard && address < guard + 256) {
        return "handler stack overflow\r\n";
    }
    bool low = sp < (uint32_t)&_stack_bottom + 256;
    return low || cfsr & (CFSR_STACKING | CFSR_STKOF) ? "C stack overflow\r\n" : "";
}

static void put_frame(const frame_t *frame) {
    fault_put_hex("r0=", frame->r0);
    fault_put_hex("r1=", frame->r1);
    fault_put_hex("r2=", frame->r2);
    fault_put_hex("r3=", frame->r3);
    fault_put_hex("r12=", frame->r12);
    fault_put("\r\n");
    fault_put_hex("pc=", frame->pc);
    fault_put_hex("lr=", frame->lr);
    fault_put_hex("xpsr=", frame->xpsr);
}

__attribute__((used, noreturn)) static void fault_report(uint32_t msp, uint32_t psp, uint32_t exc_return) {
    uint32_t sp = exc_return & 4 ? psp : msp;
    uint32_t cfsr = SCB_CFSR;
    uint32_t number = SCB_ICSR & 0x1FF;
    fault_begin(exception_name(number));
    fault_put(stack_verdict(cfsr, sp));
    if (!(cfsr & CFSR_STACKING) && sp != (uint32_t)&_stack_bottom) {
        put_frame((const frame_t *)sp);
    }
    fault_put_hex("sp=", sp);
    fault_put_hex("cfsr=", cfsr);
    fault_put_hex("hfsr=", SCB_HFSR);
    fault_put_hex("address=", fault_address(cfsr));
    fault_end(number == NMI ? RESETCAUSE_WATCHDOG : RESETCAUSE_FAULT);
}

__attribute__((naked)) void fault_handler(void) {
    __asm volatile (
        "mrs r0, msp\n"
        "mrs r1, psp\n"
        "mov r2, lr\n"
        "b fault_report\n");
}

void fault_init(void) {
    SCB_SHCSR |= 7u << 16; // memory, bus and usage faults have vectors of their own
}
