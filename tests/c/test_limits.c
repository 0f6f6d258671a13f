// What stops an agent: deadline, host, C stack, pool; and that all of it comes back.
#include "check.h"
#include "instance.h"

#include <stdio.h>
#include <string.h>

// --- Time

static uint32_t run_for(instance_t *t, const char *name, int32_t argument, uint32_t deadline_ms,
    avm_error_t want) {
    avm_value_t value = {.i32 = argument};
    uint32_t start = support_now_us();
    avm_error_t error = avm_call(instance_function(t, name), &value, &value, deadline_ms,
        &t->fault);
    uint32_t took = support_now_us() - start;
    check(error == want, "%s: %s (%s) instead of %s", name, avm_error_word(error), t->fault.text,
        avm_error_word(want));
    return took;
}

static void test_deadline(void) {
    static const struct {
        const char *name;
        int32_t argument;
    } cases[] = {{"bare", 0}, {"branch_if", 0}, {"table", 1}, {"nested", 0}, {"fork", 60}};
    instance_t t;
    check_case("limits_deadline");
    instance_load(&t, "modules/endless.wasm");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t took = run_for(&t, cases[i].name, cases[i].argument, 50, AVM_DEADLINE);
        // The machine may be busy: late is not wrong, early is, by more than a look's interval.
        check(took >= 50000 && took < 1000000, "%s: %u us", cases[i].name, took);
        check_holds(t.fault.text, "50 ms passed in function ");
        check_holds(t.fault.text, cases[i].name);
    }
    check_case("limits_deadline_not_reached");
    run_for(&t, "finite", 1000, 1000, AVM_OK);
    run_for(&t, "finite", 1000, 0, AVM_OK);
    instance_free(&t);
}

static void test_poll(void) {
    instance_t t;
    check_case("limits_poll_stops");
    instance_load(&t, "modules/endless.wasm");
    support_poll = AVM_INTERRUPTED;
    uint32_t took = run_for(&t, "bare", 0, 0, AVM_INTERRUPTED);
    check(took < 100000, "%u us until the poll was heard", took);
    check_holds(t.fault.text, "stopped in function 0 (bare)");
    support_poll = AVM_OK;
    check_case("limits_poll_often");
    support_polls = 0;
    took = run_for(&t, "bare", 0, 200, AVM_DEADLINE);
    // At least one a millisecond; under sanitizers and load a fifth of that will do.
    check(support_polls > took / 5000, "%u polls in %u us", support_polls, took);
    instance_free(&t);
}

// A host function's time is the agent's own only when it is not trusted.
static uint32_t slept_us;

static avm_error_t sleep_ms(avm_call_t *call) {
    (void)call;
    uint32_t start = support_now_us();
    while (support_now_us() - start < slept_us) {
    }
    return AVM_OK;
}

static void test_trusted(void) {
    static avm_import_t import = {.function = sleep_ms, .trusted = true};
    instance_t t;
    avm_value_t count = {.i32 = 5};
    check_case("limits_trusted_time");
    check(!instance_open(&t, "modules/imports.wasm", 0), "%s", t.fault.text);
    for (uint32_t i = 0; i < t.info.imported_functions; i++) {
        const char *name = avm_function_name(avm_module_function(t.module, i));
        avm_module_link(t.module, "host", name, NULL, &import, &t.fault);
    }
    check(!avm_module_compile(t.module, false, &t.fault), "%s", t.fault.text);
    slept_us = 20000;
    avm_function_t *function = instance_function(&t, "count");
    import.trusted = true;
    check(!avm_call(function, &count, NULL, 60, &t.fault), "trusted: %s", t.fault.text);
    import.trusted = false;
    check(avm_call(function, &count, NULL, 60, &t.fault) == AVM_DEADLINE, "not trusted: no end");
    instance_free(&t);
}

// --- Depth

static void test_recursion(void) {
    instance_t t;
    avm_value_t value = {.i32 = 0};
    check_case("limits_value_stack");
    instance_load(&t, "modules/traps.wasm");
    check(instance_call(&t, "recurse", &value, &value) == AVM_TRAP, "no end");
    check_holds(t.fault.text, "stack overflow in function ");
    instance_free(&t);
}

