#include "inspect.h"

#include <string.h>

enum {
    SECTION_CUSTOM,
    SECTION_TYPE,
    SECTION_IMPORT,
    SECTION_FUNCTION,
    SECTION_TABLE,
    SECTION_MEMORY,
    SECTION_GLOBAL,
    SECTION_EXPORT,
    SECTION_START,
    SECTION_ELEMENT,
    SECTION_CODE,
    SECTION_DATA,
    SECTION_DATA_COUNT,
};

static const char *const section_names[AVM_SECTIONS] = {
    "custom", "type", "import", "function", "table", "memory", "global",
    "export", "start", "element", "code", "data", "data count",
};

// Where each id stands among the others; the data count comes before the code.
static const uint8_t section_rank[AVM_SECTIONS] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10,
};

#define TYPE_I32 0x7f
#define TYPE_F64 0x7c
#define TYPE_FUNCREF 0x70
#define TYPE_FUNCTION 0x60

// More than this in a signature would need more stack than any function may have.
#define SIGNATURE_MAX 255

// Reads on until the first thing that is wrong; what it gives after that is 0.
typedef struct {
    const uint8_t *bytes;
    uint32_t at;
    uint32_t end;
    const char *wrong; // NULL: nothing so far
} reader_t;

static void refuse(reader_t *r, const char *why) {
    if (r->wrong == NULL) {
        r->wrong = why;
    }
}

static uint8_t read_byte(reader_t *r) {
    if (r->wrong != NULL || r->at >= r->end) {
        refuse(r, "ends too early");
        return 0;
    }
    return r->bytes[r->at++];
}

static uint32_t read_u32(reader_t *r) {
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = read_byte(r);
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (shift == 28 && byte > 0x0f) {
            break;
        }
        if (!(byte & 0x80)) {
            return value;
        }
    }
    refuse(r, "number too large");
    return 0;
}

static void skip(reader_t *r, uint32_t bytes) {
    if (r->wrong != NULL || bytes > r->end - r->at) {
        refuse(r, "ends too early");
        return;
    }
    r->at += bytes;
}

// Skips a signed LEB of up to `bits`, returning its low 32 bits.
static uint32_t read_signed(reader_t *r, unsigned bits) {
    uint32_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        uint8_t byte = read_byte(r);
        if (shift < 32) {
            value |= (uint32_t)(byte & 0x7f) << shift;
        }
        if (!(byte & 0x80)) {
            if (shift + 7 < 32 && (byte & 0x40)) {
                value |= UINT32_MAX << (shift + 7);
            }
            return value;
        }
    }
    refuse(r, "number too large");
    return 0;
}

// A count of things that take a byte each at least.
static uint32_t read_count(reader_t *r) {
    uint32_t count = read_u32(r);
    if (count > r->end - r->at) {
        refuse(r, "counts more than it holds");
        return 0;
    }
    return count;
}

static const char *read_name(reader_t *r, uint32_t *length) {
    *length = read_u32(r);
    const char *name = (const char *)r->bytes + r->at;
    skip(r, *length);
    return name;
}

static uint8_t read_value_type(reader_t *r) {
    uint8_t type = read_byte(r);
    if (type < TYPE_F64 || type > TYPE_I32) {
        refuse(r, "has a type other than i32, i64, f32, f64");
    }
    return type;
}

// The one constant that an expression may be: there are no imported globals to read.
static uint32_t read_constant(reader_t *r) {
    uint32_t value = 0;
    switch (read_byte(r)) {
        case 0x41:
            value = read_signed(r, 32);
            break;
        case 0x42:
            value = read_signed(r, 64);
            break;
        case 0x43:
            skip(r, 4);
            break;
        case 0x44:
            skip(r, 8);
            break;
        default:
            refuse(r, "has an initial value that is not a constant");
    }
    if (read_byte(r) != 0x0b) {
        refuse(r, "has an initial value that is not a constant");
    }
    return value;
}

// False when there is no maximum.
static bool read_limits(reader_t *r, uint32_t *minimum, uint32_t *maximum) {
    uint8_t flags = read_byte(r);
    if (flags > 1) {
        refuse(r, "has limits of an unknown kind");
    }
    *minimum = read_u32(r);
    *maximum = flags == 1 ? read_u32(r) : 0;
    if (flags == 1 && *maximum < *minimum) {
        refuse(r, "has a maximum below its minimum");
    }
    return flags == 1;
}

