// Reads a Wasm binary before wasm3 does, and refuses what is not whole: every section, count,
// name and length is checked against the bytes that there are, without arithmetic that could
// wrap. (wasm3 adds lengths to pointers, which wraps on a 32-bit core.) Function bodies
// are left to wasm3's validation. Nothing is copied or allocated; the bytes must stay.
#ifndef AGENTVM_INSPECT_H
#define AGENTVM_INSPECT_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AVM_PAGE_BYTES 65536
#define AVM_MODULE_BYTES_MAX (16u * 1024 * 1024)

// What a module may have, at most (SPEC.md 1.5): some of it is searched, and what a few bytes ask
// for takes memory. Far above what compilers make.
#define AVM_TYPES_MAX 512
#define AVM_MODULE_IMPORTS_MAX 64
#define AVM_FUNCTIONS_MAX 8192
#define AVM_TABLE_MAX 16384
#define AVM_GLOBALS_MAX 1024
#define AVM_MODULE_EXPORTS_MAX 1024
#define AVM_SEGMENTS_MAX 4096 // of data, of elements
#define AVM_LOCALS_MAX 255 // of a function

enum {
    AVM_SECTION_CUSTOM,
    AVM_SECTION_TYPE,
    AVM_SECTION_IMPORT,
    AVM_SECTION_FUNCTION,
    AVM_SECTION_TABLE,
    AVM_SECTION_MEMORY,
    AVM_SECTION_GLOBAL,
    AVM_SECTION_EXPORT,
    AVM_SECTION_START,
    AVM_SECTION_ELEMENT,
    AVM_SECTION_CODE,
    AVM_SECTION_DATA,
    AVM_SECTION_DATA_COUNT,
    AVM_SECTIONS,
};

typedef enum {
    AVM_KIND_FUNCTION = 0,
    AVM_KIND_TABLE = 1,
    AVM_KIND_MEMORY = 2,
    AVM_KIND_GLOBAL = 3,
} avm_kind_t;

typedef struct {
    uint32_t start;
    uint32_t end;
} avm_span_t;

typedef struct {
    const uint8_t *bytes;
    uint32_t length;
    avm_span_t sections[AVM_SECTIONS];
    uint32_t types;
    uint32_t imported_functions;
    uint32_t functions; // imported ones included
    uint32_t globals;
    uint32_t tables;
    bool has_memory;
    bool memory_has_maximum;
    uint32_t memory_pages;
    uint32_t memory_maximum;
    bool has_start;
    bool beyond_mvp; // passive segments, a data count section, more than one result
    uint64_t data_end; // where the data segment that reaches highest ends
} avm_module_info_t;

// AVM_MALFORMED, or AVM_IMPORT_DENIED for imports that are not functions.
avm_error_t avm_inspect(avm_module_info_t *info, const uint8_t *bytes, size_t length,
    avm_fault_t *fault);

// The rest relies on avm_inspect having passed.

typedef struct {
    const char *module; // not terminated
    uint32_t module_length;
    const char *name;
    uint32_t name_length;
    uint32_t type;
} avm_imported_t;

typedef struct {
    const char *name;
    uint32_t name_length;
    avm_kind_t kind;
    uint32_t index;
} avm_exported_t;

// The index-th one; false when there are no more.
bool avm_inspect_import(const avm_module_info_t *info, uint32_t index, avm_imported_t *imported);
// By name; false when there is none. The name of the second may have any bytes in it.
bool avm_inspect_export(const avm_module_info_t *info, const char *name, avm_exported_t *exported);
bool avm_inspect_export_named(const avm_module_info_t *info, const char *name, size_t length,
    avm_exported_t *exported);

// Compares with a signature such as "i(iI)": results, then arguments; i, I, f, F for i32,
// i64, f32, f64.
bool avm_inspect_type_is(const avm_module_info_t *info, uint32_t type, const char *signature);
bool avm_inspect_function_is(const avm_module_info_t *info, uint32_t function,
    const char *signature);

// The value of an immutable i32 global; false if it is another kind of global.
bool avm_inspect_constant(const avm_module_info_t *info, uint32_t global, uint32_t *value);

#endif
