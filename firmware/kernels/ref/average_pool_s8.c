#include "pool.h"

nn_status_t nn_average_pool_s8_run(const nn_pool_s8_t *p, const nn_memory_t *m,
    const nn_watch_t *w) {
    return nn_average_pool_any(p, m, w);
}
