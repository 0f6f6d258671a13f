// A depthwise convolution that the fast kernels can do: as many outputs as inputs, four channels at
// a time, usual scales, columns of the kernel next to each other.
#ifndef NN_DEPTHWISE_LAYER_H
#define NN_DEPTHWISE_LAYER_H

#include "nn_layout.h"
#include "nn_memory.h"

typedef struct {
    const nn_depthwise_conv2d_s8_t *p;
    const int8_t *input;
    const int8_t *weights;   // [kernel_h * kernel_w][padded]
    const int32_t *channels; // bias2, multiplier, scale: [padded] each
    uint32_t padded;
    int8_t *out;
    uint32_t *scratch;
} nn_depthwise_layer_t;

// What stands for two inputs outside the image, as halfwords.
static inline uint32_t nn_depthwise_outside(const nn_depthwise_layer_t *layer) {
    return (uint32_t)(uint16_t)layer->p->in_zero * 0x10001u;
}

// 3x3 with stride 1, by planes.
bool nn_depthwise3x3_suits(const nn_depthwise_layer_t *layer);
nn_status_t nn_depthwise3x3_run(const nn_depthwise_layer_t *layer, nn_run_t *run);

// Others: where there is scratch for some outputs' inputs.
bool nn_depthwise4_suits(const nn_depthwise_layer_t *layer);
nn_status_t nn_depthwise4_run(const nn_depthwise_layer_t *layer, nn_run_t *run);

#endif
