#include "check.h"
#include "nn_layout.h"

static nn_status_t check_places(const nn_conv2d_s8_t *p, const nn_memory_t *m, uint32_t depth) {
    const nn_window_t *w = &p->window;
    nn_span_t scratch = {p->scratch, p->scratch_bytes};
    nn_status_t status = nn_check_scratch(m, scratch, 9u * nn_round4(depth));
    if (status) {
        return status;
    }
    uint64_t weight_bytes = (uint64_t)((w->out_c + 1) / 2) * nn_pair_stride(depth);
    nn_span_t weights = {p->weights, weight_bytes};
    nn_span_t input = {w->input, nn_window_in_bytes(w)};
    return nn_check_apart((nn_span_t){w->output, nn_window_out_bytes(w)}, scratch, input, weights);
}

nn_status_t nn_conv2d_s8_check(const void *block, const nn_memory_t *m) {
    const nn_conv2d_s8_t *p = block;
    const nn_window_t *w = &p->window;
    nn_status_t status = nn_check_window(w, m);
    if (status) {
        return status;
    }
    uint64_t depth = (uint64_t)w->kernel_h * w->kernel_w * w->in_c;
    if (depth > NN_MAX_CONV_DEPTH) {
        return NN_ERROR_SHAPE;
    }
    if (!nn_is_int8(p->in_zero) || !nn_is_int8(p->out_zero)) {
        return NN_ERROR_VALUE;
    }
    status = nn_check_pairs(m, p->weights, (uint32_t)depth, w->out_c);
    return status ? status : check_places(p, m, (uint32_t)depth);
}
