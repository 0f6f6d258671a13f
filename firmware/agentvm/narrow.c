// f64 to f32 for wasm3_compile.c where libgcc's own, for Arm cores without double precision,
// makes one and the same NaN of all: wasm3 keeps an f32 in a register for an f64, and its NaNs
// would lose sign and payload there.
#include <stdint.h>
#include <string.h>

#define SIGN (0x80000000)
#define QUIET_NAN (0x7fc00000)
#define FRACTION (0x7fffff)

// Bits to bits: so it is called as __aeabi_d2f is, whatever registers floats pass in.
uint32_t avm_d2f(uint64_t bits);

uint32_t avm_d2f(uint64_t bits) {
    double wide;
    if ((uint32_t)(bits >> 32) << 1 >= (uint32_t)0x7ff << 21 && bits << 12 != 0) {
        return ((uint32_t)(bits >> 32) & SIGN) | QUIET_NAN | ((uint32_t)(bits >> 29) & FRACTION);
    }
    memcpy(&wide, &bits, sizeof(wide));
    float narrow = (float)wide;
    uint32_t result;
    memcpy(&result, &narrow, sizeof(result));
    return result;
}
