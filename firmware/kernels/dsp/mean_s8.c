#include <string.h>

#include "mean.h"
#include "sides.h"

#define MOST 255u // of bytes, whose sum fits into a halfword

// Channels 0 and 2, and 1 and 3, of `count` pixels.
static void add_most(const int8_t *at, uint32_t step, uint32_t count, int32_t *sum) {
    uint32_t even = 0, odd = 0;
#pragma GCC unroll 4
    for (uint32_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, at + i * step, sizeof(word));
        __asm("sxtab16 %0, %0, %1" : "+r"(even) : "r"(word));
        __asm("sxtab16 %0, %0, %1, ror #8" : "+r"(odd) : "r"(word));
    }
    sum[0] += (int16_t)even;
    sum[1] += (int16_t)odd;
    sum[2] += (int16_t)(even >> 16);
    sum[3] += (int16_t)(odd >> 16);
}

static void add4(const int8_t *at, uint32_t step, uint32_t count, int32_t *sum) {
    for (uint32_t first = 0; first < count; first += MOST) {
        add_most(at + first * step, step, nn_smaller(count - first, MOST), sum);
    }
}

nn_status_t nn_mean_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    return nn_mean(block, m, run, add4);
}
