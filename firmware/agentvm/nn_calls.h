// The imports of module `nn` (SPEC.md 6): the host's kernels, on the calling agent's memory and
// on its model, which stays where it is.
#ifndef AGENTVM_NN_CALLS_H
#define AGENTVM_NN_CALLS_H

#include "agent.h"

// Fills the grant of an import, such as "conv2d_s8"; false when this host has no such one.
bool avm_nn_grant(avm_grant_t *grant, const char *name, size_t length);

// Whether the module imports anything of `nn`.
bool avm_nn_is_wanted(const avm_module_info_t *info);

#endif
