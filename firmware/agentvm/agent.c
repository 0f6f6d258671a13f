#include "agent.h"

#include <string.h>

static const struct {
    const char *name;
    const char *signature;
    bool required;
} exports[AVM_EXPORTS] = {
    [AVM_EXPORT_ABI] = {"abi", "i()", true},
    [AVM_EXPORT_INIT] = {"init", "i(i)", true},
    [AVM_EXPORT_INPUT] = {"input", "i(i)", true},
    [AVM_EXPORT_INFER] = {"infer", "i(i)", true},
    [AVM_EXPORT_OUTPUT] = {"output", "i()", true},
    [AVM_EXPORT_MODEL] = {"model", "i(i)", false},
    [AVM_EXPORT_BEGIN] = {"begin", "i(i)", false},
    [AVM_EXPORT_STEP] = {"step", "i()", false},
    [AVM_EXPORT_STATE_PTR] = {"state_ptr", "i()", false},
    [AVM_EXPORT_STATE_LEN] = {"state_len", "i()", false},
};

#define CODE_INPUT_LENGTH (-1)

// --- What the module may be, before anything is allocated

static const avm_grant_t *granted(const avm_agent_config_t *config, const avm_imported_t *import) {
    for (size_t i = 0; i < config->grant_count; i++) {
        const avm_grant_t *grant = &config->grants[i];
        if (strlen(grant->from) == import->module_length
            && memcmp(grant->from, import->module, import->module_length) == 0
            && strlen(grant->name) == import->name_length
            && memcmp(grant->name, import->name, import->name_length) == 0) {
            return grant;
        }
    }
    return NULL;
}

static avm_error_t import_denied(const avm_imported_t *import, const char *why,
    avm_fault_t *fault) {
    avm_fault(fault, AVM_IMPORT_DENIED, "");
    avm_fault_name(fault, import->module, import->module_length);
    avm_fault_text(fault, ".");
    avm_fault_name(fault, import->name, import->name_length);
    avm_fault_text(fault, why);
    return AVM_IMPORT_DENIED;
}

static avm_error_t check_imports(const avm_agent_config_t *config, const avm_module_info_t *info,
    avm_fault_t *fault) {
    avm_imported_t import;
    for (uint32_t i = 0; avm_inspect_import(info, i, &import); i++) {
        const avm_grant_t *grant = granted(config, &import);
        if (grant == NULL) {
            return import_denied(&import, " is not granted", fault);
        }
        if (!avm_inspect_type_is(info, import.type, grant->signature)) {
            return import_denied(&import, " has another type here", fault);
        }
    }
    return AVM_OK;
}

static avm_error_t export_fault(avm_error_t error, const char *before, const char *name,
    const char *after, avm_fault_t *fault) {
    avm_fault(fault, error, before);
    avm_fault_text(fault, name);
    avm_fault_text(fault, after);
    return error;
}

static bool is_required(const avm_agent_config_t *config, int export) {
    return exports[export].required || (export == AVM_EXPORT_MODEL && config->model != NULL);
}

static avm_error_t check_exports_there(const avm_agent_config_t *config,
    const avm_module_info_t *info, avm_fault_t *fault) {
    avm_exported_t export;
    if (!avm_inspect_export(info, "memory", &export)) {
        return export_fault(AVM_MISSING_EXPORT, "no export \"", "memory", "\"", fault);
    }
    for (int i = 0; i < AVM_EXPORTS; i++) {
        if (is_required(config, i) && !avm_inspect_export(info, exports[i].name, &export)) {
            return export_fault(AVM_MISSING_EXPORT, "no export \"", exports[i].name, "\"", fault);
        }
    }
    return AVM_OK;
}

