// Where the time of an inference goes: the calls of host operations, each with its ticks.
#include "modwasm3.h"

#include "py/mphal.h"
#include "py/runtime.h"

// Keeps the samples' buffer from the collector.
MP_REGISTER_ROOT_POINTER(mp_obj_t wasm3_profile_buffer);

static uint32_t ticks(void) {
    return (uint32_t)mp_hal_ticks_cpu();
}

void wasm3_profile_reset(void) {
    avm_nn_profile(NULL, 0, NULL);
    MP_STATE_VM(wasm3_profile_buffer) = mp_const_none;
}

// nn_profile(samples: array('I') | None) -> int
// From now on each call of an operation puts its number and its time.ticks_cpu() there, until
// there is no room or None is given. How many calls have been noted before.
static mp_obj_t nn_profile(mp_obj_t buffer) {
    mp_buffer_info_t info = {0};
    if (buffer != mp_const_none) {
        mp_get_buffer_raise(buffer, &info, MP_BUFFER_WRITE);
        if ((uintptr_t)info.buf % sizeof(uint32_t) != 0) {
            mp_raise_ValueError(MP_ERROR_TEXT("samples must be an array of 'I'"));
        }
    }
    MP_STATE_VM(wasm3_profile_buffer) = buffer;
    uint32_t count = (uint32_t)(info.len / sizeof(avm_nn_sample_t));
    return mp_obj_new_int_from_uint(avm_nn_profile(info.buf, count, ticks));
}
MP_DEFINE_CONST_FUN_OBJ_1(wasm3_nn_profile_obj, nn_profile);
