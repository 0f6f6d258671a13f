// The module `flash`: a partition of memory-mapped flash, for the agent store.
#include "modflash.h"

#include "py/mperrno.h"
#include "py/runtime.h"

// Whatever an agent reads in place may be aligned to this (SPEC.md 6).
#define BASE_ALIGN (16)

typedef struct {
    mp_obj_base_t base;
    flash_partition_t partition;
} flash_obj_t;

static void check(int error) {
    if (error == MP_EBUSY) {
        mp_raise_OSError_with_filename(error, "another process has this flash open");
    }
    if (error) {
        mp_raise_OSError(error);
    }
}

static const flash_partition_t *partition_of(mp_obj_t self_in) {
    return &((flash_obj_t *)MP_OBJ_TO_PTR(self_in))->partition;
}

// An offset that is a multiple of `align` and has `bytes` of the partition behind it.
static uint32_t get_offset(const flash_partition_t *partition, mp_obj_t object, uint32_t align,
    size_t bytes) {
    mp_int_t given = mp_obj_get_int(object);
    size_t offset = given;
    if (given < 0 || offset > partition->bytes || bytes > partition->bytes - offset
        || offset % align) {
        mp_raise_OSError(MP_EINVAL);
    }
    return offset;
}

// Partition(*args): the arguments are the port's
static mp_obj_t partition_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
    const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, MP_OBJ_FUN_ARGS_MAX, false);
    flash_obj_t *self = mp_obj_malloc(flash_obj_t, type);
    check(flash_port_open(&self->partition, n_args, args));
    if ((uintptr_t)self->partition.base % BASE_ALIGN) {
        mp_raise_OSError(MP_EINVAL);
    }
    return MP_OBJ_FROM_PTR(self);
}

// erase(offset) -> None: one block
static mp_obj_t partition_erase(mp_obj_t self_in, mp_obj_t offset_in) {
    const flash_partition_t *partition = partition_of(self_in);
    uint32_t block = partition->erase_bytes;
    check(flash_port_erase(partition, get_offset(partition, offset_in, block, block)));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(partition_erase_obj, partition_erase);

// write(offset, data: buffer) -> None
static mp_obj_t partition_write(mp_obj_t self_in, mp_obj_t offset_in, mp_obj_t data_in) {
    const flash_partition_t *partition = partition_of(self_in);
    mp_buffer_info_t data;
    mp_get_buffer_raise(data_in, &data, MP_BUFFER_READ);
    uint32_t offset = get_offset(partition, offset_in, partition->write_bytes, data.len);
    if (data.len % partition->write_bytes) {
        mp_raise_OSError(MP_EINVAL);
    }
    check(flash_port_write(partition, offset, data.buf, data.len));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(partition_write_obj, partition_write);

// view(offset, bytes) -> memoryview: read-only, in place
static mp_obj_t partition_view(mp_obj_t self_in, mp_obj_t offset_in, mp_obj_t bytes_in) {
    const flash_partition_t *partition = partition_of(self_in);
    mp_int_t bytes = mp_obj_get_int(bytes_in);
    if (bytes < 0) {
        mp_raise_OSError(MP_EINVAL);
    }
    uint32_t offset = get_offset(partition, offset_in, 1, bytes);
    return mp_obj_new_memoryview('B', bytes, (void *)(partition->base + offset));
}
static MP_DEFINE_CONST_FUN_OBJ_3(partition_view_obj, partition_view);

// sync() -> None: what was written lasts
static mp_obj_t partition_sync(mp_obj_t self_in) {
    check(flash_port_sync(partition_of(self_in)));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(partition_sync_obj, partition_sync);

// size, erase_size, write_size
static void partition_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    const flash_partition_t *partition = partition_of(self_in);
    if (dest[0] != MP_OBJ_NULL) {
        return;
    }
    if (attr == MP_QSTR_size) {
        dest[0] = mp_obj_new_int_from_uint(partition->bytes);
    } else if (attr == MP_QSTR_erase_size) {
        dest[0] = mp_obj_new_int_from_uint(partition->erase_bytes);
    } else if (attr == MP_QSTR_write_size) {
        dest[0] = mp_obj_new_int_from_uint(partition->write_bytes);
    } else {
        dest[1] = MP_OBJ_SENTINEL; // go on with the methods
    }
}

static const mp_rom_map_elem_t partition_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_erase), MP_ROM_PTR(&partition_erase_obj) },
    { MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&partition_write_obj) },
    { MP_ROM_QSTR(MP_QSTR_view), MP_ROM_PTR(&partition_view_obj) },
    { MP_ROM_QSTR(MP_QSTR_sync), MP_ROM_PTR(&partition_sync_obj) },
};
static MP_DEFINE_CONST_DICT(partition_locals, partition_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(
    flash_partition_type, MP_QSTR_Partition, MP_TYPE_FLAG_NONE,
    make_new, partition_make_new,
    attr, partition_attr,
    locals_dict, &partition_locals
    );

static const mp_rom_map_elem_t flash_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_flash) },
    { MP_ROM_QSTR(MP_QSTR_Partition), MP_ROM_PTR(&flash_partition_type) },
};
static MP_DEFINE_CONST_DICT(flash_globals, flash_globals_table);

const mp_obj_module_t mp_module_flash = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&flash_globals,
};

MP_REGISTER_MODULE(MP_QSTR_flash, mp_module_flash);
