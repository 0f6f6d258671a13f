// The exceptions. Each carries (text, reason, code): its text is what str() gives.
#include "modwasm3.h"

#include "py/objexcept.h"
#include "py/runtime.h"

#include <string.h>

static mp_obj_t part(mp_obj_exception_t *self, size_t index) {
    return index < self->args->len ? self->args->items[index] : mp_const_none;
}

static void error_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    mp_obj_exception_t *self = MP_OBJ_TO_PTR(self_in);
    mp_print_kind_t form = kind & ~PRINT_EXC_SUBCLASS;
    if (form == PRINT_REPR || self->args->len < 2) {
        mp_obj_exception_print(print, self_in, kind);
        return;
    }
    if (form == PRINT_EXC) {
        if (!(kind & PRINT_EXC_SUBCLASS)) {
            mp_print_str(print, qstr_str(self->base.type->name));
        }
        mp_print_str(print, ": ");
    }
    mp_obj_print_helper(print, part(self, 0), PRINT_STR);
}

static void error_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    if (dest[0] == MP_OBJ_NULL && attr == MP_QSTR_reason) {
        dest[0] = part(MP_OBJ_TO_PTR(self_in), 1);
    } else if (dest[0] == MP_OBJ_NULL && attr == MP_QSTR_code) {
        dest[0] = part(MP_OBJ_TO_PTR(self_in), 2);
    } else {
        mp_obj_exception_attr(self_in, attr, dest);
    }
}

MP_DEFINE_CONST_OBJ_TYPE(
    wasm3_type_Error,
    MP_QSTR_Error,
    MP_TYPE_FLAG_NONE,
    make_new, mp_obj_exception_make_new,
    print, error_print,
    attr, error_attr,
    parent, &mp_type_RuntimeError
    );

MP_DEFINE_CONST_OBJ_TYPE(
    wasm3_type_LoadError,
    MP_QSTR_LoadError,
    MP_TYPE_FLAG_NONE,
    make_new, mp_obj_exception_make_new,
    print, error_print,
    attr, error_attr,
    parent, &wasm3_type_Error
    );

MP_DEFINE_CONST_OBJ_TYPE(
    wasm3_type_Trap,
    MP_QSTR_Trap,
    MP_TYPE_FLAG_NONE,
    make_new, mp_obj_exception_make_new,
    print, error_print,
    attr, error_attr,
    parent, &wasm3_type_Error
    );

MP_DEFINE_CONST_OBJ_TYPE(
    wasm3_type_AgentError,
    MP_QSTR_AgentError,
    MP_TYPE_FLAG_NONE,
    make_new, mp_obj_exception_make_new,
    print, error_print,
    attr, error_attr,
    parent, &wasm3_type_Error
    );

MP_DEFINE_CONST_OBJ_TYPE(
    wasm3_type_AgentBusy,
    MP_QSTR_AgentBusy,
    MP_TYPE_FLAG_NONE,
    make_new, mp_obj_exception_make_new,
    print, error_print,
    attr, error_attr,
    parent, &wasm3_type_Error
    );

static const mp_obj_type_t *type_of(avm_error_t error) {
    if (error == AVM_CODE) {
        return &wasm3_type_AgentError;
    }
    if (error == AVM_BUSY) {
        return &wasm3_type_AgentBusy;
    }
    if (error == AVM_USAGE) {
        return &mp_type_ValueError;
    }
    if (error <= AVM_INIT_FAILED) {
        return &wasm3_type_LoadError;
    }
    return error < AVM_CODE ? &wasm3_type_Trap : &wasm3_type_Error;
}

// Names come from modules: they may be no text, or have been cut within a character.
mp_obj_t wasm3_text_new(const char *text, size_t length) {
    if (avm_utf8_check((const uint8_t *)text, length)) {
        return mp_obj_new_str(text, length);
    }
    vstr_t plain;
    vstr_init(&plain, length);
    for (size_t i = 0; i < length; i++) {
        vstr_add_byte(&plain, (byte)text[i] < 0x80 ? text[i] : '?');
    }
    return mp_obj_new_str_from_vstr(&plain);
}

static mp_obj_t text_of(const char *name, const char *word, const avm_fault_t *fault) {
    vstr_t text;
    vstr_init(&text, 64);
    if (name != NULL) {
        vstr_add_str(&text, name);
        vstr_add_str(&text, ": ");
    }
    if (fault->error != AVM_USAGE) {
        vstr_add_str(&text, word);
        vstr_add_str(&text, ": ");
    }
    vstr_add_str(&text, fault->text);
    return wasm3_text_new(text.buf, text.len);
}

static __attribute__((noreturn)) void raise_fault(const avm_fault_t *fault, const char *name) {
    const char *word = fault->error == AVM_CODE
        ? avm_code_name(fault->code) : avm_error_word(fault->error);
    mp_obj_t args[] = {
        text_of(name, word, fault),
        mp_obj_new_str(word, strlen(word)),
        fault->code == 0 ? mp_const_none : mp_obj_new_int(fault->code),
    };
    const mp_obj_type_t *type = type_of(fault->error);
    size_t count = type == &mp_type_ValueError ? 1 : 3;
    nlr_raise(mp_obj_new_exception_args(type, count, args));
}

void wasm3_check(avm_error_t error, const avm_fault_t *fault, const char *name) {
    if (error == AVM_OK) {
        return;
    }
    mp_obj_t kept = wasm3_take_exception();
    if (kept != MP_OBJ_NULL) {
        nlr_raise(kept);
    }
    raise_fault(fault, name);
}
