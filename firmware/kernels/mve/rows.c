#include <string.h>

#include "clamp.h"
#include "layer.h"

static nn_mve_dot4_t tile_of(const nn_mve_t *x) {
    uint32_t at = nn_mve_constants(x);
    return (nn_mve_dot4_t){.zero = x->by.out_zero, .step = at + (uint32_t)sizeof(nn_pair_t),
        .more_blocks = x->blocks - 1, .acts = x->acts, .bias_at = {at, at + 4, at, at + 4},
        .constants_at = {at + 8, at + 16, at + 8, at + 16}};
}

// How many pairs from the first the tile can do, into `fast`. False: stopped. Metered apart: a
// slice must get further than this.
static bool find_fast(nn_mve_rows_t *x) {
    const nn_matrix_t *by = &x->x.by;
    nn_meter_t meter = {x->x.meter.run, 0, 0};
    uint32_t macs = by->depth / NN_MVE_BLOCK + 1; // what a look at a pair takes
    for (x->fast = 0; x->fast < nn_pairs(by);) {
        uint32_t some = nn_mve_portion(nn_pairs(by) - x->fast, macs);
        if (!nn_meter(&meter, some * macs)) {
            return false;
        }
        const int8_t *weights = by->weights + x->fast * nn_pair_stride(by->depth);
        uint32_t usual = nn_mve_usual(weights, some, nn_round4(by->depth));
        x->fast += usual;
        if (usual < some) {
            break;
        }
    }
    return true;
}

bool nn_mve_rows_begin(nn_mve_rows_t *x, int8_t *scratch, uint32_t bytes) {
    nn_mve_begin(&x->x, scratch, bytes, NN_MVE_ROWS);
    x->at_once = nn_mve_portion(NN_MVE_ROWS, 2u * x->x.by.depth);
    x->count = 0;
    x->tile = tile_of(&x->x);
    return find_fast(x);
}

bool nn_mve_put(nn_mve_rows_t *x, uint32_t i, const int8_t *row, int8_t *out) {
    for (uint32_t pair = x->fast; pair < nn_pairs(&x->x.by); pair++) {
        if (!nn_mve_slow_pair(&x->x, row, pair, out)) {
            return false;
        }
    }
    int8_t *to = x->x.acts + i * NN_MVE_BLOCK;
    nn_mve_lay(row, to, x->x.by.depth, NN_MVE_ROWS * NN_MVE_BLOCK);
    return true;
}

static void repeat_last(nn_mve_t *x, uint32_t count) {
    int8_t *to = x->acts;
    for (uint32_t block = 0; block < x->blocks; block++, to += NN_MVE_ROWS * NN_MVE_BLOCK) {
        for (uint32_t i = count; i < NN_MVE_ROWS; i++) {
            memcpy(to + i * NN_MVE_BLOCK, to + (count - 1) * NN_MVE_BLOCK, NN_MVE_BLOCK);
        }
    }
}

// So many pairs from the tile's on. False: stopped.
static bool pairs(nn_mve_t *x, nn_mve_dot4_t *tile, uint32_t count, uint32_t macs) {
    if (!nn_meter(&x->meter, count * macs)) {
        return false;
    }
    tile->weights_end = tile->weights + count * nn_pair_stride(x->by.depth);
    nn_mve_dot4(tile);
    tile->weights = tile->weights_end;
    tile->out += 2u * count;
    return true;
}

// The first channel of the last pair, which has no second one: to the side.
static bool lone_channel(nn_mve_t *x, nn_mve_dot4_t tile, uint32_t count, uint32_t macs) {
    int8_t outputs[2u * NN_MVE_ROWS];
    int8_t *out = tile.out;
    tile.out = outputs;
    nn_mve_outputs_at(tile.out_at, NN_MVE_ROWS, 2, 1);
    if (!pairs(x, &tile, 1, macs)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        out[i * x->by.out_n] = outputs[2u * i];
    }
    return true;
}

static void prepare(nn_mve_rows_t *x, uint32_t count, int8_t *out) {
    if (count < NN_MVE_ROWS) {
        repeat_last(&x->x, count);
    }
    if (count != x->count) {
        nn_mve_outputs_at(x->tile.out_at, count, x->x.by.out_n, 1);
        x->count = count;
    }
    x->tile.weights = x->x.by.weights;
    x->tile.out = out;
}

bool nn_mve_rows(nn_mve_rows_t *x, uint32_t count, int8_t *out) {
    const nn_matrix_t *by = &x->x.by;
    uint32_t macs = 2u * count * by->depth;
    uint32_t whole = by->out_n / 2 < x->fast ? by->out_n / 2 : x->fast;
    prepare(x, count, out);
    for (uint32_t left = whole; left > 0;) {
        uint32_t some = nn_mve_portion(left, macs);
        if (!pairs(&x->x, &x->tile, some, macs)) {
            return false;
        }
        left -= some;
    }
    if (x->fast > whole && !lone_channel(&x->x, x->tile, count, macs)) {
        return false;
    }
    nn_mve_clamp(out, count * by->out_n, by->out_min, by->out_max);
    return true;
}
