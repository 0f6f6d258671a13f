#include <string.h>

#include "channels.h"
#include "clamp.h"
#include "depthwise.h"
#include "nn_layout.h"
#include "nn_memory.h"
#include "nn_requant.h"
#include "planes.h"

// Eight channels at a time, whose inputs are put into planes in the scratch memory, as many
// strips of two rows at a time as have room there.
typedef struct {
    const nn_depthwise_conv2d_s8_t *p;
    const int8_t *input;
    const int8_t *weights;
    const int32_t *channels; // bias2, multiplier, scale: [padded] each
    uint32_t padded;
    int8_t *out;
    int8_t *planes;
    uint32_t columns;
    uint32_t strips;  // at a time
    uint64_t outside; // a pixel's eight channels
    nn_meter_t meter;
} work_t;

// The strips that are done at a time.
typedef struct {
    uint32_t y;      // the first row of outputs
    uint32_t strips; // whole ones
    uint32_t lone;   // whether a row is left over
} batch_t;

// A row's pixel in the image's column `x`, and how far it is to the next column's.
typedef struct {
    const int8_t *at;
    uint32_t next;
} pixel_t;

static pixel_t pixel(const work_t *k, int32_t y, uint32_t x, uint32_t channel) {
    const nn_window_t *w = &k->p->window;
    if (y < 0 || y >= (int32_t)w->in_h || x >= w->in_w) {
        return (pixel_t){(const void *)&k->outside, 0};
    }
    return (pixel_t){k->input + ((uint32_t)y * w->in_w + x) * w->in_c + channel, w->in_c};
}

// Columns of the planes from `j` on, which are all in the image or all beside it.
static void fill_columns(const work_t *k, const batch_t *batch, uint32_t channel, uint32_t j,
    uint32_t columns) {
    const nn_window_t *w = &k->p->window;
    uint32_t x = j - w->pad_left;
    int32_t top = (int32_t)batch->y - (int32_t)w->pad_top;
    uint32_t strips = batch->strips + batch->lone;
    int32_t last = top + 2 * (int32_t)strips;
    pixel_t first = pixel(k, top, x, channel), odd = pixel(k, top + 1, x, channel),
            even = pixel(k, top + 2, x, channel), last0 = pixel(k, last, x, channel),
            last1 = pixel(k, last + 1, x, channel);
    nn_mve_spread_t spread = {.even = even.at, .odd = odd.at, .last = {last0.at, last1.at},
        .next = {even.next, odd.next, last0.next, last1.next}, .first = first.at,
        .next_first = first.next, .step = x < w->in_w ? 2u * w->in_w * w->in_c : 0,
        .pitch = k->columns * NN_MVE_COLUMN_BYTES, .more_strips = strips - 1,
        .to = k->planes + j * NN_MVE_COLUMN_BYTES, .columns = columns,
        .channels = w->out_c - channel < NN_MVE_LANES ? w->out_c - channel : NN_MVE_LANES};
    if (columns > 0) {
        nn_mve_spread(&spread);
    }
}

static void fill(const work_t *k, const batch_t *batch, uint32_t channel) {
    const nn_window_t *w = &k->p->window;
    uint32_t left = w->pad_left < k->columns ? w->pad_left : k->columns;
    uint32_t inside = w->in_w < k->columns - left ? w->in_w : k->columns - left;
    fill_columns(k, batch, channel, 0, left);
    fill_columns(k, batch, channel, left, inside);
    fill_columns(k, batch, channel, left + inside, k->columns - left - inside);
}

static nn_mve_planes_t planes_of(const work_t *k, const batch_t *batch, uint32_t channel) {
    const nn_window_t *w = &k->p->window;
    uint32_t pixel_step = w->out_c, row = w->out_w * w->out_c, column = NN_MVE_COLUMN_BYTES;
    int8_t *out = k->out + batch->y * row + channel;
    return (nn_mve_planes_t){.weights = k->weights + channel, .constants = k->channels + channel,
        .planes = k->planes, .out = out, .out_end = out + 2u * batch->strips * row,
        .padded = k->padded, .back = w->out_w % 2 * column, .tiles = w->out_w / 2, .row = row,
        .zero = k->p->out_zero, .step = 2u * pixel_step, .lone = batch->lone,
        .tap_at = {0, k->padded, 2u * k->padded, 0},
        .column_at = {-2u * column, -column, 0, column},
        .out_at = {0, pixel_step, row, row + pixel_step},
        .lone_at = {0, pixel_step, 0, pixel_step}};
}

