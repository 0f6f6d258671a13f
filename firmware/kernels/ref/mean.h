// Walks the outputs of a mean in groups of up to four neighbours; how four are summed at once is
// handed in.
#ifndef NN_MEAN_H
#define NN_MEAN_H

#include "nn_memory.h"

// Adds `count` elements, `step` bytes apart, to each of four sums, whose elements are neighbours.
typedef void (*nn_mean_add_t)(const int8_t *at, uint32_t step, uint32_t count, int32_t *sum);

nn_status_t nn_mean(const nn_mean_s8_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_mean_add_t add4);

#endif