static avm_error_t check_export_types(const avm_module_info_t *info, avm_fault_t *fault) {
    avm_exported_t export;
    avm_inspect_export(info, "memory", &export);
    if (export.kind != AVM_KIND_MEMORY) {
        return export_fault(AVM_EXPORT_TYPE, "export \"", "memory", "\" is not a memory", fault);
    }
    for (int i = 0; i < AVM_EXPORTS; i++) {
        if (!avm_inspect_export(info, exports[i].name, &export)) {
            continue;
        }
        if (export.kind != AVM_KIND_FUNCTION
            || !avm_inspect_function_is(info, export.index, exports[i].signature)) {
            export_fault(AVM_EXPORT_TYPE, "export \"", exports[i].name,
                "\" is not a function of type ", fault);
            avm_fault_text(fault, exports[i].signature);
            return AVM_EXPORT_TYPE;
        }
    }
    return AVM_OK;
}

static avm_error_t memory_limit(const char *what, uint64_t has, const char *but, uint64_t may,
    avm_fault_t *fault) {
    avm_fault(fault, AVM_MEMORY_LIMIT, what);
    avm_fault_number(fault, (int64_t)has);
    avm_fault_text(fault, but);
    avm_fault_number(fault, (int64_t)may);
    return AVM_MEMORY_LIMIT;
}

static avm_error_t check_memory(uint32_t memory_bytes, const avm_module_info_t *info,
    avm_fault_t *fault) {
    uint32_t pages = (uint32_t)(((uint64_t)memory_bytes + AVM_PAGE_BYTES - 1) / AVM_PAGE_BYTES);
    if (!info->memory_has_maximum || info->memory_maximum != info->memory_pages) {
        return avm_fault(fault, AVM_MEMORY_LIMIT,
            "the memory's maximum must be declared, and equal its initial size");
    }
    if (info->memory_pages != pages || pages == 0) {
        return memory_limit("declares pages: ", info->memory_pages, ", memory_bytes needs: ", pages,
            fault);
    }
    if (info->data_end > memory_bytes) {
        return memory_limit("has data up to byte ", info->data_end, ", may have ", memory_bytes,
            fault);
    }
    avm_exported_t export;
    uint32_t heap_base;
    if (avm_inspect_export(info, "__heap_base", &export) && export.kind == AVM_KIND_GLOBAL
        && avm_inspect_constant(info, export.index, &heap_base) && heap_base > memory_bytes) {
        return memory_limit("needs ", heap_base, " bytes, may have ", memory_bytes, fault);
    }
    return AVM_OK;
}

static avm_error_t check_module(const avm_agent_config_t *config, const avm_module_info_t *info,
    avm_fault_t *fault) {
    if (info->beyond_mvp) {
        return avm_fault(fault, AVM_MALFORMED, "has segments that the MVP does not know");
    }
    avm_error_t error = check_imports(config, info, fault);
    if (!error) {
        error = check_exports_there(config, info, fault);
    }
    if (!error) {
        error = check_export_types(info, fault);
    }
    if (!error) {
        error = check_memory(config->memory_bytes, info, fault);
    }
    return error;
}

// --- Calls

static void drop(avm_agent_t *agent) {
    if (agent->heap.owner != 0) {
        avm_pool_release(agent->heap.pool, agent->heap.owner);
    }
    memset(agent, 0, sizeof(*agent));
}

// Calls an export that takes nothing or an i32 and answers an i32.
static avm_error_t ask(avm_agent_t *agent, avm_export_t export, uint32_t argument,
    int32_t *answer, avm_fault_t *fault) {
    avm_value_t value = {.i32 = (int32_t)argument};
    avm_error_t error = avm_invoke(agent->exports[export], &value, &value, fault);
    *answer = value.i32;
    return error;
}

// The same with a deadline of its own.
static avm_error_t ask_metered(avm_agent_t *agent, avm_export_t export, uint32_t argument,
    int32_t *answer, avm_fault_t *fault) {
    avm_meter_t meter;
    avm_meter_begin(&meter, agent->deadline_ms);
    avm_error_t error = ask(agent, export, argument, answer, fault);
    avm_meter_end(&meter);
    return error;
}

static avm_error_t code_fault(avm_error_t error, avm_export_t export, int32_t code,
    avm_fault_t *fault) {
    export_fault(error, exports[export].name, " returned ", "", fault);
    avm_fault_number(fault, code);
    avm_fault_text(fault, " (");
    avm_fault_text(fault, avm_code_name(code));
    avm_fault_text(fault, ")");
    fault->code = code;
    return error;
}

