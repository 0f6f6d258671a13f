#include "check.h"

static nn_status_t check_addend(const nn_addend_t *x, const nn_add_s8_t *p, const nn_memory_t *m) {
    nn_span_t input = {x->input, p->count};
    nn_span_t output = {p->output, p->count};
    if (!nn_is_int8(x->zero) || x->multiplier < 0 || x->shift > 31) {
        return NN_ERROR_VALUE;
    }
    if (nn_check_read(m, input)) {
        return NN_ERROR_RANGE;
    }
    // In place is fine: each output is written after its inputs were read.
    bool meets = x->input != p->output && nn_spans_meet(input, output);
    return meets ? NN_ERROR_OVERLAP : NN_OK;
}

nn_status_t nn_add_s8_check(const nn_add_s8_t *p, const nn_memory_t *m) {
    if (p->count == 0) {
        return NN_ERROR_SHAPE;
    }
    bool value = nn_is_int8(p->out_zero) && p->multiplier >= 0 && p->shift <= 31;
    if (!value || nn_check_clamp(p->out_min, p->out_max)) {
        return NN_ERROR_VALUE;
    }
    if (nn_check_write(m, (nn_span_t){p->output, p->count})) {
        return NN_ERROR_RANGE;
    }
    nn_status_t status = check_addend(&p->a, p, m);
    return status ? status : check_addend(&p->b, p, m);
}
