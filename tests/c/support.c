#define _POSIX_C_SOURCE 200809L

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef DATA_DIR
#error "DATA_DIR is the folder that prepare.py has filled"
#endif

static void *need(void *pointer, const char *what) {
    if (pointer == NULL) {
        printf("cannot have %s\n", what);
        exit(2);
    }
    return pointer;
}

blob_t blob_copy(const uint8_t *bytes, size_t length) {
    blob_t blob = {need(malloc(length ? length : 1), "memory"), length};
    if (length) {
        memcpy(blob.bytes, bytes, length);
    }
    return blob;
}

blob_t blob_read(const char *name) {
    char path[512];
    uint8_t *bytes = need(malloc(1 << 20), "memory");
    snprintf(path, sizeof(path), "%s/%s", DATA_DIR, name);
    FILE *file = need(fopen(path, "rb"), path);
    size_t length = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    blob_t blob = blob_copy(bytes, length);
    free(bytes);
    return blob;
}

void blob_free(blob_t *blob) {
    free(blob->bytes);
    blob->bytes = NULL;
}

avm_error_t support_poll;
unsigned support_polls;
size_t support_stack_bytes;
char support_log[129];

uint32_t support_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

static avm_error_t poll(void) {
    support_polls++;
    return support_poll;
}

static const uint8_t *stack_floor(void) {
    const uint8_t *here = __builtin_frame_address(0);
    return support_stack_bytes == 0 ? NULL : here - support_stack_bytes;
}

void support_host(void) {
    static const avm_host_t host = {support_now_us, poll, stack_floor};
    support_poll = AVM_OK;
    support_stack_bytes = 1024 * 1024;
    avm_host_set(&host);
}

static avm_error_t env_log(avm_call_t *call) {
    uint32_t at = (uint32_t)avm_slot_get(&call->arguments[0], AVM_I32).i32;
    uint32_t length = (uint32_t)avm_slot_get(&call->arguments[1], AVM_I32).i32;
    avm_memory_t memory = avm_runtime_memory(call->runtime);
    if ((uint64_t)at + length > memory.length) {
        return avm_fault(call->fault, AVM_BAD_ADDRESS, "env.log of bytes beyond the memory");
    }
    snprintf(support_log, sizeof(support_log), "%.*s", (int)length, (const char *)memory.bytes + at);
    return AVM_OK;
}

static avm_error_t env_now_us(avm_call_t *call) {
    avm_slot_set(&call->results[0], AVM_I64, (avm_value_t) {.i64 = support_now_us()});
    return AVM_OK;
}

const avm_grant_t support_grants[2] = {
    {"env", "log", "(ii)", {.function = env_log}},
    {"env", "now_us", "I()", {.function = env_now_us}},
};

test_pool_t test_pool_new(size_t bytes) {
    test_pool_t pool = {.memory = need(malloc(bytes), "memory")};
    // What an agent sees must not depend on what the pool held before.
    memset(pool.memory, 0xa5, bytes);
    if (!avm_pool_init(&pool.pool, pool.memory, bytes)) {
        need(NULL, "a pool");
    }
    return pool;
}

void test_pool_free(test_pool_t *pool) {
    free(pool->memory);
    pool->memory = NULL;
}

uint32_t random_next(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

bool support_validates(void) {
    return strcmp(avm_wasm3_version(), "0.5.0") != 0;
}
