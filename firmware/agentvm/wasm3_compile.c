// wasm3's m3_compile.c, unmodified, with all of its operations (they are static and must
// be in this file); but where it emits the operations that begin a loop and a function, it
// emits the metered ones below, and each opcode that it compiles looks at the C stack
// first, because blocks within blocks recurse.
#include "wasm3_config.h"

#include "meter.h"
#include "wasm3_compile.h"
#include "wasm3_steps.h"

#include <math.h>

#define M3_COMPILE_OPCODES
#include "m3_env.h"
#include "m3_compile.h"

// What Wasm rounds is never a signalling NaN afterwards. Not all libraries see to that
// (MicroPython's does not), nor does the rint that gcc has built in for x86-64.
#define QUIET(type, name) \
    static type quiet_##name(type x) { \
        return isnan(x) ? x + x : name(x); \
    }
QUIET(double, ceil)
QUIET(double, floor)
QUIET(double, trunc)
QUIET(double, rint)
QUIET(float, ceilf)
QUIET(float, floorf)
QUIET(float, truncf)
QUIET(float, rintf)
#define ceil quiet_ceil
#define floor quiet_floor
#define trunc quiet_trunc
#define rint quiet_rint
#define ceilf quiet_ceilf
#define floorf quiet_floorf
#define truncf quiet_truncf
#define rintf quiet_rintf

// convert.c
#if defined(__ARM_EABI__) && !(__ARM_FP & 8)
__asm__(".set __aeabi_d2f, avm_d2f");
#elif defined(__riscv) && !defined(__riscv_flen)
__asm__(".set __truncdfsf2, avm_d2f");
__asm__(".set __extendsfdf2, avm_f2d");
#endif

// Function entry does the metering.
#define m3_Yield() ((M3Result)NULL)
#include "m3_exec.h"
#undef m3_Yield

#if !AVM_TAIL_CALLS
avm_next_t avm_next;

// The registers are those of whoever comes back to go on, as if they were arguments.
m3ret_t avm_run(pc_t pc, m3stack_t sp, M3MemoryHeader *mem) {
    m3reg_t r0 = avm_next.r0;
    f64 fp0 = avm_next.fp0;
    m3ret_t r = avm_step_to(pc, sp, mem);
    do {
        pc = avm_next.pc;
        r = ((avm_operation_t)*pc)(pc + 1, avm_next.sp, avm_next.mem, 0);
    } while (r == &avm_next);
    avm_next.r0 = r0;
    avm_next.fp0 = fp0;
    return r;
}
#endif

// What compiling one more level of blocks takes on a 32-bit core, with room to spare for
// what it calls.
#define COMPILE_STACK_BYTES 1024

// Like op_Loop, but a back edge costs a tick, and loops within loops look at the C stack. A
// branch to the loop's start comes back as the loop's own address, anything else leaves it.
d_m3Op(MeteredLoop) {
    d_m3ClearRegisters
    IM3Memory memory = m3MemInfo(_mem);
    m3ret_t r;
    if (avm_meter_stack_short(0)) {
        return m3Err_trapStackOverflow;
    }
    do {
        r = nextOpImpl();
        // The body may have grown the memory.
        _mem = memory->mallocated;
        if (r != _pc) {
            return r;
        }
        r = avm_meter_tick();
    } while (r == NULL);
    return r;
}

// Like op_Entry, but it stays on the C stack to learn of a failure: the innermost function
// is the first to see it.
d_m3Op(MeteredEntry) {
    m3ret_t r = avm_meter_tick();
    if (r == NULL && avm_meter_stack_short(0)) {
        r = m3Err_trapStackOverflow;
    }
    if (r == NULL) {
        r = avm_result(op_Entry(_pc, d_m3OpArgs));
        if (r == NULL) {
            // Or a hundred frames could go on one after the other, each with what follows its call.
            r = avm_meter_tick();
        }
    }
    if (r != NULL && avm_meter.function == NULL) {
        avm_meter.function = *(void *const *)_pc;
    }
    return r;
}

// In straight code: MeteredTick is a handful of instructions, and keeps all registers, because what
// calls a function is somewhere else. (wasm3 says inline of every operation, gcc warns.)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes"
__attribute__((noinline)) d_m3Op(MeteredLook) {
    m3ret_t r = avm_meter_look();
    if (r != NULL) {
        forwardTrap(r);
    }
    nextOp();
}
#pragma GCC diagnostic pop

d_m3Op(MeteredTick) {
    if (M3_UNLIKELY(avm_meter_is_due())) {
        return op_MeteredLook(_pc, d_m3OpArgs);
    }
    nextOp();
}

bool avm_compile_mvp_only;

static bool is_mvp(m3opcode_t opcode) {
    return opcode <= 0x11 // control
           || opcode == 0x1a || opcode == 0x1b // drop, select
           || (opcode >= 0x20 && opcode <= 0x24) // locals and globals
           || (opcode >= 0x28 && opcode <= 0xc4); // memory, numbers, sign extension
}

// --- Ticks in straight code

// What straight code may cost between two ticks, in what a simple operation costs: about ten
// instructions, 30 without tail calls. Either way a tick stands for some 3,000.
#define TICK_COST (AVM_TAIL_CALLS ? 256 : 96)

