// The cases of tests/vectors/abi, as prepare.py has written them down for C.
#include "check.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD 512

// One line of the table, split at its spaces.
typedef struct {
    char fields[16][FIELD];
} row_t;

static bool read_row(FILE *file, row_t *row, const char *kind, int count) {
    char word[FIELD];
    if (fscanf(file, "%511s", word) != 1) {
        return false;
    }
    check(strcmp(word, kind) == 0, "table: %s instead of %s", word, kind);
    for (int i = 0; i < count; i++) {
        check(fscanf(file, "%511s", row->fields[i]) == 1, "table: ends early");
    }
    return true;
}

static size_t hex(const char *text, uint8_t *bytes) {
    size_t length = 0;
    unsigned byte;
    for (; text[0] != '-' && sscanf(text, "%2x", &byte) == 1; text += 2) {
        bytes[length++] = (uint8_t)byte;
    }
    return length;
}

static uint32_t number(const char *text) {
    return (uint32_t)strtoul(text, NULL, 10);
}

// Grants what the case lists; returns how many.
static size_t grants_of(const char *names, avm_grant_t *grants) {
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%s.%s", support_grants[i].from, support_grants[i].name);
        if (strstr(names, name) != NULL) {
            grants[count++] = support_grants[i];
        }
    }
    return count;
}

static const char *reason_of(const avm_fault_t *fault) {
    return fault->error == AVM_CODE ? avm_code_name(fault->code) : avm_error_word(fault->error);
}

static void check_error(const avm_fault_t *fault, const char *reason, const char *code) {
    check(strcmp(reason_of(fault), reason) == 0, "%s (%s) instead of %s", reason_of(fault),
        fault->text, reason);
    check(fault->text[0] != 0, "no text");
    int want = code[0] == '-' && code[1] == 0 ? 0 : atoi(code);
    check(fault->code == want, "code %d instead of %d", (int)fault->code, want);
}

// call <input> <output> <error> <code>
static void run_call(avm_agent_t *agent, const row_t *call) {
    avm_fault_t fault = {0};
    uint8_t input[FIELD], output[FIELD] = {0}, want[FIELD];
    size_t length = hex(call->fields[0], input);
    blob_t exact = blob_copy(input, length);
    avm_error_t error = avm_agent_infer(agent, exact.bytes, length, output, &fault);
    blob_free(&exact);
    if (strcmp(call->fields[2], "-") != 0) {
        check_error(&fault, call->fields[2], call->fields[3]);
        return;
    }
    size_t bytes = hex(call->fields[1], want);
    check(error == AVM_OK, "%s: %s", reason_of(&fault), fault.text);
    check(memcmp(output, want, bytes) == 0, "wrong output");
}

static bool needs_validation(const char *name) {
    return strncmp(name, "malformed-", 10) == 0;
}

// case <name> <wasm> <inputs> <outputs> <memory> <stack> <deadline> <imports> <model>
//      <load> <load_code> <calls>
static void run_case(FILE *file, row_t *row, test_pool_t *t) {
    avm_fault_t fault = {0};
    avm_agent_t agent = {0};
    avm_grant_t grants[2];
    uint8_t model[FIELD];
    row_t call;
    blob_t wasm = blob_read(row->fields[1]);
    size_t model_bytes = hex(row->fields[8], model);
    avm_agent_config_t config = {
        .wasm = wasm.bytes, .wasm_bytes = wasm.length,
        .inputs_bytes = number(row->fields[2]), .outputs_bytes = number(row->fields[3]),
        .memory_bytes = number(row->fields[4]), .vm_stack_bytes = number(row->fields[5]),
        .deadline_ms = number(row->fields[6]),
        .grants = grants, .grant_count = grants_of(row->fields[7], grants),
        .model = model_bytes ? model : NULL, .model_bytes = model_bytes,
    };
    avm_error_t error = avm_agent_load(&agent, &t->pool, &config, &fault);
    // The module's bytes are not needed any more.
    blob_free(&wasm);
    if (strcmp(row->fields[9], "ok") == 0) {
        check(error == AVM_OK, "%s: %s", reason_of(&fault), fault.text);
    } else {
        check_error(&fault, row->fields[9], row->fields[10]);
    }
    for (uint32_t left = number(row->fields[11]); left > 0; left--) {
        read_row(file, &call, "call", 4);
        run_call(&agent, &call);
    }
    avm_agent_close(&agent, &fault);
    check(t->pool.used == 0, "%u bytes of the pool still used", t->pool.used);
}

int main(void) {
    row_t row;
    test_pool_t t = test_pool_new(256 * 1024);
    FILE *file = fopen(DATA_DIR "/abi.txt", "r");
    support_host();
    check_case("abi_table");
    if (!check(file != NULL, "no abi.txt")) {
        return check_end();
    }
    while (read_row(file, &row, "case", 12)) {
        static char name[FIELD];
        memcpy(name, row.fields[0], sizeof(name));
        if (needs_validation(name) && !support_validates()) {
            // No such case has calls.
            check_skip(name, "this wasm3 does not validate");
            continue;
        }
        check_case(name);
        run_case(file, &row, &t);
    }
    fclose(file);
    test_pool_free(&t);
    return check_end();
}
