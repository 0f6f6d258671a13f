// The inner loops of depthwise convolutions of any kernel and stride, in assembly: four channels at
// a time, widened to two words: channels 0 and 2, and 1 and 3.
#ifndef NN_ROW4_H
#define NN_ROW4_H

#include <stdint.h>

#define NN_ROW4_MAX_W 9u // columns of a kernel

// A row of outputs. The fields' offsets are known to row4.S.
typedef struct {
    const uint32_t *in;
    const uint32_t *weights; // doubled
    int32_t bias2[4];
    uint32_t kernel_w;
    uint32_t in_step;  // bytes from the end of a kernel row's inputs to the next
    uint32_t out_step; // bytes from a pixel of outputs to the next,
    uint32_t stride;   // and what that is in inputs
    int32_t zero;
    int8_t *out;
    struct {
        int32_t multiplier;
        int32_t scale; // at least 0
    } by[4];
    const uint32_t *weights_end;
    uint32_t pixels; // of outputs
} nn_row4_t;

void nn_row4(const nn_row4_t *row);

// `count` times four bytes, each `step` behind the one before.
void nn_widen4(const int8_t *from, uint32_t step, uint32_t count, uint32_t *to);

#endif
