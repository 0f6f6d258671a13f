#include <string.h>

#include "portions.h"

#define COST_MACS 12u // of eight halvings
#define INFINITE 0x7F800000u

typedef struct {
    nn_quantize_f32_t block;
    const int8_t *in;
    const int32_t *thresholds;
    int8_t *out;
} work_t;

// How many thresholds are at most `key`: of `steps`, which rise.
static uint32_t passed(const int32_t *threshold, uint32_t steps, int32_t key) {
    uint32_t left = steps;
#pragma GCC unroll 8
    for (uint32_t step = (NN_MAX_STEPS + 1) / 2; step > 0; step /= 2) {
        if (step <= left && threshold[step - 1] <= key) {
            threshold += step;
            left -= step;
        }
    }
    return steps - left;
}

static int32_t quantize(const nn_quantize_f32_t *p, const int32_t *threshold, uint32_t bits) {
    uint32_t magnitude = bits & INT32_MAX;
    if (magnitude > INFINITE) {
        return p->nan;
    }
    int32_t key = (int32_t)(bits == magnitude ? bits : ~magnitude);
    return p->lowest + (int32_t)passed(threshold, p->steps, key);
}

static void portion(const void *context, uint32_t first, uint32_t count) {
    const work_t x = *(const work_t *)context;
    for (uint32_t i = first; i < first + count; i++) {
        uint32_t bits;
        memcpy(&bits, x.in + 4u * i, sizeof(bits));
        x.out[i] = (int8_t)quantize(&x.block, x.thresholds, bits);
    }
}

nn_status_t nn_quantize_f32_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_quantize_f32_t *p = block;
    work_t x = {*p, nn_in(m, p->input), (const void *)nn_in(m, p->thresholds),
        nn_out(m, p->output)};
    return nn_portions(p->count, COST_MACS, run, portion, &x);
}
