// How wasm3_compile.c is to compile.
#ifndef AGENTVM_WASM3_COMPILE_H
#define AGENTVM_WASM3_COMPILE_H

#include <stdbool.h>

// Refuse what is beyond the MVP and sign extension.
extern bool avm_compile_mvp_only;

#endif
