#include "check.h"

nn_status_t nn_softmax_s8_check(const void *block, const nn_memory_t *m) {
    const nn_softmax_s8_t *p = block;
    if (!nn_is_dim(p->rows) || p->depth < 1 || p->depth > NN_MAX_SOFTMAX) {
        return NN_ERROR_SHAPE;
    }
    if (p->multiplier < 0 || p->left_shift > 31 || p->diff_min > 0) {
        return NN_ERROR_VALUE;
    }
    uint64_t bytes = (uint64_t)p->rows * p->depth;
    return nn_check_in_place(m, (nn_span_t){p->input, bytes}, (nn_span_t){p->output, bytes});
}
