#include <arm_mve.h>

#include "clamp.h"
#include "pool.h"
#include "sides.h"

#define LANES 8u
#define MOST_PIXELS 256u // of which sums fit into halfwords

// Of even and of odd channels.
typedef struct {
    int32x4_t even, odd;
} sums_t;

static inline sums_t add_row(sums_t sums, const nn_pool_view_t *view, const int8_t *at,
    mve_pred16_t lanes) {
    for (uint32_t left = view->columns; left > 0;) {
        uint32_t count = nn_smaller(left, MOST_PIXELS);
        int16x8_t part = vdupq_n_s16(0);
        left -= count;
        for (; count > 0; count--, at += view->column_step) {
            part = vaddq_s16(part, vldrbq_z_s16(at, lanes));
        }
        sums.even = vaddq_s32(sums.even, vmovlbq_s16(part));
        sums.odd = vaddq_s32(sums.odd, vmovltq_s16(part));
    }
    return sums;
}

// Rounded to the nearest, halves away from zero.
static int8_t mean(int32_t sum, int32_t count) {
    return (int8_t)((sum > 0 ? sum + count / 2 : sum - count / 2) / count);
}

// Up to eight channels. A window without a pixel averages to 0.
static void average(const nn_pool_view_t *view, uint32_t channels, int8_t *out) {
    mve_pred16_t lanes = vctp16q(channels);
    sums_t sums = {vdupq_n_s32(0), vdupq_n_s32(0)};
    const int8_t *row = view->at;
    for (uint32_t y = 0; y < view->rows; y++, row += view->row_step) {
        sums = add_row(sums, view, row, lanes);
    }
    int32_t sum[LANES];
    int32_t count = (int32_t)(view->rows * view->columns);
    vst2q_s32(sum, ((int32x4x2_t){{sums.even, sums.odd}}));
    for (uint32_t i = 0; i < channels; i++) {
        out[i] = count ? mean(sum[i], count) : 0;
    }
}

// As many channels at a time as there are lanes, and as the watch allows.
static bool pixel(const nn_window_t *w, nn_pool_view_t view, int8_t *out, nn_meter_t *meter) {
    uint32_t pixels = view.rows * view.columns;
    uint32_t macs = pixels > 0 ? pixels : 1;
    uint32_t step = nn_smaller(LANES, NN_WATCH_MACS / macs);
    for (uint32_t c = 0; c < w->out_c; c += step, view.at += step) {
        uint32_t channels = nn_smaller(w->out_c - c, step);
        if (!nn_meter(meter, channels * macs)) {
            return false;
        }
        average(&view, channels, out + c);
    }
    nn_mve_clamp(out, w->out_c, w->out_min, w->out_max);
    return true;
}

nn_status_t nn_average_pool_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    return nn_pool(block, m, run, pixel);
}
