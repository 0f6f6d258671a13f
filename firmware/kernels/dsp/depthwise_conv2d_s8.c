#include "depthwise.h"
#include "depthwise3x3.h"
#include "nn_layout.h"
#include "nn_memory.h"
#include "nn_requant.h"

// Four channels at a time, whose inputs are widened to planes in the scratch memory, as many
// rows at a time as have room there.
typedef struct {
    const nn_depthwise_conv2d_s8_t *p;
    const int8_t *input;
    const int8_t *weights;   // [9][padded]
    const int32_t *channels; // bias2, multiplier, scale: [padded] each
    uint32_t padded;
    int8_t *out;
    uint32_t *planes;
    uint32_t columns; // of words in a plane
    uint32_t rows;    // of outputs in a strip
    nn_meter_t meter;
} work_t;

// Where a side of a column of words comes from: the image, or again and again the zero point.
typedef struct {
    const int8_t *at;
    uint32_t step;
} source_t;

static source_t source(const work_t *k, const uint32_t *zeros, int32_t x, uint32_t channel) {
    const nn_window_t *w = &k->p->window;
    if (x < 0 || x >= (int32_t)w->in_w) {
        return (source_t){(const void *)zeros, 0};
    }
    return (source_t){k->input + (uint32_t)x * w->in_c + channel, w->in_w * w->in_c};
}

// A part of a column: `rows` of it, then `x` stands behind them.
static void fill_rows(nn_spread_t *x, uint32_t rows) {
    if (rows > 0) {
        x->rows = rows;
        nn_spread(x);
        x->to += rows;
    }
}

// Column `j` of the planes, for the inputs from row `top` on (above the image: negative).
static void fill_column(const work_t *k, uint32_t j, int32_t top, uint32_t channel) {
    const nn_window_t *w = &k->p->window;
    uint32_t zero = (uint32_t)(uint8_t)k->p->in_zero * 0x01010101u;
    int32_t x = (int32_t)(2u * j) - (int32_t)w->pad_left;
    source_t left = source(k, &zero, x, channel);
    source_t right = source(k, &zero, x + 1, channel);
    uint32_t rows = k->rows + 2;
    int32_t side = (int32_t)w->in_h;
    // Rows above the image, and where it ends, both as rows of the plane.
    uint32_t first = (uint32_t)nn_clamp(-top, 0, (int32_t)rows);
    uint32_t end = (uint32_t)nn_clamp(side - top, (int32_t)first, (int32_t)rows);
    uint32_t skipped = (uint32_t)nn_clamp(top, 0, side);
    const int8_t *outside = (const void *)&zero;
    uint32_t plane = 4u * rows * k->columns;
    nn_spread_t spread = {outside, 0, outside, 0, k->planes + j * rows, plane, 0};
    fill_rows(&spread, first);
    spread.left = left.at + skipped * left.step;
    spread.left_step = left.step;
    spread.right = right.at + skipped * right.step;
    spread.right_step = right.step;
    fill_rows(&spread, end - first);
    spread = (nn_spread_t){outside, 0, outside, 0, spread.to, plane, 0};
    fill_rows(&spread, rows - end);
}

static uint32_t halves(int32_t low, int32_t high) {
    return ((uint32_t)(2 * low) & 0xFFFFu) | (uint32_t)(2 * high) << 16;
}

static void one_channel(const work_t *k, uint32_t y, uint32_t channel, uint32_t of_four) {
    const nn_window_t *w = &k->p->window;
    uint32_t rows = k->rows + 2;
    const int32_t *by = k->channels + channel;
    nn_plane3x3_t plane = {.bias2 = by[0], .multiplier = by[k->padded], .scale = by[2 * k->padded],
        .zero = k->p->out_zero, .out = k->out + y * w->out_w * w->out_c + channel,
        .pixel = w->out_c, .row = w->out_w * w->out_c,
        .in = k->planes + of_four * rows * k->columns, .column = 4u * rows, .rows = k->rows,
        .columns = w->out_w};
    const int8_t *weight = k->weights + channel;
    for (uint32_t i = 0; i < 3; i++, weight += 3 * k->padded) {
        int32_t middle = weight[k->padded];
        plane.weights[i] = halves(weight[0], middle);
        plane.weights[3 + i] = halves(middle, weight[2 * k->padded]);
    }
    nn_depthwise3x3(&plane);
}

static bool four_channels(work_t *k, uint32_t y, uint32_t channel) {
    const nn_window_t *w = &k->p->window;
    for (uint32_t j = 0; j < k->columns; j++) {
        fill_column(k, j, (int32_t)y - (int32_t)w->pad_top, channel);
    }
    for (uint32_t i = 0; i < 4; i++) {
        if (!nn_meter(&k->meter, k->rows * w->out_w * 9u)) {
            return false;
        }
        one_channel(k, y, channel + i, i);
    }
    return true;
}

// As many rows as have room, and as the watch allows; always at least two.
static uint32_t strip_rows(const nn_depthwise_conv2d_s8_t *p, uint32_t columns) {
    const nn_window_t *w = &p->window;
    uint32_t room = p->scratch_bytes / (16u * columns) - 2u;
    uint32_t allowed = NN_WATCH_MACS / (9u * w->out_w);
    uint32_t rows = room < allowed ? room : allowed;
    return rows < w->out_h ? rows : w->out_h;
}

static bool suits(const work_t *k) {
    const nn_window_t *w = &k->p->window;
    bool shape = w->kernel_h == 3 && w->kernel_w == 3 && w->stride_h == 1 && w->stride_w == 1 &&
        w->dilation_h == 1 && w->dilation_w == 1;
    if (!shape || w->in_c != w->out_c || w->in_c % 4 || k->rows < 2) {
        return false;
    }
    for (uint32_t i = 0; i < w->out_c; i++) {
        if (k->channels[2 * k->padded + i] < 0) {
            return false;
        }
    }
    return w->out_min == -128 && w->out_max == 127;
}

// Strips from the top down, in each four channels after four.
static nn_status_t go(work_t *k, uint32_t at) {
    const nn_window_t *w = &k->p->window;
    uint32_t strips = (w->out_h + k->rows - 1) / k->rows;
    uint32_t fours = w->out_c / 4;
    for (; at < strips * fours; at++) {
        if (nn_pause(&k->meter, at)) {
            return NN_MORE;
        }
        uint32_t y = at / fours * k->rows;
        // The last strip lies partly over the one before it rather than be a shorter one.
        uint32_t top = y + k->rows > w->out_h ? w->out_h - k->rows : y;
        if (!four_channels(k, top, at % fours * 4)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}

nn_status_t nn_depthwise_conv2d_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_depthwise_conv2d_s8_t *p = block;
    const nn_window_t *w = &p->window;
    uint32_t padded = nn_round4(w->out_c);
    uint32_t columns = (w->out_w + 3) / 2;
    const int8_t *weights = nn_in(m, p->weights);
    work_t k = {.p = p, .input = nn_in(m, w->input), .weights = weights,
        .channels = (const void *)(weights + w->kernel_h * w->kernel_w * padded), .padded = padded,
        .out = nn_out(m, w->output), .planes = (void *)nn_out(m, p->scratch), .columns = columns,
        .rows = strip_rows(p, columns), .meter = {run, 0, 0}};
    return suits(&k) ? go(&k, run->at) : nn_depthwise_any(p, m, run);
}
