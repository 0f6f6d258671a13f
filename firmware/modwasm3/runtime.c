// wasm3.Runtime and wasm3.Function.
#include "modwasm3.h"

#include "py/objarray.h"
#include "py/runtime.h"

#include <string.h>

typedef struct {
    mp_obj_base_t base;
    wasm3_runtime_t *runtime; // keeps all alive that the function needs
    avm_function_t *function;
} wasm3_function_t;

mp_obj_t wasm3_runtime_new(wasm3_environment_t *environment, uint32_t stack_bytes,
    uint32_t memory_limit) {
    avm_fault_t fault;
    wasm3_runtime_t *self = mp_obj_malloc(wasm3_runtime_t, &wasm3_runtime_type);
    self->environment = environment;
    self->runtime = NULL;
    self->module = NULL;
    self->spent = false;
    wasm3_check(avm_runtime_new(&self->runtime, &wasm3_gc_heap, environment->env, stack_bytes,
        memory_limit, &fault), &fault, NULL);
    return MP_OBJ_FROM_PTR(self);
}

static void load_check(const wasm3_runtime_t *self, const wasm3_module_t *module) {
    if (self->spent) {
        mp_raise_msg(&wasm3_type_Error, MP_ERROR_TEXT("the runtime has a module already"));
    }
    if (module->runtime != NULL) {
        mp_raise_msg(&wasm3_type_Error, MP_ERROR_TEXT("the module is loaded already"));
    }
    if (module->environment != self->environment) {
        mp_raise_msg(&wasm3_type_Error, MP_ERROR_TEXT("the module is of another environment"));
    }
}

// load(module: Module) -> None
// With every import linked, functions are compiled and the start function runs here, else
// when the first function is looked for.
static mp_obj_t runtime_load(mp_obj_t self_in, mp_obj_t module_in) {
    avm_fault_t fault;
    wasm3_runtime_t *self = MP_OBJ_TO_PTR(self_in);
    if (!mp_obj_is_type(module_in, &wasm3_module_type)) {
        mp_raise_TypeError(MP_ERROR_TEXT("not a wasm3.Module"));
    }
    wasm3_module_t *module = MP_OBJ_TO_PTR(module_in);
    load_check(self, module);
    // Whatever comes of it, neither can be used for another.
    self->spent = true;
    module->runtime = self;
    wasm3_check(avm_runtime_load(self->runtime, module->module, &module->info, &fault), &fault,
        NULL);
    self->module = module;
    wasm3_module_bind(module);
    if (avm_module_unlinked(module->module) == NULL) {
        wasm3_module_prepare(module);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(runtime_load_obj, runtime_load);

// A name may have a NUL in it, but no C string of wasm3's has.
static avm_function_t *find(wasm3_module_t *module, const char *name, size_t length) {
    avm_exported_t exported;
    if (avm_inspect_export_named(&module->info, name, length, &exported)
        && exported.kind == AVM_KIND_FUNCTION) {
        return avm_module_function(module->module, exported.index);
    }
    return strlen(name) == length ? avm_module_named(module->module, name) : NULL;
}

// find_function(name: str) -> Function
static mp_obj_t runtime_find_function(mp_obj_t self_in, mp_obj_t name_in) {
    wasm3_runtime_t *self = MP_OBJ_TO_PTR(self_in);
    size_t length;
    const char *name = mp_obj_str_get_data(name_in, &length);
    if (self->module == NULL) {
        mp_raise_msg(&wasm3_type_Error, MP_ERROR_TEXT("no module loaded"));
    }
    avm_function_t *function = find(self->module, name, length);
    if (function == NULL) {
        mp_raise_msg_varg(&wasm3_type_Error, MP_ERROR_TEXT("function lookup failed: %s"), name);
    }
    wasm3_module_prepare(self->module);
    return wasm3_function_new(self, function);
}
static MP_DEFINE_CONST_FUN_OBJ_2(runtime_find_function_obj, runtime_find_function);

// get_memory(index: int = 0) -> memoryview
// The view points at the start of the block that the memory lies in, so that it and its
// slices keep the block alive, whatever becomes of the runtime or of the memory's size.
static mp_obj_t runtime_get_memory(size_t n_args, const mp_obj_t *args) {
    wasm3_runtime_t *self = MP_OBJ_TO_PTR(args[0]);
    if (n_args > 1 && mp_obj_get_int(args[1]) != 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("there is only memory 0"));
    }
    avm_memory_t memory = avm_runtime_memory(self->runtime);
    mp_obj_array_t *view = m_new_obj(mp_obj_array_t);
    mp_obj_memoryview_init(view, 'B' | MP_OBJ_ARRAY_TYPECODE_FLAG_RW,
        (size_t)(memory.bytes - (uint8_t *)memory.block), memory.length, memory.block);
    return MP_OBJ_FROM_PTR(view);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(runtime_get_memory_obj, 1, 2, runtime_get_memory);

static const mp_rom_map_elem_t runtime_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_load), MP_ROM_PTR(&runtime_load_obj) },
    { MP_ROM_QSTR(MP_QSTR_find_function), MP_ROM_PTR(&runtime_find_function_obj) },
    { MP_ROM_QSTR(MP_QSTR_get_memory), MP_ROM_PTR(&runtime_get_memory_obj) },
};
static MP_DEFINE_CONST_DICT(runtime_locals, runtime_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    wasm3_runtime_type,
    MP_QSTR_Runtime,
    MP_TYPE_FLAG_NONE,
    locals_dict, &runtime_locals
    );

