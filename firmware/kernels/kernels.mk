# The kernels' sources. Before: NN_DIR, and NN_CORE=ref (any core) or dsp (Cortex-M with the
# DSP extension: M4, M7, M33). An operation that the core has no kernel for is taken from ref.
# Builds name objects without the suffix of the source: no .S beside a .c of the same name.
NN_CORE ?= ref
NN_OWN_C = $(if $(filter-out ref,$(NN_CORE)),$(wildcard $(NN_DIR)/$(NN_CORE)/*.c))
NN_REF_C = $(filter-out $(addprefix $(NN_DIR)/ref/,$(notdir $(NN_OWN_C))),$(wildcard $(NN_DIR)/ref/*.c))
NN_SRC_C = $(NN_DIR)/ops.c $(wildcard $(NN_DIR)/check/*.c) $(NN_REF_C) $(NN_OWN_C)
NN_SRC_S = $(if $(filter-out ref,$(NN_CORE)),$(wildcard $(NN_DIR)/$(NN_CORE)/*.S))
NN_INCLUDES = -I$(NN_DIR) -I$(NN_DIR)/check -I$(NN_DIR)/ref -I$(NN_DIR)/dsp
NN_HEADERS = $(wildcard $(NN_DIR)/*.h $(NN_DIR)/*/*.h)
