#include <string.h>

#include "clamp.h"
#include "layer.h"

// For `pairs` from `at` on, two at a time; with a stride of 0 the first one twice.
static nn_mve_dot1_t tile_of(const nn_mve_t *x, int8_t *out, uint32_t at, uint32_t pairs,
    uint32_t stride) {
    uint32_t pair_stride = nn_pair_stride(x->by.depth);
    const int8_t *weights = x->by.weights + at * pair_stride;
    uint32_t a = nn_mve_constants(x), b = a + stride;
    return (nn_mve_dot1_t){.weights_end = weights + pairs * pair_stride, .acts = x->acts,
        .zero = x->by.out_zero, .step = 2u * pair_stride - 2u * x->blocks * NN_MVE_BLOCK,
        .weights = weights, .out = out, .more_blocks = x->blocks - 1, .stride = stride,
        .bias_at = {a, a + 4, b, b + 4}, .constants_at = {a + 8, a + 16, b + 8, b + 16}};
}

// Pairs from `at` on by the tile, a multiple of two. False: it cannot do one of them.
static bool even_pairs(const nn_mve_t *x, uint32_t at, uint32_t pairs, int8_t *out) {
    nn_mve_dot1_t tile = tile_of(x, out + 2u * at, at, pairs, nn_pair_stride(x->by.depth));
    return nn_mve_dot1(&tile) == 0;
}

// A single pair, of which the second channel may be none: to the side.
static bool lone_pair(const nn_mve_t *x, uint32_t at, int8_t *out) {
    int8_t outputs[4];
    nn_mve_dot1_t tile = tile_of(x, outputs, at, 2, 0);
    int32_t least = nn_mve_dot1(&tile);
    memcpy(out + 2u * at, outputs, x->by.out_n - 2u * at < 2 ? 1 : 2);
    return least == 0;
}

static bool slow_pairs(nn_mve_t *x, const int8_t *row, uint32_t at, uint32_t pairs, int8_t *out) {
    for (uint32_t i = 0; i < pairs; i++) {
        if (!nn_mve_slow_pair(x, row, at + i, out)) {
            return false;
        }
    }
    return true;
}

// Pairs from `at` on. Returns how many; 0: stopped.
static uint32_t some(nn_mve_t *x, const int8_t *row, uint32_t at, int8_t *out) {
    uint32_t macs = 2u * x->by.depth;
    uint32_t even = nn_mve_portion(x->by.out_n / 2 - at, macs) & ~1u;
    uint32_t pairs = even ? even : 1;
    if (!nn_meter(&x->meter, pairs * macs)) {
        return 0;
    }
    bool done = even ? even_pairs(x, at, pairs, out) : lone_pair(x, at, out);
    return done || slow_pairs(x, row, at, pairs, out) ? pairs : 0;
}

nn_status_t nn_mve_row1(nn_mve_t *x, const int8_t *row, int8_t *out) {
    uint32_t at = x->meter.run->at;
    nn_mve_lay(row, x->acts, x->by.depth, NN_MVE_BLOCK);
    while (at < nn_pairs(&x->by)) {
        if (nn_pause(&x->meter, at)) {
            return NN_MORE;
        }
        uint32_t done = some(x, row, at, out);
        if (done == 0) {
            return NN_ERROR_STOPPED;
        }
        at += done;
    }
    nn_mve_clamp(out, x->by.out_n, x->by.out_min, x->by.out_max);
    return NN_OK;
}
