// A depthwise convolution of any window, eight channels at a time.
#ifndef NN_MVE_CHANNELS_H
#define NN_MVE_CHANNELS_H

#include "nn.h"

// As many outputs as inputs, scales of at least 0, at most NN_MVE_TAPS steps of the kernel.
#define NN_MVE_TAPS (NN_WATCH_MACS / 8u)

nn_status_t nn_mve_depthwise(const nn_depthwise_conv2d_s8_t *p, const nn_memory_t *m,
    nn_run_t *run);

// One window. The fields' offsets are known to window8.S.
typedef struct {
    const int8_t *x;       // the first pixel in the image
    const int8_t *weights; // of the first tap
    uint32_t x_step, weight_step; // bytes from a tap to the next
    uint32_t left, inside, right; // columns of the kernel beside and in the image
    uint32_t rows;                // in the image
    uint32_t row_step;            // bytes of the image from a row of the kernel to the next
    uint32_t above;               // taps of rows that are not in the image
    uint32_t channels;            // at least 1
    uint32_t below;
    const int32_t *constants; // doubled bias; `weight_step` words on multiplier, then scale
    int8_t *out;
    int32_t zero, least, most; // the outputs'
    int32_t in_zero;
} nn_mve_window8_t;

// Changes `window`: it then is that of the channels behind those that are done.
void nn_mve_window8(nn_mve_window8_t *window);

#endif
