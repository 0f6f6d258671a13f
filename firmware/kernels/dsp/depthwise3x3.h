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
    int32_t scale; // positive
    int32_t zero;
    int8_t *out;
    uint32_t pixel; // bytes from an output to its right neighbour,
    uint32_t row;   // and to the one below
    const uint32_t *in;
    uint32_t column;  // bytes from a column of input words to the next
    uint32_t rows;    // of outputs
    uint32_t columns; // of outputs
} nn_plane3x3_t;

void nn_depthwise3x3(const nn_plane3x3_t *plane);

#endif
