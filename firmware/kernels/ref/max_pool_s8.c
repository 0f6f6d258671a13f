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

nn_status_t nn_max_pool_s8_run(const nn_pool_s8_t *p, const nn_memory_t *m, const nn_watch_t *w) {
    return nn_pool(p, m, w, maximum);
}
