// What firmware has of Mbed TLS: a TLS 1.2 client that checks certificates, with their dates and
// the server's name, and may show one of its own. TLS 1.3 would need Mbed TLS's PSA layer, some
// 60 kB more. Included by Mbed TLS itself, so it must not include MicroPython.
#ifndef WASMOTE_TLS_MBEDTLS_CONFIG_H
#define WASMOTE_TLS_MBEDTLS_CONFIG_H

#include <stdlib.h>

// Protocol. The server is asked for records of at most 2048 bytes (hooks.c). Its certificates have
// to fit into what comes in, all of them together, and ours into what goes out.
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH
#define MBEDTLS_SSL_IN_CONTENT_LEN          (4096)
#define MBEDTLS_SSL_OUT_CONTENT_LEN         (2048)
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED

// Certificates
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE
#define MBEDTLS_OID_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C

// Public keys. Curve operations stop after some work and go on in the next call (hooks.c).
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_ECP_C
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECDSA_DETERMINISTIC
#define MBEDTLS_HMAC_DRBG_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECP_RESTARTABLE
#define MBEDTLS_ECP_WINDOW_SIZE             (4)
#define MBEDTLS_ECP_FIXED_POINT_OPTIM       (0)
#define MBEDTLS_MPI_WINDOW_SIZE             (2)
// 4096 bits: what certificate authorities have at most
#define MBEDTLS_MPI_MAX_SIZE                (512)
#define MBEDTLS_HAVE_ASM

// Ciphers and hashes
#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_CIPHER_C
#define MBEDTLS_GCM_C
#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_SHA512_SMALLER

// Chance
#define MBEDTLS_CTR_DRBG_C
#define MBEDTLS_ENTROPY_C
#define MBEDTLS_ENTROPY_FORCE_SHA256

#define MBEDTLS_ERROR_C
#define MBEDTLS_DEPRECATED_REMOVED
#define MBEDTLS_PLATFORM_C

#ifndef __unix__
// Memory comes from Python's heap by way of the port; clock, calendar and entropy from the port.
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS
#define MBEDTLS_NO_PLATFORM_ENTROPY
#define MBEDTLS_ENTROPY_HARDWARE_ALT
#define MBEDTLS_PLATFORM_MS_TIME_ALT
#define MBEDTLS_PLATFORM_GMTIME_R_ALT
#include <stdio.h>
#include <time.h>
void *tls_port_calloc(size_t count, size_t bytes);
void tls_port_free(void *data);
time_t tls_port_time(time_t *seconds);
#define MBEDTLS_PLATFORM_STD_CALLOC         tls_port_calloc
#define MBEDTLS_PLATFORM_STD_FREE           tls_port_free
#define MBEDTLS_PLATFORM_SNPRINTF_MACRO     snprintf
#define MBEDTLS_PLATFORM_TIME_MACRO         tls_port_time
#define MICROPY_MBEDTLS_CONFIG_BARE_METAL   (1)
#endif

#endif
