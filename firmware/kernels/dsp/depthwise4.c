#include "row4.h"

#include "clamp.h"
#include "depthwise_layer.h"

// Blocks of outputs, as large as have room for their inputs in the scratch memory beside the
// weights, four channels at a time, and as the watch allows.
typedef struct {
    uint32_t rows, columns;       // of outputs
    uint32_t in_rows, in_columns; // of inputs
} block_t;

typedef struct {
    const nn_depthwise_layer_t *layer;
    const nn_window_t *w;
    block_t block;
    uint32_t top, left; // of the block at hand
    uint32_t *inputs;   // two words a pixel
    nn_row4_t row;
    nn_meter_t meter;
} work_t;

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

// No columns: there is no room.
static block_t plan(const nn_depthwise_layer_t *layer) {
    const nn_window_t *w = &layer->p->window;
    block_t block = {0, 0, 0, 0};
    uint32_t taps = w->kernel_h * w->kernel_w;
    uint32_t reach = (w->kernel_h - 1) * w->dilation_h + 1;
    uint32_t room = layer->p->scratch_bytes / 8; // pixels of four channels
    uint32_t allowed = NN_WATCH_MACS / (4 * taps);
    if (room < taps + reach * w->kernel_w) {
        return block;
    }
    room -= taps;
    uint32_t columns = (room / reach - w->kernel_w) / w->stride_w + 1;
    block.columns = nn_depthwise_part(w->out_w, least(columns, allowed));
    block.in_columns = (block.columns - 1) * w->stride_w + w->kernel_w;
    uint32_t rows = (room / block.in_columns - reach) / w->stride_h + 1;
    block.rows = nn_depthwise_part(w->out_h, least(rows, allowed / block.columns));
    block.in_rows = (block.rows - 1) * w->stride_h + reach;
    return block;
}

static nn_depthwise_span_t rows_of(const work_t *k) {
    const nn_window_t *w = k->w;
    return nn_depthwise_span(k->top * w->stride_h, w->pad_top, k->block.in_rows, w->in_h);
}

static nn_depthwise_span_t columns_of(const work_t *k) {
    const nn_window_t *w = k->w;
    return nn_depthwise_span(k->left * w->stride_w, w->pad_left, k->block.in_columns, w->in_w);
}

// For all channels.
static void fill_outside(work_t *k) {
    nn_depthwise_span_t y = rows_of(k);
    nn_depthwise_span_t x = columns_of(k);
    uint32_t columns = k->block.in_columns;
    uint32_t *row = k->inputs;
    for (uint32_t i = 0; i < k->block.in_rows; i++, row += 2 * columns) {
        bool inside = i >= y.first && i < y.end;
        uint32_t end = inside ? x.end : 0;
        nn_depthwise_outside(k->layer, row, inside ? 2 * x.first : 0);
        nn_depthwise_outside(k->layer, row + 2 * end, 2 * (columns - end));
    }
}

static void fill_inside(const work_t *k, uint32_t channel) {
    const nn_window_t *w = k->w;
    nn_depthwise_span_t y = rows_of(k);
    nn_depthwise_span_t x = columns_of(k);
    if (x.first == x.end) {
        return;
    }
    const int8_t *from = k->layer->input + channel;
    from += (uint32_t)(x.origin + (int32_t)x.first) * w->in_c;
    for (uint32_t i = y.first; i < y.end; i++) {
        nn_widen4(from + (uint32_t)(y.origin + (int32_t)i) * w->in_w * w->in_c, w->in_c,
            x.end - x.first, k->inputs + 2 * (i * k->block.in_columns + x.first));
    }
}

