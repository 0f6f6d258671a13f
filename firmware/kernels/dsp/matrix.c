#include "matrix.h"

#include "tile.h"

// Pairs with an unusual scale, or with one channel only, end what the tiles can do.
void nn_dsp_begin(nn_dsp_t *x) {
    uint32_t stride = nn_pair_stride(x->by.depth);
    uint32_t left = x->by.out_n / 2;
    const nn_pair_t *pair = (const void *)(x->by.weights + stride - sizeof(nn_pair_t));
    for (; left > 0; left--) {
        if ((pair->by[0].scale | pair->by[1].scale) < 0) {
            break;
        }
        pair = (const void *)((const int8_t *)pair + stride);
    }
    x->fast = x->by.out_n / 2 - left;
}

static void clamp(const nn_matrix_t *by, int8_t *out) {
    if (by->out_min == -128 && by->out_max == 127) {
        return;
    }
    for (uint32_t i = 0; i < by->out_n; i++) {
        out[i] = (int8_t)nn_clamp(out[i], by->out_min, by->out_max);
    }
}

static bool slow_pairs(nn_dsp_t *x, const int8_t *row, int8_t *out) {
    for (uint32_t pair = x->fast; pair < (x->by.out_n + 1) / 2; pair++) {
        if (!nn_meter(&x->meter, 2u * x->by.depth)) {
            return false;
        }
        nn_pair(&x->by, row, pair, out);
    }
    return true;
}

// The fast pairs in portions that the watch allows.
static bool fast_pairs(nn_dsp_t *x, nn_tile_t *tile, uint32_t rows, void (*run)(const nn_tile_t *)) {
    uint32_t macs = 2u * rows * x->by.depth;
    uint32_t portion = NN_WATCH_MACS / macs;
    uint32_t stride = nn_pair_stride(x->by.depth);
    for (uint32_t left = x->fast; left > 0;) {
        uint32_t pairs = left < portion ? left : portion;
        if (!nn_meter(&x->meter, pairs * macs)) {
            return false;
        }
        tile->weights_end = tile->weights + pairs * stride;
        run(tile);
        tile->weights = tile->weights_end;
        tile->out += 2u * pairs;
        left -= pairs;
    }
    return true;
}

static nn_tile_t tile_of(const nn_dsp_t *x, int8_t *out) {
    const nn_matrix_t *by = &x->by;
    uint32_t groups = nn_round4(by->depth) / 4;
    return (nn_tile_t){by->weights, by->weights, x->acts, groups, by->out_zero, out, {0, 0}};
}

bool nn_dsp_row1(nn_dsp_t *x, const int8_t *row, int8_t *out) {
    nn_tile_t tile = tile_of(x, out);
    nn_widen1(row, x->acts, tile.groups);
    if (!fast_pairs(x, &tile, 1, nn_tile1) || !slow_pairs(x, row, out)) {
        return false;
    }
    clamp(&x->by, out);
    return true;
}

bool nn_dsp_row3(nn_dsp_t *x, const int8_t *const row[3], uint32_t count, int8_t *out) {
    nn_tile_t tile = tile_of(x, out);
    // Rows that are not wanted are the last wanted one again, and so are their outputs.
    tile.offset[0] = (count > 1 ? 1 : 0) * x->by.out_n;
    tile.offset[1] = (count - 1) * x->by.out_n;
    nn_widen3(row, x->acts, tile.groups);
    if (!fast_pairs(x, &tile, 3, nn_tile3)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++, out += x->by.out_n) {
        if (!slow_pairs(x, row[i], out)) {
            return false;
        }
        clamp(&x->by, out);
    }
    return true;
}
