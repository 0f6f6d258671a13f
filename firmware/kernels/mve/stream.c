#include "stream.h"

#include <string.h>

#include "clamp.h"

typedef struct {
    nn_mve_t *x;
    const int8_t *from;
    int8_t *out;
    uint16_t out_at[8];
} work_t;

// Rows and a pair of channels that are done at once.
typedef struct {
    uint32_t first, rows;
    uint32_t pair;
} part_t;

bool nn_mve_stream_suits(uint32_t rows, uint32_t depth) {
    bool allowed = 2u * NN_MVE_ROWS * depth <= NN_WATCH_MACS;
    return rows >= NN_MVE_ROWS && depth % NN_MVE_BLOCK == 0 && allowed;
}

// Instead of rows' inputs two channels' weights will lie there.
void nn_mve_stream_begin(nn_mve_t *x, int8_t *scratch, uint32_t bytes) {
    nn_mve_begin(x, scratch, bytes, 2);
}

static nn_mve_stream4_t stream_of(const work_t *k, const part_t *part) {
    static const uint32_t constants_at[8] = {0, 4, 0, 4, 8, 16, 8, 16};
    const nn_matrix_t *by = &k->x->by;
    uint32_t over = -part->rows % NN_MVE_ROWS;
    return (nn_mve_stream4_t){.zero = by->out_zero,
        .out = k->out + part->first * by->out_n + 2u * part->pair,
        .next_rows = (NN_MVE_ROWS - 1) * by->depth, .next_out = NN_MVE_ROWS * by->out_n,
        .tiles = part->rows / NN_MVE_ROWS, .weights = k->x->acts, .more_blocks = k->x->blocks - 1,
        .back_rows = over * by->depth, .back_out = over * by->out_n,
        .rows = k->from + part->first * by->depth, .depth = by->depth,
        .constants_at = constants_at, .out_at = k->out_at};
}

// The outputs of a single channel are those of a pair whose channels are the same one.
static void single(const work_t *k, nn_mve_stream4_t *stream) {
    static const uint32_t constants_at[8] = {0, 0, 0, 0, 8, 8, 8, 8};
    uint16_t out_at[8];
    int8_t *weights = k->x->acts;
    for (uint32_t i = 0; i < k->x->blocks; i++, weights += 2u * NN_MVE_BLOCK) {
        memcpy(weights + NN_MVE_BLOCK, weights, NN_MVE_BLOCK);
    }
    nn_mve_outputs_at(out_at, NN_MVE_ROWS, k->x->by.out_n, 0);
    stream->constants_at = constants_at;
    stream->out_at = out_at;
    nn_mve_stream4(stream);
}

static void fast(const work_t *k, const part_t *part, const nn_pair_t *constants) {
    nn_mve_stream4_t stream = stream_of(k, part);
    stream.constants = constants;
    if (2u * part->pair + 1 == k->x->by.out_n) {
        single(k, &stream);
    } else {
        nn_mve_stream4(&stream);
    }
}

static bool slow(const work_t *k, const part_t *part) {
    const nn_matrix_t *by = &k->x->by;
    for (uint32_t i = part->first; i < part->first + part->rows; i++) {
        const int8_t *row = k->from + i * by->depth;
        if (!nn_mve_slow_pair(k->x, row, part->pair, k->out + i * by->out_n)) {
            return false;
        }
    }
    return true;
}

static bool do_part(const work_t *k, const part_t *part) {
    uint32_t depth = k->x->by.depth;
    const int8_t *weights = k->x->by.weights + part->pair * nn_pair_stride(depth);
    const nn_pair_t *constants = (const void *)(weights + 2u * depth);
    if ((constants->by[0].scale | constants->by[1].scale) < 0 ||
        !nn_mve_apart(weights, k->x->acts, k->x->blocks)) {
        return slow(k, part);
    }
    if (!nn_meter(&k->x->meter, 2u * depth * part->rows)) {
        return false;
    }
    fast(k, part, constants);
    return true;
}

// Part `at` when as many as `most` rows are done at once. No part has less than four.
static part_t part_of(uint32_t at, uint32_t pairs, uint32_t rows, uint32_t most) {
    part_t part = {at / pairs * most, most, at % pairs};
    if (part.first + most > rows) {
        part.rows = rows - part.first < NN_MVE_ROWS ? NN_MVE_ROWS : rows - part.first;
        part.first = rows - part.rows;
    }
    return part;
}

nn_status_t nn_mve_stream(nn_mve_t *x, const int8_t *from, uint32_t rows, int8_t *out) {
    work_t k = {.x = x, .from = from, .out = out};
    uint32_t pairs = nn_pairs(&x->by);
    uint32_t most = nn_mve_portion(rows, 2u * x->by.depth);
    uint32_t parts = (rows + most - 1) / most * pairs;
    nn_mve_outputs_at(k.out_at, NN_MVE_ROWS, x->by.out_n, 1);
    for (uint32_t at = x->meter.run->at; at < parts; at++) {
        if (nn_pause(&x->meter, at)) {
            return NN_MORE;
        }
        part_t part = part_of(at, pairs, rows, most);
        if (!do_part(&k, &part)) {
            return NN_ERROR_STOPPED;
        }
        if (part.pair == pairs - 1) {
            int8_t *done = out + part.first * x->by.out_n;
            nn_mve_clamp(done, part.rows * x->by.out_n, x->by.out_min, x->by.out_max);
        }
    }
    return NN_OK;
}
