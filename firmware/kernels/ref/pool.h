// Walks the windows of a pool; what becomes of one is handed in.
#ifndef NN_POOL_H
#define NN_POOL_H

#include "nn_memory.h"

// What of a window lies in the image: its first channel's values are at `at`, `rows` x `columns`
// of them (0 of both: nothing).
typedef struct {
    const int8_t *at;
    uint32_t rows, columns;
    uint32_t row_step, column_step;
} nn_pool_view_t;

nn_pool_view_t nn_pool_view(const nn_window_t *w, const int8_t *input, uint32_t y, uint32_t x);

// Writes all channels of a pixel. False: stopped.
typedef bool (*nn_pool_pixel_t)(const nn_window_t *w, nn_pool_view_t view, int8_t *out,
    nn_meter_t *meter);

nn_status_t nn_pool(const nn_pool_s8_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_pool_pixel_t pixel);

// The average, of any window and any channels.
bool nn_average_pixel(const nn_window_t *w, nn_pool_view_t view, int8_t *out, nn_meter_t *meter);

#endif
