#include <stdbool.h>

#include "mpconfigboard.h"
#include "core.h"
#include "ticks.h"

#define TICKS_PER_MS    (BOARD_TICKS_HZ / 1000)
#define TICKS_PER_US    (BOARD_TICKS_HZ / 1000000)

// Longest sleep in one piece; the caller loops.
#define SLEEP_MAX_MS    (60000)

static volatile bool ticks_pending_event;

uint64_t ticks_us(void) {
    return ticks_get() / TICKS_PER_US;
}

void ticks_event(void) {
    ticks_pending_event = true;
}

static void sleep(void) {
    uint32_t state = core_mask();
    if (!ticks_pending_event) {
        core_wait();
    }
    core_unmask(state);
}

void ticks_wait_event(uint32_t timeout_ms) {
    if (timeout_ms == TICKS_FOREVER) {
        sleep();
    } else if (timeout_ms > 0) {
        ticks_wake_set((timeout_ms < SLEEP_MAX_MS ? timeout_ms : SLEEP_MAX_MS) * TICKS_PER_MS);
        sleep();
        ticks_wake_cancel();
    }
    ticks_pending_event = false;
}
