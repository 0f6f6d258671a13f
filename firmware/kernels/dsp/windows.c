#include "windows.h"

#include <string.h>

#include "bytes.h"
#include "nn_layout.h"
#include "window.h"

#define GROUP 12u // halfwords of a group, with those of three rows

static nn_inside_t inside(uint32_t stride, uint32_t pad, uint32_t reach, uint32_t side,
    uint32_t out) {
    uint32_t first = (pad + stride - 1) / stride;
    uint32_t end = side + pad < reach ? 0 : (side + pad - reach) / stride + 1;
    end = end < out ? end : out;
    return (nn_inside_t){first, end > first ? end - first : 0};
}

static bool is_among(nn_inside_t inside, uint32_t at) {
    return at - inside.first < inside.count;
}

nn_windows_t nn_windows(const nn_conv2d_s8_t *p, const int8_t *input, int8_t *scratch,
    nn_gather_t gather) {
    const nn_window_t *w = &p->window;
    uint32_t padded = nn_round4(w->kernel_h * w->kernel_w * w->in_c);
    nn_windows_t k = {.p = p, .input = input, .gather = gather, .gathered = scratch + 6u * padded,
        .padded = padded,
        .widen = {.out = (void *)scratch, .segments = 1, .groups = padded / 4}};
    // What stands for inputs between depth and a whole group.
    memset(k.gathered, 0, 3u * padded);
    return k;
}

void nn_windows_look_inside(nn_windows_t *k, bool bytes) {
    const nn_window_t *w = &k->p->window;
    uint32_t row_bytes = w->kernel_w * w->in_c;
    uint32_t height = (w->kernel_h - 1) * w->dilation_h + 1;
    if (w->dilation_w > 1 && w->kernel_w > 1) {
        return;
    }
    k->inside_y = inside(w->stride_h, w->pad_top, height, w->in_h, w->out_h);
    k->inside_x = inside(w->stride_w, w->pad_left, w->kernel_w, w->in_w, w->out_w);
    k->x_stride = w->stride_w * w->in_c;
    k->direct = !bytes && row_bytes % 4 == 0 && height <= w->in_h && w->kernel_w <= w->in_w;
    if (k->direct) {
        uint32_t image_row = w->in_w * w->in_c;
        k->last = (w->in_h - height + 1) * image_row - row_bytes;
        k->row_step = w->dilation_h * image_row - row_bytes;
        k->widen.segments = w->kernel_h;
        k->widen.groups = row_bytes / 4;
    }
}

// Where a window begins, in bytes; wraps.
static uint32_t place(const nn_windows_t *k, uint32_t y, uint32_t x) {
    const nn_window_t *w = &k->p->window;
    return ((y * w->stride_h - w->pad_top) * w->in_w - w->pad_left) * w->in_c + x * k->x_stride;
}

// Three windows in the image, in one row.
static void find3(nn_windows_t *k, const int8_t *at, uint32_t step) {
    k->widen.at[0] = at;
    k->widen.at[1] = at + step;
    k->widen.at[2] = at + 2 * step;
    k->widen.step[0] = k->widen.step[1] = k->widen.step[2] = k->row_step;
}

// Rows of a window whose columns are in the image, from `from` on, as bytes.
static void copy_rows(const nn_windows_t *k, const int8_t *from, uint32_t rows, int8_t *to) {
    const nn_window_t *w = &k->p->window;
    uint32_t row_bytes = w->kernel_w * w->in_c;
    nn_copy_rows(from, w->dilation_h * w->in_w * w->in_c - row_bytes, to, rows, row_bytes);
}

// What find3 has found, in whole groups.
static void copy3(nn_windows_t *k) {
    int8_t *to = k->gathered;
    for (uint32_t i = 0; i < 3; i++, to += k->padded) {
        copy_rows(k, k->widen.at[i], k->p->window.kernel_h, to);
        k->widen.at[i] = to;
    }
}

// A window whose columns are in the image, rows that are not become the zero point.
static void copy_inside(const nn_windows_t *k, uint32_t y, uint32_t x, int8_t *to) {
    const nn_window_t *w = &k->p->window;
    uint32_t row_bytes = w->kernel_w * w->in_c;
    nn_extent_t ey = nn_extent_y(w, y);
    nn_fill(to, k->p->in_zero, ey.first * row_bytes);
    nn_fill(to + ey.end * row_bytes, k->p->in_zero, (w->kernel_h - ey.end) * row_bytes);
    if (ey.first < ey.end) {
        uint32_t first = ey.first * w->dilation_h * w->in_w * w->in_c;
        copy_rows(k, k->input + (place(k, y, x) + first), ey.end - ey.first,
            to + ey.first * row_bytes);
    }
}

// The i-th of three windows: where it lies in the image, or gathered. False: in the image, but
// with columns that are outside; what is read for them are other pixels.
static bool find(nn_windows_t *k, uint32_t i, uint32_t y, uint32_t x) {
    if (k->direct && is_among(k->inside_y, y)) {
        uint32_t at = place(k, y, x);
        if (at <= k->last) {
            k->widen.at[i] = k->input + at;
            k->widen.step[i] = k->row_step;
            return is_among(k->inside_x, x);
        }
    }
    int8_t *to = k->gathered + i * k->padded;
    if (is_among(k->inside_x, x)) {
        copy_inside(k, y, x, to);
    } else {
        k->gather(k->p, k->input, y, x, to);
    }
    k->widen.at[i] = to;
    k->widen.step[i] = 0;
    return true;
}

// Columns of the i-th widened window become the zero point: the bytes from `first` to `end` of
// each kernel row.
static void fill_columns(const nn_windows_t *k, uint32_t i, uint32_t first, uint32_t end) {
    for (uint32_t at = first; at < end; at++) {
        int16_t *to = k->widen.out + at / 4 * GROUP + 2 * i + at % 2 * (GROUP / 2) + at / 2 % 2;
        for (uint32_t row = k->widen.segments; row > 0; row--, to += k->widen.groups * GROUP) {
            *to = (int16_t)k->p->in_zero;
        }
    }
}

static void fill_outside(const nn_windows_t *k, uint32_t i, uint32_t x) {
    const nn_window_t *w = &k->p->window;
    nn_extent_t ex = nn_extent_x(w, x);
    fill_columns(k, i, 0, ex.first * w->in_c);
    fill_columns(k, i, ex.end * w->in_c, w->kernel_w * w->in_c);
}

void nn_windows_widen3(nn_windows_t *k, uint32_t first, uint32_t step) {
    uint32_t columns = k->p->window.out_w;
    uint32_t y = first / columns;
    uint32_t x = first % columns;
    if (is_among(k->inside_y, y) && is_among(k->inside_x, x) &&
        is_among(k->inside_x, x + 2 * step)) {
        find3(k, k->input + place(k, y, x), step * k->x_stride);
        if (!k->direct) {
            copy3(k);
        }
        nn_widen3(&k->widen);
        return;
    }
    bool inside[3];
    for (uint32_t i = 0, at = first; i < 3; i++, at += step) {
        inside[i] = find(k, i, at / columns, at % columns);
    }
    nn_widen3(&k->widen);
    for (uint32_t i = 0, at = first; i < 3; i++, at += step) {
        if (!inside[i]) {
            fill_outside(k, i, at % columns);
        }
    }
}
