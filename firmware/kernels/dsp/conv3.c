#include "conv3.h"

nn_conv3_t nn_conv3(const nn_conv2d_s8_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_gather_t gather) {
    const nn_window_t *w = &p->window;
    uint32_t depth = w->kernel_h * w->kernel_w * w->in_c;
    nn_matrix_t by = {nn_in(m, p->weights), depth, w->out_c, p->out_zero, w->out_min, w->out_max};
    int8_t *scratch = nn_out(m, p->scratch);
    return (nn_conv3_t){nn_dsp3(by, scratch, run),
        nn_windows(p, nn_in(m, w->input), scratch, gather), nn_out(m, w->output)};
}

nn_status_t nn_conv3_run(nn_conv3_t *k) {
    const nn_window_t *w = &k->windows.p->window;
    nn_meter_t *meter = &k->rows.x.meter;
    uint32_t pixels = w->out_h * w->out_w;
    // Fewer than three pixels are done one by one: three times the same.
    uint32_t step = pixels < 3 ? 0 : 1;
    for (uint32_t at = meter->run->at; at < pixels; at += step ? 3 : 1) {
        if (nn_pause(meter, at)) {
            return NN_MORE;
        }
        uint32_t first = nn_dsp3_first(at, pixels);
        nn_windows_widen3(&k->windows, first, step);
        if (!nn_dsp3_rows(&k->rows, k->windows.widen.at, k->out + first * w->out_c,
            step * w->out_c)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}
