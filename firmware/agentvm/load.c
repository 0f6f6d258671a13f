// avm_agent_load.
#include "call.h"
#include "nn_calls.h"
#include "policy.h"

#include <string.h>

// Each step of loading has a deadline of its own.
static avm_error_t ask_metered(avm_agent_t *agent, avm_export_t export, uint32_t argument,
    int32_t *answer, avm_fault_t *fault) {
    avm_meter_t meter;
    avm_meter_begin(&meter, agent->deadline_ms);
    avm_error_t error = avm_ask(agent, export, argument, answer, fault);
    avm_meter_end(&meter);
    return error;
}

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

static avm_error_t link_imports(avm_agent_t *agent, avm_module_t *module, avm_import_t *imports,
    const avm_agent_config_t *config, avm_fault_t *fault) {
    for (size_t i = 0; i < config->grant_count; i++) {
        const avm_grant_t *grant = &config->grants[i];
        imports[i] = grant->import;
        imports[i].owner = agent;
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
    avm_env_t *env = NULL;
    if (imports == NULL) {
        return avm_fault(fault, AVM_NO_MEMORY, "");
    }
    avm_error_t error = avm_env_new(&env, heap, fault);
    if (!error) {
        error = avm_module_parse(module, heap, env, info, fault);
    }
    if (!error) {
        error = avm_runtime_new(&agent->runtime, heap, env, config->vm_stack_bytes,
            config->memory_bytes, fault);
    }
    if (!error) {
        error = avm_runtime_load(agent->runtime, *module, info, fault);
    }
    if (!error) {
        error = link_imports(agent, *module, imports, config, fault);
    }
    if (!error) {
        error = avm_module_compile(*module, true, fault);
    }
    return error;
}

static void find_exports(avm_agent_t *agent, avm_module_t *module, const avm_module_info_t *info) {
    avm_exported_t export;
    for (int i = 0; i < AVM_EXPORTS; i++) {
        if (avm_inspect_export(info, avm_export_name((avm_export_t)i), &export)) {
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
    if (agent->exports[AVM_EXPORT_MODEL] == NULL) {
        if (agent->blob != NULL) {
            return AVM_OK;
        }
        return avm_fault(fault, AVM_INIT_FAILED, "takes no model");
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
        error = avm_place(agent, AVM_EXPORT_MODEL, address, config->model_bytes, &at, fault);
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
    return error || code == 0 ? error : avm_code_fault(AVM_INIT_FAILED, AVM_EXPORT_INIT, code, fault);
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
    if ((uintptr_t)config->model % AVM_MODEL_ALIGN != 0) {
        return avm_fault(fault, AVM_USAGE, "the model does not lie at a multiple of 4");
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
    if (avm_nn_is_wanted(info)) {
        agent->blob = config->model;
        agent->blob_bytes = config->model == NULL ? 0 : (uint32_t)config->model_bytes;
    }
    avm_error_t error = build(agent, &module, imports, config, info, fault);
    if (!error) {
        find_exports(agent, module, info);
        error = start(agent, module, config, fault);
    }
    if (error) {
        uint32_t held = avm_agent_pool_bytes(agent);
        size_t wanted = agent->heap.heap.wanted;
        avm_drop(agent);
        if (error == AVM_NO_MEMORY && wanted != 0) {
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
        error = avm_policy_check(&config, &info, fault);
    }
    return error ? error : load(agent, pool, &config, &info, fault);
}
