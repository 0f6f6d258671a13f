#include "depthwise.h"
#include "nn_layout.h"
#include "nn_memory.h"
#include "nn_requant.h"
#include "window.h"

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
    int32_t sum = 0;
    for (uint32_t ky = 0; ky < w->kernel_h; ky++) {
        bool outside_y = ky < ey.first || ky >= ey.end;
        const int8_t *weight = k->weights + ky * w->kernel_w * k->padded + channel;
        for (uint32_t kx = 0; kx < w->kernel_w; kx++, weight += k->padded) {
            bool outside = outside_y || kx < ex.first || kx >= ex.end;
            int32_t x = outside ? k->p->in_zero
                                : nn_pixel(w, k->input, ey, ex, ky, kx)[channel / k->multiplier];
            sum += x * *weight;
        }
    }
    return sum;
}

static bool pixel(work_t *k, uint32_t y, uint32_t x, int8_t *out) {
    const nn_window_t *w = &k->p->window;
    nn_extent_t ey = nn_extent_y(w, y);
    nn_extent_t ex = nn_extent_x(w, x);
    for (uint32_t c = 0; c < w->out_c; c++) {
        if (!nn_meter(&k->meter, w->kernel_h * w->kernel_w)) {
            return false;
        }
        const int32_t *by = k->channels + c;
        int32_t sum2 = nn_sum2(sum_of(k, ey, ex, c), by[0]);
        int32_t value = nn_output(sum2, by[k->padded], by[2 * k->padded], k->p->out_zero);
        out[c] = (int8_t)nn_clamp(value, w->out_min, w->out_max);
    }
    return true;
}

nn_status_t nn_depthwise_any(const nn_depthwise_conv2d_s8_t *p, const nn_memory_t *m,
    nn_run_t *run) {
    const nn_window_t *w = &p->window;
    uint32_t padded = nn_round4(w->out_c);
    const int8_t *weights = nn_in(m, p->weights);
    const void *channels = weights + w->kernel_h * w->kernel_w * padded;
    work_t k = {p, nn_in(m, w->input), weights, channels, padded, w->out_c / w->in_c, {run, 0, 0}};
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
