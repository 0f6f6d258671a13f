// The inner loop of 3x3 depthwise convolutions with stride 1, in assembly.
#ifndef NN_PLANE3X3_H
#define NN_PLANE3X3_H

#include <stdint.h>

// One channel of a strip of rows of outputs. Inputs lie as words of two neighbours in a row; the
// words below each other follow each other, a column's `rows` + 2 at a time. The fields' offsets
// are known to plane3x3.S.
typedef struct {
    // Doubled weights of each row: (w0, w1) of rows 0 to 2, (w1, w2) of rows 0 to 2
    uint32_t weights[6];
    int32_t bias2;
    uint32_t work;
    int32_t multiplier;
    int32_t scale; // at least 0
    int32_t zero;
    uint32_t more_work;
    uint32_t pixel; // bytes from an output to its right neighbour,
    uint32_t slope; // and a quarter of those to the one below
    const uint32_t *in;
    uint32_t column;  // bytes from a column of input words to the next
    uint32_t rows;    // of outputs
    uint32_t columns; // of outputs
    int8_t *out;
    uint32_t edge;      // whether the left inputs of the first column are outside and not there,
    int32_t edge_bias2; // but summed up in this
} nn_plane3x3_t;

void nn_plane3x3(const nn_plane3x3_t *plane);

// The same for a zero point of -128.
void nn_plane3x3_relu(const nn_plane3x3_t *plane);

// The inside of planes: pixels below each other, of which four channels go to words of four planes
// that follow each other. The fields' offsets are known to spread.S.
typedef struct {
    const int8_t *from;
    uint32_t from_step; // bytes from a pixel to the one below,
    uint32_t right;     // and to its right neighbour
    void *to;
    uint32_t plane; // bytes
    uint32_t rows;  // at least 1
} nn_spread_t;

// Pixels and their right neighbours to words; or pixels alone to halves of words.
void nn_spread2(const nn_spread_t *spread);
void nn_spread1(const nn_spread_t *spread);

#endif
