#include "pair.h"

nn_status_t nn_fully_connected_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_fully_connected_s8_t *p = block;
    nn_matrix_t matrix = {nn_in(m, p->weights), p->in_n, p->out_n, p->out_zero, p->out_min,
        p->out_max};
    const int8_t *input = nn_in(m, p->input);
    int8_t *out = nn_out(m, p->output);
    uint32_t pairs = nn_pairs(&matrix);
    nn_meter_t meter = {run, 0, 0};
    for (uint32_t i = run->at; i < p->rows * pairs; i++) {
        if (nn_pause(&meter, i)) {
            return NN_MORE;
        }
        if (!nn_meter(&meter, 2u * p->in_n)) {
            return NN_ERROR_STOPPED;
        }
        uint32_t row = i / pairs;
        nn_pair(&matrix, input + row * p->in_n, i % pairs, out + row * p->out_n);
    }
    return NN_OK;
}