// A value stack so large that the C stack runs out first.
static void test_c_stack(void) {
    instance_t t;
    check_case("limits_c_stack");
    memset(&t, 0, sizeof(t));
    t.pool = test_pool_new(64 * 1024 * 1024);
    t.wasm = blob_read("modules/endless.wasm");
    avm_pool_heap_init(&t.heap, &t.pool.pool, 1);
    avm_heap_t *heap = &t.heap.heap;
    check(!avm_inspect(&t.info, t.wasm.bytes, t.wasm.length, &t.fault), "%s", t.fault.text);
    avm_env_new(&t.env, heap, &t.fault);
    avm_module_parse(&t.module, heap, t.env, &t.info, &t.fault);
    check(!avm_runtime_new(&t.runtime, heap, t.env, 32 * 1024 * 1024, 0, &t.fault), "%s",
        t.fault.text);
    avm_runtime_load(t.runtime, t.module, &t.info, &t.fault);
    check(!avm_module_compile(t.module, false, &t.fault), "%s", t.fault.text);
    support_stack_bytes = 200000;
    run_for(&t, "ping", 0, 60000, AVM_TRAP);
    check_holds(t.fault.text, "stack overflow");
    support_stack_bytes = 1024 * 1024;
    instance_free(&t);
}

// Blocks within blocks: compiling recurses.
#define DEEPEST 4000

static size_t leb(uint8_t *at, uint32_t value) {
    size_t length = 0;
    do {
        at[length] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
        length++;
    } while (value != 0);
    return length;
}

#define BLOCK 0x02
#define LOOP 0x03

static blob_t nested(uint8_t opcode, uint32_t depth) {
    static const uint8_t head[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0,
        7, 5, 1, 1, 'f', 0, 0, 10};
    static uint8_t bytes[3 * DEEPEST + 64];
    uint8_t body_length[5], section_length[5];
    uint32_t body = 3 * depth + 2; // no locals, blocks, ends
    size_t body_leb = leb(body_length, body);
    size_t section_leb = leb(section_length, (uint32_t)(1 + body_leb) + body);
    uint8_t *at = bytes;
    memcpy(at, head, sizeof(head));
    at += sizeof(head);
    memcpy(at, section_length, section_leb);
    at += section_leb;
    *at++ = 1;
    memcpy(at, body_length, body_leb);
    at += body_leb;
    *at++ = 0;
    for (uint32_t i = 0; i < depth; i++) {
        *at++ = opcode;
        *at++ = 0x40;
    }
    memset(at, 0x0b, depth + 1);
    at += depth + 1;
    return blob_copy(bytes, (size_t)(at - bytes));
}

static avm_error_t open_nested(instance_t *t, uint8_t opcode, uint32_t depth, avm_fault_t *fault) {
    *t = (instance_t) {.pool = test_pool_new(1024 * 1024), .wasm = nested(opcode, depth)};
    avm_pool_heap_init(&t->heap, &t->pool.pool, 1);
    avm_error_t error = avm_inspect(&t->info, t->wasm.bytes, t->wasm.length, fault);
    if (!error) {
        error = avm_env_new(&t->env, &t->heap.heap, fault);
    }
    if (!error) {
        error = avm_module_parse(&t->module, &t->heap.heap, t->env, &t->info, fault);
    }
    if (!error) {
        error = avm_runtime_new(&t->runtime, &t->heap.heap, t->env, 4096, 0, fault);
    }
    if (!error) {
        error = avm_runtime_load(t->runtime, t->module, &t->info, fault);
    }
    if (!error) {
        error = avm_module_compile(t->module, false, fault);
    }
    return error;
}

static avm_error_t compile_nested(uint32_t depth, size_t stack_bytes, avm_fault_t *fault) {
    instance_t t;
    support_stack_bytes = stack_bytes;
    avm_error_t error = open_nested(&t, BLOCK, depth, fault);
    support_stack_bytes = 1024 * 1024;
    instance_free(&t);
    return error;
}

static void test_nested_blocks(void) {
    avm_fault_t fault = {0};
    check_case("limits_nested_blocks");
    check(!compile_nested(100, 1024 * 1024, &fault), "100 blocks: %s", fault.text);
    check(compile_nested(DEEPEST, 1024 * 1024, &fault) == AVM_MALFORMED, "took %d blocks",
        DEEPEST);
    check_case("limits_nested_blocks_c_stack");
    check(compile_nested(100, 12000, &fault) == AVM_MALFORMED, "took 100 blocks on 12000 bytes");
    check_holds(fault.text, "stack");
}

