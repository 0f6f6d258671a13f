# What agentvm is made of, for any Makefile. Wants AGENTVM_DIR and WASM3_DIR; gives
# AGENTVM_SRC_C (ours), AGENTVM_WASM3_C (wasm3, wrapped) and the flags of both.
AGENTVM_SRC_C = $(addprefix $(AGENTVM_DIR)/, \
	agent.c \
	call.c \
	convert.c \
	error.c \
	heap.c \
	inspect.c \
	load.c \
	lookup.c \
	meter.c \
	nn_calls.c \
	policy.c \
	pool.c \
	reader.c \
	utf8.c \
	vm.c \
	vm_call.c \
	vm_load.c \
	)

AGENTVM_WASM3_C = $(addprefix $(AGENTVM_DIR)/, \
	wasm3_compile.c \
	wasm3_core.c \
	wasm3_rest.c \
	)

AGENTVM_CFLAGS = -I$(AGENTVM_DIR)/.. -I$(WASM3_DIR)

# The kernels that agents call. NN_CORE says which; kernels.mk.
NN_DIR = $(AGENTVM_DIR)/../kernels
include $(NN_DIR)/kernels.mk
AGENTVM_CFLAGS += $(NN_INCLUDES)
# For speed whatever the rest is compiled for.
NN_CFLAGS = -O2

# wasm3 reads one type's memory as another's. Its operations must end in jumps, which gcc
# makes at -Os and from -O2 on, but not at -O1; its doubles must stay doubles. On the
# Cortex-M4F, gcc 12.2, -Os takes 3 % fewer instructions than -O2 and 12 kB less flash; on
# RV32 it takes half as many again.
AGENTVM_WASM3_COPT ?= -Os
AGENTVM_WASM3_CFLAGS = $(AGENTVM_WASM3_COPT) -fno-strict-aliasing -foptimize-sibling-calls -fno-single-precision-constant
