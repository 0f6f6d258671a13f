// What loading and inference share: calls of an agent's exports.
#ifndef AGENTVM_CALL_H
#define AGENTVM_CALL_H

#include "agent.h"

// Calls an export that takes nothing or an i32 and answers an i32, under the meter that
// runs.
avm_error_t avm_ask(avm_agent_t *agent, avm_export_t export, uint32_t argument, int32_t *answer,
    avm_fault_t *fault);

// `bytes` of linear memory from the address that the export returned, or AVM_BAD_ADDRESS.
avm_error_t avm_place(avm_agent_t *agent, avm_export_t export, int32_t address, size_t bytes,
    uint8_t **at, avm_fault_t *fault);

// The fault for a code that the export returned.
avm_error_t avm_code_fault(avm_error_t error, avm_export_t export, int32_t code,
    avm_fault_t *fault);

// Gives everything back to the pool.
void avm_drop(avm_agent_t *agent);

#endif
