#include "check.h"
#include "nn_layout.h"

static uint64_t weight_bytes(const nn_window_t *w) {
    return ((uint64_t)w->kernel_h * w->kernel_w + 12u) * nn_round4(w->out_c);
}

static nn_status_t check_places(const nn_conv2d_s8_t *p, const nn_memory_t *m) {
    const nn_window_t *w = &p->window;
    nn_span_t scratch = {p->scratch, p->scratch_bytes};
    // Planes of four channels for four rows, two outputs' worth: 3x3 kernels use them.
    uint64_t need = 4u * 4u * 2u * (uint64_t)((w->out_w + 3u) & ~1u);
    nn_status_t status = nn_check_scratch(m, scratch, need);
    if (status) {
        return status;
    }
    nn_span_t input = {w->input, nn_window_in_bytes(w)};
    nn_span_t output = {w->output, nn_window_out_bytes(w)};
    return nn_check_apart(output, scratch, input, (nn_span_t){p->weights, weight_bytes(w)});
}

nn_status_t nn_depthwise_conv2d_s8_check(const void *block, const nn_memory_t *m) {
    const nn_depthwise_conv2d_s8_t *p = block;
    const nn_window_t *w = &p->window;
    nn_status_t status = nn_check_window(w, m);
    if (status) {
        return status;
    }
    if (w->out_c % w->in_c || (uint64_t)w->kernel_h * w->kernel_w > NN_MAX_CONV_DEPTH) {
        return NN_ERROR_SHAPE;
    }
    if (!nn_is_int8(p->in_zero) || !nn_is_int8(p->out_zero)) {
        return NN_ERROR_VALUE;
    }
    if (p->weights & 3u) {
        return NN_ERROR_ALIGN;
    }
    if (nn_check_read(m, (nn_span_t){p->weights, weight_bytes(w)})) {
        return NN_ERROR_RANGE;
    }
    return check_places(p, m);
}
