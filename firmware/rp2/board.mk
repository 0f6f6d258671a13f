# For the board.mk of the boards that MicroPython's own rp2 port builds, with CMake. Before:
# NN_CORE, the kernels that fit the core, and UF2_FAMILY, the chip as its boot loader knows it.
#
# A MicroPython checkout with its submodules has the SDK and the libraries that fit it.
rp2_submodule = $(or $(patsubst %/$2,%,$(wildcard $(MICROPYTHON_DIR)/lib/$1/$2)),$(ROOT_DIR)/third_party/$1)
PICO_SDK_DIR ?= $(call rp2_submodule,pico-sdk,pico_sdk_init.cmake)
TINYUSB_DIR ?= $(call rp2_submodule,tinyusb,src/tusb.h)
MBEDTLS_DIR ?= $(call rp2_submodule,mbedtls,library/aes.c)
ifeq ($(wildcard $(PICO_SDK_DIR)/pico_sdk_init.cmake),)
$(error no pico-sdk at $(PICO_SDK_DIR): run 'make deps', or set PICO_SDK_DIR)
endif

RP2_FLASH_BASE = 0x10000000
RP2_CMAKE_ARGS = \
	-DMICROPY_BOARD=$(BOARD) -DMICROPY_BOARD_DIR=$(BOARD_DIR) \
	-DMICROPY_FROZEN_MANIFEST=$(BOARD_DIR)/manifest.py \
	$(addprefix -D,$(MANIFEST_ARGS)) $(if $(NO_MPY_LIB),-DMICROPY_LIB_DIR=$(dir $(NO_MPY_LIB))) \
	-DUSER_C_MODULES=$(FIRMWARE_DIR)/rp2/modules.cmake -DNN_CORE=$(NN_CORE) \
	-DWASM3_DIR=$(WASM3_DIR) -DMONOCYPHER_DIR=$(MONOCYPHER_DIR) \
	-DCMAKE_PROJECT_firmware_INCLUDE=$(FIRMWARE_DIR)/rp2/project.cmake \
	-DPICO_SDK_PATH_OVERRIDE=$(PICO_SDK_DIR) -DTINYUSB_DIR=$(TINYUSB_DIR) -DMBEDTLS_DIR=$(MBEDTLS_DIR)

# CMake, too, must know of mpy-cross: it would build another, with this make's BUILD, over the board's.
export MICROPY_MPYCROSS := $(MPY_CROSS)

# Configured each time: what it has found by listing folders may have changed.
firmware: $(MPY_CROSS) $(NO_MPY_LIB)
	cmake -S $(MICROPYTHON_DIR)/ports/rp2 -B $(BUILD) $(RP2_CMAKE_ARGS)
	$(MAKE) -C $(BUILD) firmware
	python3 $(MICROPYTHON_DIR)/tools/uf2conv.py -b $(RP2_FLASH_BASE) -f $(UF2_FAMILY) -c \
		-o $(BUILD)/firmware.uf2 $(BUILD)/firmware.bin
