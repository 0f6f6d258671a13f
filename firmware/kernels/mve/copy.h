// Copies of a few bytes, or many, in rows.
#ifndef NN_MVE_COPY_H
#define NN_MVE_COPY_H

#include <stdint.h>

// At least one row of at least one byte.
void nn_mve_copy(int8_t *to, uint32_t to_step, const int8_t *from, uint32_t from_step,
    uint32_t rows, uint32_t bytes);

#endif
