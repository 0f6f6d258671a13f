#include "utf8.h"

// The bytes that follow a first byte; -1 when none can.
static int following(uint8_t first) {
    if (first < 0x80) {
        return 0;
    }
    if (first < 0xc2 || first > 0xf4) {
        return -1;
    }
    return first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
}

// After some first bytes the second is limited further.
static bool second_ok(uint8_t first, uint8_t second) {
    switch (first) {
        case 0xe0:
            return second >= 0xa0;
        case 0xed:
            return second < 0xa0;
        case 0xf0:
            return second >= 0x90;
        case 0xf4:
            return second < 0x90;
        default:
            return true;
    }
}

bool avm_utf8_check(const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        uint8_t first = bytes[i];
        int more = following(first);
        if (more < 0 || (size_t)more > length - i - 1) {
            return false;
        }
        if (more > 0 && !second_ok(first, bytes[i + 1])) {
            return false;
        }
        for (; more > 0; more--) {
            if ((bytes[++i] & 0xc0) != 0x80) {
                return false;
            }
        }
    }
    return true;
}
