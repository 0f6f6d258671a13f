// The plain depthwise convolution, which dsp/ falls back to.
#ifndef NN_DEPTHWISE_H
#define NN_DEPTHWISE_H

#include "nn.h"

nn_status_t nn_depthwise_any(const nn_depthwise_conv2d_s8_t *p, const nn_memory_t *m,
    nn_run_t *run);

#endif
