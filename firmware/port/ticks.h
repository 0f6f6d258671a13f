#ifndef WASMOTE_PORT_TICKS_H
#define WASMOTE_PORT_TICKS_H

// Time since reset from timer0, which runs freely at BOARD_CLOCK_HZ: a periodic tick would
// lose time when the emulator is busy.
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

void ticks_wrap_irq(void);
void ticks_wake_irq(void);

#endif
