#include <string.h>

#include "max_bytes.h"
#include "nn_requant.h"
#include "pool.h"

#define TAP_MACS 8u // what a pixel of the input counts for beside its channels

// All channels, one pixel of the window after the other. Without one the least output.
static bool pixel(const nn_window_t *w, nn_pool_view_t view, int8_t *out, nn_meter_t *meter) {
    memset(out, w->out_min, w->out_c);
    for (uint32_t y = 0; y < view.rows; y++, view.at += view.row_step) {
        const int8_t *at = view.at;
        for (uint32_t x = 0; x < view.columns; x++, at += view.column_step) {
            if (!nn_meter(meter, TAP_MACS + w->out_c)) {
                return false;
            }
            nn_max_bytes(out, at, w->out_c);
        }
    }
    for (uint32_t c = 0; c < w->out_c && w->out_max < 127; c++) {
        out[c] = (int8_t)nn_clamp(out[c], w->out_min, w->out_max);
    }
    return true;
}

nn_status_t nn_max_pool_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    return nn_pool(block, m, run, pixel);
}
