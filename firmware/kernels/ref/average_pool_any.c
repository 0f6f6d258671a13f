#include "pool.h"

// Rounded to the nearest, halves away from zero. A window without a pixel averages to 0.
static int32_t average(const nn_pool_view_t *view) {
    int32_t count = (int32_t)(view->rows * view->columns);
    int32_t sum = 0;
    const int8_t *row = view->at;
    for (uint32_t y = 0; y < view->rows; y++, row += view->row_step) {
        const int8_t *at = row;
        for (uint32_t x = 0; x < view->columns; x++, at += view->column_step) {
            sum += *at;
        }
    }
    if (count == 0) {
        return 0;
    }
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

nn_status_t nn_average_pool_any(const nn_pool_s8_t *p, const nn_memory_t *m, nn_run_t *run) {
    return nn_pool(p, m, run, average);
}