static void read_function_type(reader_t *r) {
    if (read_byte(r) != TYPE_FUNCTION) {
        refuse(r, "has a type that is not a function's");
    }
    for (int part = 0; part < 2; part++) {
        uint32_t count = read_count(r);
        if (count > SIGNATURE_MAX) {
            refuse(r, "has a signature that is too long");
        }
        for (uint32_t i = 0; i < count && r->wrong == NULL; i++) {
            read_value_type(r);
        }
    }
}

static void check_types(avm_module_info_t *info, reader_t *r) {
    info->types = read_count(r);
    for (uint32_t i = 0; i < info->types && r->wrong == NULL; i++) {
        read_function_type(r);
    }
}

static void check_type_index(const avm_module_info_t *info, reader_t *r) {
    if (read_u32(r) >= info->types) {
        refuse(r, "names a type that is not there");
    }
}

static const char denied[] = "imports something other than functions";

static void check_imports(avm_module_info_t *info, reader_t *r) {
    uint32_t length;
    info->imported_functions = read_count(r);
    for (uint32_t i = 0; i < info->imported_functions && r->wrong == NULL; i++) {
        read_name(r, &length);
        read_name(r, &length);
        if (read_byte(r) != AVM_KIND_FUNCTION) {
            refuse(r, denied);
        }
        check_type_index(info, r);
    }
    info->functions = info->imported_functions;
}

static void check_functions(avm_module_info_t *info, reader_t *r) {
    uint32_t count = read_count(r);
    for (uint32_t i = 0; i < count && r->wrong == NULL; i++) {
        check_type_index(info, r);
    }
    info->functions += count;
}

static void check_tables(avm_module_info_t *info, reader_t *r) {
    uint32_t minimum, maximum;
    info->tables = read_count(r);
    if (info->tables > 1) {
        refuse(r, "has more than one table");
    }
    if (info->tables == 1) {
        if (read_byte(r) != TYPE_FUNCREF) {
            refuse(r, "has a table of something other than functions");
        }
        read_limits(r, &minimum, &maximum);
    }
}

static void check_memories(avm_module_info_t *info, reader_t *r) {
    uint32_t count = read_count(r);
    if (count > 1) {
        refuse(r, "has more than one memory");
    }
    if (count == 1) {
        info->has_memory = true;
        info->memory_has_maximum = read_limits(r, &info->memory_pages, &info->memory_maximum);
        if (info->memory_pages > AVM_PAGE_BYTES || info->memory_maximum > AVM_PAGE_BYTES) {
            refuse(r, "has more pages than there can be");
        }
    }
}

static void check_globals(avm_module_info_t *info, reader_t *r) {
    info->globals = read_count(r);
    for (uint32_t i = 0; i < info->globals && r->wrong == NULL; i++) {
        read_value_type(r);
        if (read_byte(r) > 1) {
            refuse(r, "has a mutability other than 0 and 1");
        }
        read_constant(r);
    }
}

static uint32_t count_of(const avm_module_info_t *info, uint8_t kind) {
    switch (kind) {
        case AVM_KIND_FUNCTION:
            return info->functions;
        case AVM_KIND_TABLE:
            return info->tables;
        case AVM_KIND_MEMORY:
            return info->has_memory;
        case AVM_KIND_GLOBAL:
            return info->globals;
        default:
            return 0;
    }
}

static void check_exports(avm_module_info_t *info, reader_t *r) {
    uint32_t length;
    uint32_t count = read_count(r);
    for (uint32_t i = 0; i < count && r->wrong == NULL; i++) {
        read_name(r, &length);
        uint8_t kind = read_byte(r);
        if (read_u32(r) >= count_of(info, kind)) {
            refuse(r, "exports something that is not there");
        }
    }
}

static void check_start(avm_module_info_t *info, reader_t *r) {
    info->has_start = true;
    if (read_u32(r) >= info->functions) {
        refuse(r, "names a function that is not there");
    }
}

// Everything but the plain segments of the MVP is left to wasm3, which has the last word.
static void check_elements(avm_module_info_t *info, reader_t *r) {
    uint32_t count = read_count(r);
    for (uint32_t i = 0; i < count && r->wrong == NULL; i++) {
        if (read_u32(r) != 0) {
            info->beyond_mvp = true;
            r->at = r->end;
            return;
        }
        if (info->tables == 0) {
            refuse(r, "fills a table that is not there");
        }
        read_constant(r);
        uint32_t elements = read_count(r);
        for (uint32_t j = 0; j < elements && r->wrong == NULL; j++) {
            if (read_u32(r) >= info->functions) {
                refuse(r, "names a function that is not there");
            }
        }
    }
}