static void take_constants(work_t *k, uint32_t channel) {
    const nn_depthwise_layer_t *layer = k->layer;
    uint32_t taps = k->w->kernel_h * k->w->kernel_w;
    uint32_t *weights = layer->scratch;
    nn_widen4(layer->weights + channel, layer->padded, taps, weights);
    for (uint32_t i = 0; i < 2 * taps; i++) {
        weights[i] = weights[i] << 1 & 0xFFFEFFFFu; // both halves doubled
    }
    const int32_t *by = layer->channels + channel;
    for (uint32_t i = 0; i < 4; i++) {
        k->row.bias2[i] = by[i];
        k->row.by[i].multiplier = by[layer->padded + i];
        k->row.by[i].scale = by[2 * layer->padded + i];
    }
}

static bool four_channels(work_t *k, uint32_t channel) {
    const nn_window_t *w = k->w;
    uint32_t count = k->block.rows * k->block.columns;
    if (!nn_meter(&k->meter, 4 * count * w->kernel_h * w->kernel_w)) {
        return false;
    }
    fill_inside(k, channel);
    take_constants(k, channel);
    k->row.in = k->inputs;
    k->row.out = k->layer->out + (k->top * w->out_w + k->left) * w->out_c + channel;
    for (uint32_t i = 0; i < k->block.rows; i++) {
        nn_row4(&k->row);
        k->row.in += 2 * w->stride_h * k->block.in_columns;
        k->row.out += w->out_w * w->out_c;
    }
    return true;
}

static void clamp(const work_t *k) {
    const nn_window_t *w = k->w;
    int8_t *out = k->layer->out + (k->top * w->out_w + k->left) * w->out_c;
    for (uint32_t i = 0; i < k->block.rows; i++, out += w->out_w * w->out_c) {
        nn_clamp_bytes(out, k->block.columns * w->out_c, w->out_min, w->out_max);
    }
}

// The last block of a side lies partly over the one before it rather than be a smaller one.
static uint32_t begin_of(uint32_t i, uint32_t size, uint32_t side) {
    return i * size + size > side ? side - size : i * size;
}

static nn_status_t go(work_t *k, uint32_t at) {
    const nn_window_t *w = k->w;
    uint32_t fours = w->out_c / 4;
    uint32_t across = (w->out_w + k->block.columns - 1) / k->block.columns;
    uint32_t down = (w->out_h + k->block.rows - 1) / k->block.rows;
    for (bool first = true; at < down * across * fours; at++, first = false) {
        if (nn_pause(&k->meter, at)) {
            return NN_MORE;
        }
        uint32_t four = at % fours;
        if (first || four == 0) {
            k->top = begin_of(at / fours / across, k->block.rows, w->out_h);
            k->left = begin_of(at / fours % across, k->block.columns, w->out_w);
            fill_outside(k);
        }
        if (!four_channels(k, 4 * four)) {
            return NN_ERROR_STOPPED;
        }
        if (four == fours - 1) {
            clamp(k);
        }
    }
    return NN_OK;
}

bool nn_depthwise4_suits(const nn_depthwise_layer_t *layer) {
    uint32_t kernel_w = layer->p->window.kernel_w;
    return kernel_w <= NN_ROW4_MAX_W - (kernel_w % 2 == 0) && plan(layer).columns > 0;
}

nn_status_t nn_depthwise4_run(const nn_depthwise_layer_t *layer, nn_run_t *run) {
    const nn_window_t *w = &layer->p->window;
    uint32_t taps = w->kernel_h * w->kernel_w;
    work_t k = {.layer = layer, .w = w, .block = plan(layer), .inputs = layer->scratch + 2 * taps,
        .meter = {run, 0, 0}};
    k.row.weights = layer->scratch;
    k.row.weights_end = k.inputs;
    k.row.kernel_w = w->kernel_w;
    k.row.in_step = 8 * (w->dilation_h * k.block.in_columns - w->kernel_w);
    k.row.out_step = w->out_c;
    k.row.stride = 8 * w->stride_w;
    k.row.zero = layer->p->out_zero;
    k.row.pixels = k.block.columns;
    return go(&k, run->at);
}
