// The vm layer: what can be asked of functions, memory and globals.
#include "vm_private.h"

#include "m3_exec_defs.h"

#include <string.h>

const char *avm_wasm3_version(void) {
    return M3_VERSION;
}

void avm_fault_function(avm_fault_t *fault, const char *before, IM3Function function) {
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

const char *avm_plain_words(M3Result result) {
    static const char prefix[] = "[trap] ";
    size_t length = sizeof(prefix) - 1;
    return strncmp(result, prefix, length) == 0 ? result + length : result;
}

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
