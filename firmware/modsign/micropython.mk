# The module `sign` for MicroPython's make-based ports: USER_C_MODULES=<the folder above>.
# MONOCYPHER_DIR is the folder of Monocypher's sources.
MODSIGN_DIR := $(USERMOD_DIR)
MONOCYPHER_DIR ?= $(abspath $(MODSIGN_DIR)/../../third_party/monocypher)

MODSIGN_SRC_C = $(MODSIGN_DIR)/modsign.c
# These have no strings for Python: they are not searched.
MODSIGN_LIB_C = $(addprefix $(MODSIGN_DIR)/, \
	monocypher_curve.c \
	monocypher_sha512.c \
	verify.c \
	)

SRC_USERMOD_C += $(MODSIGN_SRC_C)
SRC_USERMOD_LIB_C += $(MODSIGN_LIB_C)
CFLAGS_USERMOD += -I$(MONOCYPHER_DIR)/src -I$(MONOCYPHER_DIR)/src/optional

$(patsubst $(USER_C_MODULES)/%.c,$(BUILD)/%.o,$(MODSIGN_SRC_C) $(MODSIGN_LIB_C)): CFLAGS += -Wextra -Wno-unused-parameter
