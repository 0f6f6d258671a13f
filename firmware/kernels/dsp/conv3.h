// Convolutions three pixels at a time.
#ifndef NN_CONV3_H
#define NN_CONV3_H

#include "matrix.h"
#include "windows.h"

typedef struct {
    nn_dsp3_t rows;
    nn_windows_t windows;
    int8_t *out;
} nn_conv3_t;

nn_conv3_t nn_conv3(const nn_conv2d_s8_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_gather_t gather);
nn_status_t nn_conv3_run(nn_conv3_t *k);

#endif
