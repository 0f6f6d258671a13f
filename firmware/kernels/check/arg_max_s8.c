#include "check.h"

nn_status_t nn_arg_max_s8_check(const void *block, const nn_memory_t *m) {
    const nn_arg_max_s8_t *p = block;
    const uint32_t shape[] = {p->outer, p->depth, p->inner};
    uint64_t bytes = nn_elements(shape, 3, NN_MAX_ELEMENTS);
    if (bytes == 0) {
        return NN_ERROR_SHAPE;
    }
    if (p->out_bytes != 4 && p->out_bytes != 8) {
        return NN_ERROR_VALUE;
    }
    nn_span_t output = {p->output, (uint64_t)p->outer * p->inner * p->out_bytes};
    return nn_check_in_out(m, (nn_span_t){p->input, bytes}, output);
}