// `bytes` of linear memory from `address` on, or a fault.
static avm_error_t place(avm_agent_t *agent, avm_export_t export, int32_t address, size_t bytes,
    uint8_t **at, avm_fault_t *fault) {
    avm_memory_t memory = avm_runtime_memory(agent->runtime);
    if ((uint64_t)(uint32_t)address + bytes > memory.length) {
        export_fault(AVM_BAD_ADDRESS, exports[export].name, " returned ", "", fault);
        avm_fault_number(fault, (uint32_t)address);
        avm_fault_text(fault, ", with ");
        avm_fault_number(fault, (int64_t)bytes);
        avm_fault_text(fault, " bytes beyond the memory of ");
        avm_fault_number(fault, memory.length);
        return AVM_BAD_ADDRESS;
    }
    *at = memory.bytes + (uint32_t)address;
    return AVM_OK;
}

// --- Load

// Says what the agent would have needed at least, and what there is without it.
static void explain_no_memory(avm_pool_t *pool, uint32_t held, size_t wanted, avm_fault_t *fault) {
    avm_fault(fault, AVM_NO_MEMORY, "needs ");
    avm_fault_number(fault, (int64_t)(held + (uint64_t)wanted));
    avm_fault_text(fault, " bytes of the pool or more, ");
    avm_fault_number(fault, avm_pool_free_bytes(pool));
    avm_fault_text(fault, " are free, ");
    avm_fault_number(fault, avm_pool_largest(pool));
    avm_fault_text(fault, " in one piece");
}

// The imports' descriptions are the agent's first block: wasm3 keeps pointers to them.
static avm_import_t *open_pool(avm_agent_t *agent, avm_pool_t *pool,
    const avm_agent_config_t *config) {
    size_t bytes = (config->grant_count + 1) * sizeof(avm_import_t);
    avm_import_t *imports = avm_pool_open(pool, bytes);
    avm_pool_heap_init(&agent->heap, pool, imports == NULL ? 0 : avm_pool_owner(imports));
    agent->heap.heap.wanted = bytes;
    return imports;
}

static avm_error_t link_imports(avm_module_t *module, avm_import_t *imports,
    const avm_agent_config_t *config, avm_fault_t *fault) {
    for (size_t i = 0; i < config->grant_count; i++) {
        const avm_grant_t *grant = &config->grants[i];
        imports[i] = grant->import;
        avm_error_t error = avm_module_link(module, grant->from, grant->name, NULL, &imports[i],
            fault);
        // AVM_USAGE: the module does not want it.
        if (error && error != AVM_USAGE) {
            return error;
        }
    }
    return AVM_OK;
}

static avm_error_t build(avm_agent_t *agent, avm_module_t **module, avm_import_t *imports,
    const avm_agent_config_t *config, const avm_module_info_t *info, avm_fault_t *fault) {
    avm_heap_t *heap = &agent->heap.heap;
    avm_env_t *env = imports == NULL ? NULL : avm_env_new(heap);
    if (env == NULL) {
        return avm_fault(fault, AVM_NO_MEMORY, "");
    }
    avm_error_t error = avm_module_parse(module, heap, env, info, fault);
    if (!error) {
        error = avm_runtime_new(&agent->runtime, heap, env, config->vm_stack_bytes,
            config->memory_bytes, fault);
    }
    if (!error) {
        error = avm_runtime_load(agent->runtime, *module, info, fault);
    }
    if (!error) {
        error = link_imports(*module, imports, config, fault);
    }
    if (!error) {
        error = avm_module_compile(*module, fault);
    }
    return error;
}

static void find_exports(avm_agent_t *agent, avm_module_t *module, const avm_module_info_t *info) {
    avm_exported_t export;
    for (int i = 0; i < AVM_EXPORTS; i++) {
        if (avm_inspect_export(info, exports[i].name, &export)) {
            agent->exports[i] = avm_module_function(module, export.index);
        }
    }
}

