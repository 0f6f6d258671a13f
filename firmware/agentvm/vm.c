#include "wasm3_config.h"

#include "vm.h"
#include "wasm3_compile.h"

#include "m3_env.h"
#include "m3_exec_defs.h"

#include <string.h>

// The opaque types are wasm3's own.
static IM3Environment env_of(avm_env_t *env) {
    return (IM3Environment)env;
}

static IM3Module module_of(const avm_module_t *module) {
    return (IM3Module)(uintptr_t)module;
}

static IM3Runtime runtime_of(avm_runtime_t *runtime) {
    return (IM3Runtime)runtime;
}

static IM3Function function_of(const avm_function_t *function) {
    return (IM3Function)(uintptr_t)function;
}

static avm_heap_t *heap_of(IM3Runtime runtime) {
    return m3_GetUserData(runtime);
}

// Stands for itself among wasm3's result strings.
static const char host_failed[] = "host";

// Of the call that runs now, for its imports.
static avm_fault_t *running_fault;

const char *avm_wasm3_version(void) {
    return M3_VERSION;
}

// --- Errors

static bool begins_with(const char **text, const char *prefix) {
    size_t length = strlen(prefix);
    if (strncmp(*text, prefix, length) != 0) {
        return false;
    }
    *text += length;
    return true;
}

static void name_function(avm_fault_t *fault, const char *before, IM3Function function) {
    const char *name = avm_function_name((avm_function_t *)function);
    fault->function = (int32_t)avm_function_index((avm_function_t *)function);
    avm_fault_text(fault, before);
    avm_fault_number(fault, fault->function);
    if (name != NULL) {
        avm_fault_text(fault, " (");
        avm_fault_text(fault, name);
        avm_fault_text(fault, ")");
    }
}

static const char *trap_words(M3Result result) {
    begins_with(&result, "[trap] ");
    // An import that nobody has linked; 0.5.0 has better words for it.
    return strcmp(result, "function body is missing") == 0 ? m3Err_functionImportMissing : result;
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
    name_function(fault, " in function ", function);
    return fault->error;
}

static avm_error_t no_memory(avm_fault_t *fault, const avm_heap_t *heap) {
    if (heap->wanted == 0) {
        return avm_fault(fault, AVM_NO_MEMORY, "too little C stack is left to load a module");
    }
    avm_fault(fault, AVM_NO_MEMORY, "");
    avm_fault_number(fault, (int64_t)heap->wanted);
    avm_fault_text(fault, " more bytes needed");
    return AVM_NO_MEMORY;
}

static avm_error_t load_fault(avm_fault_t *fault, avm_heap_t *heap, M3Result result) {
    if (result == m3Err_mallocFailed || result == m3Err_mallocFailedCodePage) {
        return no_memory(fault, heap);
    }
    begins_with(&result, "[trap] ");
    return avm_fault(fault, AVM_MALFORMED, result);
}

// --- Steps of loading, with memory that may run out at any point

// What wasm3 takes of the C stack at most, without blocks within blocks, which it is asked
// about while it compiles them: 3.2 kB on a 32-bit core, most of it in ValidateFunction.
#define LOAD_STACK_BYTES 4096

typedef struct {
    M3Result (*run)(void *step);
} step_t;

static M3Result guarded(avm_heap_t *heap, step_t *step) {
    jmp_buf escape;
    avm_meter_t meter;
    avm_heap_t *before = avm_heap_use(heap);
    M3Result volatile result = m3Err_mallocFailed;
    avm_meter_begin(&meter, 0);
    heap->escape = &escape;
    heap->wanted = 0;
    if (!avm_meter_stack_short(LOAD_STACK_BYTES) && setjmp(escape) == 0) {
        result = step->run(step);
    }
    heap->escape = NULL;
    avm_meter_end(&meter);
    avm_heap_use(before);
    return result;
}

typedef struct {
    step_t step;
    IM3Environment env;
} env_step_t;

static M3Result make_env(void *step) {
    env_step_t *self = step;
    self->env = m3_NewEnvironment();
    return m3Err_none;
}

avm_error_t avm_env_new(avm_env_t **env, avm_heap_t *heap, avm_fault_t *fault) {
    env_step_t step = {{make_env}, NULL};
    M3Result result = guarded(heap, &step.step);
    *env = (avm_env_t *)step.env;
    return result ? load_fault(fault, heap, result) : AVM_OK;
}

