// Conversions between f32 and f64 for wasm3_compile.c where libgcc's own make one and the same
// NaN of all: to f32 on Arm cores without double precision, both ways on RISC-V without floats.
// wasm3 keeps an f32 in a register for an f64, and its NaNs would lose sign and payload there.
//
// From bits to bits, so that they are called as libgcc's are, whatever registers floats pass in.
#include <stdint.h>
#include <string.h>

#define SIGN (0x80000000)
#define QUIET_NAN_32 (0x7fc00000)
#define QUIET_NAN_64 (0x7ff80000) // the upper half
#define INFINITE_32 (0x7f800000)
#define INFINITE_64 ((uint64_t)0x7ff << 52)
#define FRACTION_32 (0x7fffff)

uint32_t avm_d2f(uint64_t bits);
uint64_t avm_f2d(uint32_t bits);

uint32_t avm_d2f(uint64_t bits) {
    double wide;
    if ((bits & ~((uint64_t)SIGN << 32)) > INFINITE_64) {
        return ((uint32_t)(bits >> 32) & SIGN) | QUIET_NAN_32 | ((uint32_t)(bits >> 29) & FRACTION_32);
    }
    memcpy(&wide, &bits, sizeof(wide));
    float narrow = (float)wide;
    uint32_t result;
    memcpy(&result, &narrow, sizeof(result));
    return result;
}

uint64_t avm_f2d(uint32_t bits) {
    float narrow;
    if ((bits & ~SIGN) > INFINITE_32) {
        return (uint64_t)((bits & SIGN) | QUIET_NAN_64) << 32 | (uint64_t)(bits & FRACTION_32) << 29;
    }
    memcpy(&narrow, &bits, sizeof(narrow));
    double wide = (double)narrow;
    uint64_t result;
    memcpy(&result, &wide, sizeof(result));
    return result;
}
