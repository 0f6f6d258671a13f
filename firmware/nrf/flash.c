// The partition of the agent store: what lies behind the file system, which the linker script
// calls the boot loader's tail, up to the end of the flash.
#include "drivers/flash.h"
#include "modflash/modflash.h"
#include "py/runtime.h"

#define WORD_BYTES (4)

extern const uint8_t _fs_end[];

_Static_assert(BOARD_STORE_BYTES % FLASH_PAGESIZE == 0, "the store is no whole number of pages");

// Partition()
int flash_port_open(flash_partition_t *partition, size_t n_args, const mp_obj_t *args) {
    (void)args;
    mp_arg_check_num(n_args, 0, 0, 0, false);
    *partition = (flash_partition_t) {
        .base = _fs_end,
        .bytes = BOARD_STORE_BYTES,
        .erase_bytes = FLASH_PAGESIZE,
        .write_bytes = WORD_BYTES,
    };
    return 0;
}

// The chip holds the core while it erases or writes: no code runs from the flash meanwhile, and
// interrupts come afterwards.
int flash_port_erase(const flash_partition_t *partition, uint32_t offset) {
    flash_page_erase((uint32_t)partition->base + offset);
    return 0;
}

int flash_port_write(const flash_partition_t *partition, uint32_t offset, const uint8_t *data,
    size_t bytes) {
    flash_write_bytes((uint32_t)partition->base + offset, data, bytes);
    return 0;
}

int flash_port_sync(const flash_partition_t *partition) {
    (void)partition;
    return 0;
}
