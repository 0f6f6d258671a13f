// What SPEC.md 1 allows a module to be, decided before any memory is taken for it.
#ifndef AGENTVM_POLICY_H
#define AGENTVM_POLICY_H

#include "agent.h"

// config->memory_bytes must be set.
avm_error_t avm_policy_check(const avm_agent_config_t *config, const avm_module_info_t *info,
    avm_fault_t *fault);

const char *avm_export_name(avm_export_t export);

#endif
