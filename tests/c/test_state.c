// avm_agent_state: where an agent says that its state lies, checked.
#include "check.h"
#include "support.h"

#include <string.h>

static avm_agent_t agent;
static test_pool_t pool;

static void load(const char *file) {
    avm_fault_t fault;
    blob_t wasm = blob_read(file);
    avm_agent_config_t config = {.wasm = wasm.bytes, .wasm_bytes = wasm.length,
        .memory_bytes = 1024, .deadline_ms = 50, .inputs_bytes = 8, .outputs_bytes = 4};
    config.grants = support_grants;
    config.grant_count = 2;
    memset(&agent, 0, sizeof(agent));
    avm_error_t error = avm_agent_load(&agent, &pool.pool, &config, &fault);
    check(error == AVM_OK, "%s: %s", file, fault.text);
    blob_free(&wasm);
}

static uint32_t infer(uint32_t at, uint32_t length) {
    avm_fault_t fault;
    uint32_t input[2] = {at, length};
    uint32_t count = 0;
    avm_error_t error = avm_agent_infer(&agent, (const uint8_t *)input, 8, (uint8_t *)&count,
        &fault);
    check(error == AVM_OK, "%s", fault.text);
    return count;
}

static void test_handed_over(void) {
    avm_fault_t fault;
    uint8_t *at = NULL;
    size_t bytes = 0;
    uint8_t kept[4];
    check_case("state_handed_over");
    load("modules/agent_state.wasm");
    infer(0, 0);
    check(infer(0, 0) == 2, "not the second inference");
    check(avm_agent_state(&agent, &at, &bytes, &fault) == AVM_OK, "%s", fault.text);
    check(bytes == 4, "%zu bytes", bytes);
    memcpy(kept, at, 4);
    avm_agent_close(&agent, &fault);
    load("modules/agent_state.wasm");
    check(avm_agent_state(&agent, &at, &bytes, &fault) == AVM_OK, "%s", fault.text);
    memcpy(at, kept, 4);
    check(infer(0, 0) == 3, "the state did not come along");
    avm_agent_close(&agent, &fault);
}

// What the agent says of its state, and what comes of it; it is dropped then.
static void test_refused(void) {
    static const struct {
        uint32_t at, length;
        avm_error_t want;
    } cases[] = {
        {1020, 4, AVM_OK}, {1021, 4, AVM_BAD_ADDRESS}, {1024, 1, AVM_BAD_ADDRESS},
        {48, 0xffffffff, AVM_BAD_ADDRESS}, {0xffffffff, 4, AVM_BAD_ADDRESS},
        {0xffffffff, 1, AVM_BAD_ADDRESS}, {0x80000000, 0x80000000, AVM_BAD_ADDRESS},
        {0xfffffffe, 4, AVM_TRAP}, {48, 0xfffffffe, AVM_DEADLINE},
    };
    check_case("state_refused");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        avm_fault_t fault;
        uint8_t *at = NULL;
        size_t bytes;
        load("modules/agent_state.wasm");
        infer(cases[i].at, cases[i].length);
        avm_error_t error = avm_agent_state(&agent, &at, &bytes, &fault);
        check(error == cases[i].want, "case %zu: %s", i, avm_error_word(error));
        check((agent.runtime == NULL) == (error != AVM_OK), "case %zu: dropped or not", i);
        avm_agent_close(&agent, &fault);
        check(pool.pool.used == 0, "case %zu: %u bytes still used", i, pool.pool.used);
    }
}

static void test_none(void) {
    avm_fault_t fault;
    uint8_t *at = NULL;
    size_t bytes;
    check_case("state_none");
    load("modules/agent.wasm");
    check(!avm_agent_has_state(&agent), "it has a state");
    check(avm_agent_state(&agent, &at, &bytes, &fault) == AVM_USAGE, "no error");
    check(agent.runtime != NULL, "it was dropped");
    avm_agent_close(&agent, &fault);
    check(avm_agent_state(&agent, &at, &bytes, &fault) == AVM_DROPPED, "not dropped");
}

int main(void) {
    support_host();
    pool = test_pool_new(256 * 1024);
    test_handed_over();
    test_refused();
    test_none();
    test_pool_free(&pool);
    return check_end();
}
