// Outputs of any int8 to those that a layer may have.
#ifndef NN_MVE_CLAMP_H
#define NN_MVE_CLAMP_H

#include <stdint.h>

void nn_mve_clamp(int8_t *out, uint32_t count, int32_t least, int32_t most);

#endif
