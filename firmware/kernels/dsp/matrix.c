#include "matrix.h"

#include "clamp.h"

nn_dsp_t nn_dsp(nn_matrix_t by, uint32_t rows, void *acts, nn_run_t *run) {
    uint32_t macs = 2u * rows * by.depth;
    return (nn_dsp_t){by, acts, nn_round4(by.depth) / 4, nn_pair_stride(by.depth), macs,
        NN_WATCH_MACS / macs, {run, 0, 0}};
}

static bool slow_pair(nn_dsp_t *x, const int8_t *row, uint32_t pair, int8_t *out) {
    if (!nn_meter(&x->meter, 2u * x->by.depth)) {
        return false;
    }
    nn_pair(&x->by, row, pair, out);
    return true;
}

// How many of `left` pairs the tiles may do before the watch is asked again; 0: stopped.
static uint32_t portion(nn_dsp_t *x, uint32_t left) {
    uint32_t pairs = left < x->portion ? left : x->portion;
    return nn_meter(&x->meter, pairs * x->macs) ? pairs : 0;
}

// As many pairs as the tile can do, from the `at`-th on; at least one. 0: stopped.
static uint32_t some_pairs(nn_dsp_t *x, const int8_t *row, uint32_t at, int8_t *out) {
    uint32_t whole = x->by.out_n / 2; // a last one with one channel is not
    if (at < whole) {
        uint32_t pairs = portion(x, whole - at);
        if (pairs == 0) {
            return 0;
        }
        const int8_t *weights = x->by.weights + at * x->stride;
        nn_tile1_t tile = {weights, weights + pairs * x->stride, x->acts, x->groups,
            x->by.out_zero, out + 2u * at};
        uint32_t done = (uint32_t)(nn_tile1(&tile) - tile.out) / 2u;
        if (done > 0) {
            return done;
        }
    }
    return slow_pair(x, row, at, out);
}

nn_status_t nn_dsp_row1(nn_dsp_t *x, const int8_t *row, int8_t *out) {
    uint32_t at = x->meter.run->at;
    nn_widen1(row, x->acts, x->groups);
    while (at < nn_pairs(&x->by)) {
        if (nn_pause(&x->meter, at)) {
            return NN_MORE;
        }
        uint32_t done = some_pairs(x, row, at, out);
        if (done == 0) {
            return NN_ERROR_STOPPED;
        }
        at += done;
    }
    nn_clamp_bytes(out, x->by.out_n, x->by.out_min, x->by.out_max);
    return NN_OK;
}

// Pairs with an unusual scale, or with one channel only, end what the tile can do.
static uint32_t find_fast(const nn_dsp_t *x) {
    uint32_t left = x->by.out_n / 2;
    const nn_pair_t *pair = (const void *)(x->by.weights + x->stride - sizeof(nn_pair_t));
    for (; left > 0; left--) {
        if ((pair->by[0].scale | pair->by[1].scale) < 0) {
            break;
        }
        pair = (const void *)((const int8_t *)pair + x->stride);
    }
    return x->by.out_n / 2 - left;
}

nn_dsp3_t nn_dsp3(nn_matrix_t by, void *acts, nn_run_t *run) {
    nn_dsp3_t k = {.x = nn_dsp(by, 3, acts, run)};
    k.fast = find_fast(&k.x);
    k.tile = (nn_tile3_t){.acts = acts, .groups = k.x.groups, .zero = by.out_zero};
    nn_tile3_begin(&k.tile);
    return k;
}

// Not inline, so that the common way saves few registers.
static bool __attribute__((noinline)) slow_rows(nn_dsp3_t *k, const int8_t *const row[3],
    int8_t *out) {
    for (uint32_t i = 0; i < 3; i++, out += k->tile.step) {
        for (uint32_t pair = k->fast; pair < nn_pairs(&k->x.by); pair++) {
            if (!slow_pair(&k->x, row[i], pair, out)) {
                return false;
            }
        }
    }
    return true;
}

bool nn_dsp3_rows(nn_dsp3_t *k, const int8_t *const row[3], int8_t *out, uint32_t step) {
    nn_dsp_t *x = &k->x;
    k->tile.step = step;
    k->tile.out = out;
    k->tile.weights = x->by.weights;
    for (uint32_t left = k->fast, pairs; left > 0; left -= pairs) {
        pairs = portion(x, left);
        if (pairs == 0) {
            return false;
        }
        k->tile.weights_end = k->tile.weights + pairs * x->stride;
        nn_tile3(&k->tile);
        k->tile.weights = k->tile.weights_end;
        k->tile.out += 2u * pairs;
    }
    if (k->fast < nn_pairs(&x->by) && !slow_rows(k, row, out)) {
        return false;
    }
    nn_clamp_bytes(out, 2u * step + x->by.out_n, x->by.out_min, x->by.out_max);
    return true;
}
