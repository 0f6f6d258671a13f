// Rows of inputs times pairs of output channels, by the tiles and, for what they cannot, plain C.
#ifndef NN_DSP_MATRIX_H
#define NN_DSP_MATRIX_H

#include "pair.h"

typedef struct {
    nn_matrix_t by;
    uint32_t fast; // pairs from the first that the tiles can do
    int16_t *acts; // inputs, widened
    nn_meter_t meter;
} nn_dsp_t;

void nn_dsp_begin(nn_dsp_t *x);

// One row, from the pair on that the run begins with: a whole number of groups of four can be
// read at `row`.
nn_status_t nn_dsp_row1(nn_dsp_t *x, const int8_t *row, int8_t *out);

// Three rows, of which the first `count` are wanted. False: stopped.
bool nn_dsp_row3(nn_dsp_t *x, const int8_t *const row[3], uint32_t count, int8_t *out);

#endif
