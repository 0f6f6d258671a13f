#include "pool.h"

// A window without a pixel answers the least int8.
static int32_t maximum(const nn_pool_view_t *view) {
    int32_t most = -128;
    const int8_t *row = view->at;
    for (uint32_t y = 0; y < view->rows; y++, row += view->row_step) {
        const int8_t *at = row;
        for (uint32_t x = 0; x < view->columns; x++, at += view->column_step) {
            most = *at > most ? *at : most;
        }
    }
    return most;
}

nn_status_t nn_max_pool_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    return nn_pool(block, m, run, maximum);
}
