// Walks the rows of an image that gets another size; what becomes of a row is handed in.
#ifndef NN_RESIZE_H
#define NN_RESIZE_H

#include "nn_memory.h"

// Writes row y of the output. False: stopped.
typedef bool (*nn_resize_row_t)(const nn_resize_t *p, const nn_memory_t *m, uint32_t y,
    nn_meter_t *meter);

nn_status_t nn_resize(const nn_resize_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_resize_row_t row);

#endif
