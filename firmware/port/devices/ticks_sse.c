// The 64-bit counter of an Arm SSE subsystem and one of its timers (Arm 101773, "System counter",
// "System timer"), which count BOARD_COUNTER_HZ: a multiple of BOARD_TICKS_HZ.
#include "mpconfigboard.h"
#include "core.h"
#include "ticks.h"

typedef struct {
    volatile uint32_t count[2];
    volatile uint32_t reserved0[2];
    volatile uint32_t frequency;
    volatile uint32_t reserved1[3];
    volatile uint32_t compare[2];
    volatile uint32_t value;
    volatile uint32_t control;
} sse_timer_t;

#define COUNTER_CONTROL REG32(BOARD_COUNTER_BASE)
#define COUNTER_ON      (1u << 0)
#define TIMER           ((sse_timer_t *)BOARD_TIMER0_BASE)
#define CONTROL_ENABLE  (1u << 0)

#define COUNTS_PER_TICK (BOARD_COUNTER_HZ / BOARD_TICKS_HZ)

void ticks_init(void) {
    COUNTER_CONTROL = COUNTER_ON;
    core_irq_enable(BOARD_TIMER0_IRQ);
}

static uint64_t counter_get(void) {
    uint32_t low, high;
    do {
        high = TIMER->count[1];
        low = TIMER->count[0];
    } while (TIMER->count[1] != high);
    return (uint64_t)high << 32 | low;
}

uint64_t ticks_get(void) {
    return counter_get() / COUNTS_PER_TICK;
}

uint32_t ticks_get_low(void) {
    return ticks_get();
}

void ticks_wake_set(uint32_t ticks) {
    uint64_t end = counter_get() + (uint64_t)ticks * COUNTS_PER_TICK;
    TIMER->control = 0;
    TIMER->compare[0] = end;
    TIMER->compare[1] = end >> 32;
    TIMER->control = CONTROL_ENABLE;
}

void ticks_wake_cancel(void) {
    TIMER->control = 0;
}

// The interrupt lasts as long as the timer is enabled.
void ticks_wake_irq(void) {
    ticks_wake_cancel();
    ticks_event();
}
