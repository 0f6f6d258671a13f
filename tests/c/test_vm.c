// Values in and out, imports, memory, globals.
#include "check.h"
#include "instance.h"

#include <float.h>
#include <math.h>
#include <string.h>

// --- Values

static void check_same(instance_t *t, const char *name, avm_value_t value, size_t bytes) {
    avm_value_t got = {.i64 = 0};
    avm_error_t error = instance_call(t, name, &value, &got);
    check(!error && memcmp(&got, &value, bytes) == 0, "%s changed a value", name);
}

static void test_values(void) {
    static const int64_t integers[] = {0, 1, -1, INT32_MIN, INT32_MAX, UINT32_MAX, INT64_MIN,
        INT64_MAX, 0x0123456789abcdef};
    static const double floats[] = {0.0, -0.0, 0.1, -1.5, DBL_MAX, DBL_MIN, 4.9e-324, INFINITY,
        -INFINITY, NAN};
    instance_t t;
    check_case("vm_values");
    instance_load(&t, "modules/values.wasm");
    for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
        check_same(&t, "i32", (avm_value_t) {.i32 = (int32_t)integers[i]}, 4);
        check_same(&t, "i64", (avm_value_t) {.i64 = integers[i]}, 8);
    }
    for (size_t i = 0; i < sizeof(floats) / sizeof(floats[0]); i++) {
        check_same(&t, "f32", (avm_value_t) {.f32 = (float)floats[i]}, 4);
        check_same(&t, "f64", (avm_value_t) {.f64 = floats[i]}, 8);
    }
    instance_free(&t);
}

static void test_multi_value(void) {
    instance_t t;
    avm_value_t in[6] = {{.i32 = -3}, {.i64 = INT64_MIN}, {.f32 = 0.25f}, {.f64 = -1e300}};
    avm_value_t out[4];
    check_case("vm_multi_value");
    instance_load(&t, "modules/values.wasm");
    check(!instance_call(&t, "all", in, out), "%s", t.fault.text);
    check(out[0].f64 == -1e300 && out[1].f32 == 0.25f && out[2].i64 == INT64_MIN
        && out[3].i32 == -3, "all: wrong values or order");
    avm_value_t mixed[6] = {{.i32 = 1}, {.f64 = 0.5}, {.i32 = -2}, {.f32 = 4}, {.i64 = 1ll << 40},
        {.i32 = 16}};
    check(!instance_call(&t, "mixed", mixed, out), "%s", t.fault.text);
    check(out[0].f64 == 19.5 + (double)(1ll << 40), "mixed: %f", out[0].f64);
    const avm_function_t *f = instance_function(&t, "all");
    check(avm_function_arguments(f) == 4 && avm_function_results(f) == 4, "counts");
    check(avm_function_argument(f, 1) == AVM_I64 && avm_function_result(f, 1) == AVM_F32, "types");
    instance_free(&t);
}

// The limits for which a constant rounded to single precision would be wrong.
static void test_truncation(void) {
    instance_t t;
    avm_value_t value;
    check_case("vm_truncation");
    instance_load(&t, "modules/values.wasm");
    value.f64 = -2147483648.5;
    check(!instance_call(&t, "trunc_f64", &value, &value) && value.i32 == INT32_MIN, "%s",
        t.fault.text);
    value.f64 = 2147483647.75;
    check(!instance_call(&t, "trunc_f64", &value, &value) && value.i32 == INT32_MAX, "%s",
        t.fault.text);
    value.f64 = 4294967295.9;
    check(!instance_call(&t, "trunc_f64_u", &value, &value) && value.i32 == -1, "%s",
        t.fault.text);
    value.f64 = 2147483648.0;
    check(instance_call(&t, "trunc_f64", &value, &value) == AVM_TRAP, "took 2147483648.0");
    check_holds(t.fault.text, "integer overflow");
    instance_free(&t);
}

static void test_too_many_values(void) {
    instance_t t;
    avm_value_t values[40] = {{.i64 = 0}};
    check_case("vm_too_many_values");
    instance_load(&t, "modules/many.wasm");
    check(instance_call(&t, "many", values, values) == AVM_USAGE, "called with 33 arguments");
    check_holds(t.fault.text, "more than 32");
    instance_free(&t);
}

// --- Imports

typedef struct {
    instance_t t;
    avm_import_t import;
    int32_t notes[8];
    unsigned count;
    bool fail; // with the next note
    bool grow; // the memory, in the next note
} host_t;

