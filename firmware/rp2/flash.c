// The partition of the agent store: what lies between the firmware and the file system in the
// chip's flash, all of which is mapped.
#include <string.h>

#include "py/runtime.h"
#include "hardware/flash.h"
#include "modflash/modflash.h"
#include "mpthreadport.h"
#include "pico/multicore.h"
#include "rp2_flash.h"

#define STORE_END (PICO_FLASH_SIZE_BYTES - MICROPY_HW_FLASH_STORAGE_BYTES)

_Static_assert(RP2_FIRMWARE_BYTES < STORE_END, "no flash is left for the agent store");
_Static_assert(RP2_FIRMWARE_BYTES % FLASH_SECTOR_SIZE == 0, "the store begins within a sector");

// While flash is erased or written, nothing may be read from it: no interrupt may come, and the
// other core, where it runs Python, has to wait.
static bool other_core_runs(void) {
    return core1_entry != NULL && multicore_lockout_victim_is_initialized(1 - get_core_num());
}

static uint32_t begin(bool lock_out) {
    if (lock_out) {
        multicore_lockout_start_blocking();
    }
    return save_and_disable_interrupts();
}

static void end(bool lock_out, uint32_t interrupts) {
    restore_interrupts(interrupts);
    if (lock_out) {
        multicore_lockout_end_blocking();
    }
    // The boot ROM leaves it at its slowest.
    rp2_flash_set_timing();
}

static uint32_t in_flash(const flash_partition_t *partition, uint32_t offset) {
    return (uintptr_t)partition->base - XIP_BASE + offset;
}

// Partition()
int flash_port_open(flash_partition_t *partition, size_t n_args, const mp_obj_t *args) {
    (void)args;
    mp_arg_check_num(n_args, 0, 0, 0, false);
    *partition = (flash_partition_t) {
        .base = (const uint8_t *)XIP_BASE + RP2_FIRMWARE_BYTES,
        .bytes = STORE_END - RP2_FIRMWARE_BYTES,
        .erase_bytes = FLASH_SECTOR_SIZE,
        .write_bytes = FLASH_PAGE_SIZE,
    };
    return 0;
}

int flash_port_erase(const flash_partition_t *partition, uint32_t offset) {
    bool lock_out = other_core_runs();
    uint32_t interrupts = begin(lock_out);
    flash_range_erase(in_flash(partition, offset), FLASH_SECTOR_SIZE);
    end(lock_out, interrupts);
    return 0;
}

// By way of RAM: what is written may itself lie in flash. Interrupts come between two pages.
int flash_port_write(const flash_partition_t *partition, uint32_t offset, const uint8_t *data,
    size_t bytes) {
    bool lock_out = other_core_runs();
    for (size_t done = 0; done < bytes; done += FLASH_PAGE_SIZE) {
        uint8_t page[FLASH_PAGE_SIZE];
        memcpy(page, data + done, sizeof(page));
        uint32_t interrupts = begin(lock_out);
        flash_range_program(in_flash(partition, offset + done), page, sizeof(page));
        end(lock_out, interrupts);
    }
    return 0;
}

int flash_port_sync(const flash_partition_t *partition) {
    (void)partition;
    return 0;
}
