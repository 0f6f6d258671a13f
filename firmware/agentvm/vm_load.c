// The vm layer: from bytes to compiled functions.
#include "vm_private.h"

#include "wasm3_compile.h"

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
    return avm_fault(fault, AVM_MALFORMED, avm_plain_words(result));
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
        avm_fault_function(fault, " in function ", &step.module->functions[step.index]);
    }
    return result ? fault->error : AVM_OK;
}

typedef struct {
    step_t step;
    IM3Module module;
    const char *from, *name, *signature;
    const avm_import_t *import;
} link_step_t;

static M3Result do_link(void *step) {
    link_step_t *self = step;
    return m3_LinkRawFunctionEx(self->module, self->from, self->name, self->signature, avm_call_import,
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
