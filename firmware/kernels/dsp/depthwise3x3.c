#include "plane3x3.h"

#include "clamp.h"
#include "depthwise_layer.h"

// Four channels at a time, whose inputs are widened to planes in the scratch memory, as many
// rows at a time as have room there.
typedef struct {
    const nn_depthwise_layer_t *layer;
    const nn_window_t *w;
    uint32_t *planes;
    uint32_t columns; // of words in a plane
    uint32_t rows;    // of outputs in a strip
    uint32_t top;     // the first row of the strip at hand
    bool edge;        // whether planes begin with the image, though outputs do one pixel before
    nn_plane3x3_t plane;
    nn_meter_t meter;
} work_t;

static nn_depthwise_span_t rows_of(const work_t *k) {
    return nn_depthwise_span(k->top, k->w->pad_top, k->rows + 2, k->w->in_h);
}

// The image's column that stands in the first half of a plane's `j`-th one; wraps to very large
// ones to the left of the image.
static uint32_t left_of(const work_t *k, uint32_t j) {
    return 2 * j - k->w->pad_left + k->edge;
}

// For all channels, so that only the inside need be written for each: whole words.
static void fill_outside(work_t *k) {
    nn_depthwise_span_t y = rows_of(k);
    uint32_t rows = k->rows + 2;
    uint32_t *column = k->planes;
    for (uint32_t i = 0; i < 4 * k->columns; i++, column += rows) {
        uint32_t x = left_of(k, i % k->columns);
        bool inside = x < k->w->in_w && x + 1 < k->w->in_w;
        uint32_t end = inside ? y.end : 0;
        nn_depthwise_outside(k->layer, column, inside ? y.first : 0);
        nn_depthwise_outside(k->layer, column + end, rows - end);
    }
}

// The strip's inputs that are inside the image.
static void fill_inside(const work_t *k, uint32_t channel) {
    const nn_window_t *w = k->w;
    nn_depthwise_span_t y = rows_of(k);
    if (y.first == y.end) {
        return;
    }
    uint32_t rows = k->rows + 2;
    uint32_t from_step = w->in_w * w->in_c;
    const int8_t *from = k->layer->input + channel;
    from += (uint32_t)(y.origin + (int32_t)y.first) * from_step;
    nn_spread_t spread = {.from_step = from_step, .right = w->in_c,
        .plane = 4u * rows * k->columns, .rows = y.end - y.first};
    uint32_t *to = k->planes + y.first;
    for (uint32_t j = 0; j < k->columns; j++, to += rows) {
        uint32_t x = left_of(k, j);
        bool left = x < w->in_w;
        bool right = x + 1 < w->in_w;
        if (!left && !right) {
            continue;
        }
        spread.to = left ? to : (void *)((int16_t *)to + 1);
        spread.from = from + (left ? x : x + 1) * w->in_c;
        (left && right ? nn_spread2 : nn_spread1)(&spread);
    }
}

static uint32_t halves(int32_t low, int32_t high) {
    return ((uint32_t)(2 * low) & 0xFFFFu) | (uint32_t)(2 * high) << 16;
}

static void one_channel(work_t *k, uint32_t channel) {
    const nn_depthwise_layer_t *layer = k->layer;
    nn_plane3x3_t *plane = &k->plane;
    const int32_t *by = layer->channels + channel;
    plane->bias2 = by[0];
    plane->multiplier = by[layer->padded];
    plane->scale = by[2 * layer->padded];
    const int8_t *weight = layer->weights + channel;
    int32_t edge_weights = 0;
    for (uint32_t i = 0; i < 3; i++, weight += 3 * layer->padded) {
        int32_t middle = weight[layer->padded];
        plane->weights[i] = halves(weight[0], middle);
        plane->weights[3 + i] = halves(middle, weight[2 * layer->padded]);
        edge_weights += weight[0];
    }
    plane->edge_bias2 = nn_sum2(edge_weights * layer->p->in_zero, plane->bias2);
    (plane->zero == -128 ? nn_plane3x3_relu : nn_plane3x3)(plane);
}

static bool four_channels(work_t *k, uint32_t channel) {
    const nn_window_t *w = k->w;
    uint32_t plane_words = (k->rows + 2) * k->columns;
    fill_inside(k, channel);
    for (uint32_t i = 0; i < 4; i++) {
        if (!nn_meter(&k->meter, k->rows * w->out_w * 9u)) {
            return false;
        }
        k->plane.in = k->planes + i * plane_words;
        k->plane.out = k->layer->out + k->top * w->out_w * w->out_c + channel + i;
        one_channel(k, channel + i);
    }
    return true;
}

// As many rows as have room, and as the watch allows.
static uint32_t strip_rows(const nn_depthwise_conv2d_s8_t *p, uint32_t columns) {
    const nn_window_t *w = &p->window;
    uint32_t room = p->scratch_bytes / (16u * columns) - 2u;
    uint32_t allowed = NN_WATCH_MACS / (4u * 9u * w->out_w);
    allowed = allowed > 0 ? allowed : 1; // of such a wide row, a channel at least
    return nn_depthwise_part(w->out_h, room < allowed ? room : allowed);
}

// Strips from the top down, in each four channels after four.
static nn_status_t go(work_t *k, uint32_t at) {
    const nn_window_t *w = k->w;
    uint32_t strips = (w->out_h + k->rows - 1) / k->rows;
    uint32_t fours = w->out_c / 4;
    uint32_t out_row = w->out_w * w->out_c;
    for (bool first = true; at < strips * fours; at++, first = false) {
        if (nn_pause(&k->meter, at)) {
            return NN_MORE;
        }
        if (first || at % fours == 0) {
            uint32_t y = at / fours * k->rows;
            // The last strip lies partly over the one before it rather than be a shorter one.
            k->top = y + k->rows > w->out_h ? w->out_h - k->rows : y;
            fill_outside(k);
        }
        if (!four_channels(k, at % fours * 4)) {
            return NN_ERROR_STOPPED;
        }
        if (at % fours == fours - 1) {
            nn_clamp_bytes(k->layer->out + k->top * out_row, k->rows * out_row, w->out_min,
                w->out_max);
        }
    }
    return NN_OK;
}

bool nn_depthwise3x3_suits(const nn_depthwise_layer_t *layer) {
    const nn_window_t *w = &layer->p->window;
    return w->kernel_h == 3 && w->kernel_w == 3 && w->stride_h == 1 && w->stride_w == 1 &&
        w->dilation_h == 1 && w->dilation_w == 1 && 9u * w->out_w <= NN_WATCH_MACS;
}

nn_status_t nn_depthwise3x3_run(const nn_depthwise_layer_t *layer, nn_run_t *run) {
    const nn_window_t *w = &layer->p->window;
    uint32_t columns = (w->out_w + 3) / 2;
    uint32_t rows = strip_rows(layer->p, columns);
    bool edge = w->pad_left == 1 && w->out_w % 2 == 1;
    nn_plane3x3_t plane = {.zero = layer->p->out_zero, .pixel = w->out_c,
        .slope = w->out_w * w->out_c / 4, .column = 4u * (rows + 2), .rows = rows,
        .columns = w->out_w, .edge = edge};
    work_t k = {layer, w, layer->scratch, columns, rows, 0, edge, plane, {run, 0, 0}};
    return go(&k, run->at);
}
