// For cores whose compiler makes calls of wasm3's jumps from one operation to the next, Thumb-1
// for one: there each would take C stack, and a long block overrun it. Here an operation
// returns to a loop, avm_run, and says what comes next. Only what has to come back nests on
// the C stack, as with jumps: calls, loops, host functions.
//
// Comes before the first of wasm3's headers but this one's own; their operations are made for it
// by the preprocessor.
#ifndef AGENTVM_WASM3_STEPS_H
#define AGENTVM_WASM3_STEPS_H

#include "wasm3_config.h"

#if !AVM_TAIL_CALLS

#include "m3_exec_defs.h"

#if d_m3EnableOpProfiling || d_m3EnableOpTracing
#error "profiling and tracing of operations need AVM_TAIL_CALLS"
#endif

// wasm3's registers, and the operation that comes next with its arguments.
typedef struct {
    m3reg_t r0;
    f64 fp0;
    pc_t pc;
    m3stack_t sp;
    M3MemoryHeader *mem;
} avm_next_t;

extern avm_next_t avm_next;

// Runs from `pc` on until something other than a next operation is returned.
m3ret_t avm_run(pc_t pc, m3stack_t sp, M3MemoryHeader *mem);

// The address stands for itself among wasm3's results.
static inline m3ret_t avm_step_to(pc_t pc, m3stack_t sp, M3MemoryHeader *mem) {
    avm_next.pc = pc;
    avm_next.sp = sp;
    avm_next.mem = mem;
    return &avm_next;
}

// wasm3 writes the registers as a last argument everywhere; what is left of that tells an
// operation, which goes on with the next by returning, from its functions Call and RunCode,
// which have to come back with a result.
typedef uint32_t avm_in_operation_t;
typedef uint8_t avm_in_call_t;

typedef m3ret_t (*avm_operation_t)(pc_t pc, m3stack_t sp, M3MemoryHeader *mem,
    avm_in_operation_t in);

#define IM3Operation avm_operation_t
#define _r0 avm_next.r0
#define _fp0 avm_next.fp0

#undef d_m3Op
#define d_m3Op(NAME) static m3ret_t op_##NAME(pc_t _pc, m3stack_t _sp, M3MemoryHeader *_mem, \
    avm_in_operation_t _in)
#undef d_m3OpSig
#define d_m3OpSig pc_t _pc, m3stack_t _sp, M3MemoryHeader *_mem, avm_in_call_t _in
#undef d_m3OpArgs
#define d_m3OpArgs _sp, _mem, _in
#undef d_m3OpDefaultArgs
#define d_m3OpDefaultArgs 0

#undef nextOpImpl
#define nextOpImpl() avm_run(_pc, _sp, _mem)
#undef jumpOpDirect
#define jumpOpDirect(PC) return sizeof(_in) == sizeof(avm_in_call_t) \
    ? avm_run((pc_t)(PC), _sp, _mem) : avm_step_to((pc_t)(PC), _sp, _mem)
#undef nextOpDirect
#define nextOpDirect() jumpOpDirect(_pc)

// 0.9.0's, which is made of jumps already
#define RunCode(PC, SP, MEM, IN) avm_run(PC, SP, MEM)

// For one operation that calls another and wants its result.
#define avm_result(R) avm_finish(R)
static inline m3ret_t avm_finish(m3ret_t r) {
    return r == &avm_next ? avm_run(avm_next.pc, avm_next.sp, avm_next.mem) : r;
}

#else
#define avm_result(R) (R)
#endif
#endif
