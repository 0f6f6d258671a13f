#define _POSIX_C_SOURCE 200809L

#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define C_STACK_BYTES (4u << 20)
#define NAME_BYTES 64

static uint32_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

static const uint8_t *lowest;

static const uint8_t *stack_floor(void) {
    return lowest;
}

void stage_open(stage_t *self, size_t pool_bytes) {
    static const avm_host_t host = {now_us, NULL, stack_floor};
    lowest = (const uint8_t *)__builtin_frame_address(0) - C_STACK_BYTES;
    avm_host_set(&host);
    memset(self, 0, sizeof(*self));
    self->pool_memory = malloc(pool_bytes);
    if (self->pool_memory == NULL || !avm_pool_init(&self->pool, self->pool_memory, pool_bytes)) {
        fprintf(stderr, "no memory for a pool\n");
        exit(2);
    }
    // What a module sees must not depend on what the pool held before.
    memset((uint8_t *)self->pool_memory + 64, 0xa5, pool_bytes - 64);
}

#define MIX 0x9e3779b97f4a7c15u

avm_error_t stage_import(avm_call_t *call) {
    const avm_function_t *function = call->function;
    uint64_t mixed = MIX;
    for (uint32_t i = 0; i < avm_function_arguments(function); i++) {
        avm_type_t type = avm_function_argument(function, i);
        avm_value_t value = avm_slot_get(&call->arguments[i], type);
        bool narrow = type == AVM_I32 || type == AVM_F32;
        mixed = (mixed ^ (narrow ? (uint32_t)value.i32 : (uint64_t)value.i64)) * MIX;
        mixed ^= mixed >> 29;
    }
    if (avm_function_results(function) > 0) {
        avm_type_t type = avm_function_result(function, 0);
        avm_value_t value = {.i64 = (int64_t)mixed};
        if (type == AVM_F32) {
            value = (avm_value_t) {.f32 = (float)(int16_t)(mixed >> 48)};
        } else if (type == AVM_F64) {
            value = (avm_value_t) {.f64 = (double)(int16_t)(mixed >> 48)};
        }
        avm_slot_set(&call->results[0], type, value);
    }
    return AVM_OK;
}

static avm_error_t link_imports(stage_t *self) {
    static const avm_import_t import = {.function = stage_import};
    avm_imported_t imported;
    for (uint32_t i = 0; avm_inspect_import(&self->info, i, &imported); i++) {
        char from[NAME_BYTES], name[NAME_BYTES];
        snprintf(from, sizeof(from), "%.*s", (int)imported.module_length, imported.module);
        snprintf(name, sizeof(name), "%.*s", (int)imported.name_length, imported.name);
        avm_error_t error = avm_module_link(self->module, from, name, NULL, &import, &self->fault);
        // A name that was cut, or that has a NUL, stays without a function.
        if (error && error != AVM_USAGE) {
            return error;
        }
    }
    return AVM_OK;
}

avm_error_t stage_load(stage_t *self, const uint8_t *wasm, size_t length, uint32_t values_bytes) {
    avm_heap_t *heap = &self->heap.heap;
    avm_env_t *env = NULL;
    avm_pool_release(&self->pool, 1);
    avm_pool_heap_init(&self->heap, &self->pool, 1);
    avm_error_t error = avm_inspect(&self->info, wasm, length, &self->fault);
    if (!error) {
        error = avm_env_new(&env, heap, &self->fault);
    }
    if (!error) {
        error = avm_module_parse(&self->module, heap, env, &self->info, &self->fault);
    }
    if (!error) {
        error = avm_runtime_new(&self->runtime, heap, env, values_bytes, 0, &self->fault);
    }
    if (!error) {
        error = avm_runtime_load(self->runtime, self->module, &self->info, &self->fault);
    }
    if (!error) {
        error = link_imports(self);
    }
    return error ? error : avm_module_compile(self->module, true, &self->fault);
}
