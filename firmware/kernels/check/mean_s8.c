#include "check.h"

nn_status_t nn_mean_s8_check(const void *block, const nn_memory_t *m) {
    const nn_mean_s8_t *p = block;
    uint64_t outputs = nn_elements(p->shape, NN_MEAN_RANK, NN_MAX_ELEMENTS);
    if (outputs == 0 || nn_elements(p->reduced, NN_MEAN_RANK, NN_MAX_MEAN) == 0) {
        return NN_ERROR_SHAPE;
    }
    if (!nn_is_int8(p->in_zero) || !nn_is_int8(p->out_zero) ||
        nn_check_scale(p->multiplier, p->shift)) {
        return NN_ERROR_VALUE;
    }
    uint64_t last = nn_reach(p->shape, p->stride, NN_MEAN_RANK) - 1 +
        nn_reach(p->reduced, p->reduced_stride, NN_MEAN_RANK) - 1;
    return nn_check_in_out(m, (nn_span_t){p->input, last + 1}, (nn_span_t){p->output, outputs});
}
