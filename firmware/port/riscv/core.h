#ifndef WASMOTE_PORT_CORE_H
#define WASMOTE_PORT_CORE_H

// What the port wants of a core, for RISC-V in machine mode: interrupts and reset (The RISC-V
// Instruction Set Manual, volume II; the RISC-V PLIC specification; SiFive's test device).
#include <stdint.h>

#include "mpconfigboard.h"
#include "reg.h"

#define CSR_READ(csr) ({ \
        uint32_t csr_value; \
        __asm volatile ("csrr %0, " #csr : "=r" (csr_value)); \
        csr_value; \
    })
#define CSR_SET(csr, bits)      __asm volatile ("csrs " #csr ", %0" :: "r" (bits) : "memory")
#define CSR_WRITE(csr, value)   __asm volatile ("csrw " #csr ", %0" :: "r" (value) : "memory")

#define MSTATUS_MIE     (1u << 3)
#define MIE_TIMER       (1u << 7)
#define MIE_EXTERNAL    (1u << 11)

// What guard.c forbids below Python's stack, and below the handlers'. QEMU is slow where the edge
// of such a region lies within a page of 4 KB.
#define CORE_GUARD_BYTES            (8u << 20)
#define CORE_HANDLER_GUARD_BYTES    (4096)

// Of hart 0 in machine mode
#define PLIC_PRIORITY(irq)      REG32(BOARD_PLIC_BASE + 4 * (irq))
#define PLIC_ENABLE(n)          REG32(BOARD_PLIC_BASE + 0x2000 + 4 * (n))
#define PLIC_CLAIM              REG32(BOARD_PLIC_BASE + 0x200004)

static inline void core_irq_enable(uint32_t irq) {
    PLIC_PRIORITY(irq) = 1;
    PLIC_ENABLE(irq / 32) |= 1u << (irq % 32);
    CSR_SET(mie, MIE_EXTERNAL);
}

static inline void core_timer_enable(void) {
    CSR_SET(mie, MIE_TIMER);
}

// Masks all interrupts and returns what to hand to core_unmask().
static inline uint32_t core_mask(void) {
    uint32_t state;
    __asm volatile ("csrrci %0, mstatus, 8" : "=r" (state) :: "memory");
    return state & MSTATUS_MIE;
}

static inline void core_unmask(uint32_t state) {
    CSR_SET(mstatus, state);
}

// Sleeps until an interrupt is pending, also while interrupts are masked.
static inline void core_wait(void) {
    __asm volatile ("wfi" ::: "memory");
}

__attribute__((noreturn)) static inline void core_reset(void) {
    REG32(BOARD_TEST_BASE) = 0x7777; // reset
    for (;;) {
    }
}

#endif
