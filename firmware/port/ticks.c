#include <stdbool.h>

#include "mpconfigboard.h"
#include "cortexm.h"
#include "ticks.h"

// CMSDK APB timer (Arm DDI 0479, section 4.3).
typedef struct {
    volatile uint32_t ctrl;
    volatile uint32_t value;
    volatile uint32_t reload;
    volatile uint32_t intstatus;
} cmsdk_timer_t;

#define TIMER0          ((cmsdk_timer_t *)BOARD_TIMER0_BASE)
#define TIMER1          ((cmsdk_timer_t *)BOARD_TIMER1_BASE)
#define CTRL_ENABLE     (1u << 0)
#define CTRL_IRQ        (1u << 3)

#define TICKS_PER_MS    (BOARD_CLOCK_HZ / 1000)
#define TICKS_PER_US    (BOARD_CLOCK_HZ / 1000000)

// Longest sleep in one piece; the caller loops.
#define SLEEP_MAX_MS    (60000)

static volatile uint32_t ticks_high;
static volatile bool ticks_pending_event;

void ticks_init(void) {
    TIMER0->reload = 0xFFFFFFFF;
    TIMER0->value = 0xFFFFFFFF;
    TIMER0->ctrl = CTRL_ENABLE | CTRL_IRQ;
    cortexm_irq_enable(BOARD_TIMER0_IRQ);
    cortexm_irq_enable(BOARD_TIMER1_IRQ);
}

// The timer counts down, and interrupts when it reaches 0: its negative counts up and is 0
// exactly then.
uint32_t ticks_get_low(void) {
    return -TIMER0->value;
}

uint64_t ticks_get(void) {
    uint32_t state = cortexm_mask();
    uint32_t low = ticks_get_low();
    uint32_t high = ticks_high;
    if (TIMER0->intstatus) {
        low = ticks_get_low();
        ++high;
    }
    cortexm_unmask(state);
    return (uint64_t)high << 32 | low;
}

uint64_t ticks_us(void) {
    return ticks_get() / TICKS_PER_US;
}

void ticks_wrap_irq(void) {
    TIMER0->intstatus = 1;
    ++ticks_high;
}

void ticks_wake_irq(void) {
    TIMER1->ctrl = 0;
    TIMER1->intstatus = 1;
    ticks_event();
}

void ticks_event(void) {
    ticks_pending_event = true;
}

static void arm_wake(uint32_t timeout_ms) {
    uint32_t ms = timeout_ms < SLEEP_MAX_MS ? timeout_ms : SLEEP_MAX_MS;
    TIMER1->ctrl = 0;
    TIMER1->intstatus = 1;
    TIMER1->value = ms * TICKS_PER_MS;
    TIMER1->reload = ms * TICKS_PER_MS;
    TIMER1->ctrl = CTRL_ENABLE | CTRL_IRQ;
}

static void sleep(void) {
    uint32_t state = cortexm_mask();
    if (!ticks_pending_event) {
        cortexm_wait();
    }
    cortexm_unmask(state);
}

void ticks_wait_event(uint32_t timeout_ms) {
    if (timeout_ms == TICKS_FOREVER) {
        sleep();
    } else if (timeout_ms > 0) {
        arm_wake(timeout_ms);
        sleep();
        TIMER1->ctrl = 0;
    }
    ticks_pending_event = false;
}