static void check_code(avm_module_info_t *info, reader_t *r) {
    uint32_t count = read_count(r);
    if (count != info->functions - info->imported_functions) {
        refuse(r, "has not as many bodies as there are functions");
    }
    for (uint32_t i = 0; i < count && r->wrong == NULL; i++) {
        uint32_t bytes = read_u32(r);
        if (bytes == 0) {
            refuse(r, "has an empty body");
        }
        skip(r, bytes);
    }
}

// Flags: 0 for memory 0, 1 for passive, 2 for a memory index.
static void check_segment(avm_module_info_t *info, reader_t *r) {
    uint64_t start = 0;
    uint32_t flags = read_u32(r);
    info->beyond_mvp |= flags != 0;
    if (flags > 1 && (flags > 2 || read_u32(r) != 0)) {
        refuse(r, "has a segment of an unknown kind");
    }
    if (flags != 1) {
        if (!info->has_memory) {
            refuse(r, "fills a memory that is not there");
        }
        start = read_constant(r);
    }
    uint32_t bytes = read_u32(r);
    skip(r, bytes);
    if (flags != 1 && start + bytes > info->data_end) {
        info->data_end = start + bytes;
    }
}

static void check_data(avm_module_info_t *info, reader_t *r) {
    uint32_t count = read_count(r);
    for (uint32_t i = 0; i < count && r->wrong == NULL; i++) {
        check_segment(info, r);
    }
}

static void check_data_count(avm_module_info_t *info, reader_t *r) {
    info->beyond_mvp = true;
    read_u32(r);
}

// A custom section says nothing that counts, but wasm3 reads the one called "name".
static void check_custom(avm_module_info_t *info, reader_t *r) {
    uint32_t length;
    (void)info;
    read_name(r, &length);
    r->at = r->end;
}

typedef void (*check_t)(avm_module_info_t *info, reader_t *r);

static const check_t checks[AVM_SECTIONS] = {
    [SECTION_CUSTOM] = check_custom,
    [SECTION_TYPE] = check_types,
    [SECTION_IMPORT] = check_imports,
    [SECTION_FUNCTION] = check_functions,
    [SECTION_TABLE] = check_tables,
    [SECTION_MEMORY] = check_memories,
    [SECTION_GLOBAL] = check_globals,
    [SECTION_EXPORT] = check_exports,
    [SECTION_START] = check_start,
    [SECTION_ELEMENT] = check_elements,
    [SECTION_CODE] = check_code,
    [SECTION_DATA] = check_data,
    [SECTION_DATA_COUNT] = check_data_count,
};

static avm_error_t malformed(avm_fault_t *fault, const char *what, const char *wrong, uint32_t at) {
    avm_fault(fault, wrong == denied ? AVM_IMPORT_DENIED : AVM_MALFORMED, what);
    avm_fault_text(fault, wrong);
    avm_fault_text(fault, ", at byte ");
    avm_fault_number(fault, at);
    return fault->error;
}

static avm_error_t check_section(avm_module_info_t *info, uint8_t id, reader_t *r,
    avm_fault_t *fault) {
    checks[id](info, r);
    if (r->wrong == NULL && r->at != r->end) {
        refuse(r, "is longer than what it holds");
    }
    if (r->wrong == NULL) {
        return AVM_OK;
    }
    avm_fault_t name;
    avm_fault(&name, AVM_OK, "section ");
    avm_fault_text(&name, section_names[id]);
    avm_fault_text(&name, " ");
    return malformed(fault, name.text, r->wrong, r->at);
}

static avm_error_t check_sections(avm_module_info_t *info, avm_fault_t *fault) {
    reader_t all = {info->bytes, 8, info->length, NULL};
    uint8_t rank = 0;
    while (all.at < all.end) {
        uint32_t at = all.at;
        uint8_t id = read_byte(&all);
        uint32_t start_length = read_u32(&all);
        reader_t section = {info->bytes, all.at, all.at, NULL};
        skip(&all, start_length);
        if (all.wrong != NULL) {
            return malformed(fault, "module ", all.wrong, at);
        }
        if (id >= AVM_SECTIONS || (id != 0 && section_rank[id] <= rank)) {
            return malformed(fault, "module ", "has an unknown or misplaced section", at);
        }
        section.end = all.at;
        if (id != 0) {
            rank = section_rank[id];
            info->sections[id] = (avm_span_t) {section.at, section.end};
        }
        avm_error_t error = check_section(info, id, &section, fault);
        if (error) {
            return error;
        }
    }
    return AVM_OK;
}

