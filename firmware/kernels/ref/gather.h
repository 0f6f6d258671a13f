// A window's input pixels in a row, as the weights of a convolution lie.
#ifndef NN_GATHER_H
#define NN_GATHER_H

#include <string.h>

#include "window.h"

static inline void nn_gather_row(const nn_conv2d_s8_t *p, const int8_t *input, nn_extent_t ey,
    nn_extent_t ex, uint32_t ky, int8_t *row) {
    const nn_window_t *w = &p->window;
    if (ky < ey.first || ky >= ey.end || ex.first >= ex.end) {
        memset(row, p->in_zero, w->kernel_w * w->in_c);
        return;
    }
    memset(row, p->in_zero, ex.first * w->in_c);
    memset(row + ex.end * w->in_c, p->in_zero, (w->kernel_w - ex.end) * w->in_c);
    const int8_t *from = nn_pixel(w, input, ey, ex, ky, ex.first);
    if (w->dilation_w == 1) {
        memcpy(row + ex.first * w->in_c, from, (ex.end - ex.first) * w->in_c);
        return;
    }
    for (uint32_t kx = ex.first; kx < ex.end; kx++, from += w->dilation_w * w->in_c) {
        memcpy(row + kx * w->in_c, from, w->in_c);
    }
}

// kernel_h * kernel_w * in_c bytes; what is outside the image is the input's zero point.
static inline void nn_gather(const nn_conv2d_s8_t *p, const int8_t *input, uint32_t y, uint32_t x,
    int8_t *out) {
    const nn_window_t *w = &p->window;
    nn_extent_t ey = nn_extent_y(w, y);
    nn_extent_t ex = nn_extent_x(w, x);
    for (uint32_t ky = 0; ky < w->kernel_h; ky++, out += w->kernel_w * w->in_c) {
        nn_gather_row(p, input, ey, ex, ky, out);
    }
}

#endif
