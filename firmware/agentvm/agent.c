#include "agent.h"

#include "call.h"

#include <string.h>

#define CODE_INPUT_LENGTH (-1)

static avm_error_t enter(avm_agent_t *agent, avm_meter_t *meter, avm_fault_t *fault) {
    if (agent->busy) {
        return avm_fault(fault, AVM_BUSY, "called while it runs");
    }
    if (agent->runtime == NULL) {
        return avm_fault(fault, AVM_DROPPED, "must be loaded again");
    }
    agent->busy = true;
    avm_meter_begin(meter, agent->deadline_ms);
    return AVM_OK;
}

static avm_error_t leave(avm_agent_t *agent, const avm_meter_t *meter, avm_error_t error) {
    avm_meter_end(meter);
    agent->busy = false;
    if (error > AVM_INIT_FAILED && error < AVM_CODE) {
        avm_drop(agent);
    }
    return error;
}

static avm_error_t too_long(avm_agent_t *agent, size_t bytes, avm_fault_t *fault) {
    avm_fault(fault, AVM_CODE, "");
    avm_fault_number(fault, (int64_t)bytes);
    avm_fault_text(fault, " bytes given");
    if (agent->inputs_bytes != 0) {
        avm_fault_text(fault, ", takes ");
        avm_fault_number(fault, agent->inputs_bytes);
    }
    fault->code = CODE_INPUT_LENGTH;
    return AVM_CODE;
}

// Puts the input into linear memory and calls `export` (infer or begin).
static avm_error_t give(avm_agent_t *agent, avm_export_t export, const uint8_t *input,
    size_t bytes, int32_t *answer, avm_fault_t *fault) {
    int32_t address;
    uint8_t *at = NULL;
    if (bytes > AVM_MEMORY_MAX || (agent->inputs_bytes != 0 && bytes != agent->inputs_bytes)) {
        return too_long(agent, bytes, fault);
    }
    avm_error_t error = avm_ask(agent, AVM_EXPORT_INPUT, (uint32_t)bytes, &address, fault);
    if (error) {
        return error;
    }
    if (address == 0) {
        return too_long(agent, bytes, fault);
    }
    error = avm_place(agent, AVM_EXPORT_INPUT, address, bytes, &at, fault);
    if (error) {
        return error;
    }
    memcpy(at, input, bytes);
    error = avm_ask(agent, export, (uint32_t)bytes, answer, fault);
    return error || *answer >= 0 ? error : avm_code_fault(AVM_CODE, export, *answer, fault);
}

static avm_error_t fetch(avm_agent_t *agent, uint8_t *output, avm_fault_t *fault) {
    int32_t address;
    uint8_t *at = NULL;
    avm_error_t error = avm_ask(agent, AVM_EXPORT_OUTPUT, 0, &address, fault);
    if (!error) {
        error = avm_place(agent, AVM_EXPORT_OUTPUT, address, agent->outputs_bytes, &at, fault);
    }
    if (!error) {
        memcpy(output, at, agent->outputs_bytes);
    }
    return error;
}

static avm_error_t bad_length(avm_agent_t *agent, int32_t length, avm_fault_t *fault) {
    avm_fault(fault, AVM_BAD_LENGTH, "infer returned ");
    avm_fault_number(fault, length);
    avm_fault_text(fault, " bytes of output, expected ");
    avm_fault_number(fault, agent->outputs_bytes);
    return AVM_BAD_LENGTH;
}

avm_error_t avm_agent_infer(avm_agent_t *agent, const uint8_t *input, size_t bytes,
    uint8_t *output, avm_fault_t *fault) {
    avm_meter_t meter;
    int32_t length;
    avm_error_t error = enter(agent, &meter, fault);
    if (error) {
        return error;
    }
    agent->began = false;
    error = give(agent, AVM_EXPORT_INFER, input, bytes, &length, fault);
    if (!error && (uint32_t)length != agent->outputs_bytes) {
        error = bad_length(agent, length, fault);
    }
    if (!error) {
        error = fetch(agent, output, fault);
    }
    return leave(agent, &meter, error);
}

bool avm_agent_has_slices(const avm_agent_t *agent) {
    return agent->exports[AVM_EXPORT_BEGIN] != NULL && agent->exports[AVM_EXPORT_STEP] != NULL;
}

static avm_error_t check_slices(const avm_agent_t *agent, avm_fault_t *fault) {
    if (agent->runtime != NULL && !avm_agent_has_slices(agent)) {
        return avm_fault(fault, AVM_USAGE, "does not export begin and step");
    }
    return AVM_OK;
}

