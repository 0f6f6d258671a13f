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

static bool slow_pair(nn_dsp_t *x, const int8_t *row, uint32_t pair, int8_t *out) {
    if (!nn_meter(&x->meter, 2u * x->by.depth)) {
        return false;
    }
    nn_pair(&x->by, row, pair, out);
    return true;
}

static nn_tile_t tile_of(const nn_dsp_t *x, int8_t *out) {
    const nn_matrix_t *by = &x->by;
    uint32_t groups = nn_round4(by->depth) / 4;
    return (nn_tile_t){by->weights, by->weights, x->acts, groups, by->out_zero, out, {0, 0}};
}

typedef void (*tile_run_t)(const nn_tile_t *);

// The pairs behind those that are done, as many as the watch allows. Returns how many; 0: stopped.
static uint32_t fast_pairs(nn_dsp_t *x, nn_tile_t *tile, uint32_t left, uint32_t rows,
    tile_run_t run) {
    uint32_t macs = 2u * rows * x->by.depth;
    uint32_t portion = NN_WATCH_MACS / macs;
    uint32_t pairs = left < portion ? left : portion;
    if (!nn_meter(&x->meter, pairs * macs)) {
        return 0;
    }
    tile->weights_end = tile->weights + pairs * nn_pair_stride(x->by.depth);
    run(tile);
    tile->weights = tile->weights_end;
    tile->out += 2u * pairs;
    return pairs;
}

nn_status_t nn_dsp_row1(nn_dsp_t *x, const int8_t *row, int8_t *out) {
    uint32_t at = x->meter.run->at;
    nn_tile_t tile = tile_of(x, out + 2u * at);
    tile.weights += at * nn_pair_stride(x->by.depth);
    nn_widen1(row, x->acts, tile.groups);
    while (at < nn_pairs(&x->by)) {
        if (nn_pause(&x->meter, at)) {
            return NN_MORE;
        }
        bool fast = at < x->fast;
        uint32_t done = fast ? fast_pairs(x, &tile, x->fast - at, 1, nn_tile1)
                             : slow_pair(x, row, at, out);
        if (done == 0) {
            return NN_ERROR_STOPPED;
        }
        at += done;
    }
    clamp(&x->by, out);
    return NN_OK;
}

static bool slow_row(nn_dsp_t *x, const int8_t *row, int8_t *out) {
    for (uint32_t pair = x->fast; pair < nn_pairs(&x->by); pair++) {
        if (!slow_pair(x, row, pair, out)) {
            return false;
        }
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
    for (uint32_t left = x->fast; left > 0;) {
        uint32_t done = fast_pairs(x, &tile, left, 3, nn_tile3);
        if (done == 0) {
            return false;
        }
        left -= done;
    }
    for (uint32_t i = 0; i < count; i++, out += x->by.out_n) {
        if (!slow_row(x, row[i], out)) {
            return false;
        }
    }
    return true;
}
