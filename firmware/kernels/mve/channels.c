#include "channels.h"

#include "nn_layout.h"
#include "nn_memory.h"
#include "window.h"

typedef struct {
    const nn_depthwise_conv2d_s8_t *p;
    const int8_t *input;
    const int8_t *weights;   // [kernel_h * kernel_w][padded]
    const int32_t *channels; // bias2, multiplier, scale: [padded] each
    uint32_t padded;
    nn_meter_t meter;
} work_t;

static nn_mve_window8_t window_of(const work_t *k, uint32_t y, uint32_t x, int8_t *out) {
    const nn_window_t *w = &k->p->window;
    nn_extent_t ey = nn_extent_y(w, y), ex = nn_extent_x(w, x);
    bool seen = ey.first < ey.end && ex.first < ex.end;
    uint32_t first = seen ? ey.first : w->kernel_h, end = seen ? ey.end : w->kernel_h;
    const int8_t *at = seen ? nn_pixel(w, k->input, ey, ex, ey.first, ex.first) : k->input;
    return (nn_mve_window8_t){.x = at, .weights = k->weights, .x_step = w->dilation_w * w->in_c,
        .weight_step = k->padded, .left = ex.first, .inside = ex.end - ex.first,
        .right = w->kernel_w - ex.end, .rows = end - first,
        .row_step = w->dilation_h * w->in_w * w->in_c, .above = first * w->kernel_w,
        .below = (w->kernel_h - end) * w->kernel_w, .constants = k->channels, .out = out,
        .zero = k->p->out_zero, .least = w->out_min, .most = w->out_max,
        .in_zero = k->p->in_zero};
}

// As many channels at a time as the watch allows.
static bool pixel(work_t *k, uint32_t y, uint32_t x, int8_t *out) {
    const nn_window_t *w = &k->p->window;
    uint32_t taps = w->kernel_h * w->kernel_w;
    uint32_t most = NN_WATCH_MACS / taps & ~7u;
    nn_mve_window8_t window = window_of(k, y, x, out);
    for (uint32_t left = w->out_c; left > 0;) {
        uint32_t some = left < most ? left : most;
        if (!nn_meter(&k->meter, some * taps)) {
            return false;
        }
        window.channels = some;
        nn_mve_window8(&window);
        left -= some;
    }
    return true;
}

nn_status_t nn_mve_depthwise(const nn_depthwise_conv2d_s8_t *p, const nn_memory_t *m,
    nn_run_t *run) {
    const nn_window_t *w = &p->window;
    uint32_t padded = nn_round4(w->out_c);
    const int8_t *weights = nn_in(m, p->weights);
    const void *channels = weights + w->kernel_h * w->kernel_w * padded;
    work_t k = {p, nn_in(m, w->input), weights, channels, padded, {run, 0, 0}};
    int8_t *out = nn_out(m, w->output);
    for (uint32_t i = run->at; i < w->out_h * w->out_w; i++) {
        if (nn_pause(&k.meter, i)) {
            return NN_MORE;
        }
        if (!pixel(&k, i / w->out_w, i % w->out_w, out + i * w->out_c)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}
