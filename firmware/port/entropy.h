#ifndef WASMOTE_PORT_ENTROPY_H
#define WASMOTE_PORT_ENTROPY_H

// Chance for keys. An emulated board has no source of it: it has what somebody put into its file
// /entropy.seed, stretched by hashing (_boot.py, entropy.c). That is for tests: who reads the
// flash knows every key. Without a seed nothing is given.
#include "py/obj.h"

MP_DECLARE_CONST_FUN_OBJ_1(entropy_seed_obj);

#endif
