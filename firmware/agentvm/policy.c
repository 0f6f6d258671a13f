#include "policy.h"

#include <string.h>

static const struct {
    const char *name;
    bool takes_one; // (i32) -> i32, else () -> i32
    bool required;
} exports[AVM_EXPORTS] = {
    [AVM_EXPORT_ABI] = {"abi", false, true},
    [AVM_EXPORT_INIT] = {"init", true, true},
    [AVM_EXPORT_INPUT] = {"input", true, true},
    [AVM_EXPORT_INFER] = {"infer", true, true},
    [AVM_EXPORT_OUTPUT] = {"output", false, true},
    [AVM_EXPORT_MODEL] = {"model", true, false},
    [AVM_EXPORT_BEGIN] = {"begin", true, false},
    [AVM_EXPORT_STEP] = {"step", false, false},
    [AVM_EXPORT_STATE_PTR] = {"state_ptr", false, false},
    [AVM_EXPORT_STATE_LEN] = {"state_len", false, false},
};

const char *avm_export_name(avm_export_t export) {
    return exports[export].name;
}

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

static avm_error_t check_exports_there(const avm_module_info_t *info, avm_fault_t *fault) {
    avm_exported_t export;
    if (!avm_inspect_export(info, "memory", &export)) {
        return export_fault(AVM_MISSING_EXPORT, "no export \"", "memory", "\"", fault);
    }
    for (int i = 0; i < AVM_EXPORTS; i++) {
        if (exports[i].required && !avm_inspect_export(info, exports[i].name, &export)) {
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
            || !avm_inspect_function_is(info, export.index, exports[i].takes_one ? "i(i)" : "i()")) {
            export_fault(AVM_EXPORT_TYPE, "export \"", exports[i].name, "\" is not a function ",
                fault);
            avm_fault_text(fault, exports[i].takes_one ? "(i32) -> i32" : "() -> i32");
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

avm_error_t avm_policy_check(const avm_agent_config_t *config, const avm_module_info_t *info,
    avm_fault_t *fault) {
    if (info->beyond_mvp) {
        return avm_fault(fault, AVM_MALFORMED, "has segments or signatures that the MVP does not know");
    }
    avm_error_t error = check_imports(config, info, fault);
    if (!error) {
        error = check_exports_there(info, fault);
    }
    if (!error) {
        error = check_export_types(info, fault);
    }
    if (!error) {
        error = check_memory(config->memory_bytes, info, fault);
    }
    return error;
}
