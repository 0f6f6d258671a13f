#include "instance.h"

#include "check.h"

#include <string.h>

static avm_error_t build(instance_t *self, uint32_t memory_limit) {
    avm_heap_t *heap = &self->heap.heap;
    avm_pool_heap_init(&self->heap, &self->pool.pool, 1);
    avm_error_t error = avm_inspect(&self->info, self->wasm.bytes, self->wasm.length,
        &self->fault);
    if (error) {
        return error;
    }
    error = avm_env_new(&self->env, heap, &self->fault);
    if (error) {
        return error;
    }
    error = avm_module_parse(&self->module, heap, self->env, &self->info, &self->fault);
    if (!error) {
        error = avm_runtime_new(&self->runtime, heap, self->env, 4096, memory_limit, &self->fault);
    }
    if (!error) {
        error = avm_runtime_load(self->runtime, self->module, &self->info, &self->fault);
    }
    return error;
}

avm_error_t instance_open(instance_t *self, const char *file, uint32_t memory_limit) {
    memset(self, 0, sizeof(*self));
    self->pool = test_pool_new(1024 * 1024);
    self->wasm = blob_read(file);
    return build(self, memory_limit);
}

void instance_load(instance_t *self, const char *file) {
    avm_error_t error = instance_open(self, file, 0);
    if (!error) {
        error = avm_module_compile(self->module, false, &self->fault);
    }
    if (!error) {
        error = avm_module_start(self->module, 1000, &self->fault);
    }
    check(!error, "%s: %s: %s", file, avm_error_word(error), self->fault.text);
}

void instance_free(instance_t *self) {
    blob_free(&self->wasm);
    test_pool_free(&self->pool);
}

avm_function_t *instance_function(instance_t *self, const char *name) {
    avm_exported_t exported;
    if (!check(avm_inspect_export(&self->info, name, &exported), "no export %s", name)) {
        return NULL;
    }
    return avm_module_function(self->module, exported.index);
}

avm_error_t instance_call(instance_t *self, const char *name, const avm_value_t *arguments,
    avm_value_t *results) {
    avm_function_t *function = instance_function(self, name);
    return function == NULL ? AVM_USAGE : avm_call(function, arguments, results, 0, &self->fault);
}

int32_t instance_call_i32(instance_t *self, const char *name, int32_t a, int32_t b) {
    avm_value_t values[2] = {{.i32 = a}, {.i32 = b}};
    avm_error_t error = instance_call(self, name, values, values);
    return error ? -12345678 : values[0].i32;
}
