#include "gather.h"
#include "pair.h"

nn_status_t nn_conv2d_s8_run(const nn_conv2d_s8_t *p, const nn_memory_t *m, const nn_watch_t *w) {
    const nn_window_t *win = &p->window;
    uint32_t depth = win->kernel_h * win->kernel_w * win->in_c;
    nn_matrix_t matrix = {nn_in(m, p->weights), depth, win->out_c, p->out_zero, win->out_min,
        win->out_max};
    const int8_t *input = nn_in(m, win->input);
    int8_t *out = nn_out(m, win->output);
    int8_t *row = nn_out(m, p->scratch);
    nn_meter_t meter = {w, 0};
    for (uint32_t y = 0; y < win->out_h; y++) {
        for (uint32_t x = 0; x < win->out_w; x++, out += win->out_c) {
            nn_gather(p, input, y, x, row);
            if (!nn_row(&matrix, row, out, &meter)) {
                return NN_ERROR_STOPPED;
            }
        }
    }
    return NN_OK;
}
