// What Mbed TLS asks of this port: memory, clock, calendar, entropy.
#include <string.h>

#include "mbedtls/entropy.h"
#include "mbedtls/platform_time.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/sha256.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/timeutils/timeutils.h"

#include "clock.h"
#include "entropy.h"
#include "tls.h"

#define STATE_BYTES     (32)

static uint8_t state[STATE_BYTES];
static bool seeded;

// Of a heap that has been at work for long no piece of 4 KiB is left, though there is room enough. So
// what a connection's buffers were stays for the next one: for two at a time, in and out.
#define LONG_BYTES      (2048)
#define LONG_PIECES     (4)

static struct {
    void *data;
    size_t bytes;
    bool taken;
} pieces[LONG_PIECES];

void *tls_port_calloc(size_t count, size_t bytes) {
    size_t size = count * bytes;
    size_t place = LONG_PIECES;
    for (size_t i = 0; i < LONG_PIECES && size >= LONG_BYTES; i++) {
        if (pieces[i].data == NULL) {
            place = i;
        } else if (pieces[i].bytes == size && !pieces[i].taken) {
            pieces[i].taken = true;
            return memset(pieces[i].data, 0, size);
        }
    }
    void *data = m_tracked_calloc(count, bytes);
    if (data && place < LONG_PIECES) {
        pieces[place].data = data;
        pieces[place].bytes = size;
        pieces[place].taken = true;
    }
    return data;
}

void tls_port_free(void *data) {
    for (size_t i = 0; data && i < LONG_PIECES; i++) {
        if (pieces[i].data == data) {
            pieces[i].taken = false;
            return;
        }
    }
    m_tracked_free(data);
}

// Those that are taken are freed by who took them.
void tls_end(void) {
    for (size_t i = 0; i < LONG_PIECES; i++) {
        if (pieces[i].data && !pieces[i].taken) {
            m_tracked_free(pieces[i].data);
        }
    }
    memset(pieces, 0, sizeof(pieces));
}

time_t tls_port_time(time_t *seconds) {
    time_t now = clock_get_us() / 1000000;
    if (seconds) {
        *seconds = now;
    }
    return now;
}

mbedtls_ms_time_t mbedtls_ms_time(void) {
    return ticks_us() / 1000;
}

struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *seconds, struct tm *out) {
    timeutils_struct_time_t tm;
    timeutils_seconds_since_epoch_to_struct_time(*seconds, &tm);
    *out = (struct tm) {
        .tm_year = tm.tm_year - 1900, .tm_mon = tm.tm_mon - 1, .tm_mday = tm.tm_mday,
        .tm_hour = tm.tm_hour, .tm_min = tm.tm_min, .tm_sec = tm.tm_sec,
    };
    return out;
}

// state = SHA-256(state, label, time, data)
static int stir(uint8_t *out, uint8_t label, const uint8_t *data, size_t bytes) {
    uint32_t now = ticks_get_low();
    mbedtls_sha256_context hash;
    mbedtls_sha256_init(&hash);
    int ret = mbedtls_sha256_starts(&hash, 0);
    ret = ret ? ret : mbedtls_sha256_update(&hash, state, sizeof(state));
    ret = ret ? ret : mbedtls_sha256_update(&hash, &label, 1);
    ret = ret ? ret : mbedtls_sha256_update(&hash, (const uint8_t *)&now, sizeof(now));
    ret = ret ? ret : mbedtls_sha256_update(&hash, data, bytes);
    ret = ret ? ret : mbedtls_sha256_finish(&hash, out);
    mbedtls_sha256_free(&hash);
    return ret;
}

// What was given does not tell what comes: the state moves on first.
int mbedtls_hardware_poll(void *data, unsigned char *output, size_t len, size_t *olen) {
    uint8_t block[STATE_BYTES];
    *olen = 0;
    while (*olen < len) {
        if (!seeded || stir(state, 0, NULL, 0) || stir(block, 1, NULL, 0)) {
            return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
        }
        size_t part = MIN(len - *olen, sizeof(block));
        memcpy(output + *olen, block, part);
        *olen += part;
    }
    return 0;
}

// seed(bytes): stirs at least 16 bytes of chance in
static mp_obj_t entropy_seed(mp_obj_t data) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(data, &buffer, MP_BUFFER_READ);
    if (buffer.len < 16) {
        mp_raise_ValueError(MP_ERROR_TEXT("a seed has at least 16 bytes"));
    }
    seeded = stir(state, 2, buffer.buf, buffer.len) == 0;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(entropy_seed_obj, entropy_seed);
