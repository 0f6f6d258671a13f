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

static bool rows3(nn_dsp_t *x, const int8_t *from, uint32_t count, int8_t *out) {
    const int8_t *row[3];
    for (uint32_t i = 0; i < 3; i++) {
        row[i] = i < count ? grouped(x, from + i * x->by.depth, 3, i) : row[count - 1];
    }
    return nn_dsp_row3(x, row, count, out);
}

static nn_status_t many(nn_dsp_t *x, const int8_t *from, uint32_t rows, int8_t *out) {
    for (uint32_t i = x->meter.run->at; i < rows; i += 3) {
        if (nn_pause(&x->meter, i)) {
            return NN_MORE;
        }
        uint32_t count = rows - i < 3 ? rows - i : 3;
        if (!rows3(x, from + i * x->by.depth, count, out + i * x->by.out_n)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}

nn_status_t nn_fully_connected_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_fully_connected_s8_t *p = block;
    nn_dsp_t x = {{nn_in(m, p->weights), p->in_n, p->out_n, p->out_zero, p->out_min, p->out_max}, 0,
        (void *)nn_out(m, p->scratch), {run, 0, 0}};
    const int8_t *from = nn_in(m, p->input);
    int8_t *out = nn_out(m, p->output);
    nn_dsp_begin(&x);
    if (p->rows > 1) {
        return many(&x, from, p->rows, out);
    }
    return nn_dsp_row1(&x, grouped(&x, from, 1, 0), out);
}
