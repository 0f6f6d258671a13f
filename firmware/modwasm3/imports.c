// What Wasm may call: Python callables, and the functions of SPEC.md 1.2 for agents.
#include "modwasm3.h"

#include "py/mphal.h"
#include "py/mpprint.h"
#include "py/runtime.h"

#include <string.h>

static void store_results(avm_call_t *call, mp_obj_t result) {
    size_t count = avm_function_results(call->function);
    mp_obj_t *items = &result;
    if (count == 0) {
        return;
    }
    if (count > 1) {
        mp_obj_get_array_fixed_n(result, count, &items);
    }
    for (size_t i = 0; i < count; i++) {
        avm_type_t type = avm_function_result(call->function, i);
        avm_slot_set(&call->results[i], type, wasm3_value_get(items[i], type));
    }
}

static void call_python(avm_call_t *call) {
    const wasm3_link_t *link = call->context;
    mp_obj_t arguments[AVM_VALUES_MAX];
    size_t count = avm_function_arguments(call->function);
    for (size_t i = 0; i < count; i++) {
        avm_type_t type = avm_function_argument(call->function, i);
        arguments[i] = wasm3_value_new(avm_slot_get(&call->arguments[i], type), type);
    }
    store_results(call, mp_call_function_n_kw(link->callable, count, 0, arguments));
}

avm_error_t wasm3_call_python(avm_call_t *call) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) != 0) {
        wasm3_keep_exception(MP_OBJ_FROM_PTR(nlr.ret_val));
        return avm_fault(call->fault, AVM_HOST, "an import raised an exception");
    }
    call_python(call);
    nlr_pop();
    return AVM_OK;
}

// --- env.log

#define LOG_BYTES_MAX 128

// One line whatever the agent sends: control characters would upset a terminal.
static size_t clean_line(char *line, const uint8_t *bytes, size_t length) {
    // Not in the middle of a character.
    if (length > LOG_BYTES_MAX) {
        length = LOG_BYTES_MAX;
        while (length > 0 && (bytes[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    bool is_text = avm_utf8_check(bytes, length);
    for (size_t i = 0; i < length; i++) {
        bool keep = bytes[i] >= 0x20 && bytes[i] != 0x7f && (is_text || bytes[i] < 0x80);
        line[i] = keep ? (char)bytes[i] : '?';
    }
    return length;
}

// env.log(ptr: i32, len: i32)
static avm_error_t env_log(avm_call_t *call) {
    char line[LOG_BYTES_MAX];
    uint32_t at = (uint32_t)avm_slot_get(&call->arguments[0], AVM_I32).i32;
    uint32_t length = (uint32_t)avm_slot_get(&call->arguments[1], AVM_I32).i32;
    avm_memory_t memory = avm_runtime_memory(call->runtime);
    if ((uint64_t)at + length > memory.length) {
        return avm_fault(call->fault, AVM_BAD_ADDRESS, "env.log of bytes beyond the memory");
    }
    size_t cut = clean_line(line, memory.bytes + at, length);
    mp_print_str(&mp_plat_print, call->context);
    mp_print_str(&mp_plat_print, ": ");
    mp_plat_print.print_strn(mp_plat_print.data, line, cut);
    mp_print_str(&mp_plat_print, "\n");
    return AVM_OK;
}

// --- env.now_us

// 64 bits from counters that may have 32: microseconds wrap after 71 minutes, milliseconds
// (which tell how often) after 49 days.
static uint64_t now_us_64(void) {
    static uint64_t now;
    static uint32_t last_us, last_ms;
    uint32_t us = (uint32_t)mp_hal_ticks_us();
    uint32_t ms = (uint32_t)mp_hal_ticks_ms();
    uint64_t rough = (uint64_t)(uint32_t)(ms - last_ms) * 1000;
    uint64_t fine = (uint32_t)(us - last_us);
    // The multiple of 2**32 that brings fine closest to rough.
    uint64_t wraps = rough > fine ? (rough - fine + UINT32_MAX / 2) >> 32 : 0;
    now += (wraps << 32) + fine;
    last_us = us;
    last_ms = ms;
    return now;
}

// env.now_us() -> i64
static avm_error_t env_now_us(avm_call_t *call) {
    avm_slot_set(&call->results[0], AVM_I64, (avm_value_t) {.i64 = (int64_t)now_us_64()});
    return AVM_OK;
}

static const avm_grant_t known[] = {
    {"env", "log", "(ii)", {.function = env_log}},
    {"env", "now_us", "I()", {.function = env_now_us}},
};

static bool is_named(const avm_grant_t *grant, const char *name, size_t length) {
    size_t dot = strlen(grant->from);
    return length == dot + 1 + strlen(grant->name) && memcmp(name, grant->from, dot) == 0
           && name[dot] == '.' && memcmp(name + dot + 1, grant->name, length - dot - 1) == 0;
}

static bool find_grant(avm_grant_t *grant, const char *name, size_t length, void *context) {
    for (size_t k = 0; k < MP_ARRAY_SIZE(known); k++) {
        if (is_named(&known[k], name, length)) {
            *grant = known[k];
            grant->import.context = context;
            return true;
        }
    }
    return length > 3 && memcmp(name, "nn.", 3) == 0 && avm_nn_grant(grant, name + 3, length - 3);
}

// Names that this host does not know are nothing it could grant: the module that imports
// one is refused.
size_t wasm3_grants(mp_obj_t names, avm_grant_t *grants, void *context) {
    size_t count, granted = 0;
    mp_obj_t *items;
    mp_obj_get_array(names, &count, &items);
    for (size_t i = 0; i < count && granted < WASM3_GRANTS_MAX; i++) {
        size_t length;
        const char *name = mp_obj_str_get_data(items[i], &length);
        if (find_grant(&grants[granted], name, length, context)) {
            granted++;
        }
    }
    return granted;
}
