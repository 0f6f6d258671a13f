#include "gather.h"
#include "pair.h"

nn_status_t nn_conv2d_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_conv2d_s8_t *p = block;
    const nn_window_t *w = &p->window;
    uint32_t depth = w->kernel_h * w->kernel_w * w->in_c;
    nn_matrix_t matrix = {nn_in(m, p->weights), depth, w->out_c, p->out_zero, w->out_min,
        w->out_max};
    const int8_t *input = nn_in(m, w->input);
    int8_t *out = nn_out(m, w->output);
    int8_t *row = nn_out(m, p->scratch);
    nn_meter_t meter = {run, 0, 0};
    for (uint32_t i = run->at; i < w->out_h * w->out_w; i++) {
        if (nn_pause(&meter, i)) {
            return NN_MORE;
        }
        nn_gather(p, input, i / w->out_w, i % w->out_w, row);
        if (!nn_row(&matrix, row, out + i * w->out_c, &meter)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}
