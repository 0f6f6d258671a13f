#include "conv3.h"
#include "transpose.h"

nn_status_t nn_transpose_conv_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    nn_conv3_t k = nn_conv3(block, m, run, nn_transpose_gather);
    return nn_conv3_run(&k);
}