avm_error_t avm_agent_begin(avm_agent_t *agent, const uint8_t *input, size_t bytes,
    avm_fault_t *fault) {
    avm_meter_t meter;
    int32_t answer;
    avm_error_t error = check_slices(agent, fault);
    if (!error) {
        error = enter(agent, &meter, fault);
    }
    if (error) {
        return error;
    }
    agent->began = false;
    error = give(agent, AVM_EXPORT_BEGIN, input, bytes, &answer, fault);
    if (!error && answer != 0) {
        error = avm_code_fault(AVM_CODE, AVM_EXPORT_BEGIN, answer, fault);
    }
    agent->began = !error;
    agent->used_us = avm_meter_used_us();
    return leave(agent, &meter, error);
}

// An agent could say for ever that there is more to do, each time at once.
static avm_error_t end_slice(avm_agent_t *agent, avm_fault_t *fault) {
    agent->used_us = avm_meter_used_us();
    if (!avm_meter_passed()) {
        return AVM_OK;
    }
    avm_fault(fault, AVM_DEADLINE, "");
    avm_fault_number(fault, agent->deadline_ms);
    avm_fault_text(fault, " ms passed in slices");
    return AVM_DEADLINE;
}

static avm_error_t step(avm_agent_t *agent, uint8_t *output, bool *more, avm_fault_t *fault) {
    int32_t answer;
    avm_error_t error = avm_ask(agent, AVM_EXPORT_STEP, 0, &answer, fault);
    if (!error && answer != 0 && answer != 1) {
        error = avm_code_fault(AVM_CODE, AVM_EXPORT_STEP, answer, fault);
    }
    *more = !error && answer == 1;
    agent->began = *more;
    if (error) {
        return error;
    }
    return *more ? end_slice(agent, fault) : fetch(agent, output, fault);
}

avm_error_t avm_agent_step(avm_agent_t *agent, uint8_t *output, bool *more, avm_fault_t *fault) {
    avm_meter_t meter;
    avm_error_t error = check_slices(agent, fault);
    if (!error && agent->runtime != NULL && !agent->began) {
        error = avm_fault(fault, AVM_USAGE, "step without begin");
    }
    if (!error) {
        error = enter(agent, &meter, fault);
    }
    if (error) {
        return error;
    }
    avm_meter_add_used(agent->used_us);
    error = step(agent, output, more, fault);
    return leave(agent, &meter, error);
}

bool avm_agent_has_state(const avm_agent_t *agent) {
    return agent->exports[AVM_EXPORT_STATE_PTR] != NULL
        && agent->exports[AVM_EXPORT_STATE_LEN] != NULL;
}

static avm_error_t find_state(avm_agent_t *agent, uint8_t **at, size_t *bytes,
    avm_fault_t *fault) {
    int32_t address, length;
    avm_error_t error = avm_ask(agent, AVM_EXPORT_STATE_LEN, 0, &length, fault);
    if (!error) {
        error = avm_ask(agent, AVM_EXPORT_STATE_PTR, 0, &address, fault);
    }
    *bytes = error ? 0 : (uint32_t)length;
    return error ? error : avm_place(agent, AVM_EXPORT_STATE_PTR, address, *bytes, at, fault);
}

avm_error_t avm_agent_state(avm_agent_t *agent, uint8_t **at, size_t *bytes, avm_fault_t *fault) {
    avm_meter_t meter;
    if (agent->runtime != NULL && !avm_agent_has_state(agent)) {
        return avm_fault(fault, AVM_USAGE, "does not export state_ptr and state_len");
    }
    avm_error_t error = enter(agent, &meter, fault);
    if (error) {
        return error;
    }
    agent->began = false;
    error = find_state(agent, at, bytes, fault);
    return leave(agent, &meter, error);
}

avm_error_t avm_agent_close(avm_agent_t *agent, avm_fault_t *fault) {
    if (agent->busy) {
        return avm_fault(fault, AVM_BUSY, "closed while it runs");
    }
    avm_drop(agent);
    return AVM_OK;
}

bool avm_agent_keeps_model(const avm_agent_t *agent) {
    return agent->blob != NULL;
}

uint32_t avm_agent_pool_bytes(const avm_agent_t *agent) {
    return agent->heap.owner == 0 ? 0 : avm_pool_held(agent->heap.pool, agent->heap.owner);
}

uint32_t avm_agent_memory_bytes(const avm_agent_t *agent) {
    return agent->runtime == NULL ? 0 : avm_runtime_memory(agent->runtime).length;
}

uint32_t avm_agent_memory_used(const avm_agent_t *agent) {
    if (agent->runtime == NULL) {
        return 0;
    }
    avm_memory_t memory = avm_runtime_memory(agent->runtime);
    while (memory.length > 0 && memory.bytes[memory.length - 1] == 0) {
        memory.length--;
    }
    return memory.length;
}