// As many channels at a time as the watch allows.
static bool eight_channels(work_t *k, const batch_t *batch, uint32_t channel) {
    const nn_window_t *w = &k->p->window;
    uint32_t left = w->out_c - channel < NN_MVE_LANES ? w->out_c - channel : NN_MVE_LANES;
    uint32_t macs = (2u * batch->strips + batch->lone) * w->out_w * 9u;
    nn_mve_planes_t planes = planes_of(k, batch, channel);
    fill(k, batch, channel);
    while (left > 0) {
        uint32_t allowed = NN_WATCH_MACS / macs;
        planes.channels = left < allowed ? left : allowed;
        left -= planes.channels;
        if (!nn_meter(&k->meter, planes.channels * macs)) {
            return false;
        }
        nn_mve_depthwise3x3(&planes);
    }
    return true;
}

// As many strips as have room, and as the watch allows.
static uint32_t strips_at_once(const nn_depthwise_conv2d_s8_t *p) {
    const nn_window_t *w = &p->window;
    uint32_t room = p->scratch_bytes / ((w->out_w + 2u) * NN_MVE_COLUMN_BYTES);
    uint32_t allowed = NN_WATCH_MACS / (18u * w->out_w);
    return room < allowed ? room : allowed;
}

static batch_t batch_of(const work_t *k, uint32_t i) {
    uint32_t rows = k->p->window.out_h;
    batch_t batch = {2u * i * k->strips, k->strips, 0};
    if (batch.y + 2u * k->strips > rows) {
        batch.strips = (rows - batch.y) / 2;
        batch.lone = rows % 2;
    }
    return batch;
}

static void clamp(const work_t *k, const batch_t *batch) {
    const nn_window_t *w = &k->p->window;
    uint32_t row = w->out_w * w->out_c, rows = 2u * batch->strips + batch->lone;
    nn_mve_clamp(k->out + batch->y * row, rows * row, w->out_min, w->out_max);
}

// Batches from the top down, in each eight channels after eight.
static nn_status_t go(work_t *k, uint32_t at) {
    const nn_window_t *w = &k->p->window;
    uint32_t batches = (w->out_h + 2u * k->strips - 1) / (2u * k->strips);
    uint32_t eights = (w->out_c + NN_MVE_LANES - 1) / NN_MVE_LANES;
    for (; at < batches * eights; at++) {
        if (nn_pause(&k->meter, at)) {
            return NN_MORE;
        }
        batch_t batch = batch_of(k, at / eights);
        if (!eight_channels(k, &batch, at % eights * NN_MVE_LANES)) {
            return NN_ERROR_STOPPED;
        }
        if (at % eights == eights - 1) {
            clamp(k, &batch);
        }
    }
    return NN_OK;
}

// Whether halves of biases and scales are whole, and doubled sums do not wrap.
static bool usual_constants(const work_t *k) {
    const int32_t *bias2 = k->channels, *scale = k->channels + 2 * k->padded;
    for (uint32_t i = 0; i < k->p->window.out_c; i++) {
        bool small = bias2[i] >= -(1 << 30) && bias2[i] <= 1 << 30;
        if (!small || ((bias2[i] | scale[i]) & 1)) {
            return false;
        }
    }
    return true;
}

// All rows that nn_mve_spread walks are in the image: only the first one and those of the last pair
// may be outside.
static bool suits(const work_t *k) {
    const nn_window_t *w = &k->p->window;
    bool shape = w->kernel_h == 3 && w->kernel_w == 3 && w->stride_h == 1 && w->stride_w == 1 &&
        w->dilation_h == 1 && w->dilation_w == 1;
    bool rows_inside = w->pad_top <= 1 && ((w->out_h + 1u) & ~1u) <= w->in_h + w->pad_top;
    return shape && rows_inside && w->out_w >= 2 && k->strips > 0 && usual_constants(k);
}

static bool scales_right(const work_t *k) {
    const int32_t *scale = k->channels + 2 * k->padded;
    int32_t all = 0;
    for (uint32_t i = 0; i < k->p->window.out_c; i++) {
        all |= scale[i];
    }
    return all >= 0;
}

nn_status_t nn_depthwise_conv2d_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_depthwise_conv2d_s8_t *p = block;
    const nn_window_t *w = &p->window;
    uint32_t taps = w->kernel_h * w->kernel_w;
    uint32_t padded = nn_round4(w->out_c);
    const int8_t *weights = nn_in(m, p->weights);
    work_t k = {.p = p, .input = nn_in(m, w->input), .weights = weights,
        .channels = (const void *)(weights + taps * padded), .padded = padded,
        .out = nn_out(m, w->output), .planes = nn_out(m, p->scratch), .columns = w->out_w + 2u,
        .strips = strips_at_once(p), .meter = {run, 0, 0}};
    memset(&k.outside, p->in_zero, sizeof(k.outside));
    if (w->in_c != w->out_c || taps > NN_MVE_TAPS || !scales_right(&k)) {
        return nn_depthwise_any(p, m, run);
    }
    return suits(&k) ? go(&k, run->at) : nn_mve_depthwise(p, m, run);
}
