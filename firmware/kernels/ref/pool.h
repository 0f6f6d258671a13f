// Walks the windows of a pool; the answer of one window for one channel is handed in.
#ifndef NN_POOL_H
#define NN_POOL_H

#include "nn_memory.h"
#include "nn_requant.h"
#include "window.h"

// The channel's values are at `at`, `rows` x `columns` of them (0 of both: window outside).
typedef struct {
    const int8_t *at;
    uint32_t rows, columns;
    uint32_t row_step, column_step;
} nn_pool_view_t;

// The plain average pool, which dsp/ falls back to.
nn_status_t nn_average_pool_any(const nn_pool_s8_t *p, const nn_memory_t *m, nn_run_t *run);

typedef int32_t (*nn_pool_answer_t)(const nn_pool_view_t *view);

static inline nn_pool_view_t nn_pool_view(const nn_window_t *w, const int8_t *input, uint32_t y,
    uint32_t x) {
    nn_extent_t ey = nn_extent_y(w, y);
    nn_extent_t ex = nn_extent_x(w, x);
    if (ey.first == ey.end || ex.first == ex.end) {
        return (nn_pool_view_t){input, 0, 0, 0, 0};
    }
    const int8_t *at = nn_pixel(w, input, ey, ex, ey.first, ex.first);
    return (nn_pool_view_t){at, ey.end - ey.first, ex.end - ex.first, w->in_w * w->in_c, w->in_c};
}

static inline bool nn_pool_pixel(const nn_window_t *w, nn_pool_view_t view, nn_pool_answer_t answer,
    int8_t *out, nn_meter_t *meter) {
    for (uint32_t c = 0; c < w->out_c; c++, view.at++) {
        if (!nn_meter(meter, view.rows * view.columns + 1)) {
            return false;
        }
        out[c] = (int8_t)nn_clamp(answer(&view), w->out_min, w->out_max);
    }
    return true;
}

static inline nn_status_t nn_pool(const nn_pool_s8_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_pool_answer_t answer) {
    const nn_window_t *w = &p->window;
    const int8_t *input = nn_in(m, w->input);
    int8_t *out = nn_out(m, w->output);
    nn_meter_t meter = {run, 0, 0};
    for (uint32_t i = run->at; i < w->out_h * w->out_w; i++) {
        if (nn_pause(&meter, i)) {
            return NN_MORE;
        }
        nn_pool_view_t view = nn_pool_view(w, input, i / w->out_w, i % w->out_w);
        if (!nn_pool_pixel(w, view, answer, out + i * w->out_c, &meter)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}

#endif
