// wasm3.Environment and wasm3.Module, spoken as pywasm3 speaks.
#include "modwasm3.h"

#include "py/gc.h"
#include "py/objarray.h"
#include "py/runtime.h"

#include <string.h>

// Environment()
static mp_obj_t environment_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
    const mp_obj_t *args) {
    avm_fault_t fault;
    (void)args;
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    wasm3_environment_t *self = mp_obj_malloc(wasm3_environment_t, type);
    self->env = NULL;
    wasm3_check(avm_env_new(&self->env, &wasm3_gc_heap, &fault), &fault, NULL);
    return MP_OBJ_FROM_PTR(self);
}

// new_runtime(stack_bytes: int, memory_limit: int = 0) -> Runtime
static mp_obj_t environment_new_runtime(size_t n_args, const mp_obj_t *args) {
    mp_int_t stack = mp_obj_get_int(args[1]);
    mp_int_t limit = n_args > 2 ? mp_obj_get_int(args[2]) : 0;
    if (stack < AVM_VM_STACK_MIN || limit < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("stack_bytes below 512, or memory_limit below 0"));
    }
    return wasm3_runtime_new(MP_OBJ_TO_PTR(args[0]), (uint32_t)stack, (uint32_t)limit);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(environment_new_runtime_obj, 2, 3,
    environment_new_runtime);

// parse_module(wasm: buffer) -> Module
static mp_obj_t environment_parse_module(mp_obj_t self_in, mp_obj_t bytes) {
    return wasm3_module_new(MP_OBJ_TO_PTR(self_in), bytes);
}
static MP_DEFINE_CONST_FUN_OBJ_2(environment_parse_module_obj, environment_parse_module);

static const mp_rom_map_elem_t environment_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_new_runtime), MP_ROM_PTR(&environment_new_runtime_obj) },
    { MP_ROM_QSTR(MP_QSTR_parse_module), MP_ROM_PTR(&environment_parse_module_obj) },
};
static MP_DEFINE_CONST_DICT(environment_locals, environment_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    wasm3_environment_type,
    MP_QSTR_Environment,
    MP_TYPE_FLAG_NONE,
    make_new, environment_make_new,
    locals_dict, &environment_locals
    );

// Views point at the start of a block of the collected heap or at no such block: those of
// read-only memory can neither move nor change.
static bool is_rom_view(mp_obj_t bytes) {
    const mp_obj_array_t *view = MP_OBJ_TO_PTR(bytes);
    return mp_obj_is_type(bytes, &mp_type_memoryview)
           && !(view->typecode & MP_OBJ_ARRAY_TYPECODE_FLAG_RW) && gc_nbytes(view->items) == 0;
}

// What wasm3 points at must stay as it is. Bytes that nobody can change are used in place;
// others are copied.
static mp_obj_t fixed_bytes(mp_obj_t bytes) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(bytes, &buffer, MP_BUFFER_READ);
    bool is_fixed = mp_obj_is_type(bytes, &mp_type_bytes) || is_rom_view(bytes);
    return is_fixed ? bytes : mp_obj_new_bytes(buffer.buf, buffer.len);
}

mp_obj_t wasm3_module_new(wasm3_environment_t *environment, mp_obj_t bytes) {
    avm_fault_t fault;
    mp_buffer_info_t buffer;
    wasm3_module_t *self = mp_obj_malloc(wasm3_module_t, &wasm3_module_type);
    memset((uint8_t *)self + sizeof(self->base), 0, sizeof(*self) - sizeof(self->base));
    self->environment = environment;
    self->bytes = fixed_bytes(bytes);
    mp_get_buffer_raise(self->bytes, &buffer, MP_BUFFER_READ);
    avm_error_t error = avm_inspect(&self->info, buffer.buf, buffer.len, &fault);
    if (!error) {
        error = avm_module_parse(&self->module, &wasm3_gc_heap, environment->env, &self->info,
            &fault);
    }
    wasm3_check(error, &fault, NULL);
    return MP_OBJ_FROM_PTR(self);
}

static void bind_link(wasm3_module_t *self, const wasm3_link_t *link) {
    avm_fault_t fault;
    const char *signature = link->signature == mp_const_none
        ? NULL : mp_obj_str_get_str(link->signature);
    avm_error_t error = avm_module_link(self->module, mp_obj_str_get_str(link->from),
        mp_obj_str_get_str(link->name), signature, &link->import, &fault);
    // As in pywasm3, an import that the module does not have is no error; another type is.
    if (error == AVM_USAGE && strcmp(fault.text, "function lookup failed") == 0) {
        return;
    }
    fault.error = error == AVM_USAGE ? AVM_IMPORT_DENIED : error;
    wasm3_check(error, &fault, mp_obj_str_get_str(link->name));
}

