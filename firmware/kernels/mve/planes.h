// A 3x3 depthwise convolution on planes: 2x2 outputs of a channel from four words, each of which
// holds four rows of a column (README.md, 'mve').
#ifndef NN_MVE_PLANES_H
#define NN_MVE_PLANES_H

#include <stdint.h>

#define NN_MVE_LANES 8u         // channels whose planes lie together: [strip][column][channel]
#define NN_MVE_COLUMN_BYTES 32u // four rows of them

// The fields' offsets are known to planes.S. A strip is two rows of outputs, which read four of
// inputs.
typedef struct {
    // These move on from channel to channel.
    const int8_t *weights;
    const int32_t *constants; // doubled bias; `padded` words on multiplier, then scale
    const int8_t *planes;
    int8_t *out;
    int8_t *out_end; // behind the last whole strip
    uint32_t channels;
    // These stay.
    uint32_t padded; // bytes from a tap's weight to the next's
    uint32_t back;   // from the last but one of an odd number of columns: a column, or 0
    uint32_t tiles;  // whole ones in a strip
    uint32_t row;    // bytes from a row of outputs to the next
    int32_t zero;    // the outputs'
    uint32_t step;   // bytes from a tile's outputs to the next tile's
    uint32_t lone;   // whether a strip follows whose second row is none
    uint32_t tap_at[4];
    uint32_t column_at[4]; // of a patch, from a column pair before it
    uint32_t out_at[4];    // of (row, column) 00 01 10 11
    uint32_t lone_at[4];
} nn_mve_planes_t;

void nn_mve_depthwise3x3(nn_mve_planes_t *planes);

// Neighbouring columns of pixels, in pairs of rows, to the planes.
typedef struct {
    const int8_t *even;    // the third row; from here and `odd` on each `step` bytes
    const int8_t *odd;     // the second one
    const int8_t *last[2]; // the last pair of rows
    uint32_t next[4];      // bytes from each of these to the next column's
    const int8_t *first;   // the first row
    uint32_t next_first;
    uint32_t step;
    uint32_t pitch; // bytes from a strip to the next
    uint32_t more_strips; // beside the first
    int8_t *to;
    uint32_t columns;  // at least 1
    uint32_t channels; // at most NN_MVE_LANES
} nn_mve_spread_t;

// Changes `spread`.
void nn_mve_spread(nn_mve_spread_t *spread);

#endif
