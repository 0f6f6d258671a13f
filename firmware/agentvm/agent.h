// One agent of SPEC.md 1: loads it, limits it, calls it. All its memory comes from a pool
// and goes back to it whole.
#ifndef AGENTVM_AGENT_H
#define AGENTVM_AGENT_H

#include "vm.h"

#define AVM_ABI_VERSION_NOW 1
#define AVM_VM_STACK_DEFAULT 2048
#define AVM_VM_STACK_MIN 512
#define AVM_VM_STACK_MAX 65536
#define AVM_DEADLINE_DEFAULT_MS 1000
#define AVM_DEADLINE_MAX_MS 600000
#define AVM_MEMORY_MAX (16u * 1024 * 1024)
#define AVM_IMPORTS_MAX 32
#define AVM_MODEL_ALIGN 4

// An import that the agent may use. Known by its name; the type must be this one.
typedef struct {
    const char *from;
    const char *name;
    const char *signature; // as avm_inspect_type_is wants it
    avm_import_t import;
} avm_grant_t;

typedef struct {
    const uint8_t *wasm; // needed until avm_agent_load returns
    size_t wasm_bytes;
    // NULL: none. Needed until avm_agent_load returns or, if avm_agent_keeps_model, as long as
    // the agent is loaded.
    const uint8_t *model;
    size_t model_bytes;
    const avm_grant_t *grants; // needed until avm_agent_load returns
    size_t grant_count;
    uint32_t memory_bytes; // 0: what the module declares
    uint32_t vm_stack_bytes; // 0: AVM_VM_STACK_DEFAULT
    uint32_t deadline_ms; // of each call, of slices together; 0: AVM_DEADLINE_DEFAULT_MS
    uint32_t inputs_bytes; // 0: the agent alone decides what it takes
    uint32_t outputs_bytes;
} avm_agent_config_t;

// Where the exports stand in avm_agent_t.exports; NULL for those that the module lacks.
typedef enum {
    AVM_EXPORT_ABI,
    AVM_EXPORT_INIT,
    AVM_EXPORT_INPUT,
    AVM_EXPORT_INFER,
    AVM_EXPORT_OUTPUT,
    AVM_EXPORT_MODEL,
    AVM_EXPORT_BEGIN,
    AVM_EXPORT_STEP,
    AVM_EXPORT_STATE_PTR,
    AVM_EXPORT_STATE_LEN,
    AVM_EXPORTS,
} avm_export_t;

// Zeroed before first use; must not be moved while loaded.
typedef struct {
    avm_pool_heap_t heap;
    avm_runtime_t *runtime; // NULL: dropped, closed or never loaded
    avm_function_t *exports[AVM_EXPORTS];
    uint32_t deadline_ms;
    uint32_t inputs_bytes;
    uint32_t outputs_bytes;
    const uint8_t *blob; // the model, for host operations; NULL: none
    uint32_t blob_bytes;
    bool busy;
    bool began; // begin was called, and step has not said that it is done
    uint32_t used_us; // by its slices so far
} avm_agent_t;

avm_error_t avm_agent_load(avm_agent_t *agent, avm_pool_t *pool, const avm_agent_config_t *config,
    avm_fault_t *fault);

// `output` takes outputs_bytes. After any error above AVM_INIT_FAILED and below AVM_CODE
// the agent has been dropped.
avm_error_t avm_agent_infer(avm_agent_t *agent, const uint8_t *input, size_t bytes,
    uint8_t *output, avm_fault_t *fault);

// Whether it has begin and step.
bool avm_agent_has_slices(const avm_agent_t *agent);

// Inference in slices: step until *more is false, when `output` has been written. Another begin,
// or infer, gives up what began before.
avm_error_t avm_agent_begin(avm_agent_t *agent, const uint8_t *input, size_t bytes,
    avm_fault_t *fault);
avm_error_t avm_agent_step(avm_agent_t *agent, uint8_t *output, bool *more, avm_fault_t *fault);

// Whether it has state_ptr and state_len.
bool avm_agent_has_state(const avm_agent_t *agent);

// Where its state lies in linear memory, until the next call. Gives up what began before.
avm_error_t avm_agent_state(avm_agent_t *agent, uint8_t **at, size_t *bytes, avm_fault_t *fault);

// AVM_BUSY while the agent runs; otherwise it is closed afterwards, also if it was before.
avm_error_t avm_agent_close(avm_agent_t *agent, avm_fault_t *fault);

// Whether it reads its model in place.
bool avm_agent_keeps_model(const avm_agent_t *agent);

// 0 when it is not loaded.
uint32_t avm_agent_pool_bytes(const avm_agent_t *agent);
uint32_t avm_agent_memory_bytes(const avm_agent_t *agent);
// Up to the last byte of linear memory that is not 0.
uint32_t avm_agent_memory_used(const avm_agent_t *agent);

#endif