// Of the function that is compiled now; functions do not nest.
static struct {
    uint32_t cost; // since the last tick, by the longest way here
    uint32_t depth; // of the block that the last tick is in
} straight;

// The most that an operation costs on a core that calculates neither floats nor 64 bits itself.
static uint32_t cost_of(m3opcode_t o) {
    static const struct {
        uint8_t last, cost;
    } ranges[] = {
        {0x01, 1}, {0x04, 4}, // blocks
        {0x0f, 2}, {0x11, 8}, // branches; calls
        {0x3e, 1}, {0x40, 8}, // locals, memory; its size
        {0x4f, 1}, {0x5a, 2}, {0x66, 8}, // comparisons: i32, i64, floats
        {0x69, 8}, {0x6c, 1}, {0x70, 8}, {0x78, 1}, // i32: bits, sums, divisions, the rest
        {0x7b, 8}, {0x7e, 2}, {0x82, 40}, {0x8a, 2}, // i64 alike
        {0x8c, 1}, {0x90, 16}, {0x91, 96}, {0x95, 16}, {0x97, 16}, {0x98, 1}, // f32
        {0x9a, 1}, {0x9e, 32}, {0x9f, 96}, {0xa2, 16}, {0xa3, 40}, {0xa5, 16}, {0xa6, 1}, // f64
        {0xa7, 1}, {0xab, 16}, {0xad, 1}, {0xbb, 16}, {0xc4, 1}, // conversions
    };
    for (size_t i = 0; i < M3_COUNT_OF(ranges); i++) {
        if (o <= ranges[i].last) {
            return ranges[i].cost;
        }
    }
    return TICK_COST;
}

// m3_compile.c's; 0.5.0 has it in a header.
#if __has_include("m3_emit.h")
#include "m3_emit.h"
#else
static M3Result EmitOp(IM3Compilation o, IM3Operation i_operation);
#endif

// Before each opcode. A block that has ended may have been left before the tick that it holds.
static M3Result count_straight(IM3Compilation o, m3opcode_t opcode) {
    M3Result result = m3Err_none;
    uint32_t depth = (uint32_t)o->block.depth, cost = cost_of(opcode);
    if (o->page == NULL || !AVM_METERED) {
        return result;
    }
    if (straight.cost + cost > TICK_COST || depth < straight.depth) {
        result = EmitOp(o, op_MeteredTick);
        straight.cost = 0;
        straight.depth = depth;
    }
    straight.cost += cost;
    // The way to the other branch leads around a tick of the first.
    if (opcode == c_waOp_else && straight.depth == depth) {
        straight.cost = TICK_COST;
    }
    return result;
}

static M3Result read_opcode(IM3Compilation o, m3opcode_t *o_value, bytes_t *io_bytes,
    cbytes_t i_end) {
    if (avm_meter_stack_short(COMPILE_STACK_BYTES)) {
        return m3Err_functionStackOverflow;
    }
    M3Result result = Read_opcode(o_value, io_bytes, i_end);
    if (result == NULL && avm_compile_mvp_only && !is_mvp(*o_value)) {
        result = m3Err_unknownOpcode;
    }
    // wasm3 does not mind what comes behind a function's end.
    if (result == NULL && o->function != NULL && *o_value == c_waOp_end && o->block.depth == 0
        && *io_bytes != i_end) {
        result = m3Err_wasmMalformed;
    }
    return result == NULL && o->function != NULL ? count_straight(o, *o_value) : result;
}

// Only block types have 33 bits; one that is not negative names a signature, which the MVP
// does not know for blocks.
static M3Result read_signed(i64 *o_value, u32 i_bits, bytes_t *io_bytes, cbytes_t i_end) {
    M3Result result = ReadLebSigned(o_value, i_bits, io_bytes, i_end);
    return result == NULL && avm_compile_mvp_only && i_bits == 33 && *o_value >= 0
        ? m3Err_unknownOpcode : result;
}

// wasm3 has no operation for two operands in registers, which only code that is never reached
// seems to have: it refuses one valid module of wasm-smith's in twelve. Nothing needs to be
// emitted there.
static M3Result dead_operator(M3Result otherwise, IM3Compilation o, IM3OpInfo info);

// Where an error is not an operator's, this one is meant.
static const IM3OpInfo opInfo = NULL;
#undef ErrorCompile
#define ErrorCompile(RESULT, COMPILATION, ...) dead_operator(RESULT, COMPILATION, opInfo)

#define op_Loop op_MeteredLoop
#define op_Entry op_MeteredEntry
#define Read_opcode(VALUE, BYTES, END) read_opcode(o, VALUE, BYTES, END)
#define ReadLebSigned read_signed

#include "m3_compile.c"

static M3Result dead_operator(M3Result otherwise, IM3Compilation o, IM3OpInfo info) {
    if (info == NULL || !IsStackPolymorphic(o)) {
        return otherwise;
    }
    M3Result result = Pop(o);
    if (result == NULL && info->stackOffset < 0) {
        result = Pop(o);
    }
    return result == NULL && info->type != c_m3Type_none ? PushRegister(o, info->type) : result;
}
