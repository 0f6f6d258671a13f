#include "pool.h"

#include "nn_requant.h"
#include "window.h"

// Of one channel: rounded to the nearest, halves away from zero. 0 without a pixel.
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

bool nn_average_pixel(const nn_window_t *w, nn_pool_view_t view, int8_t *out, nn_meter_t *meter) {
    for (uint32_t c = 0; c < w->out_c; c++, view.at++) {
        if (!nn_meter(meter, view.rows * view.columns + 1)) {
            return false;
        }
        out[c] = (int8_t)nn_clamp(average(&view), w->out_min, w->out_max);
    }
    return true;
}

nn_pool_view_t nn_pool_view(const nn_window_t *w, const int8_t *input, uint32_t y, uint32_t x) {
    nn_extent_t ey = nn_extent_y(w, y);
    nn_extent_t ex = nn_extent_x(w, x);
    if (ey.first == ey.end || ex.first == ex.end) {
        return (nn_pool_view_t){input, 0, 0, 0, 0};
    }
    const int8_t *at = nn_pixel(w, input, ey, ex, ey.first, ex.first);
    return (nn_pool_view_t){at, ey.end - ey.first, ex.end - ex.first, w->in_w * w->in_c, w->in_c};
}

nn_status_t nn_pool(const nn_pool_s8_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_pool_pixel_t pixel) {
    const nn_window_t *w = &p->window;
    const int8_t *input = nn_in(m, w->input);
    int8_t *out = nn_out(m, w->output);
    nn_meter_t meter = {run, 0, 0};
    for (uint32_t i = run->at; i < w->out_h * w->out_w; i++) {
        if (nn_pause(&meter, i)) {
            return NN_MORE;
        }
        nn_pool_view_t view = nn_pool_view(w, input, i / w->out_w, i % w->out_w);
        if (!pixel(w, view, out + i * w->out_c, &meter)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}
