// The module `sign`: Ed25519 signatures.
#include "verify.h"

#include "py/cstack.h"
#include "py/runtime.h"

// MicroPython's own check looks at the stack before a call, not at what the call takes.
static void stack_check(void) {
    #if MICROPY_STACK_CHECK
    if (mp_cstack_usage() + VERIFY_STACK_BYTES >= MP_STATE_THREAD(stack_limit)) {
        mp_raise_recursion_depth();
    }
    #endif
}

static mp_buffer_info_t get_buffer(mp_obj_t object) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(object, &buffer, MP_BUFFER_READ);
    return buffer;
}

// verify(public_key: buffer, signature: buffer, *message: buffer) -> bool
static mp_obj_t sign_verify(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t key = get_buffer(args[0]);
    if (key.len != VERIFY_KEY_BYTES) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("public key has %u bytes, not %u"),
            (unsigned)key.len, VERIFY_KEY_BYTES);
    }
    mp_buffer_info_t signature = get_buffer(args[1]);
    if (signature.len != VERIFY_SIGNATURE_BYTES) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("signature has %u bytes, not %u"),
            (unsigned)signature.len, VERIFY_SIGNATURE_BYTES);
    }
    stack_check();
    verify_t state;
    verify_begin(&state, key.buf, signature.buf);
    for (size_t i = 2; i < n_args; i++) {
        mp_buffer_info_t part = get_buffer(args[i]);
        verify_add(&state, part.buf, part.len);
    }
    return mp_obj_new_bool(verify_end(&state));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(sign_verify_obj, 3, sign_verify);

static const mp_rom_map_elem_t sign_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_sign) },
    { MP_ROM_QSTR(MP_QSTR_verify), MP_ROM_PTR(&sign_verify_obj) },
};
static MP_DEFINE_CONST_DICT(sign_globals, sign_globals_table);

const mp_obj_module_t mp_module_sign = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&sign_globals,
};

MP_REGISTER_MODULE(MP_QSTR_sign, mp_module_sign);
