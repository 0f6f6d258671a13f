// Runs modules from a file: smith PACK. Of each it prints what came of loading and calling it, as
// smith_wasmtime.py does, whose lines it is compared with. smith_pack.py says what the file holds.
#include "stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 2048
#define GLOBALS_MAX 64

static void die(const char *what) {
    fprintf(stderr, "smith: %s\n", what);
    exit(2);
}

typedef struct {
    uint32_t length;
    char text[NAME_MAX_BYTES];
} name_t;

typedef struct {
    uint32_t globals;
    name_t global[GLOBALS_MAX];
} plan_t;

static void take(FILE *from, void *to, size_t bytes) {
    if (fread(to, 1, bytes, from) != bytes) {
        die("the pack is cut short");
    }
}

static uint32_t take_word(FILE *from) {
    uint32_t word;
    take(from, &word, sizeof(word));
    return word;
}

static void take_name(FILE *from, name_t *name) {
    name->length = take_word(from);
    if (name->length > sizeof(name->text)) {
        die("a name is too long");
    }
    take(from, name->text, name->length);
}

static uint32_t find(const stage_t *stage, const name_t *name, avm_kind_t kind) {
    avm_exported_t exported;
    if (!avm_inspect_export_named(&stage->info, name->text, name->length, &exported)
        || exported.kind != kind) {
        die("an export is not there");
    }
    return exported.index;
}

// wasmtime's Python keeps an f32 in a double, where each NaN is a quiet one.
#define QUIET_F32 0x00400000u

static void print_value(avm_type_t type, avm_value_t value) {
    if (type == AVM_F32 && value.f32 != value.f32) {
        printf(" %" PRIx32, (uint32_t)value.i32 | QUIET_F32);
    } else if (type == AVM_I32 || type == AVM_F32) {
        printf(" %" PRIx32, (uint32_t)value.i32);
    } else {
        printf(" %" PRIx64, (uint64_t)value.i64);
    }
}

// Each word counts by an odd factor of its own, so that no single change goes unseen.
static uint64_t memory_sum(avm_memory_t memory) {
    uint64_t sum = 0, factor = 0x9e3779b97f4a7c15u;
    for (uint32_t i = 0; i < memory.length / 8; i++) {
        uint64_t word;
        memcpy(&word, memory.bytes + 8 * i, sizeof(word));
        sum += word * factor;
        factor += 0x9e3779b97f4a7c16u;
    }
    return sum;
}

// Memory, and the globals that are exported: those that wasm-smith adds are not.
static void print_state(stage_t *stage, const plan_t *plan) {
    avm_memory_t memory = avm_runtime_memory(stage->runtime);
    printf("memory %" PRIu32 " %" PRIx64, memory.length, memory_sum(memory));
    for (uint32_t i = 0; i < plan->globals; i++) {
        avm_value_t value = {.i64 = 0};
        uint32_t index = find(stage, &plan->global[i], AVM_KIND_GLOBAL);
        print_value(avm_global_get(stage->module, index, &value), value);
    }
    printf("\n");
}

static bool print_outcome(const char *what, avm_error_t error, const stage_t *stage) {
    // Which function it was is not wasmtime's business.
    const char *text = stage->fault.text;
    const char *end = error ? strstr(text, " in function ") : NULL;
    int length = end == NULL ? (int)strlen(text) : (int)(end - text);
    printf("%s %s%s%.*s", what, avm_error_word(error), error ? " " : "", error ? length : 0, text);
    return !error;
}

static uint32_t take_arguments(FILE *pack, avm_value_t *arguments) {
    uint32_t count = take_word(pack);
    if (count > AVM_VALUES_MAX) {
        die("too many arguments");
    }
    take(pack, arguments, count * sizeof(arguments[0]));
    return count;
}

static void call(stage_t *stage, const plan_t *plan, avm_function_t *function,
    const avm_value_t *arguments) {
    avm_value_t result = {.i64 = 0};
    avm_error_t error = avm_call(function, arguments, &result, STAGE_DEADLINE_MS, &stage->fault);
    if (print_outcome("call", error, stage) && avm_function_results(function) > 0) {
        print_value(avm_function_result(function, 0), result);
    }
    printf("\n");
    print_state(stage, plan);
}

static void call_all(stage_t *stage, const plan_t *plan, bool ready, FILE *pack) {
    for (uint32_t calls = take_word(pack); calls > 0; calls--) {
        static name_t name;
        avm_value_t arguments[AVM_VALUES_MAX];
        take_name(pack, &name);
        uint32_t count = take_arguments(pack, arguments);
        if (!ready) {
            continue;
        }
        avm_function_t *function = avm_module_function(stage->module,
            find(stage, &name, AVM_KIND_FUNCTION));
        if (count != avm_function_arguments(function)) {
            die("arguments that the function does not take");
        }
        call(stage, plan, function, arguments);
    }
}

static bool start(stage_t *stage, const uint8_t *wasm, uint32_t length) {
    avm_error_t error = stage_load(stage, wasm, length, STAGE_VALUES_BYTES);
    bool ready = print_outcome("load", error, stage);
    printf("\n");
    if (ready) {
        error = avm_module_start(stage->module, STAGE_DEADLINE_MS, &stage->fault);
        ready = print_outcome("start", error, stage);
        printf("\n");
    }
    return ready;
}

static void module(stage_t *stage, FILE *pack) {
    static plan_t plan;
    uint32_t length = take_word(pack);
    // Of exactly this length, so that a step over is seen
    uint8_t *wasm = malloc(length);
    if (wasm == NULL) {
        die("no memory");
    }
    take(pack, wasm, length);
    plan.globals = take_word(pack);
    if (plan.globals > GLOBALS_MAX) {
        die("too many globals");
    }
    for (uint32_t i = 0; i < plan.globals; i++) {
        take_name(pack, &plan.global[i]);
    }
    bool ready = start(stage, wasm, length);
    if (ready) {
        print_state(stage, &plan);
    }
    call_all(stage, &plan, ready, pack);
    if (!avm_pool_check(&stage->pool)) {
        die("the pool is damaged");
    }
    free(wasm);
}

int main(int argc, char **argv) {
    FILE *pack = argc == 2 ? fopen(argv[1], "rb") : NULL;
    stage_t stage;
    if (pack == NULL) {
        die("usage: smith PACK");
    }
    // What was printed before a crash says which module it was.
    setvbuf(stdout, NULL, _IOLBF, 0);
    stage_open(&stage, STAGE_POOL_BYTES);
    uint32_t modules = take_word(pack);
    for (uint32_t i = 0; i < modules; i++) {
        printf("module %" PRIu32 "\n", i);
        module(&stage, pack);
    }
    printf("end\n");
    free(stage.pool_memory);
    return fclose(pack) ? 2 : 0;
}
