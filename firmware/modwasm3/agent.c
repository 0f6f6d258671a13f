// wasm3.Agent: one agent of SPEC.md 1, its memory in the agent pool.
#include "modwasm3.h"

#include "py/objarray.h"
#include "py/objstr.h"
#include "py/runtime.h"

#include <string.h>

typedef struct {
    mp_obj_base_t base;
    mp_obj_t name;
    mp_obj_t output; // bytearray that infer's result is copied to
    mp_obj_t view; // of it: what infer returns
    mp_obj_t model; // what the agent reads in place
    avm_agent_t agent;
} wasm3_agent_t;

static const char *name_of(const wasm3_agent_t *self) {
    return mp_obj_str_get_str(self->name);
}

static uint32_t get_u32(mp_obj_t object, qstr what) {
    mp_int_t value = mp_obj_get_int(object);
    if (value < 0 || (uint64_t)value > UINT32_MAX) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%q out of range"), what);
    }
    return (uint32_t)value;
}

static void make_output(wasm3_agent_t *self, uint32_t bytes) {
    uint8_t *output = m_new0(uint8_t, bytes);
    self->output = mp_obj_new_bytearray_by_ref(bytes, output);
    self->view = mp_obj_new_memoryview('B', bytes, output);
}

static void load(wasm3_agent_t *self, const avm_agent_config_t *config) {
    avm_fault_t fault;
    avm_error_t error = avm_agent_load(&self->agent, wasm3_pool(), config, &fault);
    wasm3_check(error, &fault, name_of(self));
}

// Agent(wasm, *, name, memory_bytes=0, vm_stack_bytes=0, deadline_ms=0, outputs_bytes=0,
//       inputs_bytes=0, model=None, imports=())
static mp_obj_t agent_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
    const mp_obj_t *all_args) {
    enum { WASM, NAME, MEMORY, STACK, DEADLINE, OUTPUTS, INPUTS, MODEL, IMPORTS };
    static const mp_arg_t allowed[] = {
        { MP_QSTR_wasm, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL} },
        { MP_QSTR_name, MP_ARG_KW_ONLY | MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL} },
        { MP_QSTR_memory_bytes, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_INT(0)} },
        { MP_QSTR_vm_stack_bytes, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_INT(0)} },
        { MP_QSTR_deadline_ms, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_INT(0)} },
        { MP_QSTR_outputs_bytes, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_INT(0)} },
        { MP_QSTR_inputs_bytes, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_INT(0)} },
        { MP_QSTR_model, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE} },
        { MP_QSTR_imports, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_PTR(&mp_const_empty_tuple_obj)} },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all_kw_array(n_args, n_kw, all_args, MP_ARRAY_SIZE(allowed), allowed, args);

    mp_buffer_info_t wasm, model = {0};
    mp_get_buffer_raise(args[WASM].u_obj, &wasm, MP_BUFFER_READ);
    if (args[MODEL].u_obj != mp_const_none) {
        mp_get_buffer_raise(args[MODEL].u_obj, &model, MP_BUFFER_READ);
    }
    wasm3_agent_t *self = mp_obj_malloc_with_finaliser(wasm3_agent_t, type);
    memset(&self->agent, 0, sizeof(self->agent));
    self->name = args[NAME].u_obj;
    self->output = self->view = self->model = mp_const_none;
    avm_grant_t grants[WASM3_GRANTS_MAX];
    avm_agent_config_t config = {
        .wasm = wasm.buf,
        .wasm_bytes = wasm.len,
        .model = model.buf,
        .model_bytes = model.len,
        .grants = grants,
        .grant_count = wasm3_grants(args[IMPORTS].u_obj, grants, (void *)name_of(self)),
        .memory_bytes = get_u32(args[MEMORY].u_obj, MP_QSTR_memory_bytes),
        .vm_stack_bytes = get_u32(args[STACK].u_obj, MP_QSTR_vm_stack_bytes),
        .deadline_ms = get_u32(args[DEADLINE].u_obj, MP_QSTR_deadline_ms),
        .inputs_bytes = get_u32(args[INPUTS].u_obj, MP_QSTR_inputs_bytes),
        .outputs_bytes = get_u32(args[OUTPUTS].u_obj, MP_QSTR_outputs_bytes),
    };
    make_output(self, config.outputs_bytes);
    load(self, &config);
    if (avm_agent_keeps_model(&self->agent)) {
        self->model = args[MODEL].u_obj;
    }
    return MP_OBJ_FROM_PTR(self);
}

static uint8_t *output_of(wasm3_agent_t *self) {
    return ((mp_obj_array_t *)MP_OBJ_TO_PTR(self->output))->items;
}

// infer(input: buffer) -> memoryview
static mp_obj_t agent_infer(mp_obj_t self_in, mp_obj_t input) {
    avm_fault_t fault;
    mp_buffer_info_t buffer;
    wasm3_agent_t *self = MP_OBJ_TO_PTR(self_in);
    mp_get_buffer_raise(input, &buffer, MP_BUFFER_READ);
    avm_error_t error = avm_agent_infer(&self->agent, buffer.buf, buffer.len, output_of(self),
        &fault);
    wasm3_check(error, &fault, name_of(self));
    return self->view;
}
static MP_DEFINE_CONST_FUN_OBJ_2(agent_infer_obj, agent_infer);

