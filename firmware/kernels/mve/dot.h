// Inner loops in assembly over blocks of 16 inputs, which lie in the order of the weights.
#ifndef NN_MVE_DOT_H
#define NN_MVE_DOT_H

#include <stdint.h>

#define NN_MVE_BLOCK 16u // inputs in a vector
#define NN_MVE_ROWS 4u   // rows of inputs that nn_mve_dot4 takes at once

// The fields' offsets are known to dot4.S. Inputs: [block][row][16].
typedef struct {
    const int8_t *weights_end; // behind the last pair
    int32_t zero;              // the outputs'
    uint32_t step;             // from behind a pair's blocks to the next pair
    uint32_t more_blocks;      // beside the first
    const int8_t *acts;
    const int8_t *weights; // of the first pair
    int8_t *out;
    uint32_t bias_at[4];     // from behind the blocks: doubled biases of channels 0 1 0 1,
    uint32_t constants_at[4]; // multipliers likewise; a scale comes behind each
    uint16_t out_at[8];      // from `out`, of (row, channel) 00 20 01 21 10 30 11 31
} nn_mve_dot4_t;

void nn_mve_dot4(const nn_mve_dot4_t *tile);

// The same for one row and two pairs at once, with any weights. Inputs: [block][16].
typedef struct {
    const int8_t *weights_end; // behind the last pair
    const int8_t *acts;
    int32_t zero;
    uint32_t step; // from behind a pair's blocks to the next but one
    const int8_t *weights;
    int8_t *out;
    uint32_t more_blocks;
    uint32_t stride;     // from a pair to the next
    uint32_t bias_at[4]; // of channels 0 1 of either pair
    uint32_t constants_at[4];
} nn_mve_dot1_t;

// The least of the scales, or 0: below 0 the outputs are wrong.
int32_t nn_mve_dot1(const nn_mve_dot1_t *tile);

// A row of inputs to the order of weights; from one block of 16 to the next are `step` bytes.
// What stands behind the last input stays.
void nn_mve_lay(const int8_t *row, int8_t *to, uint32_t depth, uint32_t step);

// How many pairs from the first have weights that are bytes, and scales of at least 0.
uint32_t nn_mve_usual(const int8_t *weights, uint32_t pairs, uint32_t padded);

#endif
