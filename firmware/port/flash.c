// Memory that the emulator backs with a file, made to behave like NOR flash (erase sets a block
// to 0xFF, writing only clears bits): the block device under the file system, and the partition
// of the agent store.
#include <string.h>

#include "py/mperrno.h"
#include "py/runtime.h"
#include "extmod/vfs.h"
#include "modflash/modflash.h"
#include "entropy.h"

#define BLOCK_BYTES     (4096)
#define BLOCK_COUNT     (BOARD_FLASH_FS_BYTES / BLOCK_BYTES)

static const mp_obj_type_t flash_type;
static const mp_obj_base_t flash_obj = { &flash_type };

// The address of `len` bytes at `offset` of block `block`; raises when they are not all there.
static uint8_t *flash_check(mp_obj_t block_in, mp_int_t offset, size_t len) {
    mp_int_t block = mp_obj_get_int(block_in);
    if (block < 0 || block >= BLOCK_COUNT || offset < 0 || offset >= BLOCK_BYTES
        || len > (size_t)(BOARD_FLASH_FS_BYTES - block * BLOCK_BYTES - offset)) {
        mp_raise_OSError(MP_EINVAL);
    }
    return (uint8_t *)BOARD_FLASH_BASE + block * BLOCK_BYTES + offset;
}

static void flash_program(uint8_t *to, const uint8_t *from, size_t len) {
    for (size_t i = 0; i < len; ++i) {
        to[i] &= from[i];
    }
}

// Flash()
static mp_obj_t flash_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    return MP_OBJ_FROM_PTR(&flash_obj);
}

// readblocks(block, buf, offset=0)
static mp_obj_t flash_readblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[2], &buf, MP_BUFFER_WRITE);
    mp_int_t offset = n_args == 4 ? mp_obj_get_int(args[3]) : 0;
    memcpy(buf.buf, flash_check(args[1], offset, buf.len), buf.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_readblocks_obj, 3, 4, flash_readblocks);

// writeblocks(block, buf[, offset]): without an offset the blocks are erased first
static mp_obj_t flash_writeblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[2], &buf, MP_BUFFER_READ);
    mp_int_t offset = n_args == 4 ? mp_obj_get_int(args[3]) : 0;
    uint8_t *to = flash_check(args[1], offset, buf.len);
    if (n_args == 3) {
        memset(to, 0xFF, buf.len);
    }
    flash_program(to, buf.buf, buf.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_writeblocks_obj, 3, 4, flash_writeblocks);

// ioctl(op, arg)
static mp_obj_t flash_ioctl(mp_obj_t self, mp_obj_t op, mp_obj_t arg) {
    switch (mp_obj_get_int(op)) {
        case MP_BLOCKDEV_IOCTL_INIT:
        case MP_BLOCKDEV_IOCTL_DEINIT:
        case MP_BLOCKDEV_IOCTL_SYNC:
            return MP_OBJ_NEW_SMALL_INT(0);
        case MP_BLOCKDEV_IOCTL_BLOCK_COUNT:
            return MP_OBJ_NEW_SMALL_INT(BLOCK_COUNT);
        case MP_BLOCKDEV_IOCTL_BLOCK_SIZE:
            return MP_OBJ_NEW_SMALL_INT(BLOCK_BYTES);
        case MP_BLOCKDEV_IOCTL_BLOCK_ERASE:
            memset(flash_check(arg, 0, BLOCK_BYTES), 0xFF, BLOCK_BYTES);
            return MP_OBJ_NEW_SMALL_INT(0);
        default:
            return mp_const_none;
    }
}
static MP_DEFINE_CONST_FUN_OBJ_3(flash_ioctl_obj, flash_ioctl);

static const mp_rom_map_elem_t flash_locals_dict_table[] = {
    { MP_ROM_QSTR(MP_QSTR_readblocks), MP_ROM_PTR(&flash_readblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_writeblocks), MP_ROM_PTR(&flash_writeblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&flash_ioctl_obj) },
};
static MP_DEFINE_CONST_DICT(flash_locals_dict, flash_locals_dict_table);

static MP_DEFINE_CONST_OBJ_TYPE(
    flash_type, MP_QSTR_Flash, MP_TYPE_FLAG_NONE,
    make_new, flash_make_new,
    locals_dict, &flash_locals_dict
    );

// Partition(): what is behind the file system
int flash_port_open(flash_partition_t *partition, size_t n_args, const mp_obj_t *args) {
    mp_arg_check_num(n_args, 0, 0, 0, false);
    *partition = (flash_partition_t) {
        .base = (const uint8_t *)BOARD_FLASH_BASE + BOARD_FLASH_FS_BYTES,
        .bytes = BOARD_FLASH_BYTES - BOARD_FLASH_FS_BYTES,
        .erase_bytes = BLOCK_BYTES,
        .write_bytes = 1,
    };
    return 0;
}

int flash_port_erase(const flash_partition_t *partition, uint32_t offset) {
    memset((uint8_t *)partition->base + offset, 0xFF, BLOCK_BYTES);
    return 0;
}

int flash_port_write(const flash_partition_t *partition, uint32_t offset, const uint8_t *data,
    size_t bytes) {
    flash_program((uint8_t *)partition->base + offset, data, bytes);
    return 0;
}

int flash_port_sync(const flash_partition_t *partition) {
    return 0;
}

static const mp_rom_map_elem_t emulated_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_emulated) },
    { MP_ROM_QSTR(MP_QSTR_Flash), MP_ROM_PTR(&flash_type) },
    #if MICROPY_PY_SSL
    { MP_ROM_QSTR(MP_QSTR_seed), MP_ROM_PTR(&entropy_seed_obj) },
    #endif
};
static MP_DEFINE_CONST_DICT(emulated_globals, emulated_globals_table);

const mp_obj_module_t mp_module_emulated = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&emulated_globals,
};

MP_REGISTER_MODULE(MP_QSTR_emulated, mp_module_emulated);
