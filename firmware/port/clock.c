#include "clock.h"
#include "ticks.h"

#define US_1970_TO_2000 (946684800ULL * 1000000)

static uint64_t clock_at_reset_us = US_1970_TO_2000;

uint64_t clock_get_us(void) {
    return clock_at_reset_us + ticks_us();
}

void clock_set_us(uint64_t us) {
    clock_at_reset_us = us - ticks_us();
}
