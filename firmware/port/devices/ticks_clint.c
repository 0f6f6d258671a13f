// The machine timer of RISC-V (volume II of the manual, section 3.2), memory-mapped by a CLINT,
// which counts BOARD_TICKS_HZ with 64 bits.
#include "mpconfigboard.h"
#include "core.h"
#include "ticks.h"

#define MTIMECMP_LOW    REG32(BOARD_CLINT_BASE + 0x4000)
#define MTIMECMP_HIGH   REG32(BOARD_CLINT_BASE + 0x4004)
#define MTIME_LOW       REG32(BOARD_CLINT_BASE + 0xBFF8)
#define MTIME_HIGH      REG32(BOARD_CLINT_BASE + 0xBFFC)

void ticks_init(void) {
    ticks_wake_cancel();
    core_timer_enable();
}

uint32_t ticks_get_low(void) {
    return MTIME_LOW;
}

uint64_t ticks_get(void) {
    uint32_t low, high;
    do {
        high = MTIME_HIGH;
        low = MTIME_LOW;
    } while (MTIME_HIGH != high);
    return (uint64_t)high << 32 | low;
}

// The high word comes last: until then the time to wake is in the far future.
static void compare_set(uint64_t when) {
    MTIMECMP_HIGH = 0xFFFFFFFF;
    MTIMECMP_LOW = when;
    MTIMECMP_HIGH = when >> 32;
}

void ticks_wake_set(uint32_t ticks) {
    compare_set(ticks_get() + ticks);
}

void ticks_wake_cancel(void) {
    compare_set(UINT64_MAX);
}

// The interrupt lasts as long as the time to wake has passed.
void ticks_wake_irq(void) {
    ticks_wake_cancel();
    ticks_event();
}
