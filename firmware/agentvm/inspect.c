#include "inspect.h"

#include "reader.h"
#include "utf8.h"

#include <string.h>

static const char *const section_names[AVM_SECTIONS] = {
    "custom", "type", "import", "function", "table", "memory", "global",
    "export", "start", "element", "code", "data", "data count",
};

// Where each id stands among the others; the data count comes before the code.
static const uint8_t section_rank[AVM_SECTIONS] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10,
};

// False when there is no maximum.
static bool read_limits(avm_reader_t *r, uint32_t *minimum, uint32_t *maximum) {
    uint8_t flags = avm_read_byte(r);
    if (flags > 1) {
        avm_reader_refuse(r, "has limits of an unknown kind");
    }
    *minimum = avm_read_u32(r);
    *maximum = flags == 1 ? avm_read_u32(r) : 0;
    if (flags == 1 && *maximum < *minimum) {
        avm_reader_refuse(r, "has a maximum below its minimum");
    }
    return flags == 1;
}

// A count of things that take a byte each at least.
static uint32_t read_count(avm_reader_t *r, uint32_t most) {
    uint32_t count = avm_read_count(r);
    if (count > most) {
        avm_reader_refuse(r, "holds more than an agent may have");
    }
    return count;
}

static void check_types(avm_module_info_t *info, avm_reader_t *r) {
    info->types = read_count(r, AVM_TYPES_MAX);
    for (uint32_t i = 0; i < info->types && r->wrong == NULL; i++) {
        info->beyond_mvp |= avm_read_function_type(r) > 1;
    }
}

static void check_type_index(const avm_module_info_t *info, avm_reader_t *r) {
    if (avm_read_u32(r) >= info->types) {
        avm_reader_refuse(r, "names a type that is not there");
    }
}

static const char *check_name(avm_reader_t *r, uint32_t *length) {
    const char *name = avm_read_name(r, length);
    if (r->wrong == NULL && !avm_utf8_check((const uint8_t *)name, *length)) {
        avm_reader_refuse(r, "has a name that is not UTF-8");
    }
    return name;
}

static const char denied[] = "imports something other than functions";

static void check_imports(avm_module_info_t *info, avm_reader_t *r) {
    uint32_t length;
    info->imported_functions = read_count(r, AVM_MODULE_IMPORTS_MAX);
    for (uint32_t i = 0; i < info->imported_functions && r->wrong == NULL; i++) {
        check_name(r, &length);
        check_name(r, &length);
        if (avm_read_byte(r) != AVM_KIND_FUNCTION) {
            avm_reader_refuse(r, denied);
        }
        check_type_index(info, r);
    }
    info->functions = info->imported_functions;
}

static void check_functions(avm_module_info_t *info, avm_reader_t *r) {
    uint32_t count = read_count(r, AVM_FUNCTIONS_MAX);
    for (uint32_t i = 0; i < count && r->wrong == NULL; i++) {
        check_type_index(info, r);
    }
    info->functions += count;
}

static void check_tables(avm_module_info_t *info, avm_reader_t *r) {
    uint32_t minimum, maximum;
    info->tables = avm_read_count(r);
    if (info->tables > 1) {
        avm_reader_refuse(r, "has more than one table");
    }
    if (info->tables == 1) {
        if (avm_read_byte(r) != AVM_TYPE_FUNCREF) {
            avm_reader_refuse(r, "has a table of something other than functions");
        }
        read_limits(r, &minimum, &maximum);
        if (minimum > AVM_TABLE_MAX) {
            avm_reader_refuse(r, "has a table that is too large");
        }
    }
}

static void check_memories(avm_module_info_t *info, avm_reader_t *r) {
    uint32_t count = avm_read_count(r);
    if (count > 1) {
        avm_reader_refuse(r, "has more than one memory");
    }
    if (count == 1) {
        info->has_memory = true;
        info->memory_has_maximum = read_limits(r, &info->memory_pages, &info->memory_maximum);
        if (info->memory_pages > AVM_PAGE_BYTES || info->memory_maximum > AVM_PAGE_BYTES) {
            avm_reader_refuse(r, "has more pages than there can be");
        }
    }
}

