// The parts of wasm3 that need nothing from us. Which files there are depends on its
// version.
#include "wasm3_config.h"

#include "wasm3_steps.h"

#include "m3_bind.c"
#include "m3_code.c"
#include "m3_env.c"
#include "m3_exec.c"
#include "m3_function.c"
#include "m3_info.c"
#include "m3_module.c"
#include "m3_parse.c"
#if __has_include("m3_emit.c")
#include "m3_emit.c"
#endif
#if __has_include("m3_validate.c")
#include "m3_validate.c"
#endif
