// Bytes as a module in a runtime of its own, as the module `wasm3` has it: read, compiled, started,
// every function called.
#include "mutate.h"
#include "stage.h"

#include <stdlib.h>
#include <string.h>

#define VALUES_BYTES 16384
#define DEADLINE_MS 5

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed) {
    return mutate_module(bytes, length, most, seed);
}

static void call_all(stage_t *stage) {
    static const avm_value_t arguments[AVM_VALUES_MAX] = {{.i32 = 1}, {.i64 = -2}, {.i32 = 65536}};
    avm_value_t results[AVM_VALUES_MAX];
    for (uint32_t i = stage->info.imported_functions; i < stage->info.functions; i++) {
        avm_function_t *function = avm_module_function(stage->module, i);
        avm_call(function, arguments, results, DEADLINE_MS, &stage->fault);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static stage_t stage;
    if (stage.pool_memory == NULL) {
        stage_open(&stage, STAGE_POOL_BYTES);
    }
    if (stage_load(&stage, bytes, length, VALUES_BYTES) == AVM_OK
        && avm_module_start(stage.module, DEADLINE_MS, &stage.fault) == AVM_OK) {
        call_all(&stage);
    }
    if (!avm_pool_check(&stage.pool)) {
        abort();
    }
    return 0;
}