static avm_error_t check_abi(avm_agent_t *agent, avm_fault_t *fault) {
    int32_t version;
    avm_error_t error = ask_metered(agent, AVM_EXPORT_ABI, 0, &version, fault);
    if (error || version == AVM_ABI_VERSION_NOW) {
        return error;
    }
    avm_fault(fault, AVM_ABI_VERSION, "the module says ");
    avm_fault_number(fault, version);
    avm_fault_text(fault, ", this host has ");
    avm_fault_number(fault, AVM_ABI_VERSION_NOW);
    return AVM_ABI_VERSION;
}

static avm_error_t put_model(avm_agent_t *agent, const avm_agent_config_t *config,
    avm_fault_t *fault) {
    int32_t address;
    uint8_t *at = NULL;
    if (config->model == NULL) {
        return AVM_OK;
    }
    avm_error_t error = ask_metered(agent, AVM_EXPORT_MODEL, (uint32_t)config->model_bytes,
        &address, fault);
    if (!error && address == 0) {
        avm_fault(fault, AVM_INIT_FAILED, "takes no model of ");
        avm_fault_number(fault, (int64_t)config->model_bytes);
        avm_fault_text(fault, " bytes");
        return AVM_INIT_FAILED;
    }
    if (!error) {
        error = place(agent, AVM_EXPORT_MODEL, address, config->model_bytes, &at, fault);
    }
    if (!error) {
        memcpy(at, config->model, config->model_bytes);
    }
    return error;
}

static avm_error_t init(avm_agent_t *agent, const avm_agent_config_t *config,
    avm_fault_t *fault) {
    int32_t code;
    uint32_t model_bytes = config->model == NULL ? 0 : (uint32_t)config->model_bytes;
    avm_error_t error = ask_metered(agent, AVM_EXPORT_INIT, model_bytes, &code, fault);
    return error || code == 0 ? error : code_fault(AVM_INIT_FAILED, AVM_EXPORT_INIT, code, fault);
}

static avm_error_t start(avm_agent_t *agent, avm_module_t *module,
    const avm_agent_config_t *config, avm_fault_t *fault) {
    avm_error_t error = avm_module_start(module, agent->deadline_ms, fault);
    if (!error) {
        error = check_abi(agent, fault);
    }
    if (!error) {
        error = put_model(agent, config, fault);
    }
    if (!error) {
        error = init(agent, config, fault);
    }
    return error;
}

static avm_error_t check_config(const avm_agent_config_t *config, avm_fault_t *fault) {
    if (config->vm_stack_bytes < AVM_VM_STACK_MIN || config->vm_stack_bytes > AVM_VM_STACK_MAX
        || config->vm_stack_bytes % 8 != 0) {
        return avm_fault(fault, AVM_USAGE, "vm_stack_bytes is not a multiple of 8 in 512..65536");
    }
    if (config->memory_bytes > AVM_MEMORY_MAX) {
        return avm_fault(fault, AVM_USAGE, "memory_bytes is more than 16777216");
    }
    if (config->deadline_ms > AVM_DEADLINE_MAX_MS) {
        return avm_fault(fault, AVM_USAGE, "deadline_ms is more than 600000");
    }
    if (config->grant_count > AVM_IMPORTS_MAX) {
        return avm_fault(fault, AVM_USAGE, "more than 32 imports");
    }
    if (config->model_bytes > AVM_MEMORY_MAX) {
        return avm_fault(fault, AVM_USAGE, "the model is longer than 16777216 bytes");
    }
    return AVM_OK;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise) {
    return value == 0 ? otherwise : value;
}

// What the module declares, for who does not say what it may have.
static uint32_t declared_bytes(const avm_module_info_t *info) {
    return info->memory_pages > AVM_MEMORY_MAX / AVM_PAGE_BYTES
        ? AVM_MEMORY_MAX : info->memory_pages * AVM_PAGE_BYTES;
}

