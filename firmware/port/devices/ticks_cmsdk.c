// Two CMSDK APB timers (Arm DDI 0479, section 4.3): timer 0 counts, timer 1 wakes. Both run at
// BOARD_TICKS_HZ.
#include "mpconfigboard.h"
#include "core.h"
#include "ticks.h"

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

static volatile uint32_t ticks_high;

void ticks_init(void) {
    TIMER0->reload = 0xFFFFFFFF;
    TIMER0->value = 0xFFFFFFFF;
    TIMER0->ctrl = CTRL_ENABLE | CTRL_IRQ;
    core_irq_enable(BOARD_TIMER0_IRQ);
    core_irq_enable(BOARD_TIMER1_IRQ);
}

// The timer counts down, and interrupts when it reaches 0: its negative counts up and is 0
// exactly then.
uint32_t ticks_get_low(void) {
    return -TIMER0->value;
}

uint64_t ticks_get(void) {
    uint32_t state = core_mask();
    uint32_t low = ticks_get_low();
    uint32_t high = ticks_high;
    if (TIMER0->intstatus) {
        low = ticks_get_low();
        ++high;
    }
    core_unmask(state);
    return (uint64_t)high << 32 | low;
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

void ticks_wake_set(uint32_t ticks) {
    TIMER1->ctrl = 0;
    TIMER1->intstatus = 1;
    TIMER1->value = ticks;
    TIMER1->reload = ticks;
    TIMER1->ctrl = CTRL_ENABLE | CTRL_IRQ;
}

void ticks_wake_cancel(void) {
    TIMER1->ctrl = 0;
}
