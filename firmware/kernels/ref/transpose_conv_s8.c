#include "conv.h"
#include "transpose.h"

nn_status_t nn_transpose_conv_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    return nn_conv(block, m, run, nn_transpose_gather);
}
