#include "check.h"

static nn_status_t check_pool(const nn_window_t *w, const nn_memory_t *m) {
    nn_status_t status = nn_check_window(w, m);
    if (status) {
        return status;
    }
    uint64_t area = (uint64_t)w->kernel_h * w->kernel_w;
    bool dilated = w->dilation_h != 1 || w->dilation_w != 1;
    return w->in_c != w->out_c || dilated || area > NN_WATCH_MACS ? NN_ERROR_SHAPE : NN_OK;
}

nn_status_t nn_average_pool_s8_check(const void *block, const nn_memory_t *m) {
    return check_pool(&((const nn_pool_s8_t *)block)->window, m);
}

nn_status_t nn_max_pool_s8_check(const void *block, const nn_memory_t *m) {
    return check_pool(&((const nn_pool_s8_t *)block)->window, m);
}
