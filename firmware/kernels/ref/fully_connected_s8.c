#include "pair.h"

nn_status_t nn_fully_connected_s8_run(const nn_fully_connected_s8_t *p, const nn_memory_t *m,
    const nn_watch_t *w) {
    nn_matrix_t matrix = {nn_in(m, p->weights), p->in_n, p->out_n, p->out_zero, p->out_min,
        p->out_max};
    const int8_t *row = nn_in(m, p->input);
    int8_t *out = nn_out(m, p->output);
    nn_meter_t meter = {w, 0};
    for (uint32_t i = 0; i < p->rows; i++, row += p->in_n, out += p->out_n) {
        if (!nn_row(&matrix, row, out, &meter)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}
