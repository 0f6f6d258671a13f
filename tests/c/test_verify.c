// Signatures that hold and that do not (tests/unit/signature_support.py), and what is read of them.
#include "check.h"
#include "support.h"

#include "verify.h"

#include <string.h>

#define MOST_CASES (1000)

typedef struct {
    bool holds;
    blob_t key, signature, message; // blocks of their own: a read beyond them is seen
} case_t;

static bool verified(const case_t *c, size_t part) {
    verify_t state;
    verify_begin(&state, c->key.bytes, c->signature.bytes);
    for (size_t at = 0; at < c->message.length;) {
        size_t left = c->message.length - at;
        size_t bytes = left < part ? left : part;
        verify_add(&state, c->message.bytes + at, bytes);
        at += bytes;
    }
    return verify_end(&state);
}

// The next of signatures.bin; moves `at` behind it.
static case_t case_read(const blob_t *file, size_t *at) {
    const uint8_t *head = file->bytes + *at;
    size_t message_bytes = head[1] | (size_t)head[2] << 8;
    const uint8_t *key = head + 3;
    const uint8_t *signature = key + VERIFY_KEY_BYTES;
    const uint8_t *message = signature + VERIFY_SIGNATURE_BYTES;
    *at += (size_t)(message - head) + message_bytes;
    case_t c = {head[0] != 0, blob_copy(key, VERIFY_KEY_BYTES),
        blob_copy(signature, VERIFY_SIGNATURE_BYTES), blob_copy(message, message_bytes)};
    return c;
}

static void case_free(case_t *c) {
    blob_free(&c->key);
    blob_free(&c->signature);
    blob_free(&c->message);
}

static void test_cases(const blob_t *file) {
    size_t count = 0;
    size_t held = 0;
    check_case("verify_cases");
    for (size_t at = 0; at < file->length && count < MOST_CASES; count++) {
        case_t c = case_read(file, &at);
        size_t parts[] = {SIZE_MAX, 1, 63, 64, 129};
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
            check(verified(&c, parts[i]) == c.holds, "case %zu in parts of %zu", count, parts[i]);
        }
        held += c.holds;
        case_free(&c);
    }
    check(held > 100 && count - held > 100, "%zu of %zu cases hold", held, count);
}

static void test_bits(const blob_t *file) {
    size_t at = 0;
    case_t c = case_read(file, &at);
    check_case("verify_every_bit");
    check(verified(&c, SIZE_MAX), "the first case does not hold");
    for (size_t bit = 0; bit < 8 * VERIFY_SIGNATURE_BYTES; bit++) {
        c.signature.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check(!verified(&c, SIZE_MAX), "without bit %zu of the signature", bit);
        c.signature.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * VERIFY_KEY_BYTES; bit++) {
        c.key.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check(!verified(&c, SIZE_MAX), "without bit %zu of the key", bit);
        c.key.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    case_free(&c);
}

// Nothing but the answer: random keys and signatures, half of them near the ends of the field.
static void test_noise(void) {
    uint32_t random = 1;
    uint8_t key[VERIFY_KEY_BYTES];
    uint8_t signature[VERIFY_SIGNATURE_BYTES];
    check_case("verify_noise");
    for (int i = 0; i < 500; i++) {
        for (size_t k = 0; k < sizeof(key); k++) {
            key[k] = i % 2 && k ? 0xff : (uint8_t)random_next(&random);
        }
        for (size_t k = 0; k < sizeof(signature); k++) {
            signature[k] = i % 4 == 3 && k % 32 ? 0xff : (uint8_t)random_next(&random);
        }
        signature[63] &= 0x0f; // else S is too large
        verify_t state;
        verify_begin(&state, key, signature);
        check(!verify_end(&state), "noise %d holds", i);
    }
}

int main(void) {
    blob_t file = blob_read("signatures.bin");
    test_cases(&file);
    test_bits(&file);
    test_noise();
    blob_free(&file);
    return check_end();
}
