#include "matrix.h"
#include "windows.h"

static nn_status_t go(nn_dsp3_t *rows, nn_windows_t *windows, int8_t *out) {
    const nn_window_t *w = &windows->p->window;
    nn_meter_t *meter = &rows->x.meter;
    uint32_t pixels = w->out_h * w->out_w;
    // Fewer than three pixels are done one by one: three times the same.
    uint32_t step = pixels < 3 ? 0 : 1;
    for (uint32_t at = meter->run->at; at < pixels; at += step ? 3 : 1) {
        if (nn_pause(meter, at)) {
            return NN_MORE;
        }
        uint32_t first = nn_dsp3_first(at, pixels);
        nn_windows_widen3(windows, first, step);
        if (!nn_dsp3_rows(rows, windows->widen.at, out + first * w->out_c, step * w->out_c)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}

// Pixels that are themselves the windows of outputs are all one row.
static nn_conv2d_s8_t flat(nn_conv2d_s8_t p) {
    nn_window_t *w = &p.window;
    uint32_t sides = w->kernel_h | w->kernel_w | w->stride_h | w->stride_w;
    if (sides == 1 && (w->pad_top | w->pad_left) == 0 && w->in_w == w->out_w &&
        w->in_h == w->out_h) {
        w->in_w *= w->in_h;
        w->out_w *= w->out_h;
        w->in_h = w->out_h = 1;
    }
    return p;
}

nn_status_t nn_conv2d_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    nn_conv2d_s8_t flattened = flat(*(const nn_conv2d_s8_t *)block);
    const nn_conv2d_s8_t *p = &flattened;
    const nn_window_t *w = &p->window;
    uint32_t depth = w->kernel_h * w->kernel_w * w->in_c;
    nn_matrix_t by = {nn_in(m, p->weights), depth, w->out_c, p->out_zero, w->out_min, w->out_max};
    int8_t *scratch = nn_out(m, p->scratch);
    nn_dsp3_t rows = nn_dsp3(by, scratch, run);
    bool bytes = rows.fast < nn_pairs(&by);
    nn_windows_t windows = nn_windows(p, nn_in(m, w->input), scratch, bytes);
    return go(&rows, &windows, nn_out(m, w->output));
}
