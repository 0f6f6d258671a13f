// Rows of inputs times pairs of output channels, by the tiles and, for what they cannot, plain C.
#ifndef NN_MVE_LAYER_H
#define NN_MVE_LAYER_H

#include "pair.h"
#include "dot.h"

// Where scratch memory may have no room for whole blocks: four rows of up to 20 inputs.
#define NN_MVE_SMALL_BYTES (NN_MVE_ROWS * 2u * NN_MVE_BLOCK)

typedef struct {
    nn_matrix_t by;
    uint32_t blocks; // of inputs
    int8_t *acts;    // inputs as the tiles take them
    nn_meter_t meter;
    int8_t small[NN_MVE_SMALL_BYTES];
} nn_mve_t;

// For as many rows at once, whose inputs will lie in the scratch memory if it has room.
void nn_mve_begin(nn_mve_t *x, int8_t *scratch, uint32_t bytes, uint32_t rows);

// How many pairs of `left` the watch allows, if each counts for so much; 0: less than one.
uint32_t nn_mve_portion(uint32_t left, uint32_t macs);

// Where a pair's constants lie, seen from behind its blocks of weights.
uint32_t nn_mve_constants(const nn_mve_t *x);

// Where outputs (row, channel) 00 20 01 21 10 30 11 31 go: `step` from a row to the next, `second`
// to the second channel. Rows from `rows` on are the last one again.
void nn_mve_outputs_at(uint16_t at[8], uint32_t rows, uint32_t step, uint32_t second);

// One pair in plain C. False: stopped.
bool nn_mve_slow_pair(nn_mve_t *x, const int8_t *row, uint32_t pair, int8_t *out);

// One row, from the pair on that the run begins with.
nn_status_t nn_mve_row1(nn_mve_t *x, const int8_t *row, int8_t *out);

// Several rows, four at a time.
typedef struct {
    nn_mve_t x;
    uint32_t fast;    // pairs from the first that the tile can do
    uint32_t at_once; // rows, as many as the watch allows
    uint32_t count;   // of rows that the tile's outputs are for
    nn_mve_dot4_t tile;
} nn_mve_rows_t;

// False: stopped.
bool nn_mve_rows_begin(nn_mve_rows_t *x, int8_t *scratch, uint32_t bytes);

// Row `i` of those that are done at once. False: stopped.
bool nn_mve_put(nn_mve_rows_t *x, uint32_t i, const int8_t *row, int8_t *out);

// The first `count` rows, which were put. False: stopped.
bool nn_mve_rows(nn_mve_rows_t *x, uint32_t count, int8_t *out);

#endif
