#include "check.h"

// Whether the operand lies as the output does.
static bool is_dense(const nn_operand_t *x, const uint32_t *shape) {
    uint32_t stride = 1;
    for (uint32_t i = NN_RANK; i-- > 0; stride *= shape[i]) {
        if (shape[i] > 1 && x->stride[i] != stride) {
            return false;
        }
    }
    return true;
}

static nn_status_t check_operand(const nn_memory_t *m, const nn_binary_t *p, const nn_operand_t *x,
    nn_span_t output) {
    nn_span_t input = {x->input, nn_reach(p->shape, x->stride, NN_RANK)};
    if (nn_check_read(m, input)) {
        return NN_ERROR_RANGE;
    }
    // In place is fine: each output is written after its operands were read.
    bool in_place = x->input == p->output && is_dense(x, p->shape);
    return !in_place && nn_spans_meet(input, output) ? NN_ERROR_OVERLAP : NN_OK;
}

nn_span_t nn_binary_output(const nn_binary_t *p) {
    return (nn_span_t){p->output, nn_elements(p->shape, NN_RANK, NN_MAX_ELEMENTS)};
}

nn_status_t nn_check_binary(const nn_memory_t *m, const nn_binary_t *p) {
    nn_span_t output = nn_binary_output(p);
    if (output.bytes == 0) {
        return NN_ERROR_SHAPE;
    }
    if (nn_check_write(m, output)) {
        return NN_ERROR_RANGE;
    }
    nn_status_t status = check_operand(m, p, &p->a, output);
    return status ? status : check_operand(m, p, &p->b, output);
}
