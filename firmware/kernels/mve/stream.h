// Rows of inputs that lie one behind the other, whole blocks each: as they are, times one pair of
// output channels whose weights are taken apart before.
#ifndef NN_MVE_STREAM_H
#define NN_MVE_STREAM_H

#include "layer.h"

// The fields' offsets are known to stream4.S. A tile is four rows.
typedef struct {
    int32_t zero; // the outputs'
    int8_t *out;
    uint32_t tiles;
    uint32_t next_rows; // bytes from behind a tile's rows to the next tile's
    uint32_t next_out;  // and from a tile's outputs
    const int8_t *weights; // [block][channel][16]
    uint32_t more_blocks;  // beside the first
    uint32_t back_rows;    // bytes that one more tile lies over those before it; 0: none
    uint32_t back_out;
    const int8_t *rows;
    uint32_t depth;
    const nn_pair_t *constants;
    const uint32_t *constants_at; // of doubled biases for channels 0 1 0 1, then of multipliers
    const uint16_t *out_at;       // of (row, channel) 00 20 01 21 10 30 11 31
} nn_mve_stream4_t;

void nn_mve_stream4(const nn_mve_stream4_t *stream);

// A pair's weights to [block][channel][16], as inputs lie. False: one of them is 128.
bool nn_mve_apart(const int8_t *weights, int8_t *to, uint32_t blocks);

// Whether rows of that depth can be done so.
bool nn_mve_stream_suits(uint32_t rows, uint32_t depth);

void nn_mve_stream_begin(nn_mve_t *x, int8_t *scratch, uint32_t bytes);

// All rows, from the part on that the run begins with.
nn_status_t nn_mve_stream(nn_mve_t *x, const int8_t *from, uint32_t rows, int8_t *out);

#endif
