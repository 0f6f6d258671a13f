// Inner loops in assembly over inputs widened to halfwords, for one or three rows of inputs.
#ifndef NN_TILE_H
#define NN_TILE_H

#include <stdint.h>

// The fields' offsets are known to tile1.S and tile3.S.
typedef struct {
    const int8_t *weights;     // of the first pair
    const int8_t *weights_end; // of the last pair
    const int16_t *acts;       // from nn_widen1 or nn_widen3
    uint32_t groups;           // of four inputs
    int32_t zero;              // the outputs'
    int8_t *out;
    uint32_t offset[2]; // from a row's outputs to those of the second and third row
} nn_tile_t;

// All pairs from weights to weights_end; each must have two channels, and scales of at least 0.
void nn_tile1(const nn_tile_t *tile);
void nn_tile3(const nn_tile_t *tile);

// Groups of four bytes as (0, 2) and (1, 3); of three rows interleaved by word.
void nn_widen1(const int8_t *row, int16_t *out, uint32_t groups);
void nn_widen3(const int8_t *const row[3], int16_t *out, uint32_t groups);

#endif
