// The vm layer: calls into Wasm and out of it.
#include "vm_private.h"

#include <string.h>

// Stands for itself among wasm3's result strings.
static const char host_failed[] = "host";

// Of the call that runs now, for its imports.
static avm_fault_t *running_fault;

static const char *trap_words(M3Result result) {
    // An import that nobody has linked; 0.5.0 has better words for it.
    bool unlinked = strcmp(result, "function body is missing") == 0;
    return unlinked ? m3Err_functionImportMissing : avm_plain_words(result);
}

static avm_error_t run_fault(avm_fault_t *fault, M3Result result, IM3Function called) {
    avm_error_t error = avm_meter_reason(result);
    IM3Function function = avm_meter.function ? avm_meter.function : called;
    if (error == AVM_DEADLINE) {
        avm_fault(fault, error, "");
        avm_fault_number(fault, avm_meter.allowed_us / 1000);
        avm_fault_text(fault, " ms passed");
    } else if (error == AVM_INTERRUPTED) {
        avm_fault(fault, error, "stopped");
    } else if (result != host_failed) {
        avm_fault(fault, AVM_TRAP, trap_words(result));
    }
    avm_fault_function(fault, " in function ", function);
    return fault->error;
}

const void *avm_call_import(IM3Runtime runtime, IM3ImportContext context, uint64_t *slots,
    void *memory) {
    (void)memory;
    const avm_import_t *import = context->userdata;
    uint32_t results = m3_GetRetCount(context->function);
    avm_call_t call = {
        .runtime = (avm_runtime_t *)runtime,
        .function = (const avm_function_t *)context->function,
        .context = import->context,
        .owner = import->owner,
        .results = slots,
        .arguments = slots + results,
        .fault = running_fault,
    };
    uint32_t paused = import->trusted ? avm_meter_pause() : 0;
    avm_error_t error = import->function(&call);
    if (call.stopped != NULL) {
        return call.stopped;
    }
    if (error) {
        return host_failed;
    }
    if (import->trusted) {
        avm_meter_resume(paused);
        return NULL;
    }
    // It may have taken as long as many ticks.
    return avm_meter_look();
}

static M3Result call_function(IM3Function function, const avm_value_t *arguments,
    avm_value_t *results) {
    const void *pointers[AVM_VALUES_MAX];
    uint32_t count = m3_GetArgCount(function);
    for (uint32_t i = 0; i < count; i++) {
        pointers[i] = &arguments[i];
    }
    M3Result result = m3_Call(function, count, pointers);
    if (result) {
        return result;
    }
    count = m3_GetRetCount(function);
    for (uint32_t i = 0; i < count; i++) {
        pointers[i] = &results[i];
    }
    return m3_GetResults(function, count, pointers);
}

avm_error_t avm_invoke(avm_function_t *function, const avm_value_t *arguments,
    avm_value_t *results, avm_fault_t *fault) {
    IM3Function self = function_of(function);
    if (m3_GetArgCount(self) > AVM_VALUES_MAX || m3_GetRetCount(self) > AVM_VALUES_MAX) {
        return avm_fault(fault, AVM_USAGE, "more than 32 arguments or results");
    }
    avm_heap_t *before = avm_heap_use(heap_of(self->module->runtime));
    avm_fault_t *fault_before = running_fault;
    running_fault = fault;
    avm_meter.function = NULL;
    M3Result result = call_function(self, arguments, results);
    running_fault = fault_before;
    avm_heap_use(before);
    return result ? run_fault(fault, result, self) : AVM_OK;
}

avm_error_t avm_call(avm_function_t *function, const avm_value_t *arguments,
    avm_value_t *results, uint32_t deadline_ms, avm_fault_t *fault) {
    avm_meter_t meter;
    avm_meter_begin(&meter, deadline_ms);
    avm_error_t error = avm_invoke(function, arguments, results, fault);
    avm_meter_end(&meter);
    return error;
}

avm_error_t avm_module_start(avm_module_t *module, uint32_t deadline_ms, avm_fault_t *fault) {
    IM3Module self = module_of(module);
    if (self->startFunction < 0) {
        return AVM_OK;
    }
    avm_function_t *function = avm_module_function(module, (uint32_t)self->startFunction);
    // It runs once, whatever comes of it; wasm3 would try again at the next call.
    self->startFunction = -1;
    return avm_call(function, NULL, NULL, deadline_ms, fault);
}
