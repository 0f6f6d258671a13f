// Rows of inputs times pairs of output channels, by the tiles and, for what they cannot, plain C.
#ifndef NN_DSP_MATRIX_H
#define NN_DSP_MATRIX_H

#include "pair.h"
#include "tile.h"

typedef struct {
    nn_matrix_t by;
    int16_t *acts;    // room for the widened inputs
    uint32_t groups;  // of four inputs
    uint32_t stride;  // bytes of a pair
    uint32_t macs;    // of a pair
    uint32_t portion; // pairs between two looks at the watch
    nn_meter_t meter;
} nn_dsp_t;

// For one or three rows at a time.
nn_dsp_t nn_dsp(nn_matrix_t by, uint32_t rows, void *acts, nn_run_t *run);

// One row, from the pair on that the run begins with: a whole number of groups of four can be
// read at `row`.
nn_status_t nn_dsp_row1(nn_dsp_t *x, const int8_t *row, int8_t *out);

typedef struct {
    nn_dsp_t x;
    nn_tile3_t tile;
    uint32_t fast; // pairs from the first that the tile can do
} nn_dsp3_t;

nn_dsp3_t nn_dsp3(nn_matrix_t by, void *acts, nn_run_t *run);

// Three rows that are widened at x.acts; their outputs are `step` bytes apart. `row` are the same
// in bytes, for pairs that are not fast. False: stopped.
bool nn_dsp3_rows(nn_dsp3_t *k, const int8_t *const row[3], int8_t *out, uint32_t step);

// With three of `count` rows at a time, the first of those that begin with `at`: the last three
// lie partly over the ones before.
static inline uint32_t nn_dsp3_first(uint32_t at, uint32_t count) {
    return at + 3 > count && count >= 3 ? count - 3 : at;
}

#endif
