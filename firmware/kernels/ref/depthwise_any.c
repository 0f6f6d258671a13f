#include <stddef.h>

#include "depthwise.h"
#include "nn_layout.h"
#include "nn_memory.h"
#include "nn_requant.h"
#include "window.h"

#define TAP_MACS 2u // what a step of the kernel counts for

typedef struct {
    const nn_depthwise_conv2d_s8_t *p;
    const int8_t *input;
    const int8_t *weights;   // [kernel_h * kernel_w][padded]
    const int32_t *channels; // bias2, multiplier, scale: [padded] each
    uint32_t padded;
    uint32_t multiplier; // output channels of an input channel
    nn_meter_t meter;
} work_t;

static int32_t sum_of(const work_t *k, nn_extent_t ey, nn_extent_t ex, uint32_t channel) {
    const nn_window_t *w = &k->p->window;
    const int8_t *weight = k->weights + channel;
    uint32_t from = channel / k->multiplier, step = w->dilation_w * w->in_c;
    int32_t sum = 0;
    for (uint32_t ky = 0; ky < w->kernel_h; ky++) {
        // Steps of the kernel from `first` to `end` are on this row of the image.
        bool on_row = ky >= ey.first && ky < ey.end && ex.first < ex.end;
        uint32_t first = on_row ? ex.first : w->kernel_w, end = on_row ? ex.end : w->kernel_w;
        const int8_t *x = on_row ? nn_pixel(w, k->input, ey, ex, ky, first) + from : NULL;
        uint32_t at = 0;
        for (uint32_t kx = 0; kx < w->kernel_w; kx++, weight += k->padded) {
            if (kx < first || kx >= end) {
                sum += k->p->in_zero * *weight;
            } else {
                sum += x[at] * *weight;
                at += step;
            }
        }
    }
    return sum;
}

// The channels of pixel `i` from `c` on.
static nn_status_t pixel(work_t *k, uint32_t i, uint32_t c, int8_t *out) {
    const nn_window_t *w = &k->p->window;
    nn_extent_t ey = nn_extent_y(w, i / w->out_w);
    nn_extent_t ex = nn_extent_x(w, i % w->out_w);
    for (; c < w->out_c; c++) {
        if (nn_pause(&k->meter, i * w->out_c + c)) {
            return NN_MORE;
        }
        if (!nn_meter(&k->meter, TAP_MACS * w->kernel_h * w->kernel_w)) {
            return NN_ERROR_STOPPED;
        }
        const int32_t *by = k->channels + c;
        int32_t sum2 = nn_sum2(sum_of(k, ey, ex, c), by[0]);
        int32_t value = nn_output(sum2, by[k->padded], by[2 * k->padded], k->p->out_zero);
        out[c] = (int8_t)nn_clamp(value, w->out_min, w->out_max);
    }
    return NN_OK;
}

nn_status_t nn_depthwise_any(const nn_depthwise_conv2d_s8_t *p, const nn_memory_t *m,
    nn_run_t *run) {
    const nn_window_t *w = &p->window;
    uint32_t padded = nn_round4(w->out_c);
    const int8_t *weights = nn_in(m, p->weights);
    const void *channels = weights + w->kernel_h * w->kernel_w * padded;
    work_t k = {p, nn_in(m, w->input), weights, channels, padded, w->out_c / w->in_c, {run, 0, 0}};
    int8_t *out = nn_out(m, w->output);
    uint32_t c = run->at % w->out_c;
    for (uint32_t i = run->at / w->out_c; i < w->out_h * w->out_w; i++, c = 0) {
        nn_status_t status = pixel(&k, i, c, out + i * w->out_c);
        if (status != NN_OK) {
            return status;
        }
    }
    return NN_OK;
}
