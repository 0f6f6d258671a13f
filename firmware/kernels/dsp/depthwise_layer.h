// A depthwise convolution that the fast kernels can do: as many outputs as inputs, four channels at
// a time, usual scales, columns of the kernel next to each other.
#ifndef NN_DEPTHWISE_LAYER_H
#define NN_DEPTHWISE_LAYER_H

#include "nn_layout.h"
#include "nn_memory.h"
#include "nn_requant.h"

typedef struct {
    const nn_depthwise_conv2d_s8_t *p;
    const int8_t *input;
    const int8_t *weights;   // [kernel_h * kernel_w][padded]
    const int32_t *channels; // bias2, multiplier, scale: [padded] each
    uint32_t padded;
    int8_t *out;
    uint32_t *scratch;
} nn_depthwise_layer_t;

// Words of two inputs outside the image, as halfwords.
static inline void nn_depthwise_outside(const nn_depthwise_layer_t *layer, uint32_t *to,
    uint32_t count) {
    uint32_t zeros = (uint32_t)(uint16_t)layer->p->in_zero * 0x10001u;
    for (; count > 0; count--) {
        *to++ = zeros;
    }
}

// The size of parts of `side`, at most `most`, that overlap least when all have the same size.
static inline uint32_t nn_depthwise_part(uint32_t side, uint32_t most) {
    uint32_t parts = (side + most - 1) / most;
    return (side + parts - 1) / parts;
}

// Which of `count` inputs lie in the image, of which the first is its `origin`-th: from `first`
// to before `end`.
typedef struct {
    int32_t origin;
    uint32_t first, end;
} nn_depthwise_span_t;

static inline nn_depthwise_span_t nn_depthwise_span(uint32_t place, uint32_t pad, uint32_t count,
    uint32_t side) {
    int32_t origin = (int32_t)place - (int32_t)pad;
    int32_t first = nn_clamp(-origin, 0, (int32_t)count);
    int32_t end = nn_clamp((int32_t)side - origin, first, (int32_t)count);
    return (nn_depthwise_span_t){origin, (uint32_t)first, (uint32_t)end};
}

// 3x3 with stride 1, by planes.
bool nn_depthwise3x3_suits(const nn_depthwise_layer_t *layer);
nn_status_t nn_depthwise3x3_run(const nn_depthwise_layer_t *layer, nn_run_t *run);

// Others: where there is scratch for some outputs' inputs.
bool nn_depthwise4_suits(const nn_depthwise_layer_t *layer);
nn_status_t nn_depthwise4_run(const nn_depthwise_layer_t *layer, nn_run_t *run);

#endif