static void check_globals(avm_module_info_t *info, avm_reader_t *r) {
    info->globals = read_count(r, AVM_GLOBALS_MAX);
    for (uint32_t i = 0; i < info->globals && r->wrong == NULL; i++) {
        avm_read_value_type(r);
        if (avm_read_byte(r) > 1) {
            avm_reader_refuse(r, "has a mutability other than 0 and 1");
        }
        avm_read_constant(r);
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

static void check_exports(avm_module_info_t *info, avm_reader_t *r) {
    uint32_t length;
    uint32_t count = read_count(r, AVM_MODULE_EXPORTS_MAX);
    for (uint32_t i = 0; i < count && r->wrong == NULL; i++) {
        check_name(r, &length);
        uint8_t kind = avm_read_byte(r);
        if (avm_read_u32(r) >= count_of(info, kind)) {
            avm_reader_refuse(r, "exports something that is not there");
        }
    }
}

static void check_start(avm_module_info_t *info, avm_reader_t *r) {
    info->has_start = true;
    if (avm_read_u32(r) >= info->functions) {
        avm_reader_refuse(r, "names a function that is not there");
    }
}

// Everything but the plain segments of the MVP is left to wasm3, which has the last word.
static void check_elements(avm_module_info_t *info, avm_reader_t *r) {
    uint32_t count = read_count(r, AVM_SEGMENTS_MAX);
    for (uint32_t i = 0; i < count && r->wrong == NULL; i++) {
        if (avm_read_u32(r) != 0) {
            info->beyond_mvp = true;
            r->at = r->end;
            return;
        }
        if (info->tables == 0) {
            avm_reader_refuse(r, "fills a table that is not there");
        }
        avm_read_constant(r);
        uint32_t elements = avm_read_count(r);
        for (uint32_t j = 0; j < elements && r->wrong == NULL; j++) {
            if (avm_read_u32(r) >= info->functions) {
                avm_reader_refuse(r, "names a function that is not there");
            }
        }
    }
}

// wasm3 takes any type for a local, and allocates before it counts.
static void check_locals(avm_reader_t *body) {
    uint64_t locals = 0;
    uint32_t groups = avm_read_count(body);
    for (uint32_t i = 0; i < groups && body->wrong == NULL; i++) {
        locals += avm_read_u32(body);
        avm_read_value_type(body);
    }
    if (locals > AVM_LOCALS_MAX) {
        avm_reader_refuse(body, "has a function of too many locals");
    }
}

static void check_code(avm_module_info_t *info, avm_reader_t *r) {
    uint32_t count = avm_read_count(r);
    if (count != info->functions - info->imported_functions) {
        avm_reader_refuse(r, "has not as many bodies as there are functions");
    }
    for (uint32_t i = 0; i < count && r->wrong == NULL; i++) {
        uint32_t bytes = avm_read_u32(r);
        if (bytes == 0) {
            avm_reader_refuse(r, "has an empty body");
        }
        avm_reader_t body = {r->bytes, r->at, r->at, NULL};
        avm_read_skip(r, bytes);
        body.end = r->at;
        if (r->wrong == NULL) {
            check_locals(&body);
            r->wrong = body.wrong;
        }
    }
}

// Flags: 0 for memory 0, 1 for passive, 2 for a memory index.
static void check_segment(avm_module_info_t *info, avm_reader_t *r) {
    uint64_t start = 0;
    uint32_t flags = avm_read_u32(r);
    info->beyond_mvp |= flags != 0;
    if (flags > 1 && (flags > 2 || avm_read_u32(r) != 0)) {
        avm_reader_refuse(r, "has a segment of an unknown kind");
    }
    if (flags != 1) {
        if (!info->has_memory) {
            avm_reader_refuse(r, "fills a memory that is not there");
        }
        start = avm_read_constant(r);
    }
    uint32_t bytes = avm_read_u32(r);
    avm_read_skip(r, bytes);
    if (flags != 1 && start + bytes > info->data_end) {
        info->data_end = start + bytes;
    }
}

static void check_data(avm_module_info_t *info, avm_reader_t *r) {
    uint32_t count = read_count(r, AVM_SEGMENTS_MAX);
    for (uint32_t i = 0; i < count && r->wrong == NULL; i++) {
        check_segment(info, r);
    }
}

static void check_data_count(avm_module_info_t *info, avm_reader_t *r) {
    info->beyond_mvp = true;
    avm_read_u32(r);
}

static bool name_is(const char *name, uint32_t length, const char *wanted) {
    return length == strlen(wanted) && memcmp(name, wanted, length) == 0;
}

// A custom section says nothing that counts, but wasm3 reads the one called "name".
static void check_custom(avm_module_info_t *info, avm_reader_t *r) {
    uint32_t length;
    (void)info;
    const char *name = check_name(r, &length);
    while (r->wrong == NULL && name_is(name, length, "name") && r->at < r->end) {
        avm_read_byte(r);
        avm_read_skip(r, avm_read_u32(r));
    }
    if (r->wrong == NULL) {
        r->at = r->end;
    }
}

typedef void (*check_t)(avm_module_info_t *info, avm_reader_t *r);

static const check_t checks[AVM_SECTIONS] = {
    [AVM_SECTION_CUSTOM] = check_custom,
    [AVM_SECTION_TYPE] = check_types,
    [AVM_SECTION_IMPORT] = check_imports,
    [AVM_SECTION_FUNCTION] = check_functions,
    [AVM_SECTION_TABLE] = check_tables,
    [AVM_SECTION_MEMORY] = check_memories,
    [AVM_SECTION_GLOBAL] = check_globals,
    [AVM_SECTION_EXPORT] = check_exports,
    [AVM_SECTION_START] = check_start,
    [AVM_SECTION_ELEMENT] = check_elements,
    [AVM_SECTION_CODE] = check_code,
    [AVM_SECTION_DATA] = check_data,
    [AVM_SECTION_DATA_COUNT] = check_data_count,
};

static avm_error_t malformed(avm_fault_t *fault, const char *what, const char *wrong, uint32_t at) {
    avm_fault(fault, wrong == denied ? AVM_IMPORT_DENIED : AVM_MALFORMED, what);
    avm_fault_text(fault, wrong);
    avm_fault_text(fault, ", at byte ");
    avm_fault_number(fault, at);
    return fault->error;
}

static avm_error_t check_section(avm_module_info_t *info, uint8_t id, avm_reader_t *r,
    avm_fault_t *fault) {
    checks[id](info, r);
    if (r->wrong == NULL && r->at != r->end) {
        avm_reader_refuse(r, "is longer than what it holds");
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
    avm_reader_t all = {info->bytes, 8, info->length, NULL};
    uint8_t rank = 0;
    while (all.at < all.end) {
        uint32_t at = all.at;
        uint8_t id = avm_read_byte(&all);
        uint32_t start_length = avm_read_u32(&all);
        avm_reader_t section = {info->bytes, all.at, all.at, NULL};
        avm_read_skip(&all, start_length);
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
    if (info->functions > info->imported_functions && info->sections[AVM_SECTION_CODE].end == 0) {
        return malformed(fault, "", "has functions but no code", info->length);
    }
    return AVM_OK;
}
