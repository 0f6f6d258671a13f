# The module `wasm3` for MicroPython's make-based ports: USER_C_MODULES=<the folder above>.
# WASM3_DIR is the folder of wasm3's sources.
MODWASM3_DIR := $(USERMOD_DIR)
AGENTVM_DIR := $(patsubst %/modwasm3,%/agentvm,$(MODWASM3_DIR))
WASM3_DIR ?= $(abspath $(MODWASM3_DIR)/../../third_party/wasm3)

include $(AGENTVM_DIR)/agentvm.mk

MODWASM3_SRC_C = $(addprefix $(MODWASM3_DIR)/, \
	agent.c \
	environment.c \
	errors.c \
	host.c \
	imports.c \
	modwasm3.c \
	pool.c \
	profile.c \
	runtime.c \
	values.c \
	)

SRC_USERMOD_C += $(MODWASM3_SRC_C)
# These have no strings for Python: they are not searched.
SRC_USERMOD_LIB_C += $(AGENTVM_SRC_C) $(AGENTVM_WASM3_C) $(NN_SRC_C)
SRC_USERMOD_LIB_ASM += $(NN_SRC_S)
CFLAGS_USERMOD += $(AGENTVM_CFLAGS)

modwasm3_objects = $(patsubst $(USER_C_MODULES)/%.c,$(BUILD)/%.o,$(1))
$(call modwasm3_objects,$(AGENTVM_WASM3_C)): CFLAGS += $(AGENTVM_WASM3_CFLAGS)
$(call modwasm3_objects,$(NN_SRC_C)): CFLAGS += $(NN_CFLAGS) -Wextra
$(call modwasm3_objects,$(MODWASM3_SRC_C) $(AGENTVM_SRC_C)): CFLAGS += -Wextra -Wno-unused-parameter
# Flags are part of what an object is made of.
$(call modwasm3_objects,$(AGENTVM_SRC_C) $(AGENTVM_WASM3_C)): $(AGENTVM_DIR)/agentvm.mk
