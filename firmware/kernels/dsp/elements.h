// Inner loops of element-wise operations, four elements at a time.
#ifndef NN_ELEMENTS_H
#define NN_ELEMENTS_H

#include <stdint.h>

// The fields' offsets are known to elements.S. `end` is that of the output: a multiple of four
// elements, at least one. `multiplier` is twice the operation's, which is at least 2^30, less 2^32.
typedef struct {
    const uint8_t *a;
    const uint8_t *b;
    int8_t *out;
    const int8_t *end;
    const int32_t *table_a;
    const int32_t *table_b;
    int32_t multiplier;
    int32_t scale; // 2^(32 - shift) for shifts of 17 to 31
    int32_t zero;
} nn_add4_t;

typedef struct {
    const uint8_t *a;
    const uint8_t *b;
    int8_t *out;
    uint32_t step_b; // bytes from four elements of b to the next: 4 or 0
    uint32_t minus_a, minus_b; // the zero points, negated, in both halfwords
    int32_t multiplier;
    int32_t scale; // 2^(32 - shift) + 1 for shifts of 2 to 31
    int32_t zero;
    const int8_t *end;
} nn_mul4_t;

// Outputs are clamped to int8 only.
void nn_add4(const nn_add4_t *x);
void nn_mul4(const nn_mul4_t *x);

#endif
