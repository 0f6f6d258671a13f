# The module `flash` for MicroPython's make-based ports. The port gives the functions of
# modflash.h; MODFLASH_FILE = 1 takes file.c for them, where the port is a process.
MODFLASH_DIR := $(USERMOD_DIR)

MODFLASH_SRC_C = $(MODFLASH_DIR)/modflash.c
ifeq ($(MODFLASH_FILE),1)
MODFLASH_SRC_C += $(MODFLASH_DIR)/file.c
endif

SRC_USERMOD_C += $(MODFLASH_SRC_C)
$(patsubst $(USER_C_MODULES)/%.c,$(BUILD)/%.o,$(MODFLASH_SRC_C)): CFLAGS += -Wextra -Wno-unused-parameter
