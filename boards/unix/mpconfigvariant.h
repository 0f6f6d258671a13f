// MicroPython's standard unix build. Floats are double here, single on the microcontrollers:
// nothing of wasmote's results may depend on a Python float.
#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

#include "variants/mpconfigvariant_common.h"
