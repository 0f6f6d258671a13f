# The module `tls` over Mbed TLS, for MicroPython's make-based ports where WASMOTE_TLS = 1 says so:
# extmod's binding, with our choice of what Mbed TLS has. MBEDTLS_DIR holds Mbed TLS's sources.
# TLS_PORT_C: the port's files for what Mbed TLS asks of bare metal.
TLS_DIR := $(USERMOD_DIR)
MBEDTLS_DIR ?= $(abspath $(TLS_DIR)/../../third_party/mbedtls)

ifeq ($(WASMOTE_TLS),1)
CFLAGS_USERMOD += -DMICROPY_PY_SSL=1 -DMICROPY_SSL_MBEDTLS=1 \
	-DMBEDTLS_CONFIG_FILE='"tls/mbedtls_config.h"' -I$(TLS_DIR)/.. -I$(MBEDTLS_DIR)/include
LDFLAGS_USERMOD += \
	-Wl,--wrap=mbedtls_ssl_config_defaults \
	-Wl,--wrap=mbedtls_ssl_read \
	-Wl,--wrap=mbedtls_ssl_write

TLS_SRC_C = $(TLS_DIR)/hooks.c $(TLS_PORT_C)
SRC_USERMOD_C += $(TLS_SRC_C)
tls_objects = $(patsubst $(USER_C_MODULES)/%.c,$(BUILD)/%.o,$(TLS_SRC_C))
$(tls_objects): CFLAGS += -Wextra -Wno-unused-parameter

# What mbedtls_config.h takes nothing of compiles to nothing, and is left out here.
SRC_MBEDTLS_C = \
	aes.c asn1parse.c asn1write.c bignum.c bignum_core.c bignum_mod.c bignum_mod_raw.c \
	block_cipher.c cipher.c cipher_wrap.c constant_time.c ctr_drbg.c ecdh.c ecdsa.c ecp.c \
	ecp_curves.c entropy.c entropy_poll.c gcm.c hmac_drbg.c md.c oid.c pk.c pk_ecc.c pk_wrap.c pkparse.c \
	platform.c platform_util.c rsa.c rsa_alt_helpers.c sha256.c sha512.c ssl_ciphersuites.c \
	ssl_client.c ssl_debug_helpers_generated.c ssl_msg.c ssl_tls.c ssl_tls12_client.c \
	x509.c x509_crt.c
MBEDTLS_O = $(addprefix $(BUILD)/mbedtls/,$(SRC_MBEDTLS_C:.c=.o)) $(BUILD)/lib/mbedtls_errors/mp_mbedtls_errors.o
PY_O += $(MBEDTLS_O)

# Speed costs little flash here, and it is what the loop waits for.
$(BUILD)/mbedtls/bignum_core.o $(BUILD)/mbedtls/bignum.o $(BUILD)/mbedtls/ecp_curves.o: COPT_TLS = -O2
$(MBEDTLS_O): CFLAGS += $(COPT_TLS) -Wno-unused-function
$(MBEDTLS_O) $(tls_objects) $(BUILD)/extmod/modtls_mbedtls.o: $(TLS_DIR)/mbedtls_config.h $(TLS_DIR)/micropython.mk

$(BUILD)/mbedtls/%.o: $(MBEDTLS_DIR)/library/%.c
	$(call compile_c)
endif
