#include "matrix.h"

#include "clamp.h"

nn_dsp_t nn_dsp(nn_matrix_t by, uint32_t rows, void *acts, nn_run_t *run) {
    nn_tile_t tile = {.acts = acts, .groups = nn_round4(by.depth) / 4, .zero = by.out_zero};
    uint32_t macs = 2u * rows * by.depth;
    return (nn_dsp_t){by, tile, nn_pair_stride(by.depth), macs, NN_WATCH_MACS / macs, 0,
        {run, 0, 0}};
}

// Pairs with an unusual scale, or with one channel only, end what nn_tile3 can do.
void nn_dsp_find_fast(nn_dsp_t *x) {
    uint32_t left = x->by.out_n / 2;
    const nn_pair_t *pair = (const void *)(x->by.weights + x->stride - sizeof(nn_pair_t));
    for (; left > 0; left--) {
        if ((pair->by[0].scale | pair->by[1].scale) < 0) {
            break;
        }
        pair = (const void *)((const int8_t *)pair + x->stride);
    }
    x->fast = x->by.out_n / 2 - left;
}

static bool slow_pair(nn_dsp_t *x, const int8_t *row, uint32_t pair, int8_t *out) {
    if (!nn_meter(&x->meter, 2u * x->by.depth)) {
        return false;
    }
    nn_pair(&x->by, row, pair, out);
    return true;
}

// Sets the tile to pairs from `at` on, at most to `end` and as the watch allows; returns how
// many, 0: stopped.
static uint32_t portion(nn_dsp_t *x, uint32_t at, uint32_t end) {
    uint32_t pairs = end - at < x->portion ? end - at : x->portion;
    x->tile.weights = x->by.weights + at * x->stride;
    x->tile.weights_end = x->tile.weights + pairs * x->stride;
    return nn_meter(&x->meter, pairs * x->macs) ? pairs : 0;
}

// As many pairs of one row as the tile can do; at least one. Returns how many; 0: stopped.
static uint32_t pairs1(nn_dsp_t *x, const int8_t *row, uint32_t at, int8_t *out) {
    if (at < x->by.out_n / 2) {
        if (portion(x, at, x->by.out_n / 2) == 0) {
            return 0;
        }
        x->tile.out = out + 2u * at;
        uint32_t done = (uint32_t)(nn_tile1(&x->tile) - x->tile.out) / 2u;
        if (done > 0) {
            return done;
        }
    }
    return slow_pair(x, row, at, out);
}

nn_status_t nn_dsp_row1(nn_dsp_t *x, const int8_t *row, int8_t *out) {
    uint32_t at = x->meter.run->at;
    nn_widen1(row, x->tile.acts, x->tile.groups);
    while (at < nn_pairs(&x->by)) {
        if (nn_pause(&x->meter, at)) {
            return NN_MORE;
        }
        uint32_t done = pairs1(x, row, at, out);
        if (done == 0) {
            return NN_ERROR_STOPPED;
        }
        at += done;
    }
    nn_clamp_bytes(out, x->by.out_n, x->by.out_min, x->by.out_max);
    return NN_OK;
}

static bool slow_pairs(nn_dsp_t *x, const int8_t *row, int8_t *out) {
    for (uint32_t pair = x->fast; pair < nn_pairs(&x->by); pair++) {
        if (!slow_pair(x, row, pair, out)) {
            return false;
        }
    }
    return true;
}

bool nn_dsp_row3(nn_dsp_t *x, const int8_t *const row[3], int8_t *out, uint32_t step) {
    x->tile.step = step;
    for (uint32_t at = 0, pairs; at < x->fast; at += pairs) {
        pairs = portion(x, at, x->fast);
        if (pairs == 0) {
            return false;
        }
        x->tile.out = out + 2u * at;
        nn_tile3(&x->tile);
    }
    for (uint32_t i = 0; i < 3 && x->fast < nn_pairs(&x->by); i++) {
        if (!slow_pairs(x, row[i], out + i * step)) {
            return false;
        }
    }
    nn_clamp_bytes(out, 2u * step + x->by.out_n, x->by.out_min, x->by.out_max);
    return true;
}
