#include "nn_calls.h"

#include "kernels/nn.h"

#include <string.h>

// A slice of a long operation, in multiply-accumulates: at what kernels take for one, far below
// 2 million instructions.
#ifndef AVM_NN_SLICE_MACS
#define AVM_NN_SLICE_MACS 50000
#endif

static const char module_name[] = "nn";

static struct {
    avm_nn_sample_t *samples;
    uint32_t count, used;
    uint32_t (*ticks)(void);
} profile;

// An i32 is the lower half of its slot, on little-endian cores its first half.
static inline uint32_t argument(const avm_call_t *call, int index) {
    return *(const uint32_t *)(const void *)&call->arguments[index];
}

static void answer(avm_call_t *call, int32_t value) {
    avm_slot_set(&call->results[0], AVM_I32, (avm_value_t) {.i32 = value});
}

static avm_error_t outside(const avm_call_t *call, const char *what) {
    return avm_fault(call->fault, AVM_BAD_ADDRESS, what);
}

// --- nn.read(at: i32, ptr: i32, len: i32) -> i32
// Copies bytes of the model from offset `at` on; not 0 when it has not that many.

#define READ_PART_BYTES 65536u // between two looks at the deadline

static void copy_parts(avm_call_t *call, uint8_t *to, const uint8_t *from, uint32_t bytes) {
    while (bytes > READ_PART_BYTES && call->stopped == NULL) {
        memcpy(to, from, READ_PART_BYTES);
        to += READ_PART_BYTES;
        from += READ_PART_BYTES;
        bytes -= READ_PART_BYTES;
        call->stopped = avm_meter_look();
    }
    if (call->stopped == NULL) {
        memcpy(to, from, bytes);
    }
}

static avm_error_t read_blob(avm_call_t *call) {
    const avm_agent_t *agent = call->owner;
    avm_memory_t memory = avm_runtime_memory(call->runtime);
    uint32_t at = argument(call, 0), to = argument(call, 1), bytes = argument(call, 2);
    if ((uint64_t)to + bytes > memory.length) {
        return outside(call, "nn.read to beyond the memory");
    }
    bool there = (uint64_t)at + bytes <= agent->blob_bytes;
    if (there && bytes > 0) {
        copy_parts(call, memory.bytes + to, agent->blob + at, bytes);
    }
    answer(call, there ? 0 : -NN_ERROR_RANGE);
    return AVM_OK;
}

// --- nn.<operation>(block: i32, arena: i32, arena_bytes: i32, from: i32) -> i32

// Copies the parameter block, so that nothing changes it between check and run.
static bool copy_block(const avm_call_t *call, uint32_t bytes, uint32_t *block) {
    const avm_agent_t *agent = call->owner;
    avm_memory_t memory = avm_runtime_memory(call->runtime);
    uint32_t address = argument(call, 0);
    bool in_blob = address & NN_BLOB;
    uint32_t limit = in_blob ? agent->blob_bytes : memory.length;
    const uint8_t *base = in_blob ? agent->blob : memory.bytes;
    if ((uint64_t)(address & ~NN_BLOB) + bytes > limit) {
        return false;
    }
    memcpy(block, base + (address & ~NN_BLOB), bytes);
    return true;
}

// Called by kernels now and then.
static bool go_on(void *context) {
    const void **stopped = context;
    *stopped = avm_meter_look();
    return *stopped == NULL;
}

static nn_status_t check_and_run(const nn_op_t *op, const uint32_t *block,
    const nn_memory_t *memory, nn_run_t *run) {
    nn_status_t status = op->check(block, memory);
    return status == NN_OK ? op->run(block, memory, run) : status;
}

static nn_status_t profiled(const nn_op_t *op, const uint32_t *block, const nn_memory_t *memory,
    nn_run_t *run) {
    if (profile.used >= profile.count) {
        return check_and_run(op, block, memory, run);
    }
    uint32_t before = profile.ticks();
    nn_status_t status = check_and_run(op, block, memory, run);
    profile.samples[profile.used++] = (avm_nn_sample_t) {
        (uint32_t)(op - nn_ops), profile.ticks() - before,
    };
    return status;
}

static avm_error_t run_operation(avm_call_t *call) {
    const nn_op_t *op = call->context;
    const avm_agent_t *agent = call->owner;
    avm_memory_t memory = avm_runtime_memory(call->runtime);
    uint32_t arena = argument(call, 1), arena_bytes = argument(call, 2);
    int32_t from = (int32_t)argument(call, 3);
    uint32_t block[NN_BLOCK_MAX_BYTES / sizeof(uint32_t)];
    if (!copy_block(call, op->block_bytes, block)) {
        return outside(call, "nn: a parameter block beyond the memory");
    }
    if ((uint64_t)arena + arena_bytes > memory.length || arena % 4 != 0) {
        return outside(call, "nn: an arena beyond the memory, or not at a multiple of 4");
    }
    nn_memory_t nn_memory = {memory.bytes + arena, arena_bytes, agent->blob, agent->blob_bytes};
    nn_run_t run = {go_on, &call->stopped, from < 0 ? 0 : AVM_NN_SLICE_MACS,
        from < 0 ? 0 : (uint32_t)from};
    nn_status_t status = profiled(op, block, &nn_memory, &run);
    answer(call, status == NN_MORE ? (int32_t)run.at : -(int32_t)status);
    return AVM_OK;
}

uint32_t avm_nn_profile(avm_nn_sample_t *samples, uint32_t count, uint32_t (*ticks)(void)) {
    uint32_t used = profile.used;
    profile.samples = samples;
    profile.count = count;
    profile.used = 0;
    profile.ticks = ticks;
    return used;
}

static bool is_named(const char *name, size_t length, const char *wanted) {
    return length == strlen(wanted) && memcmp(name, wanted, length) == 0;
}

bool avm_nn_grant(avm_grant_t *grant, const char *name, size_t length) {
    if (is_named(name, length, "read")) {
        *grant = (avm_grant_t) {module_name, "read", "i(iii)", {.function = read_blob}};
        return true;
    }
    for (uint32_t i = 0; i < nn_op_count; i++) {
        const nn_op_t *op = &nn_ops[i];
        if (is_named(name, length, op->name)) {
            *grant = (avm_grant_t) {module_name, op->name, "i(iiii)",
                                    {.function = run_operation, .context = (void *)op}};
            return true;
        }
    }
    return false;
}

bool avm_nn_is_wanted(const avm_module_info_t *info) {
    avm_imported_t import;
    for (uint32_t i = 0; avm_inspect_import(info, i, &import); i++) {
        if (is_named(import.module, import.module_length, module_name)) {
            return true;
        }
    }
    return false;
}
