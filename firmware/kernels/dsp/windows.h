// The windows of a convolution's outputs, three at a time, widened for nn_tile3.
#ifndef NN_DSP_WINDOWS_H
#define NN_DSP_WINDOWS_H

#include "gather.h"
#include "tile.h"

// Output rows or columns whose windows lie in the image: the first, and how many.
typedef struct {
    uint32_t first, count;
} nn_inside_t;

typedef struct {
    const nn_conv2d_s8_t *p;
    const int8_t *input;
    int8_t *gathered; // three windows, each filled up to `padded` bytes
    uint32_t padded;
    uint32_t row_step; // bytes from a kernel row in the image to the next, less its own
    bool direct;       // whether kernel rows are whole groups, contiguous in the image
    nn_inside_t inside_y, inside_x;
    nn_widen3_t widen;
} nn_windows_t;

// `scratch`: 9 * padded bytes, of which the widened inputs come first. With `bytes`, windows are
// wanted in bytes, too, at widen.at.
nn_windows_t nn_windows(const nn_conv2d_s8_t *p, const int8_t *input, int8_t *scratch, bool bytes);

// The windows of three outputs, in their order `step` (0 or 1) apart, from the i-th on.
void nn_windows_widen3(nn_windows_t *k, uint32_t i, uint32_t step);

#endif
