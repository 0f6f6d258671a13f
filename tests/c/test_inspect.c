// Modules that are not whole, each with the words that say so; and what can be asked of a
// whole one.
#include "check.h"
#include "support.h"

#include <string.h>

#define HEAD "\0asm\1\0\0\0"
// One function type () -> () and one function of it.
#define TYPE "\1\4\1\x60\0\0"
#define FUNCTION "\3\2\1\0"
#define CODE "\12\4\1\2\0\x0b"
#define MEMORY "\5\4\1\1\1\1"
#define HUGE_LENGTH "\xff\xff\xff\xff\x0f"

typedef struct {
    const char *name;
    const char *bytes;
    size_t length;
    const char *words;
} broken_t;

#define BROKEN(name, bytes, words) {name, bytes, sizeof(bytes) - 1, words}

static const broken_t broken[] = {
    {"inspect_empty", "", 0, "not a WebAssembly module"},
    BROKEN("inspect_text", "(module)", "not a WebAssembly module"),
    BROKEN("inspect_version", "\0asm\2\0\0\0", "not a WebAssembly module of version 1"),
    BROKEN("inspect_component", "\0asm\x0d\0\1\0", "not a WebAssembly module of version 1"),
    BROKEN("inspect_no_length", HEAD "\1", "module ends too early, at byte 8"),
    BROKEN("inspect_section_wraps", HEAD "\1" HUGE_LENGTH "\0", "ends too early, at byte 8"),
    BROKEN("inspect_length_too_long", HEAD "\1\x80\x80\x80\x80\x10", "number too large"),
    BROKEN("inspect_length_no_end", HEAD "\1\x80\x80\x80\x80\x80\0", "number too large"),
    BROKEN("inspect_unknown_section", HEAD "\x0d\0", "unknown or misplaced section"),
    BROKEN("inspect_twice", HEAD TYPE TYPE, "unknown or misplaced section, at byte 14"),
    BROKEN("inspect_order", HEAD FUNCTION TYPE, "section function names a type"),
    BROKEN("inspect_order_swapped", HEAD MEMORY TYPE, "misplaced section, at byte 14"),
    BROKEN("inspect_rest", HEAD "\1\5\1\x60\0\0\0", "section type is longer than what it holds"),
    BROKEN("inspect_count", HEAD "\1\2\x7f\x60", "section type counts more than it holds"),
    BROKEN("inspect_not_function_type", HEAD "\1\4\1\x5f\0\0", "not a function's"),
    BROKEN("inspect_v128", HEAD "\1\5\1\x60\1\x7b\0", "other than i32, i64, f32, f64"),
    BROKEN("inspect_type_index", HEAD TYPE "\3\2\1\1" CODE, "names a type that is not there"),
    BROKEN("inspect_import_name", HEAD TYPE "\2\x0a\1" HUGE_LENGTH "a\0\0\0", "ends too early"),
    BROKEN("inspect_import_memory", HEAD "\2\6\1\0\0\2\0\1",
        "imports something other than functions"),
    BROKEN("inspect_two_tables", HEAD "\4\7\2\x70\0\1\x70\0\1", "more than one table"),
    BROKEN("inspect_table_type", HEAD "\4\4\1\x6f\0\1", "other than functions"),
    BROKEN("inspect_two_memories", HEAD "\5\5\2\0\1\0\1", "more than one memory"),
    BROKEN("inspect_shared_memory", HEAD "\5\4\1\3\1\1", "limits of an unknown kind"),
    BROKEN("inspect_maximum", HEAD "\5\4\1\1\2\1", "maximum below its minimum"),
    BROKEN("inspect_pages", HEAD "\5\5\1\0\x81\x80\4", "more pages than there can be"),
    BROKEN("inspect_global_type", HEAD "\6\6\1\x70\0\x41\0\x0b", "other than i32"),
    BROKEN("inspect_mutability", HEAD "\6\6\1\x7f\2\x41\0\x0b", "mutability"),
    BROKEN("inspect_global_of_global", HEAD "\6\6\1\x7f\0\x23\0\x0b", "not a constant"),
    BROKEN("inspect_constant_end", HEAD "\6\6\1\x7f\0\x41\0\0", "not a constant"),
    BROKEN("inspect_constant_long", HEAD "\6\x0b\1\x7f\0\x41\x80\x80\x80\x80\x80\0\x0b",
        "number too large"),
    BROKEN("inspect_export_index", HEAD "\7\5\1\1m\2\0", "exports something that is not there"),
    BROKEN("inspect_export_kind", HEAD MEMORY "\7\5\1\1m\7\0", "that is not there"),
    BROKEN("inspect_start", HEAD "\x08\1\0", "section start names a function that is not there"),
    BROKEN("inspect_element_table", HEAD "\x09\7\1\0\x41\0\x0b\0\0", "table that is not there"),
    BROKEN("inspect_element_index", HEAD "\4\4\1\x70\0\1\x09\7\1\0\x41\0\x0b\1\0",
        "names a function that is not there"),
    BROKEN("inspect_no_code", HEAD TYPE FUNCTION, "has functions but no code"),
    BROKEN("inspect_code_count", HEAD TYPE FUNCTION "\x0a\1\0", "as many bodies"),
    BROKEN("inspect_code_without_functions", HEAD CODE, "as many bodies"),
    BROKEN("inspect_body_wraps", HEAD TYPE FUNCTION "\x0a\7\1" HUGE_LENGTH "\x0b",
        "section code ends too early"),
    BROKEN("inspect_empty_body", HEAD TYPE FUNCTION "\x0a\2\1\0", "empty body"),
    BROKEN("inspect_data_memory", HEAD "\x0b\6\1\0\x41\0\x0b\0", "memory that is not there"),
    BROKEN("inspect_data_wraps", HEAD MEMORY "\x0b\x0b\1\0\x41\0\x0b" HUGE_LENGTH "a",
        "section data ends too early"),
    BROKEN("inspect_data_kind", HEAD MEMORY "\x0b\7\1\3\0\x41\0\x0b\0", "unknown kind"),
    BROKEN("inspect_data_other_memory", HEAD MEMORY "\x0b\7\1\2\1\x41\0\x0b\0", "unknown kind"),
    BROKEN("inspect_import_not_utf8", HEAD TYPE "\2\x0a\1\1a\2\xc0\x80\2\0\1\0",
        "section import has a name that is not UTF-8"),
    BROKEN("inspect_export_not_utf8", HEAD MEMORY "\7\5\1\1\xff\2\0",
        "section export has a name that is not UTF-8"),
    BROKEN("inspect_custom_not_utf8", HEAD "\0\3\2\xe2\x82",
        "section custom has a name that is not UTF-8"),
    BROKEN("inspect_custom_name", HEAD "\0\2\5a", "section custom ends too early"),
    BROKEN("inspect_name_section_wraps", HEAD "\0\x0b\4name\1" HUGE_LENGTH,
        "section custom ends too early"),
};