static avm_error_t give_back(avm_call_t *call) {
    for (uint32_t i = 0; i < avm_function_results(call->function); i++) {
        avm_type_t type = avm_function_argument(call->function, i);
        avm_slot_set(&call->results[i], type, avm_slot_get(&call->arguments[i], type));
    }
    return AVM_OK;
}

static avm_error_t swap_pair(avm_call_t *call) {
    avm_value_t first = avm_slot_get(&call->arguments[0], AVM_I32);
    avm_value_t second = avm_slot_get(&call->arguments[1], AVM_I64);
    avm_slot_set(&call->results[0], AVM_I64, second);
    avm_slot_set(&call->results[1], AVM_I32, first);
    return AVM_OK;
}

static avm_error_t note(avm_call_t *call) {
    host_t *host = call->context;
    host->notes[host->count++ % 8] = avm_slot_get(&call->arguments[0], AVM_I32).i32;
    if (host->grow) {
        avm_value_t pages = {.i32 = 1};
        host->grow = false;
        instance_call(&host->t, "grow", &pages, &pages);
    }
    return host->fail ? avm_fault(call->fault, AVM_HOST, "the host said no") : AVM_OK;
}

static const avm_import_t plain = {.function = give_back, .trusted = true};
static const avm_import_t pairs = {.function = swap_pair, .trusted = true};

static void host_link(host_t *host) {
    static const char *const names[] = {"i32", "i64", "f32", "f64"};
    static const char *const types[] = {"i(i)", "I(I)", "f(f)", "F(F)"};
    avm_module_t *module = host->t.module;
    for (int i = 0; i < 4; i++) {
        avm_error_t error = avm_module_link(module, "host", names[i], types[i], &plain,
            &host->t.fault);
        check(!error, "%s: %s", names[i], host->t.fault.text);
    }
    host->import = (avm_import_t) {.function = note, .context = host, .trusted = true};
    avm_module_link(module, "host", "pair", "Ii(iI)", &pairs, &host->t.fault);
    check(avm_module_unlinked(module) != NULL, "all linked though note is missing");
    avm_module_link(module, "host", "note", "v(i)", &host->import, &host->t.fault);
    check(avm_module_unlinked(module) == NULL, "something is not linked");
}

static void host_load(host_t *host) {
    memset(host, 0, sizeof(*host));
    check(!instance_open(&host->t, "modules/imports.wasm", 0), "%s", host->t.fault.text);
    host_link(host);
    check(!avm_module_compile(host->t.module, false, &host->t.fault), "%s", host->t.fault.text);
}

static void test_imports(void) {
    host_t host;
    avm_value_t pair[2] = {{.i32 = -9}, {.i64 = INT64_MAX}};
    check_case("vm_imports");
    host_load(&host);
    check_same(&host.t, "i32", (avm_value_t) {.i32 = INT32_MIN}, 4);
    check_same(&host.t, "i64", (avm_value_t) {.i64 = -2}, 8);
    check_same(&host.t, "f32", (avm_value_t) {.f32 = -0.0f}, 4);
    check_same(&host.t, "f64", (avm_value_t) {.f64 = 0.1}, 8);
    check(!instance_call(&host.t, "pair", pair, pair), "%s", host.t.fault.text);
    check(pair[0].i64 == INT64_MAX && pair[1].i32 == -9, "pair: wrong values");
    instance_call_i32(&host.t, "count", 3, 0);
    check(host.count == 3 && host.notes[2] == 2, "%u notes", host.count);
    instance_free(&host.t);
}

static void test_import_fails(void) {
    host_t host;
    avm_value_t depth = {.i32 = 5};
    check_case("vm_import_fails");
    host_load(&host);
    host.fail = true;
    check(instance_call(&host.t, "deep", &depth, NULL) == AVM_HOST, "no AVM_HOST");
    check_holds(host.t.fault.text, "the host said no in function ");
    check_holds(host.t.fault.text, "(deep)");
    check(host.count == 1, "%u notes", host.count);
    // A runtime that was left by a failure can be called again.
    host.fail = false;
    check(!instance_call(&host.t, "deep", &depth, NULL), "%s", host.t.fault.text);
    instance_free(&host.t);
}

