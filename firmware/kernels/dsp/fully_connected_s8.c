#include <string.h>

#include "matrix.h"

// A row of whole groups: itself, or where `depth` is no multiple of 4 a copy behind the widened.
static const int8_t *grouped(const nn_dsp_t *x, const int8_t *row, uint32_t rows, uint32_t i) {
    uint32_t depth = x->by.depth;
    uint32_t padded = nn_round4(depth);
    if (padded == depth) {
        return row;
    }
    int8_t *copy = (int8_t *)x->acts + 2u * rows * padded + i * padded;
    memcpy(copy, row, depth);
    memset(copy + depth, 0, padded - depth);
    return copy;
}

// Three rows from the i-th on; or, where there are fewer, three times the same one.
static bool rows3(nn_dsp3_t *k, const int8_t *from, int8_t *out, uint32_t rows) {
    const nn_dsp_t *x = &k->x;
    uint32_t step = rows < 3 ? 0 : 1;
    nn_widen3_t widen = {.out = x->acts, .segments = 1, .groups = x->groups};
    for (uint32_t i = 0; i < 3; i++) {
        widen.at[i] = grouped(x, from + i * step * x->by.depth, 3, i);
    }
    nn_widen3(&widen);
    return nn_dsp3_rows(k, widen.at, out, step * x->by.out_n);
}

static nn_status_t many(nn_dsp3_t *k, const int8_t *from, uint32_t rows, int8_t *out) {
    const nn_matrix_t *by = &k->x.by;
    for (uint32_t at = k->x.meter.run->at; at < rows; at += rows < 3 ? 1 : 3) {
        if (nn_pause(&k->x.meter, at)) {
            return NN_MORE;
        }
        uint32_t i = nn_dsp3_first(at, rows);
        if (!rows3(k, from + i * by->depth, out + i * by->out_n, rows)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}

nn_status_t nn_fully_connected_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_fully_connected_s8_t *p = block;
    nn_matrix_t by = {nn_in(m, p->weights), p->in_n, p->out_n, p->out_zero, p->out_min, p->out_max};
    int8_t *scratch = nn_out(m, p->scratch);
    const int8_t *from = nn_in(m, p->input);
    int8_t *out = nn_out(m, p->output);
    if (p->rows > 1) {
        nn_dsp3_t k = nn_dsp3(by, scratch, run);
        return many(&k, from, p->rows, out);
    }
    nn_dsp_t x = nn_dsp(by, 1, scratch, run);
    return nn_dsp_row1(&x, grouped(&x, from, 1, 0), out);
}
