// The imports of module `nn` (SPEC.md 7): the host's kernels, on the calling agent's memory and
// on its model, which stays where it is.
#ifndef AGENTVM_NN_CALLS_H
#define AGENTVM_NN_CALLS_H

#include "agent.h"

// Fills the grant of an import, such as "conv2d_s8"; false when this host has no such one.
bool avm_nn_grant(avm_grant_t *grant, const char *name, size_t length);

// One call of an operation: its number, and how long check and run took.
typedef struct {
    uint32_t op;
    uint32_t ticks;
} avm_nn_sample_t;

// Notes the next `count` calls in `samples`, by a clock that may wrap; count 0 ends it. Returns
// how many have been noted since the last time.
uint32_t avm_nn_profile(avm_nn_sample_t *samples, uint32_t count, uint32_t (*ticks)(void));

// Whether the module imports anything of `nn`.
bool avm_nn_is_wanted(const avm_module_info_t *info);

#endif
