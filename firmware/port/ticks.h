#ifndef WASMOTE_PORT_TICKS_H
#define WASMOTE_PORT_TICKS_H

// Time since reset, from a timer that runs freely: a periodic tick would lose time when the
// emulator is busy. devices/ticks_*.c, one of which a board takes, count BOARD_TICKS_HZ.
#include <stdint.h>

void ticks_init(void);
uint64_t ticks_get(void);
uint32_t ticks_get_low(void);
uint64_t ticks_us(void);

#define TICKS_FOREVER (0xFFFFFFFF)

// Sleeps until something happens, `timeout_ms` at the longest. May return early: callers loop.
void ticks_wait_event(uint32_t timeout_ms);

// An interrupt handler calls it when it has made something happen.
void ticks_event(void);

// For ticks_wait_event: one interrupt after so many ticks (less than 2^31), or none any more.
void ticks_wake_set(uint32_t ticks);
void ticks_wake_cancel(void);

// Handlers: of the timer that counts, where its counter wraps, and of the one that wakes.
void ticks_wrap_irq(void);
void ticks_wake_irq(void);

#endif
