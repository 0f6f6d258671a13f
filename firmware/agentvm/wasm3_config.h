// wasm3's configuration, for every build; any line can be overridden with -D. Measured on
// a Cortex-M4F with gcc 12.2 (DESIGN.md). Comes before the first of wasm3's headers.
#ifndef AGENTVM_WASM3_CONFIG_H
#define AGENTVM_WASM3_CONFIG_H

// Values that a function has on its stack at once, locals included. 256 makes the runtime
// 2.3 kB instead of 10 kB or more.
#ifndef d_m3MaxFunctionStackHeight
#define d_m3MaxFunctionStackHeight 256
#endif

// Blocks within each other: compilers make one for each case of a `match`. 16 bytes each
// on the C stack while a function is checked. (0.9.0)
#ifndef d_m3ValCtrlDepth
#define d_m3ValCtrlDepth 128
#endif

// Compiled code comes in pages of this size; an agent wastes half a page on average.
#ifndef d_m3CodePageAlignSize
#define d_m3CodePageAlignSize 1024
#endif

#ifndef d_m3VerboseErrorMessages
#define d_m3VerboseErrorMessages 0
#endif

// Must stay 1: with 0, 0.9.0's validation does not recognise the opcodes that begin with
// 0xfc, and lets anything pass behind one.
#define d_m3CascadedOpcodes 1

// The C stack is watched by meter.h, whose limit is the host's and not a constant.
#define d_m3MaxNativeStack 0

// Loops and recursion must pass the meter, so no frame may be reused.
#define d_m3CanTailCall 0

// Whether the compiler makes jumps of calls at a function's end, as gcc does from -O2 on and at
// -Os; but never for Thumb-1, nor for Xtensa's windows (wasm3_steps.h).
#ifndef AVM_TAIL_CALLS
#if (defined(__thumb__) && !defined(__thumb2__)) || defined(__XTENSA__)
#define AVM_TAIL_CALLS 0
#else
#define AVM_TAIL_CALLS 1
#endif
#endif

// SPEC.md 1: the MVP, sign extension, mutable globals. wasm3 knows multiple results in
// any case.
#ifndef d_m3HasRefTypes
#define d_m3HasRefTypes 0
#endif
#ifndef d_m3HasExtendedConst
#define d_m3HasExtendedConst 0
#endif
#ifndef d_m3HasCompactImports
#define d_m3HasCompactImports 0
#endif
#ifndef d_m3HasTypedRefs
#define d_m3HasTypedRefs 0
#endif

#define d_m3EnableValidation 1
#define d_m3SkipStackCheck 0
#define d_m3SkipMemoryBoundsCheck 0
#define d_m3HasFloat 1

// Not ours to look after.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-label"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"
#pragma GCC diagnostic ignored "-Wdouble-promotion"
#pragma GCC diagnostic ignored "-Wfloat-conversion"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wold-style-declaration"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wpointer-to-int-cast"
#pragma GCC diagnostic ignored "-Wint-to-pointer-cast"
#pragma GCC diagnostic ignored "-Wclobbered"
#pragma GCC diagnostic ignored "-Wempty-body"
#pragma GCC diagnostic ignored "-Wstrict-aliasing"
#endif

#endif
