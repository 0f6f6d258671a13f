// One pair of output channels over one row of inputs, in plain C.
#ifndef NN_PAIR_H
#define NN_PAIR_H

#include "nn_layout.h"
#include "nn_memory.h"
#include "nn_requant.h"

// What a matrix of pairs answers with.
typedef struct {
    const int8_t *weights;
    uint32_t depth;
    uint32_t out_n;
    int32_t out_zero;
    int32_t out_min, out_max;
} nn_matrix_t;

// Writes outputs `2 * pair` and, where there is one, the next.
static inline void nn_pair(const nn_matrix_t *x, const int8_t *row, uint32_t pair, int8_t *out) {
    const int8_t *at = x->weights + pair * nn_pair_stride(x->depth);
    const int16_t *packed = (const void *)at;
    const nn_pair_t *by = (const void *)(at + 2u * nn_round4(x->depth));
    int32_t sum[2] = {0, 0};
    for (uint32_t i = 0; i < x->depth; i++) {
        int32_t both = packed[nn_pair_at(i)];
        int32_t low = (int8_t)both;
        sum[0] += row[i] * low;
        sum[1] += row[i] * ((both - low) >> 8);
    }
    for (uint32_t i = 0; i < 2 && 2u * pair + i < x->out_n; i++) {
        int32_t sum2 = nn_sum2(sum[i], by->bias2[i]);
        int32_t y = nn_output(sum2, by->by[i].multiplier, by->by[i].scale, x->out_zero);
        out[2u * pair + i] = (int8_t)nn_clamp(y, x->out_min, x->out_max);
    }
}

static inline uint32_t nn_pairs(const nn_matrix_t *x) {
    return (x->out_n + 1) / 2;
}

#endif
