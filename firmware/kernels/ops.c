#include "nn.h"

#define FITS(name, type) typedef char name##_fits_t[sizeof(type) <= NN_BLOCK_MAX_BYTES ? 1 : -1];
NN_OPS(FITS)

#define ENTRY(name, type) {#name, sizeof(type), nn_##name##_check, nn_##name##_run},
const nn_op_t nn_ops[] = {NN_OPS(ENTRY)};
const uint32_t nn_op_count = sizeof(nn_ops) / sizeof(nn_ops[0]);
