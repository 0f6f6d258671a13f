#include "depthwise.h"

nn_status_t nn_depthwise_conv2d_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    return nn_depthwise_any(block, m, run);
}
