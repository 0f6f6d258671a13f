// How weights lie in the blob (README.md, 'Weights').
#ifndef NN_LAYOUT_H
#define NN_LAYOUT_H

#include <stdint.h>

// Behind the weights of a pair of output channels.
typedef struct {
    int32_t bias2[2];
    struct {
        int32_t multiplier;
        int32_t scale;
    } by[2];
} nn_pair_t;

static inline uint32_t nn_round4(uint32_t n) {
    return (n + 3u) & ~3u;
}

// Bytes from one pair of output channels to the next.
static inline uint32_t nn_pair_stride(uint32_t depth) {
    return 2u * nn_round4(depth) + (uint32_t)sizeof(nn_pair_t);
}

// Where in a group of four the weight for input i stands: 0 2 1 3, as SXTB16 unpacks bytes.
static inline uint32_t nn_pair_at(uint32_t i) {
    return (i & ~3u) | ((i & 1u) << 1) | ((i >> 1) & 1u);
}

#endif
