#include "error.h"

#include <string.h>

const char *avm_error_word(avm_error_t error) {
    static const char *const words[] = {
        [AVM_OK] = "ok",
        [AVM_MALFORMED] = "malformed",
        [AVM_IMPORT_DENIED] = "import-denied",
        [AVM_MISSING_EXPORT] = "missing-export",
        [AVM_EXPORT_TYPE] = "export-type",
        [AVM_MEMORY_LIMIT] = "memory-limit",
        [AVM_NO_MEMORY] = "no-memory",
        [AVM_ABI_VERSION] = "abi-version",
        [AVM_INIT_FAILED] = "init-failed",
        [AVM_TRAP] = "trap",
        [AVM_DEADLINE] = "deadline",
        [AVM_INTERRUPTED] = "interrupted",
        [AVM_BAD_ADDRESS] = "bad-address",
        [AVM_BAD_LENGTH] = "bad-length",
        [AVM_HOST] = "host",
        [AVM_CODE] = "code",
        [AVM_BUSY] = "busy",
        [AVM_DROPPED] = "dropped",
        [AVM_USAGE] = "usage",
    };
    return words[error];
}

const char *avm_code_name(int32_t code) {
    static const char *const names[] = {
        "input-length", "not-ready", "model", "argument", "internal", "unsupported",
    };
    if (code < 0 && code >= -(int32_t)(sizeof(names) / sizeof(names[0]))) {
        return names[-code - 1];
    }
    return code <= -1000 && code >= -1999 ? "own" : "unknown";
}

void avm_fault_name(avm_fault_t *fault, const char *name, size_t length) {
    size_t used = strlen(fault->text);
    size_t room = sizeof(fault->text) - 1 - used;
    if (length > room) {
        length = room;
    }
    memcpy(fault->text + used, name, length);
    fault->text[used + length] = 0;
}

void avm_fault_text(avm_fault_t *fault, const char *text) {
    avm_fault_name(fault, text, strlen(text));
}

void avm_fault_number(avm_fault_t *fault, int64_t number) {
    char digits[21];
    size_t at = sizeof(digits);
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0) {
        digits[--at] = '-';
    }
    avm_fault_name(fault, digits + at, sizeof(digits) - at);
}

avm_error_t avm_fault(avm_fault_t *fault, avm_error_t error, const char *text) {
    fault->error = error;
    fault->code = 0;
    fault->function = AVM_FAULT_NO_FUNCTION;
    fault->text[0] = 0;
    avm_fault_text(fault, text);
    return error;
}