void wasm3_module_bind(wasm3_module_t *self) {
    for (wasm3_link_t *link = self->links; link != NULL; link = link->next) {
        bind_link(self, link);
    }
}

void wasm3_module_prepare(wasm3_module_t *self) {
    avm_fault_t fault;
    if (self->ready) {
        return;
    }
    avm_error_t error = avm_module_compile(self->module, false, &fault);
    wasm3_check(error, &fault, NULL);
    self->ready = true;
    error = avm_module_start(self->module, 0, &fault);
    wasm3_check(error, &fault, NULL);
}

// Code that has been compiled goes on to call the link that it was compiled with.
static void replace_callable(wasm3_link_t *links, const wasm3_link_t *by) {
    for (wasm3_link_t *link = links; link != NULL; link = link->next) {
        if (mp_obj_equal(link->from, by->from) && mp_obj_equal(link->name, by->name)) {
            link->callable = by->callable;
        }
    }
}

// link_function(module: str, name: str, [signature: str,] function: callable) -> None
static mp_obj_t module_link_function(size_t n_args, const mp_obj_t *args) {
    wasm3_module_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_obj_t callable = args[n_args - 1];
    if (!mp_obj_is_callable(callable)) {
        mp_raise_TypeError(MP_ERROR_TEXT("function is not callable"));
    }
    wasm3_link_t *link = m_new_obj(wasm3_link_t);
    *link = (wasm3_link_t) {
        {.function = wasm3_call_python, .context = link, .trusted = true}, callable, args[1], args[2],
        n_args == 5 ? args[3] : mp_const_none, self->links,
    };
    mp_obj_str_get_str(link->from);
    mp_obj_str_get_str(link->name);
    if (self->runtime != NULL) {
        bind_link(self, link);
    }
    replace_callable(self->links, link);
    self->links = link;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(module_link_function_obj, 4, 5, module_link_function);

static uint32_t find_global(wasm3_module_t *self, mp_obj_t name) {
    avm_exported_t exported;
    size_t length;
    const char *text = mp_obj_str_get_data(name, &length);
    if (!avm_inspect_export_named(&self->info, text, length, &exported)
        || exported.kind != AVM_KIND_GLOBAL) {
        mp_raise_msg_varg(&wasm3_type_Error, MP_ERROR_TEXT("no global %s"), text);
    }
    if (self->runtime == NULL) {
        mp_raise_msg(&wasm3_type_Error, MP_ERROR_TEXT("the module is not loaded"));
    }
    return exported.index;
}

// get_global(name: str) -> int | float
static mp_obj_t module_get_global(mp_obj_t self_in, mp_obj_t name) {
    wasm3_module_t *self = MP_OBJ_TO_PTR(self_in);
    avm_value_t value;
    avm_type_t type = avm_global_get(self->module, find_global(self, name), &value);
    return wasm3_value_new(value, type);
}
static MP_DEFINE_CONST_FUN_OBJ_2(module_get_global_obj, module_get_global);

// set_global(name: str, value: int | float) -> None
static mp_obj_t module_set_global(mp_obj_t self_in, mp_obj_t name, mp_obj_t object) {
    wasm3_module_t *self = MP_OBJ_TO_PTR(self_in);
    avm_value_t value;
    uint32_t index = find_global(self, name);
    avm_type_t type = avm_global_get(self->module, index, &value);
    if (!avm_global_set(self->module, index, wasm3_value_get(object, type))) {
        mp_raise_msg_varg(&wasm3_type_Error, MP_ERROR_TEXT("global %s is immutable"),
            mp_obj_str_get_str(name));
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(module_set_global_obj, module_set_global);

static const mp_rom_map_elem_t module_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_link_function), MP_ROM_PTR(&module_link_function_obj) },
    { MP_ROM_QSTR(MP_QSTR_get_global), MP_ROM_PTR(&module_get_global_obj) },
    { MP_ROM_QSTR(MP_QSTR_set_global), MP_ROM_PTR(&module_set_global_obj) },
};
static MP_DEFINE_CONST_DICT(module_locals, module_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    wasm3_module_type,
    MP_QSTR_Module,
    MP_TYPE_FLAG_NONE,
    locals_dict, &module_locals
    );