// Called from within a call: the one outside goes on as if nothing had been.
static void test_import_calls_back(void) {
    host_t host;
    check_case("vm_import_calls_back");
    host_load(&host);
    instance_call_i32(&host.t, "store", 100, 4711);
    host.grow = true;
    check(instance_call_i32(&host.t, "note_load", 1, 100) == 4711, "%s", host.t.fault.text);
    check(avm_runtime_memory(host.t.runtime).length == 2 * AVM_PAGE_BYTES, "did not grow");
    instance_free(&host.t);
}

static void test_import_types(void) {
    host_t host = {.count = 0};
    check_case("vm_import_types");
    check(!instance_open(&host.t, "modules/imports.wasm", 0), "%s", host.t.fault.text);
    avm_fault_t *fault = &host.t.fault;
    avm_module_t *module = host.t.module;
    check(avm_module_link(module, "host", "i32", "I(i)", &plain, fault) == AVM_USAGE,
        "took another type");
    check(avm_module_link(module, "host", "i32", "nonsense", &plain, fault) == AVM_USAGE,
        "took nonsense");
    check(avm_module_link(module, "host", "other", NULL, &plain, fault) == AVM_USAGE,
        "took a name that is not there");
    check(avm_module_link(module, "guest", "i32", NULL, &plain, fault) == AVM_USAGE,
        "took another module");
    check(!avm_module_link(module, "host", "i32", NULL, &plain, fault), "%s", fault->text);
    instance_free(&host.t);
}

// --- Memory

static void test_memory(void) {
    instance_t t;
    check_case("vm_memory");
    instance_load(&t, "modules/memory.wasm");
    avm_memory_t memory = avm_runtime_memory(t.runtime);
    check(memory.length == AVM_PAGE_BYTES, "%u bytes", memory.length);
    check(memcmp(memory.bytes + 16, "wasmote", 7) == 0, "data not there");
    check(instance_call_i32(&t, "load8", 16, 0) == 'w', "load8");
    check(instance_call_i32(&t, "load", 65532, 0) == 0, "the last word");
    check(instance_call_i32(&t, "load", 65533, 0) == -12345678, "beyond the last word");
    check_holds(t.fault.text, "out of bounds memory access in function ");
    check(instance_call_i32(&t, "load", -1, 0) == -12345678, "at the highest address");
    check(instance_call_i32(&t, "grow", 2, 0) == 1, "grow gives the pages before");
    check(instance_call_i32(&t, "grow", 1, 0) == -1, "grew beyond the maximum");
    check(instance_call_i32(&t, "size", 0, 0) == 3, "not three pages");
    check(instance_call_i32(&t, "load8", 16, 0) == 'w', "lost its data");
    check(instance_call_i32(&t, "load", 3 * 65536 - 4, 0) == 0, "the new last word is not 0");
    check(instance_call_i32(&t, "load", 3 * 65536 - 3, 0) == -12345678, "beyond it");
    instance_free(&t);
}

static void test_memory_bulk(void) {
    instance_t t;
    avm_value_t args[3] = {{.i32 = 65530}, {.i32 = 7}, {.i32 = 6}};
    check_case("vm_memory_bulk");
    instance_load(&t, "modules/memory.wasm");
    check(!instance_call(&t, "fill", args, NULL), "%s", t.fault.text);
    check(instance_call_i32(&t, "load8", 65535, 0) == 7, "fill");
    args[2].i32 = 7;
    check(instance_call(&t, "fill", args, NULL) == AVM_TRAP, "filled past the end");
    args[2].i32 = -1;
    check(instance_call(&t, "fill", args, NULL) == AVM_TRAP, "filled 4 GiB");
    avm_value_t copy[3] = {{.i32 = 0}, {.i32 = -4}, {.i32 = 8}};
    check(instance_call(&t, "copy", copy, NULL) == AVM_TRAP, "copied from past the end");
    instance_free(&t);
}