typedef struct {
    step_t step;
    IM3Environment env;
    const avm_module_info_t *info;
    IM3Module module;
} parse_step_t;

static M3Result parse(void *step) {
    parse_step_t *self = step;
    return m3_ParseModule(self->env, &self->module, self->info->bytes, self->info->length);
}

avm_error_t avm_module_parse(avm_module_t **module, avm_heap_t *heap, avm_env_t *env,
    const avm_module_info_t *info, avm_fault_t *fault) {
    parse_step_t step = {{parse}, env_of(env), info, NULL};
    M3Result result = guarded(heap, &step.step);
    *module = (avm_module_t *)step.module;
    return result ? load_fault(fault, heap, result) : AVM_OK;
}

typedef struct {
    step_t step;
    IM3Environment env;
    uint32_t stack_bytes;
    avm_heap_t *heap;
    IM3Runtime runtime;
} runtime_step_t;

static M3Result make_runtime(void *step) {
    runtime_step_t *self = step;
    self->runtime = m3_NewRuntime(self->env, self->stack_bytes, self->heap);
    return m3Err_none;
}

avm_error_t avm_runtime_new(avm_runtime_t **runtime, avm_heap_t *heap, avm_env_t *env,
    uint32_t stack_bytes, uint32_t memory_limit, avm_fault_t *fault) {
    runtime_step_t step = {{make_runtime}, env_of(env), stack_bytes, heap, NULL};
    M3Result result = guarded(heap, &step.step);
    *runtime = (avm_runtime_t *)step.runtime;
    if (result) {
        return load_fault(fault, heap, result);
    }
    step.runtime->memoryLimit = memory_limit;
    return AVM_OK;
}

typedef struct {
    step_t step;
    IM3Runtime runtime;
    IM3Module module;
} load_step_t;

static M3Result load(void *step) {
    load_step_t *self = step;
    return m3_LoadModule(self->runtime, self->module);
}

// wasm3 takes a maximum of 0 for none, and lets a memory grow past its limit in name.
static void fix_maximum(M3Memory *memory, uint32_t limit, const avm_module_info_t *info) {
    uint32_t most = limit / AVM_PAGE_BYTES;
    if (info->memory_has_maximum) {
        memory->maxPages = info->memory_maximum;
    }
    if (limit != 0 && memory->maxPages > most) {
        memory->maxPages = most > memory->numPages ? most : memory->numPages;
    }
}

avm_error_t avm_runtime_load(avm_runtime_t *runtime, avm_module_t *module,
    const avm_module_info_t *info, avm_fault_t *fault) {
    load_step_t step = {{load}, runtime_of(runtime), module_of(module)};
    avm_heap_t *heap = heap_of(step.runtime);
    M3Result result = guarded(heap, &step.step);
    if (result) {
        return load_fault(fault, heap, result);
    }
    fix_maximum(&step.runtime->memory, step.runtime->memoryLimit, info);
    return AVM_OK;
}

typedef struct {
    step_t step;
    IM3Module module;
    uint32_t index; // where it stopped
} compile_step_t;

static M3Result compile(void *step) {
    compile_step_t *self = step;
    for (self->index = 0; self->index < self->module->numFunctions; self->index++) {
        IM3Function function = &self->module->functions[self->index];
        M3Result result = NULL;
        if (function->wasm != NULL && function->compiled == NULL) {
            result = CompileFunction(function);
        }
        if (result) {
            return result;
        }
    }
    return m3Err_none;
}

avm_error_t avm_module_compile(avm_module_t *module, bool mvp_only, avm_fault_t *fault) {
    compile_step_t step = {{compile}, module_of(module), 0};
    avm_heap_t *heap = heap_of(step.module->runtime);
    avm_compile_mvp_only = mvp_only;
    M3Result result = guarded(heap, &step.step);
    if (result && load_fault(fault, heap, result) == AVM_MALFORMED) {
        name_function(fault, " in function ", &step.module->functions[step.index]);
    }
    return result ? fault->error : AVM_OK;
}

// --- Imports

static const void *call_import(IM3Runtime runtime, IM3ImportContext context, uint64_t *slots,
    void *memory) {
    (void)memory;
    const avm_import_t *import = context->userdata;
    uint32_t results = m3_GetRetCount(context->function);
    avm_call_t call = {
        (avm_runtime_t *)runtime, (const avm_function_t *)context->function, import->context,
        slots, slots + results, running_fault,
    };
    uint32_t paused = avm_meter_pause();
    avm_error_t error = import->function(&call);
    if (import->trusted) {
        avm_meter_resume(paused);
    } else {
        avm_meter_hurry();
    }
    return error ? host_failed : NULL;
}