// Loops within loops nest on the C stack when they run, without any call.
static void test_nested_loops(void) {
    instance_t t;
    avm_fault_t fault = {0};
    check_case("limits_nested_loops_c_stack");
    check(!open_nested(&t, LOOP, 100, &fault), "100 loops: %s", fault.text);
    check(!instance_call(&t, "f", NULL, NULL), "100 loops: %s", t.fault.text);
    support_stack_bytes = 3000;
    check(instance_call(&t, "f", NULL, NULL) == AVM_TRAP, "ran 100 loops on 3000 bytes");
    check_holds(t.fault.text, "stack overflow");
    support_stack_bytes = 1024 * 1024;
    instance_free(&t);
}

// --- Words

static void test_trap_words(void) {
    static const struct {
        const char *name;
        avm_value_t arguments[2];
        const char *words;
    } cases[] = {
        {"unreachable", {{.i32 = 0}}, "unreachable executed in function 0 (unreachable)"},
        {"divide", {{.i32 = 1}, {.i32 = 0}}, "integer divide by zero in function 2 (divide)"},
        {"divide", {{.i32 = INT32_MIN}, {.i32 = -1}}, "integer overflow in function 2 (divide)"},
        {"remainder", {{.i64 = 1}, {.i64 = 0}}, "integer divide by zero in function 3"},
        {"truncate", {{.f32 = 1e30f}}, "integer overflow in function 4"},
        {"load", {{.i32 = 65533}}, "out of bounds memory access in function 5"},
        {"store", {{.i32 = -1}}, "out of bounds memory access in function 6"},
        {"indirect", {{.i32 = 0}}, "indirect call type mismatch in function 7"},
        {"indirect", {{.i32 = 2}}, "element in function 7"},
        {"indirect", {{.i32 = 99}}, "undefined element in function 7"},
        // The innermost function is named, not one that has returned before.
        {"outer", {{.i32 = 0}}, "unreachable executed in function 0 (unreachable)"},
        {"after", {{.i32 = 0}}, "unreachable executed in function 11 (after)"},
    };
    instance_t t;
    avm_value_t result;
    instance_load(&t, "modules/traps.wasm");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_case(cases[i].words);
        check(instance_call(&t, cases[i].name, cases[i].arguments, &result) == AVM_TRAP, "%s",
            cases[i].name);
        check_holds(t.fault.text, cases[i].words);
    }
    check_case("limits_call_after_trap");
    check(instance_call_i32(&t, "divide", 42, -6) == -7, "%s", t.fault.text);
    instance_free(&t);
}

// --- Memory that runs out, and comes back

static avm_agent_config_t agent_config(const blob_t *wasm) {
    return (avm_agent_config_t) {
        .wasm = wasm->bytes, .wasm_bytes = wasm->length, .grants = support_grants,
        .grant_count = 2, .memory_bytes = 2048, .inputs_bytes = 8, .outputs_bytes = 8,
    };
}

static uint32_t load_and_close(avm_pool_t *pool, const blob_t *wasm) {
    static const uint8_t input[8] = {1, 2, 3, 4, 5, 0, 0, 1};
    avm_agent_config_t config = agent_config(wasm);
    avm_agent_t agent = {0};
    avm_fault_t fault = {0};
    uint8_t output[8];
    uint32_t before = pool->used;
    check(!avm_agent_load(&agent, pool, &config, &fault), "%s", fault.text);
    check_text(support_log, "agent: ready");
    check(!avm_agent_infer(&agent, input, 8, output, &fault), "%s", fault.text);
    check(output[0] == 16 && output[4] == 1, "sum %u count %u", output[0], output[4]);
    uint32_t held = avm_agent_pool_bytes(&agent);
    check(held == pool->used - before, "holds %u, takes %u", held, pool->used - before);
    avm_agent_close(&agent, &fault);
    check(pool->used == before, "%u bytes used, %u before", pool->used, before);
    return held;
}

static void test_drift(void) {
    test_pool_t pool = test_pool_new(64 * 1024);
    blob_t wasm = blob_read("modules/agent.wasm");
    check_case("limits_load_1000_times");
    uint32_t held = load_and_close(&pool.pool, &wasm);
    uint32_t largest = avm_pool_largest(&pool.pool);
    for (int i = 0; i < 1000; i++) {
        check(load_and_close(&pool.pool, &wasm) == held, "round %d: holds another amount", i);
        if (!check(pool.pool.used == 0 && avm_pool_largest(&pool.pool) == largest
            && avm_pool_check(&pool.pool), "round %d: %u bytes still used", i, pool.pool.used)) {
            break;
        }
    }
    blob_free(&wasm);
    test_pool_free(&pool);
}