// --- Function

mp_obj_t wasm3_function_new(wasm3_runtime_t *runtime, avm_function_t *function) {
    wasm3_function_t *self = mp_obj_malloc(wasm3_function_t, &wasm3_function_type);
    self->runtime = runtime;
    self->function = function;
    return MP_OBJ_FROM_PTR(self);
}

static void arguments_check(const avm_function_t *function, size_t given) {
    uint32_t wanted = avm_function_arguments(function);
    if (wanted > AVM_VALUES_MAX || avm_function_results(function) > AVM_VALUES_MAX) {
        mp_raise_ValueError(MP_ERROR_TEXT("more than 32 arguments or results"));
    }
    if (given != wanted) {
        mp_raise_msg_varg(&mp_type_TypeError, MP_ERROR_TEXT("takes %d arguments, %d given"),
            (int)wanted, (int)given);
    }
}

// function(*args) -> None | value | tuple
static mp_obj_t function_call(mp_obj_t self_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    avm_fault_t fault;
    avm_value_t values[AVM_VALUES_MAX];
    wasm3_function_t *self = MP_OBJ_TO_PTR(self_in);
    mp_arg_check_num(n_args, n_kw, 0, MP_OBJ_FUN_ARGS_MAX, false);
    arguments_check(self->function, n_args);
    for (size_t i = 0; i < n_args; i++) {
        values[i] = wasm3_value_get(args[i], avm_function_argument(self->function, i));
    }
    wasm3_check(avm_call(self->function, values, values, 0, &fault), &fault, NULL);
    return wasm3_results_new(self->function, values);
}

// Reads one argument of call_argv: int or float of a string.
static mp_obj_t parse_argument(mp_obj_t text, avm_type_t type) {
    const mp_obj_type_t *as = type == AVM_I32 || type == AVM_I64 ? &mp_type_int : &mp_type_float;
    return mp_call_function_1(MP_OBJ_FROM_PTR(as), text);
}

// call_argv(*args: str) -> None | value | tuple
static mp_obj_t function_call_argv(size_t n_args, const mp_obj_t *args) {
    mp_obj_t parsed[AVM_VALUES_MAX];
    wasm3_function_t *self = MP_OBJ_TO_PTR(args[0]);
    arguments_check(self->function, n_args - 1);
    for (size_t i = 1; i < n_args; i++) {
        parsed[i - 1] = parse_argument(args[i], avm_function_argument(self->function, i - 1));
    }
    return function_call(args[0], n_args - 1, 0, parsed);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(function_call_argv_obj, 1, function_call_argv);

static mp_obj_t name_of(const avm_function_t *function) {
    const char *name = avm_function_name(function);
    return name == NULL ? mp_const_none : wasm3_text_new(name, strlen(name));
}

static mp_obj_t types_of(const avm_function_t *function, uint32_t count,
    avm_type_t (*type)(const avm_function_t *, uint32_t)) {
    mp_obj_tuple_t *types = MP_OBJ_TO_PTR(mp_obj_new_tuple(count, NULL));
    for (uint32_t i = 0; i < count; i++) {
        types->items[i] = MP_OBJ_NEW_SMALL_INT(type(function, i));
    }
    return MP_OBJ_FROM_PTR(types);
}

// name, num_args, num_rets, arg_types, ret_types
static void function_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    wasm3_function_t *self = MP_OBJ_TO_PTR(self_in);
    uint32_t arguments = avm_function_arguments(self->function);
    uint32_t results = avm_function_results(self->function);
    if (dest[0] != MP_OBJ_NULL) {
        return;
    }
    if (attr == MP_QSTR_name) {
        dest[0] = name_of(self->function);
    } else if (attr == MP_QSTR_num_args) {
        dest[0] = mp_obj_new_int_from_uint(arguments);
    } else if (attr == MP_QSTR_num_rets) {
        dest[0] = mp_obj_new_int_from_uint(results);
    } else if (attr == MP_QSTR_arg_types) {
        dest[0] = types_of(self->function, arguments, avm_function_argument);
    } else if (attr == MP_QSTR_ret_types) {
        dest[0] = types_of(self->function, results, avm_function_result);
    } else {
        dest[1] = MP_OBJ_SENTINEL; // go on with the methods
    }
}

static const mp_rom_map_elem_t function_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_call_argv), MP_ROM_PTR(&function_call_argv_obj) },
};
static MP_DEFINE_CONST_DICT(function_locals, function_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    wasm3_function_type,
    MP_QSTR_Function,
    MP_TYPE_FLAG_NONE,
    call, function_call,
    attr, function_attr,
    locals_dict, &function_locals
    );
