// Bytes as a key, a signature and a message: the same answer whatever the message's parts.
#include "verify.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static bool verified(const uint8_t *bytes, const uint8_t *message, size_t length, size_t part) {
    verify_t state;
    verify_begin(&state, bytes, bytes + VERIFY_KEY_BYTES);
    for (size_t at = 0; at < length; at += part) {
        verify_add(&state, message + at, length - at < part ? length - at : part);
    }
    return verify_end(&state);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    size_t fixed = VERIFY_KEY_BYTES + VERIFY_SIGNATURE_BYTES;
    if (length <= fixed) {
        return -1;
    }
    const uint8_t *message = bytes + fixed;
    size_t rest = length - fixed;
    bool whole = verified(bytes, message, rest, rest);
    if (whole != verified(bytes, message, rest, 1 + bytes[0] % 130)) {
        abort();
    }
    return 0;
}
