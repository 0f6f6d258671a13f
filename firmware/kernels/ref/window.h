// The part of a window that lies inside the image.
#ifndef NN_WINDOW_H
#define NN_WINDOW_H

#include "nn.h"

// Along one side: where the window begins, and which steps of the kernel are inside.
typedef struct {
    int32_t origin;
    uint32_t first, end;
} nn_extent_t;

static inline nn_extent_t nn_extent(uint32_t at, uint32_t stride, uint32_t pad, uint32_t dilation,
    uint32_t kernel, uint32_t side) {
    nn_extent_t e = {(int32_t)(at * stride) - (int32_t)pad, 0, 0};
    int32_t step = (int32_t)dilation;
    if (e.origin < 0) {
        e.first = (uint32_t)((-e.origin + step - 1) / step);
    }
    if (e.origin < (int32_t)side) {
        e.end = (uint32_t)(((int32_t)side - 1 - e.origin) / step) + 1;
    }
    e.end = e.end < kernel ? e.end : kernel;
    e.first = e.first < e.end ? e.first : e.end;
    return e;
}

static inline nn_extent_t nn_extent_y(const nn_window_t *w, uint32_t y) {
    return nn_extent(y, w->stride_h, w->pad_top, w->dilation_h, w->kernel_h, w->in_h);
}

static inline nn_extent_t nn_extent_x(const nn_window_t *w, uint32_t x) {
    return nn_extent(x, w->stride_w, w->pad_left, w->dilation_w, w->kernel_w, w->in_w);
}

// The first channel of the pixel under step (ky, kx) of the kernel.
static inline const int8_t *nn_pixel(const nn_window_t *w, const int8_t *input, nn_extent_t ey,
    nn_extent_t ex, uint32_t ky, uint32_t kx) {
    uint32_t y = (uint32_t)ey.origin + ky * w->dilation_h;
    uint32_t x = (uint32_t)ex.origin + kx * w->dilation_w;
    return input + ((uint64_t)y * w->in_w + x) * w->in_c;
}

#endif
