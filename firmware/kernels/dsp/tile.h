// Inner loops in assembly over inputs widened to halfwords, for one or three rows of inputs.
#ifndef NN_TILE_H
#define NN_TILE_H

#include <stdint.h>

// One row of inputs. The fields' offsets are known to tile1.S.
typedef struct {
    const int8_t *weights;     // of the first pair
    const int8_t *weights_end; // of the last pair
    int16_t *acts;             // from nn_widen1
    uint32_t groups;           // of four inputs
    int32_t zero;              // the outputs'
    int8_t *out;
} nn_tile1_t;

// All pairs from weights to weights_end, two outputs each, or to the first pair that has a
// negative scale. Returns where its outputs end.
int8_t *nn_tile1(const nn_tile1_t *tile);

// Three rows of inputs. The fields' offsets are known to tile3.S.
typedef struct {
    int16_t *acts;  // from nn_widen3
    int32_t sum[6]; // 0
    uint32_t entry, round_done;
    int32_t zero;  // the outputs'
    uint32_t step; // bytes from a row's outputs to the next row's, which may be 0
    const int8_t *weights_end;
    uint32_t stop, part_done, first_stop, acts_end, outputs;
    int32_t put_aside[3]; // 0
    const int8_t *weights;
    int8_t *out;
    uint32_t groups;
} nn_tile3_t;

// Once: finds the ways through the code, for what stands in acts, zero and groups.
void nn_tile3_begin(nn_tile3_t *tile);

// All pairs from weights to weights_end, two outputs each; no scale may be negative.
void nn_tile3(const nn_tile3_t *tile);

// Three rows of inputs in segments, each `step` bytes behind the end of the one before. The
// fields' offsets are known to widen.S.
typedef struct {
    const int8_t *at[3];
    uint32_t step[3];
    int16_t *out;
    uint32_t segments;
    uint32_t groups; // of four bytes in a segment
} nn_widen3_t;

// Groups of four bytes as (0, 2) and (1, 3); of three rows interleaved by word.
void nn_widen1(const int8_t *row, int16_t *out, uint32_t groups);
void nn_widen3(const nn_widen3_t *rows);

// Rows of bytes, each `step` behind the end of the one before, one behind the other.
void nn_copy_rows(const int8_t *from, uint32_t step, int8_t *to, uint32_t rows, uint32_t row_bytes);

#endif
