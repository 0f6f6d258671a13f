#include "check.h"
#include "nn_layout.h"

static nn_status_t check_places(const nn_fully_connected_s8_t *p, const nn_memory_t *m) {
    nn_span_t scratch = {p->scratch, p->scratch_bytes};
    // Rows as halfwords, and as bytes where they are no whole groups of four.
    uint64_t rows = p->rows == 1 ? 1 : 3;
    uint64_t need = rows * nn_round4(p->in_n) * (p->in_n % 4 ? 3 : 2);
    nn_status_t status = nn_check_scratch(m, scratch, need);
    if (status) {
        return status;
    }
    uint64_t weight_bytes = (uint64_t)((p->out_n + 1) / 2) * nn_pair_stride(p->in_n);
    nn_span_t weights = {p->weights, weight_bytes};
    nn_span_t input = {p->input, (uint64_t)p->rows * p->in_n};
    nn_span_t output = {p->output, (uint64_t)p->rows * p->out_n};
    if (nn_check_read(m, input) || nn_check_write(m, output)) {
        return NN_ERROR_RANGE;
    }
    return nn_check_apart(output, scratch, input, weights);
}

nn_status_t nn_fully_connected_s8_check(const void *block, const nn_memory_t *m) {
    const nn_fully_connected_s8_t *p = block;
    // Three rows are worked on at once, so the watch bounds their depth as it does for images.
    uint32_t deepest = p->rows == 1 ? NN_MAX_DIM : NN_MAX_CONV_DEPTH;
    bool shape = nn_is_dim(p->rows) && nn_is_dim(p->in_n) && nn_is_dim(p->out_n);
    if (!shape || p->in_n > deepest) {
        return NN_ERROR_SHAPE;
    }
    if (!nn_is_int8(p->out_zero) || nn_check_clamp(p->out_min, p->out_max)) {
        return NN_ERROR_VALUE;
    }
    nn_status_t status = nn_check_pairs(m, p->weights, p->in_n, p->out_n);
    return status ? status : check_places(p, m);
}
