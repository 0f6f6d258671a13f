#include <string.h>

#include "copy.h"
#include "stream.h"
#include "window.h"

// The outputs in their order, a few at a time.
typedef struct {
    const nn_conv2d_s8_t *p;
    const int8_t *input;
    int8_t *gathered; // a window's inputs
    bool in_place;    // the pixels themselves are the windows
    uint32_t y, x;    // the next output
    nn_extent_t rows; // of the kernel that are in the image at y
} walk_t;

// Whether each output sees one pixel, inside the image.
static bool is_pointwise(const nn_window_t *w) {
    bool one = w->kernel_h == 1 && w->kernel_w == 1 && w->pad_top == 0 && w->pad_left == 0;
    return one && (w->out_h - 1) * w->stride_h < w->in_h && (w->out_w - 1) * w->stride_w < w->in_w;
}

// Some of a kernel's rows and columns, which are in the image from `at` on.
static void copy(const walk_t *k, int8_t *to, const int8_t *at, uint32_t rows, uint32_t columns) {
    const nn_window_t *w = &k->p->window;
    uint32_t row_bytes = w->kernel_w * w->in_c, image_step = w->dilation_h * w->in_w * w->in_c;
    if (w->dilation_w == 1) {
        nn_mve_copy(to, row_bytes, at, image_step, rows, columns * w->in_c);
        return;
    }
    for (; rows > 0; rows--, at += image_step, to += row_bytes) {
        nn_mve_copy(to, w->in_c, at, w->dilation_w * w->in_c, columns, w->in_c);
    }
}

// The inputs under the next window; what is outside the image is the input's zero point.
static void gather(const walk_t *k) {
    const nn_window_t *w = &k->p->window;
    nn_extent_t ey = k->rows, ex = nn_extent_x(w, k->x);
    uint32_t rows = ey.end - ey.first, columns = ex.end - ex.first;
    if (columns < w->kernel_w || rows < w->kernel_h) {
        memset(k->gathered, k->p->in_zero, w->kernel_h * w->kernel_w * w->in_c);
    }
    if (columns > 0 && rows > 0) {
        uint32_t skipped = (ey.first * w->kernel_w + ex.first) * w->in_c;
        const int8_t *at = nn_pixel(w, k->input, ey, ex, ey.first, ex.first);
        copy(k, k->gathered + skipped, at, rows, columns);
    }
}

static void go_to(walk_t *k, uint32_t y, uint32_t x) {
    k->y = y;
    k->x = x;
    k->rows = nn_extent_y(&k->p->window, y);
}

static const int8_t *next_row(walk_t *k) {
    const nn_window_t *w = &k->p->window;
    const int8_t *row = k->gathered;
    if (k->x == w->out_w) {
        go_to(k, k->y + 1, 0);
    }
    if (k->in_place) {
        row = k->input + (k->y * w->stride_h * w->in_w + k->x * w->stride_w) * w->in_c;
    } else {
        gather(k);
    }
    k->x++;
    return row;
}

static bool some(walk_t *k, nn_mve_rows_t *x, uint32_t count, int8_t *out) {
    for (uint32_t i = 0; i < count; i++) {
        if (!nn_mve_put(x, i, next_row(k), out + i * x->x.by.out_n)) {
            return false;
        }
    }
    return nn_mve_rows(x, count, out);
}

static nn_status_t go(walk_t *k, nn_mve_rows_t *x, int8_t *out, uint32_t at) {
    const nn_window_t *w = &k->p->window;
    uint32_t pixels = w->out_h * w->out_w;
    go_to(k, at / w->out_w, at % w->out_w);
    for (; at < pixels; at += x->at_once) {
        if (nn_pause(&x->x.meter, at)) {
            return NN_MORE;
        }
        uint32_t count = pixels - at < x->at_once ? pixels - at : x->at_once;
        if (!some(k, x, count, out + at * x->x.by.out_n)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}

nn_status_t nn_conv2d_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_conv2d_s8_t *p = block;
    const nn_window_t *w = &p->window;
    uint32_t depth = w->kernel_h * w->kernel_w * w->in_c;
    nn_mve_rows_t x;
    x.x.by = (nn_matrix_t){nn_in(m, p->weights), depth, w->out_c, p->out_zero, w->out_min,
        w->out_max};
    x.x.meter = (nn_meter_t){run, 0, 0};
    int8_t *out = nn_out(m, w->output), *scratch = nn_out(m, p->scratch);
    walk_t k = {.p = p, .input = nn_in(m, w->input), .gathered = scratch,
        .in_place = is_pointwise(w)};
    bool dense = k.in_place && w->stride_h == 1 && w->stride_w == 1 && w->out_w == w->in_w;
    if (dense && nn_mve_stream_suits(w->out_h * w->out_w, depth)) {
        nn_mve_stream_begin(&x.x, scratch, p->scratch_bytes);
        return nn_mve_stream(&x.x, k.input, w->out_h * w->out_w, out);
    }
    uint32_t gathered = nn_round4(depth);
    if (!nn_mve_rows_begin(&x, scratch + gathered, p->scratch_bytes - gathered)) {
        return NN_ERROR_STOPPED;
    }
    return go(&k, &x, out, run->at);
}
