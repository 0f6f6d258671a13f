#include "windows.h"

#include "nn_layout.h"

// `reach`: bytes or pixels that a window spans.
static nn_inside_t inside(uint32_t stride, uint32_t pad, uint32_t reach, uint32_t side,
    uint32_t out) {
    uint32_t first = (pad + stride - 1) / stride;
    uint32_t end = side + pad < reach ? 0 : (side + pad - reach) / stride + 1;
    end = end < out ? end : out;
    return (nn_inside_t){first, end > first ? end - first : 0};
}

nn_windows_t nn_windows(const nn_conv2d_s8_t *p, const int8_t *input, int8_t *scratch, bool bytes) {
    const nn_window_t *w = &p->window;
    uint32_t row_bytes = w->kernel_w * w->in_c;
    uint32_t padded = nn_round4(w->kernel_h * row_bytes);
    uint32_t height = (w->kernel_h - 1) * w->dilation_h + 1;
    nn_windows_t k = {p, input, scratch + 6u * padded, padded,
        w->dilation_h * w->in_w * w->in_c - row_bytes,
        !bytes && row_bytes % 4 == 0 && (w->dilation_w == 1 || w->kernel_w == 1),
        inside(w->stride_h, w->pad_top, height, w->in_h, w->out_h),
        inside(w->stride_w, w->pad_left, w->kernel_w, w->in_w, w->out_w),
        {.out = (void *)scratch, .segments = 1, .groups = padded / 4}};
    if (k.direct) {
        k.widen.segments = w->kernel_h;
        k.widen.groups = row_bytes / 4;
    }
    // What stands for inputs between depth and a whole group.
    memset(k.gathered, 0, 3u * padded);
    return k;
}

static bool is_among(nn_inside_t inside, uint32_t at) {
    return at - inside.first < inside.count;
}

// The i-th of three windows: where it lies in the image, or gathered.
static void find(nn_windows_t *k, uint32_t i, uint32_t y, uint32_t x) {
    const nn_window_t *w = &k->p->window;
    if (k->direct && is_among(k->inside_y, y) && is_among(k->inside_x, x)) {
        uint32_t row = (y * w->stride_h - w->pad_top) * w->in_w;
        k->widen.at[i] = k->input + (row + x * w->stride_w - w->pad_left) * w->in_c;
        k->widen.step[i] = k->row_step;
        return;
    }
    int8_t *to = k->gathered + i * k->padded;
    nn_gather(k->p, k->input, y, x, to);
    k->widen.at[i] = to;
    k->widen.step[i] = 0;
}

void nn_windows_widen3(nn_windows_t *k, uint32_t first, uint32_t step) {
    uint32_t columns = k->p->window.out_w;
    uint32_t y = first / columns;
    uint32_t x = first % columns;
    for (uint32_t i = 0; i < 3; i++) {
        find(k, i, y, x);
        x += step;
        if (x == columns) {
            x = 0;
            y++;
        }
    }
    nn_widen3(&k->widen);
}
