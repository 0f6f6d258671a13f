// What inspect.h finds in a module that has passed.
#include "inspect.h"

#include "reader.h"

#include <string.h>

static avm_reader_t reader_of(const avm_module_info_t *info, int id) {
    avm_span_t span = info->sections[id];
    return (avm_reader_t) {info->bytes, span.start, span.end, NULL};
}

// The count at the head of a section; 0 when there is no such section.
static uint32_t count_in(avm_reader_t *r) {
    return r->at == r->end ? 0 : avm_read_u32(r);
}

bool avm_inspect_import(const avm_module_info_t *info, uint32_t index, avm_imported_t *imported) {
    avm_reader_t r = reader_of(info, AVM_SECTION_IMPORT);
    if (index >= count_in(&r)) {
        return false;
    }
    for (uint32_t i = 0; i <= index; i++) {
        imported->module = avm_read_name(&r, &imported->module_length);
        imported->name = avm_read_name(&r, &imported->name_length);
        avm_read_byte(&r);
        imported->type = avm_read_u32(&r);
    }
    return true;
}

bool avm_inspect_export(const avm_module_info_t *info, const char *name, avm_exported_t *exported) {
    return avm_inspect_export_named(info, name, strlen(name), exported);
}

bool avm_inspect_export_named(const avm_module_info_t *info, const char *name, size_t length,
    avm_exported_t *exported) {
    avm_reader_t r = reader_of(info, AVM_SECTION_EXPORT);
    for (uint32_t left = count_in(&r); left > 0; left--) {
        exported->name = avm_read_name(&r, &exported->name_length);
        exported->kind = (avm_kind_t)avm_read_byte(&r);
        exported->index = avm_read_u32(&r);
        if (exported->name_length == length && memcmp(exported->name, name, length) == 0) {
            return true;
        }
    }
    return false;
}

static char letter(uint8_t type) {
    return "FfIi"[type - AVM_TYPE_F64];
}

static bool types_are(avm_reader_t *r, const char **signature) {
    uint32_t count = avm_read_u32(r);
    for (uint32_t i = 0; i < count; i++) {
        if (*(*signature)++ != letter(avm_read_byte(r))) {
            return false;
        }
    }
    return true;
}

bool avm_inspect_type_is(const avm_module_info_t *info, uint32_t type, const char *signature) {
    avm_reader_t r = reader_of(info, AVM_SECTION_TYPE);
    count_in(&r);
    for (uint32_t i = 0; i < type; i++) {
        avm_read_function_type(&r);
    }
    avm_read_byte(&r);
    avm_reader_t arguments = r;
    avm_read_skip(&r, avm_read_u32(&r));
    avm_reader_t results = r;
    return types_are(&results, &signature) && *signature++ == '('
        && types_are(&arguments, &signature) && strcmp(signature, ")") == 0;
}

static uint32_t type_of(const avm_module_info_t *info, uint32_t function) {
    if (function < info->imported_functions) {
        avm_imported_t imported;
        avm_inspect_import(info, function, &imported);
        return imported.type;
    }
    avm_reader_t r = reader_of(info, AVM_SECTION_FUNCTION);
    count_in(&r);
    for (uint32_t i = info->imported_functions; i < function; i++) {
        avm_read_u32(&r);
    }
    return avm_read_u32(&r);
}

bool avm_inspect_function_is(const avm_module_info_t *info, uint32_t function,
    const char *signature) {
    return avm_inspect_type_is(info, type_of(info, function), signature);
}

bool avm_inspect_constant(const avm_module_info_t *info, uint32_t global, uint32_t *value) {
    avm_reader_t r = reader_of(info, AVM_SECTION_GLOBAL);
    count_in(&r);
    uint8_t type = 0;
    uint8_t is_mutable = 0;
    for (uint32_t i = 0; i <= global; i++) {
        type = avm_read_byte(&r);
        is_mutable = avm_read_byte(&r);
        *value = avm_read_constant(&r);
    }
    return type == AVM_TYPE_I32 && !is_mutable;
}
