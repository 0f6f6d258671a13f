// What a pixel of a transposed convolution sees.
#ifndef NN_TRANSPOSE_H
#define NN_TRANSPOSE_H

#include "gather.h"

// One row of the kernel, over the input's row `at`; the rest of it stays.
static inline void nn_transpose_row(const nn_window_t *w, const int8_t *at, uint32_t x,
    int8_t *out) {
    uint32_t place = x + w->pad_left;
    for (uint32_t kx = place % w->stride_w; kx < w->kernel_w && kx <= place; kx += w->stride_w) {
        uint32_t from = (place - kx) / w->stride_w;
        if (from < w->in_w) {
            nn_copy(out + kx * w->in_c, at + from * w->in_c, w->in_c);
        }
    }
}

static inline void nn_transpose_gather(const nn_transpose_conv_s8_t *p, const int8_t *input,
    uint32_t y, uint32_t x, int8_t *out) {
    const nn_window_t *w = &p->window;
    uint32_t row_bytes = w->kernel_w * w->in_c;
    uint32_t place = y + w->pad_top;
    nn_fill(out, p->in_zero, w->kernel_h * row_bytes);
    for (uint32_t ky = place % w->stride_h; ky < w->kernel_h && ky <= place; ky += w->stride_h) {
        uint32_t from = (place - ky) / w->stride_h;
        if (from < w->in_h) {
            nn_transpose_row(w, input + from * w->in_w * w->in_c, x, out + ky * row_bytes);
        }
    }
}

#endif
