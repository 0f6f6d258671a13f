// Elements in a row, in portions that the watch allows; what becomes of a portion is handed in.
#ifndef NN_PORTIONS_H
#define NN_PORTIONS_H

#include "nn_memory.h"

// Elements first to first + count.
typedef void (*nn_portion_t)(const void *context, uint32_t first, uint32_t count);

// `macs` is what an element counts for: 12 at most.
nn_status_t nn_portions(uint32_t total, uint32_t macs, nn_run_t *run, nn_portion_t portion,
    const void *context);

#endif