static void test_broken(void) {
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        avm_module_info_t info;
        avm_fault_t fault = {0};
        blob_t exact = blob_copy((const uint8_t *)broken[i].bytes, broken[i].length);
        check_case(broken[i].name);
        avm_error_t error = avm_inspect(&info, exact.bytes, exact.length, &fault);
        avm_error_t want = strcmp(broken[i].name, "inspect_import_memory") == 0
            ? AVM_IMPORT_DENIED : AVM_MALFORMED;
        check(error == want, "%s instead of %s", avm_error_word(error), avm_error_word(want));
        check_holds(fault.text, broken[i].words);
        blob_free(&exact);
    }
}

static void test_whole(void) {
    static const char nothing[] = HEAD;
    static const char custom[] = HEAD "\0\5\1xabc" TYPE "\0\6\4name\0" FUNCTION CODE;
    avm_module_info_t info;
    avm_fault_t fault = {0};
    avm_exported_t export;
    avm_imported_t import;
    check_case("inspect_nothing");
    check(!avm_inspect(&info, (const uint8_t *)nothing, 8, &fault), "%s", fault.text);
    check(!avm_inspect_export(&info, "memory", &export), "found an export");
    check(!avm_inspect_import(&info, 0, &import), "found an import");
    check_case("inspect_custom_sections");
    check(avm_inspect(&info, (const uint8_t *)custom, sizeof(custom) - 1, &fault) != AVM_OK
        || info.functions == 1, "lost a function");
}

static void test_lookup(void) {
    avm_module_info_t info;
    avm_fault_t fault = {0};
    avm_exported_t export;
    avm_imported_t import;
    uint32_t value = 0;
    blob_t wasm = blob_read("modules/agent.wasm");
    check_case("inspect_lookup");
    check(!avm_inspect(&info, wasm.bytes, wasm.length, &fault), "%s", fault.text);
    check(info.memory_pages == 1 && info.memory_maximum == 1 && info.memory_has_maximum, "memory");
    check(info.data_end == 256 + 12, "data ends at %u", (unsigned)info.data_end);
    check(info.imported_functions == 2 && !info.has_start && !info.beyond_mvp, "counts");
    check(avm_inspect_import(&info, 1, &import) && import.name_length == 6
        && memcmp(import.name, "now_us", 6) == 0, "the second import");
    check(avm_inspect_type_is(&info, import.type, "I()"), "now_us is no I()");
    check(!avm_inspect_import(&info, 2, &import), "a third import");
    check(avm_inspect_export(&info, "infer", &export) && export.kind == AVM_KIND_FUNCTION,
        "infer");
    check(avm_inspect_function_is(&info, export.index, "i(i)"), "infer is no i(i)");
    check(!avm_inspect_function_is(&info, export.index, "i(ii)"), "infer is i(ii)");
    check(!avm_inspect_function_is(&info, export.index, "i()"), "infer is i()");
    check(!avm_inspect_function_is(&info, export.index, "(i)"), "infer is (i)");
    check(avm_inspect_function_is(&info, 0, "(ii)"), "the imported log is no (ii)");
    check(!avm_inspect_export(&info, "infe", &export), "found infe");
    check(!avm_inspect_export(&info, "inferr", &export), "found inferr");
    check(avm_inspect_export(&info, "__heap_base", &export), "__heap_base");
    check(avm_inspect_constant(&info, export.index, &value) && value == 512, "is %u", value);
    check(!avm_inspect_constant(&info, 0, &value), "took a mutable global for a constant");
    blob_free(&wasm);
}

static void test_beyond_mvp(void) {
    static const char passive[] = HEAD MEMORY "\x0b\3\1\1\0";
    static const char counted[] = HEAD "\x0c\1\0";
    static const char results[] = HEAD "\1\6\1\x60\0\2\x7f\x7f";
    avm_module_info_t info;
    avm_fault_t fault = {0};
    check_case("inspect_beyond_mvp");
    check(!avm_inspect(&info, (const uint8_t *)passive, sizeof(passive) - 1, &fault)
        && info.beyond_mvp, "passive segment: %s", fault.text);
    check(!avm_inspect(&info, (const uint8_t *)counted, sizeof(counted) - 1, &fault)
        && info.beyond_mvp, "data count: %s", fault.text);
    check(!avm_inspect(&info, (const uint8_t *)results, sizeof(results) - 1, &fault)
        && info.beyond_mvp, "two results: %s", fault.text);
}

int main(void) {
    test_broken();
    test_whole();
    test_lookup();
    test_beyond_mvp();
    return check_end();
}
