// Loads each module of a file (tests/wicked) so often, runs it where it loads, and compares the
// reason for which that ends; the pool must be as before. wicked <file> <loads>
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL_BYTES (128 * 1024)
// By a clock that runs while others have the core: short only for those that it shall stop.
#define SHORT_MS 2
#define LONG_MS 10000

typedef struct {
    char name[128];
    char reason[32];
    bool slices;
    uint32_t model_bytes;
    uint32_t memory_bytes;
    blob_t wasm;
} wicked_t;

static bool take(FILE *file, void *to, size_t bytes) {
    return fread(to, 1, bytes, file) == bytes;
}

static bool next_case(FILE *file, wicked_t *wicked) {
    uint8_t head[16];
    uint32_t words[3];
    memset(wicked, 0, sizeof(*wicked));
    if (!take(file, head, sizeof(head))) {
        return false;
    }
    size_t name = head[0] + 256u * head[1], reason = head[2];
    memcpy(words, head + 4, sizeof(words));
    wicked->slices = head[3];
    wicked->model_bytes = words[0];
    wicked->memory_bytes = words[1];
    uint8_t *bytes = malloc(words[2] + 1);
    bool whole = name < sizeof(wicked->name) && reason < sizeof(wicked->reason)
        && take(file, wicked->name, name) && take(file, wicked->reason, reason)
        && take(file, bytes, words[2]);
    wicked->wasm = blob_copy(bytes, words[2]);
    free(bytes);
    return whole;
}

static avm_error_t run(avm_agent_t *agent, bool slices, avm_fault_t *fault) {
    static const uint8_t input[4];
    uint8_t output[4];
    bool more = true;
    if (!slices) {
        return avm_agent_infer(agent, input, sizeof(input), output, fault);
    }
    avm_error_t error = avm_agent_begin(agent, input, sizeof(input), fault);
    while (!error && more) {
        error = avm_agent_step(agent, output, &more, fault);
    }
    return error;
}

static avm_error_t load_and_run(avm_pool_t *pool, const wicked_t *wicked, avm_fault_t *fault) {
    static const uint32_t model[4];
    avm_agent_t agent = {0};
    avm_agent_config_t config = {
        .wasm = wicked->wasm.bytes, .wasm_bytes = wicked->wasm.length, .grants = support_grants,
        .grant_count = 2, .memory_bytes = wicked->memory_bytes, .inputs_bytes = 4,
        .outputs_bytes = 4,
        .deadline_ms = strcmp(wicked->reason, "deadline") == 0 ? SHORT_MS : LONG_MS,
        .model = wicked->model_bytes ? (const uint8_t *)model : NULL,
        .model_bytes = wicked->model_bytes,
    };
    avm_error_t error = avm_agent_load(&agent, pool, &config, fault);
    if (!error) {
        error = run(&agent, wicked->slices, fault);
        avm_fault_t closing;
        avm_agent_close(&agent, &closing);
    }
    return error;
}

static unsigned check_case(test_pool_t *pool, const wicked_t *wicked, unsigned long loads) {
    uint32_t largest = avm_pool_largest(&pool->pool);
    for (unsigned long i = 0; i < loads; i++) {
        avm_fault_t fault = {0};
        const char *reason = avm_error_word(load_and_run(&pool->pool, wicked, &fault));
        if (strcmp(reason, wicked->reason) != 0) {
            printf("%s: %s (%s) instead of %s\n", wicked->name, reason, fault.text, wicked->reason);
            return 1;
        }
        if (pool->pool.used != 0 || avm_pool_largest(&pool->pool) != largest
            || !avm_pool_check(&pool->pool)) {
            printf("%s: %u bytes kept\n", wicked->name, pool->pool.used);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    unsigned cases = 0, failed = 0;
    FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) {
        printf("wicked <file> <loads>\n");
        return 2;
    }
    support_host();
    test_pool_t pool = test_pool_new(POOL_BYTES);
    wicked_t wicked;
    while (next_case(file, &wicked)) {
        failed += check_case(&pool, &wicked, strtoul(argv[2], NULL, 10));
        cases++;
        blob_free(&wicked.wasm);
    }
    test_pool_free(&pool);
    fclose(file);
    printf("%u cases, %s loads each, %u failed\n", cases, argv[2], failed);
    return failed != 0;
}
