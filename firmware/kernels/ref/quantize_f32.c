#include <string.h>

#include "portions.h"

#define COST_MACS 12u // of eight halvings
#define INFINITE 0x7F800000u

typedef struct {
    const nn_quantize_f32_t *p;
    const int8_t *in;
    const int32_t *thresholds;
    int8_t *out;
} work_t;

// How many thresholds are at most `key`: of `steps`, which rise.
static uint32_t passed(const int32_t *threshold, uint32_t steps, int32_t key) {
    uint32_t low = 0;
    while (low < steps) {
        uint32_t middle = (low + steps) / 2;
        if (threshold[middle] <= key) {
            low = middle + 1;
        } else {
            steps = middle;
        }
    }
    return low;
}

static int32_t quantize(const work_t *x, uint32_t bits) {
    uint32_t magnitude = bits & INT32_MAX;
    if (magnitude > INFINITE) {
        return x->p->nan;
    }
    int32_t key = (int32_t)(bits == magnitude ? bits : ~magnitude);
    return x->p->lowest + (int32_t)passed(x->thresholds, x->p->steps, key);
}

static void portion(const void *context, uint32_t first, uint32_t count) {
    const work_t *x = context;
    for (uint32_t i = first; i < first + count; i++) {
        uint32_t bits;
        memcpy(&bits, x->in + 4u * i, sizeof(bits));
        x->out[i] = (int8_t)quantize(x, bits);
    }
}

nn_status_t nn_quantize_f32_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_quantize_f32_t *p = block;
    work_t x = {p, nn_in(m, p->input), (const void *)nn_in(m, p->thresholds),
        nn_out(m, p->output)};
    return nn_portions(p->count, COST_MACS, run, portion, &x);
}
