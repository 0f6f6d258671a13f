#include "verify.h"

#include <string.h>

#define POINT_BYTES (32)
#define TOP_BYTE (POINT_BYTES - 1)
#define SIGN_BIT (0x80)

// The y of the eight points whose order divides 8, as points are written: 0, 1, -1, and y and -y
// of those of order 8. Both signs of x count.
static const uint8_t small_order[][POINT_BYTES] = {
    {0x00},
    {0x01},
    {
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    },
    {
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
        0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    },
    {
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
        0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    },
};

// y below 2^255 - 19: the only way to write it
static bool is_canonical(const uint8_t *y) {
    if (y[TOP_BYTE] != 0x7f || y[0] < 0xed) {
        return true;
    }
    for (size_t i = 1; i < TOP_BYTE; i++) {
        if (y[i] != 0xff) {
            return true;
        }
    }
    return false;
}

static bool is_small(const uint8_t *y) {
    for (size_t i = 0; i < sizeof(small_order) / sizeof(small_order[0]); i++) {
        if (memcmp(y, small_order[i], POINT_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

// What Monocypher does not look at; that the point is on the curve, it does.
static bool point_check(const uint8_t *point) {
    uint8_t y[POINT_BYTES];
    memcpy(y, point, POINT_BYTES);
    y[TOP_BYTE] &= (uint8_t) ~SIGN_BIT;
    return is_canonical(y) && !is_small(y);
}

void verify_begin(verify_t *self, const uint8_t *key, const uint8_t *signature) {
    self->key = key;
    self->signature = signature;
    crypto_sha512_init(&self->hash);
    crypto_sha512_update(&self->hash, signature, POINT_BYTES);
    crypto_sha512_update(&self->hash, key, VERIFY_KEY_BYTES);
}

void verify_add(verify_t *self, const uint8_t *part, size_t bytes) {
    crypto_sha512_update(&self->hash, part, bytes);
}

bool verify_end(verify_t *self) {
    uint8_t digest[64];
    uint8_t h[32];
    crypto_sha512_final(&self->hash, digest);
    if (!point_check(self->key) || !point_check(self->signature)) {
        return false;
    }
    crypto_eddsa_reduce(h, digest);
    return crypto_eddsa_check_equation(self->signature, self->key, h) == 0;
}
