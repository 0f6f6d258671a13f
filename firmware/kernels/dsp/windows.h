// The windows of a convolution's outputs, three at a time, widened for nn_tile3.
#ifndef NN_DSP_WINDOWS_H
#define NN_DSP_WINDOWS_H

#include "conv.h"
#include "tile.h"

// Output rows or columns whose windows lie in the image, kernel rows contiguous: the first, and
// how many.
typedef struct {
    uint32_t first, count;
} nn_inside_t;

typedef struct {
    const nn_conv2d_s8_t *p;
    const int8_t *input;
    nn_gather_t gather;
    int8_t *gathered; // three windows, each filled up to `padded` bytes
    uint32_t padded;
    bool direct;       // whether kernel rows are read where they lie, as whole groups
    uint32_t row_step; // then the bytes from the end of one to the next,
    uint32_t last;     // and the last place where a window can begin, in bytes
    nn_inside_t inside_y, inside_x;
    uint32_t x_stride; // bytes
    nn_widen3_t widen;
} nn_windows_t;

// All windows are gathered. `scratch`: 9 * padded bytes, of which the widened inputs come first.
nn_windows_t nn_windows(const nn_conv2d_s8_t *p, const int8_t *input, int8_t *scratch,
    nn_gather_t gather);

// Those of a plain convolution that lie in the image are quicker found there; with `bytes`,
// windows are wanted in bytes, too, at widen.at.
void nn_windows_look_inside(nn_windows_t *k, bool bytes);

// The windows of three outputs, in their order `step` (0 or 1) apart, from the i-th on.
void nn_windows_widen3(nn_windows_t *k, uint32_t i, uint32_t step);

#endif