// Two agents that come and go in turn leave each other's memory alone.
static void test_two_agents(void) {
    test_pool_t pool = test_pool_new(96 * 1024);
    blob_t wasm = blob_read("modules/agent.wasm");
    avm_agent_config_t config = agent_config(&wasm);
    avm_agent_t first = {0};
    avm_fault_t fault = {0};
    uint8_t input[8] = {1}, output[8];
    check_case("limits_two_agents");
    check(!avm_agent_load(&first, &pool.pool, &config, &fault), "%s", fault.text);
    for (int i = 1; i < 100; i++) {
        load_and_close(&pool.pool, &wasm);
        check(!avm_agent_infer(&first, input, 8, output, &fault), "%s", fault.text);
        check(output[0] == 1 && output[4] == i, "sum %u count %u", output[0], output[4]);
    }
    avm_agent_close(&first, &fault);
    blob_free(&wasm);
    test_pool_free(&pool);
}

// Whatever allocation is the one that fails: no crash, the reason, nothing kept.
static void test_out_of_memory(void) {
    blob_t wasm = blob_read("modules/agent.wasm");
    avm_agent_config_t config = agent_config(&wasm);
    unsigned failures = 0;
    check_case("limits_out_of_memory");
    for (size_t bytes = 16; bytes < 64 * 1024; bytes += 24) {
        test_pool_t pool = test_pool_new(bytes);
        avm_agent_t agent = {0};
        avm_fault_t fault = {0};
        avm_error_t error = avm_agent_load(&agent, &pool.pool, &config, &fault);
        if (error) {
            failures++;
            check(error == AVM_NO_MEMORY, "%zu bytes: %s", bytes, avm_error_word(error));
            check_holds(fault.text, "bytes of the pool or more, ");
            check(pool.pool.used == 0 && avm_pool_check(&pool.pool), "%zu bytes: kept %u", bytes,
                pool.pool.used);
        }
        avm_agent_close(&agent, &fault);
        test_pool_free(&pool);
        if (!error) {
            break;
        }
    }
    check(failures > 100, "only %u sizes were too small", failures);
    blob_free(&wasm);
}

// What a host may refuse, and would stop less surely: wasm3 knows it all.
static void test_mvp_only(void) {
    static const char *const names[] = {"modules/agent_bulk.wasm", "modules/agent_tail.wasm",
        "modules/agent_block.wasm"};
    test_pool_t pool = test_pool_new(64 * 1024);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        blob_t wasm = blob_read(names[i]);
        avm_agent_config_t config = agent_config(&wasm);
        avm_agent_t agent = {0};
        avm_fault_t fault = {0};
        check_case(names[i]);
        avm_error_t error = avm_agent_load(&agent, &pool.pool, &config, &fault);
        check(error == AVM_MALFORMED, "%s: %s", avm_error_word(error), fault.text);
        check_holds(fault.text, "unknown opcode in function 5 (infer)");
        blob_free(&wasm);
    }
    test_pool_free(&pool);
}

// Loading wants some C stack, and says so instead of overrunning it.
static void test_load_c_stack(void) {
    test_pool_t pool = test_pool_new(64 * 1024);
    blob_t wasm = blob_read("modules/agent.wasm");
    avm_agent_config_t config = agent_config(&wasm);
    avm_agent_t agent = {0};
    avm_fault_t fault = {0};
    check_case("limits_load_c_stack");
    support_stack_bytes = 3000;
    check(avm_agent_load(&agent, &pool.pool, &config, &fault) == AVM_NO_MEMORY, "loaded");
    check_holds(fault.text, "C stack");
    check(pool.pool.used == 0, "kept %u bytes", pool.pool.used);
    support_stack_bytes = 1024 * 1024;
    blob_free(&wasm);
    test_pool_free(&pool);
}

int main(void) {
    support_host();
    test_deadline();
    test_poll();
    test_trusted();
    test_recursion();
    test_c_stack();
    test_nested_blocks();
    test_nested_loops();
    test_trap_words();
    test_drift();
    test_two_agents();
    test_out_of_memory();
    test_load_c_stack();
    test_mvp_only();
    return check_end();
}
