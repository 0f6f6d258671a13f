// MicroPython's standard unix build, with our modules.
#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

#define MICROPY_PY_MICROPYTHON_HEAP_LOCKED (1)

#include "variants/mpconfigvariant_common.h"

// Ctrl-C waits for the next poll: raised from the signal handler, as upstream does it, it
// would unwind through wasm3's C frames.
#undef MICROPY_ASYNC_KBD_INTR
#define MICROPY_ASYNC_KBD_INTR (0)

// Of what firmware/tls leaves out.
#undef MICROPY_PY_CRYPTOLIB
#define MICROPY_PY_CRYPTOLIB (0)
#undef MICROPY_PY_HASHLIB_MD5
#define MICROPY_PY_HASHLIB_MD5 (0)
#undef MICROPY_PY_HASHLIB_SHA1
#define MICROPY_PY_HASHLIB_SHA1 (0)
