// Stops Wasm that runs too long, goes too deep, or that the host wants stopped. Every back edge,
// every entry of a function and its end come through here, and so does straight code now and
// then (wasm3_compile.c): between two ticks lies a bounded amount of work.
#ifndef AGENTVM_METER_H
#define AGENTVM_METER_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What the host gives once, before the first call. Zero means: no clock (no deadlines), no
// poll, no stack limit.
typedef struct {
    uint32_t (*now_us)(void); // may wrap
    // AVM_OK: go on. Called about once a millisecond, or after each import. Its time is the agent's,
    // unless it puts avm_meter_pause and _resume around what is not.
    avm_error_t (*poll)(void);
    const uint8_t *(*stack_floor)(void); // the C stack must not grow below this
} avm_host_t;

typedef struct {
    int32_t ticks; // until the next look at clock and host
    int32_t interval; // between two looks
    const uint8_t *floor;
    uint32_t looked_us;
    uint32_t started_us;
    uint32_t allowed_us; // 0: no deadline
    void *function; // the innermost that failed, as wasm3 knows it
} avm_meter_t;

// The one that runs now. Only for the inline functions below.
extern avm_meter_t avm_meter;

void avm_host_set(const avm_host_t *host);

// Starts to count for one call, and ends it by putting `before` back. Calls nest.
// deadline_ms 0: none; at most 600,000 (microseconds must not wrap).
void avm_meter_begin(avm_meter_t *before, uint32_t deadline_ms);
void avm_meter_end(const avm_meter_t *before);

// How long the call has run, and whether its deadline has passed. For calls that share a
// deadline: the second says what the first has used.
uint32_t avm_meter_used_us(void);
void avm_meter_add_used(uint32_t used_us);
bool avm_meter_passed(void);

// Around what the host does whose time is not the agent's: returns what avm_meter_resume wants. Not
// around little: of two readings of a clock of microseconds the one may be a tick further.
uint32_t avm_meter_pause(void);
void avm_meter_resume(uint32_t paused_us);

// The slow half of avm_meter_tick: a reason to stop, or NULL.
const void *avm_meter_look(void);

// Why avm_meter_look said stop, among wasm3's other results; AVM_OK if it did not.
avm_error_t avm_meter_reason(const void *result);

// 0 for the build that tells what metering costs.
#ifndef AVM_METERED
#define AVM_METERED 1
#endif

// Counts a tick; whether it is time to look.
static inline __attribute__((always_inline)) bool avm_meter_is_due(void) {
    return AVM_METERED && --avm_meter.ticks <= 0;
}

static inline __attribute__((always_inline)) const void *avm_meter_tick(void) {
    return avm_meter_is_due() ? avm_meter_look() : NULL;
}

// True when fewer than `bytes` of C stack are left. The frame's address is a hint that may
// be off by a frame or two.
static inline bool avm_meter_stack_short(size_t bytes) {
    return (uintptr_t)__builtin_frame_address(0) < (uintptr_t)avm_meter.floor + bytes;
}

#endif
