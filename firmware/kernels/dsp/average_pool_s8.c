#include "nn_requant.h"
#include "pool.h"

#define LANES 4u
#define MOST_PIXELS 255u // of which sums fit into halfwords

// Four neighbouring channels of a window, as sums of channels 0 and 2, and 1 and 3.
typedef struct {
    uint32_t even, odd;
} sums_t;

static sums_t sums_of(const nn_pool_view_t *view) {
    sums_t sums = {0, 0};
    const int8_t *row = view->at;
    for (uint32_t y = 0; y < view->rows; y++, row += view->row_step) {
        const int8_t *at = row;
        for (uint32_t x = view->columns; x > 0; x--, at += view->column_step) {
            uint32_t word;
            __builtin_memcpy(&word, at, sizeof(word));
            __asm("sxtab16 %0, %0, %1" : "+r"(sums.even) : "r"(word));
            __asm("sxtab16 %0, %0, %1, ror #8" : "+r"(sums.odd) : "r"(word));
        }
    }
    return sums;
}

static int8_t finish(const nn_window_t *w, uint32_t lane, int32_t count) {
    int32_t sum = (int16_t)lane;
    int32_t y = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
    return (int8_t)nn_clamp(y, w->out_min, w->out_max);
}

static bool pixel(const nn_window_t *w, nn_pool_view_t view, int8_t *out, nn_meter_t *meter) {
    if (view.row_step == view.columns * view.column_step) { // whole rows of the image: one long one
        view.columns *= view.rows;
        view.rows = 1;
    }
    int32_t count = (int32_t)(view.rows * view.columns);
    for (uint32_t c = 0; c < w->out_c; c += LANES, view.at += LANES, out += LANES) {
        if (!nn_meter(meter, LANES * (uint32_t)count)) {
            return false;
        }
        sums_t sums = sums_of(&view);
        out[0] = finish(w, sums.even, count);
        out[1] = finish(w, sums.odd, count);
        out[2] = finish(w, sums.even >> 16, count);
        out[3] = finish(w, sums.odd >> 16, count);
    }
    return true;
}

// Whether each window has a pixel, not too many of them, and channels come in fours.
static bool suits(const nn_window_t *w) {
    bool inside = w->pad_top < w->kernel_h && w->pad_left < w->kernel_w &&
        (w->out_h - 1) * w->stride_h < w->in_h + w->pad_top &&
        (w->out_w - 1) * w->stride_w < w->in_w + w->pad_left;
    return inside && w->out_c % LANES == 0 && w->kernel_h * w->kernel_w <= MOST_PIXELS;
}

nn_status_t nn_average_pool_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_pool_s8_t *p = block;
    return nn_pool(p, m, run, suits(&p->window) ? pixel : nn_average_pixel);
}
