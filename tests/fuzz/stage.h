// Where a module of unknown origin is put: a host with a clock, a pool, the sandbox around it.
#ifndef TESTS_FUZZ_STAGE_H
#define TESTS_FUZZ_STAGE_H

#include "agentvm/vm.h"

// Linear memory of some pages, which is copied when it grows, and what wasm3 needs beside it
#define STAGE_POOL_BYTES (4u << 20)
// More than wasm-smith's fuel lets a module use
#define STAGE_VALUES_BYTES (1u << 20)
#define STAGE_DEADLINE_MS 5000

typedef struct {
    avm_pool_t pool;
    void *pool_memory;
    avm_pool_heap_t heap;
    avm_module_info_t info;
    avm_module_t *module;
    avm_runtime_t *runtime;
    avm_fault_t fault; // of the last step or call
} stage_t;

// Once: memory, clock, limit of the C stack.
void stage_open(stage_t *self, size_t pool_bytes);

// A module from its bytes to its compiled functions, its imports linked; the bytes must stay.
// Whatever was on the stage is gone.
avm_error_t stage_load(stage_t *self, const uint8_t *wasm, size_t length, uint32_t values_bytes);

// The module's imports, whatever they are called: what they return follows from their arguments.
avm_error_t stage_import(avm_call_t *call);

#endif
