#ifndef WASMOTE_VERIFY_H
#define WASMOTE_VERIFY_H

// Verifies Ed25519 signatures (RFC 8032) of messages that come in parts. Which ones hold where
// the RFC leaves it open stands in README.md.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monocypher-ed25519.h"

#define VERIFY_KEY_BYTES (32)
#define VERIFY_SIGNATURE_BYTES (64)
// C stack that a call takes at most: 2,000 on Arm and RISC-V (tests/c/test_sign_stack.py), and more
// on Xtensa, whose frames have room for register windows
#define VERIFY_STACK_BYTES (2560)

typedef struct {
    const uint8_t *key;
    const uint8_t *signature;
    crypto_sha512_ctx hash;
} verify_t;

// `key` and `signature` stay where they are until verify_end().
void verify_begin(verify_t *self, const uint8_t *key, const uint8_t *signature);
void verify_add(verify_t *self, const uint8_t *part, size_t bytes);
// Whether the signature is the key's, of all that was added.
bool verify_end(verify_t *self);

#endif
