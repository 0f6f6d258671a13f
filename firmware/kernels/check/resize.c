#include "check.h"
#include "nn_memory.h"

// The tables for rows and columns, whose entries have `bytes` bytes each.
static nn_status_t check_places(const nn_resize_t *p, const nn_memory_t *m, uint32_t bytes) {
    const uint32_t shape[] = {p->in_h, p->in_w, p->channels, p->out_h, p->out_w};
    for (uint32_t i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
        if (!nn_is_dim(shape[i])) {
            return NN_ERROR_SHAPE;
        }
    }
    nn_span_t input = {p->input, (uint64_t)p->in_h * p->in_w * p->channels};
    nn_span_t output = {p->output, (uint64_t)p->out_h * p->out_w * p->channels};
    nn_status_t status = nn_check_in_out(m, input, output);
    if (status) {
        return status;
    }
    // In linear memory they could change between two slices.
    if (!(p->rows & p->columns & NN_BLOB)) {
        return NN_ERROR_RANGE;
    }
    status = nn_check_table(m, (nn_span_t){p->rows, (uint64_t)p->out_h * bytes}, output);
    return status ? status
                  : nn_check_table(m, (nn_span_t){p->columns, (uint64_t)p->out_w * bytes}, output);
}

static nn_status_t check_nearest(const nn_memory_t *m, uint32_t table, uint32_t count,
    uint32_t side) {
    const uint16_t *entry = (const void *)nn_in(m, table);
    for (uint32_t i = 0; i < count; i++) {
        if (entry[i] >= side) {
            return NN_ERROR_VALUE;
        }
    }
    return NN_OK;
}

static nn_status_t check_between(const nn_memory_t *m, uint32_t table, uint32_t count,
    uint32_t side) {
    const nn_between_t *entry = (const void *)nn_in(m, table);
    for (uint32_t i = 0; i < count; i++) {
        if (entry[i].lower >= side || entry[i].upper >= side) {
            return NN_ERROR_VALUE;
        }
    }
    return NN_OK;
}

nn_status_t nn_resize_nearest_s8_check(const void *block, const nn_memory_t *m) {
    const nn_resize_t *p = block;
    nn_status_t status = check_places(p, m, sizeof(uint16_t));
    if (!status) {
        status = check_nearest(m, p->rows, p->out_h, p->in_h);
    }
    return status ? status : check_nearest(m, p->columns, p->out_w, p->in_w);
}

nn_status_t nn_resize_bilinear_s8_check(const void *block, const nn_memory_t *m) {
    const nn_resize_t *p = block;
    nn_status_t status = check_places(p, m, sizeof(nn_between_t));
    if (!status) {
        status = check_between(m, p->rows, p->out_h, p->in_h);
    }
    return status ? status : check_between(m, p->columns, p->out_w, p->in_w);
}
