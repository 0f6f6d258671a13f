// What MicroPython's binding does not say to Mbed TLS, put in at the linker (--wrap).
#include "mbedtls/asn1.h"
#include "mbedtls/bignum.h"
#include "mbedtls/ecp.h"
#include "mbedtls/pk.h"
#include "mbedtls/ssl.h"
#include "mbedtls/x509.h"

// Work between two looks at the loop, in Mbed TLS's own unit: about one field multiplication.
#define ECP_OPS_MAX     (150)
// Below all of Mbed TLS's own; firmware/lib/wasmote/links/tls.py knows it.
#define ALERT_BASE      (-0x10000)

int __real_mbedtls_ssl_config_defaults(mbedtls_ssl_config *conf, int endpoint, int transport, int preset);
int __real_mbedtls_ssl_read(mbedtls_ssl_context *ssl, unsigned char *buf, size_t len);
int __real_mbedtls_ssl_write(mbedtls_ssl_context *ssl, const unsigned char *buf, size_t len);

int __wrap_mbedtls_ssl_config_defaults(mbedtls_ssl_config *conf, int endpoint, int transport, int preset) {
    int ret = __real_mbedtls_ssl_config_defaults(conf, endpoint, transport, preset);
    if (ret) {
        return ret;
    }
    mbedtls_ecp_set_max_ops(ECP_OPS_MAX);
    return mbedtls_ssl_conf_max_frag_len(conf, MBEDTLS_SSL_MAX_FRAG_LEN_2048);
}

// A curve operation that paused goes on in the next call. The binding knows only waits for the
// network: a wait to write is over at the next turn of the loop. An alert becomes an error of its
// own, ALERT_BASE less its number, because the binding does not tell which one came.
static int meaning(const mbedtls_ssl_context *ssl, int ret) {
    if (ret == MBEDTLS_ERR_SSL_CRYPTO_IN_PROGRESS) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    if (ret == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        return ALERT_BASE - ssl->MBEDTLS_PRIVATE(in_msg)[1];
    }
    switch (ret) { // the binding takes the first of these for EBUSY
        case MBEDTLS_ERR_MPI_ALLOC_FAILED:
        case MBEDTLS_ERR_ECP_ALLOC_FAILED:
        case MBEDTLS_ERR_PK_ALLOC_FAILED:
        case MBEDTLS_ERR_X509_ALLOC_FAILED:
        case MBEDTLS_ERR_ASN1_ALLOC_FAILED:
            return MBEDTLS_ERR_SSL_ALLOC_FAILED;
        default:
            return ret;
    }
}

int __wrap_mbedtls_ssl_read(mbedtls_ssl_context *ssl, unsigned char *buf, size_t len) {
    return meaning(ssl, __real_mbedtls_ssl_read(ssl, buf, len));
}

int __wrap_mbedtls_ssl_write(mbedtls_ssl_context *ssl, const unsigned char *buf, size_t len) {
    return meaning(ssl, __real_mbedtls_ssl_write(ssl, buf, len));
}
