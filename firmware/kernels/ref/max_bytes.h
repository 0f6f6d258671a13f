#ifndef NN_MAX_BYTES_H
#define NN_MAX_BYTES_H

#include <stdint.h>

// Each of `most` becomes the greater of itself and its like in `x`.
void nn_max_bytes(int8_t *most, const int8_t *x, uint32_t count);

#endif
