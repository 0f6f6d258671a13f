// What the files of the module share.
#ifndef MODWASM3_H
#define MODWASM3_H

#include "agentvm/agent.h"
#include "agentvm/nn_calls.h"
#include "agentvm/utf8.h"

#include "py/obj.h"

// What the agent pool takes when nobody has asked for a size.
#ifndef WASM3_POOL_BYTES
#define WASM3_POOL_BYTES (96 * 1024)
#endif

// What Wasm leaves of the C stack above Python's limit: for kernels and other host functions,
// which do not look, and for interrupts where they come on the same stack. 0 is for ports on
// which something below the stack catches an overrun.
#ifndef WASM3_STACK_RESERVE
#define WASM3_STACK_RESERVE 0
#endif

// Where the pool lies. A port with a place of its own for it defines WASM3_PORT_POOL as 1 and
// this function: false when there is not that much. Called once after each soft reset.
#ifndef WASM3_PORT_POOL
#define WASM3_PORT_POOL 0
#endif
bool wasm3_pool_reserve(size_t bytes, void **base);

// --- types (environment.c, runtime.c, function.c, agent.c)

typedef struct {
    mp_obj_base_t base;
    avm_env_t *env;
} wasm3_environment_t;

// One link_function: wasm3 keeps a pointer to `import`.
typedef struct wasm3_link {
    avm_import_t import;
    mp_obj_t callable;
    mp_obj_t from, name, signature;
    struct wasm3_link *next;
} wasm3_link_t;

// Holds all that wasm3 only points at: the module's bytes, the callables.
typedef struct {
    mp_obj_base_t base;
    wasm3_environment_t *environment;
    avm_module_t *module;
    struct wasm3_runtime *runtime; // NULL until it is loaded
    mp_obj_t bytes;
    wasm3_link_t *links;
    bool ready; // compiled, and its start function has been called
    avm_module_info_t info;
} wasm3_module_t;

typedef struct wasm3_runtime {
    mp_obj_base_t base;
    wasm3_environment_t *environment;
    avm_runtime_t *runtime;
    wasm3_module_t *module; // NULL until one is loaded
    bool spent; // loading has been tried
} wasm3_runtime_t;

extern const mp_obj_type_t wasm3_environment_type;
extern const mp_obj_type_t wasm3_module_type;
extern const mp_obj_type_t wasm3_runtime_type;
extern const mp_obj_type_t wasm3_function_type;
extern const mp_obj_type_t wasm3_agent_type;

mp_obj_t wasm3_module_new(wasm3_environment_t *environment, mp_obj_t bytes);
// Links, compiles and starts a module that has been loaded.
void wasm3_module_bind(wasm3_module_t *module);
void wasm3_module_prepare(wasm3_module_t *module);
mp_obj_t wasm3_runtime_new(wasm3_environment_t *environment, uint32_t stack_bytes,
    uint32_t memory_limit);
mp_obj_t wasm3_function_new(wasm3_runtime_t *runtime, avm_function_t *function);

// --- errors.c

extern const mp_obj_type_t wasm3_type_Error;
extern const mp_obj_type_t wasm3_type_LoadError;
extern const mp_obj_type_t wasm3_type_Trap;
extern const mp_obj_type_t wasm3_type_AgentError;
extern const mp_obj_type_t wasm3_type_AgentBusy;

// A str of what may be no UTF-8.
mp_obj_t wasm3_text_new(const char *text, size_t length);
// Raises what the error stands for; nothing for AVM_OK. `name`: the agent's, or NULL.
void wasm3_check(avm_error_t error, const avm_fault_t *fault, const char *name);

// --- host.c

// The collected heap as wasm3 wants it.
extern avm_heap_t wasm3_gc_heap;
void wasm3_host_init(void);
// Keeps an exception from below wasm3's frames for the one who called them.
void wasm3_keep_exception(mp_obj_t exception);
// MP_OBJ_NULL when there is none.
mp_obj_t wasm3_take_exception(void);

// --- pool.c

avm_pool_t *wasm3_pool(void);
void wasm3_pool_reset(void);
extern const mp_obj_fun_builtin_fixed_t wasm3_pool_init_obj;
extern const mp_obj_fun_builtin_fixed_t wasm3_pool_info_obj;

// --- profile.c

void wasm3_profile_reset(void);
extern const mp_obj_fun_builtin_fixed_t wasm3_nn_profile_obj;

// --- values.c

// TypeError or OverflowError when the object is no such value.
avm_value_t wasm3_value_get(mp_obj_t object, avm_type_t type);
mp_obj_t wasm3_value_new(avm_value_t value, avm_type_t type);
// None, a value or a tuple.
mp_obj_t wasm3_results_new(const avm_function_t *function, const avm_value_t *values);

// --- imports.c

// Calls `callable` with what Wasm passed.
avm_error_t wasm3_call_python(avm_call_t *call);
// The imports that this host knows, for agents that are granted them: gives how many it has
// put into `grants`, at most WASM3_GRANTS_MAX. `context` is the agent's name (char *).
#define WASM3_GRANTS_MAX AVM_IMPORTS_MAX
size_t wasm3_grants(mp_obj_t names, avm_grant_t *grants, void *context);

#endif
