#include "call.h"

#include "policy.h"

#include <string.h>

void avm_drop(avm_agent_t *agent) {
    if (agent->heap.owner != 0) {
        avm_pool_release(agent->heap.pool, agent->heap.owner);
    }
    memset(agent, 0, sizeof(*agent));
}

avm_error_t avm_ask(avm_agent_t *agent, avm_export_t export, uint32_t argument,
    int32_t *answer, avm_fault_t *fault) {
    avm_value_t value = {.i32 = (int32_t)argument};
    avm_error_t error = avm_invoke(agent->exports[export], &value, &value, fault);
    *answer = value.i32;
    return error;
}

avm_error_t avm_code_fault(avm_error_t error, avm_export_t export, int32_t code,
    avm_fault_t *fault) {
    avm_fault(fault, error, avm_export_name(export));
    avm_fault_text(fault, " returned ");
    avm_fault_number(fault, code);
    if (error != AVM_CODE) {
        avm_fault_text(fault, " (");
        avm_fault_text(fault, avm_code_name(code));
        avm_fault_text(fault, ")");
    }
    fault->code = code;
    return error;
}

avm_error_t avm_place(avm_agent_t *agent, avm_export_t export, int32_t address, size_t bytes,
    uint8_t **at, avm_fault_t *fault) {
    avm_memory_t memory = avm_runtime_memory(agent->runtime);
    if ((uint64_t)(uint32_t)address + bytes > memory.length) {
        avm_fault(fault, AVM_BAD_ADDRESS, avm_export_name(export));
        avm_fault_text(fault, " returned ");
        avm_fault_number(fault, (uint32_t)address);
        avm_fault_text(fault, ", with ");
        avm_fault_number(fault, (int64_t)bytes);
        avm_fault_text(fault, " bytes beyond the memory of ");
        avm_fault_number(fault, memory.length);
        return AVM_BAD_ADDRESS;
    }
    *at = memory.bytes + (uint32_t)address;
    return AVM_OK;
}
