#include "nn_memory.h"
#include "nn_requant.h"

#define LEFT_SHIFT 20 // TFLite's: what the inputs gain in precision before they are scaled

static int32_t scaled(const nn_addend_t *x, int32_t value) {
    return nn_divide(nn_high((value - x->zero) * (1 << LEFT_SHIFT), x->multiplier), x->shift);
}

nn_status_t nn_add_s8_run(const nn_add_s8_t *p, const nn_memory_t *m, const nn_watch_t *w) {
    const int8_t *a = nn_in(m, p->a.input);
    const int8_t *b = nn_in(m, p->b.input);
    int8_t *out = nn_out(m, p->output);
    nn_meter_t meter = {w, 0};
    for (uint32_t i = 0; i < p->count; i++) {
        if (!nn_meter(&meter, 3)) {
            return NN_ERROR_STOPPED;
        }
        int32_t sum = scaled(&p->a, a[i]) + scaled(&p->b, b[i]);
        int32_t value = nn_divide(nn_high(sum, p->multiplier), p->shift) + p->out_zero;
        out[i] = (int8_t)nn_clamp(value, p->out_min, p->out_max);
    }
    return NN_OK;
}
