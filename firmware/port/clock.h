#ifndef WASMOTE_PORT_CLOCK_H
#define WASMOTE_PORT_CLOCK_H

// Wall-clock time. The board has no clock that runs while it is off: time starts at
// 2000-01-01 with every power-on until somebody sets it (machine.RTC, mpremote rtc --set).
#include <stdint.h>

// Microseconds since 1970-01-01.
uint64_t clock_get_us(void);
void clock_set_us(uint64_t us);

#endif
