# For the board.mk of the boards that MicroPython's own esp32 port builds, with ESP-IDF's idf.py.
# Which versions that may be, MicroPython says in the port's README (where it does not, any); its
# CI builds with one.
ESP32_PORT = $(MICROPYTHON_DIR)/ports/esp32
IDF_SUPPORTED := $(sort $(shell sed -n 's/^Currently MicroPython supports //p' $(ESP32_PORT)/README.md | grep -o 'v[0-9]*\.[0-9]*'))
IDF_TRIED := $(shell sed -n 's/^IDF_\(NEWEST_\)\?VER=//p' $(MICROPYTHON_DIR)/tools/ci.sh)
IDF_REMEDY = MicroPython $(MICROPY_GIT_TAG) supports ESP-IDF $(IDF_SUPPORTED). To get it: \
	git clone -b $(IDF_TRIED) --recursive https://github.com/espressif/esp-idf.git && esp-idf/install.sh; \
	then, in this shell: . esp-idf/export.sh && make firmware BOARD=$(BOARD)

ifeq ($(wildcard $(IDF_PATH)/tools/cmake/project.cmake),)
$(error no ESP-IDF: IDF_PATH $(if $(IDF_PATH),($(IDF_PATH)) does not hold it,is not set). $(IDF_REMEDY))
endif
IDF_SAYS := $(shell idf.py --version 2>/dev/null)
ifeq ($(IDF_SAYS),)
$(error ESP-IDF at $(IDF_PATH) is not set up: idf.py does not run. In this shell: . $(IDF_PATH)/export.sh, and again make firmware BOARD=$(BOARD); if that fails, $(IDF_PATH)/install.sh first)
endif
# "ESP-IDF v5.2.2"; to a checkout of no release git adds what it likes.
IDF_FOUND := $(shell echo '$(IDF_SAYS)' | grep -o 'v[0-9]*\.[0-9]*' | head -1)
ifeq ($(filter $(IDF_FOUND),$(or $(IDF_SUPPORTED),$(IDF_FOUND))),)
$(error $(IDF_SAYS) at $(IDF_PATH) is of another version. $(IDF_REMEDY))
endif

ESP32_CMAKE_ARGS = \
	-DMICROPY_BOARD=$(BOARD) -DMICROPY_BOARD_DIR=$(BOARD_DIR) -DFIRMWARE_DIR=$(FIRMWARE_DIR) \
	-DMICROPY_FROZEN_MANIFEST=$(BOARD_DIR)/manifest.py \
	$(addprefix -D,$(MANIFEST_ARGS)) $(if $(NO_MPY_LIB),-DMICROPY_LIB_DIR=$(dir $(NO_MPY_LIB))) \
	-DUSER_C_MODULES=$(FIRMWARE_DIR)/esp32/modules.cmake -DNN_CORE=ref \
	-DWASM3_DIR=$(WASM3_DIR) -DMONOCYPHER_DIR=$(MONOCYPHER_DIR)

# Options anew each time: ESP-IDF keeps those of the build before, whatever the files say now.
firmware: $(MPY_CROSS) $(NO_MPY_LIB)
	rm -f $(BUILD)/sdkconfig
	MICROPY_MPYCROSS=$(MPY_CROSS) idf.py -C $(ESP32_PORT) -B $(BUILD) $(ESP32_CMAKE_ARGS) build
