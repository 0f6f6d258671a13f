#include "conv3.h"
#include "gather.h"

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
    nn_conv2d_s8_t p = flat(*(const nn_conv2d_s8_t *)block);
    nn_conv3_t k = nn_conv3(&p, m, run, nn_gather);
    nn_windows_look_inside(&k.windows, k.rows.fast < nn_pairs(&k.rows.x.by));
    return nn_conv3_run(&k);
}
