#include "check.h"

// What the input's elements lie in. False: it begins below address 0.
static bool input_span(const nn_copy_t *p, nn_span_t *span) {
    int64_t lowest = p->input & ~NN_BLOB;
    int64_t highest = lowest;
    for (uint32_t i = 0; i < NN_COPY_RANK; i++) {
        int64_t way = (int64_t)(p->shape[i] - 1) * p->in_stride[i];
        lowest += way < 0 ? way : 0;
        highest += way > 0 ? way : 0;
    }
    span->address = (uint32_t)lowest | (p->input & NN_BLOB);
    span->bytes = (uint64_t)(highest - lowest + 1);
    return lowest >= 0;
}

nn_status_t nn_copy_check(const void *block, const nn_memory_t *m) {
    const nn_copy_t *p = block;
    if (nn_elements(p->shape, NN_COPY_RANK, NN_MAX_ELEMENTS) == 0) {
        return NN_ERROR_SHAPE;
    }
    nn_span_t input;
    if (!input_span(p, &input)) {
        return NN_ERROR_RANGE;
    }
    nn_span_t output = {p->output, nn_reach(p->shape, p->out_stride, NN_COPY_RANK)};
    return nn_check_in_out(m, input, output);
}
