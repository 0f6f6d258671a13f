// What agentvm needs of MicroPython: clock, C stack, pending exceptions, the collected
// heap.
#include "modwasm3.h"

#include "py/gc.h"
#include "py/mphal.h"
#include "py/mpstate.h"
#include "py/runtime.h"

#include <string.h>

#if MICROPY_ASYNC_KBD_INTR
#error "MICROPY_ASYNC_KBD_INTR must be 0: it raises through wasm3's C frames"
#endif

MP_REGISTER_ROOT_POINTER(mp_obj_t wasm3_exception);

void wasm3_keep_exception(mp_obj_t exception) {
    MP_STATE_VM(wasm3_exception) = exception;
}

mp_obj_t wasm3_take_exception(void) {
    mp_obj_t exception = MP_STATE_VM(wasm3_exception);
    MP_STATE_VM(wasm3_exception) = MP_OBJ_NULL;
    return exception;
}

static uint32_t now_us(void) {
    return (uint32_t)mp_hal_ticks_us();
}

// Ctrl-C, other exceptions that were scheduled, and callbacks that wait: what the
// interpreter of Python bytecode looks at between two instructions.
static avm_error_t poll_python(void) {
    nlr_buf_t nlr;
    #if MICROPY_ENABLE_SCHEDULER
    // Mostly there is nothing.
    if (MP_STATE_VM(sched_state) == MP_SCHED_IDLE
        && MP_STATE_THREAD(mp_pending_exception) == MP_OBJ_NULL) {
        return AVM_OK;
    }
    #endif
    uint32_t paused = avm_meter_pause();
    if (nlr_push(&nlr) != 0) {
        wasm3_keep_exception(MP_OBJ_FROM_PTR(nlr.ret_val));
        return AVM_INTERRUPTED;
    }
    mp_handle_pending(true);
    nlr_pop();
    avm_meter_resume(paused);
    return AVM_OK;
}

static const uint8_t *stack_floor(void) {
    #if MICROPY_STACK_CHECK
    return (const uint8_t *)MP_STATE_THREAD(stack_top) - MP_STATE_THREAD(stack_limit)
           + WASM3_STACK_RESERVE;
    #else
    return NULL;
    #endif
}

void wasm3_host_init(void) {
    static const avm_host_t host = {now_us, poll_python, stack_floor};
    avm_host_set(&host);
    wasm3_keep_exception(MP_OBJ_NULL);
}

static void *grow(void *block, size_t bytes) {
    if (gc_realloc(block, bytes, false) != NULL) {
        return block;
    }
    void *moved = gc_alloc(bytes, 0);
    size_t before = gc_nbytes(block);
    if (moved != NULL) {
        memcpy(moved, block, before < bytes ? before : bytes);
    }
    // The old block is left to the collector: it may be linear memory that views look at.
    return moved;
}

static void *gc_resize(avm_heap_t *heap, void *block, size_t bytes) {
    (void)heap;
    if (block == NULL) {
        return gc_alloc(bytes, 0);
    }
    if (bytes == 0) {
        gc_free(block);
        return NULL;
    }
    return grow(block, bytes);
}

avm_heap_t wasm3_gc_heap = {.resize = gc_resize};
