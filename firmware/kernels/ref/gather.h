// A window's input pixels in a row, as the weights of a convolution lie.
#ifndef NN_GATHER_H
#define NN_GATHER_H

#include "bytes.h"
#include "window.h"

// The part of a row of the kernel that lies in the image, `at` being its first pixel.
static inline void nn_gather_inside(const nn_window_t *w, const int8_t *at, uint32_t pixels,
    int8_t *row) {
    if (w->dilation_w == 1) {
        nn_copy(row, at, pixels * w->in_c);
        return;
    }
    for (; pixels > 0; pixels--, at += w->dilation_w * w->in_c, row += w->in_c) {
        nn_copy(row, at, w->in_c);
    }
}

// kernel_h * kernel_w * in_c bytes; what is outside the image is the input's zero point.
static inline void nn_gather(const nn_conv2d_s8_t *p, const int8_t *input, uint32_t y, uint32_t x,
    int8_t *out) {
    const nn_window_t *w = &p->window;
    nn_extent_t ey = nn_extent_y(w, y);
    nn_extent_t ex = nn_extent_x(w, x);
    uint32_t row_bytes = w->kernel_w * w->in_c;
    uint32_t pixels = ex.end - ex.first;
    if (pixels < w->kernel_w || ey.end - ey.first < w->kernel_h) {
        nn_fill(out, p->in_zero, w->kernel_h * row_bytes);
    }
    if (pixels == 0 || ey.first == ey.end) {
        return;
    }
    const int8_t *at = nn_pixel(w, input, ey, ex, ey.first, ex.first);
    out += ey.first * row_bytes + ex.first * w->in_c;
    for (uint32_t ky = ey.first; ky < ey.end; ky++, out += row_bytes) {
        nn_gather_inside(w, at, pixels, out);
        at += w->dilation_h * w->in_w * w->in_c;
    }
}

#endif
