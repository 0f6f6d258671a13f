// Sums and products of elements, four at a time.
#ifndef NN_MVE_WORDS_H
#define NN_MVE_WORDS_H

#include "binary.h"
#include "nn_requant.h"

// The fields' offsets are known to words.S.
typedef struct {
    const uint8_t *b;
    int8_t *out;
    uint32_t step_a, step_b;
    int32_t multiplier;
    int32_t shift; // below 0
    int32_t zero;
    union {
        const int32_t *table[2]; // of additions, for a and b
        int32_t zero_of[2];      // of multiplications
    } by;
    uint32_t count; // at least 1
    const uint8_t *a;
    int32_t low, high;
} nn_mve_words_t;

static inline nn_mve_words_t nn_mve_words(const nn_binary_part_t *part, const nn_scale_t *scale) {
    return (nn_mve_words_t){.b = part->b, .out = part->out, .step_a = part->step_a,
        .step_b = part->step_b, .multiplier = scale->multiplier, .shift = scale->shift,
        .zero = scale->zero, .count = part->count, .a = part->a, .low = scale->low,
        .high = scale->high};
}

void nn_mve_add_words(const nn_mve_words_t *words);
void nn_mve_mul_words(const nn_mve_words_t *words);

#endif
