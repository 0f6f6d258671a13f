#include "gather.h"
#include "matrix.h"

// The outputs in their order, three at a time.
typedef struct {
    const nn_conv2d_s8_t *p;
    const int8_t *input;
    uint32_t y, x;
    int8_t *gathered; // three rows
    uint32_t row_bytes;
    bool in_place; // the pixels themselves are the rows
} walk_t;

static bool is_pointwise(const nn_window_t *w) {
    bool one = w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 &&
        w->pad_top == 0 && w->pad_left == 0;
    return one && w->out_h == w->in_h && w->out_w == w->in_w && w->in_c % 4 == 0;
}

static const int8_t *next_row(walk_t *k, uint32_t i) {
    const nn_window_t *w = &k->p->window;
    const int8_t *row = k->input + (k->y * w->out_w + k->x) * w->in_c;
    if (!k->in_place) {
        int8_t *gathered = k->gathered + i * k->row_bytes;
        nn_gather(k->p, k->input, k->y, k->x, gathered);
        row = gathered;
    }
    if (++k->x == w->out_w) {
        k->x = 0;
        k->y++;
    }
    return row;
}

static nn_status_t go(walk_t *k, nn_dsp_t *x, int8_t *out, uint32_t at) {
    const nn_window_t *w = &k->p->window;
    uint32_t pixels = w->out_h * w->out_w;
    k->y = at / w->out_w;
    k->x = at % w->out_w;
    for (; at < pixels; at += 3) {
        if (nn_pause(&x->meter, at)) {
            return NN_MORE;
        }
        uint32_t count = pixels - at < 3 ? pixels - at : 3;
        const int8_t *row[3];
        for (uint32_t i = 0; i < 3; i++) {
            row[i] = i < count ? next_row(k, i) : row[count - 1];
        }
        if (!nn_dsp_row3(x, row, count, out + at * w->out_c)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}

nn_status_t nn_conv2d_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_conv2d_s8_t *p = block;
    const nn_window_t *w = &p->window;
    uint32_t depth = w->kernel_h * w->kernel_w * w->in_c;
    uint32_t padded = nn_round4(depth);
    int8_t *scratch = nn_out(m, p->scratch);
    nn_dsp_t x = {{nn_in(m, p->weights), depth, w->out_c, p->out_zero, w->out_min, w->out_max}, 0,
        (void *)scratch, {run, 0, 0}};
    walk_t k = {p, nn_in(m, w->input), 0, 0, scratch + 6u * padded, padded, is_pointwise(w)};
    // What stands for inputs between depth and a whole group.
    memset(k.gathered, 0, 3u * padded);
    nn_dsp_begin(&x);
    return go(&k, &x, nn_out(m, w->output), run->at);
}
