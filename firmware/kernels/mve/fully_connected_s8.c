#include "stream.h"

static bool some(nn_mve_rows_t *x, const int8_t *from, uint32_t count, int8_t *out) {
    for (uint32_t i = 0; i < count; i++) {
        if (!nn_mve_put(x, i, from + i * x->x.by.depth, out + i * x->x.by.out_n)) {
            return false;
        }
    }
    return nn_mve_rows(x, count, out);
}

static nn_status_t many(nn_mve_rows_t *x, const int8_t *from, uint32_t rows, int8_t *out) {
    for (uint32_t i = x->x.meter.run->at; i < rows; i += x->at_once) {
        if (nn_pause(&x->x.meter, i)) {
            return NN_MORE;
        }
        uint32_t count = rows - i < x->at_once ? rows - i : x->at_once;
        if (!some(x, from + i * x->x.by.depth, count, out + i * x->x.by.out_n)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}

nn_status_t nn_fully_connected_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_fully_connected_s8_t *p = block;
    nn_mve_rows_t x;
    x.x.by = (nn_matrix_t){nn_in(m, p->weights), p->in_n, p->out_n, p->out_zero, p->out_min,
        p->out_max};
    x.x.meter = (nn_meter_t){run, 0, 0};
    const int8_t *from = nn_in(m, p->input);
    int8_t *out = nn_out(m, p->output);
    int8_t *scratch = nn_out(m, p->scratch);
    if (p->rows == 1) {
        nn_mve_begin(&x.x, scratch, p->scratch_bytes, 1);
        return nn_mve_row1(&x.x, from, out);
    }
    if (nn_mve_stream_suits(p->rows, p->in_n)) {
        nn_mve_stream_begin(&x.x, scratch, p->scratch_bytes);
        return nn_mve_stream(&x.x, from, p->rows, out);
    }
    if (!nn_mve_rows_begin(&x, scratch, p->scratch_bytes)) {
        return NN_ERROR_STOPPED;
    }
    return many(&x, from, p->rows, out);
}
