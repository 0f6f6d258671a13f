// The module `wasm3`: agents, and what pywasm3 offers under the names that it gives it.
#include "modwasm3.h"

#include "py/objstr.h"
#include "py/runtime.h"

#include <string.h>

#if !MICROPY_MODULE_BUILTIN_INIT
#error "wasm3 needs MICROPY_MODULE_BUILTIN_INIT, to start afresh after a soft reset"
#endif

// In RAM because only wasm3's own header knows it.
static mp_obj_str_t version;

extern const mp_obj_module_t wasm3_user_cmodule;

// Called by the first import after a reset. MicroPython would call it again at every
// import, under the feet of agents that live in the pool: a module that is among the loaded
// ones is left alone.
static mp_obj_t wasm3_init(void) {
    mp_obj_dict_store(MP_OBJ_FROM_PTR(&MP_STATE_VM(mp_loaded_modules_dict)),
        MP_OBJ_NEW_QSTR(MP_QSTR_wasm3), MP_OBJ_FROM_PTR(&wasm3_user_cmodule));
    const char *text = avm_wasm3_version();
    version.base.type = &mp_type_str;
    version.data = (const byte *)text;
    version.len = strlen(text);
    version.hash = qstr_compute_hash(version.data, version.len);
    wasm3_host_init();
    wasm3_pool_reset();
    wasm3_profile_reset();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(wasm3_init_obj, wasm3_init);

static const mp_rom_map_elem_t wasm3_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_wasm3) },
    { MP_ROM_QSTR(MP_QSTR___init__), MP_ROM_PTR(&wasm3_init_obj) },
    { MP_ROM_QSTR(MP_QSTR_M3_VERSION), MP_ROM_PTR(&version) },
    { MP_ROM_QSTR(MP_QSTR_Environment), MP_ROM_PTR(&wasm3_environment_type) },
    { MP_ROM_QSTR(MP_QSTR_Module), MP_ROM_PTR(&wasm3_module_type) },
    { MP_ROM_QSTR(MP_QSTR_Runtime), MP_ROM_PTR(&wasm3_runtime_type) },
    { MP_ROM_QSTR(MP_QSTR_Function), MP_ROM_PTR(&wasm3_function_type) },
    { MP_ROM_QSTR(MP_QSTR_Agent), MP_ROM_PTR(&wasm3_agent_type) },
    { MP_ROM_QSTR(MP_QSTR_pool_init), MP_ROM_PTR(&wasm3_pool_init_obj) },
    { MP_ROM_QSTR(MP_QSTR_pool_info), MP_ROM_PTR(&wasm3_pool_info_obj) },
    { MP_ROM_QSTR(MP_QSTR_nn_profile), MP_ROM_PTR(&wasm3_nn_profile_obj) },
    { MP_ROM_QSTR(MP_QSTR_Error), MP_ROM_PTR(&wasm3_type_Error) },
    { MP_ROM_QSTR(MP_QSTR_LoadError), MP_ROM_PTR(&wasm3_type_LoadError) },
    { MP_ROM_QSTR(MP_QSTR_Trap), MP_ROM_PTR(&wasm3_type_Trap) },
    { MP_ROM_QSTR(MP_QSTR_AgentError), MP_ROM_PTR(&wasm3_type_AgentError) },
    { MP_ROM_QSTR(MP_QSTR_AgentBusy), MP_ROM_PTR(&wasm3_type_AgentBusy) },
};
static MP_DEFINE_CONST_DICT(wasm3_globals, wasm3_globals_table);

const mp_obj_module_t wasm3_user_cmodule = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&wasm3_globals,
};

MP_REGISTER_MODULE(MP_QSTR_wasm3, wasm3_user_cmodule);