static void test_memory_limit(void) {
    instance_t t;
    check_case("vm_memory_limit");
    check(!instance_open(&t, "modules/memory.wasm", 1000), "%s", t.fault.text);
    check(!avm_module_compile(t.module, false, &t.fault), "%s", t.fault.text);
    check(avm_runtime_memory(t.runtime).length == 1000, "not 1000 bytes");
    check(instance_call_i32(&t, "load", 996, 0) == 0, "the last word");
    check(instance_call_i32(&t, "load", 997, 0) == -12345678, "beyond the limit");
    check(instance_call_i32(&t, "grow", 1, 0) == -1, "grew beyond the limit");
    check(instance_call_i32(&t, "grow", 0, 0) == 1, "grow by nothing");
    check(avm_runtime_memory(t.runtime).length == 1000, "has grown");
    instance_free(&t);
    check_case("vm_memory_limit_two_pages");
    check(!instance_open(&t, "modules/memory.wasm", 2 * 65536 + 5), "%s", t.fault.text);
    check(!avm_module_compile(t.module, false, &t.fault), "%s", t.fault.text);
    check(instance_call_i32(&t, "grow", 1, 0) == 1, "did not grow to the limit");
    check(instance_call_i32(&t, "grow", 1, 0) == -1, "grew beyond the limit");
    instance_free(&t);
    check_case("vm_memory_limit_data");
    check(instance_open(&t, "modules/memory.wasm", 20) == AVM_MALFORMED, "data beyond the limit");
    check_holds(t.fault.text, "data segment");
    instance_free(&t);
}

static void test_memory_zero(void) {
    instance_t t;
    check_case("vm_memory_maximum_zero");
    instance_load(&t, "modules/memory_zero.wasm");
    check(instance_call_i32(&t, "grow", 1, 0) == -1, "grew beyond a maximum of 0");
    check(instance_call_i32(&t, "load", 0, 0) == -12345678, "read what is not there");
    check(avm_runtime_memory(t.runtime).length == 0, "has memory");
    instance_free(&t);
}

// When growing finds no memory, the answer is -1 and all goes on.
static void test_memory_grow_fails(void) {
    instance_t t;
    check_case("vm_memory_grow_fails");
    instance_load(&t, "modules/memory.wasm");
    while (avm_pool_alloc(&t.pool.pool, 2, 8192) != NULL) {
    }
    check(instance_call_i32(&t, "grow", 1, 0) == -1, "grew out of nothing");
    check(instance_call_i32(&t, "load8", 16, 0) == 'w', "%s", t.fault.text);
    instance_free(&t);
}

// --- Globals, start function

static void test_globals(void) {
    instance_t t;
    avm_value_t value;
    avm_exported_t global;
    check_case("vm_globals");
    instance_load(&t, "modules/globals.wasm");
    avm_inspect_export(&t.info, "i64", &global);
    check(avm_global_get(t.module, global.index, &value) == AVM_I64 && value.i64 == INT64_MIN,
        "i64");
    check(avm_global_set(t.module, global.index, (avm_value_t) {.i64 = -5}), "cannot set i64");
    check(!instance_call(&t, "get_i64", NULL, &value) && value.i64 == -5, "i64 not set");
    avm_inspect_export(&t.info, "f64", &global);
    check(avm_global_get(t.module, global.index, &value) == AVM_F64 && value.f64 == -0.1, "f64");
    instance_call_i32(&t, "add_i32", 10, 0);
    avm_inspect_export(&t.info, "i32", &global);
    check(avm_global_get(t.module, global.index, &value) == AVM_I32 && value.i32 == 3, "i32");
    avm_inspect_export(&t.info, "fixed", &global);
    if (support_validates()) {
        check(!avm_global_set(t.module, global.index, value), "set a constant");
    }
    check(avm_global_get(t.module, global.index, &value) == AVM_I32 && value.i32 == 42, "fixed");
    instance_free(&t);
}

static void test_start(void) {
    instance_t t;
    check_case("vm_start_once");
    instance_load(&t, "modules/start.wasm");
    check(!avm_module_start(t.module, 0, &t.fault), "%s", t.fault.text);
    check(instance_call_i32(&t, "get", 0, 0) == 1, "not started once");
    instance_free(&t);
    check_case("vm_start_unlinked");
    check(!instance_open(&t, "modules/start_import.wasm", 0), "%s", t.fault.text);
    avm_error_t error = avm_module_compile(t.module, false, &t.fault);
    if (!error) {
        error = avm_module_start(t.module, 1000, &t.fault);
    }
    check(error == AVM_TRAP || error == AVM_MALFORMED, "called what is not there");
    check_holds(t.fault.text, "import");
    instance_free(&t);
}

int main(void) {
    support_host();
    test_values();
    test_multi_value();
    test_truncation();
    test_too_many_values();
    test_imports();
    test_import_fails();
    test_import_calls_back();
    test_import_types();
    test_memory();
    test_memory_bulk();
    test_memory_limit();
    test_memory_zero();
    test_memory_grow_fails();
    test_globals();
    test_start();
    return check_end();
}
