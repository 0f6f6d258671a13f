#include "check.h"

// Of an int8 or a uint8.
static bool is_byte(int32_t value) {
    return value >= -128 && value <= 255;
}

nn_status_t nn_quantize_f32_check(const void *block, const nn_memory_t *m) {
    const nn_quantize_f32_t *p = block;
    if (p->count < 1 || p->count > NN_MAX_ELEMENTS || p->steps > NN_MAX_STEPS) {
        return NN_ERROR_SHAPE;
    }
    if (!is_byte(p->lowest) || !is_byte(p->lowest + (int32_t)p->steps) || !is_byte(p->nan)) {
        return NN_ERROR_VALUE;
    }
    nn_span_t output = {p->output, p->count};
    nn_status_t status = nn_check_in_out(m, (nn_span_t){p->input, 4ull * p->count}, output);
    return status ? status : nn_check_table(m, (nn_span_t){p->thresholds, 4 * p->steps}, output);
}
