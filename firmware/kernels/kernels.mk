# The kernels' sources. Before: NN_DIR, and NN_CORE, the kind of core:
#   ref  any
#   dsp  Cortex-M with the DSP extension: M4, M7, M33
#   mve  Cortex-M with Helium, integers: M55, M85
# Of files with the same name the one in the first of the core's folders is taken. Builds name
# objects without the suffix of the source: no .S beside a .c of the same name in a folder.
NN_CORE ?= ref
NN_FOLDERS_ref = ref
NN_FOLDERS_dsp = dsp ref
NN_FOLDERS_mve = mve dsp ref
NN_FOLDERS = $(or $(NN_FOLDERS_$(NN_CORE)),$(error NN_CORE=$(NN_CORE): ref, dsp or mve))
nn_named = $(foreach name,$(sort $(notdir $(wildcard $(NN_FOLDERS:%=$(NN_DIR)/%/$1)))),\
	$(firstword $(wildcard $(NN_FOLDERS:%=$(NN_DIR)/%/$(name)))))
NN_SRC_C = $(NN_DIR)/ops.c $(wildcard $(NN_DIR)/check/*.c) $(call nn_named,*.c)
NN_SRC_S = $(call nn_named,*.S)
NN_INCLUDES = -I$(NN_DIR) -I$(NN_DIR)/check $(NN_FOLDERS:%=-I$(NN_DIR)/%)
NN_HEADERS = $(wildcard $(NN_DIR)/*.h $(NN_DIR)/*/*.h)
