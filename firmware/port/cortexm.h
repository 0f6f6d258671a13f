#ifndef WASMOTE_PORT_CORTEXM_H
#define WASMOTE_PORT_CORTEXM_H

// The few registers of an ARMv7-M core that the port uses (ARM DDI 0403E, part B).
#include <stdbool.h>
#include <stdint.h>

#define CORTEXM_REG(address) (*(volatile uint32_t *)(address))

#define NVIC_ISER(n)    CORTEXM_REG(0xE000E100 + 4 * (n))
#define NVIC_ICER(n)    CORTEXM_REG(0xE000E180 + 4 * (n))
#define NVIC_ICPR(n)    CORTEXM_REG(0xE000E280 + 4 * (n))
#define SCB_ICSR        CORTEXM_REG(0xE000ED04)
#define SCB_AIRCR       CORTEXM_REG(0xE000ED0C)
#define SCB_SHCSR       CORTEXM_REG(0xE000ED24)
#define SCB_CFSR        CORTEXM_REG(0xE000ED28)
#define SCB_HFSR        CORTEXM_REG(0xE000ED2C)
#define SCB_MMFAR       CORTEXM_REG(0xE000ED34)
#define SCB_BFAR        CORTEXM_REG(0xE000ED38)
#define SCB_CPACR       CORTEXM_REG(0xE000ED88)
#define MPU_CTRL        CORTEXM_REG(0xE000ED94)
#define MPU_RBAR        CORTEXM_REG(0xE000ED9C)
#define MPU_RASR        CORTEXM_REG(0xE000EDA0)

static inline void cortexm_irq_enable(uint32_t irq) {
    NVIC_ISER(irq / 32) = 1u << (irq % 32);
}

static inline void cortexm_irq_disable(uint32_t irq) {
    NVIC_ICER(irq / 32) = 1u << (irq % 32);
    __asm volatile ("dsb\nisb" ::: "memory");
}

static inline void cortexm_irq_clear(uint32_t irq) {
    NVIC_ICPR(irq / 32) = 1u << (irq % 32);
}

// Masks all interrupts and returns what to hand to cortexm_unmask().
static inline uint32_t cortexm_mask(void) {
    uint32_t state;
    __asm volatile ("mrs %0, primask\ncpsid i" : "=r" (state) :: "memory");
    return state;
}

static inline void cortexm_unmask(uint32_t state) {
    __asm volatile ("msr primask, %0" :: "r" (state) : "memory");
}

// Sleeps until an interrupt is pending, also while interrupts are masked.
static inline void cortexm_wait(void) {
    __asm volatile ("dsb\nwfi" ::: "memory");
}

__attribute__((noreturn)) static inline void cortexm_reset(void) {
    __asm volatile ("dsb" ::: "memory");
    SCB_AIRCR = 0x05FA0004; // VECTKEY, SYSRESETREQ
    for (;;) {
    }
}

#endif
