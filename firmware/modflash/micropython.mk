# The module `flash` for MicroPython's make-based ports, unless MODFLASH = 0: firmware without it
# has no agent store. The port gives the functions of modflash.h: in its own sources, in
# MODFLASH_PORT_C, or, where it is a process, MODFLASH_FILE = 1 takes file.c for them.
MODFLASH_DIR := $(USERMOD_DIR)
MODFLASH ?= 1

ifneq ($(MODFLASH),0)
MODFLASH_SRC_C = $(MODFLASH_DIR)/modflash.c $(MODFLASH_PORT_C)
ifeq ($(MODFLASH_FILE),1)
MODFLASH_SRC_C += $(MODFLASH_DIR)/file.c
endif

SRC_USERMOD_C += $(MODFLASH_SRC_C)
$(patsubst $(USER_C_MODULES)/%.c,$(BUILD)/%.o,$(MODFLASH_SRC_C)): CFLAGS += -Wextra -Wno-unused-parameter
endif
