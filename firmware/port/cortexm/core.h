#ifndef WASMOTE_PORT_CORE_H
#define WASMOTE_PORT_CORE_H

// What the port wants of a core, for Cortex-M: interrupts and reset, and the few registers
// that all of Armv7-M and Armv8-M have (ARM DDI 0403E, part B; ARM DDI 0553B, part D).
#include <stdint.h>

#include "reg.h"

#define NVIC_ISER(n)    REG32(0xE000E100 + 4 * (n))
#define NVIC_ICER(n)    REG32(0xE000E180 + 4 * (n))
#define NVIC_ICPR(n)    REG32(0xE000E280 + 4 * (n))
#define SCB_ICSR        REG32(0xE000ED04)
#define SCB_AIRCR       REG32(0xE000ED0C)
#define SCB_SHCSR       REG32(0xE000ED24)
#define SCB_CFSR        REG32(0xE000ED28)
#define SCB_HFSR        REG32(0xE000ED2C)
#define SCB_MMFAR       REG32(0xE000ED34)
#define SCB_BFAR        REG32(0xE000ED38)
#define SCB_CPACR       REG32(0xE000ED88)
#define MPU_CTRL        REG32(0xE000ED94)
#define MPU_RBAR        REG32(0xE000ED9C)
#define MPU_CTRL_ON     (5) // enabled, background map for what no region describes

#define SYSTICK_CTRL    REG32(0xE000E010)
#define SYSTICK_RELOAD  REG32(0xE000E014)
#define SYSTICK_VALUE   REG32(0xE000E018)

// What was written to the core's own registers holds from here on.
static inline void core_barrier(void) {
    __asm volatile ("dsb\nisb" ::: "memory");
}

static inline void core_irq_enable(uint32_t irq) {
    NVIC_ISER(irq / 32) = 1u << (irq % 32);
}

static inline void core_irq_disable(uint32_t irq) {
    NVIC_ICER(irq / 32) = 1u << (irq % 32);
    core_barrier();
}

static inline void core_irq_clear(uint32_t irq) {
    NVIC_ICPR(irq / 32) = 1u << (irq % 32);
}

// Masks all interrupts and returns what to hand to core_unmask().
static inline uint32_t core_mask(void) {
    uint32_t state;
    __asm volatile ("mrs %0, primask\ncpsid i" : "=r" (state) :: "memory");
    return state;
}

static inline void core_unmask(uint32_t state) {
    __asm volatile ("msr primask, %0" :: "r" (state) : "memory");
}

// Sleeps until an interrupt is pending, also while interrupts are masked.
static inline void core_wait(void) {
    __asm volatile ("dsb\nwfi" ::: "memory");
}

__attribute__((noreturn)) static inline void core_reset(void) {
    __asm volatile ("dsb" ::: "memory");
    SCB_AIRCR = 0x05FA0004; // VECTKEY, SYSRESETREQ
    for (;;) {
    }
}

#endif