// begin(input: buffer) -> None
static mp_obj_t agent_begin(mp_obj_t self_in, mp_obj_t input) {
    avm_fault_t fault;
    mp_buffer_info_t buffer;
    wasm3_agent_t *self = MP_OBJ_TO_PTR(self_in);
    mp_get_buffer_raise(input, &buffer, MP_BUFFER_READ);
    wasm3_check(avm_agent_begin(&self->agent, buffer.buf, buffer.len, &fault), &fault,
        name_of(self));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(agent_begin_obj, agent_begin);

// step() -> memoryview | None
// None while there is more to do.
static mp_obj_t agent_step(mp_obj_t self_in) {
    avm_fault_t fault;
    bool more;
    wasm3_agent_t *self = MP_OBJ_TO_PTR(self_in);
    wasm3_check(avm_agent_step(&self->agent, output_of(self), &more, &fault), &fault,
        name_of(self));
    return more ? mp_const_none : self->view;
}
static MP_DEFINE_CONST_FUN_OBJ_1(agent_step_obj, agent_step);

// state() -> bytes | None
// None where the agent has none.
static mp_obj_t agent_state(mp_obj_t self_in) {
    avm_fault_t fault;
    uint8_t *at = NULL;
    size_t bytes;
    wasm3_agent_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->agent.runtime != NULL && !avm_agent_has_state(&self->agent)) {
        return mp_const_none;
    }
    wasm3_check(avm_agent_state(&self->agent, &at, &bytes, &fault), &fault, name_of(self));
    return mp_obj_new_bytes(at, bytes);
}
static MP_DEFINE_CONST_FUN_OBJ_1(agent_state_obj, agent_state);

// set_state(state: buffer) -> None
// ValueError where the agent's is not as long.
static mp_obj_t agent_set_state(mp_obj_t self_in, mp_obj_t state) {
    avm_fault_t fault;
    mp_buffer_info_t buffer;
    uint8_t *at = NULL;
    size_t bytes;
    wasm3_agent_t *self = MP_OBJ_TO_PTR(self_in);
    mp_get_buffer_raise(state, &buffer, MP_BUFFER_READ);
    wasm3_check(avm_agent_state(&self->agent, &at, &bytes, &fault), &fault, name_of(self));
    if (bytes != buffer.len) {
        mp_raise_msg_varg(&mp_type_ValueError,
            MP_ERROR_TEXT("%s: its state has %u bytes, %u were given"), name_of(self),
            (unsigned)bytes, (unsigned)buffer.len);
    }
    memcpy(at, buffer.buf, bytes);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(agent_set_state_obj, agent_set_state);

// linear_used() -> int
// Up to the last byte of linear memory that is not 0.
static mp_obj_t agent_linear_used(mp_obj_t self_in) {
    wasm3_agent_t *self = MP_OBJ_TO_PTR(self_in);
    return mp_obj_new_int_from_uint(avm_agent_memory_used(&self->agent));
}
static MP_DEFINE_CONST_FUN_OBJ_1(agent_linear_used_obj, agent_linear_used);

// close() -> None
static mp_obj_t agent_close(mp_obj_t self_in) {
    avm_fault_t fault;
    wasm3_agent_t *self = MP_OBJ_TO_PTR(self_in);
    wasm3_check(avm_agent_close(&self->agent, &fault), &fault, name_of(self));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(agent_close_obj, agent_close);

// __exit__(*args) -> None
static mp_obj_t agent_exit(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    return agent_close(args[0]);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(agent_exit_obj, 4, 4, agent_exit);

// The collector's: nobody can be inside the agent then, and nothing may be raised.
static mp_obj_t agent_del(mp_obj_t self_in) {
    avm_fault_t fault;
    wasm3_agent_t *self = MP_OBJ_TO_PTR(self_in);
    avm_agent_close(&self->agent, &fault);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(agent_del_obj, agent_del);

// name, memory_bytes, pool_bytes, slices
static void agent_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    wasm3_agent_t *self = MP_OBJ_TO_PTR(self_in);
    if (dest[0] != MP_OBJ_NULL) {
        return;
    }
    if (attr == MP_QSTR_name) {
        dest[0] = self->name;
    } else if (attr == MP_QSTR_memory_bytes) {
        dest[0] = mp_obj_new_int_from_uint(avm_agent_memory_bytes(&self->agent));
    } else if (attr == MP_QSTR_pool_bytes) {
        dest[0] = mp_obj_new_int_from_uint(avm_agent_pool_bytes(&self->agent));
    } else if (attr == MP_QSTR_slices) {
        dest[0] = mp_obj_new_bool(avm_agent_has_slices(&self->agent));
    } else {
        dest[1] = MP_OBJ_SENTINEL; // go on with the methods
    }
}

static const mp_rom_map_elem_t agent_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_infer), MP_ROM_PTR(&agent_infer_obj) },
    { MP_ROM_QSTR(MP_QSTR_begin), MP_ROM_PTR(&agent_begin_obj) },
    { MP_ROM_QSTR(MP_QSTR_step), MP_ROM_PTR(&agent_step_obj) },
    { MP_ROM_QSTR(MP_QSTR_state), MP_ROM_PTR(&agent_state_obj) },
    { MP_ROM_QSTR(MP_QSTR_set_state), MP_ROM_PTR(&agent_set_state_obj) },
    { MP_ROM_QSTR(MP_QSTR_linear_used), MP_ROM_PTR(&agent_linear_used_obj) },
    { MP_ROM_QSTR(MP_QSTR_close), MP_ROM_PTR(&agent_close_obj) },
    { MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&agent_del_obj) },
    { MP_ROM_QSTR(MP_QSTR___enter__), MP_ROM_PTR(&mp_identity_obj) },
    { MP_ROM_QSTR(MP_QSTR___exit__), MP_ROM_PTR(&agent_exit_obj) },
};
static MP_DEFINE_CONST_DICT(agent_locals, agent_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    wasm3_agent_type,
    MP_QSTR_Agent,
    MP_TYPE_FLAG_NONE,
    make_new, agent_make_new,
    attr, agent_attr,
    locals_dict, &agent_locals
    );
