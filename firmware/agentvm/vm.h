// wasm3 behind opaque types. One module a runtime. Its strings and its results stop here.
// What a runtime needs comes from the heap it was made with, and goes back with it:
// nothing here frees (a heap of the pool is released whole, a collected one is collected).
#ifndef AGENTVM_VM_H
#define AGENTVM_VM_H

#include "error.h"
#include "heap.h"
#include "inspect.h"
#include "meter.h"

typedef struct avm_env avm_env_t;
typedef struct avm_module avm_module_t;
typedef struct avm_runtime avm_runtime_t;
typedef struct avm_function avm_function_t;

typedef enum {
    AVM_I32 = 1,
    AVM_I64,
    AVM_F32,
    AVM_F64,
} avm_type_t;

typedef union {
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
} avm_value_t;

// Arguments or results of one function.
#define AVM_VALUES_MAX 32

// Linear memory: `block` is the start of the heap's block that it lies in.
typedef struct {
    void *block;
    uint8_t *bytes;
    uint32_t length;
} avm_memory_t;

typedef struct {
    avm_runtime_t *runtime;
    const avm_function_t *function; // the import
    void *context;
    void *owner;
    uint64_t *results; // a slot each
    const uint64_t *arguments;
    avm_fault_t *fault; // to be set when the function fails
    const void *stopped; // set instead, by avm_meter_look's answer, when it was told to stop
} avm_call_t;

// Anything but AVM_OK ends the call of Wasm with the fault that the function has set.
typedef avm_error_t (*avm_host_function_t)(avm_call_t *call);

typedef struct {
    avm_host_function_t function;
    void *context;
    bool trusted; // its time is not the agent's
    void *owner; // the avm_agent_t that it is linked to, if it is one
} avm_import_t;

const char *avm_wasm3_version(void);

avm_error_t avm_env_new(avm_env_t **env, avm_heap_t *heap, avm_fault_t *fault);

// `bytes` have passed avm_inspect, and stay as they are as long as the module is used.
avm_error_t avm_module_parse(avm_module_t **module, avm_heap_t *heap, avm_env_t *env,
    const avm_module_info_t *info, avm_fault_t *fault);

// memory_limit in bytes, 0: none. Below a page it cuts the first page short; then and
// above, the memory does not grow past it.
avm_error_t avm_runtime_new(avm_runtime_t **runtime, avm_heap_t *heap, avm_env_t *env,
    uint32_t stack_bytes, uint32_t memory_limit, avm_fault_t *fault);

// Makes memory, globals and table. Takes the module over.
avm_error_t avm_runtime_load(avm_runtime_t *runtime, avm_module_t *module,
    const avm_module_info_t *info, avm_fault_t *fault);

// Gives an import its function, which `import` (kept) describes. AVM_USAGE when the module
// has no such import or its type is another; signature NULL: any type.
avm_error_t avm_module_link(avm_module_t *module, const char *from, const char *name,
    const char *signature, const avm_import_t *import, avm_fault_t *fault);
// The first import without a function; NULL when all have one.
const avm_function_t *avm_module_unlinked(const avm_module_t *module);

// Validates (wasm3 0.9.0 on) and compiles every function. mvp_only refuses instructions
// beyond the MVP and sign extension.
avm_error_t avm_module_compile(avm_module_t *module, bool mvp_only, avm_fault_t *fault);

// Runs the start function, if there is one that has not run.
avm_error_t avm_module_start(avm_module_t *module, uint32_t deadline_ms, avm_fault_t *fault);

avm_function_t *avm_module_function(avm_module_t *module, uint32_t index);
// By the name that the module's name section gives it; NULL when there is none.
avm_function_t *avm_module_named(avm_module_t *module, const char *name);

uint32_t avm_function_index(const avm_function_t *function);
// NULL when it has none.
const char *avm_function_name(const avm_function_t *function);
uint32_t avm_function_arguments(const avm_function_t *function);
uint32_t avm_function_results(const avm_function_t *function);
avm_type_t avm_function_argument(const avm_function_t *function, uint32_t index);
avm_type_t avm_function_result(const avm_function_t *function, uint32_t index);

// One value in a slot of a call, for host functions.
avm_value_t avm_slot_get(const uint64_t *slot, avm_type_t type);
void avm_slot_set(uint64_t *slot, avm_type_t type, avm_value_t value);

// As many arguments and results as the function has. deadline_ms 0: none. To share one
// deadline among calls, put avm_meter_begin and _end around avm_invoke.
avm_error_t avm_call(avm_function_t *function, const avm_value_t *arguments,
    avm_value_t *results, uint32_t deadline_ms, avm_fault_t *fault);
avm_error_t avm_invoke(avm_function_t *function, const avm_value_t *arguments,
    avm_value_t *results, avm_fault_t *fault);

// Length 0 when the module has no memory.
avm_memory_t avm_runtime_memory(avm_runtime_t *runtime);

// Global by index.
avm_type_t avm_global_get(const avm_module_t *module, uint32_t index, avm_value_t *value);
// False when it is immutable.
bool avm_global_set(avm_module_t *module, uint32_t index, avm_value_t value);

#endif
