#include "meter.h"

#include <string.h>

avm_meter_t avm_meter;

static avm_host_t host;

// Addresses that stand for themselves among wasm3's result strings.
static const char deadline_passed[] = "deadline";
static const char interrupted[] = "interrupted";

// Two looks should lie this far apart; the interval follows what the code at hand takes for one
// tick, which may be ten instructions or, at worst, some 3,000 on a Cortex-M0+. So the limit
// keeps two looks less than a million instructions apart, whatever follows upon what.
#define LOOK_US 1000
#define LONGEST_INTERVAL 256

void avm_host_set(const avm_host_t *given) {
    host = *given;
}

static uint32_t now_us(void) {
    return host.now_us == NULL ? 0 : host.now_us();
}

void avm_meter_begin(avm_meter_t *before, uint32_t deadline_ms) {
    *before = avm_meter;
    memset(&avm_meter, 0, sizeof(avm_meter));
    avm_meter.interval = 64;
    avm_meter.ticks = avm_meter.interval;
    avm_meter.floor = host.stack_floor == NULL ? NULL : host.stack_floor();
    avm_meter.started_us = now_us();
    avm_meter.looked_us = avm_meter.started_us;
    avm_meter.allowed_us = host.now_us == NULL ? 0 : deadline_ms * 1000;
}

void avm_meter_end(const avm_meter_t *before) {
    avm_meter = *before;
}

uint32_t avm_meter_used_us(void) {
    return now_us() - avm_meter.started_us;
}

void avm_meter_add_used(uint32_t used_us) {
    avm_meter.started_us -= used_us;
}

bool avm_meter_passed(void) {
    return avm_meter.allowed_us != 0 && avm_meter_used_us() >= avm_meter.allowed_us;
}

uint32_t avm_meter_pause(void) {
    return now_us();
}

void avm_meter_resume(uint32_t paused_us) {
    uint32_t away = now_us() - paused_us;
    avm_meter.started_us += away;
    avm_meter.looked_us += away;
}

static void adapt_interval(uint32_t since_us) {
    if (since_us < LOOK_US / 2 && avm_meter.interval < LONGEST_INTERVAL) {
        avm_meter.interval *= 2;
    } else if (since_us > LOOK_US && avm_meter.interval > 1) {
        avm_meter.interval /= 2;
    }
    avm_meter.ticks = avm_meter.interval;
}

const void *avm_meter_look(void) {
    uint32_t now = now_us();
    adapt_interval(now - avm_meter.looked_us);
    avm_meter.looked_us = now;
    if (avm_meter_passed()) {
        return deadline_passed;
    }
    return host.poll == NULL || host.poll() == AVM_OK ? NULL : interrupted;
}

avm_error_t avm_meter_reason(const void *result) {
    if (result == deadline_passed) {
        return AVM_DEADLINE;
    }
    return result == interrupted ? AVM_INTERRUPTED : AVM_OK;
}
