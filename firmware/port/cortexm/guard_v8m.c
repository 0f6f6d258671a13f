// Armv8-M: the process stack has a limit register. The handlers' stack has an MPU region below
// it instead: at its limit the exception that reports it could not be taken.
#include "core.h"
#include "guard.h"

#define MPU_RNR         REG32(0xE000ED98)
#define MPU_RLAR        REG32(0xE000EDA0)
#define RBAR_READ_ONLY  (2u << 1) // there is no "no access"; a push writes
#define RBAR_NO_EXECUTE (1u << 0)
#define RLAR_ENABLE     (1u << 0)

extern uint32_t _stack_bottom, _handler_guard;

void guard_stacks(void) {
    __asm volatile ("msr psplim, %0" :: "r" (&_stack_bottom));
    MPU_RNR = 0;
    MPU_RBAR = (uint32_t)&_handler_guard | RBAR_READ_ONLY | RBAR_NO_EXECUTE;
    MPU_RLAR = ((uint32_t)&_handler_guard + 256 - 32) | RLAR_ENABLE; // its last 32 bytes
    MPU_CTRL = MPU_CTRL_ON;
    core_barrier();
}
