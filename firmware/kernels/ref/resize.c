#include "resize.h"

nn_status_t nn_resize(const nn_resize_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_resize_row_t row) {
    nn_meter_t meter = {run, 0, 0};
    for (uint32_t y = run->at; y < p->out_h; y++) {
        if (nn_pause(&meter, y)) {
            return NN_MORE;
        }
        if (!row(p, m, y, &meter)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}
