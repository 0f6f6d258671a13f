#include "check.h"

nn_status_t nn_transpose_conv_s8_check(const void *block, const nn_memory_t *m) {
    const nn_transpose_conv_s8_t *p = block;
    bool dilated = p->window.dilation_h != 1 || p->window.dilation_w != 1;
    return dilated ? NN_ERROR_SHAPE : nn_conv2d_s8_check(block, m);
}
