// Agents whose bytes have been damaged: an error or an agent that runs, never a crash, and
// nothing kept. The sanitizers watch.
#include "check.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

static avm_error_t try_agent(test_pool_t *pool, const uint8_t *bytes, size_t length,
    avm_fault_t *fault) {
    blob_t exact = blob_copy(bytes, length);
    avm_agent_config_t config = {
        .wasm = exact.bytes, .wasm_bytes = length, .grants = support_grants, .grant_count = 2,
        .memory_bytes = 2048, .deadline_ms = 20, .inputs_bytes = 8, .outputs_bytes = 8,
    };
    avm_agent_t agent = {0};
    uint8_t output[8], input[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    avm_error_t error = avm_agent_load(&agent, &pool->pool, &config, fault);
    blob_free(&exact);
    if (!error) {
        avm_agent_infer(&agent, input, 8, output, fault);
        avm_agent_infer(&agent, input, 8, output, fault);
        avm_agent_close(&agent, fault);
    }
    check(pool->pool.used == 0 && avm_pool_check(&pool->pool), "kept %u bytes", pool->pool.used);
    return error;
}

static void test_truncated(const blob_t *wasm) {
    test_pool_t pool = test_pool_new(64 * 1024);
    avm_fault_t fault = {0};
    unsigned whole = 0;
    check_case("broken_truncated");
    for (size_t length = 0; length < wasm->length; length++) {
        avm_error_t error = try_agent(&pool, wasm->bytes, length, &fault);
        check(error < AVM_TRAP, "%zu bytes of it: %s", length, avm_error_word(error));
        check(fault.text[0] != 0, "%zu bytes of it: no text", length);
        whole += error == AVM_OK;
    }
    // Without its last sections, data and names, it is a module still.
    check(whole == 2, "%u parts of it were taken", whole);
    check(!try_agent(&pool, wasm->bytes, wasm->length, &fault), "whole: %s", fault.text);
    test_pool_free(&pool);
}

static void test_longer(const blob_t *wasm) {
    test_pool_t pool = test_pool_new(64 * 1024);
    avm_fault_t fault = {0};
    uint8_t bytes[4096] = {0};
    check_case("broken_trailing_bytes");
    memcpy(bytes, wasm->bytes, wasm->length);
    check(try_agent(&pool, bytes, wasm->length + 1, &fault) == AVM_MALFORMED, "took a byte more");
    check(try_agent(&pool, bytes, wasm->length + 2, &fault) == AVM_MALFORMED, "took two more");
    test_pool_free(&pool);
}

// How often a module is damaged; another number, and a seed, come from the command line.
static int rounds = 2000;
static uint32_t first_seed;

static void test_mutated(const char *name, const blob_t *wasm, uint32_t seed, int bytes) {
    test_pool_t pool = test_pool_new(256 * 1024);
    avm_fault_t fault = {0};
    int refused = 0;
    check_case(name);
    seed += first_seed;
    for (int round = 0; round < rounds; round++) {
        blob_t changed = blob_copy(wasm->bytes, wasm->length);
        for (int i = 0; i < bytes; i++) {
            changed.bytes[random_next(&seed) % wasm->length] = (uint8_t)random_next(&seed);
        }
        refused += try_agent(&pool, changed.bytes, changed.length, &fault) != AVM_OK;
        blob_free(&changed);
    }
    // Neither everything nor nothing: the damage must reach past the first check.
    check(refused > rounds / 4 && refused < rounds, "%d of %d refused", refused, rounds);
    test_pool_free(&pool);
}

static void test_noise(void) {
    test_pool_t pool = test_pool_new(64 * 1024);
    avm_fault_t fault = {0};
    uint32_t seed = 77;
    uint8_t bytes[256] = "\0asm\1\0\0";
    check_case("broken_noise");
    for (int round = 0; round < 2000; round++) {
        size_t length = 8 + random_next(&seed) % (sizeof(bytes) - 8);
        for (size_t i = 8; i < length; i++) {
            bytes[i] = (uint8_t)random_next(&seed);
        }
        check(try_agent(&pool, bytes, length, &fault) != AVM_OK, "took noise");
    }
    test_pool_free(&pool);
}

int main(int argc, char **argv) {
    blob_t agent = blob_read("modules/agent.wasm");
    blob_t tricks = blob_read("modules/agent_tricks.wasm");
    support_host();
    rounds = argc > 1 ? atoi(argv[1]) : rounds;
    first_seed = argc > 2 ? (uint32_t)atoi(argv[2]) : 0;
    test_truncated(&agent);
    test_longer(&agent);
    test_noise();
    if (support_validates()) {
        test_mutated("broken_one_byte", &agent, 1, 1);
        test_mutated("broken_one_byte_tricks", &tricks, 2, 1);
        test_mutated("broken_three_bytes", &agent, 3, 3);
    } else {
        check_skip("broken_one_byte", "this wasm3 does not validate, and may crash");
    }
    blob_free(&agent);
    blob_free(&tricks);
    return check_end();
}