avm_error_t avm_inspect(avm_module_info_t *info, const uint8_t *bytes, size_t length,
    avm_fault_t *fault) {
    memset(info, 0, sizeof(*info));
    if (length < 8 || memcmp(bytes, "\0asm\1\0\0\0", 8) != 0) {
        return malformed(fault, "", "not a WebAssembly module of version 1", 0);
    }
    if (length > AVM_MODULE_BYTES_MAX) {
        return malformed(fault, "", "longer than 16 MiB", AVM_MODULE_BYTES_MAX);
    }
    info->bytes = bytes;
    info->length = (uint32_t)length;
    avm_error_t error = check_sections(info, fault);
    if (error) {
        return error;
    }
    if (info->functions > info->imported_functions && info->sections[SECTION_CODE].end == 0) {
        return malformed(fault, "", "has functions but no code", info->length);
    }
    return AVM_OK;
}

static reader_t reader_of(const avm_module_info_t *info, int id) {
    avm_span_t span = info->sections[id];
    return (reader_t) {info->bytes, span.start, span.end, NULL};
}

// The count at the head of a section; 0 when there is no such section.
static uint32_t count_in(reader_t *r) {
    return r->at == r->end ? 0 : read_u32(r);
}

bool avm_inspect_import(const avm_module_info_t *info, uint32_t index, avm_imported_t *imported) {
    reader_t r = reader_of(info, SECTION_IMPORT);
    if (index >= count_in(&r)) {
        return false;
    }
    for (uint32_t i = 0; i <= index; i++) {
        imported->module = read_name(&r, &imported->module_length);
        imported->name = read_name(&r, &imported->name_length);
        read_byte(&r);
        imported->type = read_u32(&r);
    }
    return true;
}

bool avm_inspect_export(const avm_module_info_t *info, const char *name, avm_exported_t *exported) {
    reader_t r = reader_of(info, SECTION_EXPORT);
    for (uint32_t left = count_in(&r); left > 0; left--) {
        exported->name = read_name(&r, &exported->name_length);
        exported->kind = (avm_kind_t)read_byte(&r);
        exported->index = read_u32(&r);
        if (exported->name_length == strlen(name)
            && memcmp(exported->name, name, exported->name_length) == 0) {
            return true;
        }
    }
    return false;
}

static char letter(uint8_t type) {
    return "FfIi"[type - TYPE_F64];
}

static bool types_are(reader_t *r, const char **signature) {
    uint32_t count = read_u32(r);
    for (uint32_t i = 0; i < count; i++) {
        if (*(*signature)++ != letter(read_byte(r))) {
            return false;
        }
    }
    return true;
}

bool avm_inspect_type_is(const avm_module_info_t *info, uint32_t type, const char *signature) {
    reader_t r = reader_of(info, SECTION_TYPE);
    count_in(&r);
    for (uint32_t i = 0; i < type; i++) {
        read_function_type(&r);
    }
    read_byte(&r);
    reader_t arguments = r;
    skip(&r, read_u32(&r));
    reader_t results = r;
    return types_are(&results, &signature) && *signature++ == '('
        && types_are(&arguments, &signature) && strcmp(signature, ")") == 0;
}

static uint32_t type_of(const avm_module_info_t *info, uint32_t function) {
    if (function < info->imported_functions) {
        avm_imported_t imported;
        avm_inspect_import(info, function, &imported);
        return imported.type;
    }
    reader_t r = reader_of(info, SECTION_FUNCTION);
    count_in(&r);
    for (uint32_t i = info->imported_functions; i < function; i++) {
        read_u32(&r);
    }
    return read_u32(&r);
}

bool avm_inspect_function_is(const avm_module_info_t *info, uint32_t function,
    const char *signature) {
    return avm_inspect_type_is(info, type_of(info, function), signature);
}

bool avm_inspect_constant(const avm_module_info_t *info, uint32_t global, uint32_t *value) {
    reader_t r = reader_of(info, SECTION_GLOBAL);
    count_in(&r);
    uint8_t type = 0;
    uint8_t is_mutable = 0;
    for (uint32_t i = 0; i <= global; i++) {
        type = read_byte(&r);
        is_mutable = read_byte(&r);
        *value = read_constant(&r);
    }
    return type == TYPE_I32 && !is_mutable;
}
