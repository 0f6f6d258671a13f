// The memory that agents live in: reserved once after a reset, by pool_init or by the
// first agent.
#include "modwasm3.h"

#include "py/runtime.h"

static avm_pool_t pool;

#if !WASM3_PORT_POOL
bool wasm3_pool_reserve(size_t bytes, void **base) {
    static uint64_t memory[WASM3_POOL_BYTES / 8];
    *base = memory;
    return bytes <= sizeof(memory);
}
#endif

static void reserve(size_t bytes) {
    void *base;
    if (!wasm3_pool_reserve(bytes, &base)) {
        mp_raise_msg_varg(&mp_type_MemoryError,
            MP_ERROR_TEXT("this board cannot give %u bytes to the agent pool"), (unsigned)bytes);
    }
    if (!avm_pool_init(&pool, base, bytes)) {
        mp_raise_ValueError(MP_ERROR_TEXT("agent pool too small"));
    }
}

avm_pool_t *wasm3_pool(void) {
    if (pool.base == NULL) {
        reserve(WASM3_POOL_BYTES);
    }
    return &pool;
}

// After a soft reset the memory is the port's again, and no agent is left.
void wasm3_pool_reset(void) {
    pool = (avm_pool_t) {0};
}

// pool_init(nbytes: int) -> None
static mp_obj_t pool_init(mp_obj_t bytes_in) {
    mp_int_t bytes = mp_obj_get_int(bytes_in);
    if (bytes < 64) {
        mp_raise_ValueError(MP_ERROR_TEXT("agent pool too small"));
    }
    if (pool.base != NULL && pool.size != (((uint32_t)bytes) & ~(uint32_t)7)) {
        mp_raise_msg_varg(&mp_type_ValueError,
            MP_ERROR_TEXT("the agent pool has %u bytes until the next reset"), (unsigned)pool.size);
    }
    if (pool.base == NULL) {
        reserve((size_t)bytes);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(wasm3_pool_init_obj, pool_init);

// pool_info() -> (size, used, peak, largest_free)
static mp_obj_t pool_info(void) {
    avm_pool_t *all = wasm3_pool();
    mp_obj_t items[] = {
        mp_obj_new_int_from_uint(all->size),
        mp_obj_new_int_from_uint(all->used),
        mp_obj_new_int_from_uint(all->peak),
        mp_obj_new_int_from_uint(avm_pool_largest(all)),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_0(wasm3_pool_info_obj, pool_info);
