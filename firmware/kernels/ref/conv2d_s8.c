#include "conv.h"
#include "gather.h"

nn_status_t nn_conv2d_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    return nn_conv(block, m, run, nn_gather);
}
