# For boards that are built from submodules of MicroPython's, which its package does not hold and
# no other does. Before: SUBMODULES, their folders.
missing := $(strip $(foreach folder,$(SUBMODULES),\
	$(if $(wildcard $(MICROPYTHON_DIR)/$(folder)/*),,$(folder))))
ifneq ($(missing),)
$(error $(MICROPYTHON_DIR) lacks $(missing): submodules of MicroPython's, which are in no package. To get them: \
	git clone -b $(MICROPY_GIT_TAG) https://github.com/micropython/micropython.git && \
	git -C micropython submodule update --init $(SUBMODULES); \
	then make firmware BOARD=$(BOARD) MICROPYTHON_DIR=micropython)
endif
