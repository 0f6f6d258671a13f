// Armv7-M: both stacks grow down to memory that the MPU forbids to all.
#include "core.h"
#include "guard.h"

#define MPU_RASR        REG32(0xE000EDA0)
#define RBAR_VALID      (1u << 4) // the region number in this register counts
#define RASR_ENABLE     (1u << 0)

extern uint32_t _stack_bottom, _handler_guard;

// Access permissions 0: no access.
static void mpu_forbid(uint32_t region, uint32_t address, uint32_t log2_bytes) {
    MPU_RBAR = address | RBAR_VALID | region;
    MPU_RASR = (log2_bytes - 1) << 1 | RASR_ENABLE;
}

// 16 MB below RAM, and 256 bytes below the handlers' stack.
void guard_stacks(void) {
    mpu_forbid(0, (uint32_t)&_stack_bottom - (1u << 24), 24);
    mpu_forbid(1, (uint32_t)&_handler_guard, 8);
    MPU_CTRL = MPU_CTRL_ON;
    core_barrier();
}
