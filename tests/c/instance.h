// One module in a runtime, for tests that call single functions.
#ifndef TESTS_INSTANCE_H
#define TESTS_INSTANCE_H

#include "support.h"

typedef struct {
    test_pool_t pool;
    avm_pool_heap_t heap;
    blob_t wasm;
    avm_module_info_t info;
    avm_env_t *env;
    avm_module_t *module;
    avm_runtime_t *runtime;
    avm_fault_t fault; // of the last step or call
} instance_t;

// Parses and makes memory; neither links nor compiles.
avm_error_t instance_open(instance_t *self, const char *file, uint32_t memory_limit);
// All of it; a failure is a failed check.
void instance_load(instance_t *self, const char *file);
void instance_free(instance_t *self);

avm_function_t *instance_function(instance_t *self, const char *name);
// Calls the export with arguments as its types want them.
avm_error_t instance_call(instance_t *self, const char *name, const avm_value_t *arguments,
    avm_value_t *results);
// The same for functions of i32: gives -12345678 on failure.
int32_t instance_call_i32(instance_t *self, const char *name, int32_t a, int32_t b);

#endif
