// wasm3's own types, for the files of the vm layer alone.
#ifndef AGENTVM_VM_PRIVATE_H
#define AGENTVM_VM_PRIVATE_H

#include "wasm3_config.h"

#include "vm.h"

#include "m3_env.h"

// The opaque types are wasm3's own.
static inline IM3Environment env_of(avm_env_t *env) {
    return (IM3Environment)env;
}

static inline IM3Module module_of(const avm_module_t *module) {
    return (IM3Module)(uintptr_t)module;
}

static inline IM3Runtime runtime_of(avm_runtime_t *runtime) {
    return (IM3Runtime)runtime;
}

static inline IM3Function function_of(const avm_function_t *function) {
    return (IM3Function)(uintptr_t)function;
}

static inline avm_heap_t *heap_of(IM3Runtime runtime) {
    return m3_GetUserData(runtime);
}

// Appends `before`, and the function by index and name.
void avm_fault_function(avm_fault_t *fault, const char *before, IM3Function function);

// Without the words "[trap] " that wasm3 puts before some of its results.
const char *avm_plain_words(M3Result result);

// What wasm3 calls for every import; userdata is the avm_import_t.
const void *avm_call_import(IM3Runtime runtime, IM3ImportContext context, uint64_t *slots,
    void *memory);

#endif
