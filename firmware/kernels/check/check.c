#include "check.h"

#include "nn_layout.h"

nn_status_t nn_check_read(const nn_memory_t *m, nn_span_t span) {
    uint64_t end = (uint64_t)(span.address & ~NN_BLOB) + span.bytes;
    uint64_t limit = span.address & NN_BLOB ? m->blob_bytes : m->linear_bytes;
    return end <= limit ? NN_OK : NN_ERROR_RANGE;
}

nn_status_t nn_check_write(const nn_memory_t *m, nn_span_t span) {
    return span.address & NN_BLOB ? NN_ERROR_RANGE : nn_check_read(m, span);
}

bool nn_spans_meet(nn_span_t a, nn_span_t b) {
    if ((a.address ^ b.address) & NN_BLOB) {
        return false;
    }
    return a.address < b.address + b.bytes && b.address < a.address + a.bytes;
}

nn_status_t nn_check_in_out(const nn_memory_t *m, nn_span_t input, nn_span_t output) {
    if (nn_check_read(m, input) || nn_check_write(m, output)) {
        return NN_ERROR_RANGE;
    }
    return nn_spans_meet(input, output) ? NN_ERROR_OVERLAP : NN_OK;
}

nn_status_t nn_check_in_place(const nn_memory_t *m, nn_span_t input, nn_span_t output) {
    nn_status_t status = nn_check_in_out(m, input, output);
    return status == NN_ERROR_OVERLAP && input.address == output.address ? NN_OK : status;
}

nn_status_t nn_check_table(const nn_memory_t *m, nn_span_t table, nn_span_t output) {
    if (table.address & 3u) {
        return NN_ERROR_ALIGN;
    }
    if (nn_check_read(m, table)) {
        return NN_ERROR_RANGE;
    }
    return nn_spans_meet(table, output) ? NN_ERROR_OVERLAP : NN_OK;
}

uint64_t nn_elements(const uint32_t *shape, uint32_t rank, uint64_t most) {
    uint64_t count = 1;
    for (uint32_t i = 0; i < rank && count > 0; i++) {
        count *= shape[i];
        count = count > most ? 0 : count;
    }
    return count;
}

uint64_t nn_reach(const uint32_t *shape, const uint32_t *stride, uint32_t rank) {
    uint64_t last = 0;
    for (uint32_t i = 0; i < rank; i++) {
        last += (uint64_t)(shape[i] - 1) * stride[i];
    }
    return last + 1;
}

bool nn_is_int8(int32_t value) {
    return value >= -128 && value <= 127;
}

bool nn_is_dim(uint32_t value) {
    return value >= 1 && value <= NN_MAX_DIM;
}

nn_status_t nn_check_clamp(int32_t low, int32_t high) {
    return nn_is_int8(low) && nn_is_int8(high) && low <= high ? NN_OK : NN_ERROR_VALUE;
}

nn_status_t nn_check_scale(int32_t multiplier, int32_t shift) {
    return multiplier != INT32_MIN && shift >= -31 && shift <= 30 ? NN_OK : NN_ERROR_VALUE;
}

nn_status_t nn_check_scratch(const nn_memory_t *m, nn_span_t scratch, uint64_t need) {
    if (scratch.bytes < need) {
        return NN_ERROR_SCRATCH;
    }
    if (scratch.address & 3u) {
        return NN_ERROR_ALIGN;
    }
    return nn_check_write(m, scratch);
}

static bool window_shape_ok(const nn_window_t *w) {
    bool dims = nn_is_dim(w->in_h) && nn_is_dim(w->in_w) && nn_is_dim(w->in_c) &&
        nn_is_dim(w->out_h) && nn_is_dim(w->out_w) && nn_is_dim(w->out_c);
    bool kernel = w->kernel_h - 1 < NN_MAX_KERNEL && w->kernel_w - 1 < NN_MAX_KERNEL;
    bool steps = w->stride_h - 1 < NN_MAX_STEP && w->stride_w - 1 < NN_MAX_STEP &&
        w->dilation_h - 1 < NN_MAX_STEP && w->dilation_w - 1 < NN_MAX_STEP;
    return dims && kernel && steps && w->pad_top <= NN_MAX_KERNEL && w->pad_left <= NN_MAX_KERNEL;
}

uint64_t nn_window_in_bytes(const nn_window_t *w) {
    return (uint64_t)w->in_h * w->in_w * w->in_c;
}

uint64_t nn_window_out_bytes(const nn_window_t *w) {
    return (uint64_t)w->out_h * w->out_w * w->out_c;
}

nn_status_t nn_check_window(const nn_window_t *w, const nn_memory_t *m) {
    if (!window_shape_ok(w)) {
        return NN_ERROR_SHAPE;
    }
    nn_span_t input = {w->input, nn_window_in_bytes(w)};
    nn_span_t output = {w->output, nn_window_out_bytes(w)};
    nn_status_t status = nn_check_in_out(m, input, output);
    return status ? status : nn_check_clamp(w->out_min, w->out_max);
}

nn_status_t nn_check_pairs(const nn_memory_t *m, uint32_t weights, uint32_t depth, uint32_t out_n) {
    if (weights & 3u) {
        return NN_ERROR_ALIGN;
    }
    uint64_t bytes = (uint64_t)((out_n + 1) / 2) * nn_pair_stride(depth);
    return nn_check_read(m, (nn_span_t){weights, bytes});
}

nn_status_t nn_check_apart(nn_span_t output, nn_span_t scratch, nn_span_t input, nn_span_t weights) {
    bool meet = nn_spans_meet(output, scratch) || nn_spans_meet(output, weights) ||
        nn_spans_meet(scratch, input) || nn_spans_meet(scratch, weights) ||
        nn_spans_meet(output, input);
    return meet ? NN_ERROR_OVERLAP : NN_OK;
}
