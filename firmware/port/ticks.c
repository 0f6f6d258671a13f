#include <stdbool.h>

#include "mpconfigboard.h"
#include "core.h"
#include "ticks.h"

#define TICKS_PER_MS    (BOARD_TICKS_HZ / 1000)
#define TICKS_PER_US    (BOARD_TICKS_HZ / 1000000)
// 2^32 ticks are so many microseconds, and so many ticks beside.
#define WRAP_US         ((uint32_t)((1ULL << 32) / TICKS_PER_US))
#define WRAP_REST       ((uint32_t)((1ULL << 32) % TICKS_PER_US))

// Longest sleep in one piece; the caller loops.
#define SLEEP_MAX_MS    (60000)

static volatile bool ticks_pending_event;

// Divisions of 32 bits: the C library's of 64 takes hundreds of instructions, and whoever runs
// agents asks for the time often.
uint64_t ticks_us(void) {
    uint64_t ticks = ticks_get();
    uint32_t high = ticks >> 32;
    uint32_t low = ticks;
    uint32_t rest = high * WRAP_REST + low % TICKS_PER_US;
    return (uint64_t)high * WRAP_US + low / TICKS_PER_US + rest / TICKS_PER_US;
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
