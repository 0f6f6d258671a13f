// Walking along the sides of a tensor.
#ifndef NN_SIDES_H
#define NN_SIDES_H

#include <stdint.h>

// How far from the first element number `at` is, modulo 2^32.
static inline uint32_t nn_offset(const uint32_t *shape, const uint32_t *stride, uint32_t rank,
    uint32_t at) {
    uint32_t offset = 0;
    while (at > 0 && rank-- > 0) {
        offset += at % shape[rank] * stride[rank];
        at /= shape[rank];
    }
    return offset;
}

static inline uint32_t nn_smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

// Into how many parts of at most `part` elements a side falls.
static inline uint32_t nn_parts(uint32_t size, uint32_t part) {
    return (size + part - 1) / part;
}

#endif
