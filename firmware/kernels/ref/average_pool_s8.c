#include "pool.h"

nn_status_t nn_average_pool_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    return nn_pool(block, m, run, nn_average_pixel);
}