typedef struct {
    step_t step;
    IM3Module module;
    const char *from, *name, *signature;
    const avm_import_t *import;
} link_step_t;

static M3Result do_link(void *step) {
    link_step_t *self = step;
    return m3_LinkRawFunctionEx(self->module, self->from, self->name, self->signature, call_import,
        self->import);
}

avm_error_t avm_module_link(avm_module_t *module, const char *from, const char *name,
    const char *signature, const avm_import_t *import, avm_fault_t *fault) {
    link_step_t step = {{do_link}, module_of(module), from, name, signature, import};
    avm_heap_t *heap = heap_of(step.module->runtime);
    M3Result result = guarded(heap, &step.step);
    if (result && load_fault(fault, heap, result) == AVM_MALFORMED) {
        fault->error = AVM_USAGE;
    }
    return result ? fault->error : AVM_OK;
}

const avm_function_t *avm_module_unlinked(const avm_module_t *module) {
    IM3Module self = module_of(module);
    for (uint32_t i = 0; i < self->numFunctions; i++) {
        IM3Function function = &self->functions[i];
        if (function->wasm == NULL && function->compiled == NULL) {
            return (const avm_function_t *)function;
        }
    }
    return NULL;
}

// --- Functions

avm_function_t *avm_module_function(avm_module_t *module, uint32_t index) {
    return (avm_function_t *)&module_of(module)->functions[index];
}

avm_function_t *avm_module_named(avm_module_t *module, const char *name) {
    IM3Module self = module_of(module);
    for (uint32_t i = 0; i < self->numFunctions; i++) {
        IM3Function function = &self->functions[i];
        for (uint32_t j = 0; function->wasm != NULL && j < function->numNames; j++) {
            if (function->names[j] != NULL && strcmp(function->names[j], name) == 0) {
                return (avm_function_t *)function;
            }
        }
    }
    return NULL;
}

uint32_t avm_function_index(const avm_function_t *function) {
    IM3Function self = function_of(function);
    return (uint32_t)(self - self->module->functions);
}

const char *avm_function_name(const avm_function_t *function) {
    IM3Function self = function_of(function);
    return self->numNames > 0 ? self->names[0] : NULL;
}

uint32_t avm_function_arguments(const avm_function_t *function) {
    return m3_GetArgCount(function_of(function));
}

uint32_t avm_function_results(const avm_function_t *function) {
    return m3_GetRetCount(function_of(function));
}

avm_type_t avm_function_argument(const avm_function_t *function, uint32_t index) {
    return (avm_type_t)m3_GetArgType(function_of(function), index);
}

avm_type_t avm_function_result(const avm_function_t *function, uint32_t index) {
    return (avm_type_t)m3_GetRetType(function_of(function), index);
}

avm_value_t avm_slot_get(const uint64_t *slot, avm_type_t type) {
    avm_value_t value = {.i64 = 0};
    memcpy(&value, slot, type == AVM_I32 || type == AVM_F32 ? 4 : 8);
    return value;
}

void avm_slot_set(uint64_t *slot, avm_type_t type, avm_value_t value) {
    memcpy(slot, &value, type == AVM_I32 || type == AVM_F32 ? 4 : 8);
}

// --- Calls

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

// --- Memory and globals

avm_memory_t avm_runtime_memory(avm_runtime_t *runtime) {
    M3MemoryHeader *header = runtime_of(runtime)->memory.mallocated;
    if (header == NULL) {
        return (avm_memory_t) {NULL, NULL, 0};
    }
    return (avm_memory_t) {header, m3MemData(header), (uint32_t)header->length};
}

avm_type_t avm_global_get(const avm_module_t *module, uint32_t index, avm_value_t *value) {
    M3TaggedValue tagged;
    m3_GetGlobal(&module_of(module)->globals[index], &tagged);
    memcpy(value, &tagged.value, sizeof(*value));
    return (avm_type_t)tagged.type;
}

bool avm_global_set(avm_module_t *module, uint32_t index, avm_value_t value) {
    IM3Global global = &module_of(module)->globals[index];
    M3TaggedValue tagged = {.type = (M3ValueType)global->type};
    memcpy(&tagged.value, &value, sizeof(value));
    return global->isMutable && m3_SetGlobal(global, &tagged) == m3Err_none;
}
