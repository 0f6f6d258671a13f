// The inner loop of 3x3 depthwise convolutions with stride 1, in assembly.
#ifndef NN_DEPTHWISE3X3_H
#define NN_DEPTHWISE3X3_H

#include <stdint.h>

// One channel of a strip of at least two rows of outputs. Inputs lie as words of two
// neighbours in a row; the words below each other follow each other, a column's rows at a time.
// The fields' offsets are known to depthwise3x3.S.
typedef struct {
    // Doubled weights of each row: (w0, w1) of rows 0 to 2, (w1, w2) of rows 0 to 2
    uint32_t weights[6];
    int32_t bias2;
    int32_t multiplier;
    int32_t scale; // at least 0
    int32_t zero;
    int8_t *out;
    uint32_t pixel; // bytes from an output to its right neighbour,
    uint32_t row;   // and to the one below
    const uint32_t *in;
    uint32_t column;  // bytes from a column of input words to the next
    uint32_t rows;    // of outputs
    uint32_t columns; // of outputs
} nn_plane3x3_t;

// Two columns of pixels, of which four channels go to four planes. The fields' offsets are known
// to spread.S.
typedef struct {
    const int8_t *left;
    uint32_t left_step; // bytes from a pixel to the one below; 0: the same one again
    const int8_t *right;
    uint32_t right_step;
    uint32_t *to;
    uint32_t plane; // bytes
    uint32_t rows;  // at least 1
} nn_spread_t;

void nn_spread(const nn_spread_t *spread);
void nn_depthwise3x3(const nn_plane3x3_t *plane);

#endif