static avm_error_t load(avm_agent_t *agent, avm_pool_t *pool, const avm_agent_config_t *config,
    const avm_module_info_t *info, avm_fault_t *fault) {
    avm_module_t *module = NULL;
    avm_import_t *imports = open_pool(agent, pool, config);
    agent->deadline_ms = config->deadline_ms;
    agent->inputs_bytes = config->inputs_bytes;
    agent->outputs_bytes = config->outputs_bytes;
    avm_error_t error = build(agent, &module, imports, config, info, fault);
    if (!error) {
        find_exports(agent, module, info);
        error = start(agent, module, config, fault);
    }
    if (error) {
        uint32_t held = avm_agent_pool_bytes(agent);
        size_t wanted = agent->heap.heap.wanted;
        drop(agent);
        if (error == AVM_NO_MEMORY) {
            explain_no_memory(pool, held, wanted, fault);
        }
    }
    return error;
}

avm_error_t avm_agent_load(avm_agent_t *agent, avm_pool_t *pool, const avm_agent_config_t *given,
    avm_fault_t *fault) {
    avm_module_info_t info;
    avm_agent_config_t config = *given;
    config.vm_stack_bytes = or_default(config.vm_stack_bytes, AVM_VM_STACK_DEFAULT);
    config.deadline_ms = or_default(config.deadline_ms, AVM_DEADLINE_DEFAULT_MS);
    avm_error_t error = check_config(&config, fault);
    if (!error) {
        error = avm_inspect(&info, config.wasm, config.wasm_bytes, fault);
    }
    if (!error) {
        config.memory_bytes = or_default(config.memory_bytes, declared_bytes(&info));
        error = check_module(&config, &info, fault);
    }
    return error ? error : load(agent, pool, &config, &info, fault);
}

// --- Inference

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
        drop(agent);
    }
    return error;
}

static avm_error_t too_long(avm_agent_t *agent, size_t bytes, avm_fault_t *fault) {
    avm_fault(fault, AVM_CODE, "input-length: ");
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
    avm_error_t error = ask(agent, AVM_EXPORT_INPUT, (uint32_t)bytes, &address, fault);
    if (error) {
        return error;
    }
    if (address == 0) {
        return too_long(agent, bytes, fault);
    }
    error = place(agent, AVM_EXPORT_INPUT, address, bytes, &at, fault);
    if (error) {
        return error;
    }
    memcpy(at, input, bytes);
    error = ask(agent, export, (uint32_t)bytes, answer, fault);
    return error || *answer >= 0 ? error : code_fault(AVM_CODE, export, *answer, fault);
}

static avm_error_t fetch(avm_agent_t *agent, uint8_t *output, avm_fault_t *fault) {
    int32_t address;
    uint8_t *at = NULL;
    avm_error_t error = ask(agent, AVM_EXPORT_OUTPUT, 0, &address, fault);
    if (!error) {
        error = place(agent, AVM_EXPORT_OUTPUT, address, agent->outputs_bytes, &at, fault);
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

static avm_error_t check_slices(const avm_agent_t *agent, avm_fault_t *fault) {
    if (agent->runtime != NULL
        && (agent->exports[AVM_EXPORT_BEGIN] == NULL || agent->exports[AVM_EXPORT_STEP] == NULL)) {
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
        error = code_fault(AVM_CODE, AVM_EXPORT_BEGIN, answer, fault);
    }
    agent->began = !error;
    return leave(agent, &meter, error);
}

static avm_error_t step(avm_agent_t *agent, uint8_t *output, bool *more, avm_fault_t *fault) {
    int32_t answer;
    avm_error_t error = ask(agent, AVM_EXPORT_STEP, 0, &answer, fault);
    if (!error && answer != 0 && answer != 1) {
        error = code_fault(AVM_CODE, AVM_EXPORT_STEP, answer, fault);
    }
    *more = !error && answer == 1;
    agent->began = *more;
    return error || *more ? error : fetch(agent, output, fault);
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
    error = step(agent, output, more, fault);
    return leave(agent, &meter, error);
}

avm_error_t avm_agent_close(avm_agent_t *agent, avm_fault_t *fault) {
    if (agent->busy) {
        return avm_fault(fault, AVM_BUSY, "closed while it runs");
    }
    drop(agent);
    return AVM_OK;
}

// --- Figures

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
